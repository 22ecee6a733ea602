"""History: the newest points, in order, within stated bounds."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from console.history import COARSE_POINTS, COARSE_STEP, FINE_POINTS, History, Ring, Series
from console.metrics import Sample, labels

WHERE = labels(host="a", disk="b")


@given(st.integers(1, 40), st.lists(st.floats(allow_nan=False), max_size=300), st.integers(0, 300))
def test_a_ring_is_the_end_of_a_list(size: int, values: list[float], start: int) -> None:
    ring = Ring(size)
    for time, value in enumerate(values):
        ring.append(time, value)
    points = list(enumerate(map(float, values)))[-size:]
    assert len(ring) == len(points)
    assert ring.since(-math.inf) == points
    assert ring.since(start) == [point for point in points if point[0] >= start]
    assert (ring.oldest, ring.newest) == ((points[0][0], points[-1][0]) if points else (math.inf, -math.inf))


def test_a_series_keeps_ten_minutes_finely_and_two_hours_coarsely() -> None:
    series = Series()
    for second in range(3 * 3600):
        series.append(second, float(second))
    end = 3 * 3600 - 1
    assert [time for time, _ in series.since(end - 599)] == list(range(end - 599, end + 1))
    everything = series.since(0)
    times = [time for time, _ in everything]
    assert times == sorted(set(times))
    assert all(time == value for time, value in everything)
    coarse = [time for time in times if time < end - FINE_POINTS]
    assert {b - a for a, b in itertools.pairwise(coarse)} == {COARSE_STEP}
    assert end - times[0] >= COARSE_POINTS * COARSE_STEP - COARSE_STEP


def test_a_series_is_as_small_as_stated() -> None:
    history = History()
    for second in range(3 * 3600):
        history.add(second, [Sample("m", 1.0)])
    assert history.nbytes <= 23 * 1024
    few = History()
    few.add(0.0, [Sample("m", 1.0)])
    assert few.nbytes < 200


def test_the_series_longest_without_a_sample_leave_first() -> None:
    history = History(max_series=3)
    history.add(0, [Sample("a", 1), Sample("b", 1), Sample("c", 1)])
    history.add(1, [Sample("a", 2)])
    history.add(2, [Sample("d", 1)])
    assert len(history) == 3
    assert [name for name, _ in history] == ["c", "a", "d"]
    assert history.since("b", (), 0) == []
    assert history.since("a", (), 0) == [(0, 1), (1, 2)]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 10)), max_size=60))
def test_there_are_never_more_series_than_allowed(samples: list[tuple[str, float]]) -> None:
    history = History(max_series=3)
    for time, (name, value) in enumerate(samples):
        history.add(time, [Sample(name, value)])
        assert len(history) <= 3
        assert history.since(name, (), time) == [(time, value)]


def test_series_are_told_apart_by_name_and_labels() -> None:
    history = History()
    history.add(0, [Sample("m", 1, WHERE), Sample("m", 2, labels(host="b")), Sample("n", 3, WHERE)])
    assert set(history.find("m")) == {WHERE, labels(host="b")}
    assert history.since("m", labels(disk="b", host="a"), 0) == [(0, 1)]
    assert list(history.find("none")) == []


def test_a_rate_is_per_second_and_a_reset_counts_from_zero() -> None:
    history = History()
    for time, value in [(0, 100), (2, 110), (4, 110), (5, 3), (5, 4), (6, 5)]:
        history.add(time, [Sample("total", value)])
    assert history.rate("total", (), 0) == [(2, 5.0), (4, 0.0), (5, 3.0), (6, 1.0)]
    assert history.rate("total", (), 6) == []
    assert history.rate("none", (), 0) == []


@given(st.lists(st.floats(0, 1e9), min_size=2, max_size=50))
def test_a_rate_is_never_negative(values: list[float]) -> None:
    history = History()
    for time, value in enumerate(values):
        history.add(time, [Sample("total", value)])
    assert all(rate >= 0 for _, rate in history.rate("total", (), 0))
