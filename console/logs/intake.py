"""From rows of many origins to one batch for the buffer: counted, cleaned, timed, in order.

Rows beyond what the buffer can keep are counted and dropped before the costly part.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from console.logs.buffer import MARK, Entry, entry_bytes
from console.logs.forms import Row
from console.logs.levels import CONTINUED, Level
from console.logs.origin import Origin, Origins
from console.logs.splitter import LINE_BYTES
from console.logs.tally import Window
from console.logs.times import written
from console.secrets import MASK, opens_private_key, redact
from console.text import clean

TEXT_LIMIT = LINE_BYTES + 64
"""Characters kept of one line: the splitter's mark comes after its limit."""
KEY_LINES = 120
"""Lines a private key may have: one of 16,384 bits has some 100."""
SLICE = 0.0015
"""Seconds of work after which the thread lets others run."""
PAUSE = 0.0003
"""Seconds it lets them run. Without it a waiting key press would take 5 ms to get its turn."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look gave: entries ready for the buffer, and how many lines they were taken from."""

    entries: list[Entry]
    nbytes: int
    news: int
    """Lines that came since the last batch; what was there before we looked is not counted."""


class Breath:
    """Lets other threads run now and then."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def take(self) -> None:
        """Pause when this thread has worked for a while."""
        if time.perf_counter() - self._since > SLICE:
            time.sleep(PAUSE)
            self._since = time.perf_counter()


class Intake:
    """Collects rows and makes batches of them; belongs to the thread that reads."""

    def __init__(self, origins: Origins, keep: int) -> None:
        self.origins = origins
        self.keep = keep
        self.minute = Window()
        """Messages of the last minute, all origins."""
        self.hour = Window(3600.0, 10.0)
        """Messages of the last hour, all origins."""
        self.skipped = 0
        """Lines of all origins that were left out."""
        self.kept = 0
        """Lines ever handed over for keeping."""
        self._rows: list[Row] = []
        self._news = 0
        self._keys: dict[int, int] = {}
        """Origins amid a private key, with how many more of their lines are hidden at most."""

    def news(self, origin: Origin, rows: list[Row], now: float) -> None:
        """Take lines that came just now (monotonic seconds)."""
        if not rows:
            return
        self._news += len(rows)
        if rows[0][1] == origin.number == rows[-1][1]:
            self._count(origin, [row[2] for row in rows], now)
        else:  # the journal: units mixed
            by_number: dict[int, list[int]] = {}
            for row in rows:
                by_number.setdefault(row[1], []).append(row[2])
            for number, codes in by_number.items():
                self._count(self.origins[number], codes, now)
        self._keep(rows)

    def history(self, rows: list[Row], file_time: float, now: float, clock: float) -> None:
        """Take lines that were there before; each counts for its own time, if it tells one.

        `file_time` stands in for it on the screen; `now` is monotonic, `clock` epoch seconds.
        """
        timed: list[Row] = []
        last: float | None = None
        for stamp, number, code, text in rows:
            origin = self.origins[number]
            told = written(text, file_time) if stamp is None else stamp
            if told is None and code & CONTINUED:
                told = last
            last = told
            counts = origin.count((code,))
            if told is not None and not code & CONTINUED:
                for window in (origin.window, self.minute, self.hour):
                    window.add(now - max(0.0, clock - told), counts)
            timed.append((file_time if told is None else told, number, code, text))
        self._keep(timed)

    def mark(self, origin: Origin, text: str, skipped: int, now: float) -> None:
        """Say in the log itself what is missing at this place."""
        origin.note_gap(text, now)
        origin.skipped += skipped
        self.skipped += skipped
        self._rows.append((None, origin.number, Level.WARN | MARK | CONTINUED, text))

    def _count(self, origin: Origin, codes: Sequence[int], now: float) -> None:
        counts = origin.count(codes)
        for window in (origin.window, self.minute, self.hour):
            window.add(now, counts)

    def _keep(self, rows: list[Row]) -> None:
        held = self._rows
        held += rows
        if len(held) > 2 * self.keep:
            del held[: -self.keep]

    def batch(self, clock: float) -> Batch:
        """Everything taken since the last batch, cleaned and in order of time (`clock`: epoch seconds)."""
        rows, news = self._rows[-self.keep :], self._news
        self._rows, self._news = [], 0
        entries, order = self._entries(rows, clock)
        if order != sorted(order):
            places = sorted(range(len(entries)), key=order.__getitem__)
            entries = [entries[place] for place in places]
        self.kept += len(entries)
        return Batch(entries, entry_bytes(entries), news)

    def _entries(self, rows: list[Row], clock: float) -> tuple[list[Entry], list[float]]:
        """Clean entries, and for each the time it is sorted by: never before its origin's last."""
        entries: list[Entry] = []
        order: list[float] = []
        last: dict[int, float] = {}
        place: dict[int, float] = {}
        breath = Breath()
        for number, (stamp, origin, code, text) in enumerate(rows):
            if not number & 63:
                breath.take()
            if stamp is None:
                stamp = written(text, clock)
                if stamp is None:
                    stamp = last.get(origin, clock) if code & CONTINUED else clock
            last[origin] = stamp
            place[origin] = max(stamp, place.get(origin, -math.inf))
            order.append(place[origin])
            entries.append((stamp, origin, code, clean(self._without_secrets(origin, text), TEXT_LIMIT)))
        for origin, stamp in last.items():
            self.origins[origin].latest = stamp
        return entries, order

    def _without_secrets(self, origin: int, text: str) -> str:
        text = text.rstrip("\r")
        if self._keys and (left := self._keys.pop(origin, 0)) and not text.startswith("-----"):
            if left > 1:
                self._keys[origin] = left - 1
            return MASK
        shown = redact(text)
        if shown is not text and opens_private_key(shown):
            self._keys[origin] = KEY_LINES
        return shown
