"""A command changed before it runs: what was changed is recorded beside what the guide says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import TextArea

from console.text import clean
from screens.sequences import PASTE_LIMIT
from widgets.canvas import ROLE_CLASSES

if TYPE_CHECKING:
    from screens.app import OpsConsole


def visible(text: str) -> str:
    """A text of several lines as a person sees it: a control character in it would be run unseen."""
    return "\n".join(clean(line.expandtabs(4), 100_000) for line in re.split("\r\n|\r|\n", text))


class CommandArea(TextArea):
    """Takes a paste as it can be seen, and whole or not at all."""

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        if len(event.text) >= PASTE_LIMIT:  # the rest is lost already
            self.notify(
                f"Nothing was pasted: {PASTE_LIMIT:,} characters are too many. Run a script that has them.",
                severity="warning",
                markup=False,
            )
            return
        await super()._on_paste(events.Paste(visible(event.text)))


class EditScreen(ModalScreen[str | None], inherit_bindings=False):
    """Gives the changed command, or None when it was left."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave it", priority=True, id="edit.leave", tooltip="Change nothing"),
        Binding("ctrl+s", "take", "Take it", priority=True, id="edit.take", tooltip="Go on with it"),
    ]

    def __init__(self, title: str, command: str, opened: Callable[[], None]) -> None:
        """`opened` is called once what is typed goes into the field."""
        super().__init__()
        self._opened = opened
        self._title = clean(title, 200)
        self._command = visible(command)

    @property
    def ops(self) -> OpsConsole:
        """The app, by its own type."""
        return cast("OpsConsole", self.app)

    def compose(self) -> ComposeResult:
        """The command in a field of several lines."""
        with Vertical(classes="window edit") as window:
            window.border_title = Content(f"Edit: {self._title}")
            key = self.ops.key
            keys = f"{key('edit.take', '^s')} go on with it  {key('edit.leave', 'esc')} leave it"
            window.border_subtitle = Content(keys)
            yield CommandArea(self._command, show_line_numbers=False, soft_wrap=True, compact=True)

    def on_mount(self) -> None:
        """The field has the keyboard, at the end of what stands there."""
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        self.set_focus(area)
        self._opened()

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def action_take(self) -> None:
        """Go on with this command; an empty one is none."""
        text = self.query_one(TextArea).text
        self.dismiss(text if text.strip() else None)
