"""One bounded look at every source: two polls a moment apart, so that rates exist, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from console.collector import Collector, Feed, Judging
from console.config import Config
from console.errors import NotFound, SourceError, TimedOut, once
from console.findings import Finding, Severity, by_severity, worst
from console.history import History
from console.probe_settings import Probes
from console.sources.base import AnySource, Focus, Reading

GAP = 1.5
"""Seconds between the two polls: PostgreSQL's sessions report once a second, so that less is no rate."""
LIMIT = 3.5
"""Seconds the sources may take; judging and closing them come on top, each for a bounded time."""
JUDGING = 2.0
"""Seconds that are kept for who judges the others' figures: a slow source must not silence the rules."""


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
    """Poll every source twice within `limit` seconds in all; `wanted` are the kinds that must be there.

    What is judged on the others' figures (rules) is judged after them, in `JUDGING` seconds of its own.
    """
    sources = list(sources)
    loop = asyncio.get_running_loop()
    until = loop.time() + limit
    # one collector a source: a frozen one must not hold up the second poll of the others
    collectors = [Collector([source]) for source in sources if not isinstance(source, Judging)]
    everything, judging = History(), list[Collector]()
    for source in sources:
        if isinstance(source, Judging):
            source.one_look = True
            judging.append(Collector([source], everything))
    try:
        # who judges what the others give reads its rules meanwhile
        await asyncio.gather(
            *(_twice(collector, until, gap) for collector in collectors),
            *(_within(collector, until) for collector in judging),
        )
        for collector in collectors:
            everything.take(collector.history)
        for feed in (feed for collector in judging for feed in collector.feeds.values()):
            feed.reading = feed.good = None  # it was made before there was anything to judge
        until = loop.time() + JUDGING
        await asyncio.gather(*(_within(collector, until) for collector in judging))
    finally:
        collectors += judging
        await asyncio.gather(*(collector.stop() for collector in collectors))
    kinds = set(wanted)
    return [
        Seen(feed, _own(feed) if collector in judging else collector.history, feed.source.kind in kinds)
        for collector in collectors
        for feed in collector.feeds.values()
    ]


def _own(feed: Feed) -> History:
    """Of who judges the figures of all, its own only."""
    history = History()
    if feed.reading is not None and feed.reading.error is None:
        history.add(feed.reading.monotonic, feed.source.samples(feed.snapshot))
    return history


async def _twice(collector: Collector, until: float, gap: float) -> None:
    await _within(collector, until)
    (feed,) = collector.feeds.values()
    if feed.reading is not None and feed.reading.error is None:
        await asyncio.sleep(max(0.0, min(gap, until - asyncio.get_running_loop().time())))
        await _within(collector, until)


async def _within(collector: Collector, until: float) -> None:
    """One poll, as long as there is time; a first answer stands, even where a second does not come."""
    try:
        async with asyncio.timeout_at(until):
            await collector.once(Focus.GLANCE)
    except TimeoutError:
        for feed in collector.feeds.values():
            if feed.reading is None:
                error = TimedOut("no answer in time for one look", "look again, or see it in the console")
                clock = collector.clock
                feed.reading = Reading(feed.source.name, clock.now(), clock.monotonic(), LIMIT, None, error)


def configured(config: Config) -> set[str]:
    """The kinds with targets of their own in the configuration."""
    kinds = {kind for kind in ("docker", "kubernetes", "postgres", "redis") if getattr(config, kind)}
    return kinds | {"health"} if config.probes != Probes() else kinds
