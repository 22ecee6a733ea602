"""Colours of a program's output, kept as spans beside plain text: nothing else of its escapes survives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.text import clean, strip_escapes

LONGEST = 4096
"""Characters of one line; the rest of it follows as lines of their own."""
_SGR = re.compile(r"\x1b\[([0-9;:]{0,60})m")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_ON = {"1": "bold", "2": "dim", "3": "italic", "4": "underline", "7": "reverse", "9": "strike"}
_OFF = {"22": ("bold", "dim"), "23": ("italic",), "24": ("underline",), "27": ("reverse",), "29": ("strike",)}


class Line(str):
    """One printable line, and where it is coloured: `spans` of first character, last and a style.

    A style is in the words Rich and Textual know: `bold red`, `color(208) on #102030`.
    """

    __slots__ = ("spans",)
    spans: tuple[tuple[int, int, str], ...]

    def __new__(cls, text: str, spans: tuple[tuple[int, int, str], ...] = ()) -> Line:
        """A line of this text, which must have passed `console.text.clean`."""
        line = super().__new__(cls, text)
        line.spans = spans
        return line


class Pen:
    """The colours in force, from one line to the next, as a terminal has them."""

    def __init__(self) -> None:
        self._marks: dict[str, None] = {}
        self._front = ""
        self._back = ""

    def __copy__(self) -> Pen:
        other = Pen()
        other._marks, other._front, other._back = dict(self._marks), self._front, self._back
        return other

    @property
    def style(self) -> str:
        """The style of what is written now; empty for the usual one."""
        words = [*self._marks, self._front]
        return " ".join(word for word in [*words, f"on {self._back}" if self._back else ""] if word)

    def line(self, raw: str) -> Line:
        """What a terminal would leave of a line: overwritten text is gone, other escapes too."""
        if "\r" in raw:
            raw = _overwritten(raw)
        if "\x1b" not in raw and not self.style:
            return Line(clean(raw, LONGEST))
        parts: list[str] = []
        spans: list[tuple[int, int, str]] = []
        size = at = 0
        for match in [*_SGR.finditer(raw), None]:
            piece = clean(strip_escapes(raw[at : match.start() if match else len(raw)]), LONGEST)
            if piece:
                parts.append(piece)
                if style := self.style:
                    spans.append((size, size + len(piece), style))
                size += len(piece)
            if match:
                self._take(re.split("[;:]", match[1]))
                at = match.end()
        return Line("".join(parts)[:LONGEST], tuple(span for span in spans if span[0] < LONGEST))

    def _take(self, codes: list[str]) -> None:
        left = iter(codes)
        for code in left:
            code = code.lstrip("0")
            if not code:
                self._marks, self._front, self._back = {}, "", ""
            elif code in _ON:
                self._marks[_ON[code]] = None
            elif code in _OFF:
                for mark in _OFF[code]:
                    self._marks.pop(mark, None)
            elif code in ("38", "48"):
                self._set(code == "38", _wide(next(left, ""), left))
            elif code in ("39", "49"):
                self._set(code == "39", "")
            elif len(code) <= 3 and code[:-1] in ("3", "4", "9", "10") and code[-1] in "01234567":
                bright = "bright_" if code[:-1] in ("9", "10") else ""
                self._set(code[:-1] in ("3", "9"), bright + _NAMES[int(code[-1])])

    def _set(self, front: bool, color: str) -> None:
        if front:
            self._front = color
        else:
            self._back = color


def _wide(kind: str, numbers: Iterator[str]) -> str:
    """One of 256 colours or of 16 million; empty when it is none."""
    count = {"5": 1, "2": 3}.get(kind, 0)
    found = [int(text) if (text := next(numbers, "")).isdecimal() else -1 for _ in range(count)]
    if not found or not all(0 <= number <= 255 for number in found):
        return ""
    return f"color({found[0]})" if count == 1 else "#{:02x}{:02x}{:02x}".format(*found)


def _overwritten(raw: str) -> str:
    """A line after its last carriage return; the colours set before stay in force."""
    before, _, after = raw.rstrip("\r").rpartition("\r")
    return "".join(match[0] for match in _SGR.finditer(before)) + after
