"""One connection and the questions asked over it, each from the SQL file of the server's version."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg

from console.sources.postgres.address import Address, Place
from console.sources.postgres.connect import connect, explain
from console.sources.postgres.model import Server
from console.text import clean

_SQL = Path(__file__).with_name("sql")


@cache
def question(name: str, major: int) -> str:
    """The SQL of a question for a server of this major version: the newest file that is not newer."""
    files = {int(path.name.split(".")[1]): path for path in _SQL.glob(f"{name}.*.sql")}
    newest = max((version for version in files if version <= major), default=min(files))
    text = re.sub(r"--.*", "", files[newest].read_text())
    return re.sub(r"\s+", " ", text).strip()  # it stands in the server's own activity view: keep it short


class Link:
    """A connection in use: asks questions, counts them, can be dropped at any moment."""

    def __init__(self, connection: Any, place: Place, pooled: bool) -> None:
        self.place = place
        self.pooled = pooled
        self.asked = 0
        """Questions since the connection was opened: each is a transaction of ours."""
        self.server: Server
        self.all_stats = False
        """Whether other roles' sessions are visible."""
        self.archive_status = False
        """Whether archiving is on and its backlog may be read."""
        self.archiving = False
        self.block_size = 8192
        """Bytes of a block: what counters of blocks count."""
        self.prepares = False
        """Whether the server allows prepared transactions."""
        self._connection = connection
        self._single_byte = False

    @classmethod
    async def open(
        cls, address: Address, password: str | None, timeout_ms: int, pooled: bool, proved: set[str]
    ) -> Link:
        """Connect and find out who answers; `pooled` and `proved` as for `connect`. Raises SourceError."""
        connection, place, pooled = await connect(address, password, timeout_ms, pooled, proved)
        link = cls(connection, place, pooled)
        try:
            await link._greet()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            link.drop()
            raise explain(error, place) from error
        except BaseException:
            link.drop()
            raise
        return link

    async def _greet(self) -> None:
        row = (await self.run(question("server", 12)))[0]
        self.server = Server(
            version=clean(row["version"].partition(" ")[0], 30),
            number=row["number"],
            started=row["started"],
            database=clean(row["database"], 80),
            user=clean(row["user"], 80),
            address=clean(self.place.where, 120),
            pooled=self.pooled,
        )
        self.all_stats = row["all_stats"]
        self.archiving = row["archiving"]
        self.archive_status = row["archive_status"] and row["archiving"]
        self.prepares = row["prepares"]
        self.block_size = row["block_size"]
        # an SQL_ASCII database hands out bytes that may be no UTF-8, and refuses to call them text
        self._single_byte = row["encoding"] == "SQL_ASCII"

    @property
    def pid(self) -> int:
        """Our backend's process id; behind a pooler it may change."""
        return int(self._connection.get_server_pid())

    @property
    def closed(self) -> bool:
        """Whether the connection is known to be gone."""
        return bool(self._connection.is_closed())

    async def ask(self, name: str, *arguments: object) -> list[Any]:
        """The rows of a question."""
        return await self.run(question(name, self.server.major), *arguments)

    async def run(self, sql: str, *arguments: object) -> list[Any]:
        """The rows of a statement; texts in an unexpected encoding are read as well as can be."""
        if self._single_byte:
            sql = sql.replace("textsend(a.query)", "convert_to(a.query, 'SQL_ASCII')")
            sql = sql.replace("textsend(s.query)", "convert_to(s.query, 'SQL_ASCII')")
        self.asked += 1
        try:
            return await self._fetch(sql, arguments)
        except UnicodeDecodeError:
            await self._tolerate()
            return await self._fetch(sql, arguments)

    async def _fetch(self, sql: str, arguments: tuple[object, ...]) -> list[Any]:
        if not self.pooled:
            return list(await self._connection.fetch(sql, *arguments))
        # a pooler may give every statement another server: one transaction holds one of them
        async with self._connection.transaction(readonly=True):
            return list(await self._connection.fetch(sql, *arguments))

    async def _tolerate(self) -> None:
        """Names made in a database of another encoding are no UTF-8: from now on they are replaced."""
        for kind in ("name", "text", "varchar"):
            await self._connection.set_type_codec(
                kind,
                schema="pg_catalog",
                format="binary",
                encoder=str.encode,
                decoder=lambda data: data.decode("utf-8", "replace"),
            )

    def drop(self) -> None:
        """Cut the connection at once: a frozen server cannot hold us."""
        try:
            self._connection.terminate()
        except asyncpg.InterfaceError:
            pass  # it was in the middle of something that has ended by now

    async def close(self) -> None:
        """Say good-bye, for at most the time the caller allows, then cut."""
        try:
            await self._connection.close()
        finally:
            self.drop()
