"""Headers with secrets from the environment or a command: filled in when asked, never shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import SplitResult, unquote, urlsplit

from console.errors import UsageError
from console.secrets import MASK, PasswordCommand
from console.sources.health.probe import Outcome
from console.text import clean

_PLACE = re.compile(r"\$\{(\w+)\}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
PASSWORD = "password"  # noqa: S105 the name of the place, not a secret


def parts_of(url: str) -> SplitResult:
    """The parts of a URL of the configuration. Raises UsageError for one that is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(
            f"url is no address: {clean(str(error), 100)}", "write http://host:port/path, or http://[::1]/"
        ) from None
    return parts


class Headers:
    """The headers of a table, and what of them must not be shown."""

    def __init__(
        self, headers: Mapping[str, str], password_command: str, env: Mapping[str, str], url: str = ""
    ) -> None:
        """Raises UsageError for a header that cannot be sent; the password of the `url` is hidden, too."""
        self._headers = dict(headers)
        self._values: dict[str, str] = {}
        self._of_url = unquote(parts_of(url).password or "")
        self._password: PasswordCommand | None = None
        for name, value in headers.items():
            if not _NAME.fullmatch(name) or not value.isprintable():
                raise UsageError(
                    f"{clean(name, 60)} is no header", 'write Name = "value", without line breaks'
                )
            for place in _PLACE.findall(value):
                if place == PASSWORD:
                    if not password_command:
                        raise UsageError(
                            f"header {name}: no password_command prints ${{password}}", "write one"
                        )
                    self._password = self._password or PasswordCommand(password_command)
                elif not env.get(place):
                    raise UsageError(f"header {name}: there is no variable {place}", f"export {place}")
                else:
                    self._values[place] = env[place]

    async def filled(self) -> dict[str, str]:
        """The headers as they are sent. Raises Refused or TimedOut when the command gives no password."""
        if self._password is not None:
            self._values[PASSWORD] = await self._password.get()
            self._password.stop()
        values = self._values
        return {
            name: _PLACE.sub(lambda place: values[place[1]], value) for name, value in self._headers.items()
        }

    def refused(self) -> None:
        """The server said no (401, 403): the password may have changed, it is fetched anew next time."""
        if self._password is not None:
            self._password.forget()

    def hide(self, text: str) -> str:
        """Text that came back, without the secrets that were sent."""
        for secret in (*self._values.values(), *self._headers.values(), self._of_url):
            if len(secret) >= 4:
                text = text.replace(secret, MASK)
        return text

    def hide_all(self, outcome: Outcome) -> Outcome:
        """An outcome without them, wherever the server may have sent them back."""
        details = tuple((self.hide(name), self.hide(value)) for name, value in outcome.details)
        return replace(outcome, text=self.hide(outcome.text), details=details)
