"""The newest log lines of all origins, in the order they came, bounded in number and in memory.

One list of small tuples; a line becomes a `LogLine` only when somebody reads it. At most `keep`
lines and `limit_bytes` of memory: by default 20,000 lines or 16 MB, typically 6 MB in all.

Written and read on the event loop only: the thread that reads logs hands over finished batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from sys import getsizeof
from typing import TypeAlias

from console.logs.levels import CONTINUED, LEVEL_BITS, Level

KEEP = 20_000
LIMIT_BYTES = 16 * 1024 * 1024
MARK = 16
"""Added to the code of a line the console wrote itself: a gap, skipped lines, a rotation."""
ENTRY_BYTES = 136
"""Memory of an entry beside its text: the tuple, its time and code, its place in the list."""

Entry: TypeAlias = tuple[float, int, int, str]
"""Time (epoch seconds), origin number, code (Level plus CONTINUED or MARK), clean text."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line as it is shown; `sequence` counts from 1 over the life of the buffer."""

    sequence: int
    time: float
    """Epoch seconds: what the line states, else when it arrived."""
    source: str
    """Short name of its file, container or unit."""
    level: Level
    text: str
    """Clean: one printable line."""
    continued: bool = False
    """Belongs to the line before it, as a traceback does."""
    mark: bool = False
    """Written by the console itself, to say what is missing here."""

    @property
    def fields(self) -> dict[str, str]:
        """The columns a filter may name."""
        return {"text": self.text, "source": self.source, "level": self.level.word}


def entry_bytes(entries: Sequence[Entry]) -> int:
    """Memory the entries take, in bytes."""
    return sum(getsizeof(entry[3]) for entry in entries) + ENTRY_BYTES * len(entries)


class Buffer:
    """A bounded sequence of log lines, addressed by sequence number.

    Lines `first` to `newest` can be read; what is older was evicted (`evicted` counts it).
    """

    def __init__(self, keep: int = KEEP, limit_bytes: int = LIMIT_BYTES) -> None:
        self.keep = max(1, keep)
        self.limit_bytes = limit_bytes
        self.origins: list[str] = []
        """Origin names by number; an origin's number never changes."""
        self.selectors: list[str] = []
        """How the origins were asked for, by number; empty for most."""
        self.nbytes = 0
        """Memory held by the lines, in bytes."""
        self.newest = 0
        """Sequence of the newest line; 0 before the first."""
        self._entries: list[Entry] = []
        self._start = 0
        """Entries before this index are evicted and wait to be cut off."""

    def __len__(self) -> int:
        return len(self._entries) - self._start

    @property
    def first(self) -> int:
        """Sequence of the oldest line kept; newest + 1 when empty."""
        return self.newest - len(self) + 1

    @property
    def evicted(self) -> int:
        """Lines that were kept once and made room for newer ones."""
        return self.newest - len(self)

    def extend(self, entries: Sequence[Entry], nbytes: int | None = None) -> None:
        """Append lines, evicting the oldest; `nbytes` spares the counting when it is known."""
        self._entries.extend(entries)
        self.newest += len(entries)
        self.nbytes += entry_bytes(entries) if nbytes is None else nbytes
        excess = len(self) - self.keep
        if excess > 0:
            self._evict(excess)
        while self.nbytes > self.limit_bytes and len(self) > 1:
            self._evict(max(1, len(self) // 64))

    def _evict(self, count: int) -> None:
        stop = self._start + count
        self.nbytes -= entry_bytes(self._entries[self._start : stop])
        self._entries[self._start : stop] = [_GONE] * count  # lets go of the texts at once
        self._start = stop
        if self._start * 4 > self.keep:  # cut off seldom: cutting moves every entry behind
            del self._entries[: self._start]
            self._start = 0

    def entry(self, sequence: int) -> Entry | None:
        """The raw line of that sequence, None when it is not kept."""
        index = self._index(sequence)
        return self._entries[index] if self._start <= index < len(self._entries) else None

    def line(self, sequence: int) -> LogLine | None:
        """The line of that sequence, None when it is not kept."""
        entry = self.entry(sequence)
        return self._line(sequence, entry) if entry else None

    def lines(self, start: int, stop: int) -> list[LogLine]:
        """The kept lines with start <= sequence < stop, oldest first."""
        start, stop = max(start, self.first), min(stop, self.newest + 1)
        entries = self._entries[self._index(start) : self._index(stop)] if start < stop else ()
        return [self._line(sequence, entry) for sequence, entry in enumerate(entries, start)]

    def entries(self, start: int, stop: int) -> Iterator[Entry]:
        """The kept raw lines with start <= sequence < stop, oldest first, without building lines."""
        start, stop = max(start, self.first), min(stop, self.newest + 1)
        return islice(self._entries, self._index(start), max(self._index(start), self._index(stop)))

    def picked(self, sequences: Iterable[int]) -> list[LogLine]:
        """The lines of these sequences that are kept."""
        return [line for sequence in sequences if (line := self.line(sequence)) is not None]

    def at(self, time: float) -> int:
        """Sequence of the newest line not written after a time (epoch seconds); 0 when there is none."""
        for index in range(len(self._entries) - 1, self._start - 1, -1):
            if self._entries[index][0] <= time:
                return index - self._index(0)
        return 0

    def seek(self, sequence: int, step: int, level: Level = Level.ERROR, most: int = 1 << 62) -> int | None:
        """The nearest line past `sequence` of that level or worse that begins a message.

        `step` is 1 towards newer lines and -1 towards older ones; None when there is none among the
        next `most` lines.
        """
        offset, entries = self._index(0), self._entries
        if step > 0:
            start = max(sequence + 1, self.first)
            numbers = range(start, min(self.newest, start + most) + 1)
        else:
            start = min(sequence - 1, self.newest)
            numbers = range(start, max(self.first, start - most) - 1, -1)
        for number in numbers:
            code = entries[number + offset][2]
            if code & LEVEL_BITS >= level and not code & CONTINUED:
                return number
        return None

    def _index(self, sequence: int) -> int:
        return sequence - self.first + self._start

    def _line(self, sequence: int, entry: Entry) -> LogLine:
        time, origin, code, text = entry
        return LogLine(
            sequence,
            time,
            self.origins[origin],
            Level(code & LEVEL_BITS),
            text,
            bool(code & CONTINUED),
            bool(code & MARK),
        )


_GONE: Entry = (0.0, 0, 0, "")
