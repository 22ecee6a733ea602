"""What looks like markup or like a terminal's sequences is text, wherever it comes in."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from console.config import Config, Profile
from console.errors import NotFound, Refused, Unreachable
from console.findings import Finding, Severity
from console.text import clean
from screens.detail import DetailScreen
from screens.last_door import ControlFilter
from tests.screens.kit import (
    console,
    header,
    pane_text,
    read,
    screen_text,
    shown_toasts,
    text_of,
    told,
    wrong,
    zoomed,
)
from tests.widgets.fakes import FakeSnapshot, FakeSource, Row
from tests.widgets.stage import until
from widgets.lines import TabsLine

HOSTILE = [
    "[/",
    "[/]",
    "[@click=app.quit]press[/]",
    "[@click='app.leave']x",
    "[bold red]x[/bold red]",
    "[link=https://example.org]x[/link]",
    "\\[",
    "$v ${v} {v} %s",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_markup_in_data_is_text_everywhere(text: str) -> None:
    """Rows, titles, findings, errors, fixes, banners, hosts, details, toasts, filters, commands."""
    row = Row(text, 0.5, level=Severity.CRITICAL)
    given = [
        FakeSource("docker", f"a {text}", text, FakeSnapshot(rows=(row,), limited=(text,))),
        FakeSource("docker", f"b {text}", text, FakeSnapshot(rows=(row,))),
        FakeSource("redis", error=Refused(text, text), target=text),
        FakeSource("logs", error=NotFound(text, text)),
    ]
    given[0].findings = [Finding(Severity.CRITICAL, text, text, text)]
    config = Config(profile="p", profiles={"p": Profile(banner=text)}, keys={text: text, "app.pause": text})
    async with console(given, (200, 60), config, notes=[text], toasts_drawn=True) as (pilot, app):
        app.scene.host = text
        app._tick()
        await until(pilot, lambda: text in header(app))
        assert text in wrong(app)
        for kind in ("docker", "redis", "logs"):
            assert text in pane_text(app, kind)
        await told(pilot, app, text)
        await until(pilot, lambda: any(text in shown for shown in shown_toasts(app)))
        app.clear_notifications()
        given[2].error = Unreachable(text, text)
        await read(pilot, app, lambda: text in pane_text(app, "redis"))
        await pilot.press("1")
        await zoomed(pilot, app, "docker")
        assert text in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        assert text in screen_text(app)
        await pilot.press("y", "question_mark", "escape", "escape", "slash")
        app.screen.query_one(Input).value = text
        await until(pilot, lambda: clean(text, 30) in text_of(app, TabsLine))
        await pilot.press("enter", "y", "escape", "colon")
        app.screen.query_one(Input).value = text
        await pilot.press("enter")
        await told(pilot, app, "there is no")
        app.go_to_time(text)
        app.export(f"/no/such/{text}")
        await told(pilot, app, "could not write")
        await pilot.pause()
        assert app.is_running


async def test_a_kind_with_a_strange_name_is_a_pane() -> None:
    """Kinds come from other packages."""
    given = [FakeSource("[/ my.kind!"), FakeSource("漢字"), FakeSource("")]
    async with console(given, (120, 90)) as (pilot, app):
        assert "[/ my.kind!" in pane_text(app, "[/ my.kind!")
        await pilot.press("1")
        await zoomed(pilot, app, "[/ my.kind!")
        await pilot.press("question_mark")
        await until(pilot, lambda: "[/ my.kind!, 漢字" in screen_text(app))
        await pilot.press("escape", "ctrl+p", "left_square_bracket")
        await until(pilot, lambda: app.screen.query_one(Input)._suggestion == "[/ my.kind!")
        await pilot.press("escape")
        app.export("")
        await told(pilot, app, "written to")


def test_the_last_door_lets_no_control_through() -> None:
    """And moves nothing: what is measured with no width is deleted, the rest stays as wide."""
    from rich.cells import cell_len
    from rich.segment import Segment
    from rich.style import Style
    from textual.color import Color

    style = Style(bold=True, link="https://example.org")
    hostile = "a\x1b]0;x\x07b\x9b2Jc\u202ed\x00e\u200bf\u00adg\r\nh"
    fine = Segment("fine ▁━漢", Style(bold=True))
    (kept, other) = ControlFilter().apply([Segment(hostile, style), fine], Color(0, 0, 0))
    assert kept.text.isprintable()
    assert cell_len(kept.text) == cell_len(hostile)
    assert kept.style is not None
    assert kept.style.link is None
    assert kept.style.bold
    assert other == fine
    untouched = [fine]
    assert ControlFilter().apply(untouched, Color(0, 0, 0)) is untouched
