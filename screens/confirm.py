"""The question before a step starts: exactly what would run, where, and what a person does to let it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from console.guides.model import Risk
from console.runs.asking import Preview
from console.runs.gate import Confirmation, Friction
from console.text import clean
from screens.detail import ScrollCanvas
from widgets.canvas import ROLE_CLASSES
from widgets.compositor import SpanCompositor
from widgets.draw import Line, wrap
from widgets.prompt import ShortInput
from widgets.step_drawing import RISK_ROLE, command_lines

if TYPE_CHECKING:
    from screens.app import OpsConsole

WHAT = {
    Risk.READ: "this only reads",
    Risk.UNKNOWN: "it is not known what this does",
    Risk.CHANGE: "this changes something",
    Risk.DESTRUCTIVE: "this destroys something",
}


RECORDED = ("journal", "this is written down for all who share it; no system is touched")
"""Of what is an entry of the journal and nothing else."""


class NameField(ShortInput):
    """Where a name is typed; page keys scroll the text above it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "pageup", "screen.page(-1)", "Page up", show=False, id="confirm.page-up", tooltip="A page up"
        ),
        Binding(
            "pagedown",
            "screen.page(1)",
            "Page down",
            show=False,
            id="confirm.page-down",
            tooltip="A page down",
        ),
    ]


class ConfirmScreen(ModalScreen[Confirmation | None], inherit_bindings=False):
    """Shows a preview and gives the Confirmation the gate asks for, or None when it was left."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,n", "leave", "Leave it", id="confirm.leave", tooltip="Do nothing"),
        Binding("enter", "enter", "Run", id="confirm.run", tooltip="Run what only reads or is shown here"),
        Binding("y", "yes", "Yes", id="confirm.yes", tooltip="Let a change happen"),
    ]

    def __init__(self, title: str, target: Sequence[str], preview: Preview) -> None:
        """`target` says where it would run, one phrase each."""
        super().__init__()
        self._compositor = SpanCompositor()
        self._title = clean(title, 200)
        self._target = target
        self._preview = preview
        self._wrong = ""

    @property
    def ops(self) -> OpsConsole:
        """The app, by its own type."""
        return cast("OpsConsole", self.app)

    def compose(self) -> ComposeResult:
        """What would run; below it the field for a name where one is asked for."""
        with Vertical(classes="window fitting") as window:
            window.border_title = Content(self._title)
            window.border_subtitle = Content(self._keys(whole=False))
            yield ScrollCanvas(self.make)
            if self._asks_name:
                yield NameField(
                    placeholder=clean(f"type {self._preview.name} to confirm", 200),
                    select_on_focus=False,
                    compact=True,
                )

    @property
    def _asks_name(self) -> bool:
        return not self._preview.refusal and self._preview.friction is Friction.NAME

    def _keys(self, whole: bool) -> str:
        """What the keys do; before all was in view there is only reading on, or leaving."""
        preview, key = self._preview, self.ops.key
        leave = f"{key('confirm.leave', 'esc')} {'close' if preview.refusal else 'leave it'}"
        if preview.refusal:
            return leave
        does = {
            Friction.NONE: f"{key('confirm.run', '⏎')} {'write it down' if preview.recorded else 'run'}",
            Friction.SHOWN: f"{key('confirm.run', '⏎')} run",
            Friction.YES: f"{key('confirm.yes', 'y')} do it",
            Friction.NAME: f"type {clean(preview.name, 60)} ⏎ do it",
        }[preview.friction]
        if not whole:
            page = "confirm.page-down" if self._asks_name else "window.page-down"
            does = f"{key(page, 'pgdn')} read on"
        return f"{does}  {leave}"

    def on_scroll_canvas_end_seen(self) -> None:
        """All of it was in view: it can be answered."""
        self.query_one(Vertical).border_subtitle = Content(self._keys(whole=True))

    def on_mount(self) -> None:
        """The keyboard is where the answer is given."""
        if self._asks_name:
            self.set_focus(self.query_one(NameField))
        else:
            self.query_one(ScrollCanvas).focus()

    def make(self, width: int) -> Sequence[Line]:
        """Risk, target, the command as it would run, and what speaks against it."""
        preview = self._preview
        lines: list[Line] = []
        role = RISK_ROLE[preview.risk]
        if preview.refusal:
            lines += wrap(f"✖ refused: {clean(preview.refusal, 400)}", width, "crit")
            lines += wrap(clean(preview.fix, 400), width) if preview.fix else []
        else:
            edited = ", edited from what the guide says" if preview.edited else ""
            word, what = preview.risk.word, WHAT[preview.risk]
            if preview.recorded:
                word, what = RECORDED
            lines.append(((f"{word}: ", role), (f"{what}{edited}", "text")))
        lines += [
            line for warning in preview.warnings for line in wrap(f"▲ {clean(warning, 400)}", width, "warn")
        ]
        if self._wrong:
            lines += wrap(f"✖ {self._wrong}", width, "crit")
        lines.append(())
        lines += [line for phrase in self._target for line in wrap(clean(phrase, 300), width, "label")]
        return [*lines, (), *command_lines(preview.command, width)]

    # -- answers

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def action_enter(self) -> None:
        """Run it, where Enter is enough."""
        if self._preview.refusal:
            self.dismiss(None)
        elif self._preview.friction <= Friction.SHOWN and self._whole:
            self.dismiss(self._preview.confirm())

    def action_yes(self) -> None:
        """Let a change happen."""
        if not self._preview.refusal and self._preview.friction <= Friction.YES and self._whole:
            self.dismiss(self._preview.confirm(yes=True))

    @property
    def _whole(self) -> bool:
        """Whether the end of it was in view: what nobody has seen is not confirmed."""
        return self.query_one(ScrollCanvas).end_seen

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The name was typed."""
        event.stop()
        typed, name = event.value.strip(), self._preview.name
        if not self._whole or not typed:
            return
        if typed == name.strip():
            self.dismiss(self._preview.confirm(yes=True, name=name))
            return
        self._wrong = clean(f"{typed[:60]!r} is not {name}: nothing was done", 300)
        canvas = self.query_one(ScrollCanvas)
        canvas.action_edge(-1)
        canvas.refresh(layout=True)

    def action_page(self, pages: int) -> None:
        """While a name is typed the text above still scrolls."""
        self.query_one(ScrollCanvas).action_page(pages)
