"""How the tests ask a Redis: a source whose clock a test can put forward, and a look at what it left."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from console.config import Config, RedisTarget
from console.sources.redis.source import RedisSource
from tests.patience import PATIENCE


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
async def asking(url: str, password_command: str = "") -> AsyncIterator[tuple[RedisSource, StepClock]]:
    """The source a configuration with this one server gives, closed afterwards."""
    config = Config(redis=(RedisTarget(name="cache", url=url, password_command=password_command),))
    (source,) = RedisSource.discover(config, {})
    clock = source._clock = StepClock()
    try:
        yield source, clock
    finally:
        await source.close()


async def until(true: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait for a state, without holding the event loop up."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 the state is another process's
            await asyncio.sleep(0.01)


def held() -> tuple[int, int]:
    """Open file descriptors and living tasks of this process."""
    return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())


def texts(value: Any) -> Iterator[str]:
    """Every string inside a snapshot, an error or a finding."""
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
    elif isinstance(value, BaseException):
        yield str(value)
