"""History: the newest points, in order, within stated bounds."""

from __future__ import annotations

import itertools
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from console.history import COARSE_STEP, FINE_POINTS, REACH, History, Ring, Series
from console.metrics import Sample, labels

WHERE = labels(host="a", disk="b")


@given(st.integers(1, 40), st.lists(st.floats(allow_nan=False), max_size=300), st.integers(0, 300))
def test_a_ring_is_the_end_of_a_list(size: int, values: list[float], start: int) -> None:
    ring = Ring(size)
    left = [ring.append(time, value) for time, value in enumerate(values)]
    every = list(enumerate(map(float, values)))
    points = every[-size:]
    assert [point for point in left if point] == every[: max(0, len(every) - size)]
    assert len(ring) == len(points)
    assert ring.since(-math.inf) == points
    assert ring.since(start) == [point for point in points if point[0] >= start]
    assert (ring.oldest, ring.newest) == ((points[0][0], points[-1][0]) if points else (math.inf, -math.inf))


def test_a_series_keeps_ten_minutes_finely_and_an_hour_coarsely() -> None:
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
    assert REACH - COARSE_STEP <= end - times[0] <= REACH + FINE_POINTS


def test_a_series_is_as_small_as_stated() -> None:
    history = History()
    for second in range(3 * 3600):
        history.add(second, [Sample("m", 1.0)])
    assert history.nbytes <= 17 * 1024
    few = History()
    few.add(0.0, [Sample("m", 1.0)])
    assert few.nbytes < 200


def test_the_series_longest_without_a_sample_leave_first() -> None:
    history = History(max_series=3)
    history.add(0, [Sample("a", 1), Sample("b", 1), Sample("c", 1)])
    history.add(1, [Sample("a", 2)])
    history.add(2, [Sample("d", 1)])
    assert len(history) == 3
    assert {name for name, _ in history} == {"c", "a", "d"}
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


def test_a_slow_series_reaches_back_an_hour_and_no_further() -> None:
    history = History()
    for time in range(0, 3 * 3600, 15):
        history.add(time, [Sample("m", time)])
    points = history.since("m", (), 0)
    assert points[0][0] == 3 * 3600 - 15 - REACH
    assert history.nbytes <= 5 * 1024


def test_a_series_its_source_does_not_give_any_more_has_ended() -> None:
    history = History()
    for time in range(5):
        history.add(time, [Sample("m", time, WHERE), Sample("m", -time)], "a")
    for time in range(5, 12):
        history.add(time, [Sample("m", -time)], "a")
        history.add(time, [], "b")
    (gone, first), (there, second) = history.select("m")
    assert (gone, there) == (WHERE, ())
    assert history.at([first, second], 4, -300) == [(4, 4), (4, -4)]
    assert history.at([first, second], 6, -300) == [(4, 4), (6, -6)]
    assert history.at([first, second], 7, -300) == [None, (7, -7)]
    assert history.at([first, second], 6.5, -300) == [(4, 4), (6, -6)]
    history.add(15, [Sample("m", 4, WHERE)], "a")
    assert history.at([first, second], 14, -300) == [None, (11, -11)], "nobody was asked since"
    assert history.at([first, second], 20, -300) == [(15, 4), None]
    assert history.at([first], 20, 15) == [None]


def test_a_series_given_now_and_then_lasts_between_its_points() -> None:
    history = History()
    for time in range(100):
        history.add(time, [Sample("m", time)] if time % 30 == 0 else [], "a")
    ((_, series),) = history.select("m")
    assert [history.at([series], time, -300) for time in (29, 59, 99)] == [[(0, 0)], [(30, 30)], [(90, 90)]]
    for time in range(100, 200):
        history.add(time, [], "a")
    assert history.at([series], 164, -300) == [(90, 90)]
    assert history.at([series], 166, -300) == [None]


def test_a_series_seen_once_lasts_as_long_as_others_of_its_name() -> None:
    history = History()
    for time in range(0, 60, 5):
        there = [Sample("m", 85, WHERE)] if time == 10 else []
        history.add(time, [Sample("m", 1), *there, *([Sample("alone", 1)] if time == 10 else [])], "a")
    seen = dict(history.select("m"))[WHERE]
    ((_, alone),) = history.select("alone")
    assert history.at([seen], 22, -300) == [(10, 85)]
    assert history.at([seen], 23, -300) == [None], "two polls and a half without it"
    assert history.at([alone], 47, -300) == [(10, 1)], "of which nothing is known"
    assert history.at([alone], 48, -300) == [None]


def test_a_source_that_does_not_answer_has_no_series() -> None:
    history = History()
    history.add(0, [Sample("m", 1)], "a")
    history.add(1, [], "a", answered=False)
    ((_, series),) = history.select("m")
    assert history.at([series], 0.9, -300) == [(0, 1)]
    assert history.at([series], 1, -300) == [None]
    history.add(2, [Sample("m", 2)], "a")
    assert history.at([series], 2, -300) == [(2, 2)]


def test_a_series_ends_by_word() -> None:
    history = History()
    history.add(0, [Sample("m", 1)])
    history.end(5, "m", ())
    history.end(5, "unknown", ())
    ((_, series),) = history.select("m")
    assert history.at([series], 4, -300) == [(0, 1)]
    assert history.at([series], 5, -300) == [None]
    history.add(6, [Sample("m", 2)])
    assert history.at([series], 6, -300) == [(6, 2)]


@settings(max_examples=20)
@given(st.integers(0, 4000), st.integers(0, 4000))
def test_a_window_is_open_on_the_left_and_closed_on_the_right(start: int, size: int) -> None:
    history = History()
    for time in range(4000):
        history.add(time, [Sample("m", time)])
    ((_, series),) = history.select("m")
    ((times, values),) = history.within([series], start, start + size)
    assert list(times) == list(values)
    everything = [time for time, _ in series.since(0)]
    assert list(times) == [time for time in everything if start < time <= start + size]


def test_rooms_for_many_new_series_are_made_at_once() -> None:
    history = History(max_series=1000)
    for time in range(3000):
        history.add(time, [Sample("m", 1, labels(n=str(time)))])
        assert len(history) <= 1000
    assert len(history) >= 980
    assert {dict(found)["n"] for _, found in history} >= {str(time) for time in range(2100, 3000)}
