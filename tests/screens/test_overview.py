"""The overview: every pane at every size, what is wrong in sight, keys and mouse alike."""

from __future__ import annotations

from typing import Any

import pytest
from textual.geometry import Region, Spacing

from console.errors import NotFound, Refused, Unreachable
from console.sources.base import Focus
from screens.stand_ins import Absence
from tests.screens.kit import (
    BAD,
    KINDS,
    LATE,
    console,
    footer,
    header,
    pane_text,
    production,
    read,
    screen_text,
    wrong,
    zoomed,
)
from tests.screens.kit import sources as fake_sources
from tests.widgets.fakes import FakeSnapshot, FakeSource
from tests.widgets.stage import until
from widgets.pane_widget import PaneWidget

SIZES = [(80, 24), (120, 40), (160, 50), (240, 70), (500, 200)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9, 12])
async def test_every_pane_is_in_sight_with_its_worst_state(size: tuple[int, int], count: int) -> None:
    """At every size, however many kinds there are."""
    given = fake_sources(*(KINDS[i] if i < 5 else f"other{i}" for i in range(count)))
    for source in given:
        source.findings = [BAD, LATE]
    async with console(given, size) as (_, app):
        panes = list(app.screen.query(PaneWidget))
        assert len(panes) == count
        covered: set[tuple[int, int]] = set()
        for number, pane in enumerate(panes, 1):
            title = pane.text.split("\n")[0]
            assert f"{number} {pane.kind.capitalize()}  ✖ 1" in title
            assert pane.region.height >= 1
            assert app.screen.region.contains_region(pane.region)
            cells = {(x, y) for y in pane.region.line_range for x in pane.region.column_range}
            assert not covered & cells
            covered |= cells
        assert len(covered) == size[0] * (size[1] - 3)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (20, 5), (30, 8), (40, 7)])
