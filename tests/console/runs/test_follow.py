"""A step's output as lines: cleaned, coloured, and only the newest of a flood."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.runs.colors import LONGEST, Pen
from console.runs.follow import SHOWN, Follower
from console.runs.run import LINES, StepState
from console.runs.spool import SpoolWriter
from console.text import clean
from tests.console.runs.kit import step

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Sink:
    """A spool and what follows it."""

    def __init__(self, directory: Path) -> None:
        self.state = StepState(0, step("x"))
        self._writer = SpoolWriter(str(directory))
        self._follower = Follower(directory, self.state)

    def write(self, data: bytes) -> list[str]:
        """Write, look, and give the lines there are."""
        self._writer.write(data)
        while self._follower.look(NOW):
            pass
        return list(self.state.lines)


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    return Sink(tmp_path)


def test_lines_come_whole_and_in_parts(sink: Sink) -> None:
    assert sink.write(b"one\ntw") == ["one", "tw"]
    assert sink.write(b"o\n\nCaf\xc3") == ["one", "two", "", "Caf"]
    assert sink.write(b"\xa9 10%\r") == ["one", "two", "", "Café 10%"]
    assert sink.write(b"20%\r30%\r\nend") == ["one", "two", "", "30%", "end"]
    assert sink.state.last_output == NOW


def test_what_is_hostile_is_shown_as_what_it_is(sink: Sink) -> None:
    lines = sink.write(b"\x1b]0;title\x07a\x1b[2Jb\x1b[31m[/red]\x9b1mc\x00\xff\x1b]8;;http://x\x1b\\d\n")
    assert lines == ["ab[/red]\ufffd1mc␀\ufffdd"]
    assert all(line.isprintable() for line in lines)


def test_a_flood_leaves_the_newest(sink: Sink) -> None:
    lines = sink.write(b"".join(b"line %d\n" % number for number in range(100_000)))
    assert len(lines) <= LINES
    assert lines[-1] == "line 99999"
    assert sink.state.skipped_bytes == len(b"".join(b"line %d\n" % n for n in range(100_000))) - SHOWN


def test_one_endless_line_is_cut(sink: Sink) -> None:
    lines = sink.write(b"x" * 100_000)
    assert max(map(len, lines)) == LONGEST
    assert sum(map(len, lines)) == 100_000
    assert sum(map(len, sink.write(b"y" * 5000 + b"\n"))) == 105_000


def test_colours_stand_beside_the_text() -> None:
    pen = Pen()
    line = pen.line("plain \x1b[1;31mred\x1b[0m \x1b[38;5;208mo\x1b[48;2;1;2;3mx\x1b[39;49m \x1b[92mgreen")
    assert line == "plain red ox green"
    assert line.spans == (
        (6, 9, "bold red"), (10, 11, "color(208)"), (11, 12, "color(208) on #010203"),
        (13, 18, "bright_green"),
    )  # fmt: skip
    assert pen.line("still").spans == ((0, 5, "bright_green"),)
    assert pen.line("a\x1b[mb").spans == ((0, 1, "bright_green"),)
    assert pen.line("\x1b[32mgone\rnew").spans == ((0, 3, "green"),)
    assert pen.line("\x1b[38;5;999mx\x1b[38mx\x1b[48;2;1mx\x1b[1234567890mx") == "xxxx"


@given(st.text(st.sampled_from("\x1b[]0;1389m:\r\x9b\x07ab\u202e\x00 "), max_size=60))
def test_nothing_but_colours_comes_through(raw: str) -> None:
    line = Pen().line(raw)
    assert clean(line) == line
    assert all(0 <= start < end <= len(line) for start, end, _ in line.spans)
