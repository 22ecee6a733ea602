"""Facts as lines: name and value always; the whole of the last two minutes where there is room."""

from __future__ import annotations

import math
from functools import partial

from tests.widgets.fakes import FakeSnapshot, context_of
from widgets.draw import line_width
from widgets.facts import SPARK_LEAST, SPARK_MOST, Trend, fact_line, fact_lines

HEAD = "tps      12/s"


def trend() -> Trend:
    """A minute of nothing, then a minute of all there is."""
    context = context_of(FakeSnapshot())
    points = [(context.now - ago, float(ago < 60)) for ago in range(119, -1, -1)]
    return partial(context.buckets, points)


def bars(width: int, given: Trend | None) -> str:
    """What stands right of the value."""
    line = fact_line("tps      ", [("12/s", "text")], width, given, high=1.0)
    told = "".join(text for text, _ in line)
    assert told.startswith(HEAD)
    assert line_width(line) <= width
    return told[len(HEAD) :].lstrip(" ")


def test_what_is_asked_seldom_has_no_holes_and_what_was_silent_has() -> None:
    """Out of view a source is asked every five seconds, and a cell may stand for three."""
    context = context_of(FakeSnapshot())
    seldom = [(context.now - ago, 1.0) for ago in range(120, -1, -5)]
    for cells in (12, 30, 40, 60):
        assert not any(map(math.isnan, context.buckets(seldom, cells)[:-1]))
    silent = [(time, value) for time, value in seldom if not 40 < context.now - time < 80]
    holes = [math.isnan(value) for value in context.buckets(silent, 30)]
    assert holes.count(True) >= 9
    assert not any(holes[:8] + holes[-8:-1])


def test_a_trend_reaches_two_minutes_back_whatever_its_room() -> None:
    """About half of its cells low, half of them full; never more than there are cells for."""
    for width in range(len(HEAD) + 2 + SPARK_LEAST, len(HEAD) + 80):
        shown = bars(width, trend())
        assert len(shown) == min(SPARK_MOST, width - len(HEAD) - 2)
        low, full = shown[0], shown[-1]
        assert low != full
        assert abs(shown.count(full) - len(shown) / 2) <= 2
        assert abs(shown.count(low) - len(shown) / 2) <= 2


def test_without_room_or_points_there_is_none() -> None:
    """The value stands alone."""
    assert bars(len(HEAD) + 1 + SPARK_LEAST, trend()) == ""
    assert bars(80, None) == ""
    assert bars(80, lambda cells: [float("nan")] * cells) == ""


def test_a_rows_facts_stand_below_each_other() -> None:
    """Long values go on below their own column; what has no value has no line."""
    facts = [("state", "one two three four", "text"), ("error", "", "crit"), ("id", "7", "dim")]
    assert ["".join(text for text, _ in line).rstrip() for line in fact_lines(facts, 24)] == [
        "state        one two",
        "             three four",
        "id           7",
    ]
