"""What the zoomed system pane's tables and plots share: columns of numbers, cells, curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from console.units import bytes_, count, duration, percent
from widgets.draw import Span, meter
from widgets.pane import Context, Plot
from widgets.plot import Curve, PlotSpec
from widgets.table import Column

BAR = 20
"""Cells of a meter in a table."""


def itself(row: Any) -> Any:
    """The row, where it has the fields itself."""
    return row


def figure(
    name: str,
    title: str,
    shown: Callable[[Any], Span | str],
    cells: int,
    drop: int = 0,
    of: Callable[[Any], Any] = itself,
) -> Column[Any]:
    """A column of numbers: a field of what `of` finds in the row, how it is written, sorted by value."""

    def value(row: Any) -> Any:
        return getattr(of(row), name)

    return Column(name, title, lambda row: shown(value(row)), cells, align=">", drop=drop, sort=value)


def bar(
    of: Callable[[Any], float],
    drop: int,
    limit: Callable[[Any], float | None] = lambda row: None,
    role: Callable[[Any], str] = lambda row: "",
) -> Column[Any]:
    """A column of meters: of what share, with which limit, in which role."""

    def drawn(row: Any) -> list[Span]:
        return meter(of(row), BAR, limit(row), role(row))

    return Column("bar", "", lambda row: percent(of(row)), BAR, drop=drop, spans=drawn)


def share(value: float) -> Span:
    """A ratio, faint when it is next to nothing."""
    return (percent(value), "text" if value >= 0.005 else "dim")


def rate(value: float) -> Span:
    """Bytes a second; a dash where it is not known."""
    if math.isnan(value):
        return ("-", "dim")
    return (bytes_(value), "text") if value >= 1 else ("0", "dim")


def number(value: float) -> Span:
    """A count, faint when there is nothing."""
    return (count(value), "text" if value > 0 else "dim")


def latency(seconds: float) -> str:
    """How long an operation took; the kernel counts whole milliseconds, so less is not nothing."""
    return "<1ms" if seconds < 0.001 else duration(seconds)


def curves(*series: tuple[str, str]) -> Callable[[Context, float], Sequence[Curve]]:
    """The curves of a plot from pairs of a name and a metric without labels."""
    return lambda context, span: [
        Curve(name, context.points(metric, seconds=span)) for name, metric in series
    ]


CPU_PLOT = Plot(
    PlotSpec("cpu", percent, top=1.0),
    curves(
        ("busy", "opsconsole_cpu_ratio"),
        ("iowait", "opsconsole_cpu_iowait_ratio"),
        ("steal", "opsconsole_cpu_steal_ratio"),
    ),
)
MEMORY_PLOT = Plot(
    PlotSpec("memory", percent, top=1.0),
    curves(("used", "opsconsole_memory_used_ratio"), ("swap", "opsconsole_swap_used_ratio")),
)
