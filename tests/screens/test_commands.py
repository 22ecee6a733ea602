"""The command line: what is typed happens, what is mistyped is explained."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from screens.app import OpsConsole
from screens.commands import ALIASES, COMMANDS, choices, run_command
from tests.screens.kit import console, table, told, zoomed
from tests.screens.kit import sources as fake_sources
from tests.widgets.stage import until
from widgets.panes import TITLES
from widgets.prompt import PromptLine


async def command(pilot: Pilot[None], text: str) -> None:
    """Type a command as a person does."""
    keys = {
        " ": "space",
        "-": "minus",
        "/": "slash",
        ":": "colon",
        ".": "full_stop",
        "[": "left_square_bracket",
    }
    await pilot.press("colon", *(keys.get(char, char) for char in text), "enter")


@pytest.mark.parametrize(
    ("text", "kind"), [("docker", "docker"), ("db", "postgres"), ("CACHE", "redis"), ("log", "logs")]
)
async def test_a_pane_by_its_name(text: str, kind: str) -> None:
    """Or by what people call it."""
    async with console(fake_sources()) as (pilot, app):
        await command(pilot, text)
        await zoomed(pilot, app, kind)


async def test_a_pane_with_a_filter() -> None:
    """Applied from the first frame on; also to the pane that is open already."""
    async with console(fake_sources()) as (pilot, app):
        await command(pilot, "db name:api-7")
        await zoomed(pilot, app, "postgres")
        assert table(app).counts == (1, 12)
        await command(pilot, "db api-1")
        await until(pilot, lambda: table(app).counts == (3, 12))
        await command(pilot, "docker")
        await zoomed(pilot, app, "docker")
        assert table(app).counts == (12, 12)


async def test_themes() -> None:
    """Each by its name; a wrong name is answered with the near one, or all."""
    async with console(fake_sources()) as (pilot, app):
        await command(pilot, "theme ops-light")
        await until(pilot, lambda: app.theme == "ops-light")
        await command(pilot, "theme ops-lihgt")
        await told(pilot, app, "there is no theme 'ops-lihgt', did you mean ops-light?")
        await command(pilot, "theme")
        await told(pilot, app, "war-room")
        assert app.theme == "ops-light"


async def test_intervals() -> None:
    """Bounded, and told."""
    async with console(fake_sources()) as (pilot, app):
        await command(pilot, "interval 5")
        await told(pilot, app, "asking every 5 s")
        for wrong in ("x", "", "nan", "-1", "0", "inf"):
            app.clear_notifications()
            run_command(app, f"interval {wrong}")
            await told(pilot, app, "is no number of seconds")
        assert app.collector.interval == 5
        await pilot.press("plus")
        assert app.collector.interval == 10
        app.set_interval_to(59)
        await pilot.press("plus")
        assert app.collector.interval == 60
        app.set_interval_to(0.6)
        await pilot.press("minus", "minus")
        assert app.collector.interval == 0.5


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("dcoker", "there is no command 'dcoker', did you mean :docker?"),
        ("exprot", "did you mean :export?"),
        ("zzzz", "there is no command 'zzzz'; ? lists the commands"),
        ("[bold]x", "there is no command '[bold]x'"),
        ("time 99:99", "is no time"),
    ],
)
async def test_wrong_commands_are_explained(text: str, answer: str) -> None:
    """With the nearest one there is."""
    async with console(fake_sources()) as (pilot, app):
        await command(pilot, text)
        await told(pilot, app, answer)
        assert len(app.screen_stack) == 1
        assert not app.screen.query(PromptLine)


@pytest.mark.parametrize("text", ["", " ", "   "])
async def test_nothing_typed_is_nothing_done(text: str) -> None:
    """No complaint either."""
    async with console(fake_sources()) as (pilot, app):
        await command(pilot, text)
        await pilot.pause()
        assert not list(app._notifications)
        assert not app.screen.query(PromptLine)


async def test_help_and_quit() -> None:
    """The words for the keys."""
    async with console(fake_sources()) as (pilot, app):
        await command(pilot, "help")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape")
        await command(pilot, "quit")
        await until(pilot, lambda: not app.is_running)


async def test_commands_complete_and_are_remembered() -> None:
    """Tab takes the suggestion; the arrows bring back what was typed."""
    async with console(fake_sources()) as (pilot, app):
        await pilot.press("colon", *"theme", "space", *"w")
        await until(pilot, lambda: app.screen.query_one(Input)._suggestion)
        await pilot.press("tab")
        assert app.screen.query_one(Input).value == "theme war-room"
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "war-room")
        await pilot.press("colon", "x", "up")
        assert app.screen.query_one(Input).value == "theme war-room"
        await pilot.press("up", "down")
        assert app.screen.query_one(Input).value == "x"
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.query(PromptLine))
        assert app.focused is not None
        assert set(choices(app)) >= {"system", "containers", "database", "cache", "logs", *COMMANDS}


async def test_the_arrows_in_a_prompt_stay_in_it() -> None:
    """They do not walk over the panes beneath."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await pilot.press("colon", "up", "down", "tab", "shift+tab", "d")
        assert isinstance(app.focused, Input)
        assert app.focused.value == "d"


async def test_opening_a_prompt_twice_leaves_one() -> None:
    """After a click beside it, for example."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await pilot.press("colon")
        await pilot.click("#pane-2", offset=(3, 3))
        assert not isinstance(app.focused, Input)
        await pilot.press("T", "1")
        assert len(app.screen.query(PromptLine)) == 1
        assert app.screen.query_one(PromptLine).purpose == "time"
        assert app.screen.query_one(Input).value == "1"


def test_every_alias_is_a_pane() -> None:
    """Of this program."""
    assert set(ALIASES.values()) <= set(TITLES)


def test_the_app_starts_with_the_configured_theme() -> None:
    """Not with Textual's."""
    from console.config import Config

    assert OpsConsole(Config(theme="color-blind"), []).theme == "color-blind"
