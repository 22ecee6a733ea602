"""Facts as lines: of a pane with how they went in the last two minutes, of a row one below the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from widgets.draw import Line, Span, line_width, sparkline, wrap

SPARK_LEAST, SPARK_MOST = 8, 40
"""Cells of the last two minutes: with less room there are none."""

LABEL = 13
"""Cells of a fact's name among a row's details."""

Fact = tuple[str, str, str]
"""Name, value, role."""

Trend = Callable[[int], Sequence[float]]
"""The last two minutes as one value a cell, for so many cells (see `Context.buckets`)."""


def fact_line(
    name: str, value: Sequence[Span], width: int, trend: Trend | None = None, high: float | None = None
) -> Line:
    """The name, padded by the caller, and the value; at the right edge its trend, where there is room."""
    head: list[Span] = [(name, "label"), *value]
    spare = width - line_width(head)
    cells = min(SPARK_MOST, spare - 2)
    points = trend(cells) if trend is not None and cells >= SPARK_LEAST else ()
    if not any(map(math.isfinite, points)):
        return tuple(head)
    return (*head, (" " * (spare - cells), "text"), sparkline(points, cells, high=high))


def fact_lines(facts: Sequence[Fact], width: int) -> list[Line]:
    """A row's facts one below the other; those without a value are left out, long ones are wrapped."""
    lines: list[Line] = []
    for name, value, role in facts:
        if not value:
            continue
        first, *rest = wrap(value, max(8, width - LABEL), role)
        lines.append(((name.ljust(LABEL), "label"), *first))
        lines += [((" " * LABEL, "label"), *line) for line in rest]
    return lines
