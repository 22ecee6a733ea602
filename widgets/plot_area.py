"""The plots above a zoomed table, side by side where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from widgets.canvas import Canvas
from widgets.draw import Line, beside, line_width
from widgets.pane import Context, Plot
from widgets.plot import draw_plot

PLOT_WIDTH = 50
"""Cells a plot needs at least to stand beside another one."""


class PlotArea(Canvas):
    """As many of a view's plots as fit in one row."""

    def __init__(self) -> None:
        super().__init__(id="plots")
        self._plots: Sequence[Plot] = ()
        self._shown: Context | None = None
        self._span = 120.0

    def show(self, plots: Sequence[Plot], context: Context, span: float) -> None:
        """Draw these plots for the `span` seconds before the context's now."""
        self._plots, self._shown, self._span = plots, context, span
        wanted = min(16, max(7, self.app.size.height // 4))
        if self.styles.height is None or self.styles.height.value != wanted:
            self.styles.height = wanted
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The plots from left to right."""
        context = self._shown
        if context is None or not self._plots:
            return []
        count = max(1, min(len(self._plots), width // PLOT_WIDTH))
        cells = (width - 2 * (count - 1) - 2) // count
        lines: list[Line] = []
        for plot in self._plots[:count]:
            curves = plot.curves(context, self._span)
            drawn = draw_plot(plot.spec, curves, cells, height - 1, context.now, self._span)
            lines = beside(lines, drawn, line_width(lines[0])) if lines else drawn
        return [((" ", "text"), *line) for line in lines]
