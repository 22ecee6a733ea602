"""What can be taken up from the drawer: runs under way, what is due, and the procedures of the guides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from widgets.cursor import CursorCanvas, under_cursor
from widgets.draw import Line, Span, spread


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that can be chosen, with what it stands for; without one it is a heading or a remark."""

    left: Sequence[Span]
    right: Sequence[Span] = ()
    chosen: Any = None


class ShelfList(CursorCanvas):
    """Entries below headings, with a cursor on those that can be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="shelf.up", tooltip="The entry above"),
        Binding("down,j", "move(1)", "Down", show=False, id="shelf.down", tooltip="The entry below"),
        Binding("home,g", "move(-9999)", "First", show=False, id="shelf.first", tooltip="The first entry"),
        Binding("end,G", "move(9999)", "Last", show=False, id="shelf.last", tooltip="The last entry"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="shelf.page-up", tooltip="A page up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="shelf.page-down", tooltip="A page down"),
        Binding("enter", "choose", "Open", id="shelf.open", tooltip="Open what is in front"),
    ]

    class Chosen(Message):
        """An entry was chosen; `what` is what it stands for."""

        def __init__(self, what: Any) -> None:
            super().__init__()
            self.what = what

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self._entries: Sequence[Entry] = ()
        self._cursor = 0
        """Among the entries that can be chosen."""
        self._top = 0

    def show(self, entries: Sequence[Entry]) -> None:
        """Draw these entries; the cursor stays with what it stood on."""
        before = self.current
        self._entries = entries
        choices = self._choices
        places = [place for place, entry in enumerate(choices) if entry.chosen == before]
        self._cursor = places[0] if before is not None and places else min(self._cursor, len(choices) - 1)
        self._cursor = max(0, self._cursor)
        self.redraw()

    @property
    def _choices(self) -> list[Entry]:
        return [entry for entry in self._entries if entry.chosen is not None]

    @property
    def current(self) -> Any:
        """What the entry in front stands for; None without one."""
        choices = self._choices
        return choices[self._cursor].chosen if choices else None

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The entries in view, and how many are below."""
        choices = self._choices
        front = choices[self._cursor] if choices else None
        lines: list[Line] = []
        at = 0
        for index, entry in enumerate(self._entries):
            line = spread(entry.left, entry.right, width)
            if entry is front:
                at = index
                line = under_cursor(line, width)
            lines.append(line)
        heading = at > 0 and self._entries[at - 1].chosen is None
        self._top = max(at - height + 1, min(self._top, at - 1 if heading else at))
        self._top = max(0, min(self._top, len(lines) - height))
        shown = lines[self._top : self._top + height]
        below = len(lines) - self._top - height
        if below > 0 and at < self._top + height - 1:
            shown[-1] = ((f"↓ {below + 1} more", "dim"),)
        return shown

    def action_move(self, step: int) -> None:
        """Move by entries."""
        self._cursor = max(0, min(self._cursor + step, len(self._choices) - 1))
        self.redraw()

    def action_page(self, pages: int) -> None:
        """Move by what is in view."""
        self.action_move(pages * max(1, self.content_size.height - 2))

    def action_choose(self) -> None:
        """Open what is in front."""
        if self.current is not None:
            self.post_message(self.Chosen(self.current))

    def on_click(self, event: events.Click) -> None:
        """A click puts an entry in front, a second one opens it."""
        self.focus()
        index = self._top + event.y
        if index < len(self._entries) and self._entries[index].chosen is not None:
            entry = self._entries[index]
            self._cursor = next(place for place, one in enumerate(self._choices) if one is entry)
            self.redraw()
            if event.chain > 1:
                self.action_choose()
