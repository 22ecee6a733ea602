"""Pictures of the screens, kept beside this file: what changed in them was meant to change.

`pytest tests/screens/test_pictures.py --snapshot-update` takes them anew; look at each before keeping it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

import widgets.pane_widget
from console.config import Config, Profile
from console.errors import NotFound, Refused, Unreachable
from console.findings import Finding, Severity
from console.history import History
from console.metrics import Sample
from screens.acting import ActScreen
from screens.app import OpsConsole
from screens.confirm import ConfirmScreen
from tests.console.sources.health.values import bad_hour
from tests.screens.kit import BAD, LATE, first_readings, screen_text, zoomed
from tests.screens.kit import sources as fake_sources
from tests.screens.still_life import history_of, still_health, still_sources
from tests.widgets.fakes import ROWS, FakePane, FakeSnapshot, FakeSource, StillClock
from tests.widgets.stage import until
from themes import THEMES

Compare = Callable[..., bool]
Story = Callable[[Pilot[None], OpsConsole], Any]
SIZES = [(80, 24), (120, 40), (160, 50), (240, 70)]
OTHER_THEMES = [theme.name for theme in THEMES if theme.name != "ops-dark"]


@pytest.fixture(autouse=True)
def anywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same terminal, time zone and place on every machine."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(random, "uniform", max)  # no jitter in when a source is tried again
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def picture(
    compare: Compare,
    given: Sequence[Any],
    size: tuple[int, int] = (80, 24),
    story: Story | None = None,
    theme: Any = "ops-dark",
    clock: StillClock | None = None,
    real: bool = False,
) -> bool:
    """Whether the console over these sources looks as it did, after what happens in the story."""
    clock = clock or StillClock()
    config = Config(theme=theme, profile="production", profiles={"production": Profile(banner="PRODUCTION")})
    app = OpsConsole(config, given, host="db-eu-1", clock=clock)

    async def run(pilot: Pilot[None]) -> None:
        await first_readings(pilot, app)
        if real:
            app.collector.history = history_of(given, clock)
        if story is not None:
            await story(pilot, app)
        app.show(app.kinds)
        await pilot.pause()

    return compare(app, terminal_size=size, run_before=run)


def slow(given: Sequence[FakeSource]) -> Sequence[FakeSource]:
    """Sources that are asked once."""
    for source in given:
        source.cadence = dict.fromkeys(source.cadence, 60.0)
    return given


# -- the real panes, over a host made by hand


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.usefixtures("real_panes")
def test_overview_at_every_size(snap_compare: Compare, size: tuple[int, int]) -> None:
    """A bad hour: what is wrong is in sight at each of the four sizes."""
    assert picture(snap_compare, still_sources(), size, real=True)


@pytest.mark.parametrize("theme", OTHER_THEMES)
@pytest.mark.usefixtures("real_panes")
def test_overview_in_every_theme(snap_compare: Compare, theme: str) -> None:
    """The same hour in the other colours."""
    assert picture(snap_compare, still_sources(), (100, 30), theme=theme, real=True)


@pytest.mark.parametrize("kind", ["system", "docker", "postgres", "redis", "logs"])
@pytest.mark.usefixtures("real_panes")
def test_zoomed(snap_compare: Compare, kind: str) -> None:
    """The first view of each pane, whole."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        app.zoom(kind)
        await zoomed(pilot, app, kind)

    assert picture(snap_compare, still_sources(), (120, 40), story, real=True)


def latency(clock: StillClock) -> History:
    """Two minutes of every probe's latency."""
    history = history_of(still_sources(), clock)
    for ago in range(120, -1, -5):
        samples = [
            Sample("probe_duration_seconds", 0.1 + 0.02 * (ago * 7 % 11) * (1 + one.severity), one.labels)
            for one in bad_hour(clock.monotonic()).probes
        ]
        history.add(clock.monotonic() - ago, samples)
    return history


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.usefixtures("real_panes")
def test_overview_with_probes(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Endpoints beside the others."""
    clock = StillClock()
    given = [*still_sources(), still_health(clock.monotonic())]
    assert picture(snap_compare, given, size, clock=clock, real=True)


@pytest.mark.parametrize("look", ["table", "details"])
@pytest.mark.usefixtures("real_panes")
def test_probes_zoomed(snap_compare: Compare, look: str) -> None:
    """All probes with what is known of them; the certificate that runs out."""
    clock = StillClock()

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        app.collector.history = latency(clock)
        app.zoom("health")
        await zoomed(pilot, app, "health")
        if look == "details":
            await pilot.press("down", "enter")
            await until(pilot, lambda: "Example Root" in screen_text(app))

    given = [*still_sources(), still_health(clock.monotonic())]
    assert picture(snap_compare, given, (120, 40), story, clock=clock, real=True)


@pytest.mark.parametrize("size", SIZES[:3], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("asked", [False, True], ids=["offered", "asked"])
@pytest.mark.usefixtures("real_panes")
def test_acts(snap_compare: Compare, size: tuple[int, int], asked: bool) -> None:
    """What can be done to the worst container, and the question before it."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        app.zoom("docker")
        await zoomed(pilot, app, "docker")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ActScreen))
        if asked:
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))

    assert picture(snap_compare, still_sources(), size, story, real=True)


