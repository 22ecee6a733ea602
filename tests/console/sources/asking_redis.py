"""How the tests ask a Redis: a source whose clock a test can put forward."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from console.config import Config, RedisTarget
from console.sources.redis.source import RedisSource
from tests.console.sources.asking import StepClock


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
