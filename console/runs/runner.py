"""Runs carried out: asks the gate, writes the journal before anything is begun, follows what is running.

Screens and the `run` command both stand on this; it knows nothing of either. What it tells of a run
follows from the journal alone, so that a console that was killed comes back to the same picture.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from console.clock import Clock, SystemClock
from console.config import Config
from console.errors import GateRefused, OpsError
from console.guides.model import Guide, Procedure, Risk, Step, StepKind
from console.journal.entries import JSON, Entry, Kind
from console.journal.store import Journal
from console.masks import Masks
from console.runs import gate, opening
from console.runs.acts import Act
from console.runs.asking import Asked, Asking, Preview
from console.runs.asking import edited as is_edited
from console.runs.carrier import Board, Carrier, Change
from console.runs.child import Result
from console.runs.executors import Executors, Job
from console.runs.following import Following
from console.runs.gate import Confirmation
from console.runs.known import known_secrets
from console.runs.ledger import Ledger
from console.runs.measuring import Figures
from console.runs.pinned import make_private, unkept
from console.runs.run import Evidence, GuideRef, Run, Status, StepState
from console.runs.session import Call, Session, Until


class Runner:
    """Starts, follows and resumes runs. One a console; `close` it before the loop ends."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        *,
        env: Mapping[str, str] | None = None,
        directory: Path | None = None,
        figures: Figures | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`directory` holds the runs' output, beside the journal unless said otherwise.

        `figures` gives the key figures of the panes as they were so many seconds ago.
        """
        self.config = config
        self._env = dict(os.environ if env is None else env)
        self._directory = directory or journal.path.parent / "runs"
        self._clock = clock or SystemClock()
        self._ledger = Ledger(journal)
        self._actor, self._host = journal.actor, journal.host
        self._board = Board()
        self._masks = Masks([*journal.masks.secrets, *known_secrets(config, self._env)])
        self._ledger.mask(self._masks)
        self._executors = Executors(config, self._env)
        self._asking = Asking(config, self._env, self._board.past, self._clock)
        self._carrier = Carrier(self._board, self._ledger, self._executors, self._clock, figures)
        self._following = Following(self._board, self._ledger, self._carrier, self._clock)
        self._acts: dict[str, Act] = {}

    @property
    def runs(self) -> Mapping[str, Run]:
        """The runs that are open here, by their ids."""
        return self._board.runs

    # ---- runs

    async def start(self, guide: Guide, procedure: Procedure, values: Mapping[str, str]) -> Run:
        """Begin a run: its variables and its target are fixed from here on. Raises OpsError."""
        return await self._start(opening.reference(guide), procedure, values)

    async def _start(self, guide: GuideRef, procedure: Procedure, values: Mapping[str, str]) -> Run:
        await self._following.begin()
        now = self._clock.now()
        run = Run(
            id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
            guide=guide,
            procedure=procedure,
            values=dict(values),
            target=self._asking.capture(),
            directory=self._directory,
            started=now,
            actor=self._actor,
        )
        run.directory = self._directory / run.id
        make_private(run.directory)
        self._keep_secret(run)
        body = opening.begin(run)
        entry = await self._ledger.append(Kind.OPENED, run.id, "", body)
        run.started = entry.time
        return await self._opened(run)

    async def resume(self, run_id: str) -> Run:
        """A run as the journal has it: what ended meanwhile is recorded, what still runs is followed.

        A step that was begun and of which nothing is known any more becomes `unknown`. Raises OpsError.
        """
        await self._following.begin()
        entries = await self._ledger.call(self._ledger.journal.entries, run=run_id, limit=100_000)
        if (known := self._board.runs.get(run_id)) is not None:
            return known
        run = opening.rebuilt(run_id, entries)
        self._keep_secret(run)
        for entry in entries:
            run.apply(entry)
        await self._opened(run)
        for state in run.states:
            if state.status is Status.RUNNING:
                await self._carrier.take_up(run, state)
            else:
                await self._carrier.look_back(state)
        return run

    async def supply(self, run: Run, values: Mapping[str, str]) -> None:
        """Give the secret values of a resumed run again: they are not written down anywhere.

        All others are fixed since its start. Raises GateRefused.
        """
        if fixed := [name for name, value in values.items()
                     if name not in run.secret and run.values.get(name) != value]:  # fmt: skip
            raise GateRefused(f"{', '.join(fixed)} is fixed for this run", "start another one")
        run.values = {**run.values, **values}
        self._keep_secret(run)
        self._board.tell(run, None, "run")

    async def unfinished(self) -> list[opening.Unfinished]:
        """Runs that were opened and not closed, newest first. Raises JournalError."""
        await self._following.begin()
        journal = self._ledger.journal
        entries = await self._ledger.call(
            journal.entries, kinds=[Kind.OPENED, Kind.CLOSED], newest=True, limit=2000
        )
        underway = await self._ledger.call(journal.unfinished)
        return opening.unfinished(entries, underway)

    async def last_done(self) -> dict[str, datetime]:
        """When each procedure was last done, by its address. Raises JournalError."""
        return await self._ledger.call(self._ledger.journal.last_done)

    async def finish(self, run: Run, status: str = "") -> None:
        """Close a run: `ok` when nothing is left to do in it, else `abandoned`, unless said otherwise.

        Raises GateRefused while a step is running, JournalError.
        """
        if run.ended is not None:
            return
        if any(state.status is Status.RUNNING for state in run.states):
            raise GateRefused("a step is still running", "wait for its end, or cancel it")
        status = status or ("ok" if all(state.done for state in run.states) else "abandoned")
        body = {"procedure": opening.address(run.guide.name, run.procedure), "status": status}
        self._board.apply(run, await self._ledger.append(Kind.CLOSED, run.id, "", body))
        Session(run.directory).forget()

    async def relock(self, run: Run) -> None:
        """Take the target as it is now for the run's own; recorded as a note."""
        target = self._asking.capture()
        text = f"target locked anew: {'; '.join(run.target.drift(target)) or 'unchanged'}"
        body: dict[str, JSON] = {"text": text, "target": dict(asdict(target))}
        self._board.apply(run, await self._ledger.append(Kind.NOTED, run.id, "", body))

    # ---- steps

    def preview(self, run: Run, index: int, command: str | None = None) -> Preview:
        """What would run for this step and what the gate would ask for; decides and changes nothing."""
        state = run.states[index]
        asked = self._ask(run, state, command)
        return asked.preview(is_edited(state.step, command), self._masks.mask(asked.shown))

    async def begin(
        self, run: Run, index: int, confirmation: Confirmation, command: str | None = None, *,
        until: Until | None = None, ends_after: float | None = None,
    ) -> None:  # fmt: skip
        """Start a step; it then runs in the background. The journal has it before its process exists.

        `until` runs a shell step that changes nothing again and again until it gives what is waited for;
        after `ends_after` seconds it is ended.
        Raises GateRefused, JournalError, or AlreadyStarted when another console was first.
        """
        state = run.states[index]
        if state.step.interactive:
            raise GateRefused("this step wants the terminal", "run it where it can have one")
        asked = self._ask(run, state, command)
        gate.admit(asked.question, confirmation)
        assert asked.bound is not None
        repeats = state.step.kind is StepKind.SHELL and asked.question.risk <= Risk.UNKNOWN
        if until is not None and not repeats:
            reason = "only a shell step that changes nothing is repeated until something holds"
            raise GateRefused(reason, "run it once")
        act = self._acts.get(run.id)
        job = Job(
            step=state.step, risk=asked.question.risk, bound=asked.bound, until=until, timeout=ends_after,
            task={**act.task, **act.beside} if act else None,
        )  # fmt: skip
        attempt, directory = await self._carrier.claim(run, state, asked, command, confirmation)
        await self._carrier.start(run, state, attempt, directory, job, self._masks)
        if act is not None:
            self._carrier.task(self._close_after(run))

    async def hand_over(
        self, run: Run, index: int, confirmation: Confirmation, command: str | None = None
    ) -> Call:
        """How to start a step that wants the terminal, once the gate and the journal have it.

        Whoever has the terminal starts it in `run.target.directory` and then calls `handed_back`.
        Raises GateRefused, JournalError, AlreadyStarted.
        """
        state = run.states[index]
        if state.step.kind is not StepKind.SHELL:
            raise GateRefused(f"a step of kind {state.step.kind} needs no terminal", "run it like any other")
        asked = self._ask(run, state, command)
        gate.admit(asked.question, confirmation)
        assert asked.bound is not None
        attempt, directory = await self._carrier.claim(run, state, asked, command, confirmation)
        try:
            return self._executors.interactive(run, asked.bound, directory)
        except OSError as error:
            failed = unkept(directory, error)
            await self._carrier.end(run, state, attempt, Result(error=str(failed)))
            raise failed from None

    async def handed_back(self, run: Run, index: int, exit_code: int, seconds: float) -> None:
        """The program that had the terminal has ended; a negative exit code is a signal's number."""
        state = run.states[index]
        code, number = (exit_code, None) if exit_code >= 0 else (None, -exit_code)
        await self._carrier.end(
            run, state, state.attempt, Result(exit_code=code, signal=number, seconds=seconds)
        )

    # ---- acts of panes

    def propose(self, act: Act) -> Preview:
        """What an act would do and what the gate would ask for."""
        asked = self._ask_act(act)
        preview = asked.preview(False, self._masks.mask(asked.shown))
        return replace(preview, recorded=bool(act.entry))

    async def act(self, act: Act, confirmation: Confirmation) -> Run:
        """Do one thing to a row of a pane: a run of one step, closed when that has ended.

        Raises GateRefused, JournalError.
        """
        gate.admit(self._ask_act(act).question, confirmation)
        procedure = opening.act_procedure(act)
        run = await self._start(opening.NO_GUIDE, procedure, {})
        self._acts[run.id] = act
        try:
            await self.begin(run, 0, confirmation)
        except OpsError:
            del self._acts[run.id]
            raise
        return run

    async def record(self, act: Act, confirmation: Confirmation) -> Entry:
        """Do what is nothing but an entry of the journal: it is done once it is written.

        Raises GateRefused, JournalError.
        """
        gate.admit(self._ask_act(act).question, confirmation)
        if not act.entry or act.wanted:
            raise GateRefused("this is not all that has to be known", "say the rest first")
        return await self._ledger.append(act.entry, act.run, "", act.task)

    async def turn(self, turns: Sequence[tuple[str, str, Mapping[str, JSON]]]) -> None:
        """Write down what turned by itself, where the journal does not have it yet. Raises JournalError."""
        await self._ledger.call(self._ledger.journal.turn, turns)

    async def cancel(self, run: Run, index: int) -> None:
        """End a running step and everything it has started; asked again, at once."""
        if (child := self._carrier.running.get((run.id, index))) is not None:
            child.stop()

    async def skip(self, run: Run, index: int, reason: str) -> None:
        """Leave a step out, with the reason.

        Raises GateRefused without one, AlreadyStarted when another console has done something about it.
        """
        if not reason.strip():
            raise GateRefused("a step is left out for a reason", "write it down")
        await self._mark(run, index, Kind.SKIPPED, reason=reason)

    async def tick(
        self, run: Run, index: int, value: str = "", note: str = "", evidence: Evidence | None = None,
        automatic: bool = False,
    ) -> None:  # fmt: skip
        """Confirm a step by hand, or by what a pane says; the value seen is recorded, not only the tick."""
        told: dict[str, JSON] | None = None if evidence is None else dict(asdict(evidence))
        await self._mark(run, index, Kind.TICKED, value=value, note=note, evidence=told, automatic=automatic)

    async def untick(self, run: Run, index: int, why: str, regressed: bool = False) -> None:
        """Take a tick back: by hand, or because the value has got worse."""
        await self._mark(run, index, Kind.UNTICKED, why=why, regressed=regressed)

    async def note(self, run: Run, text: str, index: int | None = None) -> None:
        """Write something down, about the run or one of its steps."""
        step = "" if index is None else str(index)
        self._board.apply(run, await self._ledger.append(Kind.NOTED, run.id, step, {"text": text}))

    def usual(self, step: Step) -> float | None:
        """Seconds this step usually takes: the median of the times it went well; None when unknown."""
        return self._board.past.usual(gate.digest_of(step.kind, step.command))

    async def ended(self, run: Run, index: int) -> StepState:
        """The state of a step that was begun, once it has ended."""
        state, heard = run.states[index], asyncio.Event()
        unlisten = self.listen(lambda change: heard.set() if state.ended is not None else None)
        try:
            if state.ended is None:
                await heard.wait()
        finally:
            unlisten()
        return state

    def listen(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Have something told of every change, in the loop's thread; the result ends it."""
        self._board.listeners.append(callback)
        return lambda: self._board.listeners.remove(callback)

    @property
    def unwritable(self) -> str:
        """Why nothing can be started just now: the journal cannot be written. Empty when it can."""
        return self._ledger.unwritable

    async def close(self) -> Sequence[tuple[Run, StepState]]:
        """Let go of everything: reading steps are ended and recorded, changes go on and are given."""
        left = await self._carrier.close()
        await self._ledger.close()
        return left

    # ---- behind them

    def _ask(self, run: Run, state: StepState, command: str | None) -> Asked:
        act = self._acts.get(run.id)
        name, extra = (act.name, _told(act)) if act else ("", {})
        return self._asking.ask(run, state, command, name, self._ledger.unwritable, extra)

    def _ask_act(self, act: Act) -> Asked:
        state = StepState(0, act.step)
        return self._asking.ask(None, state, None, act.name, self._ledger.unwritable, _told(act))

    async def _mark(self, run: Run, index: int, kind: str, **body: JSON) -> None:
        if run.ended is not None:
            raise GateRefused("the run has ended", "start it again as a new run")
        if run.states[index].status is Status.RUNNING:
            raise GateRefused("the step is running", "wait for its end, or cancel it")
        body["title"] = run.states[index].step.title
        seen = max(run.seen, default=0)
        self._board.apply(run, await self._ledger.append(kind, run.id, str(index), body, seen))

    async def _close_after(self, run: Run) -> None:
        """Close an act's run once its step has ended."""
        state = await self.ended(run, 0)
        self._acts.pop(run.id, None)
        await self.finish(run, "" if state.done else "failed")

    def _keep_secret(self, run: Run) -> None:
        values = [run.values[name] for name in run.secret if run.values.get(name)]
        if values:
            self._masks = Masks([*self._masks.secrets, *values])
            self._ledger.mask(self._masks)

    async def _opened(self, run: Run) -> Run:
        self._board.runs[run.id] = run
        journal = self._ledger.journal
        for step in run.procedure.steps:
            digest = gate.digest_of(step.kind, step.command)
            if step.runnable and not self._board.past.knows(digest):
                self._board.past.learn(digest, await self._ledger.call(journal.usual, digest))
        self._board.tell(run, None, "run")
        return run


def _told(act: Act) -> dict[str, str]:
    """What an act does, for the digest that is confirmed."""
    return {key: str(value) for key, value in act.task.items()}
