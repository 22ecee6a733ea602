"""`x` on a row: what is offered, for which row, what is asked, and what is said afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

import screens.zoom
from console.config import Config, Profile, RunSettings
from console.errors import GateRefused, Unreachable
from console.findings import Severity
from console.journal.entries import Entry, Kind
from console.journal.reader import read as read_journal
from console.runs.acts import Act, container_act
from screens.acting import ActScreen, OutcomeScreen
from screens.app import OpsConsole
from screens.confirm import ConfirmScreen
from screens.detail import ScrollCanvas
from screens.help import HelpScreen
from tests.copies import replace
from tests.pty.hostile import STRINGS
from tests.pty.sequences import misleading
from tests.screens.kit import BAD, console, footer, screen_text, table, toasts, told, zoomed
from tests.widgets.fakes import FakePane, FakeSnapshot, FakeSource, Row
from tests.widgets.stage import until
from widgets.act_list import ActList
from widgets.pane import Context, View

NOWHERE = "unix:///nonexistent/docker.sock"
"""An engine that is not there: what is done to it fails at once."""


def offers(row: Row, context: Context) -> Sequence[Act]:
    """Restart and stop, at an engine named by the source."""
    if row.name == "api-2":
        raise GateRefused("api-2 is being removed", "wait for it")
    if row.name == "api-4":
        raise KeyError("a defect")
    about = (f"container {row.name}, up 3h", f"on {context.feed.source.name}")
    return [
        container_act(row.name, row.name * 8, verb, host=NOWHERE, about=about) for verb in ("restart", "stop")
    ]


class ActingPane(FakePane):
    """The fake pane, whose rows can be acted on."""

    offers: Callable[[Row, Context], Sequence[Act]] = staticmethod(offers)

    def views(self) -> Sequence[View[Any]]:
        """The rows with acts, and a view without."""
        rows, empty = super().views()
        return [replace(rows, acts=self.offers), empty]


@pytest.fixture(autouse=True)
def acting_panes(fake_panes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every zoomed pane is one of those."""
    monkeypatch.setattr(screens.zoom, "pane_for", ActingPane)


def journal() -> list[Entry]:
    """What the console has written down so far."""
    path = Path(os.environ["XDG_STATE_HOME"]) / "opsconsole" / "journal.db"
    return read_journal(path, run=None, since=None, limit=1000) if path.exists() else []


Opened = tuple[Pilot[None], OpsConsole]


def opened(
    source: FakeSource | None = None, size: tuple[int, int] = (100, 30), config: Config | None = None
) -> AbstractAsyncContextManager[Opened]:
    """The console over one source of containers."""
    return console([source or FakeSource("docker")], size, config)


async def menu(pilot: Pilot[None], app: OpsConsole, *keys: str) -> ActList:
    """Zoom, press keys, and ask what can be done to the row under the cursor."""
    await pilot.press("1")
    await zoomed(pilot, app, "docker")
    await pilot.press(*keys, "x")
    return await listed(pilot, app)


async def listed(pilot: Pilot[None], app: OpsConsole) -> ActList:
    """The list of acts, once it is drawn."""
    await until(pilot, lambda: any(shown.text for shown in app.screen.query(ActList)))
    return app.screen.query_one(ActList)


async def question(pilot: Pilot[None], app: OpsConsole, *keys: str) -> str:
    """Choose an act, and give what the window with the question says."""
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and screen_text(app).strip())
    await pilot.pause()
    return screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (240, 70)])
async def test_the_acts_of_a_row_with_their_exact_calls(size: tuple[int, int]) -> None:
    """In a window no larger than them, which names the row and its keys."""
    async with opened(size=size) as (pilot, app):
        shown = await menu(pilot, app, "down")
        lines = [line.strip() for line in shown.text.split("\n")]
        assert lines == [
            "container api-1, up 3h", "on docker", "",
            "▸ 1 Restart container api-1", f"docker -H {NOWHERE} restart api-1",
            "2 Stop container api-1", f"docker -H {NOWHERE} stop api-1",
        ]  # fmt: skip
        assert str(shown._border_title) == "container api-1"
        assert str(shown._border_subtitle) == "⏎ choose  ↑ ↓ move  esc leave it"


async def test_the_footer_offers_it_where_it_works() -> None:
    """A view without acts says so when the key is pressed; the help knows the key."""
    async with opened(size=(160, 60)) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        assert " x act " in footer(app)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "What can be done to the row" in screen_text(app)
        await pilot.press("escape", "right")
        await until(pilot, lambda: "there is nothing here" in table(app).text)
        assert " x act " not in footer(app)
        await pilot.press("x")
        await told(pilot, app, "nothing can be done to these rows")
        await pilot.press("left")
        await until(pilot, lambda: " x act " in footer(app))
        await pilot.click("#footer", offset=(footer(app).index("x act"), 0))
        await until(pilot, lambda: isinstance(app.screen, ActScreen))


