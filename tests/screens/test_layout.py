"""Where panes stand: every one with at least its title line, whatever the size and however many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screens.layout import arrange

KINDS = ("system", "docker", "postgres", "redis", "logs")

kinds = st.integers(1, 14).map(lambda count: [KINDS[i] if i < 5 else f"other{i}" for i in range(count)])


@given(kinds, st.integers(1, 520), st.integers(-2, 210), st.sets(st.sampled_from([*KINDS, "other6"])))
def test_the_grid_holds_every_pane(given_kinds: list[str], width: int, height: int, absent: set[str]) -> None:
    """No row without a line, no cell without a pane, no line left over."""
    plan = arrange(given_kinds, width, height, absent)
    assert sorted(plan.order) == sorted(given_kinds)
    cells = sum(plan.spans.get(kind, 1) for kind in given_kinds)
    assert cells == plan.columns * len(plan.rows)
    assert all(row >= 1 for row in plan.rows)
    assert sum(plan.rows) == max(height, len(plan.rows))
    assert all(1 <= span <= plan.columns for span in plan.spans.values())


@pytest.mark.parametrize(
    ("width", "columns", "rows"), [(80, 1, 5), (120, 2, 3), (160, 3, 2), (240, 3, 2), (500, 4, 2)]
)
def test_wider_terminals_have_more_columns(width: int, columns: int, rows: int) -> None:
    """At the four sizes the five panes stand as drawn in the design; the logs take the rest of their row."""
    plan = arrange(KINDS, width, 37)
    assert (plan.columns, len(plan.rows)) == (columns, rows)
    assert plan.spans == ({} if columns == 1 else {"logs": columns * rows - 4})
    assert plan.order == KINDS


@pytest.mark.parametrize(
    ("width", "rows", "spans"),
    [
        (80, (17, 17, 17, 1, 1), {}),
        (120, (26, 25, 2), {"logs": 2}),
        (160, (26, 25, 2), {"logs": 2}),
    ],
)
def test_what_is_absent_leaves_its_room_to_the_others(
    width: int, rows: tuple[int, ...], spans: dict[str, int]
) -> None:
    """It stands below them with its title, and beside each other with the reason."""
    plan = arrange(KINDS, width, 53, {"docker", "redis"})
    assert plan.order == ("system", "postgres", "logs", "docker", "redis")
    assert (plan.rows, plan.spans) == (rows, spans)


@pytest.mark.parametrize(
    ("count", "width", "height", "columns", "spans"),
    [
        (6, 160, 47, 2, {}),  # 80 cells each, where three columns would cut most rows
        (6, 160, 36, 3, {}),  # but not where that leaves a pane too few lines
        (6, 240, 67, 3, {}),
        (7, 160, 47, 3, {"logs": 3}),
        (8, 160, 47, 3, {"logs": 2}),
        (4, 120, 37, 2, {}),
        (2, 120, 37, 2, {}),
    ],
)
def test_panes_that_stand_too_narrow_stand_below_each_other(
    count: int, width: int, height: int, columns: int, spans: dict[str, int]
) -> None:
    kinds = ["system", "docker", "postgres", "redis", "alerts", "health", "kubernetes"][: count - 1]
    plan = arrange([*kinds, "logs"], width, height)
    assert (plan.columns, plan.spans) == (columns, spans)


def test_room_to_spare_goes_to_the_logs() -> None:
    """Also where another pane stands beside them."""
    assert arrange(["system", "postgres", "redis", "logs", "alerts"], 160, 40).spans == {"logs": 2}
    assert arrange(["system", "postgres", "redis", "alerts"], 160, 40).spans == {"alerts": 3}


def test_where_all_are_absent_they_share_the_room() -> None:
    """Each says why."""
    assert arrange(KINDS, 160, 40, KINDS).rows == arrange(KINDS, 160, 40).rows


def test_no_pane_is_no_grid() -> None:
    """Nothing to divide."""
    assert arrange([], 80, 20).columns == 1
