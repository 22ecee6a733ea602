"""Pictures of clusters: among the panes of a bad hour, zoomed, all about one object, two contexts at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from textual.pilot import Pilot

from console.sources.kubernetes.model import KubernetesSnapshot
from screens.app import OpsConsole
from screens.detail import DetailScreen
from tests.screens.kit import table, zoomed
from tests.screens.still_life import still_sources
from tests.screens.test_pictures import OTHER_THEMES, SIZES, Compare, anywhere, picture
from tests.widgets.panes import kube_values
from tests.widgets.panes.kube_values import ClustersOf
from tests.widgets.stage import until

__all__ = ["anywhere"]
pytestmark = pytest.mark.usefixtures("real_panes")
WITHOUT_120 = [size for size in SIZES if size[0] != 120]


def named(size: tuple[int, int]) -> str:
    """How a picture's size stands in its name."""
    return f"{size[0]}x{size[1]}"


def hour(value: KubernetesSnapshot) -> Sequence[Any]:
    """The sources of the bad hour, and clusters among them."""
    system, docker, *others = still_sources()
    return [system, docker, ClustersOf(value), *others]


async def zoom(pilot: Pilot[None], app: OpsConsole, view: str = "", *keys: str) -> None:
    """The clusters zoomed, after some keys."""
    app.zoom("kubernetes", view=view)
    await zoomed(pilot, app, "kubernetes")
    await until(pilot, lambda: table(app).rows)
    await pilot.press(*keys)


@pytest.mark.parametrize("size", SIZES, ids=named)
@pytest.mark.parametrize("name", ["BAD_HOUR", "TWO"])
def test_among_the_panes(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    """What does not run is in sight at each size; two contexts are told apart."""
    assert picture(snap_compare, hour(getattr(kube_values, name)), size, real=True)


@pytest.mark.parametrize("name", ["CALM", "BAD_HOUR", "TWO"])
def test_alone(snap_compare: Compare, name: str) -> None:
    """A calm cluster is quiet; a bad hour has the room to explain itself."""
    assert picture(snap_compare, [ClustersOf(getattr(kube_values, name))], (120, 40), real=True)


@pytest.mark.parametrize("size", WITHOUT_120, ids=named)
@pytest.mark.parametrize("name", ["BAD_HOUR", "TWO"])
def test_pods(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    """The pods, the wrong ones on top."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await zoom(pilot, app)

    assert picture(snap_compare, hour(getattr(kube_values, name)), size, story, real=True)


@pytest.mark.parametrize("size", WITHOUT_120, ids=named)
def test_all_about_a_pod(snap_compare: Compare, size: tuple[int, int]) -> None:
    """What is wrong, what happened, its containers, what it is."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await zoom(pilot, app, "", "enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))

    assert picture(snap_compare, hour(kube_values.BAD_HOUR), size, story, real=True)


@pytest.mark.parametrize("view", ["workloads", "nodes"])
def test_all_about_others(snap_compare: Compare, view: str) -> None:
    """A rollout that is stuck with its pods; a node that is gone with what was on it."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await zoom(pilot, app, view, "enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))

    assert picture(snap_compare, hour(kube_values.BAD_HOUR), (120, 50), story, real=True)


@pytest.mark.parametrize(
    "view", ["workloads", "nodes", "events", "services", "volumes", "autoscalers", "contexts"]
)
def test_other_views(snap_compare: Compare, view: str) -> None:
    """Each of the other tables."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await zoom(pilot, app, view)

    assert picture(snap_compare, hour(kube_values.TWO), (160, 30), story, real=True)


def test_faults_only(snap_compare: Compare) -> None:
    """Said in the title, with how many of how many."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await zoom(pilot, app, "", "F")

    assert picture(snap_compare, hour(kube_values.BAD_HOUR), (120, 24), story, real=True)


@pytest.mark.parametrize("theme", OTHER_THEMES)
def test_two_contexts_in_every_theme(snap_compare: Compare, theme: str) -> None:
    """Each has its colour, and its name beside it."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await zoom(pilot, app)

    assert picture(snap_compare, hour(kube_values.TWO), (100, 30), story, theme=theme, real=True)
