"""A widget that draws lines of spans and sends to the terminal only the cells that changed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.errors import StyleSyntaxError
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.text import width as cell_width
from widgets.boundary import DrawingFailedError, attempt
from widgets.draw import ROLES, SGR, Line, fit, part, wrap

ROLE_CLASSES = {f"canvas--{role}" for role in ROLES}
"""The component classes of all roles. Screens carry them, once for all their canvases: resolved by
each widget of its own they cost a third of the time to the first paint."""


class Canvas(Widget):
    """The base of everything drawn here: subclasses give lines, it finds what changed.

    Call `redraw` whenever the content may have changed; equal lines cost a comparison and nothing
    reaches the terminal for them.
    """

    DEFAULT_CSS = """
    Canvas { width: 1fr; height: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._strips: list[Strip | None] = []
        """A line's strip, made when the whole line is painted: mostly a few cells of it are."""
        self._drawn_for = (0, 0)
        self._roles: dict[str, Style] = {}
        self._background = Color(0, 0, 0)
        self._filters: Sequence[LineFilter] = ()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines to show in `width` x `height` cells; missing ones are blank, longer ones are cut."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw again and mark what changed for repainting."""
        width, height = self.content_size
        if not width or not height or not self.is_attached:
            return
        old = self._lines
        if not old or self._drawn_for != (width, height):
            self._draw_whole(width, height)
            self.refresh()
            return
        lines = self._lines_for(width, height)
        dirty: list[Region] = []
        for y, (before, after) in enumerate(zip(old, lines, strict=True)):
            if before is after or before == after:
                continue
            if not dirty:
                self._look_up()
            self._strips[y] = None
            dirty += (Region(left, y, right - left, 1) for left, right in _changes(before, after, width))
        self._lines = lines
        if dirty:
            self.refresh(*dirty)

    def _draw_if_due(self, width: int, height: int) -> None:
        """What is painted before its first drawing, or in another size, is drawn then."""
        if not self._lines or self._drawn_for != (width, height):
            self._draw_whole(width, height)

    def _lines_for(self, width: int, height: int) -> list[Line]:
        try:
            return attempt(self._fitted, width, height)
        except DrawingFailedError as failure:
            return _fill(failed_lines(failure, width), width, height)

    def _draw_whole(self, width: int, height: int) -> None:
        self._drawn_for = (width, height)
        self._lines = self._lines_for(width, height)
        self._look_up()
        self._strips = [None] * len(self._lines)

    def _fitted(self, width: int, height: int) -> list[Line]:
        return _fill(self.draw(width, height), width, height)

    def _look_up(self) -> None:
        # once for a drawing: both walk through all that is above this widget
        self._background = self.background_colors[1]
        self._filters = self.get_line_filters()

    def _strip(self, spans: Line, width: int) -> Strip:
        segments = [Segment(text, self.role_style(role)) for text, role in spans]
        for each in self._filters:
            segments = each.apply(segments, self._background)
        return Strip(segments, width)

    def _whole(self, y: int) -> Strip:
        strip = self._strips[y]
        if strip is None:
            strip = self._strips[y] = self._strip(self._lines[y], self.content_size.width)
        return strip

    @property
    def bare(self) -> bool:
        """Whether there is nothing round its content, so that its cells can be painted as they are."""
        return self.outer_size == self.content_size

    def ready(self) -> bool:
        """Have it drawn; whether its `cells` can be painted as they are."""
        if not self.bare:
            return False
        self._draw_if_due(*self.content_size)
        return True

    def cells(self, y: int, left: int, right: int) -> Strip:
        """The cells [left, right) of a line as they are drawn now, once it is `ready`."""
        spans = part(self._lines[y], left, right) if self._strips[y] is None else None
        if spans is None:
            return self._whole(y).crop(left, right)
        return self._strip(spans, right - left)

    def role_style(self, role: str) -> Style:
        """The theme's style of a role, from the component classes of the screen; unknown ones are text.

        A role that begins with `SGR` is text in a program's own colours.
        """
        style = self._roles.get(role)
        if style is None:
            known = role if role in ROLES else "text"
            style = self.screen.get_component_rich_style(f"canvas--{known}")
            if role.startswith(SGR):
                style += _parsed(role[len(SGR) :])
            self._roles[role] = style
        return style

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region for Textual's compositor: what is drawn already, as it is.

        Textual's own way goes through its cache of styled lines, which costs as much again; it serves
        canvases with a border. The first painting draws: no blank screen comes before it.
        """
        width, height = self.content_size
        if not (self.bare and width and height):
            return super().render_lines(crop)
        self._draw_if_due(width, height)
        strips = [self._whole(y) for y in range(crop.y, min(crop.bottom, height))]
        if crop.x or crop.right != width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line for Textual's compositor, of a canvas with a border."""
        width, height = self.content_size
        if width and y < height:
            self._draw_if_due(width, height)
            return self._whole(y)
        return Strip.blank(self.content_size.width, self.rich_style)

    def notify_style_update(self) -> None:
        """The theme or the classes changed: styles are looked up anew."""
        super().notify_style_update()
        self._roles.clear()
        self._lines = []
        if self.is_attached:
            self.call_later(self.redraw)

    def on_resize(self, event: events.Resize) -> None:
        """A new size is a new drawing, unless the painting was first."""
        if self._drawn_for != self.content_size or not self.bare:
            self._lines = []
        self.redraw()

    @property
    def text(self) -> str:
        """What is drawn, without styles, one line a row."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self._lines)


def _parsed(words: str) -> Style:
    """A style in Rich's words; one it does not know is none."""
    try:
        return Style.parse(words)
    except StyleSyntaxError:
        return Style()


def _fill(drawn: Sequence[Line], width: int, height: int) -> list[Line]:
    return [fit(drawn[y] if y < len(drawn) else (), width) for y in range(height)]


def failed_lines(failure: DrawingFailedError, width: int) -> list[Line]:
    """What stands where something could not be drawn."""
    return wrap(f"✖ this pane failed to draw: {failure}", width, "crit")


def _changes(before: Line, after: Line, width: int) -> list[tuple[int, int]]:
    """The cells [left, right) that differ, in one run; in two where what differs is an outline."""
    if len(before) > 2 and before[0] != after[0] and before[1:-1] == after[1:-1] and before[-1] != after[-1]:
        old, new = ((cell_width(line[0][0]), cell_width(line[-1][0])) for line in (before, after))
        if old == new:
            return [(0, new[0]), (width - new[1], width)]
    return [_changed(before, after, width)]


def _changed(before: Line, after: Line, width: int) -> tuple[int, int]:
    """The cells [left, right) outside which two lines of one width are equal."""
    left = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            if old[1] == new[1] and old[0].isascii() and new[0].isascii():
                left += _common(old[0], new[0])
            break
        left += cell_width(old[0])
    right = width
    for old, new in zip(reversed(before), reversed(after), strict=False):
        if old != new:
            if old[1] == new[1] and old[0].isascii() and new[0].isascii():
                right -= _common(old[0][::-1], new[0][::-1])
            break
        right -= cell_width(old[0])
    left = min(left, width - 1)
    return left, max(right, left + 1)


def _common(old: str, new: str) -> int:
    """Length of the common start of two strings."""
    if len(old) > len(new):
        old, new = new, old
    for index, char in enumerate(old):
        if char != new[index]:
            return index
    return len(old)
