"""What an Alertmanager has done about the alerts of a Prometheus: silenced or inhibited them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from console.alerts.model import Alert, AlertsSnapshot


class Handled:
    """Looks alerts up in an Alertmanager's, which have the same labels and those Prometheus adds on sending.

    Alertmanager has judged there itself: its silences hold for labels that a rule does not know.
    """

    def __init__(self, snapshot: AlertsSnapshot | None) -> None:
        self._named: dict[str, list[Alert]] = defaultdict(list)
        self._known: dict[tuple[str, frozenset[str]], dict[tuple[tuple[str, str], ...], Alert]] = {}
        for rule in snapshot.rules if snapshot is not None else ():
            for alert in rule.alerts:
                self._named[alert.rule].append(alert)

    def find(self, alert: Alert) -> Alert | None:
        """The same alert, as the Alertmanager has it; None where it has none."""
        named = self._named.get(alert.rule)
        if not named:
            return None
        names = frozenset(name for name, _ in alert.labels)
        key = (alert.rule, names)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = {
                tuple(pair for pair in one.labels if pair[0] in names): one for one in named
            }
        return known.get(alert.labels)

    def of(self, alert: Alert) -> Alert:
        """The same alert with what has been done about it."""
        found = self.find(alert)
        if found is None or not found.handled:
            return alert
        return replace(alert, silence=found.silence, inhibited=found.inhibited)
