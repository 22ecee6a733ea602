"""Secrets: taken out of whatever is shown, and fetched by the command that keeps them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from typing import TYPE_CHECKING

from console.secret_shapes import FLAGS, KEYS, ORDINARY, shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from subprocess import Popen

    from console.errors import Refused
    from console.worker import Worker

MASK = "***"
COMMAND_LIMIT = 5.0
"""Seconds a `password_command` may take."""
OUTPUT_LIMIT = 1 << 20
"""Bytes it may print: what prints without end would fill the memory."""


def redact(text: str) -> str:
    """The text with what is secret in it replaced by `***`; the names beside it stay readable.

    Hidden are: passwords of URLs, SQL and options, values of keys such as `password`, `token` and
    `api_key` in whatever notation, authorisation headers, private keys, and tokens known by their shape.
    Placeholders (`PASSWORD`, `$1`, `<...>`) and sentences about passwords stay.
    """
    # most lines stop here: substring searches cost a tenth of one regular expression
    low = text.lower()
    named = (
        "pass" in low or "token" in low or "secret" in low or "pwd" in low
        or ("key" in low and any(word in low for word in KEYS))
        or "authoriz" in low or "bearer" in low or "credential" in low or "identified" in low
    )  # fmt: skip
    if "@" in low:
        if "://" in low:
            text = shapes().url.sub(rf"\1:{MASK}@", text)
            text = shapes().key_url.sub(rf"\1{MASK}", text)
        if "@tcp(" in low or "@unix(" in low:
            text = shapes().go_url.sub(rf"\1:{MASK}@", text)
    if "hooks." in low:
        text = shapes().webhook.sub(rf"\1{MASK}", text)
    if named:
        text = _redact_named(text, low)
    if (
        "eyJ" in text or "AKIA" in text or "ASIA" in text
        or ("-" in low and ("sk-" in low or "xox" in low or "glpat-" in low))
        or ("_" in low and ("ghp_" in low or "gho_" in low or "ghs_" in low or "ghu_" in low
                            or "ghr_" in low or "_pat_" in low or "k_live_" in low))
    ):  # fmt: skip
        text = shapes().shape.sub(rf"\1{MASK}", text)
    return text


def redact_url(url: str) -> str:
    """A URL, or what was meant as one, without its password; user, host and database stay readable."""
    url = shapes().bare_url.sub(rf"\1:{MASK}@", url)
    return redact(shapes().strict_url.sub(rf"\1:{MASK}@", url))


def redact_arguments(words: Sequence[str]) -> str:
    """A command line out of its words, joined by blanks, without the secrets among its arguments."""
    return redact(" ".join(redact_words(words)))


def redact_words(words: Sequence[str]) -> list[str]:
    """The words of a command line without the secrets among its arguments, one by one.

    An option and its secret may be two words, or stand within the script that a shell is given.
    """
    flags = FLAGS.get(words[0].rpartition("/")[2], ()) if words else ()
    shown: list[str] = []
    hide = False
    for word in words:
        if hide and not word.startswith("-"):
            shown.append(MASK)
            hide = False
            continue
        hide = word in flags or shapes().option.fullmatch(word) is not None
        attached = next((flag for flag in flags if word.startswith(flag) and not hide), None)
        if attached is not None and not word.startswith("--"):
            shown.append(attached + MASK)
        else:  # a value may hold blanks, which the joined line cannot tell from its end
            word = shapes().assigned.sub(_mask_pair, word)
            shown.append(redact(_redact_script(word) if " " in word else word))
    return shown


def _redact_script(text: str) -> str:
    """A script without what its programs are given as passwords by short options."""

    def part(found: re.Match[str]) -> str:
        flags = "|".join(map(re.escape, FLAGS[found[1]]))
        option = rf"(\s(?:{flags}))(\s*)(?![\s-])(\"[^\"]*\"|'[^']*'|[^\s\"']+)"
        return found[1] + re.sub(option, rf"\1\2{MASK}", found[2])

    return shapes().program.sub(part, text) if any(name in text for name in FLAGS) else text


def names_secret(text: str) -> bool:
    """Whether a key's name says that its value is secret, as `user:1:token` does."""
    return shapes().name.search(text) is not None


def opens_private_key(text: str) -> bool:
    """Whether a private key in PEM form begins in this line and does not end in it."""
    return "PRIVATE KEY-----" in text and text.rfind("-----BEGIN") > text.rfind("-----END")


def _redact_named(text: str, low: str) -> str:
    known = shapes()
    if "-----begin" in low:
        text = known.pem.sub(rf"\1{MASK}\2", text)
    if "authoriz" in low or "bearer" in low:
        text = known.header.sub(_mask_header, text)
    if "'" in low or '"' in low or "$" in low:
        text = known.sql.sub(lambda match: match[1] + _masked(match[2]), text)
    if "-" in low:
        text = known.spoken.sub(lambda match: match[1] + _masked(match[2]), text)
    return known.pair.sub(_mask_pair, text) if "=" in low or ":" in low else text


def _mask_header(match: re.Match[str]) -> str:
    if match[3]:
        return match[3] + MASK
    scheme, blank, _ = match[2].rpartition(" ")
    return f"{match[1]}{scheme}{blank}{MASK}"


