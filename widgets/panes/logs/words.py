"""How a log line is written: time, source, level as a word and by weight, then its text.

Few changes of style make few bytes: an ordinary line has two.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from console.logs.levels import Level, by_word
from console.logs.times import unstamped
from console.text import clip_middle, pad
from console.text import width as cell_width
from widgets.draw import Line, Span, wrap

if TYPE_CHECKING:
    from console.logs.buffer import LogLine
    from console.logs.origin import OriginState

WORDS = ("", "debug", "info", "note", "WARN", "ERROR", "FATAL")
LETTERS = (" ", "d", "i", "n", "W", "E", "F")
NARROW = 90
"""Cells below which a level is a letter, and names are short."""
_LEVEL = re.compile(r"(?:[-:] )?[\[<]?([A-Za-z]{3,11})[]>]?:? +[-:]? *(?=\S)")
TIME = 8
"""Cells of a time."""
NAME_LEAST, NAME_MOST = 4, 16


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands before the text of a line, and how wide."""

    width: int
    """Cells of the whole line."""
    name: int
    """Cells of the source; 0: not shown."""
    times: bool = True
    word: bool = True
    """The level as a word, else as a letter."""
    today: int = 0
    """Day of the year of the moment shown: other days' lines show the day."""

    @property
    def lead(self) -> int:
        """Cells before the text."""
        return (TIME + 1 if self.times else 0) + (self.name + 1 if self.name else 0) + (6 if self.word else 2)


def columns_for(origins: Iterable[OriginState], width: int, now: float, times: bool = True) -> Columns:
    """Columns that fit these sources into a width, for the moment `now` (epoch seconds)."""
    wide = width >= NARROW
    longest = max((cell_width(origin.name) for origin in origins if origin.lines), default=0)
    most = NAME_MOST if wide else min(NAME_MOST - 4, max(NAME_LEAST, width // 6))
    name = min(most, max(NAME_LEAST, longest)) if longest else 0
    return Columns(width, name, times, wide, time.localtime(now).tm_yday)


@lru_cache(maxsize=512)
def clock(second: int, today: int) -> str:
    """A time in eight cells: the clock, or day and minute for a line of another day."""
    when = time.localtime(second)
    return time.strftime("%H:%M:%S" if when.tm_yday == today else "%d %H:%M", when)


@lru_cache(maxsize=512)
def _named(source: str, cells: int) -> str:
    """The source in its column: `shop-api-1` and `shop-api-2` stay two in the narrowest."""
    return pad(clip_middle(source, cells), cells) + " "


def lead_spans(line: LogLine, columns: Columns) -> list[Span]:
    """What stands before the text."""
    level = line.level
    start = f"{clock(int(line.time), columns.today)} " if columns.times else ""
    if columns.name:
        start += _named("" if line.continued and not line.mark else line.source, columns.name)
    words, cells = (WORDS, 5) if columns.word else (LETTERS, 1)
    word = ("" if line.continued else words[level]).ljust(cells) + " "
    if level < Level.WARN or line.continued:
        return [(start + word, "dim")]
    role = "crit" if level >= Level.ERROR else "warn"
    return [(start, "dim"), (word, role)] if start else [(word, role)]


def text_role(line: LogLine) -> str:
    """How the text of a line looks: errors as a whole, their continuation as ordinary text."""
    if line.mark:
        return "warn"
    if line.level >= Level.ERROR and not line.continued:
        return "crit"
    return "dim" if line.level is Level.DEBUG else "text"


def shown_text(line: LogLine) -> str:
    """The text without the time stamp and the level at its start, which have columns of their own."""
    if line.mark:
        return f"── {line.text} ──"
    text = unstamped(line.text)
    if (
        line.level
        and not line.continued
        and (match := _LEVEL.match(text))
        and by_word(match[1]) is line.level
    ):
        return text[match.end() :]
    return text


def one_row(line: LogLine, columns: Columns) -> Line:
    """A line on one row; what is too long is cut by whoever fits it."""
    # the rest of a long line is not even looked at
    text = shown_text(line)[: columns.width]
    return (*lead_spans(line, columns), (text, text_role(line)))


def rows_of(line: LogLine, columns: Columns, most: int) -> list[Line]:
    """A line wrapped into rows, at most `most`; the last says when there is more."""
    lead = lead_spans(line, columns)
    room = max(10, columns.width - columns.lead)
    text = shown_text(line)
    wrapped: Sequence[Line] = wrap(text[: room * (most + 1)], room, text_role(line))
    rows: list[Line] = [(*lead, *wrapped[0])]
    blank: Span = (" " * columns.lead, "text")
    rows += [(blank, *row) for row in wrapped[1:most]]
    if len(wrapped) > most:
        rows[-1] = (*rows[-1][:-1], (rows[-1][-1][0][: room - 1] + "…", text_role(line)))
    return rows
