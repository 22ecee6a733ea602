"""Bounded series of samples: what sparklines, plots and rules read.

A series reaches back an hour: 600 points as they came (ten minutes at one a second), and before them
one a 10 s, as doubles in arrays. That is at most 17 KB for a series of one a second and 4 KB for one
of every 15 s, and no more after an hour. At most `max_series` series are kept; those longest without a
sample leave first.
"""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock

from console.metrics import Labels, Sample, is_stale

REACH = 3600.0
"""Seconds a series reaches back."""
FINE_POINTS = 600
COARSE_POINTS = 360
COARSE_STEP = 10.0
"""Seconds between two coarse points."""
STEPS, GRACE = 2.5, 15.0
"""A series stays away for so many of its steps at most; a new one's step is taken to be that of another
series of its name, the second where there is none.
"""
POLLS = 3600
"""Polls of a source that are known."""
LEAVING = 50
"""Of so many series one leaves when there are too many, so that room is not made for each new one."""
_CHUNK = 64

Point = tuple[float, float]
"""Time (seconds, the caller's clock) and value."""
Points = tuple[Sequence[float], Sequence[float]]
"""Times, ascending, and values."""


class Ring:
    """The newest `size` points, oldest first; grows in chunks so that short series stay small."""

    __slots__ = ("_start", "_times", "_values", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._times = array("d")
        self._values = array("d")
        self._start = 0

    def append(self, time: float, value: float) -> Point | None:
        """Add the newest point. The oldest leaves when the ring is full, and is returned."""
        times, start = self._times, self._start
        times.append(time)
        self._values.append(value)
        left = None
        if len(times) - start > self.size:
            left = (times[start], self._values[start])
            self._drop()
        if times[self._start] < time - REACH:
            self._drop()
        return left

    def _drop(self) -> None:
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

    def within(self, start: float, end: float) -> Points:
        """The points in (start, end], oldest first."""
        first = bisect_right(self._times, start, self._start)
        last = bisect_right(self._times, end, first)
        return self._times[first:last], self._values[first:last]

    def at(self, time: float) -> Point | None:
        """The newest point at or before a time."""
        if self._times and self._times[-1] <= time:  # mostly the newest of all is asked for
            return self._times[-1], self._values[-1]
        index = bisect_right(self._times, time, self._start)
        return (self._times[index - 1], self._values[index - 1]) if index > self._start else None

    def step(self, time: float, first: float = GRACE) -> float:
        """Seconds between the point at a time and the one before it; `first` where it is the first."""
        index = bisect_right(self._times, time, self._start) - 1
        return time - self._times[index - 1] if index > self._start else first

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


class Polls:
    """When a source was polled, and when that failed."""

    __slots__ = ("_failed", "_times")

    def __init__(self) -> None:
        self._times = array("d")
        self._failed = array("d")

    def append(self, time: float, answered: bool) -> None:
        """Note a poll, and whether it was answered; of one that is told in pieces, once."""
        if self._times and self._times[-1] == time:
            return
        for times in (self._times,) if answered else (self._times, self._failed):
            times.append(time)
            if len(times) >= 2 * POLLS:
                del times[:POLLS]

    def last(self, time: float) -> float:
        """The last poll at or before a time; minus infinity when none is known."""
        return _last(self._times, time)

    def failed(self, time: float) -> float:
        """The last poll at or before a time that was not answered; minus infinity when none is known."""
        return _last(self._failed, time)


def _last(times: array[float], time: float) -> float:
    if times and times[-1] <= time:  # mostly the newest of all is asked for
        return times[-1]
    index = bisect_right(times, time)
    return times[index - 1] if index else float("-inf")


class Series:
    """One metric of one label set, fine and, before that, coarse."""

    __slots__ = ("coarse", "ended", "fine", "first_step", "polls")

    def __init__(self, polls: Polls | None = None, first_step: float = GRACE) -> None:
        self.fine = Ring(FINE_POINTS)
        self.coarse: Ring | None = None
        """What left the fine ring; made when the first does."""
        self.polls = polls
        """Those of the source it comes from; None where it ends by word only."""
        self.first_step = first_step
        """What its step is taken to be as long as it has one point."""
        self.ended = float("inf")
        """When somebody said that it has ended."""

    def append(self, time: float, value: float) -> None:
        """Add a point; of those that leave the fine ring one in ten seconds stays."""
        self.ended = float("inf")
        left = self.fine.append(time, value)
        if left is not None:
            if self.coarse is None:
                self.coarse = Ring(COARSE_POINTS)
            if left[0] - self.coarse.newest >= COARSE_STEP:
                self.coarse.append(*left)

    def since(self, time: float) -> list[Point]:
        """The points at or after a time: coarse where the fine ones do not reach back so far."""
        fine = self.fine.since(time)
        if self.coarse is None or self.fine.oldest <= time:
            return fine
        return self.coarse.since(time) + fine

    def within(self, start: float, end: float) -> Points:
        """The points in (start, end], oldest first."""
        times, values = self.fine.within(start, end)
        if self.coarse is None or self.fine.oldest <= start:
            return times, values
        before = self.coarse.within(start, end)
        return [*before[0], *times], [*before[1], *values]

    def at(self, time: float, after: float) -> Point | None:
        """The newest point in (after, time], unless the series had ended by then.

        It had when its source was asked since and gave no answer, or answers without it, for longer than
        it ever stays away between two points: some figures are given of every tenth poll only.
        """
        point = self.fine.at(time)
        if point is None and self.coarse is not None:
            point = self.coarse.at(time)
            return point if point is not None and point[0] > after else None
        if point is None or point[0] <= after or self.ended <= time:
            return None
        polls, newest = self.polls, point[0]
        if polls is None or polls.last(time) <= newest:
            return point
        if polls.failed(time) > newest or time - newest > STEPS * self.fine.step(newest, self.first_step):
            return None
        return point

    @property
    def nbytes(self) -> int:
        """Bytes held by the points."""
        return self.fine.nbytes + (self.coarse.nbytes if self.coarse else 0)


def _step_of(others: Mapping[Labels, Series], polls: Polls | None) -> float:
    """Seconds between two points of another series of this name and source: those of a new one are alike."""
    one = next(iter(others.values()), None)
    return min(GRACE, one.fine.step(one.fine.newest)) if one is not None and one.polls is polls else GRACE


class History:
    """All series by metric name and labels, bounded in number and in length.

    Points are added on one thread. Others read through `select`, `at` and `within` only.
    """

    def __init__(self, max_series: int = 65_000) -> None:
        self.max_series = max_series
        self._names: dict[str, dict[Labels, Series]] = {}
        self._changes: dict[str, int] = {}
        self._count = 0
        self._polls: dict[str, Polls] = {}
        self._lock = Lock()

    def add(self, time: float, samples: Iterable[Sample], source: str = "", answered: bool = True) -> None:
        """Record the samples of one poll, all at one time (steady seconds).

        With the name of their source it is known which of its series have ended: all of them when it
        has not answered. A sample of the value `STALE` ends its series. Those of one poll may come in
        pieces, each with the same time.
        """
        with self._lock:
            polls = None
            if source:
                polls = self._polls.get(source)
                if polls is None:
                    polls = self._polls[source] = Polls()
                polls.append(time, answered)
            names = self._names
            for sample in samples:
                if sample.value != sample.value and is_stale(sample.value):
                    ended = names.get(sample.name, {}).get(sample.labels)
                    if ended is not None:
                        ended.ended = time
                    continue
                by_labels = names.get(sample.name)
                if by_labels is None:
                    by_labels = names[sample.name] = {}
                series = by_labels.get(sample.labels)
                if series is None:
                    series = by_labels[sample.labels] = Series(polls, _step_of(by_labels, polls))
                    self._count += 1
                    self._changes[sample.name] = self._changes.get(sample.name, 0) + 1
                series.append(time, sample.value)
                if self._count > self.max_series:
                    self._make_room()

    def take(self, other: History) -> None:
        """Have the series of another history too, which go on as they do there."""
        with self._lock, other._lock:
            for name, by_labels in other._names.items():
                mine = self._names.setdefault(name, {})
                self._count -= len(mine)
                mine.update(by_labels)
                self._count += len(mine)
                self._changes[name] = self._changes.get(name, 0) + 1

    def end(self, time: float, name: str, labels: Labels) -> None:
        """Say that a series has ended at a time."""
        with self._lock:
            series = self._names.get(name, {}).get(labels)
            if series is not None:
                series.ended = time

    def _make_room(self) -> None:
        """The series longest without a sample leave, some at once."""
        ages = [
            (series.fine.newest, name, labels)
            for name, by_labels in self._names.items()
            for labels, series in by_labels.items()
        ]
        ages.sort(key=lambda age: age[0])
        for _, name, labels in ages[: max(self._count - self.max_series, self.max_series // LEAVING)]:
            del self._names[name][labels]
            self._changes[name] += 1
            self._count -= 1
            if not self._names[name]:
                del self._names[name]

    def since(self, name: str, labels: Labels, time: float) -> list[Point]:
        """The points of one series at or after a time, oldest first; empty when unknown."""
        series = self._names.get(name, {}).get(labels)
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
        return iter(list(self._names.get(name, ())))

    def names(self) -> list[str]:
        """Every metric name that is known."""
        with self._lock:
            return list(self._names)

    def changes(self, name: str) -> int:
        """How often a series of a name came or left: as long as it stays, what `select` gives does."""
        return self._changes.get(name, 0)

    def select(self, name: str) -> list[tuple[Labels, Series]]:
        """The series of a metric name, for any thread; their points by `at` and `within`."""
        with self._lock:
            return list(self._names.get(name, {}).items())

    def at(self, series: Iterable[Series], time: float, after: float) -> list[Point | None]:
        """What each series had at a time, for any thread; see `Series.at`."""
        with self._lock:
            return [one.at(time, after) for one in series]

    def within(self, series: Iterable[Series], start: float, end: float) -> list[Points]:
        """The points of each series in (start, end], for any thread."""
        with self._lock:
            return [one.within(start, end) for one in series]

    def __iter__(self) -> Iterator[tuple[str, Labels]]:
        """Name and labels of every series."""
        return ((name, labels) for name, by_labels in self._names.items() for labels in by_labels)

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes held by all points."""
        return sum(series.nbytes for by_labels in self._names.values() for series in by_labels.values())
