"""The runbook drawer: what it lists, that panes stay in view, and runs walked with the keyboard."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import TextArea

from console.config import Config, Profile, RunSettings
from console.journal import store
from console.journal.entries import Kind
from console.journal.place import journal_path
from console.journal.reader import read
from console.runs.run import Status
from screens.confirm import ConfirmScreen
from screens.edit import EditScreen
from screens.output import OutputScreen, StepScreen
from screens.sequences import PASTE_LIMIT
from screens.stepping import HELD
from screens.workbench import Shelf, Workbench
from tests.patience import PATIENCE
from tests.screens.guide_kit import (
    GUIDE,
    at_procedure,
    becomes,
    drawer,
    opened,
    shelf_text,
    started,
    steps_text,
    typed,
    until_quiet,
    write_guide,
)
from tests.screens.kit import console, footer, header, screen_text, told, wrong
from tests.screens.kit import sources as fake_sources
from tests.widgets.stage import until
from widgets.lines import WaitingLine
from widgets.pane_widget import PaneWidget
from widgets.steps import StepList

SIZES = [(80, 24), (120, 40), (160, 50), (240, 70)]


@pytest.fixture(autouse=True)
def guide(tmp_path: Path) -> Path:
    """A guide in the current directory."""
    return write_guide(tmp_path)


def kinds(config: Config | None = None) -> list[str]:
    """The kinds of all entries of the journal, in order."""
    import os

    entries = read(journal_path(config or Config(), os.environ), run=None, since=None, limit=1000)
    return [str(entry.kind) for entry in entries]


@pytest.mark.parametrize("size", SIZES)
async def test_panes_stay_in_view_beside_it(size: tuple[int, int]) -> None:
    """Every pane keeps at least a line, and none lies under the drawer; closed, all is as before."""
    async with console(fake_sources(), size) as (pilot, app):
        before = {pane.kind: pane.region for pane in app.screen.query(PaneWidget)}
        await opened(pilot, app)
        await pilot.pause()
        place = drawer(app).region
        assert place.width >= 58
        assert place.height >= 9
        for pane in app.screen.query(PaneWidget):
            assert pane.region.height >= 1
            assert not pane.region.overlaps(place)
        assert "Morning round" in shelf_text(app)
        await pilot.press("q")
        await until(pilot, lambda: app.base.drawer is None)
        await until(pilot, lambda: {p.kind: p.region for p in app.screen.query(PaneWidget)} == before)
        assert isinstance(app.focused, PaneWidget)


async def test_the_shelf_lists_what_is_due_and_all_procedures() -> None:
    """With kind, steps and when; the key again gives the keyboard back and closes it."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await opened(pilot, app)
        text = shelf_text(app)
        assert "Harbour operations" in text
        assert "Morning round (9:00 AM)" in text
        assert "3 steps · 1 run here · daily 09:00" in text
        assert "Restart the lamp" in text
        assert "open" in footer(app)
        await pilot.press("tab")
        await until(pilot, lambda: isinstance(app.focused, PaneWidget))
        assert "zoom" in footer(app)
        await pilot.press("R")
        await until(pilot, lambda: drawer(app).has_focus_within)
        await pilot.press("R")
        await until(pilot, lambda: app.base.drawer is None)


