"""Secrets: taken out of whatever is shown, and fetched by the command that keeps them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.errors import Refused
    from console.worker import Worker

MASK = "***"
COMMAND_LIMIT = 5.0
"""Seconds a `password_command` may take."""

_USERINFO = r"(://[^\s:@/?#]*):\S*@"
# up to the last @ of the word: a password typed without percent-encoding may hold @, : and /
_BARE_USERINFO = r"^([^\s:@/]+):(?!//)\S+@"
_PAIR = (
    r"(?i)\b((?:ssl)?password|passwd|pwd|pass|secret|token|api[_-]?key)(\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&;,]+)"
)
# compiled at first use: `re` keeps them, and most starts have no secret to hide


def redact(text: str) -> str:
    """The text with the passwords of URLs and of `password=...` pairs replaced by `***`."""
    if "://" in text:
        text = re.sub(_USERINFO, rf"\1:{MASK}@", text)
    return re.sub(_PAIR, rf"\1\2{MASK}", text) if "=" in text else text


def redact_url(url: str) -> str:
    """A URL, or what was meant as one, without its password; user, host and database stay readable."""
    return redact(re.sub(_BARE_USERINFO, rf"\1:{MASK}@", url))


def redact_command(command: str) -> str:
    """A `password_command` for people: its program only, since arguments may hold the secret itself."""
    program, _, arguments = command.strip().partition(" ")
    return f"{program} …" if arguments else program


def holds_secret(text: str) -> bool:
    """Whether a URL or connection string carries a password."""
    return redact_url(text) != text


def password_from(command: str) -> str:
    """What a `password_command` prints, first line; run without a shell, a terminal or input.

    Blocks for at most `COMMAND_LIMIT` seconds. Raises Refused, which never repeats the output.
    """
    import shlex
    import subprocess

    from console.errors import Refused

    shown = redact_command(command)
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise Refused(f"password_command {shown}: {error}", "close its quotes") from None
    if not words:
        raise Refused("password_command is empty", "name the program that prints the password")
    try:
        done = subprocess.run(  # noqa: S603 the user's own configuration names it
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_LIMIT,
            start_new_session=True,  # no controlling terminal: it must not prompt across the screen
            check=False,
        )
    except subprocess.TimeoutExpired:
        reason = f"password_command {shown} took more than {COMMAND_LIMIT:g} s"
        raise Refused(reason, "unlock its store, then retry") from None
    except OSError as error:
        raise Refused(f"password_command {shown}: {error.strerror}", "check its path") from None
    if done.returncode:
        reason = f"password_command {shown} ended with status {done.returncode}"
        raise Refused(reason, "run it in a shell to see why")
    return done.stdout.decode("utf-8", errors="replace").partition("\n")[0].rstrip("\r")


class PasswordCommand:
    """The password a `password_command` prints, asked for once and again after it was refused.

    The command runs in a thread of its own and may be slower than a poll: what it printed, or why it
    failed, serves whoever asks next.
    """

    def __init__(self, command: str) -> None:
        self._command = command
        self._password: str | None = None
        self._failure: Refused | None = None
        self._worker: Worker | None = None

    async def get(self) -> str:
        """The password. Raises Refused when the command failed, TimedOut while it has not ended."""
        from console.worker import Worker

        if self._password is None:
            self._worker = self._worker or Worker("password_command")
            if self._failure is None:
                await self._worker.call(self._fetch)
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
        return self._password or ""

    def _fetch(self) -> None:
        from console.errors import Refused

        try:
            self._password = password_from(self._command)
        except Refused as failure:
            self._failure = failure

    def forget(self) -> None:
        """The password was refused: it may have been changed, or have been a token that expired."""
        self._password = None

    def stop(self) -> None:
        """Let the thread end; never waits."""
        if self._worker is not None:
            self._worker.stop()
