"""When a terminal rings: once for each alert that begins to fire, and seldom enough to be heard."""

from __future__ import annotations

import math
from collections.abc import Iterable

from console.alerts.identity import identity
from console.alerts.model import Alert, AlertState
from console.text import clean

EVERY = 10.0
"""Seconds between two notices."""
FLAPPED = 3600.0
"""Seconds until one that comes and goes is told again."""
NAMED = 3
"""Alerts named in one notice; the others are counted."""


class Notices:
    """Remembers what was told. Silenced and acknowledged alerts are not told."""

    def __init__(self, every: float = EVERY) -> None:
        self._every = every
        self._told: dict[str, float] = {}
        """When an alert was told, in monotonic seconds."""
        self._ended: set[str] = set()
        """Those of them that have ended since."""
        self._next = -math.inf

    def look(self, alerts: Iterable[Alert], monotonic: float) -> str:
        """What there is to say now, in one line; empty where there is nothing, or where it has to wait."""
        firing = {
            identity(one.rule, one.labels): one for one in alerts if one.state is AlertState.FIRING
        }  # fmt: skip
        kept = {name for name, time in self._told.items() if name in firing or monotonic - time < FLAPPED}
        self._told = {name: self._told[name] for name in kept}
        self._ended = (self._ended & kept) | (kept - firing.keys())
        new = {name: one for name, one in firing.items() if self._wants(name, one)}
        if not new or monotonic < self._next:
            return ""
        self._next = monotonic + self._every
        self._told |= dict.fromkeys(new, monotonic)
        self._ended -= new.keys()
        return _said(sorted(new.values(), key=lambda one: -one.severity))

    def _wants(self, name: str, alert: Alert) -> bool:
        if alert.handled:
            return False
        return name not in self._told or (name in self._ended and not alert.flapping)


def _said(alerts: list[Alert]) -> str:
    """One alert with what it says, several by their names."""
    if len(alerts) == 1:
        one = alerts[0]
        summary = f": {one.summary}" if one.summary else ""
        return clean(f"firing: {one.rule}{summary}", 200)
    names = list(dict.fromkeys(one.rule for one in alerts))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return clean(f"{len(alerts)} alerts are firing: {', '.join(names[:NAMED])}{more}", 200)
