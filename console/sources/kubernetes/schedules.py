"""When a cron job should have been begun, as far as that is certain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR = 3600.0
_FIELDS = 5
_UNSURE = 14 * HOUR
"""Seconds that the clock of a controller may be beside UTC."""


@lru_cache(maxsize=4096)
def overdue_from(schedule: str, since: float, patience: float = HOUR) -> float:
    """From when on it is certain that a run was due after `since` and has been for `patience` seconds.

    0 where that is never certain. Without a time zone a schedule is one of the controller's, which nobody
    but its host knows: the run is then one that is after `since` by every clock.
    """
    from cronsim import CronSim, CronSimError

    from console.sources.health.cron import SHORTHANDS

    words = schedule.split()
    length = 1 if schedule.startswith("@") else _FIELDS
    line = " ".join(words[:length])
    line = SHORTHANDS.get(line, line)
    zone, unsure = _zone(words[length:])
    if not unsure and zone is None:
        return 0.0
    if unsure and line.split()[1:] == ["*"] * (_FIELDS - 1):
        unsure = HOUR  # every hour is one by every clock
    try:
        dues = CronSim(line, datetime.fromtimestamp(since + unsure, zone or UTC))
        due = next(dues)
        # in a night that has an hour less, or more, the rules of controllers and of cron differ
        while due.utcoffset() != (due - timedelta(days=1)).utcoffset():
            due = next(dues)
    except (CronSimError, StopIteration, ValueError, OverflowError):
        return 0.0
    return due.timestamp() + unsure + patience


def _zone(named: list[str]) -> tuple[tzinfo | None, float]:
    if not named:
        return UTC, _UNSURE
    try:
        return ZoneInfo(named[0]), 0.0
    except (KeyError, OSError, ValueError):
        return None, 0.0  # one that this host does not know
