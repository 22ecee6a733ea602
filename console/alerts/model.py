"""What the alerts pane shows: rules with the reason for their state, and the alerts of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.config import Limits
from console.findings import Severity
from console.metrics import Labels
from console.sources.base import Snapshot


class AlertState(StrEnum):
    """How a rule or one of its alerts stands. No data is its own state: nothing is known to be well."""

    FIRING = "firing"
    PENDING = "pending"
    NO_DATA = "no data"
    BROKEN = "broken"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a rule was read: a guide, a rule file, the configuration, or an engine beside us."""

    file: str
    line: int = 0
    kind: str = "file"
    """guide, file, config, built-in, prometheus or alertmanager."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts with these labels make no noise for a while."""

    id: str
    matchers: tuple[tuple[str, str, str], ...]
    """Label, operator (=, !=, =~, !~) and value."""
    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was written down of an alert: that it fired or ended, or what somebody said of it."""

    time: datetime
    what: str
    """firing, resolved, acknowledged, noted, ..."""
    by: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert of a rule: what it is about, since when, and the value that made it so."""

    rule: str
    state: AlertState
    severity: Severity
    labels: Labels
    value: float | None = None
    since: datetime | None = None
    """When its condition was first true without a break."""
    fired: datetime | None = None
    """When it began to fire."""
    summary: str = ""
    """Its annotations in one line, see `summary_of`."""
    annotations: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[float, float], ...] = ()
    """Of its own series, as `RuleStatus.values`; empty: those of the rule, where it has no other alert."""
    changes: int = 0
    """Times it began to fire in the last hour; three and more are flapping."""
    acknowledged: str = ""
    """Who said that they know of it, and their note."""
    silence: Silence | None = None
    inhibited: str = ""
    """What else keeps it quiet at an Alertmanager: `inhibited by NodeDown`."""
    events: tuple[Event, ...] = ()
    """What the journal has of it, the newest last."""

    @property
    def handled(self) -> bool:
        """Whether somebody knows of it, or it is kept quiet."""
        return bool(self.acknowledged or self.inhibited) or self.silence is not None

    @property
    def flapping(self) -> bool:
        """Whether it comes and goes."""
        return self.changes >= FLAPPING


FLAPPING = 3
"""Beginnings of fire within an hour that are called flapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStatus:
    """A rule as it stands at its last evaluation."""

    name: str
    expression: str
    state: AlertState
    reason: str
    """Why it is in this state, in one sentence: the value beside the limit, or what is missing."""
    origin: Origin
    group: str = ""
    hold: float = 0.0
    """Seconds its condition must be true before it fires (`for`)."""
    severity: Severity = Severity.WARNING
    labels: Labels = ()
    alerts: tuple[Alert, ...] = ()
    values: tuple[tuple[float, float], ...] = ()
    """Time (monotonic seconds) and the figure that is compared, of the last minutes; empty: not known."""
    limit: float | None = None
    """What the figure is compared with, where it is one number."""
    operator: str = ""
    """The comparison (`>`, `<=`, ...), as the expression writes it."""
    unit: str = ""
    """How the figure is written: `%` (it is one already), `s`, `B`, `/s`, or empty."""
    runbook: str = ""
    """The runbook that goes with it: the title in the guide, or an address."""
    runbook_why: str = ""
    """Why that one: `runbook_url`, `same name`, or the words that match."""
    took: float = 0.0
    """Seconds its last evaluation took."""

    @property
    def value(self) -> float | None:
        """The newest figure that is compared; None: not known."""
        return self.values[-1][1] if self.values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsSnapshot(Snapshot):
    """All rules of one evaluator (the console's own, or an engine's), and silences that stand."""

    rules: tuple[RuleStatus, ...] = ()
    silences: tuple[Silence, ...] = ()
    took: float = 0.0
    """Seconds the last evaluation of all rules took."""
    limits: Limits | None = None
    """The configured limits with what guides say in the place of defaults; None of an engine."""
    targets_down: tuple[tuple[str, str], ...] = ()
    """Of an engine: targets that do not answer, and why."""

    doubled: frozenset[tuple[str, Labels]] = frozenset()
    """Of an engine: alerts, by rule and labels, that the one before it tells already."""

    def alerts(self) -> list[Alert]:
        """Every alert, firing ones first, then the worst, then the oldest."""
        found = [alert for rule in self.rules for alert in rule.alerts]
        order = list(AlertState)
        return sorted(
            found,
            key=lambda alert: (
                order.index(alert.state),
                -alert.severity,
                alert.since.timestamp() if alert.since else 0.0,
            ),
        )

    def count(self, state: AlertState) -> int:
        """Alerts firing or pending; rules in the other states."""
        if state in (AlertState.FIRING, AlertState.PENDING):
            return sum(alert.state is state for rule in self.rules for alert in rule.alerts)
        return sum(rule.state is state for rule in self.rules)
