"""What is wrong by an engine's account, for the line that says what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from console.alerts.engines.handled import Handled
from console.alerts.model import AlertsSnapshot, RuleStatus
from console.alerts.verdicts import findings as verdicts
from console.findings import Finding, Severity
from console.metrics import Labels
from console.text import clean
from console.units import counted


def findings(snapshot: AlertsSnapshot, engine: str) -> Sequence[Finding]:
    """What fires and is not handled, without what another engine tells; broken rules; targets down."""
    rules = snapshot.rules
    if snapshot.doubled:
        rules = tuple(
            replace(rule, alerts=tuple(
                alert for alert in rule.alerts if (alert.rule, alert.labels) not in snapshot.doubled
            ))
            for rule in rules
        )  # fmt: skip
    found = list(verdicts(replace(snapshot, rules=rules)))
    if snapshot.targets_down:
        name, why = snapshot.targets_down[0]
        more = len(snapshot.targets_down) - 1
        text = f"{counted(more + 1, 'target')} down: {name}" + (f" and {more} more" if more else "")
        found.append(Finding(Severity.WARNING, engine, clean(text, 200), clean(why, 300)))
    return found


def doubled(rules: tuple[RuleStatus, ...], told_by: AlertsSnapshot | None) -> frozenset[tuple[str, Labels]]:
    """Which alerts of an Alertmanager a Prometheus tells as well, with or without labels added on sending."""
    if told_by is None:
        return frozenset()
    ours = Handled(AlertsSnapshot(rules=rules))
    same = (ours.find(alert) for rule in told_by.rules for alert in rule.alerts)
    return frozenset((alert.rule, alert.labels) for alert in same if alert is not None)
