"""What a person does with the steps of a run: asked, confirmed and handed to the runner."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from console.errors import OpsError
from console.guides.model import Guide, Procedure, Risk, StepKind
from console.runs.asking import Preview
from console.runs.gate import Confirmation, Friction
from console.runs.run import Run, Status, StepState
from console.runs.session import Call, Until
from console.runs.suggesting import suggestions
from screens.base import FooterKey, drawer_key
from screens.drawer_lines import target_phrases

if TYPE_CHECKING:
    from console.runs.runner import Runner
    from screens.drawer import Drawer


HELD = 3.0
"""Seconds keys are held at most for a question that is on its way."""
AHEAD = 3
"""Keys taken while one is still being carried out; more are dropped, as by a terminal that is held."""


class Stepping:
    """Carries out the keys of the drawer. Everything that waits for somebody is a worker of the app."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._turn = asyncio.Lock()
        self._pending = 0
        self._clear = asyncio.Event()
        """Set when the job under way asks, or will not."""

    # -- the frame round every one of them

    async def work(self, job: Callable[[], Coroutine[Any, Any, None] | None], description: str) -> None:
        """Carry out something that may ask a person, after what is under way; what is refused is said.

        Returns when it asks, or when it is clear that it does not: until then keys are held, so that
        what is typed ahead is the answer. `job` is asked when its turn has come, because what a key
        means depends on what the one before has done.
        """
        if self._drawer.ops.base.take_up_prompt() or self._pending >= AHEAD:
            return
        self._pending += 1
        clear = asyncio.Event()
        self._drawer.ops.run_worker(
            self._in_turn(job, clear), group="stepping", description=description, exit_on_error=False
        )
        try:
            async with asyncio.timeout(HELD):
                await clear.wait()
        except TimeoutError:
            pass  # the journal is slow: keys go on without it

    async def _in_turn(
        self, job: Callable[[], Coroutine[Any, Any, None] | None], clear: asyncio.Event
    ) -> None:
        try:
            async with self._turn:
                self._clear = clear
                if (work := job()) is not None:
                    await work
        except OpsError as error:
            self._drawer.failed(error)
        finally:
            clear.set()
            self._pending -= 1
            if self._drawer.is_attached:
                self._drawer.draw()
                self._drawer.ops.base.show_footer()

    @property
    def busy(self) -> bool:
        """Whether something asked for is still under way."""
        return self._pending > 0

    async def step(self, action: str) -> None:
        """Carry out a key for the step in front."""
        jobs: dict[str, Callable[[Run, StepState], Coroutine[Any, Any, None]]] = {
            "tick": self._tick, "value": self._value, "untick": self._untick, "skip": self._skip,
            "edit": self._edit, "cancel": self._cancel, "note": self._note, "wait": self._wait,
            "limit": self._limit, "relock": self._relock, "close_run": self._close,
        }  # fmt: skip

        def job() -> Coroutine[Any, Any, None] | None:
            run, state = self._drawer.place.run, self._drawer.state
            return jobs[action](run, state) if run is not None and state is not None else None

        await self.work(job, action.replace("_", " "))

    @property
    def _runner(self) -> Runner:
        runner = self._drawer.ops.workbench.runner
        assert runner is not None  # there is no run without one
        return runner

    async def _ask(self, label: str, text: str = "", hint: str = "", **more: Any) -> str | None:
        base = self._drawer.ops.base
        return await base.ask_text(label, text, hint=hint, asked=self._clear.set, **more)

    async def _agreed(self, question: str) -> bool:
        answer = await self._ask(f"{question} y", hint="y or esc")
        return answer is not None and answer.strip().lower() in ("y", "yes")

    async def _confirm(self, title: str, run: Run, preview: Preview) -> Confirmation | None:
        from screens.confirm import ConfirmScreen

        window = ConfirmScreen(title, target_phrases(run.target), preview)
        return await self._drawer.ops.push_screen_wait(window)

    # -- starting a run

    async def start(self, guide: Guide, procedure: Procedure, at: int) -> None:
        """Ask for every variable once, then begin a run with a step in front."""
        bench = self._drawer.ops.workbench
        runner = await bench.open()
        if not procedure.steps:
            self._drawer.ops.tell("there are no steps in it")
            return
        if (going := await self._going(guide, procedure)) is not None:
            answer = await self._ask(
                "one is under way", hint="⏎ takes it up, new begins another", choices=("new",)
            )
            if answer is None:
                return
            answer = answer.strip().lower()
            if answer not in ("", "new"):  # a value for another run, typed ahead
                self._drawer.ops.tell("neither ⏎ nor new: nothing was started", "warning")
                return
            if not answer:
                self._drawer.go_to_run(await runner.resume(going))
                return
        values = await self._values(guide, procedure)
        if values is None:
            return
        run = await runner.start(guide, procedure, values)
        self._drawer.place.cursors[run.id] = at
        self._drawer.go_to_run(run)

    async def _going(self, guide: Guide, procedure: Procedure) -> str | None:
        from console.runs.opening import address

        wanted = address(guide.name, procedure)
        found = await self._runner.unfinished()
        return next((one.run for one in found if one.procedure == wanted), None)

    async def _values(self, guide: Guide, procedure: Procedure) -> dict[str, str] | None:
        """A value for every variable, or None when the reader went back."""
        variables = {v.name: v for step in procedure.steps if step.runnable for v in step.variables}
        if not variables:
            return {}
        ops = self._drawer.ops
        before = await ops.workbench.remembered(guide, procedure)
        values: dict[str, str] = {}
        for number, (name, variable) in enumerate(variables.items(), 1):
            choices = suggestions(variable, ops.collector.feeds.values(), before.get(name, ""))
            label = f"{name}  {number}/{len(variables)}"
            hint = "secret: it is written down nowhere" if variable.secret else ", ".join(choices[:6])
            text = before.get(name, "") or variable.default
            while True:
                answer = await self._ask(
                    label, text, hint or f"for {variable.token}", choices=choices, before=choices[::-1],
                    secret=variable.secret, offered=True,
                )  # fmt: skip
                if answer is None:
                    ops.tell("nothing was started")
                    return None
                if answer:
                    break
            values[name] = answer
        return values

    # -- doing a step

    async def do(self) -> None:
        """What Enter does."""
        await self.work(self._do, "doing a step")

    def _do(self) -> Coroutine[Any, Any, None] | None:
        """Start a procedure; run what runs, tick what is for a person, close what is done."""
        place = self._drawer.place
        if place.page == "procedure" and place.guide and place.procedure:
            return self.start(place.guide, place.procedure, self._drawer.steps.cursor)
        run, state = place.run, self._drawer.state
        if run is None or state is None:
            return None
        if run.ended is not None:
            self._drawer.ops.tell(f"this run has ended ({run.status}): start it again from the guide")
        elif state.status is Status.RUNNING:
            key = self._drawer.ops.key("run.cancel", "c")
            self._drawer.ops.tell(f"this step is running: {key} cancels it")
        elif all(one.done for one in run.states):
            return self._close(run, state)
        elif state.step.runnable and not state.step.where:
            return self._begin(run, state)
        else:
            return self._tick(run, state)
        return None

    async def _begin(self, run: Run, state: StepState, command: str | None = None, **how: Any) -> None:
        await self._secrets(run)
        self._clear.set()
        preview = self._runner.preview(run, state.index, command)
        simple = preview.friction is Friction.NONE and not preview.refusal and command is None
        given: Confirmation | None = preview.confirm()
        if not simple or state.status is Status.UNKNOWN:
            given = await self._confirm(f"{state.index + 1} {state.step.title}", run, preview)
        if given is None:
            return
        if state.step.interactive:
            await self._hand_over(run, state, given, command)
            return
        await self._runner.begin(run, state.index, given, command, **how)

    async def _secrets(self, run: Run) -> None:
        """A resumed run has lost its secret values: they are written down nowhere."""
        for name in sorted(run.secret):
            if not run.values.get(name):
                answer = await self._ask(name, hint="secret: it is written down nowhere", secret=True)
                if answer:
                    await self._runner.supply(run, {name: answer})

    async def _hand_over(self, run: Run, state: StepState, given: Confirmation, command: str | None) -> None:
        """Give the terminal to a step that wants it, and take it back when the program has ended."""
        if not self._drawer.ops.lends_terminal:
            self._drawer.ops.tell("there is no terminal here to be handed over", "error")
            return
        call = await self._runner.hand_over(run, state.index, given, command)
        started = monotonic()
        code = await _in_terminal(self._drawer, call, run.target.directory)
        await self._runner.handed_back(run, state.index, code, monotonic() - started)

    async def _tick(self, run: Run, state: StepState) -> None:
        """Confirm by hand; with the answer of the panes where there is one, in spite of it with a reason."""
        found = self._drawer.ops.workbench.watch.answers(run).get(state.index)
        if found is None or found.good:
            self._clear.set()
        if found is None or math.isinf(found.age) or state.step.kind is not StepKind.MANUAL:
            await self._runner.tick(run, state.index)
        elif found.good:
            await self._runner.tick(run, state.index, found.text, evidence=found.kept())
        else:
            hint = f"a reason, kept in the record; the pane says: {found.text}"
            why = await self._ask("tick it all the same, because", hint=hint)
            if why:
                await self._runner.tick(run, state.index, note=why, evidence=found.kept())

    async def _value(self, run: Run, state: StepState) -> None:
        value = await self._ask(f"value of step {state.index + 1}", state.value, "what was seen")
        if value:
            await self._runner.tick(run, state.index, value)

    async def _untick(self, run: Run, state: StepState) -> None:
        if state.status is Status.TICKED:
            await self._runner.untick(run, state.index, "taken back by hand")
        else:
            self._drawer.ops.tell("this step is not ticked")

    async def _skip(self, run: Run, state: StepState) -> None:
        reason = await self._ask(f"skip step {state.index + 1}, because", hint="a reason, kept in the record")
        if reason:
            await self._runner.skip(run, state.index, reason)

    async def _edit(self, run: Run, state: StepState) -> None:
        from screens.edit import EditScreen

        if not state.step.runnable:
            self._drawer.ops.tell("there is no command in this step to be edited")
            return
        text = state.command or state.step.command
        command = await self._drawer.ops.push_screen_wait(
            EditScreen(state.step.title, text, opened=self._clear.set)
        )
        if command is not None:
            await self._begin(run, state, command)

    async def _cancel(self, run: Run, state: StepState) -> None:
        if state.status is Status.RUNNING:
            await self._runner.cancel(run, state.index)
        else:
            self._drawer.ops.tell("this step is not running")

    async def _note(self, run: Run, state: StepState) -> None:
        text = await self._ask(f"note to step {state.index + 1}", state.note, "kept in the record")
        if text:
            await self._runner.note(run, text, state.index)

    async def _wait(self, run: Run, state: StepState) -> None:
        if not _can_wait(state):
            self._drawer.ops.tell("only a shell command that changes nothing can be waited for")
            return
        text = await self._ask(
            "wait until its output has", hint="text; empty: until it exits 0. every 5 s, for 5 min at most"
        )
        if text is not None:
            await self._begin(run, state, until=Until(contains=text))

    async def _limit(self, run: Run, state: StepState) -> None:
        if not state.step.runnable or state.step.interactive:
            self._drawer.ops.tell("only a command that runs here by itself can have a time limit")
            return
        text = await self._ask("end it after", hint="seconds")
        if not text:
            return
        try:
            seconds = float(text)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < 1e7:
            self._drawer.ops.tell("that is no number of seconds", "error")
            return
        await self._begin(run, state, ends_after=seconds)

    async def _relock(self, run: Run, _state: StepState) -> None:
        if await self._agreed("take the target as it is now?"):
            await self._runner.relock(run)

    async def _close(self, run: Run, _state: StepState) -> None:
        if run.ended is not None:
            self._drawer.ops.tell(f"this run has ended: {run.status}")
            return
        if any(one.status is Status.RUNNING for one in run.states):
            self._drawer.ops.tell("a step is running: wait for its end, or cancel it", "warning")
            return
        left = sum(not one.done for one in run.states)
        question = f"{left} of {len(run.states)} steps are not done: close it?"
        if left and not await self._agreed(question):
            return
        await self._runner.finish(run)
        self._drawer.ops.tell(f"{run.procedure.title}: {run.status}")

    # -- the keys of a run

    def keys(self) -> Sequence[FooterKey]:
        """What works on the step in front, the most used first."""
        run, state = self._drawer.place.run, self._drawer.state
        back = drawer_key("drawer.back", "esc", "back", "back")
        help_key = FooterKey("app.help", "?", "help", "app.help")
        if run is None or state is None or run.ended is not None:
            return (back, drawer_key("run.output", "o", "output", "output"), help_key)
        keys = [drawer_key("run.do", "⏎", _enter(run, state), "do")]
        if state.status is Status.RUNNING:
            keys = [drawer_key("run.cancel", "c", "cancel", "step('cancel')")]
        elif state.step.runnable:
            keys.append(drawer_key("run.edit", "e", "edit", "step('edit')"))
        if state.status is Status.TICKED:
            keys.append(drawer_key("run.untick", "u", "untick", "step('untick')"))
        if not state.step.runnable:
            keys.append(drawer_key("run.value", "v", "value", "step('value')"))
        keys += [
            drawer_key("run.skip", "s", "skip", "step('skip')"),
            drawer_key("run.note", "m", "note", "step('note')"),
        ]
        if state.spool is not None:
            keys.append(drawer_key("run.output", "o", "output", "output"))
        if _can_wait(state):
            keys.append(drawer_key("run.wait", "w", "wait until", "step('wait')"))
        return [
            *keys, drawer_key("run.next", "n", "next", "next"), back, help_key,
            drawer_key("run.close", "F", "close run", "step('close_run')"),
            drawer_key("drawer.whole", "f", "whole screen", "whole"),
        ]  # fmt: skip


def _can_wait(state: StepState) -> bool:
    """Whether it can be run again and again: what changes something or has the terminal is run once."""
    step = state.step
    repeats = step.kind is StepKind.SHELL and step.risk <= Risk.UNKNOWN
    return repeats and step.runnable and not step.interactive


def _enter(run: Run, state: StepState) -> str:
    if all(one.done for one in run.states):
        return "close the run"
    if not state.step.runnable or state.step.where:
        return "tick"
    again = state.status not in (Status.WAITING, Status.SKIPPED)
    return "run again" if again else "take the terminal" if state.step.interactive else "run"


async def _in_terminal(drawer: Drawer, call: Call, directory: str) -> int:
    """Run a program that has the terminal, while the collector goes on; its exit code, or minus a signal."""
    with drawer.ops.terminal_lent():
        process = await asyncio.create_subprocess_exec(*call.argv, env=dict(call.env), cwd=directory)
        return await process.wait()
