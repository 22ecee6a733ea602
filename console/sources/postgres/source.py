"""PostgreSQL 12 to 18: sessions, locks, throughput, replication, archive, tables, statements."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import asyncpg

from console.clock import Clock, SystemClock
from console.config import Config, Limits
from console.errors import AGAIN, SILENT, Refused, SourceError, TimedOut, Unreachable
from console.findings import Finding
from console.metrics import Sample
from console.secrets import PasswordCommand
from console.sources.base import Focus
from console.sources.postgres.address import parse
from console.sources.postgres.connect import FAST_LIMIT_MS, explain
from console.sources.postgres.judge import judge
from console.sources.postgres.link import Link
from console.sources.postgres.model import PostgresSnapshot
from console.sources.postgres.samples import samples
from console.sources.postgres.signals import statement
from console.sources.postgres.slow import LIMIT_MS, SlowQuestions
from console.sources.postgres.watch import Watch
from console.text import clean

ANSWER_LIMIT = 2.7
"""Seconds for everything one poll asks, connecting included."""
GOODBYE_LIMIT = 0.3
"""Seconds to part politely when closing."""
SLOW = {
    Focus.HIDDEN: {"database sizes": 600.0, "archive backlog": 15.0},
    Focus.GLANCE: {"database sizes": 300.0, "archive backlog": 15.0},
    Focus.FULL: {
        "statements": 5.0,
        "table statistics": 15.0,
        "archive backlog": 15.0,
        "database sizes": 60.0,
    },
}
"""Seconds between two askings of what may take long."""
SPARE = 3
"""Connections that must be free before we take a second one."""

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    ConnectionError,
)
_SHARED = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)
"""A prepared statement is gone or already there: a pooler gave us another client's server."""


