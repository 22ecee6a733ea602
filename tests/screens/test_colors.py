"""What is left in 256 colours, in 16, and with none: state, cursor and focus are still told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyte
import pytest
from rich.segment import Segment
from rich.style import Style
from textual.pilot import Pilot
from textual.strip import Strip

from console.errors import Unreachable
from console.findings import Severity
from screens.app import OpsConsole
from tests.screens.kit import BAD, console, production, table, zoomed
from tests.screens.kit import sources as fake_sources
from tests.widgets.fakes import FakeSnapshot, Row
from themes import THEMES

TERMINALS = {
    "truecolor": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    "256": {"TERM": "screen-256color"},
    "16": {"TERM": "linux"},
    "none": {"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"},
    "dumb": {"TERM": "dumb"},
}
_SGR = re.compile(r"\x1b\[([0-9;]*)m")


@asynccontextmanager
async def on(terminal: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpsConsole]:
    """A zoomed table with a critical row, on a terminal of this kind."""
    for name in ("TERM", "COLORTERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in TERMINALS[terminal].items():
        monkeypatch.setenv(name, value)
    given = fake_sources()
    rows = (
        Row("well", 0.1),
        Row("broken", 0.2, level=Severity.CRITICAL),
        Row("so-so", 0.3, level=Severity.WARNING),
    )
    given[1].snapshot = FakeSnapshot(rows=rows)
    given[1].findings = [BAD]
    given[3].error = Unreachable("gone")
    async with console(given, (110, 30), production()) as (pilot, app):
        app.screen.refresh()
        overview = sent(app)
        await pilot.press("2")
        await zoomed(pilot, app, "docker")
        await pilot.press("down", "down")
        setattr(app, "overview_sent", overview)  # noqa: B010 kept for the test only
        yield app


def sent(app: OpsConsole) -> str:
    """What painting the whole screen writes to the terminal.

    Styles are copied first: each keeps the sequence it was rendered to, of another test's terminal too.
    """
    lines = []
    for strip in app.screen._compositor.render_strips():
        segments = (Segment(text, _fresh(style)) for text, style, _ in strip)
        lines.append(Strip(segments).render(app.console))
    return "\n".join(lines)


def _fresh(style: Style | None) -> Style | None:
    copy = style.copy() if style else None
    if copy is not None:
        copy._ansi = None  # a copy keeps it as well
    return copy


def codes(text: str) -> set[str]:
    """The attributes and colours that are set, one by one."""
    found: set[str] = set()
    for match in _SGR.findall(text):
        parts = match.split(";")
        while parts:
            take = {"38": 5 if parts[1:2] == ["2"] else 3, "48": 5 if parts[1:2] == ["2"] else 3}.get(
                parts[0], 1
            )
            found.add(";".join(parts[: 2 if take > 1 else 1]))
            parts = parts[take:]
    return found - {"", "0"}


ATTRIBUTES = {"1", "2", "4", "7", "39", "49"}
"""Weight and the like, and the terminal's own two colours."""
SIXTEEN = {str(base + n) for base in (30, 40, 90, 100) for n in range(8)}


def terminal_of(app: OpsConsole, text: str) -> pyte.Screen:
    """The terminal after what was sent."""
    screen = pyte.Screen(app.size.width, app.size.height)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return screen


def row_with(screen: pyte.Screen, word: str) -> list[pyte.screens.Char]:
    """The cells of the line with this word."""
    y = next(i for i, line in enumerate(screen.display) if word in line)
    return [screen.buffer[y][x] for x in range(screen.columns)]


@pytest.mark.parametrize(
    ("terminal", "allowed"),
    [
        ("truecolor", ATTRIBUTES | {"38;2", "48;2"}),
        ("256", ATTRIBUTES | {"38;5", "48;5"} | SIXTEEN),
        ("16", ATTRIBUTES | SIXTEEN),
        ("none", ATTRIBUTES),
        ("dumb", ATTRIBUTES),
    ],
)
async def test_no_terminal_gets_colours_it_does_not_have(
    monkeypatch: pytest.MonkeyPatch, terminal: str, allowed: set[str]
) -> None:
    """On the overview and zoomed, in every theme."""
    async with on(terminal, monkeypatch) as app:
        assert codes(app.overview_sent) <= allowed  # type: ignore[attr-defined]
        for theme in THEMES:
            await turn(app, theme.name)
            assert codes(sent(app)) <= allowed


