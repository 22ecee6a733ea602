"""Where panes stand: every one with at least its title line, whatever the size and however many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screens.layout import arrange

KINDS = ("system", "docker", "postgres", "redis", "logs")

kinds = st.integers(1, 14).map(lambda count: [KINDS[i] if i < 5 else f"other{i}" for i in range(count)])


@given(kinds, st.integers(1, 520), st.integers(-2, 210))
def test_the_grid_holds_every_pane(given_kinds: list[str], width: int, height: int) -> None:
    """No row without a line, no cell without a pane, no line left over."""
    plan = arrange(given_kinds, width, height)
    cells = sum(plan.spans.get(kind, 1) for kind in given_kinds)
    assert cells == plan.columns * len(plan.rows)
    assert all(row >= 1 for row in plan.rows)
    assert sum(plan.rows) == max(height, len(plan.rows))
    assert all(1 <= span <= plan.columns for span in plan.spans.values())


@pytest.mark.parametrize(
    ("width", "columns", "rows"), [(80, 1, 5), (120, 2, 3), (160, 3, 2), (240, 4, 2), (500, 4, 2)]
)
def test_wider_terminals_have_more_columns(width: int, columns: int, rows: int) -> None:
    """At the four sizes the five panes stand as drawn in the design; the logs take the rest of their row."""
    plan = arrange(KINDS, width, 37)
    assert (plan.columns, len(plan.rows)) == (columns, rows)
    assert plan.spans == ({} if columns == 1 else {"logs": columns * rows - 4})


def test_no_pane_is_no_grid() -> None:
    """Nothing to divide."""
    assert arrange([], 80, 20).columns == 1
