"""From counters to what happened between two polls, whatever their distance."""

from __future__ import annotations

from collections import deque

from console.sources.redis.model import Interval, Totals

LEAST = 0.5
"""Seconds an interval should have: a look that comes right after another says nothing of a rate."""
LATELY = 60.0
"""Seconds for which rejected connections are remembered."""

_COUNTERS = Totals.__struct_fields__


class Rates:
    """Remembers counters of earlier polls; forgets them when the server restarts or resets them."""

    def __init__(self) -> None:
        self._run = ""
        self._marks: deque[tuple[float, Totals]] = deque()
        self._rejected: deque[tuple[float, int]] = deque()

    def interval(self, now: float, run: str, totals: Totals) -> Interval | None:
        """What has changed since the newest mark at least half a second old; None without one."""
        marks = self._marks
        if run != self._run or (marks and _fell(marks[-1][1], totals)):
            marks.clear()
            self._run = run
        while len(marks) > 1 and now - marks[1][0] >= LEAST:
            marks.popleft()
        interval = None
        if marks and now - marks[0][0] >= LEAST:
            interval = Interval(now - marks[0][0], _difference(marks[0][1], totals))
        if marks:
            rejected = totals.rejected - marks[-1][1].rejected
            if rejected:
                self._rejected.append((now, rejected))
        marks.append((now, totals))
        return interval

    def rejected_lately(self, now: float) -> int:
        """Connections rejected within the last minute."""
        while self._rejected and now - self._rejected[0][0] > LATELY:
            self._rejected.popleft()
        return sum(count for _, count in self._rejected)


def _fell(before: Totals, after: Totals) -> bool:
    return any(getattr(after, name) < getattr(before, name) for name in _COUNTERS)


def _difference(before: Totals, after: Totals) -> Totals:
    return Totals(*(getattr(after, name) - getattr(before, name) for name in _COUNTERS))
