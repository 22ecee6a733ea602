"""Reads a terminal's byte stream as tokens, and says which of them only data can have sent.

The allow-list was written from what a console without any outside text sends (a test holds it
against one). It is strict where data could imitate Textual: modes are switched before the first
paint and after the last one only, the cursor goes to cells of the screen only, and true colours
are the only ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_TOKENS = re.compile(
    r"(?P<csi>\x1b\[[0-?]*[ -/]*[@-~])"
    r"|(?P<osc>\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))"
    r"|(?P<string>\x1b[PX^_][^\x1b]*\x1b\\)"
    r"|(?P<escape>\x1b[ -/]*[0-~])"
    r"|(?P<newline>\r?\n(?=\x1b\[[0-9]+;[0-9]+H))"  # between lines of a full repaint; \r is the terminal's
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
)
_MODES = "7|25|1000|1003|1004|1006|1015|1016|1049|2004|2048"
"""Line wrap, cursor, mouse, focus reports, alternate screen, bracketed paste, resizes in band."""
_TONE = "[34]8;2;[0-9]{1,3};[0-9]{1,3};[0-9]{1,3}"
_STYLE = re.compile(rf"\x1b\[(?:0|(?:[123479]|{_TONE})(?:;(?:[123479]|{_TONE}))*)m")
"""Weight, faintness, slant, underline, reversal, and colours as red, green and blue; no blinking."""
_SWITCH = re.compile(rf"\x1b\[\?(?:{_MODES})[hl]|\x1b\[\?(?:2026|2048)\$p|\x1b\[>[0-9]{{1,2}}u|\x1b\[<u")
"""What is sent once, before the first paint or after the last."""
_SYNC = re.compile(r"\x1b\[\?2026[hl]")
_JUMP = re.compile(r"\x1b\[([0-9]{1,4});([0-9]{1,4})H")
_POINTER = re.compile(r"\x1b\]22;[a-z-]*\x07")
_CLIPBOARD = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07")
_FAREWELL = "\x1b[?2004l"
"""The first thing sent when the program lets go of the terminal."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters that show nothing although Unicode calls them letters."""


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a stream: kind (csi, osc, string, escape, newline, control, text), text, offset."""

    kind: str
    text: str
    offset: int


def tokens(raw: bytes) -> Iterator[Token]:
    """The stream in pieces; bytes that are no UTF-8 come as lone surrogates in text tokens."""
    for match in _TOKENS.finditer(raw.decode("utf-8", errors="surrogateescape")):
        assert match.lastgroup is not None
        yield Token(match.lastgroup, match.group(), match.start())


def misleading(text: str) -> str:
    """The characters of a text that control, reorder or hide what is read; empty for an honest one."""
    if text.isascii() and text.isprintable():
        return ""
    return "".join(c for c in text if unicodedata.category(c) in _INVISIBLE or c in _FILLERS)


def foreign(raw: bytes, *, size: tuple[int, int] = (160, 50), clipboard: bool = False) -> list[Token]:
    """The tokens that no clean console on a terminal of `size` (columns, rows) sends.

    `clipboard` allows copying (OSC 52).
    """
    stream = list(tokens(raw))
    first = next((i for i, token in enumerate(stream) if token.kind == "text"), len(stream))
    ends = [i for i, token in enumerate(stream) if token.text == _FAREWELL]
    last = ends[-1] if ends else len(stream)
    return [
        token
        for index, token in enumerate(stream)
        if not _known(token, size) and not (clipboard and _CLIPBOARD.fullmatch(token.text))
        and not (_SWITCH.fullmatch(token.text) and not first < index < last)
    ]  # fmt: skip


def _known(token: Token, size: tuple[int, int]) -> bool:
    """Whether a clean console sends this at any time."""
    if token.kind in ("text", "newline"):
        return token.kind == "newline" or not misleading(token.text)
    if token.kind == "csi":
        if jump := _JUMP.fullmatch(token.text):
            return int(jump[1]) <= size[1] and int(jump[2]) <= size[0]
        return bool(_STYLE.fullmatch(token.text) or _SYNC.fullmatch(token.text))
    return token.kind == "osc" and bool(_POINTER.fullmatch(token.text))


def modes(raw: bytes) -> dict[int, bool]:
    """The private modes a stream has set (True) or reset (False) at its end, by number."""
    state: dict[int, bool] = {}
    for match in re.finditer(rb"\x1b\[\?([0-9;]+)([hl])", raw):
        for number in match[1].split(b";"):
            if number:
                state[int(number)] = match[2] == b"h"
    return state
