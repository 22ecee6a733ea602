"""Steps on their way: claimed in the journal, started, followed while they run, their end written down."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from console.clock import Clock
from console.errors import JournalError, OpsError
from console.guides.model import Risk
from console.journal.entries import JSON, Entry, Kind
from console.masks import Masks
from console.runs import gate
from console.runs.asking import Asked, edited
from console.runs.child import Child, Result, result_of, supervisor_of
from console.runs.executors import Executors, Job
from console.runs.follow import CHUNK, EVERY, SHOWN, Follower
from console.runs.gate import Confirmation
from console.runs.ledger import Ledger
from console.runs.measuring import Figures, Measuring
from console.runs.outcome import body_of
from console.runs.past import Past
from console.runs.pinned import make_private
from console.runs.run import Run, Status, StepState
from console.runs.tree import stat_of

RETRY = 1.0
"""Seconds until an end that could not be written is tried again."""
GRACE = 2.0
"""Seconds that reading steps have to end when the console does."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something about a run is new: `what` is `run`, `state` or `output`; `index` None for the whole run."""

    run: Run
    index: int | None
    what: str


class Board:
    """The open runs as the journal has them, and who wants to hear of them."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.past = Past()
        self.listeners: list[Callable[[Change], None]] = []

    def apply(self, run: Run, entry: Entry) -> int | None:
        """Take one entry into account, a second time with no effect; the index of the step it is about."""
        if entry.seq in run.seen:
            return None
        self.past.take(entry)
        index = run.apply(entry)
        self.tell(run, index, "run" if index is None else "state")
        return index

    def tell(self, run: Run, index: int | None, what: str) -> None:
        """Tell everybody of a change."""
        for callback in list(self.listeners):
            try:
                callback(Change(run, index, what))
            except Exception as error:  # noqa: BLE001 a defect of who listens must not end what is recorded
                report("a listener to runs failed", error)


class Carrier:
    """Carries steps out, several at once where somebody starts them."""

    def __init__(
        self, board: Board, ledger: Ledger, executors: Executors, clock: Clock, figures: Figures | None
    ) -> None:
        self.running: dict[tuple[str, int], Child] = {}
        self._board = board
        self._ledger = ledger
        self._executors = executors
        self._clock = clock
        self._measuring = Measuring(ledger, board.apply, figures)
        self._tasks: set[asyncio.Task[None]] = set()
        self._watches: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def claim(
        self, run: Run, state: StepState, asked: Asked, command: str | None, confirmation: Confirmation
    ) -> tuple[int, Path]:
        """Write down that a step is begun; its attempt, and the directory of that.

        Raises JournalError, AlreadyStarted.
        """
        step, attempt, question = state.step, state.attempt + 1, asked.question
        assert asked.bound is not None
        directory = run.directory / f"{state.index + 1:03d}.{attempt}"
        make_private(directory)
        body: dict[str, JSON] = {
            "attempt": attempt, "digest": gate.digest_of(step.kind, step.command), "title": step.title,
            "kind": step.kind.value, "command": asked.shown, "runs": asked.bound.text,
            "resolved": asked.resolved, "target": dict(asdict(question.target or run.target)),
            "risk": question.risk.word, "guide": run.guide.digest, "line": step.line,
            "confirmed": confirmation.word, "spool": str(directory), "console": os.getpid(),
            "console_start": _own_start(), "background": step.background,
        }  # fmt: skip
        if command is not None and edited(step, command):
            body |= {"edited": command, "original": step.command}
        again = state.status is Status.OK
        entry = await self._ledger.claim(run.id, str(state.index), attempt, body, repeat=again)
        self._board.apply(run, entry)
        if self._measuring.wanted(state):
            self.task(self._measuring.begun(run, state))
        return attempt, directory

    async def start(
        self, run: Run, state: StepState, attempt: int, directory: Path, job: Job, masks: Masks
    ) -> None:
        """Start the process of a claimed step. What keeps it from starting is its result."""
        try:
            child = await Child.start(self._executors.order(run, job, directory, masks))
        except OSError as error:
            result = Result(error=f"it could not be started: {error.strerror}")
            await self.end(run, state, attempt, result)
        except OpsError as error:
            await self.end(run, state, attempt, Result(error=str(error)))
        else:
            await self._spawned(run, state, attempt, child)
            self._attend(run, state, attempt, child)

    async def _spawned(self, run: Run, state: StepState, attempt: int, child: Child) -> None:
        pid, since = child.identity
        body: dict[str, JSON] = {"attempt": attempt, "pid": pid, "pid_start": since}
        try:
            await self._ledger.append(Kind.SPAWNED, run.id, str(state.index), body)
        except JournalError:
            pass  # its start is recorded and its lock tells that it lives: nothing is lost but a number

    def _attend(self, run: Run, state: StepState, attempt: int, child: Child) -> None:
        key = run.id, state.index
        self.running[key] = child
        self._watches[key] = watch = self.task(self._watch(run, state, attempt, child))
        watch.add_done_callback(lambda _: self._watches.pop(key, None))

    async def _watch(self, run: Run, state: StepState, attempt: int, child: Child) -> None:
        """Follow a step's output until it has ended, then record how."""
        follower = Follower(child.directory, state)
        while not child.ended.done():
            await asyncio.wait({child.ended}, timeout=EVERY)
            if await self._show(follower):
                self._board.tell(run, state.index, "output")
        await self._show(follower)
        await self.end(run, state, attempt, child.ended.result())

    async def _show(self, follower: Follower) -> bool:
        """Read new output, so much as is shown at once; whether there was any."""
        try:
            for turn in range(SHOWN // CHUNK):
                if not follower.look(self._clock.now()):
                    return turn > 0
                await asyncio.sleep(0)  # keys come first
            return True
        except Exception as error:  # noqa: BLE001 whatever keeps it from being shown: its end is recorded
            report("the output of a step cannot be shown", error)
            return False

    async def end(self, run: Run, state: StepState, attempt: int, result: Result | None) -> None:
        """Write down how a step ended; None when nobody saw it. Goes on until the journal takes it."""
        body = body_of(result, state.step.background)
        body["digest"] = gate.digest_of(state.step.kind, state.step.command)
        while True:
            try:
                entry = await self._ledger.end(run.id, str(state.index), attempt, body)
                break
            except JournalError:
                # the result lies in its directory meanwhile
                self._board.tell(run, state.index, "state")
                await asyncio.sleep(RETRY)
        self.running.pop((run.id, state.index), None)
        if entry is not None:  # else another console was first, and its word comes with the news
            self._board.apply(run, entry)
            if self._measuring.wanted(state):
                self.task(self._measuring.ended(run, state))

    async def take_up(self, run: Run, state: StepState) -> None:
        """A step that was running when its console was lost, or that another console has begun."""
        if (run.id, state.index) in self.running:
            return
        found = self._executors.find(state)
        if isinstance(found, Child):
            self._attend(run, state, state.attempt, found)
        elif found is not None or not _lives(state):
            await self.look_back(state)
            await self.end(run, state, state.attempt, found)

    async def look_back(self, state: StepState) -> None:
        """The newest output of a step that is over."""
        if state.spool is not None:
            await self._show(Follower(state.spool, state))

    async def look_after(self, run: Run) -> None:
        """See to steps whose console, another one, is gone."""
        for state in run.states:
            if state.status is Status.RUNNING and state.console[0] != os.getpid() and not _lives(state):
                await self.take_up(run, state)

    async def settle(self) -> None:
        """Write down how steps of runs that are not open here ended, where no console is left to do it.

        Raises JournalError.
        """
        for one in await self._ledger.call(self._ledger.journal.unfinished):
            start = one.entry
            if start.run in self._board.runs:
                continue
            console = int(start.number("console") or 0), int(start.number("console_start") or 0)
            if _alive(console):
                continue
            directory = Path(start.text("spool"))
            result = result_of(directory)
            if result is None and supervisor_of(directory) is not None:
                continue
            # it may have ended between the two looks
            body = body_of(result or result_of(directory), start.body.get("background") is True)
            body["digest"] = start.text("digest")
            await self._ledger.end(start.run, start.step, one.attempt, body)

    def task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Something that goes on until it is done or all of this is closed."""
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, OpsError):  # the journal's own failures stand in `Ledger.unwritable`
            report("a task of a run failed", error)

    async def close(self, grace: float = GRACE) -> list[tuple[Run, StepState]]:
        """Let go of what is running: what only reads is ended and recorded, changes go on to their end.

        Gives those that go on.
        What another console has begun is only not followed any more.
        """
        ending = [
            (key, child) for key, child in self.running.items()
            if child.ours and not _finishes(self._board.runs[key[0]].states[key[1]])
        ]  # fmt: skip
        for _, child in ending:
            child.stop()
        if watches := [self._watches[key] for key, _ in ending if key in self._watches]:
            # those that take longer are ended by their supervisors, and the next console writes it down
            await asyncio.wait(watches, timeout=grace)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        left = []
        for key, child in self.running.items():
            run = self._board.runs[key[0]]
            if child.ours and _finishes(run.states[key[1]]):
                left.append((run, run.states[key[1]]))
            child.leave()
        self.running.clear()
        return left


def report(what: str, error: BaseException) -> None:
    """Tell the loop of a defect that ends nothing."""
    asyncio.get_running_loop().call_exception_handler({"message": what, "exception": error})


def _finishes(state: StepState) -> bool:
    """Whether a step goes on without the console: to interrupt a change half-way is worse."""
    return state.risk > Risk.READ and not state.step.background


def _lives(state: StepState) -> bool:
    """Whether the console that has begun a step is still there to see to it."""
    return _alive(state.console)


def _alive(console: tuple[int, int]) -> bool:
    pid, since = console
    stat = stat_of(pid) if pid else None
    return stat is not None and stat[2] == since and stat[1] not in "ZX"


def _own_start() -> int:
    stat = stat_of(os.getpid())
    return stat[2] if stat else 0
