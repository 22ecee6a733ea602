"""The acts a row offers, each with its exact call; keys, digits and the mouse choose one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message

from console.text import clean
from widgets.cursor import CursorCanvas, under_cursor
from widgets.draw import Line, fit
from widgets.step_drawing import command_lines

if TYPE_CHECKING:
    from console.runs.acts import Act


class ActList(CursorCanvas):
    """What the row is, and what can be done to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="acts.up", tooltip="The act above"),
        Binding("down,j", "move(1)", "Down", show=False, id="acts.down", tooltip="The act below"),
        Binding("enter", "choose(-1)", "Choose", id="acts.choose", tooltip="Ask for this act"),
        *(
            Binding(
                str(n), f"choose({n - 1})", f"Act {n}", show=False, id=f"acts.{n}", tooltip=f"Ask for act {n}"
            )
            for n in range(1, 10)
        ),
    ]

    class Chosen(Message):
        """An act was chosen; nothing is done yet."""

        def __init__(self, act: Act) -> None:
            super().__init__()
            self.act = act

    def __init__(self, acts: Sequence[Act], note: str = "", *, classes: str | None = None) -> None:
        """`note` is what else the reader must know before he chooses."""
        super().__init__(classes=classes)
        self._acts = acts
        self._note = note
        self._cursor = 0
        self._top = 0
        self._places: list[int] = []
        """The act each line belongs to; -1 above and between them."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are."""
        return len(self._make(width)[0])

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines in view, the chosen act among them."""
        lines, self._places = self._make(width)
        own = [y for y, act in enumerate(self._places) if act == self._cursor]
        self._top = max(0, min(self._top, len(lines) - height))
        self._top = min(own[0], max(self._top, own[-1] - height + 1))
        return lines[self._top : self._top + height]

    def _make(self, width: int) -> tuple[list[Line], list[int]]:
        about = self._acts[0].about or (self._acts[0].target,)
        roles = ["strong", *["label"] * len(about)]
        head = [
            fit(((clean(text, 2000), role),), width) for text, role in zip(about, roles, strict=False) if text
        ]
        if self._note:
            head.append(fit(((f"▲ {clean(self._note, 200)}", "warn"),), width))
        lines: list[Line] = [*head, ()]
        places = [-1] * len(lines)
        for index, act in enumerate(self._acts):
            here = index == self._cursor
            title = f"{'▸' if here else ' '} {index + 1} {clean(act.step.title, 300)}"
            line = fit(((title, "strong"),), width)
            entry = [under_cursor(line, width) if here else line]
            entry += command_lines(act.step.command, width, " " * 4, "text" if here else "dim")
            lines += entry
            places += [index] * len(entry)
        return lines, places

    def action_move(self, step: int) -> None:
        """Go up or down by acts."""
        self._cursor = max(0, min(self._cursor + step, len(self._acts) - 1))
        self.redraw()

    def action_choose(self, index: int) -> None:
        """Choose an act by its place; below 0 the one under the cursor."""
        if index < len(self._acts):
            self._cursor = self._cursor if index < 0 else index
            self.redraw()
            self.post_message(self.Chosen(self._acts[self._cursor]))

    def on_click(self, event: events.Click) -> None:
        """A click on an act chooses it."""
        where = event.get_content_offset(self)
        y = -1 if where is None else where.y + self._top
        if 0 <= y < len(self._places) and self._places[y] >= 0:
            self.action_choose(self._places[y])
