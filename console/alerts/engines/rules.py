"""What a Prometheus says of its rules and targets, as rules and alerts of the pane."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from console.alerts.engines.address import Address
from console.alerts.engines.client import AnsweredNo
from console.alerts.engines.handled import Handled
from console.alerts.engines.reading import (
    items,
    moment,
    number,
    pairs,
    seconds,
    table,
    text,
)
from console.alerts.identity import NAME
from console.alerts.model import Alert, AlertsSnapshot, AlertState, Origin, RuleStatus
from console.alerts.severity import severity_of
from console.alerts.words import span, summary_of
from console.errors import ExpressionError, Refused
from console.metrics import Labels
from console.units import counted, duration

if TYPE_CHECKING:
    from console.alerts.engines.client import Client

MOST_RULES = 5000
MOST_ALERTS = 5000
"""Alerts of all rules that are read."""
POINTS = 120
"""Figures kept of an alert, one a poll."""
FOLLOWED = 500
"""Alerts whose figures are kept."""
MOST_TARGETS = 100
PARSED = 5000
"""Expressions whose comparisons are remembered."""
STATES = {"firing": AlertState.FIRING, "pending": AlertState.PENDING}


def check_build(answer: Any, address: Address) -> None:
    """Raises Refused where the answer to /api/v1/status/buildinfo is not that of a Prometheus."""
    if table(answer).get("status") != "success" or "version" not in table(table(answer).get("data")):
        reason = f"{address.name}: something answers, and it is no Prometheus"
        raise Refused(reason, 'correct PROMETHEUS_URL or "prometheus" of [alerts]')


async def down(client: Client, patience: float) -> tuple[tuple[tuple[str, str], ...], str]:
    """The targets that are down with the reason of each; and why they are not known, where it is so."""
    try:
        answer = await client.get("/api/v1/targets", patience, state="active")
    except AnsweredNo as error:
        return (), f"targets are not known: {error.reason}"
    except Refused as error:
        if "(404)" not in error.reason:
            raise
        return (), "targets are not known: it has none of its own"
    found: list[tuple[str, str]] = []
    for told in items(table(table(answer).get("data")).get("activeTargets")):
        target = table(told)
        if target.get("health") != "down":
            continue
        labels = table(target.get("labels"))
        name = " ".join(filter(None, (text(labels.get("job"), 80), text(labels.get("instance"), 120))))
        why = text(target.get("lastError"), 300) or "no reason given"
        found.append((name or text(target.get("scrapeUrl"), 200), why))
    return tuple(sorted(found))[:MOST_TARGETS], ""


class RulesReader:
    """Reads one answer after the other, and keeps the figures of each alert over time."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._points: dict[tuple[str, Labels], deque[tuple[float, float]]] = {}
        self._compared: dict[str, tuple[str, float] | None] = {}

    def read(
        self, answer: Any, monotonic: float, silencing: AlertsSnapshot | None
    ) -> tuple[tuple[RuleStatus, ...], float]:
        """The rules of /api/v1/rules, and the seconds all their groups took. Raises Refused."""
        data = table(answer).get("data")
        if table(answer).get("status") != "success" or not isinstance(table(data).get("groups"), list):
            raise Refused(f"{self._engine}: an answer without rules", "is it a Prometheus?")
        handled = Handled(silencing)
        rules: list[RuleStatus] = []
        took, alerts = 0.0, 0
        for told in table(data)["groups"]:
            group = table(told)
            took += seconds(group.get("evaluationTime"))
            for rule in items(group.get("rules")):
                if len(rules) >= MOST_RULES:
                    break
                status = self._rule(table(rule), group, handled, MOST_ALERTS - alerts, monotonic)
                alerts += len(status.alerts)
                rules.append(status)
        self._forget(monotonic)
        return tuple(rules), took

    def _rule(self, rule: Any, group: Any, handled: Handled, room: int, monotonic: float) -> RuleStatus:
        name, labels = text(rule.get("name"), 300), pairs(rule.get("labels"))
        expression = text(rule.get("query"), 20_000)
        comparison = self._comparison(expression)
        alerts: list[Alert] = []
        severity = severity_of(labels)
        told = items(rule.get("alerts"))
        for one in told[: max(0, room)]:
            alert = self._alert(name, table(one), monotonic)
            if alert is not None:
                alerts.append(handled.of(alert))
        state, reason = _state(rule, alerts, len(told))
        if alerts and "severity" not in dict(labels):
            severity = max(alert.severity for alert in alerts)
        annotations = dict(pairs(rule.get("annotations")))
        runbook = annotations.get("runbook_url", "")
        values: tuple[tuple[float, float], ...] = alerts[0].values if len(alerts) == 1 else ()
        return RuleStatus(
            name=name, expression=expression, state=state, reason=reason,
            origin=Origin(file=text(group.get("file"), 400) or self._engine, kind="prometheus"),
            group=text(group.get("name"), 200), hold=seconds(rule.get("duration")), severity=severity,
            labels=labels, alerts=tuple(alerts), values=values,
            limit=comparison[1] if comparison else None, operator=comparison[0] if comparison else "",
            runbook=runbook, runbook_why="runbook_url" if runbook else "",
            took=seconds(rule.get("evaluationTime")),
        )  # fmt: skip

    def _alert(self, rule: str, told: Any, monotonic: float) -> Alert | None:
        state = STATES.get(text(told.get("state")))
        if state is None:
            return None
        labels = tuple(pair for pair in pairs(told.get("labels")) if pair[0] != NAME)
        annotations, value = pairs(told.get("annotations")), number(told.get("value"))
        points = self._follow((rule, labels), value, monotonic)
        return Alert(
            rule=rule, state=state, severity=severity_of(labels), labels=labels,
            value=value, since=moment(told.get("activeAt")), summary=summary_of(annotations),
            annotations=annotations, values=points,
        )  # fmt: skip

    def _follow(
        self, key: tuple[str, Labels], value: float | None, monotonic: float
    ) -> tuple[tuple[float, float], ...]:
        """The figures of an alert until now, one a poll."""
        points = self._points.get(key)
        if points is None:
            if len(self._points) >= FOLLOWED:
                return ()
            points = self._points[key] = deque(maxlen=POINTS)
        if value is not None:
            points.append((monotonic, value))
        return tuple(points)

    def _forget(self, monotonic: float) -> None:
        self._points = {
            key: points for key, points in self._points.items() if points and points[-1][0] == monotonic
        }

    def _comparison(self, expression: str) -> tuple[str, float] | None:
        """The operator and limit of an expression that compares with one number."""
        if expression not in self._compared:
            from console.alerts.promql import parse

            if len(self._compared) >= PARSED:
                self._compared.clear()
            try:
                found = parse(expression).comparison
            except ExpressionError:
                found = None  # of a newer Prometheus: it is evaluated there
            self._compared[expression] = (found.operator, found.limit) if found else None
        return self._compared[expression]


def _state(rule: Any, alerts: list[Alert], told: int) -> tuple[AlertState, str]:
    """How a rule stands, and why."""
    health = text(rule.get("health"))
    if health == "err":
        return AlertState.BROKEN, text(rule.get("lastError"), 600) or "its evaluation fails"
    if health != "ok":
        return AlertState.NO_DATA, "not evaluated yet"
    if rule.get("type") == "recording":
        return AlertState.INACTIVE, f"records, in {duration(seconds(rule.get('evaluationTime')))}"
    for state in (AlertState.FIRING, AlertState.PENDING):
        found = [alert for alert in alerts if alert.state is state]
        if found:
            return state, f"{counted(told, 'alert')}{_waiting(rule, state)}"
    return AlertState.INACTIVE, "its expression gives nothing"


def _waiting(rule: Any, state: AlertState) -> str:
    hold = seconds(rule.get("duration"))
    return f", fires after {span(hold)}" if state is AlertState.PENDING and hold else ""
