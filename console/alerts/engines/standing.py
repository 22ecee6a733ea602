"""What an Alertmanager says of its alerts and silences, as rules and alerts of the pane."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from console.alerts.engines.address import Address
from console.alerts.engines.reading import items, moment, pairs, table, text
from console.alerts.identity import NAME
from console.alerts.model import Alert, AlertState, Origin, RuleStatus, Silence
from console.alerts.severity import severity_of
from console.alerts.words import summary_of
from console.errors import Refused
from console.findings import Severity
from console.text import clean
from console.units import counted

MOST_ALERTS = 5000
MOST_SILENCES = 1000
REMEMBERED = 3600.0
"""Seconds a rule is shown without alerts after its last one."""
MOST_RULES = 2000
URL = 4000
"""Characters of an address that is looked into."""
UNNAMED = "(no alertname)"


def check_status(answer: Any, address: Address) -> tuple[str, ...]:
    """What limits the view; Refused where the answer to /api/v2/status is not that of an Alertmanager."""
    told = table(answer)
    cluster, version = table(told.get("cluster")), table(told.get("versionInfo"))
    if not cluster or not version:
        reason = f"{address.name}: something answers, and it is no Alertmanager"
        raise Refused(reason, 'correct ALERTMANAGER_URL or "alertmanager" of [alerts]')
    status = text(cluster.get("status"), 40)
    if status in ("ready", "disabled"):
        return ()
    peers = counted(len(items(cluster.get("peers"))), "peer")
    return (f"its cluster is {status}, {peers}: a silence may not have reached all of it",)


class StandingReader:
    """Reads one answer after the other, and keeps the names of alerts that have ended for a while."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._seen: dict[str, tuple[RuleStatus, float]] = {}

    def read(
        self, alerts: Any, silences: Any, now: datetime, monotonic: float
    ) -> tuple[tuple[RuleStatus, ...], tuple[Silence, ...]]:
        """A rule for each alertname, and the silences that stand or are to come. Raises Refused."""
        if not isinstance(alerts, list) or not isinstance(silences, list):
            raise Refused(
                f"{self._engine}: an answer without alerts", "is it an Alertmanager of 0.16 or newer?"
            )
        standing = {one.id: one for one in _silences(silences, now)}
        named: dict[str, list[tuple[Alert, Any]]] = {}
        for told in alerts[:MOST_ALERTS]:
            alert = _alert(table(told), standing, alerts)
            named.setdefault(alert.rule, []).append((alert, told))
        rules = {name: self._rule(name, found) for name, found in named.items()}
        for name, rule in rules.items():
            self._seen[name] = (rule, monotonic)
        self._seen = dict(
            [pair for pair in self._seen.items() if monotonic - pair[1][1] < REMEMBERED][-MOST_RULES:]
        )
        ended = [
            replace(rule, state=AlertState.INACTIVE, alerts=(), reason="none of its alerts is there any more")
            for name, (rule, _) in self._seen.items()
            if name not in rules
        ]
        order = sorted(standing.values(), key=lambda one: (one.until, one.id))
        return (*rules.values(), *ended), tuple(order)

    def _rule(self, name: str, found: list[tuple[Alert, Any]]) -> RuleStatus:
        alerts = tuple(alert for alert, _ in found)
        handled = sum(alert.handled for alert in alerts)
        reason = counted(len(alerts), "alert") + (f", {handled} of them suppressed" if handled else "")
        generator = text(table(found[0][1]).get("generatorURL"), URL)
        receivers = {
            text(table(one).get("name"), 80)
            for _, told in found
            for one in items(table(told).get("receivers"))
        }
        runbook = dict(alerts[0].annotations).get("runbook_url", "")
        return RuleStatus(
            name=name, expression=_expression(generator), state=AlertState.FIRING, reason=reason,
            origin=Origin(file=_host(generator) or self._engine, kind="alertmanager"),
            group=", ".join(sorted(filter(None, receivers))),
            severity=max((alert.severity for alert in alerts), default=Severity.WARNING), alerts=alerts,
            runbook=runbook, runbook_why="runbook_url" if runbook else "",
        )  # fmt: skip


def _alert(told: Any, standing: dict[str, Silence], others: list[Any]) -> Alert:
    labels = pairs(told.get("labels"))
    annotations, status = pairs(told.get("annotations")), table(told.get("status"))
    name = dict(labels).get(NAME, "") or UNNAMED
    silenced = [standing[one] for one in map(text, items(status.get("silencedBy"))) if one in standing]
    began = moment(told.get("startsAt"))
    return Alert(
        rule=name, state=AlertState.FIRING, severity=severity_of(labels),
        labels=tuple(pair for pair in labels if pair[0] != NAME), since=began, fired=began,
        summary=summary_of(annotations), annotations=annotations,
        silence=max(silenced, key=lambda one: one.until, default=None),
        inhibited=_suppressed(status, others),
    )  # fmt: skip


def _suppressed(status: Any, others: list[Any]) -> str:
    """What keeps an alert quiet besides silences: another alert, or a time interval."""
    inhibitors = [text(one, 80) for one in items(status.get("inhibitedBy"))]
    if inhibitors:
        other = next((one for one in others if table(one).get("fingerprint") == inhibitors[0]), None)
        name = text(table(table(other).get("labels")).get(NAME), 120) if other is not None else inhibitors[0]
        return f"inhibited by {name}"
    muted = [text(one, 80) for one in items(status.get("mutedBy"))]
    if muted:
        return f"muted by {', '.join(muted[:3])}"
    if status.get("state") == "suppressed" and not items(status.get("silencedBy")):
        return "suppressed"
    return ""


def _silences(told: list[Any], now: datetime) -> list[Silence]:
    """The ones that stand, or are to begin; an expired one is nothing."""
    found: list[Silence] = []
    for one in told:
        silence = table(one)
        state = text(table(silence.get("status")).get("state"))
        end, start = moment(silence.get("endsAt")), moment(silence.get("startsAt"))
        if state not in ("active", "pending") or end is None:
            continue
        reason = text(silence.get("comment"), 400)
        if state == "pending" and start is not None:
            reason = f"from {start.astimezone():%m-%d %H:%M} on: {reason}"
        matchers = tuple(_matcher(table(one)) for one in items(silence.get("matchers")))
        name, by = text(silence.get("id"), 80), text(silence.get("createdBy"), 100)
        found.append(Silence(id=name, matchers=matchers, until=end, by=by, reason=reason))
    found.sort(key=lambda one: one.until)
    return found[:MOST_SILENCES]


def _matcher(told: Any) -> tuple[str, str, str]:
    equal = told.get("isEqual") is not False  # older ones do not write it
    regex = told.get("isRegex") is True
    operator = ("=~" if equal else "!~") if regex else ("=" if equal else "!=")
    return text(told.get("name"), 200), operator, text(told.get("value"))


def _expression(generator: str) -> str:
    """The expression that stands in the link to Prometheus."""
    try:
        return clean(parse_qs(urlsplit(generator).query, max_num_fields=50).get("g0.expr", [""])[0], 20_000)
    except ValueError:
        return ""


def _host(generator: str) -> str:
    try:
        return clean(urlsplit(generator).netloc.rpartition("@")[2], 200)
    except ValueError:
        return ""
