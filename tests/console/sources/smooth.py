"""Whether the event loop runs smoothly, and how much memory is held, while a body runs."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

STEP = 0.005
"""Seconds between two looks."""


class Watch:
    """How long the event loop was kept from running, and how much memory was held at most.

    Gaps count no longer than this process worked meanwhile, so that a busy machine is not blamed on
    it; `waited` counts all.
    """

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self.waited = 0.0
        self.grown = 0

    @property
    def gap(self) -> float:
        """The longest, in seconds."""
        return max(self.gaps, default=0.0)

    @property
    def gap_p99(self) -> float:
        """Longer than 99 of 100, in seconds."""
        return sorted(self.gaps)[int(len(self.gaps) * 0.99)] if self.gaps else 0.0

    def assert_smooth(self, longest: float = 0.2) -> None:
        """A key would have been answered in time."""
        assert self.gap < longest, (self.gap, self.waited)
        assert self.waited < 2.0, (self.gap, self.waited)


@asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    """Watch loop and memory while the body runs."""
    watch, process = Watch(), psutil.Process()
    gc.collect()  # what other tests left alive is none of it
    start = process.memory_info().rss

    async def tick() -> None:
        while True:
            before, worked = time.monotonic(), time.process_time()
            await asyncio.sleep(STEP)
            waited = time.monotonic() - before - STEP
            watch.waited = max(watch.waited, waited)
            watch.gaps.append(min(waited, time.process_time() - worked))
            watch.grown = max(watch.grown, process.memory_info().rss - start)

    task = asyncio.create_task(tick())
    try:
        await asyncio.sleep(0.05)
        watch.gaps.clear()
        watch.waited = 0.0
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
