"""What there is to show at the moment in view: feeds, findings, and what the header says of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from console.collector import Collector, Feed
from console.config import Config
from console.findings import Finding, Severity, by_severity, worst
from console.sources.base import State
from console.text import clean
from screens.playback import Playback
from widgets.lines import HeaderState

if TYPE_CHECKING:
    from widgets.pane import Context


class Scene:
    """The collector's feeds as the screens show them: now or at a moment of the past, by kind."""

    def __init__(self, config: Config, collector: Collector, kinds: list[str], host: str) -> None:
        self.config = config
        self.collector = collector
        self.playback = Playback()
        self.kinds = kinds
        """The kinds with a pane, in the order of their numbers."""
        self.host = host
        self.own_findings: Callable[[], Sequence[Finding]] = list
        """What is wrong with the console's own record."""
        self._chosen: dict[str, str] = {}

    def feeds(self, kind: str = "") -> list[Feed]:
        """The feeds of a kind, the one to show first; without a kind, all."""
        feeds = [self.playback.feed(feed) for feed in self.collector.feeds.values()]
        if not kind:
            return feeds
        feeds = [feed for feed in feeds if feed.source.kind == kind]
        chosen = self._chosen.get(kind)
        if chosen is not None:
            return sorted(feeds, key=lambda feed: feed.source.name != chosen)
        return sorted(feeds, key=_wrongness)

    def context(self, kind: str) -> tuple[Context | None, int, Severity]:
        """What a pane of a kind draws from, how many further sources there are, and their worst."""
        feeds = self.feeds(kind)
        if not feeds:
            return None, 0, Severity.OK
        from widgets.pane import Context  # only now: the first paint comes before the first source

        clock = self.collector.clock
        now, time = clock.monotonic(), clock.now()
        ago = self.playback.ago(now) or 0.0
        hidden = worst(finding for feed in feeds[1:] for finding in feed.findings)
        history, time = self.collector.history, time - timedelta(seconds=ago)
        return Context(feeds[0], history, self.config, now - ago, time), len(feeds) - 1, hidden

    def choose_next(self, kind: str) -> bool:
        """Choose the next source of a kind; False when there is no other."""
        names = sorted(feed.source.name for feed in self.feeds(kind))
        if len(names) < 2:
            return False
        current = self.feeds(kind)[0].source.name
        self._chosen[kind] = names[(names.index(current) + 1) % len(names)]
        return True

    def wrong(self) -> tuple[list[tuple[str, Finding]], bool]:
        """All findings with the number of their pane, and whether readings are awaited.

        Worst first; among equals the first of each pane before the second of any, so that one busy pane
        never hides another, and what does not answer before what does. What a source that fails showed
        before has its time: it may be wrong no more.
        """
        found: list[tuple[tuple[int, int, bool], str, Finding]] = []
        feeds = self.feeds()
        for feed in feeds:
            number = str(self.kinds.index(feed.source.kind) + 1) if feed.source.kind in self.kinds else ""
            for rank, finding in enumerate(by_severity(_dated(feed))):
                found.append(
                    ((-finding.severity, rank, feed.state in (State.LIVE, State.CONNECTING)), number, finding)
                )
        own = [((-finding.severity, -1, False), "", finding) for finding in self.own_findings()]
        found = [*own, *found]
        waiting = not feeds or any(feed.reading is None for feed in feeds)
        return [(number, finding) for _, number, finding in sorted(found, key=lambda f: f[0])], waiting

    def limited(self) -> list[tuple[str, Sequence[str], Mapping[str, str]]]:
        """Of each source whose view is limited the number of its pane, the sentences, and what mends them."""
        return [
            (
                str(self.kinds.index(feed.source.kind) + 1) if feed.source.kind in self.kinds else "",
                feed.snapshot.limited,
                feed.snapshot.remedies,
            )
            for feed in self.feeds()
            if feed.snapshot is not None and feed.snapshot.limited
        ]

    def header(self) -> HeaderState:
        """What the header says."""
        findings = [finding for _, finding in self.wrong()[0]]
        profile = self.config.profiles.get(self.config.profile)
        banner = profile.banner or self.config.profile.upper() if profile else self.config.profile.upper()
        own_cpu, own_memory = self._own_cost()
        alerts = self._alerts()
        clock = self.collector.clock
        return HeaderState(
            host=self.host,
            time=clock.now(),
            banner=clean(banner, 24),
            banner_color=profile.color if profile else "error",
            critical=sum(1 for f in findings if f.severity == Severity.CRITICAL),
            warnings=sum(1 for f in findings if f.severity == Severity.WARNING),
            own_cpu=own_cpu,
            own_memory=own_memory,
            paused_for=self.playback.ago(clock.monotonic()),
            firing=alerts.count("firing"),
            pending=alerts.count("pending"),
        )

    def runbook(self) -> tuple[str, str, Severity] | None:
        """The worst alert that nobody has handled and that has a runbook: name, runbook, severity."""
        found = [
            (one.severity, one.rule, rule.runbook)
            for feed in self.feeds("alerts")
            for rule in getattr(feed.snapshot, "rules", ())
            if rule.runbook
            for one in rule.alerts
            if one.state.value == "firing" and not one.acknowledged and one.silence is None
        ]
        if not found:
            return None
        severity, name, runbook = max(found, key=lambda each: each[0])
        return name, runbook, severity

    def _alerts(self) -> list[str]:
        """The states of the alerts that nobody has handled, one of several evaluators once."""
        found: dict[object, str] = {}
        for feed in self.feeds("alerts"):
            told: frozenset[object] = getattr(feed.snapshot, "doubled", frozenset())
            for rule in getattr(feed.snapshot, "rules", ()):
                for one in rule.alerts:
                    if not one.handled and (one.rule, one.labels) not in told:
                        found.setdefault((one.rule, one.labels), one.state.value)
        return list(found.values())

    def _own_cost(self) -> tuple[float, float]:
        """What the console itself costs now, also while the past is in view."""
        for feed in self.feeds("system"):
            own = getattr(feed.snapshot, "own", None)
            if own is not None:
                return own.cpu, float(own.pss or own.rss)
        return math.nan, math.nan


def _dated(feed: Feed) -> list[Finding]:
    """A feed's findings; while it fails, those of its last good answer with the time of that."""
    if feed.state is State.LIVE or feed.good is None:
        return list(feed.findings)
    then = f" (at {feed.good.time.astimezone():%H:%M:%S})"
    old = {id(finding) for finding in feed.good.findings}
    return [replace(f, text=f.text + then) if id(f) in old else f for f in feed.findings]


def _wrongness(feed: Feed) -> tuple[int, bool, str]:
    """Sorts feeds: the worst first, those that answer before those that are not there, then by name."""
    return -worst(feed.findings), feed.state in (State.NOT_FOUND, State.CONNECTING), feed.source.name
