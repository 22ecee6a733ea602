"""Time stamps of well-known programs, and lines that have none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.logs import times
from console.logs.times import written

ARRIVED = datetime(2025, 11, 21, 8, 0, tzinfo=UTC).timestamp()
WRITTEN = datetime(2025, 11, 20, 22, 44, 1, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local zone one hour ahead of UTC in November; stamps without a zone are in it."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    times._seconds.clear()
    yield
    monkeypatch.undo()
    time.tzset()
    times._seconds.clear()


@pytest.mark.parametrize(
    ("line", "offset"),
    [
        ("2025-11-20T22:44:01Z x", 0.0),
        ("2025-11-20T22:44:01.123456789Z x", 0.123456789),
        ("2025-11-20 22:44:01.123 UTC [1] LOG:  x", 0.123),
        ("2025-11-20 23:44:01.123 CET [1] LOG:  x", 0.123),  # local, as the machine
        ("2025-11-20 23:44:01,123 INFO x", 0.123),
        ("2025-11-20T23:44:01+01:00 x", 0.0),
        ("2025-11-20T14:44:01.5-0800 x", 0.5),
        ("[2025-11-20 22:44:01 +0000] [1] [INFO] x", 0.0),
        ("2025/11/20 23:44:01 [error] x", 0.0),
        ('10.0.0.1 - - [20/Nov/2025:22:44:01 +0000] "GET /', 0.0),
        ('10.0.0.1 - bob [20/Nov/2025:17:44:01 -0500] "GET /', 0.0),
        ("Nov 20 23:44:01 host sshd[1]: x", 0.0),
        ("<34>Nov 20 23:44:01 host su: x", 0.0),
        ("123:M 20 Nov 2025 23:44:01.123 * Ready", 0.123),
        ("E1120 23:44:01.123456       1 f.go:1] x", 0.123456),
        ('{"ts":1763678641.5,"level":"info"}', 0.5),
        ('{"level":30,"time":1763678641123,"pid":1}', 0.123),
        ('{"level":"info","ts":"2025-11-20T22:44:01.123Z"}', 0.123),
        ("ts=1763678641 msg=x", 0.0),
        ("1763678641.25 x", 0.25),
    ],
)
def test_stamps_of_well_known_programs(line: str, offset: float) -> None:
    assert written(line, ARRIVED) == pytest.approx(WRITTEN + offset, abs=1e-6)


@pytest.mark.parametrize(
    "line",
    [
        "no stamp at all",
        "",
        "at 22:44:01 something happened",
        "2025-13-40 22:44:01 no such day",
        "id=1763678641 x",
        "x" * 100 + " 2025-11-20T22:44:01Z too far in",
        "port: 1234567890",
    ],
)
def test_lines_without_a_stamp(line: str) -> None:
    assert written(line, ARRIVED) is None


def test_a_stamp_without_year_is_never_ahead_of_its_arrival() -> None:
    new_year = datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC).timestamp()
    told = written("Dec 31 23:59:59 host x", new_year)
    assert told is not None
    assert datetime.fromtimestamp(told, UTC).year == 2025


@given(st.text(max_size=120))
def test_any_text_has_a_time_or_none(text: str) -> None:
    told = written(text, ARRIVED)
    assert told is None or told == told  # a number, never a failure


@given(
    st.from_regex(
        r"[IWEF]?<?\d{0,4}[-/ ]?\d\d[-/ ]?\d\d[T ]\d\d:\d\d:\d\d[.,]?\d{0,12} ?[Z+-]?\d{0,4}", fullmatch=True
    )
)
def test_odd_stamps_do_not_fail(text: str) -> None:
    written(text, ARRIVED)
