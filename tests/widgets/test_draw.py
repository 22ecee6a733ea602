"""Lines, meters and sparklines keep their size whatever they are given."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.findings import Severity
from console.text import width
from tests.widgets.texts import clean_text, spans
from widgets.draw import (
    ROLES,
    SEVERITY_MARK,
    SEVERITY_ROLE,
    Span,
    bar_char,
    beside,
    fit,
    line,
    line_width,
    meter,
    sparkline,
    spread,
    wrap,
)

any_float = st.floats(allow_nan=True, allow_infinity=True)
cells = st.integers(min_value=-3, max_value=90)


def plain(parts: tuple[Span, ...] | list[Span]) -> str:
    """The text of a line."""
    return "".join(text for text, _ in parts)


@given(spans, cells)
def test_a_fitted_line_takes_exactly_its_cells(parts: list[Span], room: int) -> None:
    """Wide and combining characters, cuts and padding included."""
    assert line_width(fit(parts, room)) == max(0, room)


@given(spans, st.integers(min_value=1, max_value=90))
def test_fitting_loses_nothing_that_fits(parts: list[Span], room: int) -> None:
    """What fits stands unchanged with its roles; what does not ends in an ellipsis."""
    fitted = fit(parts, room)
    whole = plain(parts)
    while whole and not width(whole[0]):
        whole = whole[1:]  # a mark on nothing
    if width(whole.rstrip(" ")) <= room:
        assert plain(fitted).rstrip(" ") == whole.rstrip(" ")
        roles = [role for text, role in parts for char in text if width(char)]
        kept = [role for text, role in fitted for char in text if width(char)]
        shown = sum(1 for char in whole.rstrip(" ") if width(char))
        assert kept[:shown] == roles[:shown]
    else:
        assert plain(fitted).rstrip(" ").endswith("…")


@given(spans, cells)
def test_neighbours_of_one_role_are_joined(parts: list[Span], room: int) -> None:
    """Fewer segments, and equal lines compare as equal."""
    fitted = fit(parts, room)
    assert all(a[1] != b[1] for a, b in pairwise(fitted))
    assert all(text for text, _ in fitted)


def test_an_ellipsis_replaces_what_is_cut_at_the_edge_of_a_span() -> None:
    """Also where the last cell kept belongs to a wide character."""
    assert fit([("ab", "text"), ("cd", "dim")], 2) == (("a…", "text"),)
    assert plain(fit([("a漢", "text"), ("cd", "dim")], 3)) == "a… "
    assert fit([("漢", "text"), ("x", "dim")], 2) == (("… ", "text"),)


def test_blanks_that_do_not_fit_are_no_loss() -> None:
    """An ellipsis there would say that something was cut."""
    assert fit([("abc", "text"), ("   ", "dim")], 3) == (("abc", "text"),)
    assert fit([("abc    ", "text")], 4) == (("abc ", "text"),)
    assert fit([("     ", "text")], 2) == (("  ", "text"),)


@given(spans, spans, st.integers(min_value=1, max_value=90))
def test_a_spread_line_takes_exactly_its_cells(left: list[Span], right: list[Span], room: int) -> None:
    """The right end stays whole as long as it fits at all."""
    spread_out = spread(left, right, room)
    assert line_width(spread_out) == room
    if line_width(right) < room:
        assert plain(spread_out).endswith(plain(right))


@given(st.lists(spans.map(tuple), max_size=4), st.lists(spans.map(tuple), max_size=4), st.integers(0, 40))
def test_blocks_stand_beside_each_other(
    left: list[tuple[Span, ...]], right: list[tuple[Span, ...]], room: int
) -> None:
    """As many lines as the longer block, the right one always in the same column."""
    rows = beside(left, right, room, gap=3)
    assert len(rows) == max(len(left), len(right))
    for index, row in enumerate(rows):
        second = right[index] if index < len(right) else ()
        assert line_width(row) == room + 3 + line_width(second)


@given(clean_text, st.integers(min_value=-1, max_value=30))
def test_wrapping_loses_no_text_and_keeps_to_the_width(text: str, room: int) -> None:
    """Every visible character is there, in order; only a character wider than the line may stick out."""
    lines = wrap(text, room, "warn")
    joined = "".join(plain(part) for part in lines)
    assert joined.replace(" ", "") == text.replace(" ", "")
    assert all(line_width(part) <= max(room, 2) for part in lines)
    assert all(role == "warn" for part in lines for _, role in part)


@given(st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=20), st.integers(5, 20))
def test_words_that_fit_are_never_cut(words: list[str], room: int) -> None:
    """Lines break at blanks, and no line could have taken the next word."""
    lines = [plain(part) for part in wrap(" ".join(words), room)]
    assert " ".join(lines).split(" ") == words
    for upper, lower in pairwise(lines):
        assert len(upper) + 1 + len(lower.split(" ")[0]) > room


def test_indented_text_keeps_its_indent() -> None:
    """A query's first line is not shifted."""
    assert wrap("  select 1", 20) == [(("  select 1", "text"),)]


