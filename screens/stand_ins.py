"""What stands where a zoomed pane has no table: its reasons for having no data, or its body."""

from __future__ import annotations

from collections.abc import Sequence

from console.filters import Filter, parse
from widgets.draw import Line
from widgets.pane import Context, Pane, ViewCanvas
from widgets.pane_drawing import draw_absence, draw_unfound


class Absence(ViewCanvas):
    """Stands in for the table of a source that never had data: what is missing and how to mend it."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(id="absence")
        self._pane = pane
        self._shown: Context | None = None

    def show_context(self, context: Context | None) -> None:
        """Draw this context; None when there is no source at all."""
        self._shown = context
        self.redraw()

    def set_filter(self, text: str) -> Filter:
        """There is nothing to filter."""
        return parse("")

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The pane's own words for its state."""
        if self._shown is None:
            lines = draw_unfound(self._pane, width - 4)
        else:
            lines = draw_absence(self._pane, self._shown, width - 4)
        return [(), *((("  ", "text"), *line) for line in lines)]


class BodyView(ViewCanvas):
    """The body of a pane that has no views, with all the room there is; the filter chooses lines."""

    def __init__(self, pane: Pane) -> None:
        super().__init__()
        self._pane = pane
        self._shown: Context | None = None
        self._filter = parse("")
        self._counts = (0, 0)

    def show_context(self, context: Context) -> None:
        """Draw this context."""
        self._shown = context
        self.redraw()

    def set_filter(self, text: str) -> Filter:
        """Show only lines that match."""
        self._filter = parse(text)
        self.redraw()
        return self._filter

    @property
    def counts(self) -> tuple[int, int]:
        """Lines shown and lines there are."""
        return self._counts

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The pane's body."""
        if self._shown is None:
            return []
        lines = self._pane.body(self._shown, width - 2, height)
        shown = [line for line in lines if self._filter.match({"line": "".join(text for text, _ in line)})]
        self._counts = (len(shown), len(lines))
        return [((" ", "text"), *line) for line in shown]
