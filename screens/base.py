"""What every full screen shares: header, what is wrong, prompt, and drawing little."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from console.sources.base import Focus
from widgets.canvas import ROLE_CLASSES
from widgets.compositor import SpanCompositor
from widgets.lines import FooterLine, HeaderLine, WrongLine

if TYPE_CHECKING:
    from screens.app import OpsConsole
    from widgets.prompt import PromptLine


ANSWERS = 50
"""Typed lines kept of each purpose, for the arrow keys."""


@dataclass(frozen=True, slots=True)
class FooterKey:
    """A key of the footer: its binding's id, its default key, a word, and the action of a click."""

    id: str
    key: str
    word: str
    action: str = ""


class OpsScreen(Screen[None], inherit_bindings=False):
    """A screen fed by the collector through the app."""

    BLANK = True  # widgets cover it: drawing it line by line below them cost a tenth of a full repaint
    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "close", "Quit", id="screen.close", tooltip="Close this layer; at the root, quit"),
    ]

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As Textual has it, except that the two widgets concerned are repainted and not the whole screen."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = SpanCompositor()

    @property
    def ops(self) -> OpsConsole:
        """The app, by its own type."""
        return cast("OpsConsole", self.app)

    def focus_of(self, kind: str) -> Focus:
        """How closely this screen looks at the sources of a kind."""
        return Focus.HIDDEN

    def show(self, kinds: Iterable[str]) -> None:
        """New readings came for these kinds: draw what of them is in view."""

    def show_lines(self) -> None:
        """Draw the header and what is wrong."""
        if not self.is_mounted:
            return
        for header in self.query(HeaderLine):
            header.show(self.ops.scene.header())
        for wrong in self.query(WrongLine):
            wrong.show(*self.ops.scene.wrong())

    def footer_keys(self) -> Sequence[FooterKey]:
        """The keys the footer offers."""
        return ()

    def show_footer(self) -> None:
        """Draw the keys that work here, as they are bound now."""
        keys = [(self.ops.key(key.id, key.key), key.word, key.action) for key in self.footer_keys()]
        for footer in self.query(FooterLine):
            footer.show(keys)

    def on_wrong_line_chosen(self, message: WrongLine.Chosen) -> None:
        """The pane a finding comes from."""
        message.stop()
        if message.number.isdecimal():
            self.ops.action_pane(int(message.number))
        elif not message.number:
            self.ops.action_findings()

    def on_screen_resume(self) -> None:
        """In view again: everything may have changed meanwhile."""
        if self.ops.base is not self:
            return  # another screen came over it at once
        self.ops.look()
        self.show(self.ops.kinds)
        self.show_lines()
        self.show_footer()

    def action_close(self) -> None:
        """Leave this layer."""
        self.app.pop_screen()

    # -- the line at the bottom where text is typed

    async def ask(
        self, purpose: str, label: str, text: str = "", choices: Sequence[str] = (), hint: str = ""
    ) -> None:
        """Open the prompt; the answer comes as `PromptLine.Answered` with this purpose."""
        from widgets.prompt import PromptLine  # Textual's Input is loaded when something is typed

        if not self.is_mounted:
            return  # keys typed ahead of a screen that is only just being opened
        await self.query(PromptLine).remove()
        before = self.ops.answers.setdefault(purpose, [])
        prompt = PromptLine(purpose, label, text, choices, hint, before)
        await self.mount(prompt)
        prompt.take_keyboard()

    @property
    def asking(self) -> bool:
        """Whether a prompt has the keyboard."""
        return self.focused is not None and self.focused.has_class("prompt--input")

    async def ask_filter(self) -> None:
        """Open the prompt for a filter, where there is something to filter."""

    async def end_prompt(self) -> None:
        """Close the prompt and give the keyboard back."""
        from widgets.prompt import PromptLine

        await self.query(PromptLine).remove()

    async def on_prompt_line_answered(self, message: PromptLine.Answered) -> None:
        """Hand the answer to whoever asked."""
        message.stop()
        before = self.ops.answers.setdefault(message.purpose, [])
        if message.text and message.text not in before[-1:]:
            before.append(message.text)
            del before[:-ANSWERS]
        await self.end_prompt()
        self.restore_focus()
        await self.answered(message.purpose, message.text)

    def on_prompt_line_changed(self, message: PromptLine.Changed) -> None:
        """Show the effect of what is typed, where that makes sense."""
        message.stop()
        self.typing(message.purpose, message.text)

    def restore_focus(self) -> None:
        """Give the keyboard to the screen's main widget."""

    async def answered(self, purpose: str, text: str | None) -> None:
        """A prompt was answered; None: taken back."""
        await self.ops.answered(purpose, text)

    def typing(self, purpose: str, text: str) -> None:
        """A prompt's text changed."""
