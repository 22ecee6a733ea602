"""Where a PostgreSQL server may be: a URL, a libpq service, PG* variables, or the usual local places.

The rules are libpq's: what a URL leaves open comes from the service file, then from PG* variables,
then from defaults. Nothing here opens a connection.
"""

from __future__ import annotations

import configparser
import getpass
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from console.errors import Refused
from console.sources.postgres.words import check, read_small

SOCKET_DIRS = ("/var/run/postgresql", "/tmp")  # noqa: S108 where servers put their sockets
PORT = 5432
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
TLS_WORDS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslnegotiation")
_SCHEME = re.compile(r"^(postgres|postgresql|postgis)(\+\w+)?://")
_ANY_SCHEME = re.compile(r"\s*([A-Za-z][\w+.:-]{0,40}(?=://)|sqlite(?=:))")
_WORDS = re.compile(rf"({'|'.join(_VARIABLES)})\s*=")


@dataclass(frozen=True, slots=True)
class Place:
    """One attempt: where, as whom, to which database."""

    host: str
    """A name, an address, or the directory of a Unix socket."""
    port: int
    user: str
    database: str
    password: str | None = field(default=None, repr=False)

    @property
    def is_socket(self) -> bool:
        """Whether it is a Unix socket."""
        return self.host.startswith("/")

    @property
    def where(self) -> str:
        """For people: `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def socket_file(self) -> Path:
        """The Unix socket's path."""
        return Path(self.host, f".s.PGSQL.{self.port}")


@dataclass(frozen=True, slots=True)
class Address:
    """What is known of a server before it was asked."""

    words: Mapping[str, str] = field(repr=False)
    """libpq's connection parameters."""
    env: Mapping[str, str] = field(repr=False)
    passfile_ignored: str = ""
    """The password file that libpq's rules forbid to read, because others could."""

    @property
    def explicit(self) -> bool:
        """Whether somebody said where the server is; otherwise the usual places are tried."""
        return "host" in self.words

    @property
    def tls(self) -> dict[str, str]:
        """The parameters about TLS."""
        return {word: self.words[word] for word in TLS_WORDS if self.words.get(word)}

    @property
    def where(self) -> str:
        """For people, without a secret."""
        if not self.explicit:
            return "local"
        return ",".join(f"{host}:{port}" for host, port in _hosts(self.words))

    @property
    def database(self) -> str:
        """The database asked for; empty when left open."""
        return self.words.get("dbname", "")

    def places(self) -> Iterator[Place]:
        """The attempts to make, best first."""
        given = self.words.get("password")
        passwords = _read_passfile(_passfile(self.words, self.env)) if given is None else []
        for host, port in _hosts(self.words) if self.explicit else _usual(self.words):
            for user in self._users():
                database = self.words.get("dbname") or user
                password = _look_up(passwords, host, port, database, user) if given is None else given
                yield Place(host, port, user, database, password)

    def _users(self) -> list[str]:
        if user := self.words.get("user"):
            return [user]
        name = _login()
        return [name, "postgres"] if name == "root" else [name]


def parse(url: str | None, env: Mapping[str, str]) -> Address:
    """An address from a URL, `service=NAME` or `key=value` words; empty means PG* and the usual places.

    None means DATABASE_URL. Raises Refused when the text cannot be read; the reason never repeats it,
    for it may hold a password.
    """
    words = _words(_database_url(env) if url is None else url)
    from_env = {word: env[name] for word, name in _VARIABLES.items() if env.get(name)}
    service = words.pop("service", "") or from_env.pop("service", "")
    merged = {**from_env, **(_service(service, env) if service else {}), **words}
    try:
        check(merged, list(_hosts(merged)))
    except ValueError:
        raise Refused("the port of the PostgreSQL address is no number", "write host:5432") from None
    file = _passfile(merged, env)
    ignored = str(file) if file is not None and _readable_by_others(file) else ""
    return Address(merged, env, ignored)


def another_database(env: Mapping[str, str]) -> str:
    """The scheme of a DATABASE_URL that means a database of another make, as `mysql`; else empty."""
    found = _ANY_SCHEME.match(env.get("DATABASE_URL", ""))
    return found[1] if found and "postgres" not in found[1].lower() else ""


def _database_url(env: Mapping[str, str]) -> str:
    url = env.get("DATABASE_URL", "").strip()
    if is_postgres(url) or not url:
        return url
    if another_database(env):
        return ""
    if _WORDS.match(url):
        return url
    raise Refused("DATABASE_URL is no address", "write postgresql://user@host:5432/database")


def is_postgres(url: str) -> bool:
    """Whether a DATABASE_URL means PostgreSQL; frameworks add their driver: `postgresql+asyncpg://`."""
    return _SCHEME.match(url) is not None