async def test_a_search_finds_by_words() -> None:
    """Esc takes the search back before it closes the drawer."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await opened(pilot, app)
        await pilot.press("slash")
        await typed(pilot, app, "dark lamp")
        await until(pilot, lambda: "for “dark lamp”" in shelf_text(app))
        assert "Restart the lamp" in shelf_text(app)
        assert "Broken things" not in shelf_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "Broken things" in shelf_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.base.drawer is None)


async def test_a_runbook_walked_to_its_end(tmp_path: Path) -> None:
    """Variables once, reading at once, a change with y, destruction by name, a wait, a tick; all recorded."""
    (tmp_path / "old-wick").mkdir()
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        run = await started(pilot, app, "restart-the-lamp", "North's; rm -rf x")
        steps = drawer(app).query_one(StepList)
        await pilot.press("enter")
        await becomes(pilot, run.states[0], Status.OK)
        await until(pilot, lambda: steps.cursor == 1)
        assert str(run.states[0].lines[-1]) == "the lamp of North's; rm -rf x is dark"

        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        text = screen_text(app)
        assert "change:" in text
        assert "> marked" in text
        assert not (tmp_path / "marked").exists()
        await pilot.press("y")
        await becomes(pilot, run.states[1], Status.OK)
        assert (tmp_path / "marked").read_text() == "North's; rm -rf x\n"
        assert run.states[0].before_change
        await until(pilot, lambda: "before change" in steps_text(app))

        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y", "enter")
        await until(pilot, lambda: "nothing was done" in screen_text(app))
        assert (tmp_path / "old-wick").exists()
        name = run.target.name
        await pilot.press("ctrl+u", *[{"-": "minus", "_": "underscore"}.get(c, c) for c in name], "enter")
        await becomes(pilot, run.states[2], Status.OK)
        assert not (tmp_path / "old-wick").exists()

        await pilot.press("w")
        await typed(pilot, app, "shining")
        await until(pilot, lambda: run.states[3].status is Status.RUNNING)
        (tmp_path / "lit").touch()
        await becomes(pilot, run.states[3], Status.OK)
        await until(pilot, lambda: steps.cursor == 4)
        await pilot.press("enter")
        await becomes(pilot, run.states[4], Status.TICKED)
        await until(pilot, lambda: "close the run" in footer(app))
        await pilot.press("enter")
        await until(pilot, lambda: run.ended is not None)
        assert run.status == "ok"
        assert "ended ok" in screen_text(app)
    told_kinds = kinds()
    assert told_kinds[0] == Kind.OPENED
    assert told_kinds[-1] == Kind.CLOSED
    assert told_kinds.count(Kind.STARTED) == told_kinds.count(Kind.ENDED) == 4
    assert told_kinds.count(Kind.TICKED) == 1


async def test_ticks_values_skips_and_notes() -> None:
    """By hand, with a value, taken back, left out with a reason, and with a note."""
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        run = await started(pilot, app, "morning-round")
        await pilot.press("space")
        await becomes(pilot, run.states[0], Status.TICKED)
        await until(pilot, lambda: drawer(app).query_one(StepList).cursor == 1)
        await pilot.press("v")
        await typed(pilot, app, "page 12")
        await becomes(pilot, run.states[1], Status.TICKED)
        assert run.states[1].value == "page 12"
        await until_quiet(pilot, app, lambda: "page 12" in steps_text(app))
        await pilot.press("k", "u")
        await becomes(pilot, run.states[1], Status.WAITING)
        await until_quiet(pilot, app, lambda: True)
        await pilot.press("s")
        await typed(pilot, app, "no book")
        await becomes(pilot, run.states[1], Status.SKIPPED)
        await until_quiet(pilot, app, lambda: "skipped: no book" in steps_text(app))
        await pilot.press("home", "m")
        await typed(pilot, app, "bulb is old")
        await until_quiet(pilot, app, lambda: run.states[0].note == "bulb is old")
        await until(pilot, lambda: "note: bulb is old" in steps_text(app))
        await pilot.press("F")
        await typed(pilot, app, "no")
        await until_quiet(pilot, app, lambda: True)
        assert run.ended is None
        await pilot.press("F")
        await typed(pilot, app, "y")
        await until(pilot, lambda: run.status == "abandoned")
        await pilot.press("enter")
        await told(pilot, app, "has ended (abandoned)")


async def test_what_cannot_be_waited_for_or_limited_is_said_before_anything_is_asked() -> None:
    """A change is run once, and an item for a person has no end; neither asks for words or seconds first."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        run = await started(pilot, app, "restart-the-lamp", "North")
        assert "wait until" in footer(app)
        await pilot.press("j")
        await until(pilot, lambda: "wait until" not in footer(app))
        await pilot.press("w")
        await told(pilot, app, "only a shell command that changes nothing")
        await pilot.press("end", "t")
        await told(pilot, app, "can have a time limit")
        await until_quiet(pilot, app, lambda: not app.screen.query("#prompt"))
        assert not any(state.done for state in run.states)


