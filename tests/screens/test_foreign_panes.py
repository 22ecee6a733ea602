"""Panes of other packages: kinds without one, ones that fail, and ones that cannot be loaded."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

import screens.zoom
import widgets.pane_widget
from console.errors import Unreachable
from screens.detail import DetailScreen
from screens.stand_ins import BodyView
from tests.screens.kit import BAD, console, pane_text, read, screen_text, table, text_of, told, zoomed
from tests.screens.kit import sources as fake_sources
from tests.widgets.fakes import COLUMNS, ROWS, FakePane, FakeSnapshot, FakeSource, Row
from tests.widgets.stage import until
from widgets.canvas import Canvas
from widgets.draw import Line
from widgets.lines import NoteLine, TabsLine
from widgets.pane import Context, View, ViewCanvas
from widgets.panes import pane_for
from widgets.panes.plain import PlainPane
from widgets.table import Column

Install = Callable[[type[FakePane]], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes every kind's pane one of this class."""

    def use(pane: type[FakePane]) -> None:
        for module in (widgets.pane_widget, screens.zoom):
            monkeypatch.setattr(module, "pane_for", pane)

    return use


async def test_a_kind_without_a_pane_gets_a_plain_one(real_panes: None) -> None:
    """Its findings and its numbers, on the overview and zoomed, with filter, copy and export."""
    source = FakeSource("kafka.v3", findings=[BAD])
    async with console([source], (120, 30)) as (pilot, app):
        assert "1 Kafka.v3  ✖ 1" in pane_text(app, "kafka.v3")
        assert "✖ api-3 restarting" in pane_text(app, "kafka.v3")
        assert "cpu{kind=kafka.v3} 0.4" in pane_text(app, "kafka.v3")
        await pilot.press("1")
        screen = await zoomed(pilot, app, "kafka.v3")
        assert isinstance(screen.body, BodyView)
        assert "cpu{kind=kafka.v3} 0.4" in screen.body.text
        await pilot.press("slash", *"cpu", "enter")
        await until(pilot, lambda: "1 of 2" in text_of(app, TabsLine))
        await pilot.press("right", "y", "ctrl+s", "enter", "s", "G", "escape", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwningSnapshot(FakeSnapshot):
    """Its own cost is what the snapshot of the host calls this."""

    own: str = "of another kind"


async def test_what_another_source_calls_its_values_is_its_own_affair() -> None:
    source = FakeSource("sockets", snapshot=OwningSnapshot(rows=ROWS))
    async with console([source, FakeSource("system")]) as (_, app):
        assert "api-3" in pane_text(app, "sockets")


def test_a_pane_that_cannot_be_loaded_is_a_plain_one_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever went wrong in the other package."""

    class Entry:
        def load(self) -> Any:
            """As a package with a missing dependency."""
            raise ImportError("No module named 'left_pad\x1b[2J'")

    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [Entry()])
    pane = pane_for("strange")
    assert isinstance(pane, PlainPane)
    assert "ImportError: No module named 'left_pad" in pane.trouble
    assert pane.trouble.isprintable()


def test_a_registered_pane_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the kind it is registered under."""

    class Entry:
        def load(self) -> Any:
            """The pane of the other package."""
            return lambda: FakePane("strange", "Strange")

    def entries(group: str, name: str) -> list[Entry]:
        return [Entry()] if (group, name) == ("opsconsole.panes", "strange") else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entries)
    assert pane_for("strange").title == "Strange"


class Failing(FakePane):
    """Fails in whatever `FAILS` names."""

    FAILS = ""

    def _fail(self, what: str) -> None:
        if what in self.FAILS.split():
            raise LookupError(f"broken {what} [/ [@click=app.quit]")

    def headline(self, context: Context) -> Any:
        """Fails when told to."""
        self._fail("headline")
        return super().headline(context)

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """Fails when told to."""
        self._fail("body")
        return super().body(context, width, height)

    def views(self) -> Sequence[View[Any]]:
        """Fails when told to, or gives views that do."""
        self._fail("views")

        def failing(what: str, call: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*args: Any) -> Any:
                self._fail(what)
                return call(*args)

            return wrapped

        columns = (
            Column[Row]("name", "NAME", failing("cell", lambda row: row.name), 8, flex=1),
            Column[Row]("size", "SIZE", lambda row: "x", 8, sort=failing("sort", lambda row: row.size)),
        )
        view = View(
            "rows",
            "Rows",
            columns,
            failing("rows", lambda context: context.snapshot.rows),
            failing("key", lambda row: row.name),
            failing("severity", lambda row: row.level),
            detail=failing("detail", lambda row, context, width: [((row.name, "text"),)]),
            note=failing("note", lambda context: "a note"),
            plots=super().views()[0].plots,
            related=failing("related", lambda row: ("logs", row.name)),
            choose=failing("choose", lambda row, context: "chosen"),
            jump=failing("jump", lambda row: None),
            command=failing("command", lambda row: "true"),
            acts=failing("acts", lambda row, context: ()),
        )
        return [view, super().views()[1]]


def failing_in(what: str) -> type[Failing]:
    """A pane class that fails there."""
    return type("FailingIn", (Failing,), {"FAILS": what})


