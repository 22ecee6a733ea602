"""A line plot in braille: two points a cell across, four down, with axes that say what they measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.history import Point
from console.text import pad
from console.text import width as cell_width
from console.units import duration
from widgets.draw import Line, Span, fit

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille cell by row and column (Unicode block 2800)."""

_ROLES = ("accent", "strong", "label", "frame-focus")
"""Roles of the curves in order, none of which means that something is wrong; each has its name beside it."""


SILENCE = 1 / 20
"""Of the span: a longer silence is a gap. What is out of view is asked every five seconds of two minutes."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a plot: its name and its points, oldest first."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """What a plot shows: title, how to write a value, fixed top (None: from the data), limit line."""

    title: str
    unit: Callable[[float], str]
    top: float | None = None
    limit: float | None = None


def draw_plot(
    spec: PlotSpec, curves: Sequence[Curve], cells: int, height: int, now: float, span: float
) -> list[Line]:
    """The plot of the last `span` seconds before `now` in `cells` x `height` cells.

    First line: title, legend with newest values. Last line: the time axis. Where nothing was
    measured nothing is drawn.
    """
    values = [v for c in curves for t, v in c.points if t >= now - span and math.isfinite(v)]
    top = spec.top if spec.top is not None else _nice(max(values, default=0.0), spec.unit)
    if spec.limit is not None and spec.top is None:
        top = max(top, spec.limit * 1.05) if values and max(values) > spec.limit * 0.5 else top
    rows = height - 2
    names = _axis_names(spec, top, rows)
    axis = max(4, *(cell_width(name) for name in names)) if names else 4
    columns = cells - axis - 2
    if columns < 8 or rows < 1:
        return [fit(_legend(spec, curves), cells)]
    step = span / (2 * columns)
    now = math.ceil(now / step) * step  # a curve moves on by whole dots, and keeps its shape
    grid = [[0] * columns for _ in range(rows)]
    owner = [[-1] * columns for _ in range(rows)]
    for index, curve in enumerate(curves):
        _trace(grid, owner, index, curve.points, now, span, top)
    limit_row = _row_of(spec.limit, top, rows)
    lines: list[Line] = [fit(_legend(spec, curves), cells)]
    for y in range(rows):
        name = pad(names[y], axis, ">")
        lines.append(((f"{name} │", "dim"), *_row(grid[y], owner[y], y == limit_row)))
    lines.append(_time_axis(axis, columns, span))
    return lines


def _axis_names(spec: PlotSpec, top: float, rows: int) -> list[str]:
    """What stands at the left of each row: the top, zero, and the middle where there is room."""
    names = [""] * max(0, rows)
    if rows >= 5:
        names[rows // 2] = spec.unit(top * (1 - (rows // 2 + 0.5) / rows))
    if rows > 0:
        names[-1] = spec.unit(0.0)
        names[0] = spec.unit(top)
    return names


def _legend(spec: PlotSpec, curves: Sequence[Curve]) -> list[Span]:
    spans: list[Span] = [(spec.title, "title")]
    silent = not any(curve.points for curve in curves)
    for index, curve in enumerate(curves):
        if not curve.points and not silent:
            continue  # a host without swap has no curve of it
        newest = curve.points[-1][1] if curve.points else math.nan
        value = spec.unit(newest) if math.isfinite(newest) else "-"
        name = f" {curve.name}" if curve.name else ""
        spans += [("  ━", _ROLES[index % len(_ROLES)]), (f"{name} ", "label"), (value, "text")]
    if spec.limit is not None:
        spans += [("  ┄ limit ", "dim"), (spec.unit(spec.limit), "dim")]
    return spans


_TIMES = (60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
"""Seconds that read well as minutes and hours."""


def _nice(value: float, unit: Callable[[float], str]) -> float:
    """The smallest value, not below this one, that reads well in its unit.

    That is 1, 2, 2.5 or 5 times a power of ten; of kilobytes and their like, where the unit counts
    in 1024; whole minutes or hours above half a minute. What the unit would round is passed over: an
    axis to 0.25 must not end at `0.2`.
    """
    if value <= 0 or not math.isfinite(value):
        return 1.0
    least, scale = value * 0.999999, 1.0
    if value > 50 and unit(60.0) == "1m00s":
        found = next((seconds for seconds in _TIMES if seconds >= least), None)
        if found is not None:
            return float(found)
        scale = 86400.0
    elif unit(1024.0).startswith("1.0K"):
        while value / scale > 500:  # above 500 B come 1 K and 2 K, not 1000 B and 2000 B
            scale *= 1024.0
    power = 10.0 ** math.floor(math.log10(value / scale)) * scale
    tops = [(step * power * more, step) for more in (1, 10, 100, 1000) for step in _STEPS]
    high = [(top, step) for top, step in tops if least <= top < math.inf]
    first = high[0][0] if high else value  # next to the largest float there is none above
    return next((top for top, step in high if _digits(unit(top)) == _STEPS[step]), first)


_STEPS = {1.0: "1", 2.0: "2", 2.5: "25", 5.0: "5"}
"""What a power of ten is taken times, and the digits of it that are written."""


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text)).strip("0")


def _row_of(limit: float | None, top: float, rows: int) -> int:
    if limit is None or top <= 0 or not 0 <= limit <= top:
        return -1
    return min(rows - 1, int((1 - limit / top) * rows))


def _trace(
    grid: list[list[int]],
    owner: list[list[int]],
    index: int,
    points: Sequence[Point],
    now: float,
    span: float,
    top: float,
) -> None:
    """Mark the dots of one curve, joining neighbours that are at most a few samples apart."""
    rows, columns = len(grid), len(grid[0])
    dots_x, dots_y = columns * 2, rows * 4
    before: tuple[int, int, float] | None = None
    for time, value in points:
        if time < now - span or time > now or not math.isfinite(value):
            continue
        x = min(dots_x - 1, int((time - (now - span)) / span * dots_x))
        share = min(1.0, max(0.0, value / top)) if top > 0 else 0.0
        y = dots_y - 1 - round(share * (dots_y - 1))
        if before is not None and time - before[2] <= span * SILENCE:
            _join(grid, owner, index, before[0], before[1], x, y)
        else:
            _dot(grid, owner, index, x, y)
        before = (x, y, time)


def _join(
    grid: list[list[int]], owner: list[list[int]], index: int, x0: int, y0: int, x1: int, y1: int
) -> None:
    steps = max(abs(x1 - x0), abs(y1 - y0), 1)
    for step in range(steps + 1):
        _dot(grid, owner, index, x0 + (x1 - x0) * step // steps, y0 + (y1 - y0) * step // steps)


def _dot(grid: list[list[int]], owner: list[list[int]], index: int, x: int, y: int) -> None:
    grid[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
    owner[y // 4][x // 2] = index


def _row(bits: Sequence[int], owner: Sequence[int], limit: bool) -> list[Span]:
    spans: list[Span] = []
    for bit, who in zip(bits, owner, strict=True):
        span: Span = (chr(0x2800 + bit), _ROLES[who % len(_ROLES)]) if bit else ("┄" if limit else " ", "dim")
        if spans and spans[-1][1] == span[1]:
            spans[-1] = (spans[-1][0] + span[0], span[1])
        else:
            spans.append(span)
    return spans


def _time_axis(axis: int, columns: int, span: float) -> Line:
    left, middle = f"-{duration(span)}", f"-{duration(span / 2)}"
    text = f" {left}".ljust(columns)
    if columns > 30:
        half = columns // 2 - len(middle) // 2
        text = text[:half] + middle + text[half + len(middle) :]
    text = text[: columns - 3] + "now"
    return ((" " * axis + " └", "dim"), (text, "dim"))
