"""Evaluates all rules on the history and tells how each stands. Runs in a thread; see `source`."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from console.alerts.live_store import HistoryStore
from console.alerts.model import Alert, AlertsSnapshot, AlertState, Origin, RuleStatus, Silence
from console.alerts.objectives import limits_of
from console.alerts.reading import Reader, Ruled, Sourced
from console.alerts.record import Record
from console.alerts.rules import Rule
from console.alerts.runbooks import Match, runbook_of
from console.alerts.severity import severity_of
from console.alerts.standing import Judge, Standing
from console.alerts.states import ActiveAlert, GroupState, Outcome, Surroundings
from console.alerts.words import summary_of
from console.clock import Clock
from console.config import Config
from console.errors import OpsError
from console.guides.model import Guide
from console.history import History
from console.journal.place import journal_path
from console.metrics import Labels
from console.text import clean
from console.worker import Breath

READ_EVERY = 10.0
"""Seconds between two looks whether a rule file or a guide has changed."""
FIGURES = 120
"""Figures kept of a rule, one an evaluation."""
FEW, TREND = 30, 24
"""Rules of which all figures are handed on, and how many of each of more rules that are well."""
PLOTTED, TURNS = 200, 3
"""Rules of which all figures are handed on, and which are looked at closely at each evaluation: what
makes them well, and how near they are. Of more rules those that are well have it every fourth time."""
_WELL = (AlertState.INACTIVE, AlertState.NO_DATA)
SERIES = 200
"""Alerts of a rule of which figures are kept."""


@dataclass(slots=True)
class _Ruled:
    """A rule, and what is remembered of it from one evaluation to the next."""

    rule: Rule
    judge: Judge
    origin: Origin
    goal: str
    unit: str
    runbook: Match
    figures: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=FIGURES))
    by_alert: dict[Labels, deque[tuple[float, float]]] = field(default_factory=dict)
    standing: Standing | None = None
    reused: int = 0
    """Evaluations since it was looked at closely."""


@dataclass(slots=True)
class _Grouped:
    """A group, when it is due next, and how its rules stood at its last evaluation."""

    state: GroupState
    interval: float
    rules: list[_Ruled]
    due: float = 0.0
    statuses: tuple[RuleStatus, ...] = ()


class Evaluator:
    """Keeps the rules and their states; `evaluate` brings them up to now."""

    def __init__(
        self,
        config: Config,
        env: Mapping[str, str],
        history: History,
        clock: Clock,
        directory: Path | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._reader = Reader(config, directory)
        self._offset = clock.now().timestamp() - clock.monotonic()
        self._store = HistoryStore(history, self._offset)
        self._groups: list[_Grouped] = []
        self._told: tuple[RuleStatus, ...] = ()
        self._read_next = 0.0
        self._record: Record | None = None
        try:
            self._record = Record(journal_path(config, env))
        except OpsError:
            pass  # without a journal nothing was ever said of an alert
        self._breath = Breath()
        self._limits = config.limits
        self._early = config.alerts.interval / 2
        """Seconds by which a group may be before its time: a thread that began late must not cost a turn."""
        self._rules = 0

    def evaluate(self, due_only: bool = True) -> AlertsSnapshot:
        """Every group that is due, or all of them, in order; the others as they were."""
        with self._breath:
            return self._evaluate(due_only)

    def _evaluate(self, due_only: bool) -> AlertsSnapshot:
        now = self._clock.monotonic()
        began = time.perf_counter()
        if now >= self._read_next:
            self._read_next = now + READ_EVERY
            ruled, changed = self._reader.read()
            if changed:
                self._take(ruled)
        wall = self._clock.now()
        for group in self._groups:
            if now >= group.due - self._early or not due_only:
                group.due = now + group.interval if now >= group.due else group.due + group.interval
                group.statuses = self._evaluated(group, now, wall)
        rules = tuple(status for group in self._groups for status in group.statuses) + self._told
        silences: tuple[Silence, ...] = ()
        if self._record is not None:
            self._record.refresh()
            rules = self._record.handling.apply_to(rules, wall)
            silences = self._record.handling.silences(wall)
        took = time.perf_counter() - began
        trouble = self._record.failure if self._record is not None else ""
        limited = (f"what was said of alerts is not known: {trouble}",) if trouble else ()
        return AlertsSnapshot(rules=rules, silences=silences, limits=self._limits, took=took, limited=limited)

    def close(self) -> None:
        """Let go of the journal."""
        if self._record is not None:
            self._record.close()

    def _take(self, ruled: Ruled) -> None:
        """Other rules: those that stay keep their alerts."""
        before = {_key(group.state, group.rules): group for group in self._groups}
        groups = [self._grouped(sourced, ruled) for sourced in ruled.groups]
        for group in groups:
            old = before.get(_key(group.state, group.rules))
            if old is not None:
                group.state.adopt(old.state)
                for mine, theirs in zip(group.rules, old.rules, strict=False):
                    if mine.rule == theirs.rule:
                        mine.figures, mine.by_alert = theirs.figures, theirs.by_alert
        self._groups, self._told = groups, ruled.told
        self._rules = sum(len(group.rules) for group in groups)
        objectives = (one for guide in ruled.guides for one in guide.objectives)
        self._limits = limits_of(objectives, self._config.limits)

    def _grouped(self, sourced: Sourced, ruled: Ruled) -> _Grouped:
        group = sourced.group
        rules = []
        for rule in group.rules:
            goal = sourced.goals.get(rule.name)
            rules.append(
                _Ruled(
                    rule, Judge(rule), Origin(file=rule.file, line=rule.line, kind=sourced.kind),
                    goal.wanted if goal else "", goal.unit if goal else _unit(rule),
                    _runbook(rule, sourced.kind, ruled.guides),
                )
            )  # fmt: skip
        state = GroupState(group, self._store, Surroundings(), pause=self._breath.take)
        return _Grouped(state, group.interval or self._config.alerts.interval, rules)

    def _evaluated(self, group: _Grouped, now: float, wall: datetime) -> tuple[RuleStatus, ...]:
        # expressions know whole milliseconds: the next one, so that a sample of this very moment counts
        at = math.ceil((now + self._offset) * 1000) / 1000
        outcomes = group.state.evaluate(self._store, at)
        found = []
        for ruled, (rule, outcome) in zip(group.rules, outcomes, strict=True):
            self._breath.take()
            standing = self._standing(ruled, outcome, at)
            if standing.value is not None:
                ruled.figures.append((now, standing.value))
            found.append(self._status(group, ruled, rule, outcome, standing, at, wall))
        return tuple(found)

    def _standing(self, ruled: _Ruled, outcome: Outcome, at: float) -> Standing:
        """How a rule stands. Of very many rules, those that are well are looked at closely by turns."""
        before = ruled.standing
        quiet = before is not None and before.state in _WELL and not (outcome.alerts or outcome.error)
        if before is not None and quiet and self._rules > PLOTTED and ruled.reused < TURNS:
            ruled.reused += 1
            return before
        # so that they do not all have their turn at once
        ruled.reused = hash(ruled.rule.name) % TURNS if before is None else 0
        ruled.standing = ruled.judge.standing(outcome, self._store, at)
        return ruled.standing

    def _status(
        self,
        group: _Grouped,
        ruled: _Ruled,
        rule: Rule,
        outcome: Outcome,
        standing: Standing,
        at: float,
        wall: datetime,
    ) -> RuleStatus:
        reason = standing.reason
        if ruled.goal:
            reason = f"{reason}; the goal is {ruled.goal}"
        return RuleStatus(
            name=clean(rule.name, 200), expression=rule.expression.text, state=standing.state,
            reason=reason, origin=ruled.origin, group=clean(group.state.group.name, 200), hold=rule.hold,
            severity=severity_of(rule.labels), labels=rule.labels,
            alerts=tuple(self._alert(ruled, rule, alert, at, wall) for alert in outcome.alerts),
            values=self._figures(ruled, outcome), limit=standing.limit, operator=standing.operator,
            unit=ruled.unit, runbook=ruled.runbook.runbook, runbook_why=ruled.runbook.why,
            took=outcome.took,
        )  # fmt: skip

    def _figures(self, ruled: _Ruled, outcome: Outcome) -> tuple[tuple[float, float], ...]:
        """All of them, or the newest: every snapshot is kept for stepping back through time."""
        if outcome.alerts or self._rules <= FEW or not ruled.figures:
            return tuple(ruled.figures)
        if self._rules <= PLOTTED:
            return tuple(islice(ruled.figures, max(0, len(ruled.figures) - TREND), None))
        return (ruled.figures[-1],)

    def _alert(self, ruled: _Ruled, rule: Rule, alert: ActiveAlert, at: float, wall: datetime) -> Alert:
        figures = ruled.by_alert.get(alert.labels)
        if figures is None:
            if len(ruled.by_alert) >= SERIES:
                ruled.by_alert.clear()
            figures = ruled.by_alert[alert.labels] = deque(maxlen=FIGURES)
        figures.append((at - self._offset, alert.value))
        said = tuple((name, clean(text, 2000)) for name, text in alert.annotations)
        return Alert(
            rule=clean(rule.name, 200), state=alert.state, severity=severity_of(alert.labels),
            labels=tuple((clean(name, 100), clean(text, 500)) for name, text in alert.labels
                         if name != "alertname"),
            value=alert.value, since=wall - timedelta(seconds=at - alert.active_at),
            fired=None if alert.fired_at is None else wall - timedelta(seconds=at - alert.fired_at),
            summary=summary_of(said), annotations=said, values=tuple(figures),
        )  # fmt: skip


def _runbook(rule: Rule, kind: str, guides: Sequence[Guide]) -> Match:
    """A rule of a guide has its runbook there, if anywhere: other guides are of other systems."""
    own = [guide for guide in guides if guide.path == rule.file]
    return runbook_of(rule.name, rule.annotations, own if kind == "guide" and own else guides)


def _key(state: GroupState, rules: Sequence[_Ruled]) -> tuple[str, str]:
    return rules[0].rule.file, state.group.name


def _unit(rule: Rule) -> str:
    """How the figure is written, by what the metric's name ends with where only one is compared."""
    comparison = rule.expression.comparison
    if comparison is None:
        return ""
    text = comparison.figure.text
    names = {selector.name for selector in comparison.figure.selectors}
    if len(names) != 1 or any(word in text for word in ("rate(", "count", "/", "*", "changes(", "resets(")):
        return ""
    (name,) = names
    return "s" if name.endswith("_seconds") else "B" if name.endswith("_bytes") else ""
