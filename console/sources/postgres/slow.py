"""Questions that may take seconds, asked rarely, over a connection of their own, beside the polls.

Their answers are picked up by the next poll. A question that fails is said once in `limited` and
asked again later; one that takes long is asked less often, so that it never costs the server more
than about two percent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg

from console.clock import Clock
from console.errors import SourceError
from console.secrets import redact
from console.sources.postgres.link import Link
from console.sources.postgres.model import Dated, Statement, Table
from console.sources.postgres.statements import Statements
from console.text import clean

LIMIT = 15.0
"""Seconds one slow question may take."""
LIMIT_MS = 14_000
"""The same as statement_timeout: the server lets go of it first."""
SHARE = 50
"""A question that took a second is not asked again before this many seconds."""
MOST_TABLES = 300

T = TypeVar("T")


@dataclass(slots=True)
class Answers:
    """The newest answers; None until asked for the first time."""

    tables: Dated[tuple[Table, ...]] | None = None
    invalid_indexes: tuple[str, ...] = ()
    statements: Dated[tuple[Statement, ...]] | None = None
    sizes: Dated[Mapping[str, float]] | None = None
    sizes_before: Dated[Mapping[str, float]] | None = None
    backlog: Dated[int] | None = None
    complaints: dict[str, str] = field(default_factory=dict)
    """Question to the sentence that says why it has no answer."""


class SlowQuestions:
    """Asks what is due in a task of its own; `open_link` opens a connection with our time limit."""

    def __init__(self, open_link: Callable[[], Awaitable[Link]], clock: Clock) -> None:
        self.answers = Answers()
        self.asked = 0
        """Questions asked so far: transactions of ours."""
        self._open = open_link
        self._clock = clock
        self._due: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self._statements = Statements()

    @property
    def pid(self) -> int | None:
        """The backend these questions run in, while it is connected."""
        return self._link.pid if self._link is not None and not self._link.closed else None

    @property
    def running(self) -> bool:
        """Whether questions are being asked right now."""
        return self._task is not None and not self._task.done()

    def start(self, periods: Mapping[str, float], now: float, keep: bool) -> None:
        """Ask what is due of the questions named with their periods (seconds); never waits.

        `now` is the server's clock; with `keep` the connection stays open for the next time.
        """
        if self.running:
            return
        task, self._task = self._task, None
        if task is not None and not task.cancelled():
            task.result()  # a defect in here is a failed poll, not a silent one
        moment = self._clock.monotonic()
        due = [name for name in periods if self._due.get(name, 0.0) <= moment]
        for name in due:
            self._due[name] = moment + max(periods[name], SHARE * self._took.get(name, 0.0))
        if due or (not keep and self._link is not None):
            self._task = asyncio.create_task(self._run(due, now, keep), name="postgres slow questions")

    async def _run(self, names: list[str], now: float, keep: bool) -> None:
        for name in names:
            began = self._clock.monotonic()
            try:
                async with asyncio.timeout(LIMIT):
                    if self._link is None or self._link.closed:
                        self._link = await self._open()
                    await self._ask(self._link, name, now)
                self.answers.complaints.pop(name, None)
            except asyncpg.PostgresError as error:
                self.answers.complaints[name] = clean(f"no {name}: {redact(str(error))}", 200)
                if not isinstance(
                    error, asyncpg.SyntaxOrAccessError | asyncpg.ObjectNotInPrerequisiteStateError
                ):
                    self.drop()
            except (SourceError, OSError, asyncpg.InterfaceError) as error:
                self.answers.complaints[name] = clean(f"no {name}: {error or 'no answer in time'}", 200)
                self.drop()
            except BaseException:
                self.drop()
                raise
            self._took[name] = self._clock.monotonic() - began
        if not keep:
            self.drop()

    async def _ask(self, link: Link, name: str, now: float) -> None:
        before, answers = link.asked, self.answers
        try:
            if name == "table statistics":
                rows = await link.ask("tables", MOST_TABLES)
                invalid = await link.ask("indexes")
                answers.invalid_indexes = tuple(clean(row["name"], 200) for row in invalid)
                answers.tables = Dated(tuple(map(_table, rows)), now)
            elif name == "database sizes":
                rows = await link.ask("sizes")
                sizes = {clean(row["datname"], 80): row["bytes"] for row in rows if row["bytes"] is not None}
                answers.sizes_before, answers.sizes = answers.sizes, Dated(sizes, now)
            elif name == "archive backlog":
                answers.backlog = Dated((await link.ask("backlog"))[0]["ready"], now)
            elif name == "statements":
                answers.statements = await self._statements.ask(link, now)
        finally:
            self.asked += link.asked - before

    def cancel(self) -> None:
        """Give up what is being asked and cut the connection at once."""
        if self._task is not None:
            self._task.cancel()
        self.drop()

    def drop(self) -> None:
        """Cut the connection at once."""
        if self._link is not None:
            self._link.drop()
            self._link = None

    async def stop(self) -> None:
        """End the task and the connection; never hangs."""
        task, self._task = self._task, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.5)
        self.drop()


def _table(row: Any) -> Table:
    return Table(
        schema=clean(row["schemaname"], 80),
        name=clean(row["relname"], 80),
        bytes=row["bytes"] or 0.0,
        live=row["live"] or 0,
        dead=row["dead"] or 0,
        modified=row["modified"] or 0,
        seq_scans=row["seq_scan"] or 0,
        seq_rows=row["seq_tup_read"] or 0,
        index_scans=row["idx_scan"],
        vacuumed_at=row["vacuumed"],
        analyzed_at=row["analyzed"],
        xid_age=row["xid_age"] or 0,
    )
