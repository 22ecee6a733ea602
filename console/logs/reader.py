"""Reads every stream in turn, within a time, and makes one batch of what came.

All of it runs in one thread; nothing here waits. What one look found stays in `ready` until the
event loop takes it, so that a poll that was given up loses no line.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.logs.files import Files
from console.logs.intake import Batch, Breath, Intake
from console.logs.journal import Journal
from console.logs.origin import Origins, OriginState
from console.logs.streams import Stream
from console.logs.tail import Piece
from console.logs.tally import Counts

CHUNK = 64 * 1024
"""Bytes taken from one stream in a turn: about 600 lines, 2 ms."""
_STATES_AT_MOST = 1200


@dataclass(frozen=True, slots=True)
class Look:
    """What one look gave, beside its lines."""

    batch: Batch
    names: list[str]
    """Origin names by number."""
    selectors: list[str]
    """How the origins were asked for, by number."""
    origins: tuple[OriginState, ...]
    minute: Counts
    hour: tuple[tuple[float, Counts], ...]
    """Messages of the last hour in steps of ten seconds, by monotonic time."""
    skipped: int
    behind: bool
    """Whether there was more to read than the time allowed."""


class Reader:
    """All streams of the console: files, the journal, and whatever `others` gives by key."""

    def __init__(
        self, keep: int, origins: Origins, files: Files, journal: Callable[[], Journal | None]
    ) -> None:
        self.intake = Intake(origins, keep)
        self.ready: deque[Look] = deque()
        """Looks not yet taken by the event loop."""
        self.journal: Journal | None = None
        self._origins = origins
        self._files = files
        self._find_journal = journal
        self._ending = threading.Event()

    def look(self, others: Mapping[str, Stream], seconds: float) -> None:
        """Read what is new, for about so many seconds, and put it into `ready`."""
        if self._ending.is_set():
            return
        now = time.monotonic()
        self._files.look(now, self.intake.kept)
        if self.journal is None:
            self.journal = self._find_journal()
        behind = self._read([*self._files.streams.values(), *others.values()], now, now + seconds)
        self._origins.sweep(self.intake.kept)
        batch = self.intake.batch(time.time())
        now = time.monotonic()
        states = [origin.freeze(now) for origin in self._origins]
        self.ready.append(
            Look(
                batch,
                self._origins.names,
                self._origins.selectors,
                tuple(states[:_STATES_AT_MOST]),
                self.intake.minute.sums(now),
                tuple(self.intake.hour.buckets()),
                self.intake.skipped,
                behind,
            )
        )
        if self._ending.is_set():  # while this was under way
            self.close()

    def close(self) -> None:
        """Close files and journal."""
        self._ending.set()
        self._files.close()
        if self.journal is not None:
            self.journal.close()

    def _read(self, streams: list[Stream], now: float, until: float) -> bool:
        """Round after round over the streams that have something; True when time ran out before them."""
        waiting: list[Stream] = [*streams, self.journal] if self.journal else streams
        breath = Breath()
        while waiting:
            again = []
            for stream in waiting:
                pieces = stream.read(CHUNK, now)
                if pieces:
                    self._take(stream, pieces, now)
                    again.append(stream)
                    breath.take()
            waiting = again
            if waiting and time.monotonic() > until:
                return True
        return False

    def _take(self, stream: Stream, pieces: list[Piece], now: float) -> None:
        for piece in pieces:
            if piece.mark:
                self.intake.mark(stream.origin, piece.mark, piece.skipped, now)
            if not piece.lines:
                continue
            rows = stream.form.take(piece.lines)
            if piece.written is None:
                self.intake.news(stream.origin, rows, now)
            else:
                self.intake.history(rows, piece.written, now, time.time())
