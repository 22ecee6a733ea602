"""How the tests ask a PostgreSQL: a source, sessions that do something, and waiting for what is seen."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from console.config import Config, PostgresTarget
from console.sources.base import Focus
from console.sources.postgres.model import PostgresSnapshot, Session
from console.sources.postgres.source import PostgresSource
from tests.patience import PATIENCE
from tests.servers.postgres import PostgresServer


class StepClock:
    """The real clocks plus what the test lets pass."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        """The wall clock."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds, with those let pass."""
        return time.monotonic() + self.passed


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


async def until(true: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait for a state, without holding the event loop up."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 the state is another process's
            await asyncio.sleep(0.02)


def held() -> tuple[int, int]:
    """Open file descriptors and living tasks of this process."""
    return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())


def texts(value: Any) -> Iterator[str]:
    """Every string inside a snapshot or a finding."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, Mapping):
        yield from texts(list(value))
        yield from texts(list(value.values()))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from texts(item)
