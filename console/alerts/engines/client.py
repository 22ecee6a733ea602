"""Questions to an engine over HTTP: one JSON answer each, bounded in time and size, failures in words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from console.alerts.engines.address import Address
from console.errors import Refused, SourceError, TimedOut, Unreachable
from console.secrets import MASK, PasswordCommand
from console.sources.health.dial import Lookup, Steps
from console.sources.health.exchange import Reply, Request, exchange
from console.text import clean
from console.units import bytes_

BODY_LIMIT = 16 << 20
"""Bytes of an answer, unpacked: some ten thousand rules or alerts."""
WORDS = 200
"""Characters of what an engine says that are told."""
VARIABLE = {"prometheus": "PROMETHEUS_URL", "alertmanager": "ALERTMANAGER_URL"}


class AnsweredNo(Refused):
    """The engine understood the question, and says what is wrong with it."""


class Client:
    """Asks one engine. Its parts belong to one event loop."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._lookup = Lookup()
        self._password = PasswordCommand(address.password_command) if address.password_command else None
        self._secrets: set[str] = {
            part for part in (_password_of(address.url), unquote(_password_of(address.url))) if part
        }

    async def get(self, path: str, patience: float, **parameters: str) -> Any:
        """What a page says, as JSON. Raises SourceError."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return await self._ask("GET", path + query, b"", {}, patience)

    async def ask(self, path: str, patience: float, **parameters: str) -> Any:
        """The same by a form: for expressions, which may be too long for an address."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask("POST", path, urlencode(parameters).encode(), form, patience)

    async def post(self, path: str, patience: float, body: Any) -> Any:
        """The answer to JSON."""
        return await self._ask(
            "POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"}, patience
        )

    async def delete(self, path: str, patience: float) -> Any:
        """The answer to a deletion; None where it is empty."""
        return await self._ask("DELETE", path, b"", {}, patience)

    async def _ask(
        self, method: str, path: str, send: bytes, headers: Mapping[str, str], patience: float
    ) -> Any:
        address = self.address
        try:
            async with asyncio.timeout(patience):
                request = Request(
                    url=address.at(path), method=method, send=send,
                    headers={**headers, **await self._authorization()}, accept="application/json",
                    redirects=method == "GET", verify=address.verify, ca_file=address.ca_file,
                    body_limit=BODY_LIMIT, patience=patience,
                )  # fmt: skip
                reply = await exchange(request, self._lookup, Steps())
        except TimeoutError:
            raise TimedOut(f"{address.name}: no answer within {patience:g} s", "see its load") from None
        except SourceError as error:
            # a name that is not known is an outage here: somebody said that it is there
            kind = next((one for one in (Refused, TimedOut) if isinstance(error, one)), Unreachable)
            raise kind(self._hidden(f"{address.name}: {error.reason}"), error.fix) from None
        return self._read(reply)

    async def _authorization(self) -> Mapping[str, str]:
        """The header for what the command printed, or for the URL's own password."""
        user, secret = unquote(urlsplit(self.address.url).username or ""), _password_of(self.address.url)
        if self._password is not None:
            secret = await self._password.get()
            self._password.stop()
            self._secrets.add(secret)
        elif not secret:
            return {}
        else:
            secret = unquote(secret)
        if not user:
            return {"Authorization": f"Bearer {secret}"}
        import base64

        pair = base64.b64encode(f"{user}:{secret}".encode()).decode()
        self._secrets.add(pair)
        return {"Authorization": f"Basic {pair}"}

    def _read(self, reply: Reply) -> Any:
        name, status = self.address.name, reply.status
        where = f'{VARIABLE[self.address.kind]} or "{self.address.kind}" of [alerts]'
        if status in (401, 403):
            if self._password is not None:
                self._password.forget()
            word = "it wants a password" if status == 401 else "it refuses this user"
            fix = f"put user and password into {where}, or set {self.address.kind}_password_command"
            raise Refused(f"{name}: {word} ({status})", fix)
        if 300 <= status < 400:
            raise Refused(f"{name}: {status}, it sends elsewhere", f"correct {where}")
        if reply.cut:
            raise Refused(f"{name}: an answer of more than {bytes_(BODY_LIMIT)}", "ask a smaller one")
        found, sound = _json(reply.body)
        if status >= 400 and sound and (said := _said(found)):
            raise AnsweredNo(f"{name}: {clean(self._hidden(said), WORDS)}")
        if status == 404:
            under = urlsplit(self.address.url).path.rstrip("/") or "/"
            fix = f"is it served under another path (--web.route-prefix)? Correct {where}"
            raise Refused(f"{name}: there is no {self.address.kind} under {clean(under, 100)} (404)", fix)
        if status >= 500:
            raise Refused(f"{name}: {status}, it cannot answer now", "see its log, or that of the proxy")
        if status >= 400:
            raise Refused(f"{name}: {status} {clean(reply.reason, 60)}", f"correct {where}")
        if not sound:
            raise self._no_json(reply, where)
        return found

    def _no_json(self, reply: Reply, where: str) -> Refused:
        name, kind = self.address.name, self.address.kind
        start = reply.body.lstrip()[:200].lower()
        if start.startswith((b"<!doctype", b"<html", b"<")):
            text = f"{name}: a page for browsers and no {kind}'s answer"
            return Refused(text, f"a login or another program is there; correct {where}")
        return Refused(f"{name}: it is no {kind}: the answer is no JSON", f"correct {where}")

    def _hidden(self, text: str) -> str:
        """What came back, without the secrets that were sent."""
        for secret in self._secrets:
            if len(secret) >= 4:
                text = text.replace(secret, MASK)
        return text


def _password_of(url: str) -> str:
    return urlsplit(url).password or ""


def _json(body: bytes) -> tuple[Any, bool]:
    """The answer, and whether it is one; an empty one is None."""
    import msgspec  # several times as fast as the standard library's: large answers hold up the screen

    if not body.strip():
        return None, True
    try:
        return msgspec.json.decode(body), True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, False


def _said(found: Any) -> str:
    """What an engine says of a question it refuses: `error` of Prometheus, a text of Alertmanager."""
    if isinstance(found, str):
        return found
    if isinstance(found, Mapping):
        for key in ("error", "message"):
            if isinstance(found.get(key), str):
                return str(found[key])
    return ""
