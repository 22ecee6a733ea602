"""The widget that hosts one pane on the overview: frame, title, states, focus and mouse."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from console.findings import Severity
from widgets.canvas import Canvas
from widgets.draw import Line, Span
from widgets.pane_drawing import draw_pane, draw_unfound, frame, rule, title_spans
from widgets.panes import TITLES, pane_for

if TYPE_CHECKING:
    from widgets.pane import Context, Pane

FRAME_LEAST = 100
"""Columns for all panes from which panes have a box; below, a titled rule saves the room."""


class PaneWidget(Canvas, can_focus=True):
    """Shows the feeds of one kind: the chosen one, or the worst until the reader chooses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,f", "zoom", "Zoom", id="pane.zoom", tooltip="The whole screen for this pane"),
        Binding(
            "o",
            "other",
            "Other source",
            show=False,
            id="pane.other",
            tooltip="The next source of this kind",
        ),
    ]

    class Zoomed(Message):
        """The reader wants this pane on the whole screen."""

        def __init__(self, pane: PaneWidget) -> None:
            super().__init__()
            self.pane = pane

    class OtherAsked(Message):
        """The reader wants the next source of this kind."""

        def __init__(self, kind: str) -> None:
            super().__init__()
            self.kind = kind

    def __init__(self, kind: str, number: int) -> None:
        super().__init__(id=f"pane-{number}")
        self.kind = kind
        self.number = number
        self._shown: Context | None = None
        self._others = 0
        self._hidden = Severity.OK
        self._unfound = False
        self._inside: tuple[tuple[int, int], list[Span], Sequence[Line]] | None = None
        """What was drawn of the context: its room, title and lines. The keyboard changes only the frame."""

    @cached_property
    def pane(self) -> Pane:
        """What draws; loaded at the first reading, after the first paint."""
        return pane_for(self.kind)

    def show(self, context: Context, others: int = 0, hidden: Severity = Severity.OK) -> None:
        """Draw this context; `others` counts the further sources of the kind, `hidden` is their worst."""
        self._shown = context
        self._others = others
        self._hidden = hidden
        self._inside = None
        self.redraw()

    def show_unfound(self) -> None:
        """Say that no source of this kind was found."""
        self._unfound = self._shown is None
        self.redraw()

    @property
    def boxed(self) -> bool:
        """Whether there is room for a box: beside the runbooks there is less of it."""
        panes = self.parent if isinstance(self.parent, Widget) else self
        return panes.size.width >= FRAME_LEAST and self.size.height >= 4

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Frame or rule, title, and what the pane has to say."""
        context = self._shown
        if context is None:
            name = TITLES.get(self.kind, self.kind.capitalize())
            title: list[Span] = [(f"{self.number} ", "key"), (name, "title")]
            lines: Sequence[Line] = [(("starting …", "dim"),)]
            if self._unfound:
                title.append(("  not found", "dim"))
                lines = draw_unfound(self.pane, width - 4)
        else:
            room = (width - 4, height - 2) if self.boxed else (width, height - 1)
            if self._inside is None or self._inside[0] != room:
                title = title_spans(self.pane, context, self.number, self._others, self._hidden)
                lines = draw_pane(self.pane, context, *room) if room[1] > 0 else []
                self._inside = (room, title, lines)
            _, title, lines = self._inside
        outline = frame if self.boxed else rule
        return outline(title, lines, width, height, self.has_focus)

    def action_zoom(self) -> None:
        """Ask for the whole screen."""
        self.post_message(self.Zoomed(self))

    def action_other(self) -> None:
        """Ask for the next source of this kind."""
        self.post_message(self.OtherAsked(self.kind))

    def on_click(self, event: events.Click) -> None:
        """A click chooses the pane, a second one zooms it."""
        self.focus()
        if event.chain > 1:
            self.action_zoom()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """No style depends on it: the frame is drawn otherwise, and nothing else."""

    def on_focus(self, event: events.Focus) -> None:
        """The frame says where the keyboard is."""
        self._draw_frame(event, events.DescendantFocus(self))

    def on_blur(self, event: events.Blur) -> None:
        """The frame says where the keyboard is."""
        self._draw_frame(event, events.DescendantBlur(self))

    def _draw_frame(self, event: events.Focus | events.Blur, told: events.Event) -> None:
        """Do what Textual does, without painting the whole widget for it."""
        event.prevent_default()
        self.has_focus = isinstance(event, events.Focus)
        self.redraw()
        if self.parent is not None:
            self.parent.post_message(told)
