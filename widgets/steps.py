"""The steps of a procedure or a run, one a line; the one in front shows all that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from console.text import clean
from widgets.cursor import CursorCanvas, under_cursor
from widgets.draw import Line
from widgets.step_drawing import Steps, details, row

OUTPUT_LEAST = 6
"""Lines of output shown of the step in front, where there is little room."""


class StepList(CursorCanvas):
    """A list of steps with a cursor; what is done with the step in front is its owner's business."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # handled before they are handed on, like the keys that act: "jj" and space in one go hits the third
        Binding(keys, action, word, show=False, id=f"steps.{name}", tooltip=tooltip, priority=True)
        for keys, action, word, name, tooltip in (
            ("up,k", "move(-1)", "Up", "up", "The step before"),
            ("down,j", "move(1)", "Down", "down", "The next step"),
            ("home,g", "edge(-1)", "First", "first", "The first step"),
            ("end,G", "edge(1)", "Last", "last", "The last step"),
            ("pageup", "page(-1)", "Page up", "page-up", "A page up"),
            ("pagedown", "page(1)", "Page down", "page-down", "A page down"),
        )
    ]

    class Moved(Message):
        """Another step is in front."""

    class Opened(Message):
        """The step in front was chosen by a second click."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self._steps: Steps | None = None
        self._cursor = 0
        self._top = 0
        self._places: list[int] = []
        """The step each drawn line belongs to."""

    def show(self, steps: Steps) -> None:
        """Draw these steps."""
        self._steps = steps
        self._cursor = max(0, min(self._cursor, len(steps.states) - 1))
        self.redraw()

    @property
    def cursor(self) -> int:
        """The index of the step in front."""
        return self._cursor

    def go_to(self, index: int) -> None:
        """Put a step in front."""
        before = self._cursor
        self._cursor = max(0, min(index, (len(self._steps.states) if self._steps else 1) - 1))
        self.redraw()
        if self._cursor != before:
            self.post_message(self.Moved())

    # -- drawing

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The steps in view, the one in front with its details below it."""
        steps = self._steps
        if steps is None or not steps.states:
            self._places = []
            return [(("there are no steps in it", "dim"),)]
        lines, places = self._all(steps, width, height)
        first = places.index(self._cursor)
        last = len(places) - 1 - places[::-1].index(self._cursor)
        if last >= self._top + height:
            self._top = last - height + 1
        # its own line is worth more than the end of its details, and a heading more than that
        first -= 1 if first and lines[first - 1] and places[first - 1] < 0 else 0
        self._top = max(0, min(self._top, first, max(0, len(lines) - height)))
        self._places = places[self._top : self._top + height]
        return lines[self._top : self._top + height]

    def _all(self, steps: Steps, width: int, height: int) -> tuple[list[Line], list[int]]:
        lines: list[Line] = []
        places: list[int] = []
        group = ""
        for index, state in enumerate(steps.states):
            if state.step.group != group:
                group = state.step.group
                if group:
                    lines.append(((f" {clean(group, 200)}", "label"),))
                    places.append(-1)
            line = row(steps, index, width)
            if index == self._cursor:
                line = under_cursor(line, width)
            lines.append(line)
            places.append(index)
            if index == self._cursor:
                more = self._details(steps, index, width, height)
                lines += more
                places += [index] * len(more)
        return lines, places

    def _details(self, steps: Steps, index: int, width: int, height: int) -> list[Line]:
        """No more than leaves the steps around it in view, unless the whole is small."""
        others = min(len(steps.states) - 1, max(2, height // 3))
        room = max(1, height - 1 - others)
        found = details(steps, index, width, 0)
        output = max(OUTPUT_LEAST, room - len(found))
        found = details(steps, index, width, output)
        if len(found) <= room:
            return found
        kept = len(found) - room + 1
        if not steps.states[index].lines:
            return [*found[: room - 1], ((f"     … {kept} more lines: d shows all", "dim"),)]
        # what it printed last is worth more than what the guide says about it
        tail = min(OUTPUT_LEAST, room - 1)
        return [*found[: max(0, room - tail)], *found[-tail:]]

    # -- moving

    def action_move(self, step: int) -> None:
        """Move by steps."""
        self.go_to(self._cursor + step)

    def action_page(self, pages: int) -> None:
        """Move by half of what is in view."""
        self.go_to(self._cursor + pages * max(1, self.content_size.height // 2))

    def action_edge(self, end: int) -> None:
        """To the first (-1) or last (1) step."""
        self.go_to(0 if end < 0 or self._steps is None else len(self._steps.states) - 1)

    def on_click(self, event: events.Click) -> None:
        """A click puts a step in front, a second one does what Enter does."""
        self.focus()
        if event.y < len(self._places) and self._places[event.y] >= 0:
            self.go_to(self._places[event.y])
            if event.chain > 1:
                self.post_message(self.Opened())
