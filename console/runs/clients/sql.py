"""SQL statements against PostgreSQL, values as parameters, results as text tables."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from console.errors import OpsError
from console.runs.binding import Piece
from console.runs.binding_sql import bare_literal
from console.runs.clients import carry_out
from console.runs.clients.table import ROWS, status, table
from console.secrets import PasswordCommand
from console.sources.postgres.address import parse
from console.sources.postgres.connect import connect

CONNECT_LIMIT = 15.0
"""Seconds to connect."""
READ_LIMIT = 300_000
"""statement_timeout of reading statements, milliseconds."""
_TEXT_TYPES = ("text", "varchar", "bpchar", "name", "unknown")
_AMBIGUOUS = (
    asyncpg.AmbiguousFunctionError,  # of operators too: `date + $1`
    asyncpg.AmbiguousParameterError,
    asyncpg.IndeterminateDatatypeError,
    asyncpg.UndefinedFunctionError,
    asyncpg.DatatypeMismatchError,
)
_QUOTE = "SELECT pg_catalog.quote_literal($1::text)"
_PROCEDURAL = ("call", "do")


async def run(task: Mapping[str, Any]) -> int:
    """Carry out the statements of a task, stopping at the first that fails."""
    read = bool(task["read"])
    connection = await connected(task, read)
    try:
        connection.add_log_listener(lambda _connection, message: print(f"{message.severity}:  {message}"))
        if read:
            await connection.execute("BEGIN READ ONLY")
            await connection.execute(f"SET LOCAL statement_timeout = {READ_LIMIT}")
        for statement in task["statements"]:
            if not await _carried_out(connection, statement):
                return 1
        return 0
    finally:
        await _goodbye(connection)


async def connected(task: Mapping[str, Any], read: bool) -> Any:
    """A connection to where a task says; `read`: its session begins read-only. Raises OpsError."""
    password = None
    if task.get("password_command"):
        command = PasswordCommand(task["password_command"])
        password = await command.get()
        command.stop()
    guards = {"application_name": "opsconsole run", "client_connection_check_interval": "1000"}
    if read:
        guards["default_transaction_read_only"] = "on"
    address = parse(task["url"], os.environ)
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            limit = READ_LIMIT if read else 0
            connection, _, _ = await _dialled(address, password, limit, guards)
            return connection
    except TimeoutError:
        raise OpsError(f"{address.where} does not answer within {CONNECT_LIMIT:g} s") from None


async def _dialled(address: Any, password: str | None, limit: int, guards: dict[str, str]) -> Any:
    try:
        return await connect(address, password, limit, False, set(), guards)
    except OpsError as error:
        if "client_connection_check_interval" not in str(error):
            raise
        guards.pop("client_connection_check_interval")  # PostgreSQL 13 and older do not have it
        return await connect(address, password, limit, False, set(), guards)


async def _goodbye(connection: Any) -> None:
    try:
        async with asyncio.timeout(1.0):
            await connection.close()
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


async def _carried_out(connection: Any, statement: Mapping[str, Any]) -> bool:
    """One statement; False when it failed, which is told."""
    pieces = [piece if isinstance(piece, str) else Piece(*piece) for piece in statement["pieces"]]
    values: list[str] = statement["values"]
    try:
        text, given = await _written(connection, pieces, values)
        prepared = await _prepared(connection, text, given)
        if prepared is None:  # no parameter can stand where a literal would
            quoted = [p if isinstance(p, str) else Piece(p.index, True, p.bare) for p in pieces]
            text, given = await _written(connection, quoted, values)
            prepared = await connection.prepare(text)
        await _shown(connection, prepared, text, given)
    except asyncpg.PostgresError as error:
        _tell(error, statement["line"])
        return False
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, ValueError) as error:
        print(f"ERROR:  {error}")
        return False
    return True


async def _written(
    connection: Any, pieces: Sequence[str | Piece], values: Sequence[str]
) -> tuple[str, list[str]]:
    """The statement's text with `$1` and on, and the values for those; others quoted by the server."""
    parts: list[str] = []
    given: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
        elif not piece.quoted:
            given.append(values[piece.index])
            parts.append(f"${len(given)}")
        elif piece.bare and (number := bare_literal(values[piece.index])):
            parts.append(number)
        else:
            parts.append(await connection.fetchval(_QUOTE, values[piece.index]))
    return "".join(parts), given


async def _prepared(connection: Any, text: str, given: Sequence[str]) -> Any:
    """The statement, its parameters taken as text the way a literal would be; None where that cannot be."""
    if not given:
        return await connection.prepare(text)
    inside = connection.is_in_transaction()
    if inside:  # which a statement that cannot be prepared would spoil
        await connection.execute("SAVEPOINT before_step")
    try:
        prepared = await connection.prepare(text)
    except _AMBIGUOUS:
        if inside:
            await connection.execute("ROLLBACK TO SAVEPOINT before_step")
        return None
    other = {(kind.schema, kind.name) for kind in prepared.get_parameters()
             if not (kind.schema == "pg_catalog" and kind.name in _TEXT_TYPES)}  # fmt: skip
    for schema, name in other:
        try:
            await connection.set_type_codec(name, schema=schema, encoder=str, decoder=str, format="text")
        except (asyncpg.InterfaceError, ValueError):
            return None
    return await connection.prepare(text) if other else prepared


async def _shown(connection: Any, prepared: Any, text: str, given: Sequence[str]) -> None:
    """Carry a prepared statement out and print what it gave, at most `ROWS` rows."""
    names = [attribute.name for attribute in prepared.get_attributes()]
    if not names or text.lstrip()[:4].lower() in _PROCEDURAL:
        rows = await prepared.fetch(*given)
        print(table(names, rows[:ROWS], len(rows) - ROWS) if names else status(prepared.get_statusmsg()))
        return
    rows, more = [], False
    async with _transaction(connection):
        async for row in prepared.cursor(*given, prefetch=100):
            if len(rows) == ROWS:
                more = True
                break
            rows.append(row)
    print(table(names, rows, -1 if more else 0))


class _transaction:  # noqa: N801 used like a function
    """A transaction of its own for a cursor, unless one is open."""

    def __init__(self, connection: Any) -> None:
        self._own = None if connection.is_in_transaction() else connection.transaction()

    async def __aenter__(self) -> None:
        if self._own is not None:
            await self._own.__aenter__()

    async def __aexit__(self, *error: object) -> None:
        if self._own is not None:
            await self._own.__aexit__(*error)


def _tell(error: asyncpg.PostgresError, line: int) -> None:
    state = getattr(error, "sqlstate", "") or ""
    said = error.args[0] if error.args else error
    print(f"ERROR:  {said} (SQLSTATE {state}, statement at line {line})")
    for name in ("detail", "hint"):
        if said := getattr(error, name, None):
            print(f"{name.upper()}:  {said}")


def main() -> int:
    """Do what standard input says."""
    return carry_out(run)


if __name__ == "__main__":
    sys.exit(main())
