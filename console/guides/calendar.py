"""When a procedure comes round: from its crontab lines, or its cadence and time of day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice

from console.guides.model import Kind, Procedure

_DAYS = {
    name: number
    for names in (
        "mon tue wed thu fri sat sun",
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
    )
    for number, name in enumerate(names.split())
}
_DAY = re.compile(
    r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?s?\b|\b("
    + "|".join(name for name in _DAYS if len(name) > len("mon"))
    + r")s?\b",
    re.IGNORECASE,
)
_WORKDAYS = re.compile(
    r"\bmon(?:day)?s?\s?(?:-|–|to|through)\s?fri(?:day)?s?\b|\b(?:week|work(?:ing)?[ -]?)days?\b(?!\s+and)"
    r"|\bmo(?:ntag)?\s?(?:-|–|bis)\s?fr(?:eitag)?\b|\bwerktag|\blun(?:di)?\s?(?:-|–|à|au)\s?ven(?:dredi)?\b",
    re.IGNORECASE,
)
SATURDAY = 5
_MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
SHORTHANDS = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something comes round, in the time zone of the time that is asked about.

    `timed` says that a time of day is given, so that it is late a minute after; `automatic` that a
    crontab runs it and no person; `workdays` that it is left out on Saturday and Sunday.
    """

    cadence: str
    at: time
    weekday: int = 0
    timed: bool = False
    automatic: bool = False
    workdays: bool = False
    cron: tuple[str, ...] = ()

    def before(self, now: datetime) -> datetime | None:
        """The last time it came round, `now` included."""
        if self.cron:
            return max((found for one in self.cron for found in _cron(one, now, back=True)), default=None)
        return next((found for found in self._around(now, -1) if found <= now), None)

    def after(self, now: datetime) -> datetime | None:
        """The next time after `now`."""
        if self.cron:
            return min((found for one in self.cron for found in _cron(one, now, back=False)), default=None)
        return next((found for found in self._around(now, 1) if found > now), None)

    def covers(self, done: datetime, at: datetime) -> bool:
        """Whether something done then counts for the round at `at`: after it, or earlier the same day."""
        if done >= at:
            return True
        return self.timed and not self.cron and self.cadence != "hourly" and self.same_day(done, at)

    def same_day(self, one: datetime, other: datetime) -> bool:
        """Whether two times are of one day, in the time zone of the second."""
        return one.astimezone(other.tzinfo).date() == other.date()

    def _around(self, now: datetime, direction: int) -> Iterator[datetime]:
        if self.cadence == "hourly":
            start = now.replace(minute=0, second=0, microsecond=0)
            yield from (start + timedelta(hours=direction * number) for number in range(3))
            return
        if self.cadence in _MONTHS:
            step = _MONTHS[self.cadence]
            month = now.year * 12 + (now.month - 1) // step * step
            for number in range(3):
                whole = month + direction * number * step
                yield self._on(now.replace(year=whole // 12, month=whole % 12 + 1, day=1))
            return
        step = 7 if self.cadence == "weekly" else 1
        start = now - timedelta(days=(now.weekday() - self.weekday) % 7) if step == 7 else now
        days = (self._on(start + timedelta(days=direction * step * number)) for number in range(5))
        yield from (day for day in days if not self.workdays or day.weekday() < SATURDAY)

    def _on(self, day: datetime) -> datetime:
        return day.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)


def schedule_of(procedure: Procedure) -> Schedule | None:
    """The schedule of a procedure; None for one that is done when it is needed."""
    cron = tuple(
        one for line in procedure.cron if (one := SHORTHANDS.get(line, line)) and not one.startswith("@")
    )
    at = time.fromisoformat(procedure.due) if procedure.due else time()
    if procedure.due or procedure.cadence:
        day = _DAY.search(procedure.title) or _DAY.search(procedure.when)
        weekday = _DAYS[(day[1] or day[2]).lower()] if day else 0
        timed, often = bool(procedure.due), procedure.cadence or "daily"
        if procedure.kind is Kind.CHECKLIST or not cron:
            workdays = often == "daily" and bool(_WORKDAYS.search(f"{procedure.title} {procedure.when}"))
            return Schedule(often, at, weekday, timed, workdays=workdays)
    if cron and all(next(_cron(one, datetime(2026, 1, 1), back=False), None) for one in cron):  # noqa: DTZ001 local
        return Schedule("", at, timed=True, automatic=True, cron=cron)
    return None


def _cron(line: str, now: datetime, *, back: bool) -> Iterator[datetime]:
    """The nearest time of a crontab line; none for one that never comes or is wrong."""
    from cronsim import CronSim, CronSimError

    try:
        yield from islice(CronSim(line, now, reverse=back), 1)
    except CronSimError:
        return
