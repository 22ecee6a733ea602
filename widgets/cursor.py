"""A canvas of entries with a cursor: what lists share, whatever their lines are."""

from __future__ import annotations

from typing import Any

from rich.style import Style
from textual import events

from widgets.canvas import Canvas
from widgets.draw import Line, fit

CURSOR = "+cursor"
"""Ends the role of what stands under the cursor."""


def under_cursor(line: Line, width: int) -> Line:
    """A line as it looks under the cursor, over the whole width."""
    return tuple((text, f"{role}{CURSOR}") for text, role in fit(line, width))


class CursorCanvas(Canvas, can_focus=True):
    """Subclasses draw, and move their cursor in `action_move`."""

    def role_style(self, role: str) -> Style:
        """A role, or a role under the cursor: only its background is the cursor's."""
        style = self._roles.get(role)
        if style is not None or not role.endswith(CURSOR):
            return style or super().role_style(role)
        base = self.role_style(role.removesuffix(CURSOR))
        cursor = super().role_style("cursor" if self.has_focus else "mark")
        style = self._roles[role] = base + Style(bgcolor=cursor.bgcolor, reverse=cursor.reverse)
        return style

    def action_move(self, step: int) -> Any:
        """Move the cursor by entries."""
        raise NotImplementedError

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(-1)

    def on_focus(self) -> None:
        """The cursor is bright while the list has the keyboard."""
        self._restyle()

    def on_blur(self) -> None:
        """The cursor is faint while something else has the keyboard."""
        self._restyle()

    def _restyle(self) -> None:
        self._roles.clear()
        self._lines = []
        self.redraw()
