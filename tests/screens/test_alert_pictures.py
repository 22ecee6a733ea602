"""Pictures of alerts: among the panes of a bad hour, zoomed, all about one, and what can be done to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from textual.pilot import Pilot

from screens.acting import ActScreen
from screens.app import OpsConsole
from screens.detail import DetailScreen
from tests.screens.kit import table, zoomed
from tests.screens.still_life import still_sources
from tests.screens.test_pictures import OTHER_THEMES, SIZES, Compare, anywhere, picture
from tests.widgets.panes.alert_values import BAD_HOUR, CALM, AlertsOf
from tests.widgets.stage import until

__all__ = ["anywhere"]
pytestmark = pytest.mark.usefixtures("real_panes")


def once(alerts: AlertsOf) -> AlertsOf:
    """A source that is asked once."""
    alerts.cadence = dict.fromkeys(alerts.cadence, 60.0)
    return alerts


def hour(calm: bool = False) -> Sequence[Any]:
    """The sources of the bad hour, and alerts beside them."""
    return [*still_sources(), once(AlertsOf(CALM if calm else BAD_HOUR))]


async def zoom(pilot: Pilot[None], app: OpsConsole, *keys: str) -> None:
    """The alerts zoomed, after some keys."""
    app.zoom("alerts")
    await zoomed(pilot, app, "alerts")
    await until(pilot, lambda: table(app).rows)
    await pilot.press(*keys)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_among_the_panes(snap_compare: Compare, size: tuple[int, int]) -> None:
    """At each of the four sizes."""
    assert picture(snap_compare, hour(), size)


def test_alone_and_calm(snap_compare: Compare) -> None:
    """One line says that all is well."""
    assert picture(snap_compare, [once(AlertsOf(CALM))], (80, 24))


@pytest.mark.parametrize("view", [0, 1, 2], ids=["alerts", "rules", "silences"])
@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_zoomed(snap_compare: Compare, size: tuple[int, int], view: int) -> None:
    """Each view."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await zoom(pilot, app, *["right"] * view)
        await until(pilot, lambda: app.base.chosen == view and table(app).rows)  # type: ignore[attr-defined]

    assert picture(snap_compare, hour(), size, story)


@pytest.mark.parametrize("theme", OTHER_THEMES)
def test_all_about_one(snap_compare: Compare, theme: str) -> None:
    """In the other colours."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await zoom(pilot, app, "enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))

    assert picture(snap_compare, hour(), (100, 44), story, theme=theme)


def test_what_can_be_done(snap_compare: Compare) -> None:
    """To the worst."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await zoom(pilot, app, "x")
        await until(pilot, lambda: isinstance(app.screen, ActScreen))

    assert picture(snap_compare, hour(), (100, 30), story)