@pytest.mark.parametrize(
    ("keys", "verb"),
    [
        (["enter"], "Restart"),
        (["1"], "Restart"),
        (["2"], "Stop"),
        (["down", "enter"], "Stop"),
        (["j", "j", "enter"], "Stop"),
        (["j", "k", "enter"], "Restart"),
        (["down", "up", "up", "enter"], "Restart"),
    ],
)
async def test_keys_choose_an_act(keys: list[str], verb: str) -> None:
    """And nothing is done by that: the question follows, and Escape goes back to the list."""
    async with opened() as (pilot, app):
        await menu(pilot, app)
        text = await question(pilot, app, *keys)
        assert f"docker -H {NOWHERE} {verb.lower()} api-0" in text
        assert "change: this changes something" in text
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ActScreen))
        await pilot.press("9", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert app.focused is table(app)
        assert not [entry for entry in journal() if entry.kind == Kind.STARTED]


async def test_the_mouse_does_the_same() -> None:
    """A click on an act or its call chooses it, elsewhere nothing; the wheel moves."""
    from textual.events import MouseScrollDown, MouseScrollUp

    async with opened() as (pilot, app):
        shown = await menu(pilot, app)
        await pilot.click(shown, offset=(6, 1))
        await pilot.pause()
        assert isinstance(app.screen, ActScreen)
        where = (shown, 1, 1, 0, 0, 0, False, False, False)
        shown.post_message(MouseScrollDown(*where))
        await until(pilot, lambda: "▸ 2 Stop" in shown.text)
        shown.post_message(MouseScrollUp(*where))
        await until(pilot, lambda: "▸ 1 Restart" in shown.text)
        line = next(y for y, text in enumerate(shown.text.split("\n")) if " stop api-0" in text)
        await pilot.click(shown, offset=(6, line + 1))
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.pause()
        assert f"docker -H {NOWHERE} stop api-0" in screen_text(app)


async def test_it_is_the_row_that_was_shown() -> None:
    """Whatever the readings move meanwhile, under the list and under the question."""
    source = FakeSource("docker")
    async with opened(source) as (pilot, app):
        await menu(pilot, app)
        source.snapshot = FakeSnapshot(rows=(Row("other", 0.5, level=Severity.CRITICAL), Row("api-0", 0.1)))
        await until(pilot, lambda: table(app).current == source.snapshot.rows[0])
        text = await question(pilot, app, "enter")
        assert "container api-0, up 3h" in text
        assert " restart api-0" in text


async def test_a_row_is_acted_on_where_it_came_from() -> None:
    """Also when by now another source of its kind is the one to show."""
    one, two = FakeSource("docker", "one"), FakeSource("docker", "two", period=60.0)
    two.snapshot = FakeSnapshot(rows=(Row("api-0", 0.1),))
    async with console([one, two], (100, 30)) as (pilot, app):
        await pilot.press("1")
        screen = await zoomed(pilot, app, "docker")
        app.scene._chosen["docker"] = "two"
        assert app.scene.feeds("docker")[0].source is two
        screen.action_act()
        assert "on one" in (await listed(pilot, app)).text


async def test_marked_rows_are_not_meant() -> None:
    """It is said that only the row under the cursor is."""
    async with opened() as (pilot, app):
        shown = await menu(pilot, app, "space", "space", "up")
        assert "▲ 2 rows marked: only the row under the cursor is meant" in shown.text
        assert "container api-2" not in shown.text


async def refused(pilot: Pilot[None], app: OpsConsole, words: str) -> None:
    """`x` opens nothing, and says why."""
    await pilot.press("x")
    await told(pilot, app, words)
    assert not isinstance(app.screen, ActScreen)


async def test_what_cannot_be_acted_on_says_why() -> None:
    """A row in the wrong state, a defect, no row, the past, a source that does not answer."""
    source = FakeSource("docker")
    async with opened(source) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("down", "down")
        assert table(app).rows[2].name == "api-2"
        await refused(pilot, app, "api-2 is being removed: wait for it")
        await pilot.press("down", "down")
        await refused(pilot, app, "what can be done to this row is not known: KeyError: 'a defect'")
        await pilot.press("p")
        await until(pilot, lambda: app.paused)
        await refused(pilot, app, "this is the past, and nothing can be done to it: p goes on to now")
        await pilot.press("p")
        source.error = Unreachable("down")
        await until(pilot, lambda: "✖ stale" in screen_text(app))
        await refused(pilot, app, "docker is stale: the row may not be so any more")
        source.error, source.snapshot = None, FakeSnapshot()
        app.collector.refresh()
        await until(pilot, lambda: table(app).current is None)
        await refused(pilot, app, "there is no row to do anything to")
        assert not journal()


async def test_nothing_beneath_hears_the_keys() -> None:
    """Of the list; its own do what they say."""
    async with opened() as (pilot, app):
        await menu(pilot, app)
        await pilot.press("exclamation_mark", "slash", "colon", "T", "p", "0", "left_square_bracket", "R")
        await pilot.press(
            "s", "r", "space", "y", "ctrl+s", "tab", "left", "right", "plus", "v", "l", "d", "o"
        )
        await pilot.pause()
        assert isinstance(app.screen, ActScreen)
        assert len(app.screen_stack) == 3
        assert not app.paused
        assert not table(app).marked
        assert not toasts(app)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "Ask for this act" in screen_text(app)
        await pilot.press("escape", "x")
        await until(pilot, lambda: len(app.screen_stack) == 2)


async def test_read_only_is_one_sentence_and_leaves_no_trace() -> None:
    """The gate refuses; nothing was begun."""
    async with opened(config=Config(runs=RunSettings(read_only=True))) as (pilot, app):
        await menu(pilot, app)
        text = await question(pilot, app, "enter")
        assert "✖ refused: only reading is allowed here, and this is change" in text
        await pilot.press("y", "enter")
        await until(pilot, lambda: isinstance(app.screen, ActScreen))
        assert not journal()


async def test_production_asks_for_the_name() -> None:
    """`y` is a letter of it."""
    profile = Profile(banner="PRODUCTION", production=True)
    async with opened(config=Config(profile="prod", profiles={"prod": profile})) as (pilot, app):
        await menu(pilot, app)
        text = await question(pilot, app, "enter")
        assert "▲ a production profile is in use" in text
        await pilot.press("y", "enter")
        assert "✖ 'y' is not api-0: nothing was done" in screen_text(app)
        assert not journal()
        await pilot.press("backspace", *"api-0", "enter")
        await until(pilot, lambda: isinstance(app.screen, OutcomeScreen))
        assert [entry.text("confirmed") for entry in journal() if entry.kind == Kind.STARTED] == ["name"]


@pytest.fixture
def no_record() -> None:
    """There is no place for a journal."""
    Path(os.environ["XDG_STATE_HOME"]).write_text("in the way")


async def test_without_a_record_nothing_is_done(no_record: None) -> None:
    """A journal that cannot be kept is told before anything is asked."""
    async with opened() as (pilot, app):
        await menu(pilot, app)
        await pilot.press("enter")
        assert "journal cannot be kept" in await told(pilot, app, "nothing can be done: ")
        await until(pilot, lambda: len(app.screen_stack) == 2)


async def test_a_failure_is_told_in_full() -> None:
    """The reason first; the record has its start and its end."""
    async with opened() as (pilot, app):
        await menu(pilot, app)
        await question(pilot, app, "2")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, OutcomeScreen))
        await until(pilot, lambda: screen_text(app).strip())
        text = app.screen.query_one(ScrollCanvas).text
        assert text.startswith(f"✖ no socket at {NOWHERE.removeprefix('unix://')} (configuration)")
        assert "container api-0, up 3h" in text
        assert f"docker -H {NOWHERE} stop api-0" in text
        assert "ERROR: no socket at" in text
        assert "exit 1" in text
        assert not any("done" in text for text in toasts(app))
        await until(pilot, lambda: journal()[-1].kind == Kind.CLOSED)
        kinds = [entry.kind for entry in journal() if entry.kind != "measured"]
        assert kinds == [Kind.OPENED, Kind.STARTED, Kind.SPAWNED, Kind.ENDED, Kind.CLOSED]
        assert [entry.text("status") for entry in journal() if entry.kind == Kind.ENDED] == ["failed"]
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 2)


