"""How the tests ask a PostgreSQL: a source, sessions that do something, and waiting for what is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from console.config import Config, PostgresTarget
from console.sources.base import Focus
from console.sources.postgres.model import PostgresSnapshot, Session
from console.sources.postgres.source import PostgresSource
from tests.console.sources.asking import StepClock
from tests.patience import PATIENCE
from tests.servers.postgres import PostgresServer


@asynccontextmanager
async def asking(url: str, clock: StepClock | None = None) -> AsyncIterator[PostgresSource]:
    """A source for one URL, closed afterwards."""
    source = PostgresSource(url, name="db", clock=clock)
    try:
        yield source
    finally:
        await source.close()


@asynccontextmanager
async def configured(
    url: str, env: Mapping[str, str] | None = None, **words: str
) -> AsyncIterator[PostgresSource]:
    """The source a configuration with this one server gives, closed afterwards."""
    config = Config(postgres=(PostgresTarget(url=url, **words),))
    (source,) = PostgresSource.discover(config, env or {})
    try:
        yield source
    finally:
        await source.close()


async def seen(
    source: PostgresSource,
    true: Callable[[PostgresSnapshot], Any],
    focus: Focus = Focus.FULL,
    seconds: float = PATIENCE,
    step: float = 0.03,
) -> PostgresSnapshot:
    """Poll until a snapshot shows something."""
    snapshot = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                snapshot = await source.poll(focus)
                if true(snapshot):
                    return snapshot
                await asyncio.sleep(step)
    except TimeoutError:
        raise AssertionError(f"never seen; the last was {snapshot}") from None


def session(snapshot: PostgresSnapshot, application: str) -> Session:
    """The session of an application."""
    return next(s for s in snapshot.sessions if s.application == application)


@asynccontextmanager
async def clients(server: PostgresServer, *names: str, user: str = "postgres") -> AsyncIterator[list[Any]]:
    """Connections with these application names, cut at the end whatever they are doing."""
    opened: list[Any] = []
    try:
        for name in names:
            settings = {"application_name": name}
            opened.append(await asyncpg.connect(server.url(user=user), server_settings=settings))
        yield opened
    finally:
        pids = [str(connection.get_server_pid()) for connection in opened if not connection.is_closed()]
        for connection in opened:
            connection.terminate()
        server.psql(f"SELECT pg_terminate_backend(pid) FROM unnest('{{{','.join(pids)}}}'::int[]) pid")


@asynccontextmanager
async def running(*jobs: Any) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Coroutines under way; what they end with is of no interest."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
