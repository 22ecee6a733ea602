"""Acts on a row of a pane: which there are, the question before one, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen

from console.errors import GateRefused, OpsError
from console.sources.base import State
from console.text import clean
from console.units import counted, duration
from screens.detail import WindowScreen
from widgets.act_list import ActList
from widgets.boundary import DrawingFailedError, attempt
from widgets.canvas import ROLE_CLASSES
from widgets.compositor import SpanCompositor
from widgets.draw import Line, wrap
from widgets.pane import Context, View
from widgets.step_drawing import command_lines
from widgets.table import Table

if TYPE_CHECKING:
    from console.runs.acts import Act
    from console.runs.gate import Confirmation
    from console.runs.run import StepState
    from screens.app import OpsConsole
    from screens.zoom import ZoomScreen

SLOW = 1.0
"""Seconds from which it is said that an act is under way."""


class ActScreen(ModalScreen["tuple[Act, Confirmation | None] | None"], inherit_bindings=False):
    """The acts of one row; gives the one that was confirmed, or None. It does nothing itself.

    An act that wants more to be said is given without a confirmation: it is asked for afterwards.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x", "leave", "Leave it", id="acts.leave", tooltip="Do nothing"),
        Binding("question_mark,f1", "app.help", "Keys", id="acts.help", tooltip="The keys that work here"),
    ]

    def __init__(self, acts: Sequence[Act], note: str = "") -> None:
        super().__init__()
        self._compositor = SpanCompositor()
        self._acts = acts
        self._note = note
        self._asking = False

    @property
    def ops(self) -> OpsConsole:
        """The app, by its own type."""
        return cast("OpsConsole", self.app)

    def compose(self) -> ComposeResult:
        """One list in a frame that names the row and the keys."""
        acts = ActList(self._acts, self._note, classes="window fitting")
        key = self.ops.key
        hints = (
            (key("acts.choose", "⏎"), "choose"),
            (f"{key('acts.up', '↑')} {key('acts.down', '↓')}", "move"),
            (key("acts.leave", "esc"), "leave it"),
        )
        acts.border_title = Content(clean(self._acts[0].target, 200))
        acts.border_subtitle = Content("  ".join(f"{pressed} {does}" for pressed, does in hints))
        yield acts

    def on_mount(self) -> None:
        """The list has the keyboard."""
        self.set_focus(self.query_one(ActList))

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def on_act_list_chosen(self, message: ActList.Chosen) -> None:
        """Ask what the gate wants for this act."""
        message.stop()
        if message.act.wanted:
            self.dismiss((message.act, None))
        elif not self._asking:
            self._asking = True
            self.run_worker(
                self._ask(message.act), group="acts", description="the question before an act",
                exit_on_error=False,
            )  # fmt: skip

    async def _ask(self, act: Act) -> None:
        from screens.confirm import ConfirmScreen

        try:
            runner = await self.ops.workbench.open()
            if not self.is_current:
                return  # it was left meanwhile
            question = ConfirmScreen(act.step.title, act.about or (act.target,), runner.propose(act))
            self._hide(True)  # two windows over each other would be one too many to read
            confirmation = await self.app.push_screen_wait(question)
        except OpsError as error:
            self.ops.tell(f"nothing can be done: {error}", "error")
            self.dismiss(None)
            return
        finally:
            self._asking = False
        if confirmation is not None:
            self.dismiss((act, confirmation))
        else:
            self._hide(False)

    def _hide(self, hidden: bool) -> None:
        acts = self.query_one(ActList)
        acts.visible = not hidden
        if not hidden:
            self.set_focus(acts)


class OutcomeScreen(WindowScreen):
    """An act that went wrong: why, what was called, and all it has printed."""

    def __init__(self, act: Act, state: StepState) -> None:
        super().__init__(clean(f"Not done: {act.step.title}", 200))
        self._act = act
        self._state = state

    def make(self, width: int) -> Sequence[Line]:
        """The reason first."""
        lines: list[Line] = wrap(f"✖ {_said(self._state)}", width, "crit")
        lines += [line for phrase in self._act.about for line in wrap(clean(phrase), width, "label")]
        lines += [(), *command_lines(self._act.step.command, width), ()]
        lines += [line for text in self._state.lines for line in wrap(clean(text), width)]
        return [*lines, ((clean(self._state.why, 400), "dim"),)]


# -- from the row to the window


def offered(
    view: View[Any], table: Table[Any], context: Context | None, paused: bool
) -> Sequence[Act] | OpsError:
    """What can be done to the row under the cursor, or why nothing can.

    `context` is the one the rows were made from. Raises DrawingFailedError for a view's own defect.
    """
    if view.acts is None:
        return GateRefused("nothing can be done to these rows")
    if paused:
        return GateRefused("this is the past, and nothing can be done to it", "p goes on to now")
    if table.current is None or context is None:
        return GateRefused("there is no row to do anything to")
    feed = context.feed
    if feed.state is not State.LIVE:
        reason = f"{feed.source.name} is {feed.state.value}: the row may not be so any more"
        return GateRefused(reason, "nothing is done until it answers")
    return attempt(_of_row, view.acts, table.current, context)


