"""Where a Redis server may be: addresses from URLs, from the environment, and the usual local places."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from console.text import clean

LOCAL_SOCKETS = (
    "/var/run/redis/redis-server.sock",  # Debian's package
    "/var/run/redis/redis.sock",
    "/var/run/valkey/valkey.sock",
    "/tmp/redis.sock",  # noqa: S108 the path redis.conf proposes; only connected to
)
DEFAULT_PORT = 6379

_TLS_OPTIONS = frozenset(
    ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
)
"""What a URL's query may say of TLS; its other settings are an application's and mean nothing here."""


@dataclass(frozen=True, slots=True)
class Address:
    """One place to connect to; a socket when `path` is set."""

    host: str = "localhost"
    port: int = DEFAULT_PORT
    path: str = ""
    tls: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    options: tuple[tuple[str, Any], ...] = ()
    """TLS settings under redis-py's names."""

    @property
    def label(self) -> str:
        """The address for people, without any secret."""
        if self.path:
            return clean(self.path, 120)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return clean(f"{host}:{self.port}", 120)

    @property
    def user(self) -> str:
        """Which user the server takes us for."""
        return clean(self.username, 80) or "default"

    @property
    def cli(self) -> str:
        """The redis-cli command line that reaches the same server."""
        if self.path:
            return f"redis-cli -s {shlex.quote(self.label)}"
        return f"redis-cli {'--tls ' if self.tls else ''}-h {shlex.quote(self.host)} -p {self.port}"


class BadAddress(ValueError):
    """A URL that cannot be understood; the message quotes nothing of it, for it may hold a password."""


_ESCAPE = "special characters in a user name or password are written %XX"


_PORTS = "port out of range: it is one of 1 to 65535"


def parse_url(url: str) -> Address:
    """`redis://[user]:[password]@host:port`, `rediss://` for TLS, or `unix:///path`; also `valkey(s)://`.

    A database number is accepted and not used: all figures are the whole server's. Raises BadAddress.
    """
    try:
        parts = urlsplit(url.strip())
        port = DEFAULT_PORT if parts.port is None else parts.port
    except ValueError as error:
        if "out of range" in str(error):
            raise BadAddress(_PORTS) from None
        raise BadAddress(f"the port is not a number; {_ESCAPE}") from None
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    username = unquote(parts.username or "") or query.get("username", "")
    password = unquote(parts.password or "") or query.get("password", "")
    if parts.scheme == "unix":
        path = unquote(parts.path)
        if parts.hostname or not path.startswith("/"):
            raise BadAddress("a socket is written unix:///path/to/redis.sock")
        return Address(path=path, username=username, password=password)
    if parts.scheme not in ("redis", "rediss", "valkey", "valkeys"):
        raise BadAddress("it begins with none of redis://, rediss:// and unix://")
    if "@" in parts.path or "@" in parts.query or "@" in parts.fragment:
        raise BadAddress(_ESCAPE)
    host = unquote(parts.hostname or "") or "localhost"
    if not port:
        raise BadAddress(_PORTS)
    if not _is_host(host):
        raise BadAddress("its host cannot be a host's name")
    tls = parts.scheme in ("rediss", "valkeys")
    return Address(
        host=host,
        port=port,
        tls=tls,
        username=username,
        password=password,
        options=_tls_options(query) if tls else (),
    )


def _is_host(name: str) -> bool:
    """Whether a host may bear the name: what cannot be asked of a name server raises no OSError there."""
    try:
        return "\0" not in name and bool(name.encode("idna"))
    except UnicodeError:
        return False


def _tls_options(query: dict[str, str]) -> tuple[tuple[str, Any], ...]:
    known: dict[str, Any] = {name: value for name, value in query.items() if name in _TLS_OPTIONS}
    if "ssl_check_hostname" in known:
        known["ssl_check_hostname"] = known["ssl_check_hostname"].lower() not in ("0", "no", "false")
    if known.get("ssl_cert_reqs", "none") not in ("none", "optional", "required"):
        raise BadAddress("ssl_cert_reqs is none, optional or required")
    if known.get("ssl_cert_reqs") == "none":  # no certificate wanted: then there is no name to compare
        known["ssl_check_hostname"] = False
    return tuple(sorted(known.items()))


def local_addresses(password: str = "") -> tuple[Address, ...]:
    """The places a Redis of this host usually listens at, sockets first."""
    sockets = tuple(Address(path=path, password=password) for path in LOCAL_SOCKETS)
    return (*sockets, Address(password=password))
