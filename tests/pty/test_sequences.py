"""The allow-list itself: what Textual sends passes, what data would send does not."""

from __future__ import annotations

import pytest

from tests.pty.consoles import fake_console
from tests.pty.hostile import STRINGS
from tests.pty.sequences import foreign, misleading, modes

HARMLESS = {"[/", "[/]", ""}
TEXT_ONLY = [
    s for s in STRINGS if s.isprintable() or s in HARMLESS
]  # markup and wide letters: no terminal minds


@pytest.mark.parametrize("hostile", [s for s in STRINGS if s not in TEXT_ONLY and "\ud7ff" not in s])
def test_every_hostile_string_would_be_noticed(hostile: str) -> None:
    assert foreign(b"\x1b[1;1Hbefore " + hostile.encode() + b" after\x1b[0m")


def test_modes_are_switched_at_the_two_ends_only() -> None:
    begin, end = b"\x1b[?1049h\x1b[?25l", b"\x1b[?2004l\x1b[?25h\x1b[?1049l"
    assert foreign(begin + b"text" + end) == []
    assert foreign(begin + b"text\x1b[?25hmore" + end)
    assert foreign(begin + b"text" + end + b"more" + end)


@pytest.mark.parametrize(
    "sent",
    [b"\x1b[38;2;1;2;3;48;2;4;5;6mtext\x1b[0m", b"\x1b[10;20H", b"\x1b[?2026h", b"a\r\n\x1b[2;1H"],
)
def test_what_textual_sends_is_allowed(sent: bytes) -> None:
    assert foreign(sent) == []


@pytest.mark.parametrize(
    "sent",
    [
        b"a\r\nb",
        b"a\rb",
        b"\x07",
        b"\xff",
        b"\xc2\x9b31m",
        b"\x1b[2J",
        b"\x1b[31",
        b"\x1b[51;1H",
        b"\x1b[31m",
        b"\x1b[5m",
        b"\x1b]0;t\x07",
        b"\x1b",
    ],
)
def test_what_textual_never_sends_is_foreign(sent: bytes) -> None:
    assert foreign(sent)


def test_copying_is_foreign_unless_it_was_asked_for() -> None:
    copy = b"\x1b]52;c;QQ==\x07"
    assert foreign(copy)
    assert not foreign(copy, clipboard=True)


def test_reordering_and_hiding_characters_are_named() -> None:
    assert misleading("gpj.\u202egnp") == "\u202e"
    assert misleading("a\u200bb\u3164") == "\u200b\u3164"
    assert misleading("ordinary, 漢字, é") == ""


def test_the_last_state_of_a_mode_counts() -> None:
    assert modes(b"\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[?1049l") == {
        1049: False, 25: False, 1000: True, 1006: True
    }  # fmt: skip


def test_a_clean_console_sends_nothing_foreign_from_start_to_end() -> None:
    with fake_console() as terminal:
        terminal.wait_for("40 rows")
        for key in ("tab", "2", "enter", "escape", "right", "/", "r", "enter", "escape", "?", "escape", "0"):
            terminal.press(key)
            terminal.wait_quiet(0.2)  # longer than a terminal program waits to tell Esc from a sequence
        terminal.press("q")
        terminal.wait_quiet(0.2)
        terminal.press("q")
        terminal.wait()
        assert foreign(bytes(terminal.raw)) == []
        assert len(terminal.raw) > 50_000