async def test_what_fails_shows_how_and_can_be_run_again() -> None:
    """Exit code and output stand below the step; a running one is cancelled with all it started."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        run = await started(pilot, app, "broken-things")
        await pilot.press("enter")
        await becomes(pilot, run.states[0], Status.FAILED)
        await until(pilot, lambda: "exit 3" in steps_text(app))
        assert "│ no oil" in steps_text(app)
        assert "run again" in footer(app)
        await until_quiet(pilot, app, lambda: True)
        await pilot.press("enter")
        await until(pilot, lambda: run.states[0].attempt == 2 and run.states[0].status is Status.FAILED)
        await until_quiet(pilot, app, lambda: True)
        await pilot.press("n", "enter")
        await becomes(pilot, run.states[1], Status.RUNNING)
        await until(pilot, lambda: "│ begun" in steps_text(app))
        await until(pilot, lambda: "running" in steps_text(app))
        assert "cancel" in footer(app)
        await until_quiet(pilot, app, lambda: True)
        await pilot.press("enter")
        await told(pilot, app, "c cancels it")
        await pilot.press("c")
        await becomes(pilot, run.states[1], Status.CANCELLED)


async def test_a_step_that_goes_on_does_not_hold_up_the_others() -> None:
    """It runs in the background until it is stopped."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        run = await started(pilot, app, "broken-things")
        await pilot.press("j", "j", "enter")
        await becomes(pilot, run.states[2], Status.RUNNING)
        await until(pilot, lambda: "Broken things" in steps_text(app) or "│" in steps_text(app))
        await until_quiet(pilot, app, lambda: True)
        await pilot.press("j", "enter")
        await becomes(pilot, run.states[3], Status.OK)
        assert run.states[2].status is Status.RUNNING
        await until_quiet(pilot, app, lambda: True)
        await pilot.press("G", "k", "c")
        await until(pilot, lambda: run.states[2].ended is not None)


async def test_output_in_full_and_everything_about_a_step() -> None:
    """With the program's own colours; the windows close by the keys that opened them."""
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        run = await started(pilot, app, "broken-things")
        await pilot.press("o")
        await told(pilot, app, "printed nothing yet")
        await pilot.press("G", "enter")
        await becomes(pilot, run.states[3], Status.OK)
        assert run.states[3].lines[0].spans == ((0, 3, "red"),)
        await until_quiet(pilot, app, lambda: True)
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, OutputScreen))
        await until(pilot, lambda: "red and plain" in screen_text(app))
        await pilot.press("o")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, StepScreen))
        assert "cat colours" in screen_text(app)
        assert "line 49 of the guide, shell, read" in screen_text(app)
        await pilot.press("d")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_a_command_is_edited_before_it_runs() -> None:
    """What ran stands beside what the guide says, and the question says that it was edited."""
    config = Config(keys={"edit.take": "f9"})
    async with console(fake_sources(), (120, 40), config=config) as (pilot, app):
        run = await started(pilot, app, "broken-things")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditScreen))
        await pilot.press("escape")
        await until_quiet(pilot, app, lambda: len(app.screen_stack) == 1)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditScreen))
        assert "f9 go on with it" in str(app.screen.query_one(".window").border_subtitle)
        await pilot.press("ctrl+u", *"echo", "space", *"fine", "f9")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "edited from what the guide says" in screen_text(app)
        await pilot.press("enter")
        await becomes(pilot, run.states[0], Status.OK)
        assert run.states[0].command == "echo fine"
        assert [str(line) for line in run.states[0].lines] == ["fine"]


