"""Opening a connection to PostgreSQL, and what its refusals mean in one sentence with the fix."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import asyncpg

from console.errors import AGAIN, SILENT, NotFound, Refused, SourceError, TimedOut, Unreachable
from console.sources.postgres.address import PORT, Address, Place, another_database
from console.sources.postgres.frames import Foreign
from console.sources.postgres.knock import knock, stranger
from console.sources.postgres.words import check_files

APPLICATION = "opsconsole"
CONFIGURE = 'set DATABASE_URL or PGHOST, or write [[postgres]] url = "postgresql://user@host:5432/database"'

FAST_LIMIT_MS = 2500
"""statement_timeout of the questions asked every second."""

_GUARDS = {
    "application_name": APPLICATION,
    "search_path": "pg_catalog",  # nobody's function of the same name is called
    "default_transaction_read_only": "on",  # a guard against slips; the role is the boundary
    "lock_timeout": "250",
    "jit": "off",  # compiling costs more than these questions
    "DateStyle": "ISO",
}


async def connect(
    address: Address,
    password: str | None,
    timeout_ms: int,
    pooled: bool,
    proved: set[str],
    guards: Mapping[str, str] = _GUARDS,
) -> tuple[Any, Place, bool]:
    """A connection, where it went, and whether it goes through PgBouncer.

    `password` replaces the one of the address; `pooled` says that PgBouncer is between; `proved`
    holds the places known to speak PostgreSQL, and gains those that show it; `guards` are settings of
    the session.
    Raises NotFound, Refused, Unreachable or TimedOut.
    """
    failures: list[tuple[Place, Exception]] = []
    answered = False
    for place in address.places():
        known = password if password is not None else place.password
        if answered and not place.is_socket and not address.explicit and known is None:
            continue  # the local server answered by its socket already: TCP would only ask for a password
        try:
            await _make_sure(address, place, proved)
            return await _try_databases(address, place, known, timeout_ms, pooled, guards)
        except SourceError as error:
            failures.append((place, error))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            failures.append((place, _without_tls(error, place)))
            answered = answered or not isinstance(error, OSError)
    raise _verdict(address, failures, password)


async def _make_sure(address: Address, place: Place, proved: set[str]) -> None:
    if not place.is_socket or "sslmode" in address.words:
        check_files(address.words)
    if address.words.get("sslnegotiation") == "direct" and not place.is_socket:
        return  # a TLS handshake comes before any word of the server's
    if place.where not in proved:
        await knock(place)
        proved.add(place.where)


async def _try_databases(
    address: Address,
    place: Place,
    password: str | None,
    timeout_ms: int,
    pooled: bool,
    guards: Mapping[str, str],
) -> tuple[Any, Place, bool]:
    try:
        return await _open(address, place, password, timeout_ms, pooled, guards)
    except asyncpg.InvalidCatalogNameError:
        if address.database:
            raise
        # libpq's default database bears the user's name; where it is missing `postgres` will do
        elsewhere = Place(place.host, place.port, place.user, "postgres", place.password)
        return await _open(address, elsewhere, password, timeout_ms, pooled, guards)


async def _open(
    address: Address,
    place: Place,
    password: str | None,
    timeout_ms: int,
    pooled: bool,
    guards: Mapping[str, str],
) -> tuple[Any, Place, bool]:
    if not pooled:
        settings = {**guards, "statement_timeout": str(timeout_ms)}
        try:
            return await _dial(address, place, password, settings, cache=100), place, False
        except asyncpg.ProtocolViolationError as error:
            if "startup parameter" not in str(error):
                raise
    # PgBouncer takes few parameters and shares its connections: nothing may be left on them
    return await _dial(address, place, password, {"application_name": APPLICATION}, cache=0), place, True


async def _dial(
    address: Address, place: Place, password: str | None, guards: dict[str, str], cache: int
) -> Any:
    tls = address.tls
    return await asyncpg.connect(
        dsn=f"postgresql:///?{urlencode(tls)}" if tls else None,
        host=place.host,
        port=place.port,
        user=place.user,
        database=place.database,
        password=password,
        passfile="/nonexistent",  # looked up by then; asyncpg would warn on the screen
        target_session_attrs=address.words.get("target_session_attrs", "any"),
        server_settings=guards,
        statement_cache_size=cache,
        timeout=3600,  # ours does not rest on the library's, which fails against a frozen server
    )


def _verdict(address: Address, failures: list[tuple[Place, Exception]], password: str | None) -> SourceError:
    refusals = [(place, error) for place, error in failures if not isinstance(error, OSError)]
    if refusals:
        # what a PostgreSQL said tells more than who else has a port
        place, error = min(refusals, key=lambda refusal: isinstance(refusal[1], SourceError))
        given = password is not None or place.password is not None
        return explain(error, place, password_given=given, ignored=address.passfile_ignored)
    if not address.explicit:
        denied = [place for place, error in failures if isinstance(error, PermissionError)]
        if denied:
            return Refused(
                f"no permission to use {denied[0].socket_file}", "run as a user that may, or use TCP"
            )
        places = sorted({place.where for place, _ in failures})
        other = another_database(address.env)
        and_url = f", and DATABASE_URL is of another database ({other})" if other else ""
        return NotFound(f"no PostgreSQL answers at {', '.join(places)}{and_url}", CONFIGURE)
    place, error = failures[-1]
    return explain(error, place)


def explain(
    error: BaseException, place: Place, *, password_given: bool = False, ignored: str = ""
) -> SourceError:
    """What a failure of asyncpg or of the network means to the user."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error.__cause__, Foreign):
        return stranger(place)
    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError):
        return TimedOut(f"{place.where} does not answer in time", f"{SILENT} {AGAIN}")
    if isinstance(error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
        return _refused_login(error, place, password_given, ignored)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return Refused(
            f"there is no database {place.database!r} at {place.where}", "name one: PGDATABASE or the URL"
        )
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return _too_many(error, place)
    if isinstance(error, asyncpg.LockNotAvailableError):
        return TimedOut(f"a system table of {place.where} is locked", "pg_locks says by whom")
    if "not currently accepting connections" in str(error):
        fix = "name another: PGDATABASE or the URL; or ALTER DATABASE there, with ALLOW_CONNECTIONS true"
        return Refused(f"database {place.database!r} at {place.where} takes no connections", fix)
    if "ot standby mode is disabled" in f"{error} {getattr(error, 'detail', '')}":
        return Refused(f"{place.where} is a standby that answers no questions", "set hot_standby = on there")
    if isinstance(error, asyncpg.CannotConnectNowError):
        return Unreachable(f"{place.where}: {error}", AGAIN)
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return Refused(
            str(error), f'GRANT pg_monitor TO "{place.user}", GRANT CONNECT ON DATABASE "{place.database}"'
        )
    return _broken(error, place)


def _without_tls(error: Exception, place: Place) -> Exception:
    """asyncpg has no class of its own for a server that answers the wish for TLS with no."""
    if isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error):
        return Refused(f"{place.where} does not offer TLS", "write sslmode=prefer, or set ssl = on there")
    return error


