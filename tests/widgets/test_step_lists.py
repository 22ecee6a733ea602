"""The lists of the drawer: cursor, scrolling, mouse, and what stays in view."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

import pytest

from console.guides.model import Step, StepKind
from console.runs.colors import Line as Output
from console.runs.run import Status, StepState
from tests.widgets.stage import Stage, until
from widgets.shelf import Entry, ShelfList
from widgets.step_drawing import Steps
from widgets.steps import StepList

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def many(count: int, group: str = "", lines: int = 0) -> Steps:
    """So many steps of a command."""
    states = [
        StepState(
            n,
            Step(number=n + 1, title=f"step {n}", kind=StepKind.SHELL, line=n, end_line=n, command=f"cmd {n}",
                 group=group if n >= count // 2 else ""),
        )
        for n in range(count)
    ]  # fmt: skip
    for state in states:
        state.lines = deque(Output(f"out {n}") for n in range(lines))
    return Steps(states, NOW, resolved=lambda index: states[index].step.command)


@pytest.mark.parametrize("height", [6, 10, 24])
async def test_the_step_in_front_is_in_view_with_its_command(height: int) -> None:
    """Wherever the cursor goes, and with the steps around it where there is room."""
    shown = StepList()
    app = Stage(shown)
    async with app.run_test(size=(60, height)) as pilot:
        shown.show(many(30, "Second half"))
        for at in (0, 7, 15, 29, 3):
            shown.go_to(at)
            await pilot.pause()
            assert f"step {at}" in shown.text
            assert f"$ cmd {at}" in shown.text
            assert shown.cursor == at
        shown.go_to(15)
        await pilot.pause()
        assert "Second half" in shown.text


async def test_long_output_leaves_the_other_steps_in_view() -> None:
    """The newest lines are shown, and how many are above."""
    shown = StepList()
    app = Stage(shown)
    async with app.run_test(size=(60, 20)) as pilot:
        shown.show(many(10, lines=500))
        shown.go_to(4)
        await pilot.pause()
        assert "out 499" in shown.text
        assert "step 3" in shown.text or "step 5" in shown.text
        assert "lines above: o shows all" in shown.text


class Listening(Stage):
    """Keeps what the list says was opened."""

    def on_step_list_opened(self, message: StepList.Opened) -> None:
        """Keep it."""
        self.messages.append(message)


async def test_keys_wheel_and_clicks_move() -> None:
    """A second click opens; beyond the ends nothing happens."""
    shown = StepList()
    app = Listening(shown)
    async with app.run_test(size=(60, 24)) as pilot:
        shown.show(many(9))
        shown.focus()
        await pilot.press("j", "down", "k", "G")
        assert shown.cursor == 8
        await pilot.press("down")
        assert shown.cursor == 8
        await pilot.press("g", "pagedown")
        assert shown.cursor == 8
        await pilot.press("pageup", "home", "up")
        assert shown.cursor == 0
        await pilot.click(shown, offset=(6, 4))
        assert shown.cursor == 3
        await pilot.click(shown, offset=(6, 3), times=2)
        await until(pilot, lambda: app.messages)
        assert shown.cursor == 3


async def test_no_steps_is_said() -> None:
    """Instead of an empty room."""
    shown = StepList()
    async with Stage(shown).run_test(size=(60, 5)) as pilot:
        shown.show(Steps((), NOW))
        await pilot.pause()
        assert "there are no steps in it" in shown.text


def entries(count: int) -> list[Entry]:
    """A heading and so many entries."""
    return [
        Entry([(" Heading", "title")]),
        *(Entry([(f" entry {n}", "text")], chosen=n) for n in range(count)),
    ]


async def test_the_cursor_of_the_shelf_stands_on_what_can_be_chosen() -> None:
    """It stays with its entry when others come and go; a heading above the first is in view."""
    shown = ShelfList()
    app = Stage(shown)
    async with app.run_test(size=(40, 6)) as pilot:
        shown.show(entries(20))
        shown.focus()
        assert shown.current == 0
        assert "Heading" in shown.text
        await pilot.press("G")
        assert shown.current == 19
        assert "entry 19" in shown.text
        await pilot.press("k", "k")
        assert shown.current == 17
        shown.show([*entries(3), *entries(20)[10:]])
        assert shown.current == 17
        await pilot.press("g")
        assert shown.current == 0
        await pilot.pause()
        assert "↓" in shown.text
        shown.show([])
        assert shown.current is None
        await pilot.press("enter", "j")


async def test_running_steps_are_drawn_anew_only_where_they_changed() -> None:
    """The same again costs no line."""
    shown = StepList()
    app = Stage(shown)
    async with app.run_test(size=(60, 12)) as pilot:
        given = many(4)
        shown.show(given)
        await pilot.pause()
        before = list(shown._lines)
        shown.show(given)
        assert all(old == new for old, new in zip(before, shown._lines, strict=True))
        given.states[2].status = Status.SKIPPED
        shown.show(given)
        changed = [y for y, (old, new) in enumerate(zip(before, shown._lines, strict=True)) if old != new]
        assert len(changed) == 1
