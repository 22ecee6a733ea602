"""The zoom views of alerts: what fires and is pending, all rules, and the silences that stand."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.alerts.model import AlertState, RuleStatus
from console.alerts.words import beyond, compared, figure, nearness, span
from console.findings import Severity
from console.text import clean
from console.units import counted, duration
from widgets.columns import Column, numbers
from widgets.draw import SEVERITY_ROLE, Span
from widgets.pane import Context, View
from widgets.panes.alerts import words
from widgets.panes.alerts.acts import alert_acts, silence_acts
from widgets.panes.alerts.detail import alert_detail, rule_detail, silence_detail
from widgets.panes.alerts.rows import (
    BLIND,
    AlertRow,
    SilenceRow,
    alert_rows,
    blind_rules,
    nearest,
    silence_rows,
)
from widgets.panes.alerts.subjects import runbook_of, subject_of

if TYPE_CHECKING:
    from console.alerts.model import AlertsSnapshot

_STATES = list(AlertState)


FOR = 16
"""Cells of how long, with the progress."""


def _state(row: AlertRow) -> Span:
    return row.alert.state.value, words.role_of(row)


def _limit(rule: RuleStatus) -> str:
    return "" if rule.limit is None else f"{rule.operator} {figure(rule.limit, rule.unit)}".strip()


def _since(row: AlertRow) -> float:
    return row.fires_for if row.alert.state is AlertState.FIRING else row.for_


def _clock(row: AlertRow) -> str:
    """When it began, in the time of the day; with the day where that is another one."""
    since = row.alert.fired or row.alert.since
    if since is None:
        return "-"
    local, today = since.astimezone(), row.time.astimezone().date()
    return local.strftime("%H:%M:%S" if local.date() == today else "%m-%d %H:%M")


def _for(row: AlertRow) -> Sequence[Span]:
    """How long, and of a pending one of how long."""
    if row.alert.state is not AlertState.PENDING:
        return ((span(row.fires_for) if math.isfinite(row.fires_for) else "-", words.role_of(row)),)
    room = FOR - len(words.standing(row).removeprefix("pending ")) - 1
    text, *rest = words.standing_spans(row, min(words.PROGRESS, room))
    return ((text[0].removeprefix("pending "), text[1]), *rest)


ALERT: tuple[Column[AlertRow], ...] = (
    Column("state", "STATE", _state, 7, sort=lambda row: _STATES.index(row.alert.state)),
    Column("severity", "SEVERITY", words.severity_word, 8, drop=4, sort=lambda row: -row.alert.severity),
    Column("alert", "ALERT", lambda row: (row.name, "dim" if row.handled else "strong"), 16, flex=2),
    Column("about", "ABOUT", lambda row: row.about, 10, flex=2, drop=2),
    Column("value", "VALUE", lambda row: (figure(row.value, row.rule.unit), words.role_of(row)), 7, align=">",
           sort=lambda row: row.value),
    Column("limit", "LIMIT", lambda row: (_limit(row.rule), "dim"), 8, drop=3),
    Column("since", "SINCE", lambda row: (_clock(row), "dim"), 11, drop=7, sort=_since),
    Column("for", "FOR", lambda row: "".join(text for text, _ in _for(row)), FOR, spans=_for, sort=_since),
    Column("handled", "HANDLED", words.handling_span, 14, flex=2, drop=1),
    Column("summary", "SUMMARY", lambda row: (clean(row.alert.summary, 300), "dim"), 20, flex=3, drop=5),
    Column("group", "GROUP", lambda row: (clean(row.rule.group, 80), "dim"), 10, flex=1, drop=8),
)  # fmt: skip


def _alerts_note(context: Context) -> str:
    snapshot: AlertsSnapshot = context.snapshot
    told = [counted(len(snapshot.rules), "rule")]
    if snapshot.took:
        told[0] += f", evaluated in {duration(snapshot.took)}"
    if blind := len(blind_rules(snapshot)):
        told.append(f"{blind} without data, see Rules")
    if snapshot.silences:
        told.append(counted(len(snapshot.silences), "silence"))
    if (near := nearest(snapshot)) is not None:
        told.append(f"nearest: {clean(near.name, 80)} {compared(near, near.value)}")
    return "; ".join(told)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule at the moment it is drawn for."""

    rule: RuleStatus
    context: Context

    @property
    def key(self) -> Hashable:
        """What it is followed by: rules of one name may stand in several files."""
        return str(self.rule.origin), self.rule.group, self.rule.name, self.rule.expression

    @property
    def value(self) -> float | None:
        """Its figure; that of its worst alert where each has its own."""
        return self.rule.value if self.rule.value is not None else _first(self.rule)

    @property
    def severity(self) -> Severity:
        """Of its alerts that nobody has handled; a broken rule is critical, a blind one a warning."""
        if self.rule.state is AlertState.BROKEN:
            return Severity.CRITICAL
        if self.rule.state is AlertState.NO_DATA:
            return Severity.WARNING
        open_ = [a for a in self.rule.alerts if not a.handled]
        if any(a.state is AlertState.FIRING for a in open_):
            return self.rule.severity
        pending = any(a.state is AlertState.PENDING for a in open_)
        return min(self.rule.severity, Severity.WARNING) if pending else Severity.OK


