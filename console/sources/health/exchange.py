"""One HTTP exchange with a server that need not be kind: timed by phase, everything bounded."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from console.errors import Refused, SourceError, Unreachable
from console.secrets import redact_url
from console.sources.health.dial import Lookup, Steps, chain_of, connect, hang_up, streams, trust
from console.sources.health.distrust import distrusted
from console.text import clean

if TYPE_CHECKING:
    import h11

    from console.sources.health.certificates import Certificate

HEAD_LIMIT = 1 << 16
"""Bytes of status line and headers, and of one chunk's head."""
MOST_REDIRECTS = 5
MOST_INTERIM = 8
"""Interim (1xx) answers before the real one."""
READ_SIZE = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked; `headers` may hold secrets."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    send: bytes = b""
    accept: str = "*/*"
    redirects: bool = True
    verify: bool = True
    ca_file: str = ""
    body_limit: int = 1 << 20
    """Bytes of the body that are read, decoded; what is longer is cut."""
    patience: float = 5.0
    """Seconds for all of it: what each step gets is taken from this."""


@dataclass(slots=True)
class Reply:
    """What came back; text is as it came."""

    url: str
    status: int = 0
    reason: str = ""
    version: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    cut: bool = False
    """The body was longer than its limit."""
    address: str = ""
    redirects: list[str] = field(default_factory=list)
    """Where it was sent to, without passwords."""
    tls: str = ""
    """Version and cipher; empty without TLS."""
    chain: list[Certificate] = field(default_factory=list)

    def header(self, name: str) -> str:
        """The first header of that name, in small letters; empty when there is none."""
        return next((value for known, value in self.headers if known == name), "")


async def exchange(request: Request, lookup: Lookup, steps: Steps) -> Reply:
    """Ask, following redirects. Raises SourceError for everything that is no HTTP answer.

    `steps` says afterwards, and when it is cut off, how long each phase took: resolve, connect, tls,
    processing (until the first byte) and transfer.
    """
    url, method, send = request.url, request.method, request.send
    headers = dict(request.headers)
    went: list[str] = []
    while True:
        reply = await _once(url, method, send, headers, request, lookup, steps)
        reply.redirects = went
        where = reply.header("location")
        if not request.redirects or reply.status not in (301, 302, 303, 307, 308) or not where:
            return reply
        before, url = url, _joined(url, where)
        shown = clean(redact_url(url), 200)
        if len(went) >= MOST_REDIRECTS:
            raise Refused(
                f"more than {MOST_REDIRECTS} redirects, the last to {shown}", "do they go round in a circle?"
            )
        went.append(shown)
        if _origin(urlsplit(url)) != _origin(urlsplit(before)):
            headers = {}  # they may hold a secret, which is for the first server only
        if reply.status == 303 or (reply.status in (301, 302) and method == "POST"):
            method, send = "GET" if method == "POST" else method, b""


def _joined(url: str, where: str) -> str:
    joined = ""
    try:
        joined = urljoin(url, where)
        parts = urlsplit(joined)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise Refused(f"a redirect to {clean(redact_url(where), 100)}", "that is no address of a page")
    return joined


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _port(parts.scheme)


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


async def _once(
    url: str,
    method: str,
    send: bytes,
    headers: Mapping[str, str],
    request: Request,
    lookup: Lookup,
    steps: Steps,
) -> Reply:
    parts = urlsplit(url)
    host, port = _ascii(parts.hostname or ""), parts.port or _port(parts.scheme)
    reply = Reply(url)
    context = None
    if parts.scheme == "https":
        context = await lookup.call(trust, request.verify, request.ca_file)
    sock = await connect(host, port, lookup, steps, request.patience)
    reply.address = str(sock.getpeername()[0])
    if context is not None:
        steps.begin("tls")
    try:
        reader, writer = await streams(sock, context, host, request.patience)
    except ssl.SSLCertVerificationError as error:
        steps.end()

        async def again(anybody: ssl.SSLContext) -> asyncio.StreamWriter:
            second = await connect(host, port, lookup, Steps(), request.patience)
            return (await streams(second, anybody, host, request.patience))[1]

        raise await distrusted(error, host, again, lookup) from None
    try:
        if context is not None:
            await _note_tls(reply, writer, lookup)
        steps.begin("processing")
        head = _head(parts, host, method, send, headers, request.accept)
        await _talk(reader, writer, head, send, reply, steps, request.body_limit)
    finally:
        hang_up(writer)
    steps.end()
    return reply


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise Refused(f"{clean(host, 100)} is no host name", "correct the address") from None


async def _note_tls(reply: Reply, writer: asyncio.StreamWriter, lookup: Lookup) -> None:
    from console.sources.health.certificates import read_der

    shown = writer.get_extra_info("ssl_object")
    cipher = shown.cipher() if shown else None
    reply.tls = clean(f"{shown.version()} {cipher[0] if cipher else ''}".strip(), 80) if shown else ""
    try:
        reply.chain = await lookup.call(read_der, chain_of(writer))
    except ValueError:
        reply.chain = []  # trusted by OpenSSL, unreadable for us: no dates are better than wrong ones


