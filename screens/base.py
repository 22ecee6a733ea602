"""What every full screen shares: header, what is wrong, prompt, and drawing little."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from console.sources.base import Focus
from screens.layout import drawer_room
from widgets.canvas import ROLE_CLASSES
from widgets.compositor import SpanCompositor
from widgets.lines import FooterLine, HeaderLine, WaitingLine, WrongLine

if TYPE_CHECKING:
    from textual.suggester import Suggester

    from screens.app import OpsConsole
    from screens.drawer import Drawer
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


def drawer_key(binding_id: str, key: str, word: str, action: str) -> FooterKey:
    """A key of the drawer, with the drawer's action that it and a click on its name carry out."""
    return FooterKey(binding_id, key, word, f"screen.in_drawer({action!r})")


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
        self._drawer: Drawer | None = None
        self._waiting: asyncio.Future[str | None] | None = None
        self._focus_before: Widget | None = None

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
        for waiting in self.query(WaitingLine):
            if waiting.show(() if self.ops.runbooks.place.open else self.ops.waiting_line()):
                self.arrange_rest()

    def footer_keys(self) -> Sequence[FooterKey]:
        """The keys the footer offers."""
        return ()

    @property
    def idle_keys(self) -> set[str]:
        """Ids of keys that are bound here but have nothing to do for what is in front."""
        idle = {f"app.pane-{number}" for number in range(len(self.ops.kinds) + 1, 10)}
        if all(len(self.ops.scene.feeds(kind)) < 2 for kind in self.ops.kinds):
            idle.add("pane.other")
        return idle

    def show_footer(self) -> None:
        """Draw the keys that work here, as they are bound now."""
        drawer = self.drawer
        given = drawer.footer_keys() if drawer is not None and drawer.has_focus_within else self.footer_keys()
        keys = [(self.ops.key(key.id, key.key), key.word, key.action) for key in given]
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
        self.place_drawer()
        self.ops.look()
        self.show(self.ops.kinds)
        self.show_lines()
        self.show_footer()

    def action_close(self) -> None:
        """Leave this layer."""
        self.app.pop_screen()

    # -- the runbook drawer

    @property
    def runbook(self) -> str:
        """The runbook that goes with what is in front: its title, or its address; empty: none."""
        return ""

    @property
    def drawer(self) -> Drawer | None:
        """The drawer, where it is open on this screen."""
        return self._drawer if self._drawer is not None and self._drawer.is_attached else None

    def place_drawer(self) -> None:
        """Open the drawer, close it, or give it its room, as the app has it."""
        drawer, wanted = self.drawer, self.ops.runbooks.place.open
        self.set_class(wanted, "-drawer")
        if not wanted:
            if drawer is not None:
                drawer.remove()
                self._drawer = None
                self.arrange_rest()
                self.restore_focus()
                self.call_after_refresh(self.show_footer)
            return
        if drawer is None:
            from screens.drawer import Drawer  # loaded when it is first opened

            self._drawer = drawer = Drawer()
            self.mount(drawer)
        room = drawer_room(*self.app.size, whole=self.ops.runbooks.place.whole)
        drawer.set_class(room.beside, "-beside")
        drawer.styles.width, drawer.styles.height = room.width, room.height
        self.arrange_rest()

    async def action_in_drawer(self, action: str) -> None:
        """What a key does in the drawer, for a click on its name."""
        if self.drawer is not None:
            await self.drawer.run_action(action)

    def arrange_rest(self) -> None:
        """The drawer has taken room or given it back: arrange what else is there."""

    @property
    def room(self) -> tuple[int, int]:
        """Columns and lines there are beside the drawer."""
        width, height = self.app.size
        if not self.ops.runbooks.place.open:
            return width, height
        taken = drawer_room(width, height, whole=self.ops.runbooks.place.whole)
        return (width - taken.width, height) if taken.beside else (width, height - taken.height)

    # -- the line at the bottom where text is typed

    async def ask_text(
        self,
        label: str,
        text: str = "",
        *,
        hint: str = "",
        choices: Sequence[str] = (),
        before: Sequence[str] = (),
        secret: bool = False,
        offered: bool = False,
        asked: Callable[[], None] | None = None,
    ) -> str | None:
        """Ask for a line and wait for it: for workers. None when it was taken back.

        `asked` is called once the prompt has the keyboard.
        """
        self._end_waiting()
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._waiting = answer
        await self.ask("answer", label, text, choices, hint, before=before, secret=secret, offered=offered)
        if not self.query("#prompt"):
            self._end_waiting()  # the screen is only just being opened, or is gone
        if asked is not None:
            asked()
        return await answer

    def take_up_prompt(self) -> bool:
        """Give the keyboard back to a prompt that lost it to a click; whether there is one."""
        from widgets.prompt import PromptLine

        for prompt in self.query(PromptLine):
            prompt.take_keyboard()
            return True
        return False

    def _end_waiting(self, text: str | None = None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(text)
        self._waiting = None

    def on_unmount(self) -> None:
        """Whoever waits for an answer gets none."""
        self._end_waiting()

    async def ask(
        self,
        purpose: str,
        label: str,
        text: str = "",
        choices: Sequence[str] = (),
        hint: str = "",
        before: Sequence[str] | None = None,
        secret: bool = False,
        offered: bool = False,
        suggester: Suggester | None = None,
    ) -> None:
        """Open the prompt; the answer comes as `PromptLine.Answered` with this purpose.

        `before` is what the arrow keys recall, unless said otherwise what was typed for this purpose.
        """
        from widgets.prompt import PromptLine  # Textual's Input is loaded when something is typed

        if not self.is_mounted:
            return  # keys typed ahead of a screen that is only just being opened
        await self.query(PromptLine).remove()
        if before is None:
            before = self.ops.answers.setdefault(purpose, [])
        if not self.asking:
            self._focus_before = self.focused
        prompt = PromptLine(purpose, label, text, choices, hint, before, secret, offered, suggester)
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
        if message.purpose != "answer":
            self._remember(message.purpose, message.text)
        await self.end_prompt()
        self.restore_focus()
        drawer, before = self.drawer, self._focus_before
        if drawer is not None and before is not None and drawer in before.ancestors:
            self.set_focus(before)
        if message.purpose == "answer":
            self._end_waiting(message.text)
        else:
            await self.answered(message.purpose, message.text)

    def _remember(self, purpose: str, text: str | None) -> None:
        before = self.ops.answers.setdefault(purpose, [])
        if text and text not in before[-1:]:
            before.append(text)
            del before[:-ANSWERS]

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
