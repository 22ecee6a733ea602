"""What alerts say to whoever only asks what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from console.alerts.model import Alert, AlertsSnapshot, AlertState, RuleStatus
from console.alerts.words import compared, span
from console.findings import Finding, Severity
from console.units import counted

MOST = 20
"""Alerts of one source told as findings; the pane shows the others."""


def findings(snapshot: AlertsSnapshot, most: int = MOST, pending: bool = False) -> Sequence[Finding]:
    """Alerts that fire and that nobody has handled, the worst first; and rules that are broken.

    With `pending` those that only have not been true for long enough are warnings.
    """
    rules = {id(alert): rule for rule in snapshot.rules for alert in rule.alerts}
    states = (AlertState.FIRING, AlertState.PENDING) if pending else (AlertState.FIRING,)
    loud = [alert for alert in snapshot.alerts() if alert.state in states and not alert.handled]
    found = [_finding(alert, rules[id(alert)]) for alert in loud if alert.severity]
    left = found[most:]
    told = found[:most]
    if left:
        told.append(Finding(left[0].severity, "alerts", f"{len(left)} more firing", "see the alerts pane"))
    broken = [rule for rule in snapshot.rules if rule.state is AlertState.BROKEN]
    if broken:
        first = broken[0]
        what = f"{counted(len(broken), 'rule')} cannot be evaluated: {first.reason}"
        told.append(Finding(Severity.WARNING, first.name, what, f"mend {first.origin}"))
    return told


def _finding(alert: Alert, rule: RuleStatus) -> Finding:
    text = alert.summary or compared(rule, alert.value) or "firing"
    hint = f"runbook: {rule.runbook}" if rule.runbook else ""
    severity = alert.severity
    if alert.state is AlertState.PENDING:
        severity, text = Severity.WARNING, f"{text} (true now, fires after {span(rule.hold)})"
    return Finding(severity, alert.rule, text, hint)
