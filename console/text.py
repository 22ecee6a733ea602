"""The door for outside text: whatever comes in leaves as one printable line, or is refused.

Everything a source reads (log lines, names, queries, keys, errors) passes `clean` before it is
kept. After it a string holds no control character, no bidirectional override, no lone surrogate
and no invisible character, so that no terminal and no reader can be misled by it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category

from rich.cells import cell_len

LIMIT = 4096
"""Characters kept of one outside string unless the caller says otherwise."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    "\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours and cursor movement
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC: titles, links, clipboards
    r"|\x1b[ -/]*[0-~]"  # two-character escapes
)


def _visible(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in "\t\n\r":
        return " "
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode's control pictures: ␀ to ␟
    if code == 0x7F:
        return "␡"
    return "\N{REPLACEMENT CHARACTER}"


MARKS = 4
"""Combining marks kept on one letter: more than any writing needs, too few to paint over other rows."""
_FOREIGN_RUN = re.compile(f"[\u0300-\U0010ffff]{{{MARKS + 1},}}")
"""Where a tower of marks may be: no mark stands below U+0300."""


def _lowered(match: re.Match[str]) -> str:
    kept, marks = [], 0
    for char in match.group():
        marks = marks + 1 if category(char) in ("Mn", "Me") else 0
        if marks <= MARKS:
            kept.append(char)
    return "".join(kept)


def clean(text: str, limit: int = LIMIT) -> str:
    """One printable line of at most `limit` characters: unsafe characters become visible stand-ins.

    Of a tower of combining marks the lowest `MARKS` stay.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if not text.isprintable() or _has_invisible(text):
        text = _UNSAFE.sub(_visible, text)
    return text if text.isascii() else _FOREIGN_RUN.sub(_lowered, text)


def _has_invisible(text: str) -> bool:
    # str.isprintable() passes the few invisible letters and selectors that are not Cc/Cf/Cs/Zl/Zp
    return not text.isascii() and _UNSAFE.search(text) is not None


def decode(data: bytes, limit: int = LIMIT) -> str:
    """Bytes from outside as one printable line; broken UTF-8 becomes the replacement character."""
    return clean(data.decode("utf-8", errors="replace"), limit)


def strip_escapes(text: str) -> str:
    """Text without terminal escape sequences, for programs that colour what they log."""
    return _ESCAPES.sub("", text) if "\x1b" in text else text


@lru_cache(maxsize=4096)
def _wide(text: str) -> int:
    return cell_len(text)


def width(text: str) -> int:
    """Terminal cells the text takes."""
    return len(text) if text.isascii() else _wide(text)


def clip(text: str, cells: int) -> str:
    """The text in at most `cells` terminal cells, with an ellipsis where something was cut."""
    if cells <= 0:
        return ""
    if width(text) <= cells:
        return text
    if text.isascii():
        return text[: cells - 1] + "…"
    kept, used = [], 0
    for char in text:
        used += width(char)
        if used > cells - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"


def clip_middle(text: str, cells: int) -> str:
    """The text in at most `cells` terminal cells, cut in the middle: names of a kind differ at their ends."""
    if width(text) <= cells or cells < 5:
        return clip(text, cells)
    head = clip(text, cells // 2)[:-1]
    tail = clip(text[::-1], cells - width(head))[-2::-1]
    return f"{head}…{tail}"


def pad(text: str, cells: int, align: str = "<") -> str:
    """The text in exactly `cells` terminal cells; `align` is `<` or `>`."""
    text = clip(text, cells)
    gap = " " * (cells - width(text))
    return gap + text if align == ">" else text + gap