@pytest.mark.parametrize("what", ["headline", "body", "headline body"])
async def test_a_pane_that_fails_on_the_overview_says_so(install: Install, what: str) -> None:
    """The others stand, the app lives, and the pane recovers with its reading."""
    install(failing_in(what))
    given = fake_sources("docker", "redis")
    given[0].findings = [BAD]
    async with console(given, (120, 30)) as (pilot, app):
        shown = pane_text(app, "docker")
        assert "1 Docker  ✖ 1" in shown
        assert "LookupError: broken" in shown
        if "body" in what:
            assert "this pane failed to draw" in shown
        await pilot.press("2", "1")
        await zoomed(pilot, app, "docker")
        assert "api-0" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


@pytest.mark.parametrize("drawn", [["no spans"], [((1, "text"),)], None, [None], 7])
async def test_a_body_of_a_wrong_shape_keeps_its_title(install: Install, drawn: Any) -> None:
    """Also while it is stale."""

    class Misshapen(FakePane):
        def body(self, context: Context, width: int, height: int) -> Any:
            """What another package might return."""
            return drawn

    install(Misshapen)
    source = FakeSource("docker", findings=[BAD])
    async with console([source], (120, 30)) as (pilot, app):
        assert "1 Docker  ✖ 1" in pane_text(app, "docker")
        assert "this pane failed to draw" in pane_text(app, "docker")
        source.error = Unreachable("gone")
        await read(pilot, app, lambda: "stale since" in pane_text(app, "docker"))
        assert "this pane failed to draw" in pane_text(app, "docker")


@pytest.mark.parametrize("what", ["rows", "key", "severity", "cell"])
async def test_a_view_that_fails_says_so(install: Install, what: str) -> None:
    """And every key of its table is survived."""
    install(failing_in(what))
    async with console(fake_sources("docker"), (120, 30)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await until(pilot, lambda: f"broken {what}" in screen_text(app))
        assert "failed to draw" in screen_text(app)
        await pilot.press("down", "G", "slash", "x", "enter", "enter")
        await pilot.press("s", "r", "y", "ctrl+s", "space", "d", "question_mark", "escape", "escape", "0")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_a_sort_that_fails_says_so(install: Install) -> None:
    """Turning to another order mends it."""
    install(failing_in("sort"))
    async with console(fake_sources("docker"), (120, 30)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("s", "s")
        await until(pilot, lambda: "broken sort" in table(app).text)
        await pilot.press("s")
        await until(pilot, lambda: "broken" not in table(app).text)
        assert "api-0" in table(app).text


async def test_details_that_fail_say_so(install: Install) -> None:
    """In their window."""
    install(failing_in("detail"))
    async with console(fake_sources("docker"), (120, 30)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        assert "broken detail" in app.screen.query_one(Canvas).text
        await pilot.press("y", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 2)


@pytest.mark.parametrize(
    ("key", "what"), [("l", "related"), ("u", "choose"), ("O", "jump"), ("Y", "command"), ("x", "acts")]
)
async def test_a_key_for_a_row_that_fails_says_so(install: Install, key: str, what: str) -> None:
    """And leaves the reader where he was."""
    install(failing_in(what))
    async with console(fake_sources("docker"), (120, 30)) as (pilot, app):
        await pilot.press("1")
        docker = await zoomed(pilot, app, "docker")
        await pilot.press(key)
        await told(pilot, app, f"LookupError: broken {what}")
        assert app.screen is docker


@pytest.mark.parametrize("what", ["views", "note"])
async def test_what_else_can_fail_in_a_zoom(install: Install, what: str) -> None:
    """Without views the body is shown; without a note the words of the error."""
    install(failing_in(what))
    async with console(fake_sources("docker"), (120, 30)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await until(pilot, lambda: f"broken {what}" in text_of(app, NoteLine))
        assert "api-0" in screen_text(app)


async def test_a_plot_that_fails_says_so_in_its_place(install: Install) -> None:
    """The table beneath is not touched."""

    class Plotless(FakePane):
        def _curves(self, context: Context, span: float) -> Any:
            raise OverflowError("too steep")

    install(Plotless)
    async with console(fake_sources("docker"), (120, 40)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        assert "OverflowError: too steep" in screen_text(app)
        assert "api-0" in table(app).text


async def test_a_widget_that_cannot_be_made_is_replaced_by_the_body(install: Install) -> None:
    """The other views are still there."""

    def fail() -> ViewCanvas:
        raise RuntimeError("no widget")

    class Widgetless(FakePane):
        def views(self) -> Sequence[View[Any]]:
            """One that fails first."""
            return [View("own", "Own", (), lambda c: (), str, widget=fail), *super().views()]

    install(Widgetless)
    async with console(fake_sources("docker"), (120, 40)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await until(pilot, lambda: "no widget" in text_of(app, NoteLine))
        assert "api-0" in screen_text(app)
        await pilot.press("right")
        await until(pilot, lambda: app.base.query("Table") and "api-0" in table(app).text)
        await until(pilot, lambda: "no widget" not in text_of(app, NoteLine))


async def test_a_source_whose_samples_fail_is_a_reading_like_any_other() -> None:
    """Its pane says what failed."""

    class Sampleless(FakeSource):
        def samples(self, snapshot: FakeSnapshot) -> Any:
            """Fails."""
            raise ValueError("no samples")

    async with console([Sampleless("docker"), FakeSource("redis")]) as (_, app):
        assert "ValueError: no samples" in pane_text(app, "docker")
        assert "api-0" in pane_text(app, "redis")


def test_the_fakes_are_what_they_pretend() -> None:
    """The failing pane fails nowhere when told nothing."""
    (view, _) = Failing("x").views()
    assert [column.id for column in view.columns] == ["name", "size"]
    assert [view.key(row) for row in ROWS] == [row.name for row in ROWS]
    assert len(COLUMNS) == 3
