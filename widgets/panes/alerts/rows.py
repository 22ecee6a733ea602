"""Alerts, rules and silences as rows: what tells one from its siblings, since when, and in which order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.alerts.identity import NAME, named
from console.alerts.matching import matchers_text, matches
from console.alerts.model import Alert, AlertsSnapshot, AlertState, RuleStatus, Silence
from console.alerts.words import nearness
from console.findings import Severity
from console.history import Point
from console.text import clean
from widgets.pane import Context

BLIND = (AlertState.NO_DATA, AlertState.BROKEN)
"""States in which nothing is known to be well."""
_STATES = list(AlertState)
_OF_ALL = frozenset({NAME, "severity", "job", "team", "env", "environment", "fstype"})
"""Labels that hardly ever tell what an alert is about."""
_TELLING = (
    "mountpoint", "name", "container", "pod", "datname", "instance", "server", "service", "device",
)  # fmt: skip
"""Labels that tell best what an alert is about, the best first."""
ABOUT = 3
"""Labels that stand in a row at most; all are among the details."""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert with its rule, at the moment it is drawn for."""

    alert: Alert
    rule: RuleStatus
    about: str
    now: float
    time: datetime

    @property
    def key(self) -> Hashable:
        """What it is followed by from one evaluation to the next."""
        return self.alert.rule, self.alert.labels

    @property
    def name(self) -> str:
        """Its rule's name."""
        return clean(self.alert.rule, 120)

    @property
    def handled(self) -> bool:
        """Whether somebody knows of it, or it is silent."""
        return self.alert.handled

    @property
    def severity(self) -> Severity:
        """How much it wants a reader: no more than a warning while pending, nothing once it is handled."""
        if self.handled:
            return Severity.OK
        if self.alert.state is AlertState.PENDING:
            return min(self.alert.severity, Severity.WARNING)
        return self.alert.severity

    @property
    def for_(self) -> float:
        """Seconds its condition has been true."""
        since = self.alert.since or self.alert.fired
        return max(0.0, (self.time - since).total_seconds()) if since else float("nan")

    @property
    def fires_for(self) -> float:
        """Seconds it fires."""
        fired = self.alert.fired or self.alert.since
        return max(0.0, (self.time - fired).total_seconds()) if fired else float("nan")

    @property
    def points(self) -> Sequence[Point]:
        """Its own figures; those of the rule where it is the only one."""
        if self.alert.values or len(self.rule.alerts) != 1:
            return self.alert.values
        return self.rule.values

    @property
    def value(self) -> float | None:
        """What is compared now."""
        if self.alert.value is not None:
            return self.alert.value
        return self.points[-1][1] if self.points else None


def alert_rows(context: Context) -> list[AlertRow]:
    """What nobody has handled first; what fires, then what is pending; the worst, then the oldest."""
    snapshot: AlertsSnapshot = context.snapshot
    rows = [
        AlertRow(alert, rule, about, context.now, context.time)
        for rule in snapshot.rules
        if rule.alerts  # most have none, and every pane's title asks
        for alert, about in zip(rule.alerts, abouts(rule), strict=True)
        if alert.state in (AlertState.FIRING, AlertState.PENDING)
    ]
    return sorted(rows, key=_order)


def _order(row: AlertRow) -> tuple[bool, int, int, float]:
    since = row.alert.fired or row.alert.since
    began = since.timestamp() if since else 0.0
    return row.handled, _STATES.index(row.alert.state), -row.alert.severity, began


def abouts(rule: RuleStatus) -> list[str]:
    """What each alert of a rule is about: the labels that tell it from its siblings.

    Of an only one those that its rule has not given it.
    """
    alerts = rule.alerts
    dicts = [dict(alert.labels) for alert in alerts]
    names = sorted({name for labels in dicts for name in labels if name != NAME}, key=_rank)
    differing = [name for name in names if len({labels.get(name, "") for labels in dicts}) > 1]
    if not differing:
        given = {name for name, _ in rule.labels}
        differing = [name for name in names if name not in given and name not in _OF_ALL]
    elif alone := [name for name in differing if _unique(name, dicts)]:
        # a probe's name says more in a narrow column than the beginning of its address
        differing = [min(alone, key=lambda name: max(len(labels[name]) for labels in dicts))]
    return [_told([(name, labels[name]) for name in differing if labels.get(name)]) for labels in dicts]


def _rank(name: str) -> tuple[int, str]:
    return _TELLING.index(name) if name in _TELLING else len(_TELLING), name


def _unique(name: str, dicts: Sequence[Mapping[str, str]]) -> bool:
    """Whether a label alone tells all of them apart."""
    values = {labels.get(name, "") for labels in dicts}
    return len(values) == len(dicts) and "" not in values


def _told(pairs: Sequence[tuple[str, str]]) -> str:
    """Labels in few words: a value alone where it speaks for itself, else with its name."""
    told = [
        clean(value if _speaks(value) else f"{name}={value}", 80) for name, value in pairs[:ABOUT]
    ]  # fmt: skip
    if len(pairs) > ABOUT:
        told.append(f"+{len(pairs) - ABOUT}")
    return " ".join(told)


def _speaks(value: str) -> bool:
    if value.startswith("/") or value.count(".") == 3 or ":" in value:  # a path, an address, a port
        return True
    return len(value) >= 3 and any(char.isalpha() for char in value)


def blind_rules(snapshot: AlertsSnapshot) -> list[RuleStatus]:
    """Rules of which nothing is known: the broken ones first."""
    found = [rule for rule in snapshot.rules if rule.state in BLIND]
    return sorted(found, key=lambda rule: rule.state is not AlertState.BROKEN)


def nearest(snapshot: AlertsSnapshot) -> RuleStatus | None:
    """The inactive rule whose figure is nearest to its limit; None where no rule has both."""
    inactive = [rule for rule in snapshot.rules if rule.state is AlertState.INACTIVE]
    found = max(inactive, key=nearness, default=None)
    return found if found is not None and nearness(found) > 0 else None


def missing(rule: RuleStatus) -> str:
    """What keeps a rule from being judged."""
    word = "broken" if rule.state is AlertState.BROKEN else "no data"
    reason = clean(rule.reason, 300)
    return reason if reason.lower().startswith(word) else f"{word}: {reason}" if reason else word


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """A silence, and how many of the alerts in view it is about."""

    silence: Silence
    covers: int
    time: datetime

    @property
    def left(self) -> float:
        """Seconds until its end."""
        return (self.silence.until - self.time).total_seconds()

    @property
    def matchers(self) -> str:
        """Its matchers as they are written."""
        return matchers_text(self.silence.matchers)


def silence_rows(context: Context) -> list[SilenceRow]:
    """The silences that stand, the one that ends first first."""
    snapshot: AlertsSnapshot = context.snapshot
    pairs = [named(alert.rule, alert.labels) for rule in snapshot.rules for alert in rule.alerts]
    rows = [
        SilenceRow(silence, sum(matches(silence.matchers, labels) for labels in pairs), context.time)
        for silence in snapshot.silences
        if silence.until > context.time
    ]
    return sorted(rows, key=lambda row: row.silence.until)
