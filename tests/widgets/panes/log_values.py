"""Log snapshots made by hand, and contexts of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from console.collector import Feed
from console.config import Config, Limits, LogSettings
from console.history import History
from console.logs.buffer import Buffer, Entry
from console.logs.levels import Level
from console.logs.origin import Kind, OriginState
from console.logs.snapshot import LogSnapshot
from console.sources.base import Reading
from console.sources.logs.source import LogSource
from widgets.pane import Context

NOW = 1000.0
TIME = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)


def counts(**levels: int) -> tuple[int, ...]:
    """Counts by level name."""
    return tuple(levels.get(level.word or "none", 0) for level in Level)


def origin(name: str, **more: Any) -> OriginState:
    """A file that wrote something."""
    given: dict[str, Any] = {"lines": 10, "levels": counts(info=10), "minute": counts(info=5)}
    return OriginState(name, Kind.FILE, f"/var/log/{name}.log", **(given | more))


class Log:
    """A buffer to write into, and the contexts that follow from it."""

    def __init__(self, *names: str, keep: int = 20_000) -> None:
        self.buffer = Buffer(keep)
        self.buffer.origins = list(names or ("api", "db"))
        self.history = History()
        self.source = LogSource(LogSettings(files=("/none",)), limits=Limits())

    def add(self, text: str, code: int = Level.INFO, origin_number: int = 0, ago: float = 0.0) -> int:
        """Write a line; its sequence."""
        self.buffer.extend([(TIME.timestamp() - ago, origin_number, code, text)])
        return self.buffer.newest

    def fill(self, count: int, start: int = 1) -> None:
        """Write numbered lines."""
        entries: list[Entry] = [
            (TIME.timestamp(), 0, int(Level.INFO), f"line {n}") for n in range(start, start + count)
        ]
        self.buffer.extend(entries)

    def context(self, now: float = NOW, time: datetime = TIME, **more: Any) -> Context:
        """What a pane is given after a poll."""
        origins: Sequence[OriginState] = more.pop("origins", [origin(name) for name in self.buffer.origins])
        snapshot = LogSnapshot(
            buffer=self.buffer, newest=self.buffer.newest, origins=tuple(origins), rate=200.0, **more
        )
        found = tuple(self.source.judge(snapshot))
        feed = Feed(self.source)
        feed.reading = feed.good = Reading("logs", TIME, NOW, 0.01, snapshot, None, found)
        return Context(feed, self.history, Config(), now, time)
