"""One connection to one Redis server, and its failures in words.

redis-py's connection is used below its client: no pool, no retries (with its default ones a
frozen server held a two-second timeout up for thirteen), replies read one by one so that one
forbidden command spoils no other. redis-py itself is loaded at the first connection: on a host
without Redis it costs nothing.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.errors import AGAIN, SILENT, NotFound, Refused, SourceError, TimedOut, Unreachable
from console.sources.redis.address import Address
from console.text import clean, decode
from console.worker import Worker

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

CLIENT_NAME = "opsconsole"
SOCKET_LIMIT = 2.0
"""Seconds to connect, and to wait for one reply."""

LISTEN = 0.2
"""Seconds to hear out a server that hung up on us."""

Reply = Any
"""What a command gave: bytes, a number, a list, or the error it was answered with."""


class Absent(Unreachable):
    """Nothing listens at the address."""


class Lost(Unreachable):
    """The connection broke."""


class Link:
    """An open connection; `drop` it after any failure and make a new one."""

    def __init__(self, address: Address, host: str, password: str, limit: float = SOCKET_LIMIT) -> None:
        self.address = address
        self._host = host
        self._connection = _connection(address, host, password, limit)
        self._answered = False

    @classmethod
    async def open(cls, address: Address, password: str, worker: Worker, limit: float = SOCKET_LIMIT) -> Link:
        """Connect and sign in; `limit` is for one reply. Raises SourceError; then nothing stays open.

        Host names are looked up in the worker's thread: asyncio's own look-up would fill the threads
        that others need, and hold up the way out, for as long as a dead name server keeps it.
        """
        _check_files(address)
        hosts: Sequence[str] = (address.host,)
        if not address.path and not address.tls:  # TLS needs the name: redis-py compares it
            local = address.host == "localhost"
            hosts = ("127.0.0.1", "::1") if local else await worker.call(_resolve, address.host, address.port)
        for host in hosts[:-1]:
            try:
                return await cls._open(address, host, password, limit)
            except Unreachable:
                continue
        return await cls._open(address, hosts[-1], password, limit)

    @classmethod
    async def _open(cls, address: Address, host: str, password: str, limit: float) -> Link:
        link = cls(address, host, password, limit)
        try:
            await link._connection.connect()  # type: ignore[no-untyped-call]  # redis-py does not say
        except BaseException as error:  # noqa: BLE001 said in our words and raised on
            link.drop()
            raise await link._explain(error) from None
        return link

    async def ask(self, *commands: Sequence[str]) -> list[Reply]:
        """Send commands in one go; one reply each, an error reply as the exception itself."""
        from redis.exceptions import AuthenticationError, BusyLoadingError, ResponseError

        connection = self._connection
        try:
            packed = connection.pack_commands(commands)
            await connection.send_packed_command(packed, check_health=False)
            replies: list[Reply] = []
            for _ in commands:
                try:
                    replies.append(await connection.read_response(disconnect_on_error=False))
                except (AuthenticationError, BusyLoadingError, ResponseError) as error:
                    replies.append(error)
        except BaseException as error:  # noqa: BLE001 said in our words and raised on
            raise await self._explain(error) from None
        self._answered = True
        return replies

    async def hear(self) -> Reply:
        """The next thing the server says unasked, as after MONITOR. Raises SourceError."""
        try:
            return await self._connection.read_response(disconnect_on_error=False, timeout=None)
        except BaseException as error:  # noqa: BLE001 said in our words and raised on
            raise await self._explain(error) from None

    async def _explain(self, error: BaseException) -> BaseException:
        """The error in our words; when the first exchange broke, what a second caller is told.

        A Redis without a free slot, or in protected mode, says so to whoever connects and hangs up at
        once; other servers object to our first words and do the same. What they said is lost when it
        crosses ours, so it is heard out again.
        """
        told = translate(error, self.address)
        if not isinstance(told, Lost) or self._answered or self.address.tls:
            return told
        words = await _first_words(self.address, self._host)
        if words.startswith("-"):
            return _answered(words[1:], self.address)
        return told if not words or words[0] in "+$*:" else stranger(self.address)

    def drop(self) -> None:
        """Close at once and without a word: a frozen peer cannot hold it up. May be called twice."""
        connection = self._connection
        writer = connection._writer
        if writer is not None:
            # close() would wait for TLS's farewell, or for unsent bytes, from a peer that may be frozen
            writer.transport.abort()
            connection._writer = connection._reader = None


def _check_files(address: Address) -> None:
    """Raise Refused for a file of TLS that cannot be loaded: the libraries do not say which it was."""
    for key, path in address.options:
        if key not in ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile"):
            continue
        # a pipe or a device would hold its reader up
        usual = os.path.isdir if key == "ssl_ca_path" else os.path.isfile
        if not usual(path):
            why = "it is no ordinary file" if os.path.exists(path) else os.strerror(errno.ENOENT)
        elif not os.access(path, os.R_OK):
            why = "no permission to read it"
        else:
            continue
        raise Refused(f"{key} names {path}: {why}", f"mend {key} in the url")


def _connection(address: Address, host: str, password: str, limit: float) -> AbstractConnection:
    from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection

    from console.sources.redis.parser import BoundedParser

    options: dict[str, Any] = {
        "username": address.username or None,
        "password": password or None,
        "protocol": 2,  # every version speaks it, and nothing here needs more
        "parser_class": BoundedParser,
        "socket_timeout": limit,
        "socket_connect_timeout": SOCKET_LIMIT,
        "driver_info": None,  # no CLIENT SETINFO: one command less for a narrow user to be refused
    }
    if address.path:
        return UnixDomainSocketConnection(path=address.path, **options)
    if address.tls:
        return SSLConnection(host=host, port=address.port, **dict(address.options), **options)
    return Connection(host=host, port=address.port, **options)


async def _first_words(address: Address, host: str) -> str:
    """The line a server says to someone who only listens, or else who says PING; often nothing."""
    writer = None
    try:
        async with asyncio.timeout(2 * LISTEN):
            if address.path:
                reader, writer = await asyncio.open_unix_connection(address.path)
            else:
                reader, writer = await asyncio.open_connection(host, address.port)
            try:
                async with asyncio.timeout(LISTEN):
                    return decode(await reader.readline(), 400).strip()
            except TimeoutError:
                writer.write(b"PING\r\n")
                return decode(await reader.readline(), 400).strip()
    except (OSError, TimeoutError, ValueError):
        return ""
    finally:
        if writer is not None:
            writer.transport.abort()


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise Unreachable(f"the name {host} is not known", "check it, and the name server") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def translate(error: BaseException, address: Address) -> BaseException:
    """An exception of redis-py as the SourceError a user can act on; cancellation stays what it is."""
    from redis import exceptions as redis

    where = address.label
    if isinstance(error, SourceError) or not isinstance(error, Exception):
        return error
    if isinstance(error, redis.AuthenticationError):
        return _not_signed_in(error, address)
    if isinstance(error, redis.BusyLoadingError):
        return Unreachable("loading the dataset", "it answers by itself once that is read")
    if isinstance(error, redis.NoPermissionError):
        return Refused(f"user {address.user} may not run INFO", f"there: ACL SETUSER {address.user} +info")
    if isinstance(error, redis.ResponseError):
        return _answered(str(error), address)
    if isinstance(error, (redis.TimeoutError, TimeoutError)):
        tls = "if the server has no TLS, write redis:// for rediss://; " if address.tls else ""
        reason = f"{where} did not answer within {SOCKET_LIMIT:g} s"
        return TimedOut(reason, f"{tls}{SILENT} {AGAIN}")
    if isinstance(error, redis.ConnectionError):
        return _not_connected(error, address)
    # redis-py meets bytes of another protocol with InvalidResponse, ValueError or RecursionError
    return stranger(address)


def stranger(address: Address) -> Refused:
    """Something else has the port."""
    reason = f"what listens at {address.label} does not speak Redis's protocol"
    return Refused(reason, "correct the address: another program has that port")


def _not_signed_in(error: Exception, address: Address) -> SourceError:
    how = 'REDIS_URL="redis://[user]:PASSWORD@host:port", or password_command under [[redis]]'
    text = str(error)
    code = getattr(error, "status_code", "")
    if code == "WRONGPASS" or "invalid password" in text:
        reason = f"wrong password for user {address.user}, or the user is disabled"
        return Refused(reason, f"correct it: {how}")
    if code == "NOAUTH":
        return Refused("it wants a password", f"give it: {how}")
    return Refused("it has no password, but one is configured", "leave the password out")


def _answered(text: str, address: Address) -> SourceError:
    code = text.partition(" ")[0]
    if code == "DENIED":
        fix = "set a password there, or bind and protected-mode no in redis.conf"
        return Refused("protected mode: it answers its own host only", fix)
    if "max number of clients" in text:
        return Unreachable(
            "it has no slot left: max number of clients reached", "close idle clients or raise maxclients"
        )
    if code == "BUSY":
        return Unreachable("busy running a script", f"end the script: {address.cli} SCRIPT KILL")
    if "unknown command" in text:
        fix = "its configuration has rename-command for it: without INFO there is nothing to show"
        return Refused("INFO does not exist there (renamed or disabled)", fix)
    return Refused(f"it answered: {clean(text, 200)}", f"try {address.cli} INFO")


def _not_connected(error: Exception, address: Address) -> SourceError:
    where = address.label
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = f"its certificate is not trusted: {cause.verify_message}"
        return Refused(reason, "name its CA in the url: rediss://...?ssl_ca_certs=/path/ca.pem")
    if isinstance(cause, ssl.SSLError):
        return Refused("the TLS handshake failed", "if the server has no TLS, write redis:// for rediss://")
    if isinstance(cause, OSError):
        number = cause.errno or 0
        if number in (errno.ENOENT, errno.ECONNREFUSED):
            return Absent(f"nothing listens at {where}", "start the server or correct the address")
        if number in (errno.EACCES, errno.EPERM):
            fix = f"join the socket's group: sudo usermod -aG redis {os.environ.get('USER', 'YOU')}"
            return Refused(f"no permission to open {where}", fix)
        if number and not isinstance(cause, ConnectionError):
            return Unreachable(f"{where}: {os.strerror(number)}", AGAIN)
    if "max number of clients" in str(error):
        return _answered(str(error), address)
    return Lost(f"{where} closed the connection", "is it a Redis, and with or without TLS?")


def not_found() -> NotFound:
    """Nobody answers at the usual places of this host."""
    return NotFound(
        "no Redis at the usual sockets, nor on localhost:6379",
        'set REDIS_URL, or in the configuration: [[redis]] url = "redis://host:6379"',
    )
