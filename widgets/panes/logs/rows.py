"""Which lines are shown: all that are kept, or those a filter lets through, found in slices.

Twenty thousand lines take a filter tens of milliseconds, which would be felt at the keyboard. So
new lines are matched as they come, and older ones in slices, from the newest back.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from console.filters import Filter
from console.logs.levels import LEVEL_BITS, WORDS
from console.logs.tally import NO_COUNTS, Counts
from widgets.pane import Context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.logs.buffer import Buffer
    from console.logs.snapshot import LogSnapshot

FIELDS = ("text", "source", "level", "selector")
"""The columns of a line that a filter may name."""
SLICE_LINES = 500
"""Lines matched between two looks at the clock."""
SLICE_SECONDS = 0.008
"""Seconds one slice may take."""


STEP = 10.0
"""Seconds of a step of the hour that is counted, which a bar of the histogram stands for."""
COUNTED = 5000
"""Lines before a moment of the past that are counted one by one, at most."""
RATED = 10.0
"""Seconds before a moment of the past in which its rate is looked for: polls come every three at least."""


def in_past(context: Context) -> bool:
    """Whether the moment in view lies before the newest reading."""
    good = context.feed.good
    return good is not None and context.now < good.monotonic


def of_moment(context: Context) -> LogSnapshot:
    """The snapshot, or what it says of the past moment that is shown: its lines, counts and rate."""
    snapshot: LogSnapshot = context.snapshot
    if not in_past(context):
        return snapshot
    hour = tuple(_until(context, snapshot))
    minute = [counts for start, counts in hour if context.now - 60 < start]
    rates = context.points("opsconsole_log_lines_per_second", seconds=RATED)
    return replace(
        snapshot,
        newest=snapshot.buffer.at(context.time.timestamp()),
        hour=hour,
        minute=tuple(map(sum, zip(*minute, strict=True))) or NO_COUNTS,
        rate=rates[-1][1] if rates else math.nan,
        behind=False,
    )


def _until(context: Context, snapshot: LogSnapshot) -> Iterator[tuple[float, Counts]]:
    """The steps of the hour up to a past moment; of the one it lies in, what had come by then."""
    for start, counts in snapshot.hour:
        if start + STEP <= context.now:
            yield start, counts
        elif start <= context.now:
            yield start, _between(snapshot, context.time.timestamp(), context.now - start)


def _between(snapshot: LogSnapshot, moment: float, seconds: float) -> Counts:
    """Messages by level in so many seconds before a moment, counted line by line."""
    counts, last = [0] * len(NO_COUNTS), snapshot.buffer.at(moment)
    for time, _, code, _ in snapshot.buffer.entries(last - COUNTED + 1, last + 1):
        if moment - seconds < time <= moment and code == code & LEVEL_BITS:
            counts[code] += 1
    return tuple(counts)


class _Fields(Mapping[str, str]):
    """What a filter looks at of a line: the same object for all of them, each in its turn."""

    text = source = level = selector = ""

    def __getitem__(self, name: str) -> str:
        if name not in FIELDS:
            raise KeyError(name)
        found: str = getattr(self, name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(FIELDS)

    def __len__(self) -> int:
        return len(FIELDS)

    def values(self) -> tuple[str, ...]:  # type: ignore[override]  # what is looked through, not a view
        """Where a word that names no column is looked for; not in how the lines were asked for."""
        return (self.text, self.source, self.level)


class Rows:
    """Sequence numbers of the lines shown, up to a newest one."""

    def __init__(self, buffer: Buffer, chosen: Filter) -> None:
        self.buffer = buffer
        self.filter = chosen
        self.newest = buffer.newest
        """The newest line there is for the reader."""
        self._found: list[int] = []
        self._low = self.newest + 1
        """Every line from here to `_high` was matched, their origins being selected so."""
        self._selectors = buffer.selectors
        self._high = self.newest

    def update(self, newest: int) -> bool:
        """Take in new lines, and some older ones; True while older ones are left to be matched."""
        self.newest = newest
        if self.filter.empty:
            return False
        until = perf_counter() + SLICE_SECONDS
        first, selectors = self.buffer.first, self.buffer.selectors
        if self._selectors != selectors[: len(self._selectors)]:
            # lines that were there have come to belong to a selection
            self._found, self._low, self._high = [], newest + 1, newest
        self._selectors = selectors
        if newest < self._high:  # the reader went back in time
            del self._found[bisect_right(self._found, newest) :]
            self._high = newest
            self._low = min(self._low, newest + 1)
        if newest - self._high > 8 * SLICE_LINES or self._high < first - 1:
            # more came than is matched in one go: begin again with the newest
            self._found, self._low, self._high = [], newest + 1, newest
        self._found += self._matching(self._high + 1, newest + 1)
        self._high = newest
        while self._low > first and perf_counter() < until:
            start = max(first, self._low - SLICE_LINES)
            self._found[:0] = self._matching(start, self._low)
            self._low = start
        gone = bisect_left(self._found, first)
        if gone:
            del self._found[:gone]
        return self._low > first

    def _matching(self, start: int, stop: int) -> list[int]:
        match, names, selectors = self.filter.match, self.buffer.origins, self.buffer.selectors
        start, line, found = max(start, self.buffer.first), _Fields(), []
        for sequence, (_, origin, code, text) in enumerate(self.buffer.entries(start, stop), start):
            line.text, line.source, line.level = text, names[origin], WORDS[code & LEVEL_BITS]
            line.selector = selectors[origin] if selectors else ""
            if match(line):
                found.append(sequence)
        return found

    def __len__(self) -> int:
        return max(0, self.newest - self.buffer.first + 1) if self.filter.empty else len(self._found)

    def __contains__(self, sequence: int) -> bool:
        if self.filter.empty:
            return self.buffer.first <= sequence <= self.newest
        at = bisect_left(self._found, sequence)
        return at < len(self._found) and self._found[at] == sequence

    def older(self, sequence: int, count: int) -> Sequence[int]:
        """Up to `count` shown lines at or before a sequence, the newest first."""
        if self.filter.empty:
            top = min(sequence, self.newest)
            return range(top, max(self.buffer.first - 1, top - count), -1)
        at = bisect_right(self._found, sequence)
        return self._found[max(0, at - count) : at][::-1]

    def newer(self, sequence: int, count: int) -> Sequence[int]:
        """Up to `count` shown lines after a sequence, the oldest first."""
        if self.filter.empty:
            start = max(sequence + 1, self.buffer.first)
            return range(start, min(self.newest + 1, start + count))
        at = bisect_right(self._found, sequence)
        return self._found[at : at + count]

    def below(self, sequence: int) -> int:
        """How many shown lines come after a sequence."""
        if self.filter.empty:
            return max(0, self.newest - max(sequence, self.buffer.first - 1))
        return len(self._found) - bisect_right(self._found, sequence)
