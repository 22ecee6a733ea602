"""What the panes say beside the manual items of open runs: an item is ticked by it, and loses the tick.

An answer must hold for a moment before anything follows from it. In a checklist a good one ticks its
item; in a runbook it only stands there, for a person to take. A tick that was given for a value goes
when the value has got worse, with a mark, and only a person gives it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.collector import Collector
from console.config import Config
from console.guides.model import Kind, Objective, Step, StepKind
from console.runs import kubectl
from console.runs.evidence import Evidence, answer, topics_of
from console.runs.run import Run, Status, StepState

HOLD = 2.0
"""Seconds an answer must stay the same before an item is ticked by it or loses its tick."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows for an item: `tick` it with the evidence, or take its tick back."""

    index: int
    tick: bool
    evidence: Evidence


class Watch:
    """Answers for the items of runs, kept from one look to the next."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._since: dict[tuple[str, int], tuple[bool, float]] = {}
        """Whether the answer to an item is good, and since when."""
        self._answers: dict[tuple[str, int], Evidence] = {}
        self._asked: dict[str, bool] = {}
        """Questions, and whether a pane may answer them."""

    def answers(self, run: Run) -> Mapping[int, Evidence]:
        """The newest answers to the items of a run, by the steps' indices."""
        return {index: one for (run_id, index), one in self._answers.items() if run_id == run.id}

    def look(self, run: Run, collector: Collector, objectives: Sequence[Objective] = ()) -> list[Verdict]:
        """Ask the panes about every item of a run they may know of; what follows from their answers."""
        verdicts: list[Verdict] = []
        now = collector.clock.monotonic()
        for state in run.states:
            if not self._concerned(state):
                continue
            key = run.id, state.index
            title = _question(state.step)
            found = answer(title, collector.feeds, collector.history, self._config, now, objectives)
            if found is None:
                self._answers.pop(key, None)
                self._since.pop(key, None)
                continue
            self._answers[key] = found
            good, since = self._since.get(key, (not found.good, now))
            if good is not found.good:
                self._since[key] = found.good, now
            elif now - since >= HOLD and (verdict := _verdict(run, state, found)) is not None:
                verdicts.append(verdict)
        return verdicts

    def _concerned(self, state: StepState) -> bool:
        step = state.step
        title = _question(step)
        if not title or step.where or state.status is Status.SKIPPED:
            return False
        known = self._asked.get(title)
        if known is None:
            known = self._asked[title] = bool(topics_of(title))
        return known

    def forget(self, run: Run) -> None:
        """A run has ended: nothing is watched for it any more."""
        for kept in (self._since, self._answers):
            for key in [key for key in kept if key[0] == run.id]:
                del kept[key]


def _question(step: Step) -> str:
    """What the panes are asked: what a manual item says, or a command of kubectl, which need not run then."""
    if step.kind is StepKind.MANUAL:
        return step.title
    plain = step.kind is StepKind.SHELL and step.command.startswith("kubectl ")
    return step.command if plain and kubectl.read(step.command) else ""


def _verdict(run: Run, state: StepState, found: Evidence) -> Verdict | None:
    if state.status is Status.TICKED and state.evidence is not None and state.evidence.good:
        return None if found.good else Verdict(state.index, tick=False, evidence=found)
    waits = state.status is Status.WAITING and not state.person_only
    if found.good and waits and run.procedure.kind is Kind.CHECKLIST:
        return Verdict(state.index, tick=True, evidence=found)
    return None
