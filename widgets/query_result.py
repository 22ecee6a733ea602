"""What an expression gave, as rows of a table and curves of a plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from console.alerts.promql import Matrix, Scalar, String, Value, Vector
from console.alerts.words import figure
from console.history import Point
from console.metrics import Labels
from console.text import clean, clip
from widgets.canvas import Canvas
from widgets.columns import Column
from widgets.draw import Line, line_width, wrap
from widgets.plot import Curve, PlotSpec, draw_plot

CURVES = 4
"""Series that are drawn: one for each role a curve may have."""
COLUMNS = 6
"""Labels with a column of their own."""
ROWS = 5000
"""Rows of a result at most."""
NAMED = 28
"""Cells of a curve's name."""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One series of a result: its labels, and its value now; a text where it is no number."""

    labels: Labels
    value: float
    text: str = ""

    @property
    def told(self) -> str:
        """The series as PromQL writes it."""
        name = dict(self.labels).get("__name__", "")
        rest = ", ".join(f'{key}="{value}"' for key, value in self.labels if key != "__name__")
        return clean(f"{name}{{{rest}}}" if rest or not name else name, 2000)


def rows_of(value: Value, ordered: bool = False) -> list[ResultRow]:
    """A row a series, the largest first unless the expression gives an order; of a range the newest value."""
    match value:
        case Scalar():
            return [ResultRow((), value.value)]
        case String():
            return [ResultRow((), math.nan, clean(value.value, 2000))]
        case Vector():
            rows = [ResultRow(one.labels, one.value) for one in value.elements[:ROWS]]
            return rows if ordered else sorted(rows, key=_largest_first)
        case Matrix():
            return [ResultRow(one.labels, one.values[-1]) for one in value.series[:ROWS] if one.values]


def _largest_first(row: ResultRow) -> tuple[bool, float]:
    return math.isnan(row.value), -row.value


def exact(value: float) -> str:
    """A value whole: what is pasted elsewhere must not be rounded."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return figure(value) if not math.isfinite(value) else f"{value:.12g}"


def telling(rows: Sequence[ResultRow]) -> list[str]:
    """The labels in which rows differ, the ones with the fewest values first; those of a single row."""
    dicts = [dict(row.labels) for row in rows]
    names = list(dict.fromkeys(name for labels in dicts for name in labels))
    values = {name: len({labels.get(name, "") for labels in dicts}) for name in names}
    if len(rows) > 1:
        names = [name for name in names if values[name] > 1]
    return sorted(names, key=lambda name: (name != "__name__", values[name]))


def common(rows: Sequence[ResultRow]) -> str:
    """The labels that all rows have in common, as PromQL writes them; empty for a single row."""
    if len(rows) < 2:
        return ""
    differing = set(telling(rows))
    pairs = [(name, value) for name, value in rows[0].labels if name not in differing]
    return clean(", ".join(f'{name}="{value}"' for name, value in pairs), 300)


def columns_for(rows: Sequence[ResultRow]) -> tuple[Column[ResultRow], ...]:
    """The value, and a column for each label that tells rows apart; many of them stand in one."""
    names = telling(rows)
    value = Column[ResultRow](
        "value", "VALUE", lambda row: (row.text or exact(row.value), "strong"), 16, align=">",
        sort=lambda row: row.value,
    )  # fmt: skip
    if not names or len(names) > COLUMNS:
        return value, Column("series", "SERIES", lambda row: row.told, 20, flex=1)
    return (value, *(_label(name, place) for place, name in enumerate(names)))


def _label(name: str, place: int) -> Column[ResultRow]:
    title = "METRIC" if name == "__name__" else clean(name, 40)
    return Column(
        f"label-{name}", title, lambda row: clean(dict(row.labels).get(name, ""), 300), 12, flex=1, drop=place
    )


def curves_of(matrix: Matrix) -> list[Curve]:
    """The series with the largest newest values as curves in Unix seconds, at most `CURVES`."""
    series = [one for one in matrix.series if any(map(math.isfinite, one.values))]
    series.sort(key=lambda one: -_newest(one.values))
    rows = [ResultRow(one.labels, one.values[-1]) for one in series]
    names = telling(rows) if len(rows) > 1 else []
    curves = []
    for one in series[:CURVES]:
        pairs = dict(one.labels)
        told = " ".join(clean(pairs[name], 60) for name in names if pairs.get(name))
        points: list[Point] = list(zip(one.times, one.values, strict=True))
        curves.append(Curve(clip(told, NAMED), points))
    return curves


def _newest(values: Sequence[float]) -> float:
    return next((value for value in reversed(values) if math.isfinite(value)), -math.inf)


class QueryHead(Canvas):
    """What is asked, of whom, and what is wrong with it: as many lines as that takes, at most `TALLEST`."""

    TALLEST = 5

    def __init__(self) -> None:
        super().__init__(id="query-head")
        self._parts: Sequence[Line] = ()

    def show(self, parts: Sequence[Line]) -> None:
        """Draw these, each beginning a line of its own."""
        self._parts = parts
        self.styles.height = max(1, min(self.TALLEST, len(self._wrapped(self.app.size.width))))
        self.redraw()

    def _wrapped(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for part in self._parts:
            if line_width(part) + 1 <= width:
                lines.append(((" ", "text"), *part))
                continue
            for text, role in part:
                lines += [((" ", "text"), *line) for line in wrap(text.strip(), max(10, width - 2), role)]
        return lines

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines."""
        return self._wrapped(width)[:height]


class QueryPlot(Canvas):
    """The curves of a result."""

    def __init__(self) -> None:
        super().__init__(id="query-plot")
        self._curves: Sequence[Curve] = ()
        self._title = ""
        self._end = 0.0
        self._span = 120.0

    def show(self, curves: Sequence[Curve], title: str, end: float, span: float) -> None:
        """Draw these curves for the `span` seconds before `end` (Unix seconds)."""
        self._curves, self._title, self._end, self._span = curves, title, end, span
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The plot; its axis begins at zero."""
        if not self._curves:
            return []
        spec = PlotSpec(self._title, figure)
        lines = draw_plot(spec, self._curves, width - 2, height, self._end, self._span)
        return [((" ", "text"), *line) for line in lines]
