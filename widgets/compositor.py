"""Textual's compositor, made to render and to send what changed only.

For a partial update Textual 8.2 renders every line of every widget in view, and sends a changed span
from the left edge of its widget on. Here only the changed lines of the widget in front are rendered,
and each span is cut at both ends: half the CPU of a live screen, and most of the difference between
a live screen and a flood over SSH. It touches private names of Textual (`Screen._compositor`,
`Compositor._dirty_regions`, `_regions_to_spans`, `render_partial_update`); a test says when a new
version changes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from widgets.canvas import Canvas


class SpanUpdate(CompositorUpdate):
    """Changed spans, rendered and cut to exactly the cells that changed: column, row, content."""

    def __init__(self, spans: Sequence[tuple[int, int, Strip]]) -> None:
        self.spans = spans

    def render_segments(self, console: Console) -> str:
        """The escape sequences and text of the changed spans."""
        return "".join(f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for x, y, strip in self.spans)


class _Span(NamedTuple):
    """The cells [left, right) of a row, and the widget in front there with its region."""

    widget: Widget
    region: Region
    y: int
    left: int
    right: int


class SpanCompositor(Compositor):
    """A compositor that renders little for a partial update, and sends no more than changed."""

    # Textual's own type for this is narrower than what it does with the value
    def render_partial_update(self) -> SpanUpdate | ChopsUpdate | None:  # type: ignore[override]  # a third kind
        """The update for what changed since the last one; None when nothing did."""
        spans = self._spans()
        if spans is None:  # never seen, and Textual's own way serves
            return super().render_partial_update()
        self._dirty_regions.clear()
        return SpanUpdate(list(_rendered(spans))) if spans else None

    def _spans(self) -> list[_Span] | None:
        """The changed spans, cut where one widget ends and another begins; None where there is no widget."""
        screen = self.size.region
        layers = self.layers_visible
        spans: list[_Span] = []
        dirty = (region.intersection(screen) for region in self._dirty_regions)
        for y, left, right in self._regions_to_spans(dirty):
            runs = [(left, right)] if left < right else []
            while runs:
                left, right = runs.pop()
                front = next((each for each in layers[y] if each[1].x < right and left < each[1].right), None)
                if front is None:
                    return None
                widget, seen, region = front
                first, last = max(left, seen.x), min(right, seen.right)
                spans.append(_Span(widget, region, y, first, last))
                # the rest lies in its neighbours, or in what it stands in front of
                runs += [run for run in ((left, first), (last, right)) if run[0] < run[1]]
        return spans


def _rendered(spans: Iterable[_Span]) -> Iterator[tuple[int, int, Strip]]:
    """Each span's cells; of a canvas no more than these, of others every line once."""
    wanted: dict[Widget, tuple[Region, set[int]]] = {}
    rest: list[_Span] = []
    canvases: dict[Widget, Canvas | None] = {}
    for span in spans:
        widget, region = span.widget, span.region
        if widget not in canvases:
            canvases[widget] = widget if isinstance(widget, Canvas) and widget.ready() else None
        canvas = canvases[widget]
        if canvas is not None:
            cells = canvas.cells(span.y - region.y, span.left - region.x, span.right - region.x)
            yield span.left, span.y, cells
        else:
            rest.append(span)
            wanted.setdefault(widget, (region, set()))[1].add(span.y)
    lines: dict[tuple[Widget, int], Strip] = {}
    for widget, (region, rows) in wanted.items():
        for first, last in _runs(sorted(rows)):
            strips = widget.render_lines(Region(0, first - region.y, region.width, last - first + 1))
            lines.update(((widget, first + index), strip) for index, strip in enumerate(strips))
    for widget, region, y, left, right in rest:
        strip = lines[widget, y]
        if left > region.x or right < region.right:
            strip = strip.crop(left - region.x, right - region.x)
        yield left, y, strip


def _runs(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of neighbours."""
    first = last = rows[0]
    for row in rows[1:]:
        if row != last + 1:
            yield first, last
            first = row
        last = row
    yield first, last
