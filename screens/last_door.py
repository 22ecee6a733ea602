"""The last door before the terminal, and what is left of colour where there is little of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter, Monochrome, NoColor


class ControlFilter(LineFilter):
    """Control characters are deleted, links are dropped.

    Everything was cleaned on its way in; this holds for what came by a way nobody thought of.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, each printable and as wide as it was measured."""
        if all(s.text.isprintable() and not (s.style and s.style.link) for s in segments):
            return segments
        kept = []
        for text, style, control in segments:
            plain = text if text.isprintable() else "".join(_printable(char) for char in text)
            bare = style.update_link(None) if style is not None and style.link else style
            kept.append(Segment(plain, bare, control))
        return kept


def _printable(char: str) -> str:
    return char if char.isprintable() else " " * cell_len(char)


_LAST_DOOR, _NO_COLOR = ControlFilter(), NoColor()
"""One of each: Textual keeps what a filter made of a line, by the filter itself. New ones for every
drawing cost a quarter of the console's CPU."""


def few_colors(app: App[Any]) -> bool:
    """Whether the terminal has 16 colours or less, or its user wants none.

    Then the themes' shades would fall together; shapes, weight and the terminal's own colours tell
    what they would (`-few-colors` in themes/app.tcss).
    """
    return app.no_color or app.console.color_system in ("standard", None)


def filters_of(app: App[Any], filters: Sequence[LineFilter]) -> list[LineFilter]:
    """Textual's filters as they fit this terminal, and ours as the last one.

    NO_COLOR means none, where Textual would send shades of grey.
    """
    kept: list[LineFilter] = list(filters)
    if few_colors(app):
        # the terminal's own colours pass as they are: by way of 24 bits others would come out
        kept = [each for each in kept if not isinstance(each, ANSIToTruecolor | Monochrome | NoColor)]
    if app.no_color or app.console.color_system is None:
        kept.append(_NO_COLOR)
    return [*kept, _LAST_DOOR]
