"""The top statements of pg_stat_statements: totals since its reset, and what happened in between.

The counters of every statement are read without the texts, which the server keeps in a file that
can be large; texts are asked for only for the statements shown, once each.
"""

from __future__ import annotations

import heapq
from codecs import getincrementaldecoder
from collections.abc import Iterable
from typing import NamedTuple

from console.secrets import redact
from console.sources.postgres.link import Link, question
from console.sources.postgres.model import Dated, Statement
from console.text import clean

TOP = 50
"""Statements kept by each of: total time, mean time, time since asked before."""
TEXT = 2000
"""Characters of a statement's text."""

_Utf8 = getincrementaldecoder("utf-8")

Key = tuple[int, int, int]
"""User, database, query id."""


class Row(NamedTuple):
    """One statement's counters, in the order of the question; times in milliseconds."""

    userid: int
    dbid: int
    queryid: int
    calls: int
    total: float
    longest: float
    rows: int
    hit: int
    read: int
    temp: int


class Statements:
    """Remembers the counters of the time before and the texts already known."""

    def __init__(self) -> None:
        self._before: dict[Key, tuple[int, float]] = {}
        self._before_at = 0.0
        self._texts: dict[Key, tuple[str, str, str]] = {}
        self._schema = ""
        self._sql = ""

    async def ask(self, link: Link, now: float) -> Dated[tuple[Statement, ...]] | None:
        """The top statements; None when the extension is not in the connected database."""
        if not await self._find(link):
            return None
        rows = [Row(*record) for record in await link.run(self._sql)]
        seconds = now - self._before_at if self._before_at else 0.0
        top = self._top(rows)
        await self._fetch_texts(link, top)
        statements = tuple(self._statement(row, seconds, link.block_size) for row in top)
        self._before = {row[:3]: (row.calls, row.total) for row in rows}
        self._before_at = now
        return Dated(statements, now)

    async def _find(self, link: Link) -> bool:
        found = await link.ask("extension")
        if not found:
            return False
        columns = set(found[0]["columns"])
        self._schema = found[0]["schema"]
        # the columns decide, not the server's version: an old extension may live in a new server
        total = "total_exec_time" if "total_exec_time" in columns else "total_time"
        longest = "max_exec_time" if "max_exec_time" in columns else "max_time"
        template = question("statements", link.server.major)
        self._sql = template.format(schema=self._schema, total=total, longest=longest)
        return True

    def _recent(self, row: Row) -> tuple[int, float]:
        """Calls and milliseconds since asked before; a statement not seen then is new altogether."""
        calls, total = self._before.get(row[:3], (0, 0.0))
        if row.calls < calls:  # it was reset in between
            return row.calls, row.total
        return row.calls - calls, row.total - total

    def _top(self, rows: list[Row]) -> list[Row]:
        chosen: dict[Key, Row] = {}
        for ranked in (
            heapq.nlargest(TOP, rows, key=lambda row: row.total),
            heapq.nlargest(TOP, rows, key=lambda row: row.total / max(1, row.calls)),
            heapq.nlargest(TOP, rows, key=lambda row: self._recent(row)[1]) if self._before else [],
        ):
            chosen.update((row[:3], row) for row in ranked)
        return list(chosen.values())

    async def _fetch_texts(self, link: Link, top: Iterable[Row]) -> None:
        self._texts = {row[:3]: self._texts[row[:3]] for row in top if row[:3] in self._texts}
        missing = [row.queryid for row in top if row[:3] not in self._texts]
        if not missing:
            return
        sql = question("texts", link.server.major).format(schema=self._schema)
        for record in await link.run(sql, missing, TEXT):
            key = (record["userid"], record["dbid"], record["queryid"])
            self._texts[key] = (
                clean(record["rolname"] or "", 80),
                clean(record["datname"] or "", 80),
                one_line(record["query"] or b""),
            )
        for row in top:  # evicted in between: not asked for again
            self._texts.setdefault(row[:3], ("", "", ""))

    def _statement(self, row: Row, seconds: float, block_size: int) -> Statement:
        user, database, text = self._texts.get(row[:3], ("", "", ""))
        calls, spent = self._recent(row)
        known = seconds > 0
        return Statement(
            query_id=row.queryid,
            user=user,
            database=database,
            query=text,
            calls=row.calls,
            total=row.total / 1e3,
            mean=row.total / 1e3 / max(1, row.calls),
            longest=row.longest / 1e3,
            rows=row.rows,
            hit=row.hit,
            read=row.read,
            temp_bytes=row.temp * block_size,
            calls_rate=calls / seconds if known else None,
            load=spent / 1e3 / seconds if known else None,
            recent_mean=spent / 1e3 / calls if known and calls else None,
        )


def one_line(query: bytes) -> str:
    """A query as one printable line without its secrets; runs of blanks and line ends become one blank.

    The server may have cut it, in bytes: of a character that was cut through nothing is left.
    """
    text = _Utf8("replace").decode(query)
    return clean(redact(" ".join(text.split())), TEXT)
