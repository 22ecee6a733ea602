"""The line at the bottom where a filter, a command or a time is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester, SuggestFromList
from textual.widgets import Input, Static

from console.text import clean, clip

LIMIT = 2000
"""Characters a prompt takes."""


class ShortInput(Input):
    """Takes so much and no more: Textual 8.2 draws all of a text, with every key."""

    _told = False

    def replace(self, text: str, start: int, end: int) -> None:
        """Put a text in the place of another; what there is no room for is left out, and that is said."""
        if not self.password:
            text = clean(text, len(text))  # pasted, it may hold what nobody sees
        start, end = sorted((max(0, start), min(len(self.value), end)))
        room = max(0, LIMIT - len(self.value) + end - start)
        if len(text) > room:
            text = text[:room]
            if not self._told:
                self.notify(
                    f"The rest was left out: a prompt takes {LIMIT:,} characters",
                    severity="warning",
                    markup=False,
                )
            self._told = True
        else:
            self._told = False
        if text or start < end:
            super().replace(text, start, end)


class Field(ShortInput):
    """Where the text is typed: its keys act in the order in which they were pressed."""

    async def _on_key(self, event: events.Key) -> None:
        # the keys of bindings go up to the app before they act, and letters that follow would overtake them
        for binding in () if event.is_printable else self._bindings.key_to_bindings.get(event.key, ()):
            if await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()
                return


class PromptLine(Horizontal):
    """Asks for one line of text; Enter gives it, Esc takes the question back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="prompt.cancel", tooltip="Take the question back"),
        Binding("tab,shift+tab", "complete", "Complete", id="prompt.complete", tooltip="Take the suggestion"),
        Binding("up", "recall(-1)", "Earlier", id="prompt.earlier", tooltip="What was typed before"),
        Binding("down", "recall(1)", "Later", id="prompt.later", tooltip="What was typed after that"),
    ]

    class Changed(Message):
        """The text so far, for what shows its effect at once."""

        def __init__(self, purpose: str, text: str) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    class Answered(Message):
        """The text was given; None when it was taken back."""

        def __init__(self, purpose: str, text: str | None) -> None:
            super().__init__()
            self.purpose = purpose
            self.text = text

    def __init__(
        self,
        purpose: str,
        label: str,
        text: str = "",
        choices: Sequence[str] = (),
        hint: str = "",
        before: Sequence[str] = (),
        secret: bool = False,
        offered: bool = False,
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(id="prompt")
        self.purpose = purpose
        self._label = label
        self._text = text
        self._choices = choices
        self._hint = hint
        self._secret = secret
        self._offered = offered
        """Whether the text is offered: Enter takes it, what is typed stands in its place."""
        self._suggester = suggester
        """Completes more than whole lines."""
        self._before = [*before, text]
        self._recalled = len(before)

    def compose(self) -> ComposeResult:
        """Label and input."""
        text = clip(self._label, max(8, self.app.size.width // 2))
        label = Static(Content(text), classes="prompt--label")
        label.styles.width = cell_len(text) + 2
        yield label
        suggester = self._suggester
        if suggester is None and self._choices:
            suggester = SuggestFromList(self._choices, case_sensitive=False)
        yield Field(
            self._text,
            placeholder=self._hint,
            suggester=suggester,
            select_on_focus=False,
            compact=True,
            password=self._secret,
            classes="prompt--input",
        )

    def on_mount(self) -> None:
        """A text that is offered is selected, as whoever types means another one."""
        if self._offered:
            self.query_one(Input).select_all()

    def take_keyboard(self) -> None:
        """From this moment on what is typed is the answer; not from some later moment, as by `focus`."""
        self.screen.set_focus(self.query_one(Input))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what stands there now."""
        event.stop()
        self.post_message(self.Changed(self.purpose, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the answer."""
        event.stop()
        self.post_message(self.Answered(self.purpose, event.value))

    def action_cancel(self) -> None:
        """Take the question back."""
        self.post_message(self.Answered(self.purpose, None))

    def action_complete(self) -> None:
        """Take the suggestion."""
        field = self.query_one(Input)
        field.action_end()
        field.action_cursor_right()  # at the end of the text this is what takes it

    def action_recall(self, step: int) -> None:
        """Put an earlier answer there; after the newest, what stood there at first."""
        field = self.query_one(Input)
        if self._recalled == len(self._before) - 1:
            self._before[-1] = field.value
        self._recalled = max(0, min(self._recalled + step, len(self._before) - 1))
        field.value = self._before[self._recalled]
        field.cursor_position = len(field.value)