def _of_row(
    acts: Callable[[Any, Context], Sequence[Act]], row: Any, context: Context
) -> Sequence[Act] | OpsError:
    try:
        return acts(row, context)
    except OpsError as refusal:
        return refusal


def open_acts(screen: ZoomScreen, table: Table[Any], context: Context | None) -> None:
    """Show what can be done to the row under the cursor, or say why nothing can."""
    app = screen.ops
    try:
        acts = offered(screen.view, table, context, app.paused)
    except DrawingFailedError as failure:
        app.tell(f"what can be done to this row is not known: {failure}", "error")
        return
    if isinstance(acts, OpsError) or not acts:
        app.tell(str(acts or "nothing can be done to this row"), "warning")
        return
    source = context.feed.source if context is not None else None
    marked = len(table.marked)
    note = f"{counted(marked, 'row')} marked: only the row under the cursor is meant" if marked else ""

    def answered(chosen: tuple[Act, Confirmation | None] | None) -> None:
        if chosen is None:
            return
        act, confirmation = chosen
        work = (
            _fill_in(screen, act, source)
            if confirmation is None
            else _carry_out(screen, act, confirmation, source)
        )
        app.run_worker(work, group="acts", description=act.step.title, exit_on_error=False)

    app.push_screen(ActScreen(acts, note), answered)


# -- what has to be said before it can be done


async def _fill_in(screen: ZoomScreen, act: Act, source: object) -> None:
    """Ask for the lines an act wants, show what it has become, and do it when that is confirmed."""
    from screens.confirm import ConfirmScreen

    app = screen.ops
    whole = await _filled_in(screen, act)
    if whole is None:
        return
    try:
        runner = await app.workbench.open()
        if app.screen is not screen:
            return  # it was left meanwhile
        question = ConfirmScreen(whole.step.title, whole.about or (whole.target,), runner.propose(whole))
    except OpsError as error:
        app.tell(f"not done: {error}", "error")
        return
    confirmation = await app.push_screen_wait(question)
    if confirmation is not None:
        await _carry_out(screen, whole, confirmation, source)


async def _filled_in(screen: ZoomScreen, act: Act) -> Act | None:
    """The act with what was typed; asked again from the start, as it was typed, where that will not do."""
    lines = [wanted.suggestions[0] if wanted.suggestions else wanted.text for wanted in act.wanted]
    assert act.given is not None
    while True:
        for index, wanted in enumerate(act.wanted):
            line = await screen.ask_text(
                wanted.label, lines[index], hint=wanted.hint, choices=wanted.suggestions,
                before=wanted.suggestions[:0:-1], offered=bool(wanted.suggestions),
            )  # fmt: skip
            if line is None:
                return None
            lines[index] = line
        try:
            return act.given(lines, screen.ops.collector.clock.now())
        except OpsError as error:
            screen.ops.tell(str(error), "error")


# -- doing it, and saying what happened


async def _carry_out(screen: ZoomScreen, act: Act, confirmation: Confirmation, source: object) -> None:
    from console.runs.lending import lent

    app, title = screen.ops, act.step.title[:1].lower() + act.step.title[1:]
    if act.entry:
        await _write_down(app, act, confirmation)
        return
    under_way = app.set_timer(SLOW, lambda: app.tell(f"under way: {title}"), name="act")
    try:
        async with lent(source, act.task) as told:
            run = await app.workbench.act(replace(act, beside=told), confirmation)
            state = await (await app.workbench.open()).ended(run, 0)
    except OpsError as error:
        app.tell(f"not done: {title}: {error}", "error")
        return
    finally:
        under_way.stop()
    if state.status.value == "ok":
        app.tell(f"done: {title}, {duration(state.duration or 0.0)}: {_said(state)}")
    elif app.screen is screen and not screen.asking:
        app.push_screen(OutcomeScreen(act, state))
    else:
        app.tell(f"not done: {title}: {_said(state)}", "error")


async def _write_down(app: OpsConsole, act: Act, confirmation: Confirmation) -> None:
    """Do what is an entry of the journal, and have everything read anew that follows from it."""
    try:
        await app.workbench.record(act, confirmation)
    except OpsError as error:
        app.tell(f"not done: {error}", "error")
        return
    app.tell(f"written down: {act.step.command.splitlines()[0]}")
    app.collector.refresh()


def _said(state: StepState) -> str:
    """What became of an act: the last it has printed, which is the reason where it failed."""
    last = clean(state.lines[-1]).removeprefix("ERROR: ") if state.lines else ""
    return last or clean(state.why, 400) or state.status.value
