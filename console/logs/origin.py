"""Where log lines come from: one file, container or journal unit, with what is known of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from console.logs.levels import Level
from console.logs.tally import NO_COUNTS, Counts, Window
from console.text import clean

GAP_SHOWN = 60.0
"""Seconds a gap counts as news."""


class Kind(StrEnum):
    """What sort of place lines come from."""

    FILE = "file"
    CONTAINER = "container"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class OriginState:
    """One origin as of a poll."""

    name: str
    kind: Kind
    where: str
    """Path of a file, how a container is read, or the journal."""
    lines: int
    """Taken since the start."""
    levels: Counts
    """Messages by level since the start; lines that continue a message are not counted."""
    minute: Counts
    """Messages by level in the last minute."""
    skipped: int = 0
    """Lines left out because they came faster than they could be read."""
    latest: float = math.nan
    """When it last wrote (epoch seconds); not a number when it never did."""
    problem: str = ""
    """Why it cannot be read; empty when it can."""
    fix: str = ""
    """What to do about the problem."""
    gap: str = ""
    """What was lost within the last minute; empty: nothing that was noticed."""
    expected: bool = False
    """Whether somebody asked for it: then not to have it is a finding."""

    @property
    def errors(self) -> int:
        """Messages of level error or worse in the last minute."""
        return self.minute[Level.ERROR] + self.minute[Level.FATAL]


class Origin:
    """One origin while it is read; belongs to the thread that reads."""

    __slots__ = (
        "_frozen",
        "_gap",
        "_gap_time",
        "expected",
        "fix",
        "kind",
        "latest",
        "levels",
        "lines",
        "name",
        "number",
        "problem",
        "selector",
        "skipped",
        "where",
        "window",
    )

    def __init__(self, number: int, name: str, kind: Kind, where: str, expected: bool = False) -> None:
        self.number = number
        self.name = name
        self.kind = kind
        self.where = clean(where, 400)
        self.expected = expected
        self.lines = self.skipped = 0
        self.levels = [0] * len(Level)
        self.window = Window()
        self.latest = math.nan
        self.problem = self.fix = ""
        self.selector = ""
        """How it was asked for, where that was with others alike."""
        self._gap = ""
        self._gap_time = -math.inf
        self._frozen: OriginState | None = None

    def count(self, codes: Iterable[int]) -> list[int]:
        """Count lines by their codes; the messages among them by level."""
        found, lines = [0] * len(Level), 0
        for code, count in Counter(codes).items():
            lines += count
            if code < len(found):  # neither CONTINUED nor MARK
                found[code] += count
                self.levels[code] += count
        self.lines += lines
        return found

    def note_gap(self, text: str, now: float) -> None:
        """Remember that something was lost (monotonic seconds)."""
        self._gap, self._gap_time = text, now

    def freeze(self, now: float) -> OriginState:
        """The state as a value; the one before when nothing changed."""
        minute = self.window.sums(now)
        gap = self._gap if now - self._gap_time < GAP_SHOWN else ""
        last = self._frozen
        if (
            last is not None
            and last.lines == self.lines
            and last.minute == minute
            and last.problem == self.problem
            and last.fix == self.fix
            and last.gap == gap
            and last.where == self.where
        ):
            return last
        self._frozen = OriginState(
            self.name,
            self.kind,
            self.where,
            self.lines,
            tuple(self.levels) if self.lines else NO_COUNTS,
            minute,
            self.skipped,
            self.latest,
            self.problem,
            self.fix,
            gap,
            self.expected,
        )
        return self._frozen


class Origins:
    """All origins with lines in the buffer or to come, by number.

    Names are made unique by what tells them apart; numbers are used again once nothing refers to
    them, so that a day of short-lived containers takes no more memory than an hour.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._by_number: list[Origin | None] = []
        self._by_name: dict[str, Origin] = {}
        self._released: dict[int, int] = {}
        """Numbers of origins that ended, with how many lines had been kept in all by then."""

    def __iter__(self) -> Iterator[Origin]:
        return (origin for origin in self._by_number if origin is not None)

    def __getitem__(self, number: int) -> Origin:
        origin = self._by_number[number]
        assert origin is not None, "a line refers to its origin as long as it is kept"
        return origin

    @property
    def names(self) -> list[str]:
        """Names by number."""
        return [origin.name if origin else "" for origin in self._by_number]

    @property
    def selectors(self) -> list[str]:
        """How they were asked for, by number."""
        return [origin.selector if origin else "" for origin in self._by_number]

    def add(self, name: str, kind: Kind, where: str, expected: bool = False, apart: str = "") -> Origin:
        """An origin; one that ended goes on when it has name and kind.

        `apart` comes before a name that is taken, as the directory of a file does.
        """
        name = clean(name, 80)
        known = self._by_name.get(name)
        if known and known.number in self._released and known.kind is kind:
            del self._released[known.number]
            known.where = clean(where, 400)
            return known
        if known and apart:
            name = clean(f"{apart}/{name}", 80)
        base, count = name, 2
        while name in self._by_name:
            name, count = f"{base}~{count}", count + 1
        number = self._by_number.index(None) if None in self._by_number else len(self._by_number)
        origin = Origin(number, name, kind, where, expected)
        self._by_number[number:] = [origin, *self._by_number[number + 1 :]]
        self._by_name[name] = origin
        return origin

    def release(self, origin: Origin, kept: int) -> None:
        """The origin ended; `kept` is how many lines of all origins were kept so far."""
        origin.problem = origin.fix = ""
        self._released[origin.number] = kept

    def sweep(self, kept: int) -> None:
        """Forget ended origins whose last line has left the buffer by now."""
        for number, then in list(self._released.items()):
            origin = self[number]
            if not origin.lines or kept - then > self._keep:
                del self._released[number], self._by_name[origin.name]
                self._by_number[number] = None