@given(any_float, cells, st.none() | any_float)
def test_a_meter_takes_exactly_its_cells(ratio: float, room: int, limit: float | None) -> None:
    """For every ratio and limit, absurd ones too."""
    assert line_width(meter(ratio, room, limit)) == max(0, room)


def test_a_meter_shows_its_limit_and_more_than_nothing() -> None:
    """A small share is not drawn as none, a missing one is."""
    assert plain(meter(0.001, 10)) == "━─────────"
    assert plain(meter(0.5, 10, 0.8)) == "━━━━━───┼─"
    assert plain(meter(0.9, 10, 0.8)) == "━━━━━━━━┿─"
    assert plain(meter(math.nan, 4)) == "────"
    assert meter(0.9, 10, 0.8, "crit")[0][1] == "crit"


@given(st.lists(any_float, max_size=60), cells, any_float, st.none() | any_float)
def test_a_sparkline_takes_exactly_its_cells(
    values: list[float], room: int, low: float, high: float | None
) -> None:
    """For any values and any scale."""
    text, _ = sparkline(values, room, low, high)
    assert len(text) == max(0, room)
    assert set(text) <= set(" ▁▂▃▄▅▆")


@given(st.lists(st.just(0.0) | st.floats(1e-9, 1e12), min_size=1, max_size=30))
def test_above_zero_never_looks_like_zero(values: list[float]) -> None:
    """An error a minute among thousands is still seen."""
    text, _ = sparkline(values, len(values))
    for value, char in zip(values, text, strict=True):
        assert (char == "▁") == (value == 0)


def test_a_sparkline_keeps_the_newest_values_and_shows_gaps() -> None:
    """What was not measured is blank, not zero."""
    assert sparkline([9, 0, math.nan, 1, 2], 4, 0, 2)[0] == "▁ ▄▆"
    assert sparkline([1], 3)[0] == "  ▆"


@pytest.mark.parametrize(
    ("ratio", "char"), [(0, "▁"), (1e-9, "▂"), (0.5, "▄"), (1, "▆"), (7, "▆"), (-1, "▁")]
)
def test_a_bar_for_a_ratio(ratio: float, char: str) -> None:
    """One cell of six heights: rows of bars below each other stay apart."""
    assert bar_char(ratio) == char


def test_every_severity_has_a_shape_of_its_own() -> None:
    """State is told without colour."""
    assert len(set(SEVERITY_MARK.values())) == len(Severity)
    assert set(SEVERITY_ROLE) == set(Severity)
    assert set(SEVERITY_ROLE.values()) <= set(ROLES)


def test_a_bare_string_is_ordinary_text() -> None:
    """In lines put together by hand."""
    assert line("a", ("b", "warn")) == (("a", "text"), ("b", "warn"))
