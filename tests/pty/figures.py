"""Numbers and panes read back from a screen, with what their rounding hides."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

BINARY = {"B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_TITLE = re.compile(r"(?:[╭┏][─━]|^[─━]) (\d) ([A-Z]\w+)")
_BARS = re.compile("[▁-█━─┿┼]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_METER = re.compile("[━─┿┼]{3,}")
_TIMES = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "µs": 1e-6}


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as it stands on the screen; the true one is within `slack` of it."""

    value: float
    slack: float


UNKNOWN = Shown(math.nan, 0.0)
"""A dash, or a word such as `idle`: near to nothing."""


@dataclass(frozen=True, slots=True)
class PaneText:
    """One pane of the overview as text: its title without the number, and its lines."""

    title: str
    lines: Sequence[str]


def panes(lines: Sequence[str], width: int) -> dict[str, PaneText]:
    """The panes on a screen by their names, framed or below rules."""
    screen = [line.ljust(width) for line in lines]
    found = {}
    tops = [(y, match) for y, line in enumerate(screen) for match in _TITLE.finditer(line)]
    for y, match in tops:
        left, name = match.start(), match[2]
        if screen[y][left] in "╭┏":
            right = min(x for x in range(left + 1, width) if screen[y][x] in "╮┓")
            below = y + 1
            while screen[below][left] in "│┃":
                below += 1
            inside = [line[left + 2 : right - 1] for line in screen[y + 1 : below]]
        else:
            right = width
            below = min([other for other, _ in tops if other > y] + [len(screen) - 1])
            inside = screen[y + 1 : below]
        title = screen[y][match.start(2) : right].strip(" ─━")
        found[name] = PaneText(title, [line.rstrip() for line in inside])
    return found


def words(line: str) -> str:
    """A line without bars, its parts one blank apart."""
    return " ".join(_BARS.sub(" ", line).split())


def filled(line: str) -> Shown | None:
    """The share a line's meter shows, to half a cell; None without a meter."""
    match = _METER.search(line)
    if match is None:
        return None
    heavy = sum(char in "━┿" for char in match[0])
    # any value above zero fills a cell, so the first one stands for up to one and a half
    return Shown(heavy / len(match[0]), (1.0 if heavy == 1 else 0.51) / len(match[0]))


def share(text: str) -> Shown:
    """`71%` and `3.4%` as ratios."""
    number = text.removesuffix("%")
    if not _NUMBER.fullmatch(number):
        return UNKNOWN
    return Shown(float(number) / 100, _half(number) / 100)


def size(text: str) -> Shown:
    """`9.1G` in bytes; `/s` is left away."""
    text = text.removesuffix("/s")
    if not _NUMBER.fullmatch(text[:-1]):
        return UNKNOWN
    unit = BINARY[text[-1]]
    return Shown(float(text[:-1]) * unit, _half(text[:-1]) * unit)


def amount(text: str) -> Shown:
    """`950`, `12.3k`; `/s` is left away. A whole number below a thousand may still be rounded."""
    text = text.removesuffix("/s")
    number = text.rstrip("kMG")
    if not _NUMBER.fullmatch(number):
        return UNKNOWN
    unit = DECIMAL[text[len(number) :]]
    return Shown(float(number) * unit, _half(number) * unit)


def time_span(text: str) -> Shown:
    """`850ms`, `42s`, `3m12s`, `5h03m` in seconds; what is below the last unit was cut."""
    parts = re.findall(r"([\d.]+)(ms|µs|[dhms])", text)
    if not parts:
        return UNKNOWN
    value = sum(float(number) * _TIMES[unit] for number, unit in parts)
    number, unit = parts[-1]
    return Shown(value, _TIMES[unit] * (1.0 if unit in "hm" else _half(number)))


def _half(number: str) -> float:
    """Half of the last digit's step."""
    return float(0.5 * 10 ** -len(number.partition(".")[2]))