def _first(rule: RuleStatus) -> float | None:
    return next((alert.value for alert in rule.alerts if alert.value is not None), None)


def _rule_rows(context: Context) -> Sequence[RuleRow]:
    snapshot: AlertsSnapshot = context.snapshot
    rows = [RuleRow(rule, context) for rule in snapshot.rules]
    return sorted(rows, key=lambda row: (_STATES.index(row.rule.state), -nearness(row.rule)))


def _rule_state(row: RuleRow) -> Span:
    mark = f"{words.BLIND} " if row.rule.state in BLIND else ""
    role = "dim" if row.rule.state is AlertState.INACTIVE else SEVERITY_ROLE[row.severity]
    return f"{mark}{row.rule.state.value}", role


def _rule_value(row: RuleRow) -> Span:
    value = row.value
    past = value is not None and beyond(row.rule, value)
    return figure(value, row.rule.unit), SEVERITY_ROLE[row.severity] if past else "text"


def _rule_trend(row: RuleRow) -> Sequence[Span]:
    role = SEVERITY_ROLE[row.rule.severity]
    return words.trend(row.rule, row.rule.values, row.context, 18, role)


RULE: tuple[Column[RuleRow], ...] = (
    Column("state", "STATE", _rule_state, 9, sort=lambda row: _STATES.index(row.rule.state)),
    Column("rule", "RULE", lambda row: (clean(row.rule.name, 120), "strong"), 16, flex=2),
    Column("severity", "SEVERITY", lambda row: (words.SEVERITY_WORD[row.rule.severity], "dim"), 8, drop=6,
           sort=lambda row: -row.rule.severity),
    Column("value", "VALUE", _rule_value, 7, align=">", sort=lambda row: row.value, drop=1),
    Column("limit", "LIMIT", lambda row: (_limit(row.rule), "dim"), 9, drop=2),
    Column("trend", "2 MIN", lambda row: ("", "past"), 18, drop=7, spans=_rule_trend),
    numbers("alerts", "ALERTS", lambda row: len(row.rule.alerts) or None, lambda n: f"{n:.0f}", 6, drop=8),
    numbers("hold", "HOLD", lambda row: row.rule.hold or None, span, 6, drop=5, role="dim"),
    Column("reason", "REASON", lambda row: clean(row.rule.reason, 400), 20, flex=4, drop=3),
    Column("origin", "ORIGIN", lambda row: (clean(str(row.rule.origin), 200), "dim"), 14, flex=2, drop=4),
    Column("group", "GROUP", lambda row: (clean(row.rule.group, 80), "dim"), 8, flex=1, drop=9),
    numbers("took", "TOOK", lambda row: row.rule.took or None, duration, 6, drop=10, role="dim"),
)  # fmt: skip

SILENCE: tuple[Column[SilenceRow], ...] = (
    Column("matchers", "MATCHERS", lambda row: (row.matchers, "strong"), 24, flex=3),
    numbers("alerts", "ALERTS", lambda row: float(row.covers), lambda n: f"{n:.0f}", 6, drop=4),
    numbers("left", "ENDS IN", lambda row: row.left, span, 8),
    Column("until", "UNTIL", lambda row: (row.silence.until.astimezone().strftime("%m-%d %H:%M"), "dim"), 11,
           drop=3, sort=lambda row: row.left),
    Column("by", "BY", lambda row: clean(row.silence.by, 80), 8, flex=1, drop=2),
    Column("reason", "REASON", lambda row: clean(row.silence.reason, 300), 16, flex=3, drop=1),
)  # fmt: skip


VIEWS: tuple[View[Any], ...] = (
    View("alerts", "Alerts", ALERT, alert_rows, lambda row: row.key, lambda row: row.severity, alert_detail,
         empty="nothing fires, and nothing is about to", note=_alerts_note,
         related=lambda row: subject_of(row.rule, dict(row.alert.labels)), related_word="its pane",
         acts=alert_acts, runbook=lambda row: runbook_of(row.rule)),
    View("rules", "Rules", RULE, _rule_rows, lambda row: row.key, lambda row: row.severity,
         lambda row, context, width: rule_detail(row.rule, context, width),
         empty="no rules: a guide with alert rules or objectives brings them",
         related=lambda row: subject_of(row.rule, dict(row.rule.labels)), related_word="its pane",
         runbook=lambda row: runbook_of(row.rule)),
    View("silences", "Silences", SILENCE, silence_rows, lambda row: row.silence.id, None, silence_detail,
         empty="nothing is silenced; x on an alert does that", acts=silence_acts),
)  # fmt: skip
