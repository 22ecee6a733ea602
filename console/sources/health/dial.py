"""A connection to an endpoint, opened step by step so that each step is timed and blamed alone."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from console.errors import NotFound, Refused, SourceError, TimedOut, Unreachable
from console.text import clean
from console.worker import Worker

READ_LIMIT = 1 << 16
"""Bytes a stream takes in advance."""
MOST_ADDRESSES = 6
"""Addresses of one name that are tried."""

SocketAddress = tuple[Any, ...]


@dataclass(slots=True)
class Steps:
    """Seconds of each step so far, under blackbox_exporter's names, and the one that is going on."""

    seconds: dict[str, float] = field(default_factory=dict)
    current: str = ""
    _began: float = 0.0

    def begin(self, step: str) -> None:
        """The step before ends, this one begins; steps of one name add up."""
        self.end()
        self.current, self._began = step, time.monotonic()

    def end(self) -> None:
        """Nothing is going on."""
        if self.current:
            now = time.monotonic()
            self.seconds[self.current] = self.seconds.get(self.current, 0.0) + now - self._began
        self.current = ""


class Lookup:
    """Addresses of names, asked for in a thread: a resolver that hangs holds up nobody else."""

    def __init__(self) -> None:
        self._worker = Worker("name lookup")

    async def addresses(self, host: str, port: int) -> list[tuple[socket.AddressFamily, SocketAddress]]:
        """Where a host is, in the order to try. Raises NotFound, or TimedOut while a lookup hangs."""
        if literal := _literal(host, port):
            return literal
        try:
            found = await self._worker.call(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            why = "no such name" if error.errno == socket.EAI_NONAME else (error.strerror or str(error))
            raise NotFound(
                f"{clean(host, 100)}: {why}", "check the name, and the resolver of this host"
            ) from None
        except UnicodeError:
            raise NotFound(f"{clean(host, 100)} is no host name", "correct it") from None
        finally:
            self._worker.stop()  # a thread that waits for the next asking would only take memory
        unique: dict[tuple[socket.AddressFamily, SocketAddress], None] = {
            (family, tuple(address)): None for family, _, _, _, address in found
        }
        return list(unique)[:MOST_ADDRESSES]

    async def call(self, function: Any, *arguments: Any) -> Any:
        """Something that blocks, done in the same thread."""
        try:
            return await self._worker.call(function, *arguments)
        finally:
            self._worker.stop()


def _literal(host: str, port: int) -> list[tuple[socket.AddressFamily, SocketAddress]]:
    """What is an address already, taken as it is without asking anybody."""
    found: list[tuple[socket.AddressFamily, SocketAddress]] = []
    for family, address in ((socket.AF_INET, (host, port)), (socket.AF_INET6, (host, port, 0, 0))):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        found.append((family, address))
    return found


async def connect(host: str, port: int, lookup: Lookup, steps: Steps, patience: float) -> socket.socket:
    """A connected socket, of the first address that answers. Raises SourceError with all that failed.

    Each of several addresses gets its share of `patience` (seconds), so that one that is silent
    does not hide another that works.
    """
    steps.begin("resolve")
    addresses = await lookup.addresses(host, port)
    steps.begin("connect")
    failures: list[SourceError] = []
    for family, address in addresses:
        try:
            async with asyncio.timeout(patience / len(addresses)):
                return await _connected(family, address)
        except TimeoutError:
            failures.append(TimedOut(f"{where(address)} does not answer", _SILENT))
        except OSError as error:
            failures.append(_told(error, address))
    if not failures:
        raise NotFound(f"{clean(host, 100)} has no address", "check the name")
    if len(failures) == 1:
        raise failures[0]
    raise Unreachable("; ".join(failure.reason for failure in failures), failures[0].fix)


_SILENT = "is the host up, and no firewall between?"


async def _connected(family: socket.AddressFamily, address: SocketAddress) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def where(address: SocketAddress) -> str:
    """A socket's address as people write it."""
    host, port = str(address[0]), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _told(error: OSError, address: SocketAddress) -> SourceError:
    at = where(address)
    if error.errno == errno.ECONNREFUSED:
        return Unreachable(f"connection refused by {at}", "is the service up, and does it listen there?")
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return Unreachable(f"no way to {at}: {os.strerror(error.errno)}", "check the route to it")
    why = os.strerror(error.errno) if error.errno else str(error)
    return Unreachable(f"{at}: {clean(why, 200)}", _SILENT)


@lru_cache(maxsize=8)
def _context(verify: bool, ca_file: str, changed: float) -> ssl.SSLContext:
    """One for all probes that trust the same: the system's issuers take a megabyte."""
    if not verify:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # what is old is looked at too: saying what is wrong with it is the purpose
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return context
    return ssl.create_default_context(cafile=ca_file or None)


def trust(verify: bool, ca_file: str) -> ssl.SSLContext:
    """What is trusted; blocks while it is read the first time. Raises Refused for an unusable file."""
    if not ca_file or not verify:
        return _context(verify, "", 0.0)
    try:
        return _context(verify, ca_file, os.stat(ca_file).st_mtime)
    except ssl.SSLError:
        raise Refused(
            f"ca_file {ca_file} holds no certificate in PEM form", "name a file that does"
        ) from None
    except OSError as error:
        raise Refused(f"ca_file {ca_file}: {error.strerror}", "correct its path") from None


async def streams(
    sock: socket.socket, context: ssl.SSLContext | None = None, server_name: str = "", patience: float = 10.0
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Streams over a connected socket, with TLS where there is a context.

    Raises ssl.SSLCertVerificationError for a certificate that is not trusted, Refused for a failed
    handshake. The socket is closed when it fails.
    """
    try:
        if context is None:
            return await asyncio.open_connection(sock=sock, limit=READ_LIMIT)
        return await asyncio.open_connection(
            sock=sock,
            ssl=context,
            server_hostname=server_name,
            ssl_handshake_timeout=max(0.1, patience),
            ssl_shutdown_timeout=1.0,
            limit=READ_LIMIT,
        )
    except ssl.SSLCertVerificationError:
        sock.close()
        raise
    except (ssl.SSLError, OSError, ValueError) as error:
        sock.close()
        why = getattr(error, "reason", None) or str(error) or type(error).__name__
        words = clean(str(why).lower().replace("_", " "), 200)
        raise Refused(f"no TLS: {words}", "does TLS listen there, and of which version?") from None
    except BaseException:
        sock.close()
        raise


def chain_of(writer: asyncio.StreamWriter) -> Sequence[bytes]:
    """The certificates the other side presented, its own first, in DER form."""
    shown = writer.get_extra_info("ssl_object")
    ask = getattr(shown, "get_unverified_chain", None)  # public from Python 3.13 on
    if ask is not None:
        return [bytes(one) for one in ask()]
    inner = getattr(shown, "_sslobj", None)
    ask = getattr(inner, "get_unverified_chain", None)  # 3.10 to 3.12 have it there
    if ask is not None:
        import _ssl

        return [one.public_bytes(_ssl.ENCODING_DER) for one in ask()]
    own = shown.getpeercert(binary_form=True) if shown else None
    return [own] if own else []


def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close at once; nobody waits for the other side's farewell."""
    writer.transport.abort()
