"""The plots above a zoomed table, side by side where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from widgets.canvas import Canvas
from widgets.draw import Line, beside, line_width
from widgets.pane import Context, Plot
from widgets.plot import Curve, draw_plot

PLOT_WIDTH = 50
"""Cells a plot needs at least to stand beside another one."""
LOWEST, LOW, TALL = 7, 16, 26
"""Lines of the plots: at least, at most, and at most above a short table."""
AROUND = 6
"""Lines above and below plots and rows: header, what is wrong, tabs, a note, titles of columns, keys."""
SPARE = 4
"""Rows by which a table may grow before the plots give way to it."""


class PlotArea(Canvas):
    """As many of a view's plots as fit in one row; tall ones where the table below them is short."""

    def __init__(self) -> None:
        super().__init__(id="plots")
        self._plots: Sequence[Plot] = ()
        self._shown: Context | None = None
        self._span = 120.0
        self._tall = False
        self._decided = 0
        """The height of the screen for which it was decided whether they are tall."""

    def show(self, plots: Sequence[Plot], context: Context, span: float, rows: int) -> None:
        """Draw these plots for the `span` seconds before the context's now, above so many rows."""
        height = self.app.size.height
        if plots is not self._plots or height != self._decided:
            self._tall, self._decided = False, height
        self._plots, self._shown, self._span = plots, context, span
        wanted = self._wanted(height, rows)
        if self.styles.height is None or self.styles.height.value != wanted:
            self.styles.height = wanted
        self.redraw()

    def _wanted(self, height: int, rows: int) -> int:
        """Lines for the plots: a quarter of the screen, or half of it when the rows leave that much.

        Rows that come and go do not move them: tall plots stay until the table needs their room.
        """
        # beside legend, axis and a blank line an odd number of rows: the value in the middle is a round one
        tall, low = (lines // 2 * 2 for lines in (min(TALL, height // 2), min(LOW, height // 4)))
        self._tall = rows + (0 if self._tall else SPARE) <= height - AROUND - tall
        return tall if self._tall else max(LOWEST, low)

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The plots from left to right."""
        context = self._shown
        if context is None or not self._plots:
            return []
        shown = self._with_curves(context)
        count = max(1, min(len(shown), width // PLOT_WIDTH))
        cells = (width - 2 * (count - 1) - 2) // count
        lines: list[Line] = []
        for plot, curves in shown[:count]:
            drawn = draw_plot(plot.spec, curves, cells, height - 1, context.now, self._span)
            lines = beside(lines, drawn, line_width(lines[0])) if lines else drawn
        return [((" ", "text"), *line) for line in lines]

    def _with_curves(self, context: Context) -> list[tuple[Plot, Sequence[Curve]]]:
        """The plots that have something to show, and the first one in any case."""
        drawn = [(plot, plot.curves(context, self._span)) for plot in self._plots]
        return [pair for pair in drawn if pair[1]] or drawn[:1]
