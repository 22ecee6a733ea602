"""The prompt takes so much text, however it comes, and says when it left some out."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from tests.widgets.stage import Stage, until
from widgets.prompt import LIMIT, PromptLine


@pytest.mark.parametrize("already", ["", "x" * 10, "x" * LIMIT])
async def test_what_there_is_no_room_for_is_left_out_and_said_once(already: str) -> None:
    app = Stage(PromptLine("filter", "filter:", already))
    async with app.run_test(notifications=True) as pilot:
        field = app.screen.query_one(Input)
        field.focus()
        await until(pilot, lambda: field.has_focus)
        for _ in range(3):
            field.post_message(events.Paste("y" * 100_000))
        await until(pilot, lambda: len(app._notifications) > 0)
        await pilot.press("z")
        assert field.value == already + "y" * (LIMIT - len(already))
        assert [one.message for one in app._notifications] == [
            f"The rest was left out: a prompt takes {LIMIT:,} characters"
        ]


async def test_a_selection_makes_room() -> None:
    app = Stage(PromptLine("variable", "value:", "x" * LIMIT, offered=True))
    async with app.run_test() as pilot:
        field = app.screen.query_one(Input)
        field.focus()
        await until(pilot, lambda: field.has_focus)
        field.post_message(events.Paste("y" * LIMIT))
        await until(pilot, lambda: field.value == "y" * LIMIT)
        assert len(app._notifications) == 0
        await pilot.press("backspace", "z")
        assert field.value == "y" * (LIMIT - 1) + "z"


async def test_what_nobody_sees_is_shown() -> None:
    app = Stage(PromptLine("filter", "filter:"))
    async with app.run_test() as pilot:
        field = app.screen.query_one(Input)
        field.focus()
        await until(pilot, lambda: field.has_focus)
        field.post_message(events.Paste("a\x1b[8m\u202eb\x07"))
        await until(pilot, lambda: field.value == "a␛[8m\N{REPLACEMENT CHARACTER}b␇")
