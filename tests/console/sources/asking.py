"""What the tests of sources share: a clock to put forward, a collector at work, a look at what is left."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec

from console.collector import Collector
from console.sources.base import Focus, Source


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
async def collecting(
    *sources: Source[Any], focus: Focus = Focus.FULL, interval: float = 1.0
) -> AsyncIterator[Collector]:
    """A collector that reads its sources, each at its own pace, until the end of the `async with`."""
    collector = Collector(sources, interval=interval)
    for source in sources:
        collector.look(source.name, focus)
    collector.start()
    try:
        yield collector
    finally:
        await collector.stop()


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
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from texts(list(value))
        yield from texts(list(value.values()))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from texts(item)
    elif isinstance(value, BaseException):
        yield str(value)