# -- states and windows, over fake panes


def test_every_state_of_a_pane(snap_compare: Compare) -> None:
    """Live, stale, refused, no answer, not found, limited; connecting is the next one."""
    clock = StillClock()
    given = fake_sources("live", "stale", "refused", "unreachable", "missing", "limited")
    slow([source for source in given if source.kind != "stale"])
    given[0].findings = [BAD, LATE]
    given[2].error = Refused("password needed", "set REFUSED_URL=scheme://:PASSWORD@host")
    given[3].error = Unreachable("connection refused", "systemctl start unreachable")
    given[4].error = NotFound("no server on the usual ports", "set MISSING_URL=scheme://host")
    given[5].snapshot = FakeSnapshot(rows=ROWS, limited=("others' queries: GRANT pg_monitor TO monitor",))

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        given[1].error = Unreachable("connection reset", "look at the server")
        await until(pilot, lambda: "✖ stale" in screen_text(app))
        clock.passed = 75.0
        app._tick()

    assert picture(snap_compare, given, (120, 40), story, clock=clock)


def test_connecting(snap_compare: Compare) -> None:
    """Before the first answer, to what."""

    class Silent(FakeSource):
        async def poll(self, focus: Any) -> FakeSnapshot:
            """Never answers."""
            import asyncio

            await asyncio.Event().wait()
            raise AssertionError

    silent = Silent("docker", deadline=600.0)
    app = OpsConsole(Config(), [silent, FakeSource("redis", period=60.0)], host="db-eu-1", clock=StillClock())

    async def run(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "connecting to fake.example:1" in screen_text(app))
        await until(pilot, lambda: "12 rows" in screen_text(app))

    assert snap_compare(app, terminal_size=(80, 12), run_before=run)


def test_refused_zoomed(snap_compare: Compare) -> None:
    """The whole screen says why, and what mends it."""
    source = FakeSource("redis", error=Refused("password needed", "set REDIS_URL=redis://:PASSWORD@host"))

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        app.zoom("redis")
        await zoomed(pilot, app, "redis")

    assert picture(snap_compare, slow([source]), (80, 14), story)


def test_a_filtered_table_with_its_prompt(snap_compare: Compare) -> None:
    """Sorted, marked, filtered while it is typed."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        app.zoom("docker")
        await zoomed(pilot, app, "docker")
        await pilot.press("s", "s", "slash", *"api-1", "enter", "space", "slash")

    assert picture(snap_compare, slow(fake_sources("docker")), (80, 24), story)


def test_help(snap_compare: Compare) -> None:
    """The keys of the overview, over it."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await pilot.press("question_mark")
        await pilot.pause()

    assert picture(snap_compare, slow(fake_sources()), (100, 30), story)


def test_details(snap_compare: Compare) -> None:
    """Everything about a row, over its table."""

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        app.zoom("docker")
        await zoomed(pilot, app, "docker")
        await pilot.press("down", "enter")
        await pilot.pause()

    assert picture(snap_compare, slow(fake_sources("docker")), (80, 20), story)


def test_paused(snap_compare: Compare) -> None:
    """The header says which moment is shown."""
    clock = StillClock()

    async def story(pilot: Pilot[None], app: OpsConsole) -> None:
        await pilot.press("p")
        clock.passed = 75.0
        app._tick()

    assert picture(snap_compare, slow(fake_sources("docker")), (80, 12), story, clock=clock)


def test_a_pane_that_fails(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so in its place; its neighbour is not touched."""

    class Broken(FakePane):
        def body(self, context: Any, width: int, height: int) -> Any:
            """Fails for one kind."""
            if self.kind == "docker":
                raise KeyError("memory")
            return super().body(context, width, height)

    monkeypatch.setattr(widgets.pane_widget, "pane_for", Broken)
    given = slow(fake_sources("docker", "redis"))
    given[0].findings = [Finding(Severity.CRITICAL, "api-3", "exit 137")]
    assert picture(snap_compare, given, (100, 12))


def test_no_picture_is_large_or_left_over() -> None:
    """One a story, none of a story that is gone."""
    folder = Path(__file__).parent / "__snapshots__" / "test_pictures"
    sizes = {path.name: path.stat().st_size for path in folder.glob("*")}
    assert {name: size for name, size in sizes.items() if size > 400_000} == {}
    taken = {name.split("[")[0].removesuffix(".svg") for name in sizes}
    stories = {name for name in globals() if name.startswith("test_")}
    assert taken == stories - {"test_no_picture_is_large_or_left_over"}
