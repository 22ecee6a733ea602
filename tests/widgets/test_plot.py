"""Plots: their size, their axes, gaps, limits."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.history import Point
from console.units import bytes_, count, duration, percent
from widgets.draw import ROLES, Line, line_width
from widgets.plot import Curve, PlotSpec, draw_plot

SHARE = PlotSpec("cpu", percent, 1.0, 0.8)
NOW = 1000.0

points = st.lists(
    st.tuples(st.floats(0, 2000), st.floats(allow_nan=True, allow_infinity=True)), max_size=30
).map(sorted)
curves = st.lists(st.builds(Curve, st.sampled_from(("", "user", "漢字")), points), max_size=5)
specs = st.builds(
    PlotSpec,
    st.sampled_from(("cpu", "", "漢")),
    st.sampled_from((bytes_, percent, str, lambda value: "x" * 40)),
    st.none() | st.floats(0, 1e6),
    st.none() | st.floats(allow_nan=True, allow_infinity=True),
)


def plain(lines: list[Line]) -> list[str]:
    """The text of the lines."""
    return ["".join(text for text, _ in line) for line in lines]


@given(specs, curves, st.integers(1, 120), st.integers(1, 30), st.sampled_from((120.0, 7200.0)))
def test_a_plot_takes_exactly_its_room(
    spec: PlotSpec, given_curves: list[Curve], cells: int, height: int, span: float
) -> None:
    """For any values, scales and units; without room for axes the legend alone stands there."""
    lines = draw_plot(spec, given_curves, cells, height, NOW, span)
    assert all(line_width(line) == cells for line in lines)
    assert len(lines) in (1, height)
    assert {role for line in lines for _, role in line} <= set(ROLES)


def series(*values: float, step: float = 1.0, end: float = NOW) -> list[Point]:
    """Values as points up to now."""
    return [(end - (len(values) - 1 - i) * step, v) for i, v in enumerate(values)]


def test_axes_say_what_and_since_when() -> None:
    """Top, zero and the middle; the span, its half and now."""
    lines = plain(draw_plot(SHARE, [Curve("all", series(0.25, 0.5))], 60, 9, NOW, 120))
    assert lines[0].startswith("cpu  ━ all 50%  ┄ limit 80%")
    assert lines[1].startswith("100% │")
    assert lines[4].startswith(" 50% │")
    assert lines[7].startswith("  0% │")
    assert lines[8].split() == ["└", "-2m00s", "-1m00s", "now"]
    assert lines[8].endswith("now")


def test_labels_of_different_width_keep_the_axis_straight() -> None:
    """A middle label longer than both ends included."""
    spec = PlotSpec("t", lambda value: f"{value:.6g} s", 1.0)
    lines = plain(draw_plot(spec, [Curve("", series(1.0))], 60, 9, NOW, 120))
    assert {line.index("│") for line in lines[1:-1]} == {lines[-1].index("└")}


def test_a_value_stands_at_its_height() -> None:
    """One at the top reaches the first row, zero lies on the last."""
    top = draw_plot(SHARE, [Curve("", series(*[1.0] * 120))], 60, 9, NOW, 120)
    low = draw_plot(SHARE, [Curve("", series(*[0.0] * 120))], 60, 9, NOW, 120)
    braille = [
        [any("\u2801" <= c <= "\u28ff" for c in line) for line in plain(lines)] for lines in (top, low)
    ]
    assert braille[0] == [False, True, *[False] * 7]
    assert braille[1] == [*[False] * 7, True, False]


def test_what_was_not_measured_is_not_drawn() -> None:
    """A silence is a gap and not a line across it; points outside the span are left out."""
    early, late = series(0.5, 0.5, end=NOW - 60), series(0.5, 0.5)
    gap = plain(draw_plot(SHARE, [Curve("", [*early, *late])], 66, 9, NOW, 120))
    dots = [x for line in gap for x, char in enumerate(line) if "\u2801" <= char <= "\u28ff"]
    assert max(dots) - min(dots) > 25
    assert len(set(dots)) <= 4
    none = draw_plot(SHARE, [Curve("", [(NOW - 500, 1.0), (NOW + 5, 1.0), (NOW, math.nan)])], 66, 9, NOW, 120)
    assert not any("\u2801" <= char <= "\u28ff" for line in plain(none) for char in line)
    assert "━ -" in plain(none)[0]


def test_a_free_scale_is_a_round_number_above_the_largest() -> None:
    """So that the axis can be read, and does not move with every value."""
    for largest, top in ((3.0, "5"), (0.9, "1"), (11.0, "20"), (21.0, "25"), (99.0, "100"), (0.0, "1")):
        spec = PlotSpec("n", lambda value: f"{value:g}")
        lines = plain(draw_plot(spec, [Curve("", series(largest))], 40, 5, NOW, 120))
        assert lines[1].split()[0] == top


def test_a_limit_that_is_near_is_in_view() -> None:
    """Far from it the curve keeps the room."""
    spec = PlotSpec("n", lambda value: f"{value:g}", None, 100.0)
    near = plain(draw_plot(spec, [Curve("", series(60.0))], 40, 9, NOW, 120))
    far = plain(draw_plot(spec, [Curve("", series(3.0))], 40, 9, NOW, 120))
    assert any("┄" in line for line in near[1:])
    assert not any("┄" in line for line in far[1:])


@pytest.mark.parametrize(
    ("unit", "most", "top"),
    [
        (bytes_, 72e6, "100M"),
        (bytes_, 700, "1.0K"),
        (bytes_, 1001 << 20, "1.0G"),
        (count, 1010, "2.0k"),
        (duration, 49, "50s"),
        (duration, 62, "2m00s"),
        (duration, 5000, "2h00m"),
        (duration, 90_000, "2d0h"),
        (duration, 0.0003, "1ms"),
        (percent, 0.0004, "0.1%"),
        (percent, 0.021, "2.5%"),
        ("{:.1f}".format, 0.21, "0.5"),
        ("{:.1f}".format, 2.1, "2.5"),
        ("{:.0f}".format, 2.1, "5"),
    ],
)
def test_the_top_of_an_axis_reads_well_in_its_unit(
    unit: Callable[[float], str], most: float, top: str
) -> None:
    lines = draw_plot(PlotSpec("", unit), [Curve("", [(99.0, most)])], 40, 6, 100.0, 60.0)
    assert lines[1][0][0].split()[0] == top
