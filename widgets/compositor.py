"""Textual's compositor, made to send changed cells only.

Textual 8.2 sends a changed span from the left edge of its widget on; here the span is cut at both
ends, which is most of the difference between a live screen and a flood over SSH. It touches two
private names of Textual (`Screen._compositor`, `Compositor.render_partial_update`); a test says when
a new version changes them.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class SpanUpdate(ChopsUpdate):
    """Changed spans, each cut to exactly the cells that changed."""

    def render_segments(self, console: Console) -> str:
        """The escape sequences and text of the changed spans."""
        parts: list[str] = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= x2 or end <= x1:
                    continue
                left, right = max(x, x1), min(end, x2)
                if left > x or right < end:
                    strip = strip.crop(left - x, right - x)
                parts.append(Control.move_to(left, y).segment.text)
                parts.append(strip.render(console))
        return "".join(parts)


class SpanCompositor(Compositor):
    """A compositor whose partial updates are `SpanUpdate`s."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """The update for what changed since the last one; None when nothing did."""
        update = super().render_partial_update()
        if update is None or not update.spans:
            return None
        return SpanUpdate(update.chops, update.spans, update.chop_ends)
