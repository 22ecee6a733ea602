"""The states of a rule group: what each evaluation makes of them, with Prometheus' semantics.

Nothing here reads a clock: `at` is given, in Unix seconds that never jump, so that setting the wall
clock cannot fire or clear anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from console.alerts.model import AlertState
from console.alerts.promql import ExpressionError, Scalar, Store, Vector, evaluate, parse
from console.alerts.rules import Group, Rule
from console.alerts.templates import Context
from console.alerts.templates.values import Result, Sample, Strings
from console.metrics import Labels

RETENTION = 900.0
"""Seconds an alert that ended is still told of, as in Prometheus."""
MOST = 10_000
"""Alerts or series one rule may give, whatever its group's limit."""
QUERY_STEP = 60.0
"""Seconds between the points of a subquery that names no step."""


class RecordError(ValueError):
    """A sample cannot be kept: there is another one of that series at that time, or a later one."""


class Recorder(Protocol):
    """Keeps what rules write: series of recording rules, `ALERTS` and `ALERTS_FOR_STATE`."""

    def record(self, name: str, labels: Labels, at: float, value: float) -> None:
        """Keep a sample. Raises RecordError."""
        ...

    def stale(self, name: str, labels: Labels, at: float, /) -> None:
        """The series has ended; where it cannot be marked nothing happens."""
        ...


