"""Series held in memory: what rule tests feed, with staleness as Prometheus has it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from console.alerts.promql.store import Instant, Range, Selector
from console.metrics import Labels


class _Series:
    """Times in milliseconds, as Prometheus counts; a value of None is a stale marker."""

    __slots__ = ("labels", "name", "pairs", "times", "values")

    def __init__(self, name: str, labels: Labels) -> None:
        self.name = name
        self.labels = labels
        self.pairs = {**dict(labels), "__name__": name}
        self.times: list[int] = []
        self.values: list[float | None] = []

    def add(self, time: float, value: float | None) -> None:
        at = milliseconds(time)
        if not self.times or at > self.times[-1]:
            self.times.append(at)
            self.values.append(value)
            return
        place = bisect_left(self.times, at)
        if place < len(self.times) and self.times[place] == at:
            self.values[place] = value
        else:
            self.times.insert(place, at)
            self.values.insert(place, value)


class MemoryStore:
    """A store that keeps everything it is given; times are Unix seconds, exact to the millisecond."""

    def __init__(self) -> None:
        self._names: dict[str, dict[Labels, _Series]] = {}

    def add(self, name: str, labels: Labels, time: float, value: float) -> None:
        """Add a sample, in any order; one at the same time takes the place of the one before."""
        self._of(name, labels).add(time, value)

    def stale(self, name: str, labels: Labels, time: float) -> None:
        """Mark that the series ended: it is not found until another sample comes."""
        self._of(name, labels).add(time, None)

    def _of(self, name: str, labels: Labels) -> _Series:
        family = self._names.setdefault(name, {})
        found = family.get(labels)
        if found is None:
            kept = tuple(sorted((key, value) for key, value in labels if value))  # empty is not there
            found = family.setdefault(kept, _Series(name, kept))
            family[labels] = found
        return found

    def instant(self, selector: Selector, at: float, lookback: float) -> Sequence[Instant]:
        """The newest sample of each matching series in (at - lookback, at], unless it is stale."""
        until = milliseconds(at)
        since = until - milliseconds(lookback)
        found: list[Instant] = []
        for series in self._matching(selector):
            place = bisect_right(series.times, until) - 1
            if place < 0 or series.times[place] <= since:
                continue
            value = series.values[place]
            if value is not None:
                found.append((series.name, series.labels, series.times[place] / 1000, value))
        return found

    def range(self, selector: Selector, start: float, end: float) -> Sequence[Range]:
        """The samples of each matching series in (start, end], without stale markers."""
        since, until = milliseconds(start), milliseconds(end)
        found: list[Range] = []
        for series in self._matching(selector):
            first, last = bisect_right(series.times, since), bisect_right(series.times, until)
            if first >= last:
                continue
            times, values = series.times[first:last], series.values[first:last]
            figures = [value for value in values if value is not None]
            if len(figures) < len(values):
                times = [time for time, value in zip(times, values, strict=True) if value is not None]
            if figures:
                found.append((series.name, series.labels, [time / 1000 for time in times], figures))
        return found

    def _matching(self, selector: Selector) -> Iterator[_Series]:
        families = [self._names.get(selector.name, {})] if selector.name else list(self._names.values())
        for family in families:
            for key, series in family.items():
                if key is series.labels and all(
                    matcher.matches(series.pairs.get(matcher.label, "")) for matcher in selector.matchers
                ):
                    yield series


def milliseconds(seconds: float) -> int:
    """Seconds as whole milliseconds: as Prometheus counts time."""
    return round(seconds * 1000)
