"""What a terminal would show of a byte stream (pyte), and what it would answer to queries in it."""

from __future__ import annotations

import codecs
import contextlib
import re
import unicodedata
from collections.abc import Mapping
from typing import TypeAlias

import pyte
from wcwidth import wcwidth

Cell: TypeAlias = "pyte.screens.Char"

_QUERIES = re.compile(rb"\x1b\[(?:([0>]?)c|([56])n|\?(\d+)\$p)")
_FOREIGN_TO_PYTE = re.compile(rb"\x1b\[[<=>][0-?]*[ -/]*[@-~]")
"""Sequences with these prefixes are about the keyboard; pyte would take them for others."""
_MARKS = re.compile("[\u0300-\u1fff\u20d0-\u20ff\u3000-\ud7ff\ue000-\U0010ffff]")
"""Everything beyond Latin but the lines, bars and dots a console draws."""
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*)?$")
_UNKNOWN = 0
"""DECRQM's word for a mode this terminal does not know."""


class Emulator:
    """A screen of `columns` x `rows` cells; `modes` are the private modes it says it knows."""

    def __init__(self, columns: int, rows: int, modes: Mapping[int, int]) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._modes = modes
        self._tail = b""
        self._lines: list[str] = [""] * rows

    def answers(self, data: bytes) -> tuple[bytes, str]:
        """The output up to its last finished sequence, and the answers to the queries in that."""
        data = self._tail + data
        unfinished = _UNFINISHED.search(data, max(0, len(data) - 32))
        cut = unfinished.start() if unfinished else len(data)
        data, self._tail = data[:cut], data[cut:]
        return data, "".join(map(self._answer, _QUERIES.finditer(data)))

    def _answer(self, query: re.Match[bytes]) -> str:
        attributes, status, mode = query.groups()
        if mode is not None:
            return f"\x1b[?{int(mode)};{self._modes.get(int(mode), _UNKNOWN)}$y"
        if status == b"5":
            return "\x1b[0n"
        if status == b"6":
            return f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R"
        return "\x1b[>1;10;0c" if attributes == b">" else "\x1b[?62;22c"

    def draw(self, data: bytes) -> None:
        """Draw this output."""
        text = self._decode(_FOREIGN_TO_PYTE.sub(b"", data))
        if not text.isascii():
            text = _MARKS.sub(_drawable, text)
        with contextlib.suppress(Exception):  # pyte stumbles over sequences it does not know
            self._stream.feed(text)

    def resize(self, columns: int, rows: int, blank: bool) -> None:
        """Another size; with `blank` nothing of what was drawn stays."""
        if blank:
            self.screen.reset()
        self.screen.resize(rows, columns)
        self._lines = [""] * rows
        self.screen.dirty = set(range(rows))

    def lines(self) -> list[str]:
        """The rows, without blanks at their ends."""
        columns = range(self.screen.columns)
        for y in self.screen.dirty:
            row = self.screen.buffer[y]
            self._lines[y] = "".join([row[x].data for x in columns]).rstrip()
        self.screen.dirty.clear()
        return list(self._lines)

    def cells(self) -> list[list[Cell]]:
        """All cells, row by row."""
        buffer, columns = self.screen.buffer, range(self.screen.columns)
        return [[buffer[y][x] for x in columns] for y in range(self.screen.lines)]

    def filled(self) -> int:
        """Cells that are not blank."""
        return sum(1 for row in self.screen.buffer.values() for cell in row.values() if cell.data.strip())


def _drawable(match: re.Match[str]) -> str:
    """The character, unless pyte would drop it with all that follows: enclosing marks and the like."""
    char = match.group()
    return char if wcwidth(char) > 0 or unicodedata.combining(char) else ""