def _words(url: str) -> dict[str, str]:
    if not url:
        return {}
    if is_postgres(url):
        return _words_of_url(_SCHEME.sub("postgresql://", url))
    if "://" in url or "=" not in url:
        raise Refused(
            "the PostgreSQL address cannot be read",
            "write postgresql://user@host:5432/database or service=NAME",
        )
    try:
        pairs = [word.split("=", 1) for word in shlex.split(url)]
        return {key: value for key, value in pairs if value}
    except ValueError:
        raise Refused("the PostgreSQL address cannot be read", "write key=value words, or a URL") from None


def _words_of_url(url: str) -> dict[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Refused(
            "the PostgreSQL URL cannot be read", "write postgresql://user@host:5432/database"
        ) from None
    words = dict(parse_qsl(parts.query))
    if "database" in words:  # asyncpg's name for it
        words["dbname"] = words.pop("database")
    if words.get("ssl") == "true":  # the JDBC way
        words["sslmode"] = "require"
    account, _, hosts = parts.netloc.rpartition("@")
    user, _, password = account.partition(":")
    for key, value in (("user", user), ("password", password), ("dbname", parts.path.lstrip("/"))):
        if value:
            words[key] = unquote(value)
    if hosts:
        words["host"] = hosts  # with ports, still percent-encoded
    return words


def _hosts(words: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    ports = [int(port) for port in words.get("port", str(PORT)).split(",") if port] or [PORT]
    for index, spec in enumerate(words.get("host", "").split(",")):
        default = ports[min(index, len(ports) - 1)]
        bracket = re.match(r"\[([^\]]+)\](?::(\d+))?$", spec)
        if bracket:
            yield bracket[1], int(bracket[2] or default)
        elif spec.startswith("/") or spec.count(":") > 1:  # a socket's directory, a bare IPv6 address
            yield unquote(spec), default
        else:
            name, _, port = spec.partition(":")
            yield unquote(name) or "localhost", int(port or default)


def _usual(words: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Sockets that exist, the asked or default port first, then TCP on this host."""
    _, wanted = next(_hosts(words))
    found: list[tuple[str, int]] = []
    for directory in SOCKET_DIRS:
        for path in sorted(Path(directory).glob(".s.PGSQL.*")):
            port = path.name.rpartition(".")[2]
            if port.isdigit():
                found.append((directory, int(port)))
    if "port" in words:
        found = [place for place in found if place[1] == wanted]
    yield from sorted(found, key=lambda place: place[1] != wanted)
    yield "localhost", wanted


def _service(name: str, env: Mapping[str, str]) -> dict[str, str]:
    files = [env["PGSERVICEFILE"]] if env.get("PGSERVICEFILE") else [str(_home(env) / ".pg_service.conf")]
    if env.get("PGSYSCONFDIR"):
        files.append(str(Path(env["PGSYSCONFDIR"], "pg_service.conf")))
    files.append("/etc/postgresql-common/pg_service.conf")
    for file in files:
        parser = configparser.ConfigParser(interpolation=None, default_section="", strict=False)
        try:
            parser.read_string(read_small(Path(file)))
        except FileNotFoundError:
            continue
        except configparser.Error:
            raise Refused(f"{file} cannot be read", "it holds [name] sections of key=value lines") from None
        if parser.has_section(name):
            return {key: value for key, value in parser.items(name) if value}
    raise Refused(f"no service {name!r} in {files[0]}", f"add a section [{name}] there, or mend PGSERVICE")


def _passfile(words: Mapping[str, str], env: Mapping[str, str]) -> Path | None:
    path = Path(words.get("passfile") or _home(env) / ".pgpass")
    return path if path.is_file() else None


def _readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def _read_passfile(path: Path | None) -> list[list[str]]:
    """The lines as [host, port, database, user, password]; none when others could read it (libpq's rule)."""
    if path is None or _readable_by_others(path) or not os.access(path, os.R_OK):
        return []
    lines = (line for line in read_small(path).splitlines() if line and not line.startswith("#"))
    # a backslash escapes a colon and itself
    fields = (
        [re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\):", line, maxsplit=4)] for line in lines
    )
    return [row for row in fields if len(row) == 5]


def _look_up(rows: list[list[str]], host: str, port: int, database: str, user: str) -> str | None:
    wanted = ("localhost" if host.startswith("/") else host, str(port), database, user)
    for row in rows:
        if all(part in ("*", want) for part, want in zip(row, wanted, strict=False)):
            return row[4]
    return None


def _home(env: Mapping[str, str]) -> Path:
    return Path(env.get("HOME") or os.path.expanduser("~"))


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "postgres"