def _too_many(error: Exception, place: Place) -> Refused:
    text = str(error)
    for kind, name in (("role", place.user), ("database", place.database)):
        if f'for {kind} "' in text:
            more = f'ALTER {kind.upper()} "{name}" CONNECTION LIMIT -1'
            return Refused(f"{text}: its CONNECTION LIMIT at {place.where}", f"raise it: {more}")
    return Refused(
        f"all connections of {place.where} are taken",
        "end idle sessions, or grant us the reserved ones: pg_use_reserved_connections (16+)",
    )


def _refused_login(error: Exception, place: Place, given: bool, ignored: str) -> Refused:
    text = str(error)
    role = f'CREATE ROLE "{place.user}" LOGIN; GRANT pg_monitor TO "{place.user}"'
    if "does not exist" in text or "not permitted to log in" in text:
        return Refused(text, f"{_psql(place)} -c '{role}' or name a role: PGUSER or the URL")
    if "eer authentication" in text:
        return Refused(text, f"sudo -u {place.user} opsconsole, or PGUSER, or a role of your own: {role}")
    if "pg_hba.conf" in text:
        return Refused(text, "add a line to the server's pg_hba.conf, then SELECT pg_reload_conf()")
    if ignored and not given:
        return Refused(f"a password is needed, and {ignored} is open to others", f"chmod 600 {ignored}")
    if not given:
        return Refused(
            f"a password is needed for {place.user} at {place.where}",
            "put it in ~/.pgpass, or set password_command",
        )
    return Refused(
        f"wrong password for {place.user} at {place.where}", "mend it in ~/.pgpass or password_command"
    )


def _psql(place: Place) -> str:
    """How its superuser asks that server, and not the one psql would choose."""
    port = "" if place.port == PORT else f" -p {place.port}"
    if place.host in ("/var/run/postgresql", "/run/postgresql", "localhost", "127.0.0.1", "::1"):
        return f"sudo -u postgres psql{port}"
    if place.is_socket:
        return f"sudo -u postgres psql -h {place.host}{port}"
    return f"psql -h {place.host}{port} -U postgres"


def _broken(error: BaseException, place: Place) -> SourceError:
    hint = f"is the server running? {AGAIN}"
    if isinstance(error, FileNotFoundError):
        return Unreachable(f"there is no socket {place.socket_file}" if place.is_socket else str(error), hint)
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(f"{place.where} refuses the connection", hint)
    if isinstance(error, socket.gaierror):
        return Unreachable(f"the name {place.host} is not known", "mend the host in the URL or PGHOST")
    if isinstance(error, asyncpg.ClientConfigurationError):  # as a ~/.postgresql/root.crt that is not there
        return Refused(str(error), "mend it in the URL")
    if isinstance(error, ssl.SSLError):
        return Refused(f"TLS with {place.where} failed: {error}", "see sslmode and sslrootcert in the URL")
    if isinstance(
        error, asyncpg.PostgresConnectionError | asyncpg.InterfaceError | asyncpg.OperatorInterventionError
    ):
        return Unreachable(f"{place.where} ended the connection: {error}", hint)
    if isinstance(error, OSError):
        return Unreachable(f"{place.where}: {error.strerror or error}", hint)
    return Refused(f"{place.where}: {error}", "")