def _mask_pair(match: re.Match[str]) -> str:
    name, between, quoted, bare = match.groups()
    if quoted is not None:
        return f"{name}{between}{_masked(quoted)}"
    after = match.string[match.end() :][:64]
    return match[0] if _tells(name, between, bare, after) else f"{name}{between}{MASK}"


def _masked(value: str) -> str:
    """A value hidden, its quotes kept; empty ones and placeholders stay."""
    start = re.match(r"\w?&?(\\?[\"'])", value)
    if start is None:
        return value if shapes().placeholder.fullmatch(value) else MASK
    quote = start[1]
    inner = value[start.end() :].removesuffix(quote)
    plain = not inner or shapes().placeholder.fullmatch(inner) is not None
    return value if plain else f"{value[: start.end()]}{MASK}{quote}"


def _tells(name: str, between: str, value: str, after: str) -> bool:
    """Whether a value without quotes is a word about a secret, or a place for one, and not a secret."""
    known = shapes()
    word = value + (after[:1] if value.startswith("<") else "")
    if known.placeholder.fullmatch(word) or value.rstrip(".:!").lower() in ORDINARY:
        return True
    if name[-3:].lower() == "pwd" and value[0] in "/~":  # the working directory
        return True
    if between.strip() == "=" and between[0].isspace() and known.column.fullmatch(value):
        return True
    spoken = between.endswith(": ") and value[1:].islower() and value.isalpha()
    return spoken and known.prose.match(after) is not None


def redact_command(command: str) -> str:
    """A `password_command` for people: its program only, since arguments may hold the secret itself."""
    program, _, arguments = command.strip().partition(" ")
    return f"{program} …" if arguments else program


def holds_secret(text: str) -> bool:
    """Whether a URL or connection string carries a password."""
    return redact_url(text) != text


def password_from(command: str, started: Callable[[Popen[bytes]], None] | None = None) -> str:
    """What a `password_command` prints, first line; run without a shell, a terminal or input.

    Blocks for at most `COMMAND_LIMIT` seconds; `started` is given the process, to end it sooner.
    Raises Refused, which never repeats the output.
    """
    import shlex

    from console.errors import Refused

    shown = redact_command(command)
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise Refused(f"password_command {shown}: {error}", "close its quotes") from None
    if not words:
        raise Refused("password_command is empty", "name the program that prints the password")
    try:
        code, output = _output(words, started)
    except TimeoutError:
        reason = f"password_command {shown} took more than {COMMAND_LIMIT:g} s"
        raise Refused(reason, "unlock its store, then retry") from None
    except OSError as error:
        raise Refused(
            f"password_command {shown}: {error.strerror}", "see that it is installed and may be run"
        ) from None
    if len(output) > OUTPUT_LIMIT:
        reason = f"password_command {shown} printed more than {OUTPUT_LIMIT >> 20} MB"
        raise Refused(reason, "have it print the password and end")
    if code:
        reason = f"password_command {shown} ended with status {code}"
        raise Refused(reason, "run it in a shell to see why")
    return output.decode("utf-8", errors="replace").partition("\n")[0].rstrip("\r")


def _output(words: Sequence[str], started: Callable[[Popen[bytes]], None] | None) -> tuple[int, bytes]:
    """The exit status and the output, read to a little beyond its limit. Raises TimeoutError, OSError."""
    import select
    import subprocess
    import time

    until = time.monotonic() + COMMAND_LIMIT
    process = subprocess.Popen(  # noqa: S603 the user's own configuration names it
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # no controlling terminal: it must not prompt across the screen
    )
    if started is not None:
        started(process)
    assert process.stdout is not None
    output = bytearray()
    ready = select.poll()  # select() knows no descriptor above 1023
    ready.register(process.stdout)
    try:
        with process.stdout:
            while len(output) <= OUTPUT_LIMIT:
                if not ready.poll(max(0.0, until - time.monotonic()) * 1000):
                    raise TimeoutError
                if not (data := os.read(process.stdout.fileno(), 1 << 16)):
                    return process.wait(max(0.0, until - time.monotonic())), bytes(output)
                output += data
        return 0, bytes(output)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    finally:
        end_session(process)
        process.wait()


def end_session(process: Popen[bytes]) -> None:
    """Kill a process that leads a session, with all it started there, unless it has ended by itself."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


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
        self._process: Popen[bytes] | None = None
        self._stopped = False

    async def get(self) -> str:
        """The password. Raises Refused when the command failed, TimedOut while it has not ended."""
        from console.worker import Worker

        if self._password is None:
            self._worker = self._worker or Worker("password_command")
            if self._failure is None:
                self._stopped = False
                await self._worker.call(self._fetch)
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
        return self._password or ""

    def _fetch(self) -> None:
        from console.errors import Refused

        try:
            self._password = password_from(self._command, self._started)
        except Refused as failure:
            self._failure = failure

    def _started(self, process: Popen[bytes]) -> None:
        self._process = process
        if self._stopped:
            end_session(process)

    def forget(self) -> None:
        """The password was refused: it may have been changed, or have been a token that expired."""
        self._password = None

    def stop(self) -> None:
        """End the command and let the thread end; never waits."""
        self._stopped = True
        if self._process is not None:
            end_session(self._process)
        if self._worker is not None:
            self._worker.stop()
