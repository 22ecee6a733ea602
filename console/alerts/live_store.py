"""The console's own history as the rules see it, and where they record."""

from __future__ import annotations

from collections.abc import Sequence

from console.alerts.promql.store import Instant, Matcher, Range, Selector
from console.history import History, Series
from console.metrics import Labels, Sample

SELECTORS = 20_000
"""Selectors whose series are remembered."""


class HistoryStore:
    """A history in Unix seconds: `offset` is what its steady seconds lack to them, fixed once.

    So a wall clock that is set while the console runs moves nothing.
    """

    def __init__(self, history: History, offset: float) -> None:
        self.history = history
        self.offset = offset
        self._indexes: dict[str, tuple[int, dict[tuple[str, str], list[tuple[Labels, Series]]]]] = {}
        self._known: dict[int, tuple[Selector, int, list[tuple[Labels, Series]]]] = {}

    def instant(self, selector: Selector, at: float, lookback: float) -> Sequence[Instant]:
        """The newest sample of each matching series in (at - lookback, at], unless it has ended."""
        offset, time = self.offset, at - self.offset
        found: list[Instant] = []
        for name in self._names(selector):
            series = self._matching(name, selector)
            points = self.history.at((one for _, one in series), time, time - lookback)
            found += [
                (name, labels, point[0] + offset, point[1])
                for (labels, _), point in zip(series, points, strict=True)
                if point is not None
            ]
        return found

    def range(self, selector: Selector, start: float, end: float) -> Sequence[Range]:
        """The samples of each matching series in (start, end]; empty ones left out."""
        offset = self.offset
        found: list[Range] = []
        for name in self._names(selector):
            series = self._matching(name, selector)
            points = self.history.within((one for _, one in series), start - offset, end - offset)
            found += [
                (name, labels, [time + offset for time in times], values)
                for (labels, _), (times, values) in zip(series, points, strict=True)
                if times
            ]
        return found

    def record(self, name: str, labels: Labels, at: float, value: float) -> None:
        """Keep what a rule recorded."""
        self.history.add(at - self.offset, (Sample(name, value, labels),))

    def stale(self, name: str, labels: Labels, at: float) -> None:
        """What a rule recorded has ended."""
        self.history.end(at - self.offset, name, labels)

    def _names(self, selector: Selector) -> Sequence[str]:
        if selector.name:
            return (selector.name,)
        on_name = [matcher for matcher in selector.matchers if matcher.label == "__name__"]
        return [name for name in self.history.names() if all(matcher.matches(name) for matcher in on_name)]

    def _candidates(
        self, name: str, changes: int, matchers: Sequence[Matcher]
    ) -> Sequence[tuple[Labels, Series]]:
        """The fewest series among which all that match are: those with a label that is asked for."""
        wanted = [(one.label, one.value) for one in matchers if one.operator == "=" and one.value]
        if not wanted:
            return self.history.select(name)
        known = self._indexes.get(name)
        if known is None or known[0] != changes:
            index: dict[tuple[str, str], list[tuple[Labels, Series]]] = {}
            for pair in self.history.select(name):
                for label in pair[0]:
                    index.setdefault(label, []).append(pair)
            known = self._indexes[name] = (changes, index)
        return min((known[1].get(pair, []) for pair in wanted), key=len)

    def _matching(self, name: str, selector: Selector) -> list[tuple[Labels, Series]]:
        """The series of a name that pass the other matchers; remembered while none comes or goes."""
        others = [matcher for matcher in selector.matchers if matcher.label != "__name__"]
        if not others:
            return self.history.select(name)
        changes = self.history.changes(name)
        known = self._known.get(id(selector)) if selector.name else None
        if known is not None and known[0] is selector and known[1] == changes:
            return known[2]
        found = []
        for labels, series in self._candidates(name, changes, others):
            pairs = dict(labels)
            if all(matcher.matches(pairs.get(matcher.label, "")) for matcher in others):
                found.append((labels, series))
        if selector.name:
            if len(self._known) >= SELECTORS:
                self._known.clear()
            self._known[id(selector)] = (selector, changes, found)
        return found
