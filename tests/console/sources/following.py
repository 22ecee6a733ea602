"""A log source polled until something holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from console.config import Limits, LogSettings
from console.logs.buffer import LogLine
from console.logs.snapshot import LogSnapshot
from console.sources.base import Focus
from console.sources.logs.containers import ContainerLogs
from console.sources.logs.source import LogSource
from tests.patience import PATIENCE


class Following:
    """The source, and all lines it ever gave."""

    def __init__(self, source: LogSource) -> None:
        self.source = source
        self.lines: list[LogLine] = []
        self.last: LogSnapshot | None = None

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    async def poll(self) -> LogSnapshot:
        """One poll; its lines are taken at once, before newer ones push them out."""
        snapshot = self.last = await self.source.poll(Focus.FULL)
        newest = self.lines[-1].sequence if self.lines else 0
        self.lines += snapshot.buffer.lines(newest + 1, snapshot.newest + 1)
        return snapshot

    async def until(self, condition: Callable[[LogSnapshot], bool], limit: float = PATIENCE) -> LogSnapshot:
        """Poll until the condition holds for a snapshot."""
        end = time.monotonic() + limit
        while True:
            snapshot = await self.poll()
            if condition(snapshot):
                return snapshot
            assert time.monotonic() < end, f"{[text[:80] for text in self.texts[-5:]]} {snapshot.limited}"
            await asyncio.sleep(0.05)


@asynccontextmanager
async def following(
    *files: Path | str,
    engines: Sequence[ContainerLogs] = (),
    journal: Sequence[str] = (),
    keep: int = 20_000,
    limits: Limits | None = None,
) -> AsyncIterator[Following]:
    """A source of these files, engines and journal; closed at the end."""
    settings = LogSettings(files=tuple(map(str, files)), keep=keep)
    source = LogSource(settings, engines, limits=limits, journal=journal)
    try:
        yield Following(source)
    finally:
        await source.close()
