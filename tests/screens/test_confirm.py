"""The question before a step: for each risk just what the gate wants, and nothing that was not seen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.widgets import Input

from console.errors import GateRefused
from console.guides.model import Risk, StepKind
from console.runs import gate
from console.runs.asking import Asked
from console.runs.gate import Confirmation, Question, Repeat
from screens.app import OpsConsole
from screens.confirm import ConfirmScreen
from screens.detail import ScrollCanvas
from tests.copies import replace
from tests.pty.hostile import STRINGS
from tests.pty.sequences import misleading
from tests.screens.kit import console, screen_text, sources
from tests.widgets.fakes import START
from tests.widgets.stage import until

LONG = "\n".join(f"echo {n}" for n in range(60)) + "\nrm -rf /srv/data"


def question(risk: Risk, command: str = "docker restart api-3", **fields: object) -> Question:
    """What the gate would be asked for a command."""
    asked = Question(kind=StepKind.SHELL, risk=risk, command=command, digest="d1", name="api-3", now=START)
    return replace(asked, **fields)


class Asking:
    """A question on the screen, and the answer once there is one."""

    def __init__(self, app: OpsConsole, pilot: Pilot[None], asked: Question) -> None:
        self.app, self.pilot, self.question = app, pilot, asked
        self.answers: list[Confirmation | None] = []

    @property
    def text(self) -> str:
        """What the window says above the field."""
        return self.app.screen.query_one(ScrollCanvas).text

    @property
    def keys(self) -> str:
        """What the frame says of the keys."""
        return str(self.app.screen.query_one(Vertical)._border_subtitle)

    async def press(self, *keys: str) -> None:
        """Press keys and let them take effect."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def answered(self) -> Confirmation | None:
        """The answer, once the window is closed."""
        await until(self.pilot, lambda: self.answers)
        assert len(self.app.screen_stack) == 1
        return self.answers[0]


@asynccontextmanager
async def asking(
    asked: Question,
    size: tuple[int, int] = (80, 24),
    title: str = "Restart container api-3",
    target: Sequence[str] = ("container api-3, up 3h", "on db-eu-1"),
) -> AsyncIterator[Asking]:
    """The window over the console."""
    preview = Asked(asked, None, asked.command).preview(False, asked.command)
    async with console(sources("docker"), size) as (pilot, app):
        shown = Asking(app, pilot, asked)
        app.push_screen(ConfirmScreen(title, target, preview), shown.answers.append)
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.query(ScrollCanvas))
        await pilot.pause()
        yield shown


@pytest.mark.parametrize(
    ("risk", "wrong", "right"),
    [
        (Risk.READ, ["space"], ["enter"]),
        (Risk.READ, [], ["y"]),
        (Risk.UNKNOWN, ["space"], ["enter"]),
        (Risk.CHANGE, ["enter", "enter"], ["y"]),
        (Risk.DESTRUCTIVE, ["enter", "y", "enter", "backspace"], [*"api-3", "enter"]),
    ],
)
async def test_each_risk_has_its_friction(risk: Risk, wrong: list[str], right: list[str]) -> None:
    """What is given is what the gate takes, and less is nothing."""
    async with asking(question(risk)) as shown:
        assert f"{risk.word}: " in shown.text
        assert "container api-3, up 3h" in shown.text
        assert "  docker restart api-3" in shown.text
        await shown.press(*wrong)
        assert not shown.answers
        await shown.press(*right)
        given = await shown.answered()
        assert given is not None
        gate.admit(shown.question, given)
        with pytest.raises(GateRefused, match="not the one that was confirmed"):
            gate.admit(replace(shown.question, digest="d2"), given)


@pytest.mark.parametrize("key", ["escape", "q", "n"])
async def test_leaving_it_does_nothing(key: str) -> None:
    """None is no confirmation."""
    async with asking(question(Risk.CHANGE)) as shown:
        assert "y do it  esc leave it" in shown.keys
        await shown.press(key)
        assert await shown.answered() is None


async def test_another_name_is_told_and_the_right_one_still_works() -> None:
    """Letters are typed, also those that are keys elsewhere; Escape leaves."""
    async with asking(question(Risk.DESTRUCTIVE, name="q/n:T!y")) as shown:
        assert "type q/n:T!y ⏎ do it" in shown.keys
        await shown.press(*"api-2", "enter")
        assert "✖ 'api-2' is not q/n:T!y: nothing was done" in shown.text
        assert not shown.answers
        await shown.press("ctrl+u", "q", "slash", "n", "colon", "T", "exclamation_mark", "y")
        assert shown.app.screen.query_one(Input).value == "q/n:T!y"
        assert len(shown.app.screen_stack) == 2
        await shown.press("enter")
        given = await shown.answered()
        assert given is not None
        assert given.name == "q/n:T!y"
    async with asking(question(Risk.DESTRUCTIVE)) as shown:
        await shown.press(*"api", "escape")
        assert await shown.answered() is None