class PostgresSource:
    """One PostgreSQL server, asked over one connection; a second one carries rare, slow questions."""

    kind = "postgres"
    deadline = 3.0
    cadence: Mapping[Focus, float] = {Focus.HIDDEN: 5.0, Focus.GLANCE: 1.0, Focus.FULL: 1.0}

    def __init__(
        self,
        url: str | None = "",
        *,
        name: str = "",
        password_command: str = "",
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.url, self.password_command = url, password_command
        """How it is reached; the URL may hold a password. None: DATABASE_URL, PG* and the usual places."""
        self._env = dict(env or {})
        self._password = PasswordCommand(password_command) if password_command else None
        self.limits = limits or Limits()
        """When a figure is judged wrong; guides may change it while it runs."""
        self.name, self.target = _called(url, self._env, name)
        self._link: Link | None = None
        self._turn = asyncio.Lock()
        """One asks over the connection at a time."""
        self._pooled = False
        self._proved: set[str] = set()
        """Places that speak PostgreSQL; after a failure another program may have the port."""
        self._asked = 0
        """Questions over connections that are gone."""
        clock = clock or SystemClock()
        self._watch = Watch(clock)
        self._slow = SlowQuestions(self._open_slow, clock)

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[PostgresSource]:
        """The servers configured, else the one of DATABASE_URL, PG* or the usual local places."""
        if not config.postgres:
            return [cls(None, env=env, limits=config.limits)]
        return [
            cls(
                target.url,
                name=target.name,
                password_command=target.password_command,
                env=env,
                limits=config.limits,
            )
            for target in config.postgres
        ]

    async def poll(self, focus: Focus) -> PostgresSnapshot:
        """Ask once, (re)connecting where needed; a connection lost meanwhile is replaced at once."""
        try:
            async with asyncio.timeout(ANSWER_LIMIT), self._turn:
                return await self._poll(focus)
        except TimeoutError:
            self._drop()
            raise TimedOut(f"no answer within {ANSWER_LIMIT:g} s", f"{SILENT} {AGAIN}") from None
        except BaseException:
            self._drop()
            raise

    async def _poll(self, focus: Focus) -> PostgresSnapshot:
        used = self._link is not None
        link = await self._linked()
        try:
            return await self._ask(link, focus)
        except (*_LOST, *_SHARED) as error:
            self._pooled = self._pooled or isinstance(error, _SHARED)
            if not used and not isinstance(error, _SHARED):
                raise explain(error, link.place) from error
        except (asyncpg.PostgresError, asyncpg.InternalClientError, OSError) as error:
            raise explain(error, link.place) from error
        self._drop()
        link = await self._linked()
        try:
            return await self._ask(link, focus)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise explain(error, link.place) from error

    async def signal(self, word: str, pid: int, started: str) -> Sequence[Mapping[str, Any]]:
        """What the server answers when a session is signalled (`cancel`, `terminate`) or looked at (`look`).

        It is asked over the connection there is, for when no other can be had. Raises SourceError.
        """
        try:
            async with asyncio.timeout(ANSWER_LIMIT), self._turn:
                return await self._signal(word, pid, started)
        except TimeoutError:
            self._drop()
            raise TimedOut(f"no answer within {ANSWER_LIMIT:g} s", "look whether it was done") from None

    async def _signal(self, word: str, pid: int, started: str) -> Sequence[Mapping[str, Any]]:
        link = self._link
        if link is None or link.closed:
            raise Unreachable(f"there is no connection to {self.target}", AGAIN)
        try:
            return [dict(row) for row in await link.run(statement(word), pid, started)]
        except asyncpg.InsufficientPrivilegeError as error:
            raise Refused(f"the server refused: {error}", "GRANT pg_signal_backend TO this role") from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise explain(error, link.place) from error

    def samples(self, snapshot: PostgresSnapshot) -> Iterable[Sample]:
        """The numbers under postgres_exporter's names, labelled `server` with this source's name."""
        return samples(snapshot, self.name)

    def judge(self, snapshot: PostgresSnapshot) -> Sequence[Finding]:
        """What is wrong in a snapshot, worst first."""
        return judge(snapshot, self.limits)

    async def close(self) -> None:
        """Let go of both connections; may be called twice."""
        if self._password is not None:
            self._password.stop()
        await self._slow.stop()
        link, self._link = self._link, None
        if link is None:
            return
        with suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with asyncio.timeout(GOODBYE_LIMIT):
                await link.close()
        link.drop()

    async def _ask(self, link: Link, focus: Focus) -> PostgresSnapshot:
        own = () if self._slow.pid is None else (self._slow.pid,)
        snapshot = await self._watch.ask(link, focus, self._slow.answers, own, self._asked + self._slow.asked)
        periods = {q: p for q, p in SLOW[focus].items() if q != "archive backlog" or link.archive_status}
        spare = snapshot.allowed - snapshot.connections >= SPARE or self._slow.pid is not None
        # a first poll at a glance may be the only one (`status`): nothing slow is begun for it
        if spare and (snapshot.rates is not None or focus is Focus.FULL):
            self._slow.start(periods, snapshot.now, keep=focus is Focus.FULL)
        return snapshot

    async def _linked(self) -> Link:
        if self._link is None or self._link.closed:
            self._drop()
            self._link = await self._open(FAST_LIMIT_MS)
            self.target = clean(f"{self._link.server.address}/{self._link.server.database}", 120)
            self._watch.reconnected()
        return self._link

    async def _open(self, timeout_ms: int) -> Link:
        address = parse(self.url, self._env)
        password = None if self._password is None else await self._password.get()
        try:
            return await Link.open(address, password, timeout_ms, self._pooled, self._proved)
        except Refused:
            if self._password is not None:
                self._password.forget()
            raise

    async def _open_slow(self) -> Link:
        return await self._open(LIMIT_MS)

    def _drop(self) -> None:
        """Cut both connections at once; nothing here waits."""
        self._slow.cancel()
        self._proved.clear()
        link, self._link = self._link, None
        if link is not None:
            link.drop()
            self._asked += link.asked


def _called(url: str | None, env: Mapping[str, str], name: str) -> tuple[str, str]:
    """The name and the target of a source before it was asked."""
    try:
        address = parse(url, env)
    except SourceError:
        return name or "postgres", "unreadable address"
    if not address.explicit:
        return name or "postgres", "local"
    where, database = clean(address.where, 100), clean(address.database, 80)
    return name or f"{database or 'postgres'}@{where}", f"{where}/{database}"
