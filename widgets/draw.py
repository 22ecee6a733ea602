"""Drawing without a screen: spans, lines, meters and sparklines as plain values.

A Span is text with the name of a role; a Line is spans from left to right. What a role looks like
is the theme's business (`themes/app.tcss`, the `canvas--ROLE` component classes), so everything
here is a pure function that a test can read. Outside text that reaches a span is already clean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from console.findings import Severity
from console.text import clip, width

Span: TypeAlias = tuple[str, str]
"""Text and role."""
Line: TypeAlias = tuple[Span, ...]

ROLES = (
    "text",  # ordinary values
    "dim",  # what may be overlooked: units, rest of a meter, idle rows
    "label",  # the name of a value
    "strong",  # what is selected or leads a row
    "warn",  # crosses its first limit
    "crit",  # crosses its second limit, or is down
    "accent",  # what a meter is filled with, curves of plots
    "past",  # sparklines: there to be glanced at, quieter than what is now
    "frame",  # borders of panes
    "frame-focus",  # border of the pane with the keyboard
    "title",  # titles of panes and columns
    "key",  # a key that can be pressed
    "cursor",  # the row under the cursor
    "mark",  # a marked row
    "hue-1",  # colours that tell things of one kind apart, beside their names: contexts of clusters
    "hue-2",
    "hue-3",
    "hue-4",
    "banner-error",
    "banner-warning",
    "banner-success",
    "banner-primary",
)
SGR = "sgr:"
"""Begins a role that is a style of a program's own output, in Rich's words."""

SEVERITY_ROLE = {Severity.OK: "text", Severity.WARNING: "warn", Severity.CRITICAL: "crit"}
SEVERITY_MARK = {Severity.OK: " ", Severity.WARNING: "▲", Severity.CRITICAL: "✖"}
"""A shape for each severity, so that state is never told by colour alone."""

BLANK: Line = ()


def line(*parts: Span | str) -> Line:
    """A line of spans; bare strings are ordinary text."""
    return tuple((part, "text") if isinstance(part, str) else part for part in parts)


def line_width(spans: Iterable[Span]) -> int:
    """Cells a line takes."""
    return sum(width(text) for text, _ in spans)


def fit(spans: Sequence[Span], cells: int) -> Line:
    """The line in exactly `cells` cells: cut with an ellipsis or padded; neighbours of one role joined."""
    if cells <= 0:
        return ()
    fitted: list[Span] = []
    used = 0
    for text, role in spans:
        if not text.isascii() and not width(text[0]):
            # a mark belongs to the character before it, and to nothing at the start of a line
            marks = next((i for i, char in enumerate(text) if width(char)), len(text))
            if fitted:
                fitted[-1] = (fitted[-1][0] + text[:marks], fitted[-1][1])
            text = text[marks:]
        if not text:
            continue
        used += width(text)
        if fitted and fitted[-1][1] == role:
            fitted[-1] = (fitted[-1][0] + text, role)
        else:
            fitted.append((text, role))
    if used > cells:
        fitted = _cut(fitted, cells)
        used = line_width(fitted)
    if used < cells:
        gap = " " * (cells - used)
        if fitted and fitted[-1][1] == "text":
            fitted[-1] = (fitted[-1][0] + gap, "text")
        else:
            fitted.append((gap, "text"))
    return tuple(fitted)


def _cut(spans: Sequence[Span], cells: int) -> list[Span]:
    """A line that is too long in at most `cells` cells, ending in an ellipsis unless only blanks went."""
    kept: list[Span] = []
    blank_from = max((i for i, (text, _) in enumerate(spans) if text.strip(" ")), default=-1)
    visible = [*spans[:blank_from], (spans[blank_from][0].rstrip(" "), spans[blank_from][1])]
    if blank_from < 0 or line_width(visible) <= cells:
        return visible if blank_from >= 0 else []
    room = cells
    for text, role in visible:
        size = width(text)
        if size >= room:
            # at the very edge something of the next span is lost: the last cell says so
            kept.append((clip(text + "…", room), role))
            break
        kept.append((text, role))
        room -= size
    return kept


_NARROW = re.compile(
    r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u2211\u2500-\u259f\u25a0-\u25fc\u2800-\u28ff]*"
)
"""Text of which each character is one cell, for sure: others have to be measured."""


def part(spans: Line, left: int, right: int) -> Line | None:
    """The cells [left, right) of a line; None where a wide character or a mark may stand among them."""
    kept: list[Span] = []
    at = 0
    for text, role in spans:
        if at >= right:
            break
        if not _NARROW.fullmatch(text):
            return None
        end = at + len(text)
        if end > left:
            kept.append((text[max(0, left - at) : right - at], role))
        at = end
    return tuple(kept)


def spread(left: Sequence[Span], right: Sequence[Span], cells: int) -> Line:
    """`left` and `right` at the two ends of a line; when both do not fit, `left` is cut."""
    right_width = line_width(right)
    if right_width >= cells:
        return fit(right, cells)
    return (*fit(left, cells - right_width), *right)


def beside(left: Sequence[Line], right: Sequence[Line], left_cells: int, gap: int = 2) -> list[Line]:
    """Two blocks of lines side by side; the left one gets exactly `left_cells` cells."""
    height = max(len(left), len(right))
    rows: list[Line] = []
    for index in range(height):
        first = fit(left[index] if index < len(left) else BLANK, left_cells)
        second = right[index] if index < len(right) else BLANK
        rows.append((*first, (" " * gap, "text"), *second))
    return rows


def wrap(text: str, cells: int, role: str = "text") -> list[Line]:
    """Text broken at blanks into lines of at most `cells` cells; longer words are cut into pieces.

    A character wider than `cells` gets a line of its own.
    """
    lines: list[str] = []
    current: str | None = None
    for word in text.split(" "):
        candidate = word if current is None else f"{current} {word}"
        if width(candidate) <= cells:
            current = candidate
            continue
        if current:
            lines.append(current)
        *pieces, current = _pieces(word, max(1, cells))
        lines += pieces
    lines.append(current or "")
    return [((part, role),) for part in lines]


def _pieces(word: str, cells: int) -> list[str]:
    """A word cut into parts of at most `cells` cells; marks stay with the character they stand on."""
    if word.isascii():
        return [word[at : at + cells] for at in range(0, len(word), cells)] or [""]
    pieces, piece, used = [], "", 0
    for char in word:
        size = width(char)
        if piece and size and used + size > cells:
            pieces.append(piece)
            piece, used = "", 0
        piece += char
        used += size
    return [*pieces, piece]


def meter(ratio: float, cells: int, limit: float | None = None, role: str = "") -> list[Span]:
    """A bar of `cells` cells: heavy up to `ratio`, light beyond, a tick at `limit` (a ratio too).

    The role follows from nothing but the caller: pass `warn` or `crit` when the value crosses its
    limit. Not-a-number draws an empty bar.
    """
    if cells <= 0:
        return []
    known = 0.0 if not math.isfinite(ratio) else min(1.0, max(0.0, ratio))
    filled = round(known * cells)
    if known > 0 and filled == 0:
        filled = 1
    tick = None if limit is None or not 0 < limit < 1 else min(cells - 1, int(limit * cells))
    full, rest = role or "accent", "dim"
    if tick is None:
        return [s for s in (("━" * filled, full), ("─" * (cells - filled), rest)) if s[0]]
    if filled > tick:
        bar = "━" * tick + "┿" + "━" * (filled - tick - 1)
        return [s for s in ((bar, full), ("─" * (cells - filled), rest)) if s[0]]
    after = "─" * (tick - filled) + "┼" + "─" * (cells - tick - 1)
    return [s for s in (("━" * filled, full), (after, rest)) if s[0]]


_BARS = "▁▂▃▄▅▆"
"""Six heights of eight: the bars of two rows below each other never touch."""


def sparkline(
    values: Sequence[float],
    cells: int,
    low: float = 0.0,
    high: float | None = None,
    role: str = "past",
) -> Span:
    """The newest `cells` values as bars, scaled from `low` to `high` (their maximum when None).

    Missing values (not-a-number) are blanks; a value above zero never looks like zero.
    """
    shown = list(values[-cells:]) if cells > 0 else []
    if high is None or not math.isfinite(high):
        high = max((v for v in shown if math.isfinite(v)), default=0.0)
    reach = high - low
    chars = [
        bar_char((value - low) / reach if reach > 0 else 0.0) if math.isfinite(value) else " "
        for value in shown
    ]
    return ("".join(chars).rjust(max(0, cells)), role)


def bar_char(ratio: float) -> str:
    """One cell that stands for a ratio, for rows of small meters such as one a core.

    Only zero looks like zero; not-a-number is a blank.
    """
    if not math.isfinite(ratio):
        return " "
    highest = len(_BARS) - 1
    return _BARS[min(highest, math.ceil(ratio * highest))] if ratio > 0 else _BARS[0]