async def turn(app: OpsConsole, theme: str) -> None:
    """Another theme, drawn."""
    app.theme = theme
    await Pilot(app).pause()
    await Pilot(app).pause()


@pytest.mark.parametrize("terminal", ["16", "none"])
async def test_the_cursor_is_seen_without_shades(monkeypatch: pytest.MonkeyPatch, terminal: str) -> None:
    """By reverse; so are the chosen tab and the banner."""
    async with on(terminal, monkeypatch) as app:
        current = table(app).current
        assert current is not None
        screen = terminal_of(app, sent(app))
        under, beside = row_with(screen, current.name), row_with(screen, "broken")
        assert all(cell.reverse for cell in under)
        assert not any(cell.reverse for cell in beside)
        tabs = row_with(screen, " Rows ")
        assert [cell.data for cell in tabs if cell.reverse] == list(" Rows ")
        banner = "".join(cell.data for cell in row_with(screen, "PRODUCTION") if cell.reverse)
        assert banner.strip() == "PRODUCTION"


@pytest.mark.parametrize("terminal", sorted(TERMINALS))
async def test_state_is_told_by_shape_and_weight(monkeypatch: pytest.MonkeyPatch, terminal: str) -> None:
    """Marks in front of rows, in titles and in the line of what is wrong."""
    async with on(terminal, monkeypatch) as app:
        screen = terminal_of(app, sent(app))
        for name, mark in (("broken", "✖"), ("so-so", "▲")):
            row = row_with(screen, name)
            assert row[0].data == mark
            if terminal != "dumb":
                assert row[0].bold
        assert row_with(screen, "well")[0].data == " "
        overview = terminal_of(app, app.overview_sent)  # type: ignore[attr-defined]
        assert any("✖ api-3 restarting, exit 137 OOM [2]" in line for line in overview.display)
        assert any("✖ no answer" in line for line in overview.display)
        assert any("┏━ 1 System" in line for line in overview.display)


async def test_warnings_and_criticals_differ_in_sixteen_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the terminal's own colours, and by underline."""
    async with on("16", monkeypatch) as app:
        screen = terminal_of(app, sent(app))
        critical, warning = row_with(screen, "broken")[0], row_with(screen, "so-so")[0]
        assert (critical.fg, warning.fg) == ("red", "brown")
        assert critical.underscore
        assert not warning.underscore


async def test_the_prompt_can_be_read_in_sixteen_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed does not fall together with its background."""
    async with on("16", monkeypatch) as app:
        await Pilot(app).press("slash", *"typed")
        for theme in THEMES:
            await turn(app, theme.name)
            screen = terminal_of(app, sent(app))
            assert screen.display[-1].strip().startswith("/ typed")
            cells = [screen.buffer[screen.lines - 1][x] for x in range(screen.columns)]
            assert all(cell.fg != cell.bg for cell in cells if cell.data == "t")


@pytest.mark.parametrize("terminal", sorted(TERMINALS))
async def test_what_is_behind_a_window_stays_in_view(monkeypatch: pytest.MonkeyPatch, terminal: str) -> None:
    """Also where there are no shades to dim it with, and the window is on the terminal's own background."""
    async with on(terminal, monkeypatch) as app:
        await Pilot(app).press("exclamation_mark")
        screen = terminal_of(app, sent(app))
        assert "Findings" in "".join(screen.display)
        assert screen.display[0].strip().startswith("opsconsole")
        assert screen.display[-1].strip().startswith("esc")
        if terminal in ("16", "none", "dumb"):
            assert {cell.bg for cell in row_with(screen, "restarting, exit 137")} == {"default"}