async def test_what_is_pasted_into_a_command_is_seen_and_whole() -> None:
    """A character nobody sees would be run unseen, and half a command would be run as if it were one."""
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        await started(pilot, app, "broken-things")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, EditScreen))
        area = app.screen.query_one(TextArea)
        await pilot.press("ctrl+u")
        area.post_message(events.Paste("echo a\x1b[8m\r\n\techo \u202eb\rtrue"))
        await until(pilot, lambda: area.text.endswith("true"))
        assert area.text.split("\n")[-3:] == ["echo a␛[8m", "    echo \N{REPLACEMENT CHARACTER}b", "true"]
        before = area.text
        area.post_message(events.Paste("x" * PASTE_LIMIT))
        await until(pilot, lambda: len(app._notifications) > 0)
        assert [one.message for one in app._notifications][-1].startswith("Nothing was pasted")
        assert area.text == before


async def test_keys_that_come_in_one_go_hit_the_step_they_were_meant_for() -> None:
    """A slow line delivers many at once: moving is done before what is done to the step in front."""
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        run = await started(pilot, app, "morning-round")
        for key, char in (("j", "j"), ("space", " "), ("g", "g"), ("space", " ")):
            app.post_message(events.Key(key, char))
        await becomes(pilot, run.states[1], Status.TICKED)
        await becomes(pilot, run.states[0], Status.TICKED)
        assert kinds().count(Kind.TICKED) == 2


async def test_what_is_typed_after_the_key_for_editing_is_in_the_command() -> None:
    """The keyboard is there as soon as the field is, and not seconds later."""
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        await started(pilot, app, "broken-things")
        began = asyncio.get_running_loop().time()
        for key in "e", "x", "y":
            app.post_message(events.Key(key, key))
        await until(pilot, lambda: isinstance(app.screen, EditScreen))
        await until(pilot, lambda: app.screen.query_one(TextArea).text.endswith("xy"))
        assert asyncio.get_running_loop().time() - began < HELD


async def test_guides_that_are_being_read_are_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """That there are none is said when they were looked for, and not while a large one is read."""
    gate = threading.Event()
    read_now = Workbench._read

    def slowly(self: Workbench, *about: Any) -> Shelf:
        gate.wait(2 * PATIENCE)
        return read_now(self, *about)

    monkeypatch.setattr(Workbench, "_read", slowly)
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        try:
            await pilot.press("R")
            await until(pilot, lambda: "reading the guides" in screen_text(app))
            assert "no guide found" not in screen_text(app)
        finally:
            gate.set()
        await until(pilot, lambda: "Harbour" in drawer(app).text)
        assert "reading the guides" not in screen_text(app)


async def test_a_run_is_taken_up_by_the_next_console() -> None:
    """It is announced, listed first, and stands where it was, with its output."""
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        run = await started(pilot, app, "broken-things")
        await pilot.press("enter")
        await becomes(pilot, run.states[0], Status.FAILED)
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        await app.runbooks.read()
        await until(pilot, lambda: "Broken things unfinished" in app.screen.query_one(WaitingLine).text)
        await opened(pilot, app)
        await until(pilot, lambda: "Under way" in shelf_text(app))
        await pilot.press("home", "enter")
        await until(pilot, lambda: app.runbooks.place.run is not None)
        again = app.runbooks.place.run
        assert again is not None
        assert again.id == run.id
        assert again.states[0].status is Status.FAILED
        await until(pilot, lambda: "│ no oil" in steps_text(app))


async def test_two_consoles_see_each_others_ticks(tmp_path: Path) -> None:
    """Within a second, and a procedure under way is joined rather than begun twice."""
    async with console(fake_sources(), (120, 40)) as (one, first):
        run = await started(one, first, "morning-round")
        async with console(fake_sources(), (120, 40)) as (two, second):
            await at_procedure(two, second, "morning-round")
            await two.press("enter")
            await typed(two, second, "")
            await until(two, lambda: second.runbooks.place.run is not None)
            same = second.runbooks.place.run
            assert same is not None
            assert same.id == run.id
            await one.press("space")
            await becomes(one, run.states[0], Status.TICKED)
            await until(two, lambda: same.states[0].status is Status.TICKED)


