"""What happened between two polls: differences of counters, over the last poll and over minutes."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

from console.sources.postgres.model import Counters, Rates

INTERVAL = 3.0
"""Seconds a rate spans: sessions report their statistics once a second at most, so that over one second
a busy session would seem to do twice as much, then nothing."""
LEAST = 1.4
"""Seconds below which there is no rate yet: most sessions would not have reported even once."""
RECENT = 60.0
"""Seconds judged as one stretch, so that one poll's few transactions raise no alarm."""
LATELY = 600.0
"""Seconds in which a deadlock is still worth telling."""
IDLE_BLOCKS = 50
"""Blocks a poll: fewer are mostly our own questions, and a share of them says nothing."""

_NAMES = Counters.__struct_fields__


def total(counters: list[Counters]) -> Counters:
    """The sum over databases."""
    return Counters(*(sum(getattr(c, name) for c in counters) for name in _NAMES))


def rates(before: Counters, after: Counters, seconds: float, own: int = 0, polls: int = 1) -> Rates | None:
    """The rates of an interval; None when it is none, or when a counter fell (a reset, a crash).

    `own` is how many of the transactions were our questions, `polls` how many polls the interval spans.
    """
    commits, rollbacks = after.commits - before.commits, after.rollbacks - before.rollbacks
    hit, read = after.hit - before.hit, after.read - before.read
    if seconds <= 0 or min(commits, rollbacks, hit, read, after.temp_bytes - before.temp_bytes) < 0:
        return None
    others = max(0, commits - own) + rollbacks
    return Rates(
        seconds=seconds,
        tps=others / seconds,
        rollback_ratio=rollbacks / others if others else None,
        hit=hit / (hit + read) if hit + read >= IDLE_BLOCKS * polls else None,
        blocks=hit + read,
        read=read / seconds,
        returned=(after.returned - before.returned) / seconds,
        fetched=(after.fetched - before.fetched) / seconds,
        inserted=(after.inserted - before.inserted) / seconds,
        updated=(after.updated - before.updated) / seconds,
        deleted=(after.deleted - before.deleted) / seconds,
        temp_bytes=(after.temp_bytes - before.temp_bytes) / seconds,
        deadlocks=max(0, after.deadlocks - before.deadlocks),
        conflicts=max(0, after.conflicts - before.conflicts),
    )


class Stretch:
    """The totals of the last ten minutes' polls, to difference against."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, Counters, int]] = deque()

    def add(self, time: float, counters: Counters, asked: int) -> None:
        """Take in a poll: its time, its totals, our own questions so far. A reset begins anew."""
        if self._points and (time <= self._points[-1][0] or counters.commits < self._points[-1][1].commits):
            self._points.clear()
        self._points.append((time, counters, asked))
        while self._points[0][0] < time - LATELY:
            self._points.popleft()

    def over(self, seconds: float) -> Rates | None:
        """The rates from the oldest poll within the last `seconds` to the newest; None when too near."""
        if len(self._points) < 2:
            return None
        end, after, asked = self._points[-1]
        first = bisect_left(self._points, end - seconds, key=lambda point: point[0])
        first = min(first, len(self._points) - 2)
        # a pane that comes into view is asked at once, and again a second later: further back there is a rate
        while first and end - self._points[first][0] < LEAST:
            first -= 1
        begin, before, asked_before = self._points[first]
        if end - begin < LEAST:
            return None
        return rates(before, after, end - begin, asked - asked_before, len(self._points) - 1 - first)
