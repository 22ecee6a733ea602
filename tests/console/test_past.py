"""The past: what was known at a moment, failures included, within its bytes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from console.errors import Refused
from console.past import LARGE, RATE, STEP, Past, pack
from console.sources.base import Reading, Snapshot

START = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered(Snapshot):
    """A snapshot to recognise."""

    number: int
    ballast: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live(Snapshot):
    """A view that looks back by itself."""

    kept: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpicklable(Snapshot):
    """What another package might bring."""

    call: Any


def good(at: float, snapshot: Snapshot | None = None, source: str = "db") -> Reading[Any]:
    """A reading at so many seconds."""
    shown = snapshot or Numbered(number=int(at))
    return Reading(source, START + timedelta(seconds=at), at, 0.01, shown)


def bad(at: float, source: str = "db") -> Reading[Any]:
    """A failure at so many seconds."""
    error = Refused("password needed", "set PGPASSWORD")
    return Reading(source, START + timedelta(seconds=at), at, 0.01, None, error)


def number(reading: Reading[Any] | None) -> int | None:
    """Which snapshot it holds."""
    return reading.snapshot.number if reading is not None and reading.snapshot is not None else None


def test_one_reading_a_step_is_kept() -> None:
    """Asked for a moment, the newest before it is given."""
    past = Past()
    for at in range(20):
        past.add(good(at))
    assert [number(past.at("db", at).reading) for at in (0, 4.9, 5, 12, 99)] == [0, 0, 5, 10, 15]
    assert past.at("db", -1).reading is None
    assert past.at("other", 5).reading is None
    assert past.oldest == 0


def test_a_failure_is_kept_with_its_words_and_since_when() -> None:
    """What was down never looks up; its last values are still there."""
    past = Past()
    for at in range(7):
        past.add(good(at))
    for at in range(7, 20):
        past.add(bad(at))
    past.add(good(20))
    then = past.at("db", 18)
    assert then.reading is not None
    assert str(then.reading.error) == "password needed: set PGPASSWORD"
    assert number(then.good) == 5
    assert then.failing_since == START + timedelta(seconds=7)
    assert past.at("db", 6.9).failing_since is None
    assert number(past.at("db", 20).reading) == 20
    assert past.at("db", 20).failing_since is None


def test_a_source_that_only_failed_has_no_values() -> None:
    """And nothing is made up."""
    past = Past()
    past.add(bad(3))
    then = past.at("db", 4)
    assert then.good is None
    assert then.failing_since == START + timedelta(seconds=3)


def test_the_moment_of_a_pause_is_kept_whatever_the_step() -> None:
    """But no reading twice."""
    past = Past()
    past.add(good(0))
    past.add(good(2), always=True)
    past.add(good(2), always=True)
    assert number(past.at("db", 2).reading) == 2
    size = past.nbytes
    past.add(good(1), always=True)
    assert past.nbytes == size


def test_the_oldest_of_all_leave_when_the_bytes_run_out() -> None:
    """Whichever source they belong to."""
    past = Past(max_bytes=3_000)
    for at in range(40):
        past.add(good(at * STEP, Numbered(number=at), source="db" if at % 2 else "cache"))
    assert past.nbytes <= 3_000
    assert past.oldest > 0
    assert number(past.at("db", 39 * STEP).reading) == 39
    assert past.at("cache", past.oldest - 1).reading is None


def test_live_views_and_what_cannot_be_pickled_are_left_out() -> None:
    """Neither fails."""
    past = Past()
    past.add(good(0, Live()))
    past.add(good(0, Unpicklable(call=lambda: None), source="cache"))
    assert past.at("db", 1).reading is None
    assert past.at("cache", 1).reading is None
    assert past.nbytes == 0
    assert past.oldest == float("inf")


def heavy(at: float, size: int) -> Reading[Any]:
    """A reading that cannot be made smaller."""
    return good(at, Numbered(number=int(at), ballast=random.Random(at).randbytes(size)))


def test_a_large_source_is_kept_less_often() -> None:
    """Its share is bounded, and it is said that packing it takes long."""
    past, size = Past(), int(4 * STEP * RATE)
    for at in range(0, 41, 5):
        past.add(heavy(at, size))
        past.add(good(at, source="cache"))
    assert [number(past.at("db", at).reading) for at in (4, 19, 24, 26, 99)] == [0, 0, 0, 25, 25]
    assert number(past.at("cache", 39).reading) == 35
    assert size > LARGE
    assert past.large("db")
    assert not past.large("cache")
    assert not past.large("nobody")


def test_what_was_packed_late_never_stands_behind_what_is_newer() -> None:
    """A thread may take longer than the next reading."""
    past, early = Past(), good(1)
    packed = pack(early)
    past.add(good(2))
    past.put(early, packed)
    assert number(past.at("db", 3).reading) == 2
    assert past.at("db", 1.5).reading is None
    past.put(good(9), b"")
    assert number(past.at("db", 99).reading) == 2