async def test_nothing_but_reading_in_read_only_mode(tmp_path: Path) -> None:
    """The refusal is a sentence with the fix, and nothing has run."""

    async with console(fake_sources(), (120, 40), Config(runs=RunSettings(read_only=True))) as (pilot, app):
        run = await started(pilot, app, "restart-the-lamp", "North")
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "refused: only reading is allowed here" in screen_text(app)
        await pilot.press("y")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert run.states[1].status is Status.WAITING
        assert not (tmp_path / "marked").exists()


async def test_production_asks_for_the_name() -> None:
    """A change that y would let through elsewhere."""
    config = Config(profile="p", profiles={"p": Profile(banner="PRODUCTION", production=True)})
    async with console(fake_sources(), (120, 40), config) as (pilot, app):
        run = await started(pilot, app, "restart-the-lamp", "North")
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "a production profile is in use" in screen_text(app)
        await pilot.press("y", "enter")
        await until(pilot, lambda: "nothing was done" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert run.states[1].status is Status.WAITING


async def test_the_drawer_goes_where_the_reader_goes() -> None:
    """Zoomed panes show it too, and the whole screen is one key away."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await opened(pilot, app)
        width = drawer(app).region.width
        await pilot.press("f")
        await until(pilot, lambda: drawer(app).region.width == 160)
        await pilot.press("f")
        await until(pilot, lambda: drawer(app).region.width == width)
        await pilot.press("2")
        await until(pilot, lambda: app.base is not app.screen_stack[0] and app.base.drawer is not None)
        await until(pilot, lambda: "Harbour operations" in shelf_text(app))
        await pilot.press("q")
        await until(pilot, lambda: app.base.drawer is None)
        await pilot.press("0")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert app.base.drawer is None


async def test_a_value_of_last_time_gives_way_to_what_is_typed() -> None:
    """Enter takes it, typing replaces it: never one name glued to another."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        run = await started(pilot, app, "restart-the-lamp", "north")
        await at_procedure(pilot, app, "restart-the-lamp")
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query("#prompt")))
        await typed(pilot, app, "south")
        await told(pilot, app, "nothing was started")
        assert app.runbooks.place.page == "procedure"  # a name is no answer to whether to take a run up
        assert app.workbench.runner is not None
        await app.workbench.runner.finish(run)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query("#prompt")))
        await pilot.press(*"south", "enter")
        await until(pilot, lambda: app.runbooks.place.run is not None)
        again = app.runbooks.place.run
        assert again is not None
        assert again.values == {"tower": "south"}


async def test_closed_it_gives_the_keyboard_back_to_the_pane_that_had_it() -> None:
    """As a prompt does; and a pane that was zoomed is in front afterwards."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await pilot.press("tab")
        front = app.screen.focused
        assert isinstance(front, PaneWidget)
        await opened(pilot, app)
        assert app.screen.focused is not front
        await pilot.press("q")
        await until(pilot, lambda: app.screen.focused is front and app.base.drawer is None)
        await pilot.press("colon", "escape")
        await until(pilot, lambda: app.screen.focused is front)
        await pilot.press("4", "escape")
        await until(pilot, lambda: getattr(app.screen.focused, "number", 0) == 4)


async def test_what_was_done_is_no_longer_due() -> None:
    """At once, not when the guides are read the next time."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        run = await started(pilot, app, "broken-things")
        await app.runbooks.read()
        await pilot.press("escape")
        await until(pilot, lambda: "Under way" in shelf_text(app))
        assert app.workbench.runner is not None
        await app.workbench.runner.finish(run)
        await until(pilot, lambda: "Under way" not in shelf_text(app))


async def test_without_guides_it_says_where_they_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence with the fix."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    async with console(fake_sources(), (80, 24)) as (pilot, app):
        await pilot.press("R")
        await until(pilot, lambda: app.base.drawer is not None)
        await until(pilot, lambda: "no guide found: put an OPERATIONS.md here" in screen_text(app))


