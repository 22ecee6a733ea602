"""A run and the state of its steps: all of it follows from the entries of the journal, in their order."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from console.guides.model import Procedure, Risk, Step
from console.journal.entries import JSON, Entry, Kind
from console.runs.colors import Line
from console.runs.target import Target

LINES = 2000
"""Lines of output kept in memory of one step; all of it is in its spool."""


class Status(StrEnum):
    """How it stands with a step."""

    WAITING = "waiting"
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    """It was begun and nobody saw its end: to be verified by a person, never run again by itself."""
    CANCELLED = "cancelled"
    TICKED = "ticked"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRef:
    """The guide a run was started from; `digest` pins its bytes."""

    path: str
    name: str
    title: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a pane said when an item was ticked."""

    text: str
    source: str = ""
    time: str = ""
    """When it was read, ISO 8601."""
    good: bool = True


@dataclass(slots=True)
class StepState:
    """How it stands with one step of a run."""

    index: int
    step: Step
    status: Status = Status.WAITING
    attempt: int = 0
    exit_code: int | None = None
    signal: int | None = None
    started: datetime | None = None
    ended: datetime | None = None
    duration: float | None = None
    """Seconds, once it has ended."""
    lines: deque[Line] = field(default_factory=lambda: deque(maxlen=LINES))
    """The newest lines of output, cleaned, their colours beside them."""
    skipped_bytes: int = 0
    """Bytes of output that are not among `lines` nor on disk."""
    spool: Path | None = None
    """The directory of this attempt; `console.runs.spool` reads its output."""
    value: str = ""
    note: str = ""
    evidence: Evidence | None = None
    command: str | None = None
    """What ran instead of the guide's text, when it was edited."""
    actor: str = ""
    why: str = ""
    """One sentence about how it ended, was skipped, or lost its tick."""
    left: tuple[str, ...] = ()
    """Processes that go on after its end."""
    before_change: bool = False
    """A later step has changed something since this was seen."""
    automatic: bool = False
    """Ticked by evidence, not by a person."""
    last_output: datetime | None = None
    regressed: bool = False
    """It was ticked and lost the tick because the value got worse."""
    person_only: bool = False
    """Its tick was taken back once: no pane gives it again by itself."""
    console: tuple[int, int] = (0, 0)
    """The console that has begun it: pid, and its start in clock ticks since boot."""
    risk: Risk = Risk.READ
    """Of what ran last, which may have been edited."""
    measures: dict[str, Mapping[str, JSON]] = field(default_factory=dict)
    """Metrics around it: `before` (30 s), `at`, `after` (60 s)."""

    @property
    def done(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.status in (Status.OK, Status.SKIPPED, Status.TICKED)


@dataclass(slots=True)
class Run:
    """One carrying-out of a procedure. `values` are frozen for it; secret ones are not in the journal."""

    id: str
    guide: GuideRef
    procedure: Procedure
    values: Mapping[str, str]
    target: Target
    directory: Path
    started: datetime
    actor: str
    ended: datetime | None = None
    status: str = ""
    """How it ended: `ok`, `failed`, `abandoned`; empty while it goes on."""
    states: list[StepState] = field(default_factory=list)
    notes: list[tuple[datetime, str, str]] = field(default_factory=list)
    """Time, actor, text."""
    seen: set[int] = field(default_factory=set)
    """Sequence numbers of the entries taken into account."""

    def apply(self, entry: Entry) -> int | None:
        """Take an entry of the journal into account; the index of the step it is about."""
        at = entry.time
        self.seen.add(entry.seq)
        if not entry.step:
            if entry.kind == Kind.CLOSED:
                self.ended, self.status = at, entry.text("status")
            elif entry.kind == Kind.NOTED:
                self.notes.append((at, entry.actor, entry.text("text")))
                if (target := entry.body.get("target")) and isinstance(target, Mapping):
                    self.target = Target.of(target)
            return None
        index = int(entry.step) if entry.step.isdecimal() else len(self.states)
        if index >= len(self.states):
            return None  # of a console that counts otherwise
        _APPLY.get(entry.kind, _nothing)(self.states[index], entry)
        if entry.kind == Kind.ENDED and self.states[index].risk > Risk.READ:
            self._changed(index)
        return index

    def _changed(self, by: int) -> None:
        """What was seen before a change says nothing about now."""
        for state in self.states:
            read = state.status is Status.OK and state.risk is Risk.READ
            seen = state.status is Status.TICKED or read
            if seen and state.index != by:
                state.before_change = True

    @property
    def secret(self) -> frozenset[str]:
        """The names of its variables whose values are written down nowhere."""
        return frozenset(v.name for step in self.procedure.steps for v in step.variables if v.secret)

    @property
    def next(self) -> int | None:
        """The first step that waits; None when there is none."""
        return next((state.index for state in self.states if state.status is Status.WAITING), None)


def _started(state: StepState, entry: Entry) -> None:
    state.status, state.started, state.ended = Status.RUNNING, entry.time, None
    state.attempt = int(entry.number("attempt") or 1)
    state.exit_code = state.signal = state.duration = None
    state.lines.clear()
    state.measures.clear()
    state.skipped_bytes = 0
    state.left, state.why, state.before_change, state.last_output = (), "", False, None
    state.spool = Path(entry.text("spool")) if entry.text("spool") else None
    state.command = entry.text("edited") or None
    state.risk = _RISKS.get(entry.text("risk"), state.step.risk)
    state.actor = entry.actor
    state.console = int(entry.number("console") or 0), int(entry.number("console_start") or 0)


def _ended(state: StepState, entry: Entry) -> None:
    if int(entry.number("attempt") or 1) != state.attempt:
        return
    code, number = entry.number("exit"), entry.number("signal")
    state.status, state.ended = _ENDS.get(entry.text("status"), Status.UNKNOWN), entry.time
    state.exit_code = None if code is None else int(code)
    state.signal = None if number is None else int(number)
    state.duration, state.why = entry.number("seconds"), entry.text("why")
    left = entry.body.get("left")
    state.left = tuple(map(str, left)) if isinstance(left, (list, tuple)) else ()


def _ticked(state: StepState, entry: Entry) -> None:
    state.status, state.ended, state.actor = Status.TICKED, entry.time, entry.actor
    state.value, state.note, state.why = entry.text("value"), entry.text("note"), ""
    state.before_change = state.regressed = False
    state.automatic = entry.body.get("automatic") is True
    told = entry.body.get("evidence")
    state.evidence = None
    if isinstance(told, Mapping):
        state.evidence = Evidence(
            text=str(told.get("text", "")), source=str(told.get("source", "")),
            time=str(told.get("time", "")), good=told.get("good") is not False,
        )  # fmt: skip


def _unticked(state: StepState, entry: Entry) -> None:
    state.status, state.why = Status.WAITING, entry.text("why")
    state.regressed = entry.body.get("regressed") is True
    state.automatic, state.person_only = False, True


def _skipped(state: StepState, entry: Entry) -> None:
    state.status, state.ended, state.actor = Status.SKIPPED, entry.time, entry.actor
    state.why = entry.text("reason")


def _measured(state: StepState, entry: Entry) -> None:
    figures, attempt = entry.body.get("figures"), int(entry.number("attempt") or 1)
    if isinstance(figures, Mapping) and attempt == state.attempt:
        state.measures[entry.text("when")] = figures


def _noted(state: StepState, entry: Entry) -> None:
    state.note = entry.text("text")


def _nothing(_state: StepState, _entry: Entry) -> None:
    pass


_RISKS = {risk.word: risk for risk in Risk}
_ENDS = {status.value: status for status in (Status.OK, Status.FAILED, Status.CANCELLED)}
MEASURED = "measured"
"""Kind of an entry: figures of the panes around a step that changed something."""
_APPLY = {
    Kind.STARTED: _started, Kind.ENDED: _ended, Kind.TICKED: _ticked, Kind.UNTICKED: _unticked,
    Kind.SKIPPED: _skipped, Kind.NOTED: _noted, MEASURED: _measured,
}  # fmt: skip


def states_of(procedure: Procedure) -> list[StepState]:
    """The states of a procedure's steps before anything happened."""
    return [StepState(index, step) for index, step in enumerate(procedure.steps)]


def usual(seconds: Iterable[float]) -> float | None:
    """The usual duration among those of runs that went well: their median; None when there are none."""
    found = list(seconds)
    return statistics.median(found) if found else None
