"""Plots above a table: as tall as the table leaves them, and still while its rows come and go."""

from __future__ import annotations

import pytest

from tests.widgets.fakes import FakeSnapshot, context_of
from tests.widgets.stage import Stage
from widgets.pane import Plot
from widgets.plot import Curve, PlotSpec
from widgets.plot_area import PlotArea


def plot(title: str, *curves: str) -> Plot:
    """A plot with these curves, all at a half."""
    spec = PlotSpec(title, lambda value: f"{value:g}", 1.0)
    return Plot(spec, lambda context, span: [Curve(name, [(context.now, 0.5)]) for name in curves])


@pytest.mark.parametrize(
    ("height", "rows", "lines"),
    [(24, 40, 7), (24, 2, 12), (50, 40, 12), (50, 5, 24), (70, 99, 16), (70, 5, 26)],
)
def test_plots_take_half_the_screen_above_a_short_table(height: int, rows: int, lines: int) -> None:
    """A quarter above a long one."""
    assert PlotArea()._wanted(height, rows) == lines


def test_rows_that_come_and_go_do_not_move_the_plots() -> None:
    """They shrink when the table needs the room, and grow again once it needs much less."""
    area = PlotArea()
    assert [area._wanted(50, rows) for rows in (15, 18, 19, 20, 21, 18, 16)] == [24, 24, 24, 24, 12, 12, 24]


async def test_a_plot_without_a_curve_leaves_its_room_to_the_others() -> None:
    """One that stands alone keeps its axes."""
    area = PlotArea()
    context = context_of(FakeSnapshot())
    async with Stage(area).run_test(size=(120, 30)) as pilot:
        area.show([plot("lag"), plot("wal", "written")], context, 120.0, 5)
        await pilot.pause()
        assert area.text.startswith(" wal  ━ written 0.5")
        assert "lag" not in area.text
        area.show([plot("lag")], context, 120.0, 5)
        await pilot.pause()
        assert area.text.startswith(" lag")


async def test_a_curve_of_what_is_not_there_has_no_name() -> None:
    """A host without swap; where nothing at all is known the names stay."""
    area = PlotArea()
    context = context_of(FakeSnapshot())
    spec = PlotSpec("memory", lambda value: f"{value:g}", 1.0)
    used, swap = Curve("used", [(context.now, 0.5)]), Curve("swap", [])
    async with Stage(area).run_test(size=(80, 30)) as pilot:
        area.show([Plot(spec, lambda context, span: [used, swap])], context, 120.0, 5)
        await pilot.pause()
        assert "swap" not in area.text
        area.show([Plot(spec, lambda context, span: [swap])], context, 120.0, 5)
        await pilot.pause()
        assert "swap -" in area.text
