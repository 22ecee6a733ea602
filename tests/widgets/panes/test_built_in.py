"""The tables that name the built-in kinds, which stand apart so that little is loaded, agree."""

from __future__ import annotations

import pytest

from console.discovery import ORDER
from console.summary import FIGURES
from widgets.panes import BUILT_IN, TITLES, pane_for


def test_every_kind_stands_in_every_table() -> None:
    """Titles in the order of the overview, since the first paint has no other."""
    assert tuple(TITLES) == ORDER
    assert set(BUILT_IN) == set(ORDER)
    assert set(FIGURES) == set(ORDER)


@pytest.mark.parametrize("kind", ORDER)
def test_a_pane_is_called_what_the_overview_called_it_before_it_was_loaded(kind: str) -> None:
    """And is the pane of its kind."""
    pane = pane_for(kind)
    assert (pane.kind, pane.title) == (kind, TITLES[kind])
