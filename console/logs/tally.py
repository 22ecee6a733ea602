"""How many messages of each level came lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TypeAlias

from console.logs.levels import Level

Counts: TypeAlias = tuple[int, ...]
"""One number for each Level."""
NO_COUNTS: Counts = (0,) * len(Level)


class Window:
    """Counts by level over the last `seconds`, in steps; costs nothing while nothing comes.

    Times are seconds of one clock, the caller's; they may come out of order.
    """

    __slots__ = ("_buckets", "_sums", "seconds", "step")

    def __init__(self, seconds: float = 60.0, step: float = 5.0) -> None:
        self.seconds = seconds
        self.step = step
        self._buckets: deque[tuple[int, list[int]]] = deque()
        self._sums = [0] * len(Level)

    def add(self, time: float, counts: Sequence[int]) -> None:
        """Count messages of a time, unless it is further back than the window reaches."""
        bucket = int(time // self.step)
        buckets = self._buckets
        if not buckets or bucket > buckets[-1][0]:
            buckets.append((bucket, list(counts)))
        else:
            self._add_before(bucket, counts)
        for level, count in enumerate(counts):
            self._sums[level] += count
        self._expire(buckets[-1][0])

    def _add_before(self, bucket: int, counts: Sequence[int]) -> None:
        for index in range(len(self._buckets) - 1, -1, -1):
            number, held = self._buckets[index]
            if number == bucket:
                for level, count in enumerate(counts):
                    held[level] += count
                return
            if number < bucket:
                self._buckets.insert(index + 1, (bucket, list(counts)))
                return
        self._buckets.appendleft((bucket, list(counts)))

    def _expire(self, newest: int) -> None:
        first = newest - int(self.seconds / self.step) + 1
        while self._buckets and self._buckets[0][0] < first:
            for level, count in enumerate(self._buckets.popleft()[1]):
                self._sums[level] -= count

    def sums(self, now: float) -> Counts:
        """The counts of the last `seconds` before `now`, exact to a step."""
        if not self._buckets:
            return NO_COUNTS
        self._expire(int(now // self.step))
        return tuple(self._sums)

    def buckets(self) -> list[tuple[float, Counts]]:
        """The steps in which anything came, by their starting times, oldest first."""
        return [(bucket * self.step, tuple(counts)) for bucket, counts in self._buckets]