class Nowhere:
    """Keeps nothing: for a look at rules that nobody's rules build on."""

    def record(self, name: str, labels: Labels, at: float, value: float) -> None:
        """Nothing."""

    def stale(self, name: str, labels: Labels, at: float) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlert:
    """One alert of a rule after an evaluation; times are those given to `evaluate`."""

    labels: Labels
    annotations: Labels
    value: float
    state: AlertState
    active_at: float
    """When its condition was first true without a break."""
    fired_at: float | None = None
    resolved_at: float | None = None
    """When it ended; then its state is inactive."""
    kept_since: float | None = None
    """Since when it fires only because of `keep_firing_for`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an evaluation of one rule gave: its alerts, or the error; series of a recording rule."""

    alerts: tuple[ActiveAlert, ...] = ()
    """Pending and firing ones, sorted by their labels."""
    resolved: tuple[ActiveAlert, ...] = ()
    """Those that ended within the last quarter of an hour."""
    series: tuple[tuple[Labels, float], ...] = ()
    """What a recording rule recorded."""
    error: str = ""
    took: float = 0.0
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What rules know of the place they are evaluated in."""

    external_labels: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""
    path_prefix: str | None = None
    step: float = QUERY_STEP
    """Seconds between the points of a subquery that names no step."""


class GroupState:
    """A group and the alerts of its rules, from one evaluation to the next."""

    def __init__(
        self,
        group: Group,
        recorder: Recorder | None = None,
        around: Surroundings | None = None,
        timer: Callable[[], float] = time.perf_counter,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """`pause` is called after each rule."""
        self.group = group
        self._recorder = recorder or Nowhere()
        self._around = around or Surroundings()
        self._timer = timer
        self._pause = pause
        self._active: list[dict[Labels, ActiveAlert]] = [{} for _ in group.rules]
        self._written: list[set[tuple[str, Labels]]] = [set() for _ in group.rules]
        self._orphans: set[tuple[str, Labels]] = set()

    def adopt(self, before: GroupState) -> None:
        """Take over the alerts of rules that have the same name and labels: the files were read again."""
        waiting: dict[tuple[str, Labels], list[int]] = {}
        for place, rule in enumerate(before.group.rules):
            waiting.setdefault((rule.name, rule.labels), []).append(place)
        for place, rule in enumerate(self.group.rules):
            places = waiting.get((rule.name, rule.labels))
            if places:
                first = places.pop(0)
                self._active[place] = dict(before._active[first])
                self._written[place] = set(before._written[first])
        self._orphans |= before._orphans
        for places in waiting.values():
            for place in places:
                self._orphans |= before._written[place]

    def evaluate(self, store: Store, at: float) -> list[tuple[Rule, Outcome]]:
        """Every rule in its order; later ones see what earlier ones recorded, if `store` shows it."""
        outcomes = []
        for place, rule in enumerate(self.group.rules):
            outcomes.append((rule, self._rule(place, rule, store, at)))
            self._pause()
        offset = self.group.query_offset or 0.0
        for name, labels in self._orphans:
            self._recorder.stale(name, labels, at - offset)
        self._orphans = set()
        return outcomes

    def _rule(self, place: int, rule: Rule, store: Store, at: float) -> Outcome:
        began = self._timer()
        offset = self.group.query_offset or 0.0
        outcome = Outcome()
        try:
            result = series(evaluate(rule.expression, store, at - offset, step=self._around.step))
            if len(result) > MOST:
                raise ValueError(f"it gives {len(result)} series, more than {MOST}")
            if rule.alert:
                writes = self._alerts(place, rule, result, store, at)
            else:
                writes = self._records(rule, result)
                outcome = Outcome(series=tuple((labels, value) for _, labels, value in writes))
        except (ExpressionError, ValueError) as error:
            return self._outcome(place, replace(outcome, error=str(error), took=self._timer() - began))
        error_text = self._write(place, writes, at - offset)
        return self._outcome(place, replace(outcome, error=error_text, took=self._timer() - began))

    def _outcome(self, place: int, outcome: Outcome) -> Outcome:
        known = sorted(self._active[place].values(), key=lambda alert: alert.labels)
        return replace(
            outcome,
            alerts=tuple(alert for alert in known if alert.resolved_at is None),
            resolved=tuple(alert for alert in known if alert.resolved_at is not None),
        )

    def _write(self, place: int, writes: Sequence[tuple[str, Labels, float]], at: float) -> str:
        """Records samples, and marks the series that were written last time and are not now."""
        written_now: set[tuple[str, Labels]] = set()
        error = ""
        for name, labels, value in writes:
            try:
                self._recorder.record(name, labels, at, value)
                written_now.add((name, labels))
            except RecordError as refused:
                error = str(refused)
        for name, labels in sorted(self._written[place] - written_now):
            self._recorder.stale(name, labels, at)
        self._written[place] = written_now
        return error

    def _records(self, rule: Rule, result: Sequence[tuple[Labels, float]]) -> list[tuple[str, Labels, float]]:
        found: dict[Labels, float] = {}
        for labels, value in result:
            merged = dict(labels) | dict(rule.labels)
            merged.pop("__name__", None)
            key = _sorted(merged)
            if key in found:
                raise ValueError("vector contains metrics with the same labelset after applying rule labels")
            found[key] = value
        if 0 < self.group.limit < len(found):
            raise ValueError(f"exceeded limit of {self.group.limit} with {len(found)} series")
        return [(rule.record, labels, value) for labels, value in found.items()]

    def _alerts(
        self, place: int, rule: Rule, result: Sequence[tuple[Labels, float]], store: Store, at: float
    ) -> list[tuple[str, Labels, float]]:
        context = self._context(store, at)
        fresh: dict[Labels, ActiveAlert] = {}
        for metric, value in result:
            alert = self._alert(rule, metric, value, context, at)
            if alert.labels in fresh:
                raise ValueError("vector contains metrics with the same labelset after applying alert labels")
            fresh[alert.labels] = alert
        active = self._active[place]
        for labels, alert in fresh.items():
            before = active.get(labels)
            if before is not None and before.resolved_at is None:
                alert = replace(before, value=alert.value, annotations=alert.annotations)
            active[labels] = alert
        writes: list[tuple[str, Labels, float]] = []
        count = 0
        for labels, alert in list(active.items()):
            moved = _moved(rule, alert, labels in fresh, at)
            if moved is None:
                del active[labels]
                continue
            active[labels] = moved
            if moved.resolved_at is None:
                count += 1
                writes += _marks(rule, moved)
        if 0 < self.group.limit < count:
            active.clear()
            raise ValueError(f"exceeded limit of {self.group.limit} with {count} alerts")
        return writes

    def _alert(self, rule: Rule, metric: Labels, value: float, context: Context, at: float) -> ActiveAlert:
        shown = dict(metric)
        labels = {name: text for name, text in metric if name != "__name__"}
        for name, template in rule.label_templates:
            labels[name] = template.expand(rule.alert, shown, value, context)
        labels["alertname"] = rule.alert
        annotations = tuple(
            (name, template.expand(rule.alert, shown, value, context))
            for name, template in rule.annotation_templates
        )
        return ActiveAlert(
            labels=_sorted(labels), annotations=annotations, value=value,
            state=AlertState.PENDING, active_at=at,
        )  # fmt: skip

    def _context(self, store: Store, at: float) -> Context:
        around = self._around

        def query(text: str) -> Result:
            try:
                found = series(evaluate(parse(text), store, at, step=around.step))
            except ExpressionError as error:
                raise ValueError(str(error)) from None
            return Result(Sample(Strings(labels), number) for labels, number in found)

        return Context(
            now=at, query=query, external_labels=around.external_labels,
            external_url=around.external_url, path_prefix=around.path_prefix,
        )  # fmt: skip


def _moved(rule: Rule, alert: ActiveAlert, true_now: bool, at: float) -> ActiveAlert | None:
    """An alert after an evaluation; None when nothing more is to be told of it."""
    if true_now:
        alert = replace(alert, kept_since=None)
    else:
        kept = False
        if alert.state is AlertState.FIRING and rule.keep_firing_for > 0:
            since = at if alert.kept_since is None else alert.kept_since
            alert = replace(alert, kept_since=since)
            kept = at - since < rule.keep_firing_for
        ended = alert.resolved_at is not None and at - alert.resolved_at > RETENTION
        if alert.state is AlertState.PENDING or ended:
            return None
        if not kept:
            if alert.resolved_at is None:
                alert = replace(alert, state=AlertState.INACTIVE, resolved_at=at)
            return alert
    held = at - alert.active_at >= rule.hold
    if alert.state is AlertState.PENDING and held:
        return replace(alert, state=AlertState.FIRING, fired_at=at)
    if alert.state is AlertState.FIRING and not held:  # the rule was read again with a longer `for`
        return replace(alert, state=AlertState.PENDING, fired_at=None, kept_since=None)
    return alert


def _marks(rule: Rule, alert: ActiveAlert) -> list[tuple[str, Labels, float]]:
    """The series that tell of an alert."""
    labels = dict(rule.labels) | dict(alert.labels)
    state = _sorted({**labels, "alertstate": alert.state.value})
    return [("ALERTS", state, 1.0), ("ALERTS_FOR_STATE", _sorted(labels), float(int(alert.active_at // 1)))]


def _sorted(labels: Mapping[str, str]) -> Labels:
    """Labels as a key; an empty value is no label."""
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def series(value: object) -> list[tuple[Labels, float]]:
    """What an expression of a rule gave: labels with `__name__` where it kept one, and the value."""
    if isinstance(value, Scalar):
        return [((), value.value)]
    if isinstance(value, Vector):
        return [(element.labels, element.value) for element in value.elements]
    raise ValueError("rule result is not a vector or scalar")
