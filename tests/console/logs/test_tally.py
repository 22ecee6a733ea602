"""Counts of the last minute, against a plain list of what happened."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.logs.levels import Level
from console.logs.tally import NO_COUNTS, Window

ERROR = tuple(int(level is Level.ERROR) for level in Level)
INFO = tuple(int(level is Level.INFO) for level in Level)


def test_what_is_older_than_the_window_no_longer_counts() -> None:
    window = Window(60.0, 5.0)
    assert window.sums(0.0) == NO_COUNTS
    window.add(100.0, ERROR)
    window.add(130.0, INFO)
    assert window.sums(130.0)[Level.ERROR] == 1
    assert window.sums(159.0)[Level.ERROR] == 1
    assert window.sums(161.0)[Level.ERROR] == 0
    assert window.sums(161.0)[Level.INFO] == 1
    assert window.sums(500.0) == NO_COUNTS


def test_late_news_falls_into_its_own_step() -> None:
    window = Window(60.0, 5.0)
    window.add(100.0, INFO)
    window.add(82.0, ERROR)
    window.add(91.0, ERROR)
    window.add(10.0, ERROR)  # too old to count
    assert window.buckets() == [(80.0, ERROR), (90.0, ERROR), (100.0, INFO)]
    assert window.sums(100.0)[Level.ERROR] == 2
    assert window.sums(144.0)[Level.ERROR] == 1


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 6)), max_size=60))
def test_it_agrees_with_counting(events: list[tuple[int, int]]) -> None:
    window, now = Window(60.0, 5.0), 0
    seen: list[tuple[int, int]] = []
    for time, level in events:
        now = max(now, time)
        window.add(float(time), tuple(int(n == level) for n in range(len(Level))))
        seen.append((time, level))
    first = now // 5 - 11
    expected = [sum(1 for time, lv in seen if lv == level and time // 5 >= first) for level in Level]
    assert list(window.sums(float(now))) == expected