async def test_tiny_terminals_are_survived_and_announce_what_is_wrong(size: tuple[int, int]) -> None:
    """The wrong line stands at the top whatever is below the fold."""
    given = fake_sources()
    given[4].findings = [BAD]
    async with console(given, size) as (pilot, app):
        if size[0] >= 20:
            assert "✖ api-3" in wrong(app)
        await pilot.press("right", "down", "tab", "2")
        await zoomed(pilot, app, "docker")
        await pilot.press("s", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_resizing_rearranges() -> None:
    """From one column to four and back, through sizes that hold nothing."""
    async with console(fake_sources(), (80, 24)) as (pilot, app):
        for size, columns in [((300, 70), 4), ((1, 1), 1), ((160, 50), 3), ((120, 40), 2), ((80, 24), 1)]:
            await pilot.resize_terminal(*size)

            def placed(wanted: int = columns, width: int = size[0]) -> bool:
                panes = list(app.screen.query(PaneWidget))
                first = [pane for pane in panes if pane.region.y == panes[0].region.y]
                return len(first) == wanted and sum(pane.region.width for pane in first) == width

            await until(pilot, placed)
        assert all("rows" in pane_text(app, kind) for kind in KINDS)


async def test_states_are_told_apart() -> None:
    """Connecting is no state the app waits in; all others stand beside each other."""
    given = fake_sources()
    given[1].error = Refused("password needed", "set DOCKER_PASSWORD")
    given[2].error = Unreachable("connection refused", "systemctl start postgresql")
    given[3].error = NotFound("no server on the usual ports", "set REDIS_URL")
    given[4].snapshot = FakeSnapshot(limited=("the journal: add yourself to systemd-journal",))
    async with console(given, (160, 50), production()) as (pilot, app):
        assert "2 Docker  ✖ refused" in pane_text(app, "docker")
        assert "fix  set DOCKER_PASSWORD" in pane_text(app, "docker")
        assert "no answer" in pane_text(app, "postgres")
        assert "systemctl start postgresql" in pane_text(app, "postgres")
        assert pane_text(app, "redis").startswith("─ 4 Redis  not found ─")
        assert "no server on the usual ports" in pane_text(app, "redis")
        assert "limited view: the journal" in pane_text(app, "logs")
        assert "PRODUCTION" in header(app)
        assert "✖ 2 critical" in header(app)
        assert "✖ docker password needed [2]" in wrong(app)
        given[0].error = Unreachable("gone")
        await read(pilot, app, lambda: "✖ stale" in pane_text(app, "system"))
        assert "stale since" in pane_text(app, "system")
        assert "api-0" in pane_text(app, "system")
        given[0].error = None
        await read(pilot, app, lambda: "✖ stale" not in pane_text(app, "system"))


async def test_what_is_not_found_leaves_its_room_until_it_is_there() -> None:
    """It stands below the others with its reason; once it answers it has its place among them."""
    given = fake_sources()
    given[1].error = NotFound("no engine answers", "set DOCKER_HOST")
    async with console(given, (160, 50)) as (pilot, app):

        def places() -> dict[str, tuple[int, int]]:
            return {pane.kind: (pane.region.y, pane.region.height) for pane in app.screen.query(PaneWidget)}

        def order() -> list[str]:
            return sorted(places(), key=lambda kind: places()[kind][0])

        assert order()[-1] == "docker"
        assert places()["docker"][1] == 2
        await pilot.press("2")
        zoom = await zoomed(pilot, app, "docker")
        assert "set DOCKER_HOST" in zoom.query_one(Absence).text
        await pilot.press("escape")
        given[1].error = None
        await read(pilot, app, lambda: places()["docker"] == places()["system"])
        assert "api-0" in pane_text(app, "docker")


async def test_nothing_wrong_is_said_so() -> None:
    """A healthy host is a quiet screen."""
    async with console(fake_sources()) as (_, app):
        assert wrong(app).strip() == "nothing wrong is known"
        assert "critical" not in header(app)


async def test_the_keyboard_goes_from_pane_to_pane() -> None:
    """By tab, by arrows and by their letters; the focused pane is told by its frame."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):

        def focused() -> str:
            return getattr(app.focused, "kind", "")

        walk = [
            ("right", "docker"),
            ("l", "postgres"),
            ("right", "postgres"),
            ("down", "logs"),
            ("left", "redis"),
            ("h", "redis"),
            ("k", "system"),
            ("j", "redis"),
            ("up", "system"),
            ("tab", "docker"),
            ("shift+tab", "system"),
            ("shift+tab", "logs"),
        ]
        for key, expected in walk:
            await pilot.press(key)
            assert focused() == expected
        assert pane_text(app, "logs").startswith("┏")
        assert pane_text(app, "system").startswith("╭")


async def test_the_keyboard_goes_to_another_pane_by_painting_frames_only() -> None:
    """What stands in the panes is neither drawn nor sent again."""
    async with console(fake_sources("system", "redis"), (160, 50)) as (pilot, app):
        first, second = app.screen.query(PaneWidget)
        await until(pilot, lambda: first.has_focus and not app.screen._compositor._dirty_regions)
        asked: list[tuple[str, Region]] = []
        for pane in (first, second):
            refresh = pane.refresh

            def noted(
                *regions: Region, pane: PaneWidget = pane, refresh: Any = refresh, **options: Any
            ) -> Any:
                asked.extend((pane.kind, region) for region in regions or [pane.size.region])
                return refresh(*regions, **options)

            pane.refresh = noted  # type: ignore[method-assign]  # what is asked for is noted on the way
        await pilot.press("tab")
        assert second.has_focus
        assert not first.has_focus
        for pane in (first, second):
            inner = pane.size.region.shrink(Spacing(1, 2, 1, 2))
            painted = [region for kind, region in asked if kind == pane.kind]
            assert painted
            assert not [region for region in painted if region.overlaps(inner)]


@pytest.mark.parametrize("key", ["enter", "f"])
async def test_enter_zooms_and_escape_comes_back(key: str) -> None:
    """To the pane that had the keyboard."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await pilot.press("right", key)
        await zoomed(pilot, app, "docker")
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert getattr(app.focused, "kind", "") == "docker"
        await pilot.press("escape")
        await pilot.pause()
        assert app.is_running


async def test_digits_zoom_and_zero_comes_back() -> None:
    """Any pane is one key away, from a zoomed one too."""
    async with console(fake_sources()) as (pilot, app):
        for number, kind in enumerate(KINDS, 1):
            await pilot.press(str(number))
            await zoomed(pilot, app, kind)
            assert len(app.screen_stack) == 2
        await pilot.press("9")
        await zoomed(pilot, app, "logs")
        await pilot.press("0")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_a_click_focuses_and_a_double_click_zooms() -> None:
    """The mouse does what the keys do."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        panes = {pane.kind: pane for pane in app.screen.query(PaneWidget)}
        await pilot.click(panes["redis"], offset=(10, 3))
        assert app.focused is panes["redis"]
        assert len(app.screen_stack) == 1
        await pilot.click(panes["logs"], offset=(10, 3), times=2)
        await zoomed(pilot, app, "logs")


async def test_a_click_on_what_is_wrong_zooms_its_pane() -> None:
    """The first finding's, beside all of them."""
    given = fake_sources()
    given[1].findings = [BAD]
    given[4].findings = [LATE]
    async with console(given, (160, 50)) as (pilot, app):
        line = wrong(app)
        assert line.startswith(" ✖ api-3 restarting, exit 137 OOM [2]  ▲ /var 91% used (limit 85%) [5]")
        await pilot.click("#wrong", offset=(line.index("/var"), 0))
        await zoomed(pilot, app, "logs")
        await pilot.press("0")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.click("#wrong", offset=(150, 0))
        await zoomed(pilot, app, "docker")


async def test_the_footer_can_be_clicked() -> None:
    """Every word of it does what its key does."""
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        await pilot.press("right")
        await pilot.click("#footer", offset=(footer(app).index("zoom"), 0))
        await zoomed(pilot, app, "docker")
        await pilot.click("#footer", offset=(footer(app).index("overview"), 0))
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.click("#footer", offset=(footer(app).index("pause"), 0))
        await until(pilot, lambda: app.paused)
        await pilot.click("#footer", offset=(footer(app).index("help"), 0))
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("q")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.click("#footer", offset=(footer(app).index("quit"), 0))
        await until(pilot, lambda: not app.is_running)


async def test_the_worst_of_several_sources_is_shown_until_the_reader_chooses() -> None:
    """And the others are counted with their worst state."""
    given = [FakeSource("postgres", "orders@a"), FakeSource("postgres", "users@b"), FakeSource("redis")]
    given[1].findings = [BAD]
    async with console(given, (160, 50)) as (pilot, app):
        assert "users@b (+1)" in pane_text(app, "postgres")
        await pilot.press("o")
        await until(pilot, lambda: "orders@a (+1 ✖)" in pane_text(app, "postgres"))
        await pilot.press("o")
        await until(pilot, lambda: "users@b (+1)" in pane_text(app, "postgres"))
        await pilot.press("right", "o")
        await pilot.pause()
        assert "(+" not in pane_text(app, "redis")


async def test_a_source_that_answers_stands_before_one_that_is_not_there() -> None:
    """Of two that are equally well."""
    given = [FakeSource("postgres", "a"), FakeSource("postgres", "b")]
    given[0].error = NotFound("no server", "set DATABASE_URL")
    async with console(given) as (_, app):
        assert "1 Postgres b (+1)" in pane_text(app, "postgres")


async def test_only_what_is_in_view_is_asked_often() -> None:
    """A glance for all panes; full attention for the zoomed one, none for the others."""
    given = fake_sources("system", "docker")
    async with console(given) as (pilot, app):
        assert {app.collector.focus(source.name) for source in given} == {Focus.GLANCE}
        await pilot.press("2")
        await zoomed(pilot, app, "docker")
        await until(pilot, lambda: app.collector.focus("docker") is Focus.FULL)
        assert app.collector.focus("system") is Focus.HIDDEN
        await pilot.press("question_mark")
        await pilot.pause()
        assert app.collector.focus("docker") is Focus.FULL
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.collector.focus("system") is Focus.GLANCE)
        await until(pilot, lambda: given[1].focuses[-1] is Focus.GLANCE)


async def test_the_hidden_overview_is_not_drawn() -> None:
    """Only what is visible is; coming back shows the newest at once."""
    given = fake_sources("system", "docker")
    async with console(given) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "system")
        hidden = next(iter(app.screen_stack[0].query(PaneWidget)))
        before = hidden.text
        given[0].snapshot = FakeSnapshot(rows=())
        polls = given[0].polls
        await until(pilot, lambda: given[0].polls > polls + 2)
        await pilot.pause()
        assert hidden.text == before
        await pilot.press("escape")
        await until(pilot, lambda: "0 rows" in pane_text(app, "system"))


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_leaving(key: str) -> None:
    """At the root q quits; the sources are closed."""
    async with console(fake_sources("system")) as (pilot, app):
        await pilot.press(key)
        await until(pilot, lambda: not app.is_running)


async def test_no_sources_at_all() -> None:
    """An app that watches nothing still says so and can be left."""
    from console.config import Config
    from screens.app import OpsConsole

    app = OpsConsole(Config(), [], host="x")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("1", "slash", "enter", "y", "s", "right", "question_mark", "escape")
        await pilot.pause()
        assert "waiting" in screen_text(app)