async def test_a_failure_takes_the_keyboard_from_nobody() -> None:
    """Who has gone on to something else is told in passing."""
    async with opened() as (pilot, app):
        await menu(pilot, app)
        await question(pilot, app, "enter")
        await pilot.press("y", "slash", "a")
        await told(pilot, app, "not done: restart container api-0: no socket at")
        assert app.base.asking


async def test_hostile_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, calls and phrases of a row are text in every window."""
    made: list[str] = []

    def hostile(row: Row, context: Context) -> Sequence[Act]:
        return [container_act(text, "x", "stop", host=NOWHERE, about=(text, text)) for text in made]

    monkeypatch.setattr(ActingPane, "offers", staticmethod(hostile))
    async with opened(size=(80, 24)) as (pilot, app):
        for text in STRINGS:
            made[:] = [text, text]
            shown = await menu(pilot, app)
            assert not misleading(shown.text.replace("\n", ""))
            assert not misleading(f"{shown._border_title}{shown._border_subtitle}")
            await question(pilot, app, "2")
            assert not misleading(screen_text(app).replace("\n", ""))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, ActScreen))
            await pilot.press("escape", "escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 8), (500, 200)])
async def test_any_size(size: tuple[int, int]) -> None:
    """The chosen act is in view, however little room there is."""
    source = FakeSource("docker", findings=[BAD])
    async with opened(source, size) as (pilot, app):
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ActScreen))
        await pilot.press("down")
        await pilot.pause()
        if size[0] >= 20:
            assert "▸ 2 Stop" in app.screen.query_one(ActList).text
        await pilot.press("escape", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
