"""Jobs by the clock, with real files as their traces and clocks that jump."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console.errors import UsageError
from console.findings import Severity
from console.probe_local import CronSettings
from console.sources.health.cron import CronProbe
from console.sources.health.probe import Outcome

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """People here read UTC."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def at(text: str, zone: ZoneInfo | None = None) -> datetime:
    """A moment of November 2026 or as it is written."""
    moment = datetime.fromisoformat(text if "-" in text else f"2026-11-27T{text}")
    return moment.replace(tzinfo=zone or UTC)


def touch(path: Path, moment: datetime) -> None:
    """A trace of a time."""
    path.write_text("")
    os.utime(path, (moment.timestamp(), moment.timestamp()))


async def ask(directory: Path, now: datetime, **settings: Any) -> Outcome:
    """What asking at a time shows."""
    given: dict[str, Any] = {"schedule": "0 3 * * *", "trace": str(directory / "*.done"), "timezone": "UTC"}
    given |= settings
    return await CronProbe(CronSettings(**given), {}).ask(now)


async def test_the_nightly_run_left_its_trace(tmp_path: Path) -> None:
    touch(tmp_path / "a.done", at("03:02"))
    touch(tmp_path / "old.done", at("03:02") - timedelta(days=3))

    found = await ask(tmp_path, at("09:00"))

    assert found.severity is Severity.OK
    assert found.text == "last due 03:00, trace 03:02, next Sat 28 Nov 03:00"
    samples = {sample.name: sample.value for sample in found.samples}
    assert samples == {
        "cron_last_due_timestamp_seconds": at("03:00").timestamp(),
        "cron_last_trace_timestamp_seconds": at("03:02").timestamp(),
        "cron_missed": 0,
    }


async def test_it_was_missed_since(tmp_path: Path) -> None:
    touch(tmp_path / "a.done", at("03:02") - timedelta(days=3))

    found = await ask(tmp_path, at("09:00"))

    assert found.severity is Severity.CRITICAL
    assert found.text == (
        "missed since Wed 25 Nov 03:00 (3 times), last trace Tue 24 Nov 03:02, next Sat 28 Nov 03:00"
    )


async def test_within_its_time_it_is_waited_for(tmp_path: Path) -> None:
    touch(tmp_path / "a.done", at("03:02") - timedelta(days=1))

    waiting = await ask(tmp_path, at("03:20"))
    over = await ask(tmp_path, at("04:00"))

    assert (waiting.severity, waiting.text) == (Severity.OK, "due 03:00, no trace yet, 40m00s left")
    assert over.severity is Severity.CRITICAL
    assert over.text.startswith("missed since 03:00 (1 time)")


async def test_waiting_for_today_does_not_hide_that_yesterday_was_missed(tmp_path: Path) -> None:
    touch(tmp_path / "a.done", at("03:02") - timedelta(days=2))

    found = await ask(tmp_path, at("03:20"))

    assert found.severity is Severity.CRITICAL
    assert found.text.startswith("missed since Thu 26 Nov 03:00 (1 time), last trace Wed 25 Nov 03:02")


async def test_a_late_trace_and_none_at_all(tmp_path: Path) -> None:
    assert (await ask(tmp_path, at("09:00"))).text.startswith("no file of it is there at all")
    touch(tmp_path / "a.done", at("05:30"))

    found = await ask(tmp_path, at("09:00"))

    assert (found.severity, found.text) == (
        Severity.WARNING,
        "last due 03:00, trace only 05:30 (limit 1h00m after)",
    )


async def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    touch(tmp_path / "a.done", at("03:02"))

    found = await ask(tmp_path, at("03:02") - timedelta(days=1))

    assert found.severity is Severity.WARNING
    assert found.text == "its trace is dated 1d0h in the future"


async def test_a_clock_set_on_shows_what_was_missed_by_it(tmp_path: Path) -> None:
    touch(tmp_path / "a.done", at("03:02"))

    found = await ask(tmp_path, at("09:00") + timedelta(days=30))

    assert "(30 times)" in found.text


async def test_an_hour_that_does_not_exist_and_one_that_comes_twice(tmp_path: Path) -> None:
    """At 02:30 in Berlin: left out on 29 March 2026, twice on 25 October; Debian's cron runs it once."""
    settings = {"schedule": "30 2 * * *", "timezone": "Europe/Berlin"}
    touch(tmp_path / "a.done", at("2026-03-29T03:01", BERLIN))
    spring = await ask(tmp_path, at("2026-03-29T12:00", BERLIN), **settings)
    assert spring.severity is Severity.OK, spring.text

    touch(tmp_path / "a.done", at("2026-10-25T00:31:00"))  # the first 02:30, in summer time
    autumn = await ask(tmp_path, at("2026-10-25T12:00", BERLIN), **settings)
    assert autumn.severity is Severity.OK, autumn.text


async def test_a_line_of_a_log_as_the_trace(tmp_path: Path) -> None:
    log = tmp_path / "cron.log"
    log.write_text(
        "2026-11-26T03:04:00Z nightly done\n2026-11-27T03:05:10Z nightly done\n2026-11-27T08:00:00Z other\n"
    )
    settings = {"trace": "", "log": str(log), "line": "nightly.*done"}

    found = await ask(tmp_path, at("09:00"), **settings)
    assert (found.severity, found.text) == (
        Severity.OK,
        "last due 03:00, trace 03:05, next Sat 28 Nov 03:00",
    )
    later = await ask(tmp_path, at("09:00") + timedelta(days=1), **settings)
    assert later.text.startswith("missed since 03:00 (1 time), last trace Fri 27 Nov 03:05")

    log.write_text("nightly done\n")
    timeless = await ask(tmp_path, at("09:00"), **settings)
    assert (timeless.severity, timeless.text) == (
        Severity.CRITICAL,
        "the line that matches carries no time",
    )
    log.unlink()
    assert (await ask(tmp_path, at("09:00"), **settings)).text == f"there is no log {log}"


@pytest.mark.parametrize("schedule", ["*/5 * * * *", "@daily", "0 0 29 2 *", "15 4 * * 1-5"])
async def test_schedules_of_crontabs(tmp_path: Path, schedule: str) -> None:
    touch(tmp_path / "a.done", at("09:00"))

    found = await ask(tmp_path, at("09:00"), schedule=schedule, within="2000d")

    assert found.severity is Severity.OK, found.text


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"schedule": "0 25 * * *", "trace": "x"}, "no schedule"),
        ({"schedule": "0 0 30 2 *", "trace": "x"}, "no schedule"),
        ({"schedule": "0 3 * * *"}, "not said what the job leaves"),
        ({"schedule": "0 3 * * *", "log": "x"}, "line is missing"),
        ({"schedule": "0 3 * * *", "log": "x", "line": "("}, "no regular expression"),
        ({"schedule": "0 3 * * *", "trace": "x", "timezone": "Mars/Base"}, "no time zone"),
    ],
)
def test_what_cannot_be_used(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        CronProbe(CronSettings(**settings), {})
