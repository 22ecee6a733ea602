"""The one place that decides whether a step may start, and what a person must do for it.

It is asked where steps are started, never only in a view, and knows nothing of screens. It is a
guard against slips and says so; it is no sandbox.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from console.errors import GateRefused
from console.guides.model import Risk, StepKind
from console.runs.target import Target
from console.units import duration

REPEAT = timedelta(minutes=60)
"""How long a command that went well is remembered before it may be run again without a further question."""


class Friction(IntEnum):
    """What a person does to start a step, from nothing to typing a name."""

    NONE = 0
    """Enter."""
    SHOWN = 1
    """Enter, once the resolved text has been shown."""
    YES = 2
    """`y`."""
    NAME = 3
    """The target's name is typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What a person gave, and the digest of the exact command it was given for.

    `allow` is given by nobody at a keyboard but by an option: the highest risk that may run unattended.
    """

    digest: str
    shown: bool = False
    yes: bool = False
    name: str = ""
    allow: Risk | None = None

    @property
    def word(self) -> str:
        """For the record: how it was confirmed."""
        if self.allow is not None:
            return f"--allow {self.allow.word}"
        return "name" if self.name else "yes" if self.yes else "shown" if self.shown else "enter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """The same command before: when, by whom."""

    at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the gate is asked: a command as it would run, and the state of what is around it."""

    kind: StepKind
    risk: Risk
    command: str
    digest: str
    name: str
    """What is typed where a name is asked for."""
    where: str = ""
    read_only: bool = False
    production: bool = False
    locked: Target | None = None
    target: Target | None = None
    """Where commands go now; `locked` where they went when the run started."""
    repeat: Repeat | None = None
    now: datetime
    missing: Sequence[str] = ()
    """Variables without a value."""
    refused: str = ""
    """Why the values cannot be put into the command."""
    unwritable: str = ""
    """Why the journal cannot be written."""
    ended: bool = False
    running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gate says: the friction, or why not at all and what would mend it."""

    friction: Friction
    refusal: str = ""
    fix: str = ""
    warnings: tuple[str, ...] = ()


_USUAL = {
    Risk.READ: Friction.NONE,
    Risk.UNKNOWN: Friction.SHOWN,
    Risk.CHANGE: Friction.YES,
    Risk.DESTRUCTIVE: Friction.NAME,
}


def digest_of(kind: StepKind, text: str, parts: Mapping[str, str] | None = None) -> str:
    """The fingerprint of exactly what would run: the text and whatever is given to it."""
    state = hashlib.sha256(f"{kind.value}\0{text}".encode("utf-8", "surrogatepass"))
    for key, value in sorted((parts or {}).items()):
        state.update(f"\0{key}\0{value}".encode("utf-8", "surrogatepass"))
    return state.hexdigest()


def decide(question: Question) -> Decision:
    """What a step needs to start."""
    refusal, fix = _refusal(question)
    if refusal:
        return Decision(friction=Friction.NAME, refusal=refusal, fix=fix)
    friction = _USUAL[question.risk]
    warnings: list[str] = []
    if question.production and question.risk > Risk.READ:
        friction = Friction.YES if question.risk is Risk.UNKNOWN else Friction.NAME
        warnings.append("a production profile is in use")
    repeat = question.repeat
    if repeat is not None and question.now - repeat.at <= REPEAT:
        ago = duration((question.now - repeat.at).total_seconds())
        warnings.append(f"already run {ago} ago by {repeat.actor}, exit 0")
        if question.risk > Risk.READ:
            friction = Friction(min(friction + 1, Friction.NAME))
    return Decision(friction=friction, warnings=tuple(warnings))


def _refusal(question: Question) -> tuple[str, str]:
    """Why it may not run, and what would let it; empty when it may."""
    if question.unwritable:
        return f"the journal cannot be written: {question.unwritable}", "nothing runs that is not recorded"
    if question.ended:
        return "the run has ended", "start it again as a new run"
    if question.running:
        return "the step is running already", "wait for its end, or cancel it"
    if question.where:
        return f"this step belongs to {question.where}, not to this host", "run it there, then tick it here"
    if question.kind is StepKind.MANUAL or not question.command.strip():
        return "there is nothing to run in this step", "do it, then tick it"
    if question.missing:
        names = ", ".join(question.missing)
        return f"no value is given for {names}", "give it one"
    if question.refused:
        return question.refused, "give another value, or edit the command"
    if question.read_only and question.risk > Risk.READ:
        return f"only reading is allowed here, and this is {question.risk.word}", "read_only is set in [runs]"
    if question.risk > Risk.READ and question.locked is not None and question.target is not None:
        drift = question.locked.drift(question.target)
        if drift:
            return f"the target is not the one this run began with: {'; '.join(drift)}", "set it back"
    return "", ""


def admit(question: Question, confirmation: Confirmation) -> Decision:
    """Let a step start, or raise GateRefused with what is lacking."""
    decision = decide(question)
    if decision.refusal:
        raise GateRefused(decision.refusal, decision.fix)
    if confirmation.digest != question.digest:
        raise GateRefused("the command is not the one that was confirmed", "look at it and confirm again")
    if confirmation.allow is not None:
        _unattended(question, confirmation)
        return decision
    given = confirmation
    if decision.friction is Friction.NAME and given.name != question.name:
        raise GateRefused(f"this is {_what(question)}", f"type {question.name} to confirm")
    if decision.friction is Friction.YES and not (given.yes or given.name == question.name):
        raise GateRefused(f"this is {_what(question)}", "confirm it with y")
    if decision.friction is Friction.SHOWN and not (given.shown or given.yes or given.name == question.name):
        raise GateRefused("it is not known what this does", "look at the resolved command first")
    return decision


def _unattended(question: Question, given: Confirmation) -> None:
    assert given.allow is not None
    if question.risk > given.allow:
        allowed = f"only {given.allow.word} is allowed"
        raise GateRefused(f"this is {_what(question)}, and {allowed}", f"--allow {question.risk.word}")
    named = question.production and question.risk > Risk.UNKNOWN
    if named and given.name != question.name:
        raise GateRefused(f"this is {_what(question)} in production", f"--target {question.name}")


def _what(question: Question) -> str:
    return {
        Risk.READ: "a step that reads",
        Risk.UNKNOWN: "a step of unknown effect",
        Risk.CHANGE: "a change",
        Risk.DESTRUCTIVE: "a destructive step",
    }[question.risk]