async def test_a_name_is_asked_for_a_change_in_production() -> None:
    """And the window says why."""
    async with asking(question(Risk.CHANGE, production=True)) as shown:
        assert "▲ a production profile is in use" in shown.text
        await shown.press("y", "enter")
        assert "'y' is not api-3" in shown.text
        await shown.press("backspace", *"api-3", "enter")
        given = await shown.answered()
        assert given is not None
        gate.admit(shown.question, given)


async def test_a_repeat_is_told_and_asks_for_more() -> None:
    """Who ran it, and when."""
    repeat = Repeat(at=START - timedelta(minutes=4), actor="ana\x1b[2J")
    async with asking(question(Risk.CHANGE, repeat=repeat)) as shown:
        assert "▲ already run 4m00s ago by ana␛[2J, exit 0" in shown.text
        assert shown.app.screen.query(Input)


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_what_is_refused_cannot_be_confirmed(key: str) -> None:
    """The reason, what would let it, and no way to say yes."""
    async with asking(question(Risk.DESTRUCTIVE, read_only=True)) as shown:
        assert "✖ refused: only reading is allowed here, and this is destructive" in shown.text
        assert "read_only is set in [runs]" in shown.text
        assert "docker restart api-3" in shown.text
        assert shown.keys.strip() == "esc close"
        assert not shown.app.screen.query(Input)
        await shown.press("y")
        assert not shown.answers
        await shown.press(key)
        assert await shown.answered() is None


@pytest.mark.parametrize(("risk", "yes"), [(Risk.UNKNOWN, "enter"), (Risk.CHANGE, "y")])
async def test_what_was_not_seen_is_not_confirmed(risk: Risk, yes: str) -> None:
    """A long command is read to its end first: its last line may be the one that matters."""
    async with asking(question(risk, LONG)) as shown:
        assert "more lines" in shown.text
        assert "rm -rf" not in shown.text
        assert "pgdn read on  esc leave it" in shown.keys
        await shown.press(yes, yes)
        assert not shown.answers
        await shown.press("pagedown")
        assert "  echo 20" in shown.text
        await shown.press(yes)
        assert not shown.answers
        await shown.press("end")
        assert shown.text.rstrip().endswith("rm -rf /srv/data")
        assert "read on" not in shown.keys
        await shown.press("pageup", "up", yes)
        assert await shown.answered() is not None


async def test_a_long_command_scrolls_while_a_name_is_typed() -> None:
    """Page keys reach the text although the field has the keyboard."""
    async with asking(question(Risk.DESTRUCTIVE, LONG)) as shown:
        await shown.press(*"api-3", "enter")
        assert not shown.answers
        for _ in range(6):
            await shown.press("pagedown")
        assert shown.text.rstrip().endswith("rm -rf /srv/data")
        await shown.press("pageup", "enter")
        assert await shown.answered() is not None


async def test_nothing_beneath_hears_its_keys() -> None:
    """Neither panes nor prompts nor lists of findings."""
    async with asking(question(Risk.CHANGE)) as shown:
        await shown.press(
            "1", "0", "exclamation_mark", "slash", "colon", "T", "p", "left_square_bracket", "x"
        )
        await shown.press("R", "s", "r", "plus", "minus", "tab", "ctrl+s", "ctrl+p", "v", "f")
        assert isinstance(shown.app.screen, ConfirmScreen)
        assert len(shown.app.screen_stack) == 2
        assert not shown.app.paused
        assert shown.app.collector.interval == 1.0
        assert not shown.answers


@pytest.mark.parametrize("text", [text for text in STRINGS if text.strip()])
async def test_hostile_text_is_text(text: str) -> None:
    """In every place text from outside has: title, target, command, name, warning."""
    asked = question(
        Risk.DESTRUCTIVE, f"{text}\n{text}", name=text, repeat=Repeat(at=START, actor=text), production=True
    )
    async with asking(asked, title=text, target=(text, text)) as shown:
        assert not misleading(screen_text(shown.app).replace("\n", ""))
        window = shown.app.screen.query_one(Vertical)
        assert not misleading(str(window._border_title) + str(window._border_subtitle))
        assert not misleading(shown.app.screen.query_one(Input).placeholder)
        await shown.press("pagedown", "x", "enter", "escape")
        assert await shown.answered() is None
    refused = replace(asked, where=text)
    async with asking(refused, title=text) as shown:
        assert not misleading(shown.text.replace("\n", ""))
        await shown.press("enter")
        assert await shown.answered() is None


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (80, 24), (240, 70)])
@pytest.mark.parametrize("risk", [Risk.CHANGE, Risk.DESTRUCTIVE])
async def test_any_size(size: tuple[int, int], risk: Risk) -> None:
    """It opens, fits, and closes; where there is room it is no larger than what it says."""
    async with asking(question(risk), size) as shown:
        region = shown.app.screen.query_one(Vertical).region
        assert region.width <= max(4, size[0])
        if size[1] >= 24:
            assert region.height == (10 if risk is Risk.DESTRUCTIVE else 8)
            field = shown.app.screen.query(Input)
            assert not field or region.contains_region(field.first().region)
        await shown.press("escape")
        assert await shown.answered() is None
