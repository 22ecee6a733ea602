"""Header, wrong line, footer, tabs: what they keep when there is little room, and what clicks do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.findings import Finding, Severity
from tests.widgets.fakes import START
from tests.widgets.stage import Stage, until
from tests.widgets.texts import clean_text
from widgets.canvas import Canvas
from widgets.draw import line_width
from widgets.lines import FooterLine, HeaderLine, HeaderState, NoteLine, TabsLine, WrongLine

FINDINGS = [
    ("2", Finding(Severity.CRITICAL, "api-3", "restarting, exit 137 OOM")),
    ("2", Finding(Severity.CRITICAL, "api-4", "restarting, exit 1")),
    ("1", Finding(Severity.WARNING, "/var", "91% used (limit 85%)")),
    ("", Finding(Severity.WARNING, "[/ [@click=app.quit]", "漢字")),
]


def drawn(widget: Canvas, width: int) -> str:
    """What the widget would show in so many cells."""
    lines = widget.draw(width, 1)
    return "".join(text for text, _ in lines[0])


def header(width: int, **fields: Any) -> str:
    """The header of a state."""
    line = HeaderLine()
    line._state = HeaderState(**{"host": "db-eu-1", "time": START, **fields})
    return drawn(line, width)


def wrong(width: int, findings: Sequence[tuple[str, Finding]], waiting: bool = False) -> str:
    """The wrong line of these findings."""
    line = WrongLine()
    line._findings, line._waiting = findings, waiting
    return drawn(line, width)


def test_where_there_is_little_room_what_failed_stands_before_its_address() -> None:
    where = "127.0.0.1:25991"
    down = [
        ("3", Finding(Severity.CRITICAL, f"shop@{where}", f"{where} refuses the connection")),
        ("4", Finding(Severity.CRITICAL, "redis", "127.0.0.1:26991 did not answer within 2 s")),
    ]
    assert wrong(80, down).split("[3]")[0].strip() == "✖ shop refuses the connection"
    assert "✖ redis did not answer within 2 s [4]" in wrong(80, down)
    assert f"shop@{where} {where} refuses" in wrong(160, down)


def test_the_header_says_who_where_how_wrong_and_what_it_costs() -> None:
    """All of it where there is room."""
    shown = header(120, banner="PRODUCTION", critical=2, warnings=1, own_cpu=0.011, own_memory=58 * 2**20)
    assert shown.startswith(" opsconsole  db-eu-1   PRODUCTION   ✖ 2 critical ▲ 1 warning")
    assert shown.rstrip().rsplit("   ", 1)[0].endswith("own 1.1% 58.0M")


def test_the_header_keeps_its_halves_apart() -> None:
    """At whatever width: `pendingown` is no word."""
    for width in range(70, 130):
        shown = header(width, critical=21, warnings=12, firing=18, pending=4, own_cpu=0.13, own_memory=7e7)
        assert " own 13%" in shown


@pytest.mark.parametrize("width", [100, 60, 45, 30, 24])
def test_the_header_keeps_what_is_wrong_and_the_banner(width: int) -> None:
    """Names give way first, words next."""
    shown = header(width, banner="PROD", critical=2, warnings=12, host="a-rather-long-host-name.example.org")
    assert "✖ 2" in shown
    assert "▲ 12" in shown
    assert "PROD" in shown


def test_the_header_says_which_moment_is_shown_while_paused() -> None:
    """The clock goes on; how long ago stands beside it."""
    shown = header(120, paused_for=75.0)
    assert ", 1m15s ago" in shown
    assert "paused at " in shown
    assert "-1m15s" in header(24, paused_for=75.0)
    crowded = header(80, critical=4, warnings=9, paused_for=75.0, own_cpu=0.05, own_memory=5e7)
    assert "✖ 4 ▲ 9" in crowded
    assert "paused at" in crowded  # the word before the words for the counts
    assert "paused" not in header(120)


@given(st.integers(1, 200), clean_text, clean_text, st.integers(0, 99), st.none() | st.floats(0, 1e6))
def test_the_header_is_never_wider_than_the_screen(
    width: int, host: str, banner: str, critical: int, paused: float | None
) -> None:
    """Whatever the names are."""
    line = HeaderLine()
    line._state = HeaderState(host, START, banner, critical=critical, paused_for=paused)
    assert line_width(line.draw(width, 1)[0]) == width


def test_the_wrong_line_shows_the_worst_first_and_counts_the_rest() -> None:
    """Nothing wrong is out of sight unannounced."""
    assert wrong(200, FINDINGS[:1]) == " ✖ api-3 restarting, exit 137 OOM [2] "
    assert wrong(200, [("", FINDINGS[0][1])]) == " ✖ api-3 restarting, exit 137 OOM "
    assert wrong(50, FINDINGS).endswith(" +3 more")
    assert wrong(90, FINDINGS).endswith(" +2 more")
    assert wrong(400, FINDINGS).count("▲") == 2


def test_a_finding_that_is_cut_keeps_the_key_of_its_pane() -> None:
    """Half a sentence with its key says more than a count."""
    assert (
        wrong(76, FINDINGS) == " ✖ api-3 restarting, exit 137 OOM [2]  ✖ api-4 restarting, exi… [2]  +2 more"
    )
    assert wrong(60, FINDINGS) == " ✖ api-3 restarting, exit 137 OOM [2]  +3 more"


def test_a_long_finding_leaves_room_for_another() -> None:
    """Two that are cut say more than one that is whole."""
    long = Finding(
        Severity.CRITICAL, "cache", "no answer within 2.7 s: it is asked again by itself, and so on"
    )
    shown = wrong(80, [("3", long), *FINDINGS])
    assert re.fullmatch(
        r" ✖ cache no answer within 2.7 s: \S.*… \[3\]  ✖ api-3 restart.*… \[2\]  \+3 more", shown
    )
    assert len(shown) <= 80


@given(st.integers(1, 200), st.lists(st.sampled_from(FINDINGS), max_size=8))
def test_every_finding_is_shown_or_counted(width: int, findings: list[tuple[str, Finding]]) -> None:
    """At any width from twenty cells on, the count itself is never cut away."""
    shown = wrong(width, findings)
    marks = sum(shown.count(mark) for mark in "✖▲")
    more = int(shown.rsplit("+", 1)[1].split()[0]) if " more" in shown else 0
    assert marks + more == len(findings)
    if width >= 20:
        assert line_width([(shown, "text")]) <= max(width, len(shown) if not findings else 0)


def test_nothing_wrong_and_nothing_known_differ() -> None:
    """Before the first readings nobody knows."""
    assert wrong(80, []) == " nothing wrong is known"
    assert wrong(80, [], waiting=True) == " waiting for the first readings"


class Listening(Stage):
    """Keeps what is chosen, and has actions to click."""

    def on_wrong_line_chosen(self, message: WrongLine.Chosen) -> None:
        """Keep the number."""
        self.messages.append(message.number)

    def action_note(self, word: str) -> None:
        """Keep the word."""
        self.messages.append(word)


async def test_a_click_on_a_finding_chooses_its_pane() -> None:
    """Beside all findings, the first."""
    line = WrongLine()
    app = Listening(line)
    async with app.run_test(size=(150, 3)) as pilot:
        line.show(FINDINGS)
        for x in (5, line.text.index("/var"), 149):
            await pilot.click(line, offset=(x, 0))
        await until(pilot, lambda: len(app.messages) == 3)
        assert app.messages == ["2", "1", "2"]


async def test_no_finding_is_nothing_to_click() -> None:
    """The line then only says so."""
    line = WrongLine()
    app = Listening(line)
    async with app.run_test(size=(100, 3)) as pilot:
        line.show([])
        await pilot.click(line, offset=(5, 0))
        await pilot.pause()
        assert app.messages == []


async def test_a_click_on_a_key_presses_it() -> None:
    """Keys without an action are words only."""
    line = FooterLine(
        [("1-5", "pane", ""), ("⏎", "zoom", "app.note('zoom')"), ("?", "help", "app.note('?')")]
    )
    app = Listening(line)
    async with app.run_test(size=(40, 3)) as pilot:
        assert line.text.rstrip() == " 1-5 pane  ⏎ zoom  ? help"
        for x in (2, 12, 20, 35):
            await pilot.click(line, offset=(x, 0))
        await until(pilot, lambda: len(app.messages) == 2)
        assert app.messages == ["zoom", "?"]


async def test_keys_that_do_not_fit_are_left_out_whole() -> None:
    """No half word at the edge."""
    line = FooterLine([("a", "first", ""), ("b", "second", "")])
    async with Listening(line).run_test(size=(16, 3)):
        assert line.text.rstrip() == " a first"


def tabs(width: int, chosen: int, suffix: str = "", brief: str = "") -> str:
    """Five tabs in so many cells."""
    line = TabsLine(["Sessions", "Locks", "Tables", "Replication", "Statements"])
    line._chosen = chosen
    line._suffix, line._brief = ((suffix, "text"),), ((brief, "text"),)
    return drawn(line, width)


@pytest.mark.parametrize("width", [120, 60, 40, 24])
def test_the_chosen_tab_is_in_view_beside_the_state(width: int) -> None:
    """However many there are."""
    for chosen, name in enumerate(["Sessions", "Locks", "Tables", "Replication", "Statements"]):
        shown = tabs(width, chosen, "3 Database  ✖ stale  and a long headline", "✖ stale")
        assert f" {name} " in shown
        assert "✖ stale" in shown


def test_tabs_that_have_no_room_are_announced() -> None:
    """To the left and to the right; no name is cut."""
    assert tabs(40, 0, brief="3 Database").split() == ["Sessions", "Locks", "Tables", "›", "3", "Database"]
    assert tabs(32, 4, brief="3 Database").split() == ["‹", "Statements", "3", "Database"]
    assert "‹" in tabs(40, 2, brief="3 Database  ✖ 2")
    assert "›" not in tabs(120, 2, brief="3 Database")


class Choosing(Listening):
    """Its screen has views to choose."""

    async def on_mount(self) -> None:
        """The action of zoomed panes."""
        self.screen.action_view = lambda index: self.messages.append(index)  # type: ignore[attr-defined]


async def test_a_click_on_a_tab_chooses_it() -> None:
    """Also when the first ones are scrolled out."""
    line = TabsLine(["Sessions", "Locks", "Tables"])
    app = Choosing(line)
    async with app.run_test(size=(30, 3)) as pilot:
        line.show(0)
        await pilot.click(line, offset=(13, 0))
        line.show(2, [(" " * 14, "text")], [(" " * 14, "text")])
        await pilot.click(line, offset=(line.text.index("Tables"), 0))
        await until(pilot, lambda: len(app.messages) == 2)
        assert app.messages == [1, 2]


async def test_an_empty_note_takes_no_room() -> None:
    """And comes back when there is something to say."""
    note, footer = NoteLine(), FooterLine()
    async with Stage(note, footer).run_test(size=(30, 4)) as pilot:
        note.show(())
        await until(pilot, lambda: footer.region.y == 0)
        note.show((("limited view", "warn"),))
        await until(pilot, lambda: footer.region.y == 1)
        await until(pilot, lambda: note.text == "limited view")
