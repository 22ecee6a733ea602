"""Keys: every one has a name and words, all can be changed, and what cannot work is said."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from textual.binding import Binding

from console.config import Config
from screens.app import OpsConsole
from screens.keys import known_keys, shown_key, usable_keymap
from tests.screens.kit import console, footer, screen_text, table, toasts, told, zoomed
from tests.screens.kit import sources as fake_sources
from tests.widgets.stage import until


def test_every_binding_has_a_name_and_words() -> None:
    """So that it can be changed, and help can say what it does."""
    found = known_keys()
    assert len(found) > 50
    for key in found:
        where = f"{key.owner.__name__}: {key.keys}"
        assert re.fullmatch(r"[a-z]+(\.[a-z0-9]+(-[a-z0-9]+)*)+", key.id), where
        assert len(key.words) >= 2, where


def test_no_two_bindings_share_a_name() -> None:
    """A key changed by name changes one thing."""
    counted = Counter(key.id for key in known_keys())
    assert [name for name, times in counted.items() if times > 1] == []


def test_no_key_is_one_of_a_multiplexer() -> None:
    """screen and tmux take ctrl+a and ctrl+b for themselves."""
    taken = {key for known in known_keys() for key in known.keys}
    assert not taken & {"ctrl+a", "ctrl+b"}


def test_the_keys_of_this_program_do_not_clash() -> None:
    """Checked as a user's would be: each key given again by name gives no complaint."""
    for known in known_keys():
        # keys meant to shadow others are those of widgets in front of screens: none is left unreachable
        assert usable_keymap({known.id: ",".join(known.keys)}) == ({known.id: ",".join(known.keys)}, [])


async def test_every_binding_in_force_is_one_of_ours() -> None:
    """Nothing that Textual binds by itself works without a name."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        names = {key.id for key in known_keys()}
        places = [("", 1), ("1", 2), ("enter", 3)]
        for key, depth in places:
            if key:
                await pilot.press(key)
                await until(pilot, lambda d=depth: len(app.screen_stack) == d)  # type: ignore[misc]
                await pilot.pause()
            unnamed = [b.binding for b in app.screen.active_bindings.values() if b.binding.id not in names]
            assert unnamed == []


async def test_a_changed_key_works_and_is_shown() -> None:
    """In the footer and in help; the old key is free."""
    config = Config(keys={"app.pause": "f5", "app.help": "h,f2", "table.sort": "ctrl+k", "zoom.close": "b"})
    async with console(fake_sources(), (160, 70), config) as (pilot, app):
        assert "f5 pause" in footer(app)
        await pilot.press("f5")
        assert app.paused
        await pilot.press("p")
        assert app.paused
        await pilot.press("f5", "1")
        await zoomed(pilot, app, "system")
        await pilot.press("s")
        assert table(app).sort_column == ""
        await pilot.press("ctrl+k")
        assert table(app).sort_column == "name"
        assert "^k sort" in footer(app)
        await pilot.press("f2")
        await until(pilot, lambda: len(app.screen_stack) == 3)
        assert re.search(r"f5 +Hold the moment", screen_text(app))
        assert re.search(r"h f2 +The keys that work here", screen_text(app))
        await pilot.press("escape", "b")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_a_key_may_be_written_as_its_character() -> None:
    """As people write it in a file."""
    async with console(fake_sources(), config=Config(keys={"app.pause": "!"})) as (pilot, app):
        await pilot.press("exclamation_mark")
        assert app.paused
        assert "! go on" in footer(app)


async def test_an_unknown_name_is_said_and_ignored() -> None:
    """With the one that was meant."""
    config = Config(keys={"app.pauze": "x", "app.copy": "c", "table.sort": "kontrol+s"})
    async with console(fake_sources(), config=config) as (pilot, app):
        message = await told(pilot, app, "app.pauze")
        assert "did you mean app.pause?" in message
        await told(pilot, app, "'kontrol+s' is no key")
        await pilot.press("c")
        await told(pilot, app, "copied")


async def test_a_clash_is_said() -> None:
    """Within a screen, and between a screen and what stands in front of it."""
    config = Config(keys={"app.pause": "y", "app.export": "s"})
    async with console(fake_sources(), config=config) as (pilot, app):
        await told(pilot, app, "[keys] y is app.pause and app.copy")
        await told(pilot, app, "[keys] s is table.sort and app.export")
        await told(pilot, app, "[keys] s is run.skip and app.export")
        assert len(toasts(app)) == 3
        await pilot.press("y")
        assert app.paused


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        ({"app.pause": ""}, {}),
        ({"app.pause": ","}, {}),
        ({"app.pause": "ctrl+"}, {}),
        ({"app.pause": "f5,bogus"}, {"app.pause": "f5"}),
        ({"app.pause": "ctrl+alt+f5,@,ctrl+@,ctrl+none"}, {"app.pause": "ctrl+alt+f5,at,ctrl+@"}),
        ({"": "x"}, {}),
        ({"\x1b[2J": "x"}, {}),
        ({"app.pause": "\x1b"}, {}),
    ],
)
def test_absurd_keys_are_survived(keys: dict[str, str], left: dict[str, str]) -> None:
    """And told in printable words."""
    keymap, notes = usable_keymap(keys)
    assert keymap == left
    assert len(notes) == 1
    assert notes[0].isprintable()


async def test_keys_that_are_absurd_do_not_keep_the_console_from_starting() -> None:
    """The rest of the configuration holds."""
    config = Config(theme="ops-light", keys={"app.pause": "", "x": "y", "app.copy": "y,y,y"})
    async with console(fake_sources(), config=config) as (pilot, app):
        await pilot.press("p")
        assert app.paused
        assert app.theme == "ops-light"


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("question_mark", "?"),
        ("ctrl+s", "^s"),
        ("T", "T"),
        ("f5", "f5"),
        ("space", "space"),
        ("enter", "⏎"),
        ("shift+tab", "shift+tab"),
        ("pagedown", "pgdn"),
        ("exclamation_mark", "!"),
        ("ctrl+slash", "^/"),
        ("backslash", "\\"),
        ("comma", ","),
    ],
)
def test_keys_are_shown_as_people_write_them(key: str, shown: str) -> None:
    """Short enough for a footer."""
    assert shown_key(key) == shown


def test_there_are_no_hidden_key_handlers() -> None:
    """Keys go through bindings only, so that all can be changed and are in the help."""
    for key in known_keys():
        for name in ("on_key", "key_enter", "_on_key"):
            assert name not in vars(key.owner)
    assert all(isinstance(binding, Binding) for binding in OpsConsole.BINDINGS)
