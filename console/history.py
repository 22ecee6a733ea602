"""Bounded series of samples: what sparklines, plots and rules read.

A series keeps 600 points of full resolution (ten minutes at one a second) and 360 coarser ones
(one a 10 s: an hour), as doubles in arrays: at most 17 KB a series, and no more after an hour. At
most `max_series` series are kept; the ones longest without a sample leave first.
"""

from __future__ import annotations

import itertools
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from console.metrics import Labels, Sample

FINE_POINTS = 600
COARSE_POINTS = 360
COARSE_STEP = 10.0
"""Seconds between two coarse points."""
_CHUNK = 64

Point = tuple[float, float]
"""Time (seconds, the caller's clock) and value."""


class Ring:
    """The newest `size` points, oldest first; grows in chunks so that short series stay small."""

    __slots__ = ("_start", "_times", "_values", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._times = array("d")
        self._values = array("d")
        self._start = 0

    def append(self, time: float, value: float) -> None:
        """Add the newest point; the oldest leaves when the ring is full."""
        self._times.append(time)
        self._values.append(value)
        if len(self._times) - self._start > self.size:
            self._start += 1
            if self._start >= _CHUNK:  # drop the dead head now and then instead of at every point
                del self._times[: self._start]
                del self._values[: self._start]
                self._start = 0

    def __len__(self) -> int:
        return len(self._times) - self._start

    def since(self, time: float) -> list[Point]:
        """The points at or after a time, oldest first."""
        times, values, index = self._times, self._values, len(self._times)
        while index > self._start and times[index - 1] >= time:
            index -= 1
        return list(zip(times[index:], values[index:], strict=True))

    @property
    def newest(self) -> float:
        """The time of the newest point; minus infinity when empty."""
        return self._times[-1] if self._times else float("-inf")

    @property
    def oldest(self) -> float:
        """The time of the oldest point; infinity when empty."""
        return self._times[self._start] if len(self) else float("inf")

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        return (len(self._times) + len(self._values)) * 8


class Series:
    """One metric of one label set, fine and coarse."""

    __slots__ = ("coarse", "fine")

    def __init__(self) -> None:
        self.fine = Ring(FINE_POINTS)
        self.coarse = Ring(COARSE_POINTS)

    def append(self, time: float, value: float) -> None:
        """Add a point; every tenth second it also goes to the coarse ring."""
        self.fine.append(time, value)
        if time - self.coarse.newest >= COARSE_STEP:
            self.coarse.append(time, value)

    def since(self, time: float) -> list[Point]:
        """The points at or after a time: coarse where the fine ones do not reach back so far."""
        fine = self.fine.since(time)
        if self.fine.oldest <= time or len(self.fine) < FINE_POINTS:
            return fine
        return [point for point in self.coarse.since(time) if point[0] < self.fine.oldest] + fine


class History:
    """All series by metric name and labels, bounded in number and in length."""

    def __init__(self, max_series: int = 20_000) -> None:
        self.max_series = max_series
        self._series: OrderedDict[tuple[str, Labels], Series] = OrderedDict()

    def add(self, time: float, samples: Iterable[Sample]) -> None:
        """Record the samples of one poll, all at one time (monotonic seconds)."""
        series_by_key = self._series
        for sample in samples:
            key = (sample.name, sample.labels)
            series = series_by_key.get(key)
            if series is None:
                series = series_by_key[key] = Series()
                if len(series_by_key) > self.max_series:
                    series_by_key.popitem(last=False)
            else:
                series_by_key.move_to_end(key)
            series.append(time, sample.value)

    def since(self, name: str, labels: Labels, time: float) -> list[Point]:
        """The points of one series at or after a time, oldest first; empty when unknown."""
        series = self._series.get((name, labels))
        return series.since(time) if series else []

    def rate(self, name: str, labels: Labels, time: float) -> list[Point]:
        """Per-second increase of a counter between neighbouring points; a reset counts from zero."""
        points = self.since(name, labels, time)
        rates: list[Point] = []
        for (before, low), (after, high) in itertools.pairwise(points):
            if after > before:
                rates.append((after, (high - low if high >= low else high) / (after - before)))
        return rates

    def find(self, name: str) -> Iterator[Labels]:
        """The label sets known under a metric name."""
        return (labels for metric, labels in self._series if metric == name)

    def __iter__(self) -> Iterator[tuple[str, Labels]]:
        """Name and labels of every series, the ones longest without a sample first."""
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    @property
    def nbytes(self) -> int:
        """Bytes held by all points."""
        return sum(s.fine.nbytes + s.coarse.nbytes for s in self._series.values())
