"""Whether the event loop runs smoothly, and how much memory is held, while a body runs."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

STEP = 0.005
"""Seconds between two looks."""


class Watch:
    """How long the event loop was kept from running, and how much memory was held at most.

    Gaps count no longer than this process worked meanwhile, so that a busy machine is not blamed on
    it. Who waits in the loop without working is found by a thread beside it: `stood` is the longest
    time for which that one came round and the loop did not. `waited` counts all, and is only told.
    """

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self.stood = 0.0
        self.waited = 0.0
        self.grown = 0

    @property
    def gap(self) -> float:
        """The longest, in seconds."""
        return max(self.gaps, default=0.0)

    def assert_smooth(self, longest: float = 1.0) -> None:
        """Nothing works for long in the loop, and nothing waits there."""
        assert self.gap < longest, (self.gap, self.stood, self.waited)
        assert self.stood < longest, (self.gap, self.stood, self.waited)


@asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    """Watch loop and memory while the body runs."""
    watch, process = Watch(), psutil.Process()
    gc.collect()  # what other tests left alive is none of it
    start = process.memory_info().rss

    ended, rounds = threading.Event(), 0

    def beside() -> None:
        nonlocal rounds
        while not ended.wait(STEP):
            rounds += 1

    async def tick() -> None:
        while True:
            before, worked, came = time.monotonic(), time.process_time(), rounds
            await asyncio.sleep(STEP)
            waited = time.monotonic() - before - STEP
            watch.waited = max(watch.waited, waited)
            watch.stood = max(watch.stood, (rounds - came) * STEP - STEP)
            watch.gaps.append(min(waited, time.process_time() - worked))
            watch.grown = max(watch.grown, process.memory_info().rss - start)

    thread = threading.Thread(target=beside, name="beside the loop", daemon=True)
    thread.start()
    task = asyncio.create_task(tick())
    try:
        await asyncio.sleep(0.05)
        watch.gaps.clear()
        watch.waited = watch.stood = 0.0
        yield watch
    finally:
        ended.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        thread.join()