async def test_a_journal_that_cannot_be_opened_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guides are shown all the same; nothing runs."""
    state = tmp_path / "not-a-directory"
    state.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await opened(pilot, app)
        await at_procedure(pilot, app, "broken-things")
        await pilot.press("enter")
        await told(pilot, app, "the journal cannot be kept in")
        assert app.runbooks.place.run is None


async def test_hostile_guides_stay_text(tmp_path: Path) -> None:
    """No markup, no control character, whatever a heading or a command holds."""
    write_guide(
        tmp_path, GUIDE + "\n### [red]X[/] \x1b[31m [@click=app.quit]y[/]\n\n1. [/] `echo '\x1b]0;t\x07'`\n"
    )
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await opened(pilot, app)
        await until(pilot, lambda: "[red]X[/]" in shelf_text(app))
        assert "\x1b" not in shelf_text(app)
        assert app.is_running


async def test_keys_in_its_prompts_are_text() -> None:
    """A note with letters that are keys elsewhere stays a note."""
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        run = await started(pilot, app, "morning-round")
        await pilot.press("m")
        await typed(pilot, app, "q R : / ! 1 F c")
        await until_quiet(pilot, app, lambda: run.states[0].note == "q R : / ! 1 F c")
        assert app.runbooks.place.open
        assert run.ended is None


async def test_the_mouse_does_what_keys_do() -> None:
    """Entries, steps, and the names of the keys."""
    from widgets.lines import FooterLine
    from widgets.shelf import ShelfList

    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await opened(pilot, app)
        row = next(y for y, line in enumerate(shelf_text(app).split("\n")) if "Broken things" in line)
        await pilot.click(ShelfList, offset=(8, row), times=2)
        await until(pilot, lambda: app.runbooks.place.page == "procedure")
        await until(pilot, lambda: "start it" in footer(app))
        await pilot.click(FooterLine, offset=(3, 0))
        await until(pilot, lambda: app.runbooks.place.run is not None)
        run = app.runbooks.place.run
        assert run is not None
        await until(pilot, lambda: "⏎ run" in footer(app))
        await pilot.click(StepList, offset=(8, 4))
        await until(pilot, lambda: drawer(app).query_one(StepList).cursor > 0)
        await pilot.click(StepList, offset=(8, 0), times=2)
        await becomes(pilot, run.states[0], Status.FAILED)
        await until_quiet(pilot, app, lambda: "s skip" in footer(app))
        in_front = run.states[drawer(app).query_one(StepList).cursor]
        await pilot.click(FooterLine, offset=(footer(app).index("s skip"), 0))
        await typed(pilot, app, "no oil")
        await becomes(pilot, in_front, Status.SKIPPED)


async def test_the_command_is_copied() -> None:
    """The one of the step in front, with its values."""
    async with console(fake_sources(), (160, 50)) as (pilot, app):
        await started(pilot, app, "restart-the-lamp", "North")
        await pilot.press("j", "y")
        await told(pilot, app, "copied")
        assert app._clipboard == 'echo "North" > marked'


async def test_a_full_disk_is_told_and_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nobody writing; panes go on; with room again, all is well."""
    async with console(fake_sources(), (120, 40)) as (pilot, app):
        run = await started(pilot, app, "broken-things")
        monkeypatch.setattr(store, "ROOM", 1 << 62)  # no disk is large enough
        await until(pilot, lambda: "journal cannot be written" in wrong(app))
        assert "1 critical" in header(app)
        await until(pilot, lambda: "✖ nothing runs: the journal cannot be" in screen_text(app))
        read_before = [feed.reading.monotonic for feed in app.collector.feeds.values() if feed.reading]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert "refused: the journal cannot be written" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert run.states[0].attempt == 0
        await until(
            pilot,
            lambda: (
                read_before
                < [feed.reading.monotonic for feed in app.collector.feeds.values() if feed.reading]
            ),
        )
        monkeypatch.undo()
        await until(pilot, lambda: "journal" not in wrong(app))
        await until_quiet(pilot, app, lambda: True)
        await pilot.press("enter")
        await becomes(pilot, run.states[0], Status.FAILED)
