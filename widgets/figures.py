"""The figures of one server in words, with how they went, and as plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from console.findings import Severity
from console.metrics import Labels, labels
from widgets.facts import Trend
from widgets.pane import Context, Plot
from widgets.plot import Curve, PlotSpec

TWO_COLUMNS = 110
"""Cells from which the figures of a pane stand in two columns."""
FEW = 5
"""Lines below which they stand side by side in a few words."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure in words, as a row: what it belongs to, its name, and what its value means."""

    area: str
    name: str
    value: str
    note: str = ""
    severity: Severity = Severity.OK


def server_labels(context: Context) -> Labels:
    """The labels of the server's own metrics."""
    return labels(server=context.feed.source.name)


def trend(context: Context, metric: str) -> Trend:
    """How a gauge of the server went in the last two minutes."""
    return partial(context.buckets, context.points(metric, server_labels(context)))


def metric_plot(
    title: str,
    unit: Callable[[float], str],
    *curves: tuple[str, str],
    top: float | None = None,
    rates: bool = False,
) -> Plot:
    """A plot of the server's metrics, gauges or `rates` of counters; a curve is its name and its metric."""

    def drawn(context: Context, span: float) -> Sequence[Curve]:
        read = context.rates if rates else context.points
        own = server_labels(context)
        return [Curve(name, read(metric, own, span)) for name, metric in curves]

    return Plot(PlotSpec(title, unit, top), drawn)
