"""When and how long, as people write it; and when it comes round."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from console.guides.calendar import schedule_of
from console.guides.model import Kind, Procedure
from console.guides.times import cadence, crontab, due, duration

ZONE = timezone(timedelta(hours=2))


def at(text: str) -> datetime:
    """A time of November 2026; the 20th is a Friday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "often", "when"),
    [
        ("Morning Check (9:00 AM)", "daily", "09:00"),
        ("Handover at 6pm", "", "18:00"),
        ("Weekly window (Sunday 02:00-04:00 UTC)", "weekly", "02:00"),
        ("Every Monday", "weekly", ""),
        ("Quarterly (every 3 months)", "quarterly", ""),
        ("Month-end closing at noon", "monthly", "12:00"),
        ("Annual review", "yearly", ""),
        ("Hourly look", "hourly", ""),
        ("Biweekly sync", "", ""),
        ("Port 10:30:22", "", ""),
        ("12:15 a.m. jobs", "", "00:15"),
        ("Restart the service", "", ""),
        ("Tägliche Prüfungen (08:00 Uhr)", "daily", "08:00"),
        ("Morgenrunde um 7 Uhr", "daily", "07:00"),
        ("Vierteljährliche Übung", "quarterly", ""),
        ("Halbjährliche Übung", "", ""),
        ("Jeden Freitag", "weekly", ""),
        ("Vérifications quotidiennes (9h00)", "daily", "09:00"),
        ("Maintenance hebdomadaire", "weekly", ""),
    ],
)
def test_cadence_and_time_of_day(text: str, often: str, when: str) -> None:
    assert (cadence(text), due(text)) == (often, when)


@pytest.mark.parametrize(
    ("line", "schedule"),
    [
        ("0 2 * * * /x", "0 2 * * *"),
        ("*/5  * * * *", "*/5 * * * *"),
        ("0 9 * * MON-FRI cmd", "0 9 * * MON-FRI"),
        ("15 10 1 1 0 /x", "15 10 1 1 0"),
        ("@daily /x", "@daily"),
        ("1 2 3 4 5", None),
        ("# 0 * * * * x", None),
        ("ls * * * *", None),
        ("1. Check the logs", None),
    ],
)
def test_crontab_lines(line: str, schedule: str | None) -> None:
    found = crontab(line)
    assert (found and found[0]) == schedule


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Review (5 minutes)", 300),
        ("Monitor for 15 minutes", 900),
        ("(5-10 min)", 600),
        ("~2 h", 7200),
        ("takes about 20 min", 1200),
        ("(1-4 hours)", None),
        ("respond within 30 minutes", None),
        ("(500 ms)", None),
        ("5 replicas", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


def procedure(**fields: object) -> Procedure:
    values: dict[str, object] = {"id": "x", "title": "X", "kind": Kind.CHECKLIST, "line": 1, "end_line": 1}
    return Procedure(**(values | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "before", "after"),
    [
        ({"due": "09:00"}, "20T09:00", "21T09:00"),
        ({"cadence": "hourly"}, "20T12:00", "20T13:00"),
        ({"cadence": "weekly"}, "16T00:00", "23T00:00"),
        ({"cadence": "weekly", "title": "Every Friday", "due": "11:00"}, "20T11:00", "27T11:00"),
        ({"cadence": "weekly", "title": "Sunday window", "due": "02:00"}, "15T02:00", "22T02:00"),
        ({"cadence": "weekly", "title": "Jeden Freitag", "due": "11:00"}, "20T11:00", "27T11:00"),
        ({"cadence": "weekly", "title": "Chaque dimanche"}, "15T00:00", "22T00:00"),
        ({"cadence": "daily", "title": "Morning (Mon-Fri)", "due": "09:00"}, "20T09:00", "23T09:00"),
        ({"cadence": "daily", "title": "Weekday round", "due": "13:00"}, "19T13:00", "20T13:00"),
        ({"cadence": "monthly"}, "01T00:00", None),
        ({"cron": ("30 */6 * * *",), "kind": Kind.RUNBOOK}, "20T12:30", "20T18:30"),
    ],
)
def test_when_it_comes_round(fields: dict[str, object], before: str, after: str | None) -> None:
    schedule = schedule_of(procedure(**fields))
    assert schedule is not None
    assert schedule.before(at("20T12:34")) == at(before)
    if after:
        assert schedule.after(at("20T12:34")) == at(after)


def test_months_quarters_and_years_begin_on_the_first() -> None:
    for often, before, after in (
        ("monthly", "2026-11-01", "2026-12-01"),
        ("quarterly", "2026-10-01", "2027-01-01"),
        ("yearly", "2026-01-01", "2027-01-01"),
    ):
        schedule = schedule_of(procedure(cadence=often))
        assert schedule is not None
        found = [schedule.before(at("20T12:34")), schedule.after(at("20T12:34"))]
        assert [str(one and one.date()) for one in found] == [before, after]


@pytest.mark.parametrize("cron", ["99 99 * * *", "0 0 31 2 *", "@reboot"])
def test_a_schedule_that_never_comes_is_none(cron: str) -> None:
    assert schedule_of(procedure(cron=(cron,), kind=Kind.RUNBOOK)) is None