def _head(
    parts: SplitResult, host: str, method: str, send: bytes, headers: Mapping[str, str], accept: str
) -> dict[str, Any]:
    shown = f"[{host}]" if ":" in host else host
    if parts.port and parts.port != _port(parts.scheme):
        shown += f":{parts.port}"
    from console import __version__

    asked = {
        "Host": shown,
        "User-Agent": f"opsconsole/{__version__}",
        "Accept": accept,
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    if parts.username is not None:
        import base64

        pair = f"{parts.username}:{parts.password or ''}".encode()
        asked["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    if send:
        asked["Content-Length"] = str(len(send))
    low = {name.lower() for name in headers}
    asked = {name: value for name, value in asked.items() if name.lower() not in low} | dict(headers)
    path = quote(parts.path or "/", safe="/%:=&~!*'(),;@+$[]")
    query = quote(parts.query, safe="/%:=&~!*'(),;@+$[]?")
    return {"method": method, "target": urlunsplit(("", "", path, query, "")), "headers": list(asked.items())}


async def _talk(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    head: dict[str, Any],
    send: bytes,
    reply: Reply,
    steps: Steps,
    limit: int,
) -> None:
    import h11

    line = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
    try:
        writer.write(line.send(h11.Request(**head)) or b"")
        if send:
            writer.write(line.send(h11.Data(data=send)) or b"")
        writer.write(line.send(h11.EndOfMessage()) or b"")
    except h11.LocalProtocolError as error:
        raise Refused(f"it cannot be asked: {clean(str(error), 200)}", "correct url and headers") from None
    try:
        await writer.drain()
        answer = await _answer(reader, line)
        steps.begin("transfer")
        reply.status, reply.version = answer.status_code, answer.http_version.decode("ascii", "replace")
        reply.reason = answer.reason.decode("latin-1")
        reply.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers]
        reply.body, reply.cut = await _body(reader, line, reply.header("content-encoding"), limit)
    except h11.RemoteProtocolError as error:
        raise _malformed(error, reply) from None
    except (ConnectionError, ssl.SSLError, OSError) as error:
        why = clean(str(error) or type(error).__name__, 200)
        raise Unreachable(f"the connection broke: {why}", "see the log of the server") from None


def _malformed(error: Exception, reply: Reply) -> SourceError:
    words = clean(str(error), 200)
    if reply.status:
        return Unreachable(f"{reply.status}, and the body broke off: {words}", "see the log of the server")
    if "ConnectionClosed" in words:
        return Unreachable("the connection was closed without an answer", "see the log of the server")
    if "too long" in words or getattr(error, "error_status_hint", 0) == 431:
        return Refused(f"more than {HEAD_LIMIT >> 10} KB of headers", "is that a web server?")
    return Refused(f"no HTTP answer: {words}", "is that a web server, and is it http or https?")


async def _answer(reader: asyncio.StreamReader, line: h11.Connection) -> h11.Response:
    import h11

    interim = 0
    while True:
        event = await _event(reader, line)
        if isinstance(event, h11.Response):
            return event
        if isinstance(event, h11.InformationalResponse):
            interim += 1
            if interim > MOST_INTERIM or event.status_code == 101:
                raise Refused(f"{event.status_code} again and again", "is that a web server?")
        else:
            raise Unreachable("the connection was closed without an answer", "see the log of the server")


async def _event(reader: asyncio.StreamReader, line: h11.Connection) -> Any:
    import h11

    while True:
        event = line.next_event()
        if event is not h11.NEED_DATA:
            return event
        line.receive_data(await reader.read(READ_SIZE))


async def _body(
    reader: asyncio.StreamReader, line: h11.Connection, encoding: str, limit: int
) -> tuple[bytes, bool]:
    """The body, decoded, and whether it was cut; neither it nor what it is packed in grows past the limit."""
    import h11

    encoding = encoding.strip().lower()
    packed = zlib.decompressobj(47) if encoding in ("gzip", "x-gzip", "deflate") else None
    pieces: list[bytes] = []
    size = taken = 0
    while True:
        event = await _event(reader, line)
        if not isinstance(event, h11.Data):
            if packed is not None and taken and not packed.eof:
                raise Unreachable(
                    "the body broke off: the rest of what is packed is missing", "see the server"
                )
            return b"".join(pieces), False
        data = bytes(event.data)
        taken += len(data)
        if packed is not None:
            try:
                data = packed.decompress(data, limit + 1 - size)
            except zlib.error as error:
                raise Refused(f"the body is no {clean(encoding, 20)}: {error}", "see the server") from None
        pieces.append(data[: limit + 1 - size])
        size += len(pieces[-1])
        if size > limit or taken > limit:
            return b"".join(pieces)[:limit], True


def as_headers(pairs: Sequence[tuple[str, str]], most: int = 40) -> list[tuple[str, str]]:
    """Headers for people: clean, bounded, without what is secret; cookies by their names only."""
    from console.secrets import redact

    shown = []
    for name, value in pairs[:most]:
        if name in ("set-cookie", "authorization", "www-authenticate", "proxy-authenticate"):
            value = value.partition("=")[0].partition(" ")[0] + " …"
        shown.append((clean(name, 60), clean(redact(value), 200)))
    return shown
