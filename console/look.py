"""One bounded look at every source: two polls a moment apart, so that rates exist, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from console.collector import AnySource, Collector, Feed
from console.config import Config
from console.errors import NotFound, SourceError, TimedOut, once
from console.findings import Finding, Severity, by_severity, worst
from console.history import History
from console.sources.base import Focus, Reading

GAP = 1.0
"""Seconds between the two polls."""
LIMIT = 3.5
"""Seconds the whole look may take; closing the sources comes on top, at most one more."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one source showed; `wanted` says it was configured, so that its absence is wrong."""

    feed: Feed
    history: History
    wanted: bool

    @property
    def error(self) -> SourceError | None:
        """Why there was no answer; its fix does not count on being asked again."""
        error = self.feed.reading.error if self.feed.reading else None
        if error is None or (fix := once(error.fix)) == error.fix:
            return error
        return type(error)(error.reason, fix)

    @property
    def findings(self) -> Sequence[Finding]:
        """What is wrong, worst first; a wanted source that is not there is critical."""
        error = self.error
        if isinstance(error, NotFound) and self.wanted:
            return [Finding(Severity.CRITICAL, self.feed.source.name, error.reason, error.fix)]
        return by_severity(replace(found, hint=once(found.hint)) for found in self.feed.findings)

    @property
    def severity(self) -> Severity:
        """The worst of its findings."""
        return worst(self.findings)


async def look(
    sources: Iterable[AnySource], wanted: Iterable[str] = (), limit: float = LIMIT, gap: float = GAP
) -> list[Seen]:
    """Poll every source twice within `limit` seconds in all; `wanted` are the kinds that must be there."""
    until = asyncio.get_running_loop().time() + limit
    # one collector a source: a frozen one must not hold up the second poll of the others
    collectors = [Collector([source]) for source in sources]
    try:
        await asyncio.gather(*(_twice(collector, until, gap) for collector in collectors))
    finally:
        await asyncio.gather(*(collector.stop() for collector in collectors))
    kinds = set(wanted)
    return [
        Seen(feed, collector.history, feed.source.kind in kinds)
        for collector in collectors
        for feed in collector.feeds.values()
    ]


async def _twice(collector: Collector, until: float, gap: float) -> None:
    try:
        async with asyncio.timeout_at(until):
            (first,) = await collector.once(Focus.GLANCE)
            if first.error is None:
                await asyncio.sleep(gap)
                await collector.once(Focus.GLANCE)
    except TimeoutError:
        for feed in collector.feeds.values():
            if feed.reading is None:  # a first answer stands, even where a second did not come in time
                error = TimedOut("no answer in time for one look", "look again, or see it in the console")
                clock = collector.clock
                feed.reading = Reading(feed.source.name, clock.now(), clock.monotonic(), LIMIT, None, error)


def configured(config: Config) -> set[str]:
    """The kinds with targets of their own in the configuration."""
    return {kind for kind in ("docker", "postgres", "redis") if getattr(config, kind)}
