"""Columns that fit, rows in order, headers that say which: the pure half of tables."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.findings import Severity
from tests.widgets.texts import clean_text
from widgets.columns import APART, GAP, Column, draw_header, draw_row, layout, needs_of, small_table
from widgets.draw import line_width


def column(
    name: str, cells: int = 5, flex: int = 0, drop: int = 0, align: str = "<", **options: Any
) -> Column[Any]:
    """A column that shows the row itself."""
    return Column(name, name.upper(), options.pop("cell", str), cells, flex, align, drop, **options)


columns = st.lists(
    st.tuples(st.integers(1, 20), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=8
).map(lambda shapes: [column(f"c{i}", *shape) for i, shape in enumerate(shapes)])


@given(columns, st.integers(0, 120))
def test_the_chosen_columns_fit(given_columns: list[Column[Any]], cells: int) -> None:
    """Unless none is left that may be dropped."""
    widths = layout(given_columns, cells)
    taken = sum(w for _, w in widths) + GAP * (len(widths) - 1)
    kept = [c for c, _ in widths]
    assert kept == [c for c in given_columns if c in kept]
    assert all(w >= c.width for c, w in widths)
    if taken > cells:
        assert len(kept) == 1 or all(c.drop == 0 for c in kept)
    elif any(c.flex for c in kept):
        assert taken == cells


@given(columns, st.integers(0, 120))
def test_what_may_be_dropped_first_is_dropped_first(given_columns: list[Column[Any]], cells: int) -> None:
    """A column stays as long as one with a higher `drop` is there; those with 0 stay always."""
    kept = [c for c, _ in layout(given_columns, cells)]
    gone = [c for c in given_columns if c not in kept]
    assert all(g.drop > 0 for g in gone)
    assert all(g.drop >= k.drop for g in gone for k in kept)


@given(columns, st.integers(0, 120), clean_text)
def test_rows_and_headers_have_one_width(given_columns: list[Column[Any]], cells: int, text: str) -> None:
    """Columns are aligned whatever stands in them."""
    widths = layout(given_columns, cells)
    taken = sum(w for _, w in widths) + GAP * (len(widths) - 1)
    assert line_width(draw_row(widths, text)) == taken
    for c, _ in widths:
        assert line_width(draw_header(widths, c.id, True)) == taken


needs = st.dictionaries(st.sampled_from([f"c{i}" for i in range(8)]), st.integers(0, 40), min_size=1)


@given(columns, st.integers(0, 200), needs)
def test_no_column_takes_more_than_it_needs(
    given_columns: list[Column[Any]], cells: int, known: dict[str, int]
) -> None:
    """But for what sets the columns apart; none with something to say is left out while there is room."""
    widths = layout(given_columns, cells, known)
    taken = sum(w for _, w in widths) + GAP * (len(widths) - 1)
    kept = [c for c, _ in widths]
    assert taken <= cells or len(kept) == 1 or all(c.drop == 0 for c in kept)
    for c, w in widths:
        if c.flex and c.id in known:
            assert w <= max(known[c.id], len(c.title) + 1) + APART
        elif not c.flex:
            assert c.width <= w <= c.width + APART
    silent = [c for c in given_columns if c not in kept and known.get(c.id) == 0]
    whole = sum(c.width for c in given_columns) + GAP * len(given_columns)
    if whole <= cells:
        assert [c for c in given_columns if c not in silent] == kept


def test_a_column_without_a_word_leaves_its_room_to_the_others() -> None:
    """Until it has one; what may not be dropped stays."""
    given_columns = [column("name", 4, 1), column("project", 10, 1, drop=1), column("state", 5, 2)]
    assert [w for _, w in layout(given_columns, 40)] == [8, 15, 15]
    assert [(c.id, w) for c, w in layout(given_columns, 40, {"name": 8, "project": 0, "state": 29})] == [
        ("name", 9),  # one more than it needs sets it apart
        ("state", 30),
    ]
    known = needs_of(given_columns, ["abcdefgh", "x"], {"state": 12})
    assert known == {"name": 8, "project": 8, "state": 12}
    assert needs_of(given_columns, [], known) == known


def test_a_cell_may_have_several_roles() -> None:
    """As a meter; it keeps to its width."""
    bar = column("bar", 6, cell=lambda row: "50%", spans=lambda row: [("━━", "accent"), ("──────", "dim")])
    assert draw_row([(bar, 6)], "x") == [("━━", "accent"), ("───…", "dim")]


def test_the_arrow_stays_when_the_title_is_too_long() -> None:
    """Otherwise nothing would say what the table is sorted by."""
    widths = layout([column("restarts", 4)], 4)
    assert draw_header(widths, "restarts", True) == [("RE…↓", "title")]
    assert draw_header(widths, "restarts", False) == [("RE…↑", "title")]
    assert draw_header(widths) == [("RES…", "label")]


def test_a_role_replaces_that_of_plain_cells_only() -> None:
    """A warning stays a warning on a marked row."""
    widths = layout([column("a"), column("b", cell=lambda row: (row, "warn"))], 11)
    assert [role for _, role in draw_row(widths, "x", "mark")] == ["mark", "text", "warn"]


@given(st.lists(st.none() | st.floats(allow_nan=True) | st.integers(-5, 5)), st.booleans())
def test_missing_values_stand_last_either_way(values: list[float | None], descending: bool) -> None:
    """None and not-a-number are unknown, not small."""
    ordered = column("n", sort=lambda row: row).order(values, descending)
    there = [v for v in ordered if v is not None and not math.isnan(v)]
    assert there == sorted(there, reverse=descending)
    assert ordered[: len(there)] == there
    assert len(ordered) == len(values)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers())), st.booleans())
def test_equal_rows_keep_their_order(rows: list[tuple[int, int]], descending: bool) -> None:
    """A table does not shuffle what is equal."""
    ordered = column("n", sort=lambda row: row[0]).order(rows, descending)
    for value in range(4):
        assert [r for r in ordered if r[0] == value] == [r for r in rows if r[0] == value]


def test_values_of_several_kinds_are_sorted_as_text() -> None:
    """A source that mixes numbers and words does not end the console."""
    assert column("n", sort=lambda row: row).order([3, "b", 1, None, "a"]) == [1, 3, "a", "b", None]


def test_without_a_sort_the_shown_text_is_sorted_in_any_case() -> None:
    """As people expect of names."""
    assert column("n").order(["b", "A", "c"], True) == ["c", "b", "A"]


@given(st.lists(clean_text, max_size=12), st.integers(1, 60), st.integers(1, 10))
def test_a_small_table_takes_no_more_than_its_height(rows: list[str], cells: int, height: int) -> None:
    """And counts what did not fit."""
    lines = small_table([column("c", 3, 1)], rows, cells, height, lambda row: Severity.WARNING)
    assert len(lines) <= height
    if height > 1:
        shown = len(lines) - 1
        if len(rows) > height - 1:
            assert lines[-1][0][0].strip() == f"+{len(rows) - shown + 1} more"
        else:
            assert shown == len(rows)
