"""Where the panes of the overview stand, as a function of the terminal's size."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

WEIGHTS = {
    "system": 5,
    "docker": 6,
    "kubernetes": 6,
    "postgres": 5,
    "redis": 4,
    "logs": 5,
    "alerts": 4,
    "health": 4,
}
"""How much of the height each kind asks for where panes stand below each other."""
DEFAULT_WEIGHT = 3
ABSENT_LINES = 2
"""Lines of a pane that has nothing to show: its title and why; in a single column its title only."""
WIDEST = "logs"
"""The kind that gains most by more columns: its lines are the longest."""
WIDE, MEDIUM, NARROW = 280, 140, 100
"""Columns from which there are four, three and two panes side by side."""
COMFORTABLE, LOW = 66, 14
"""Columns in which most rows of most panes stand whole, and lines below which a pane loses most of them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A grid: the order of the kinds, number of columns, lines of each row, columns a kind spans."""

    order: tuple[str, ...]
    columns: int
    rows: tuple[int, ...]
    spans: dict[str, int]


def arrange(kinds: Sequence[str], width: int, height: int, absent: Collection[str] = ()) -> Plan:
    """The grid for these kinds, in their order, in `width` x `height` cells.

    The `absent` ones stand below the others and leave them the room. The columns that a row of either has
    to spare go to its `WIDEST`, or to its last pane; every pane keeps at least its title line.
    """
    there = [kind for kind in kinds if kind not in absent] or list(kinds)
    gone = [kind for kind in kinds if kind not in there]
    columns = 4 if width >= WIDE else 3 if width >= MEDIUM else 2 if width >= NARROW else 1
    columns = max(1, min(columns, max(len(there), len(gone))))
    if _cramped(len(there), columns, width, height):
        columns -= 1
    rows = [there[at : at + columns] for at in range(0, len(there), columns)]
    low = [gone[at : at + columns] for at in range(0, len(gone), columns)]
    each = 1 if columns == 1 or height < ABSENT_LINES * (len(low) + 2 * len(rows)) else ABSENT_LINES
    heights = _share([max(WEIGHTS.get(kind, DEFAULT_WEIGHT) for kind in row) for row in rows],
                     height - each * len(low))  # fmt: skip
    spans = {
        WIDEST if WIDEST in row else row[-1]: columns - len(row) + 1
        for row in (*rows, *low)
        if len(row) < columns
    }
    return Plan((*there, *gone), columns, (*heights, *(each for _ in low)), spans)


def _cramped(panes: int, columns: int, width: int, height: int) -> bool:
    """Whether a full grid of narrow panes, without room to spare for the logs, is better one column less."""
    if columns < 3 or panes % columns or width // columns >= COMFORTABLE:
        return False
    rows = -(-panes // (columns - 1))
    return height // rows >= LOW


def _share(weights: Sequence[int], height: int) -> tuple[int, ...]:
    """The height in whole lines by weight, at least one each, the remainder to the first rows."""
    total = sum(weights) or 1
    rows = [max(1, height * weight // total) for weight in weights]
    index = 0
    while sum(rows) < height and rows:
        rows[index % len(rows)] += 1
        index += 1
    while sum(rows) > height and max(rows, default=0) > 1:
        rows[rows.index(max(rows))] -= 1
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Room:
    """The cells of the runbook drawer: beside the panes, or below them where there is little width."""

    width: int
    height: int
    beside: bool


BESIDE_LEAST, DRAWER_LEAST, DRAWER_MOST = 116, 58, 110
"""Columns from which the drawer stands beside the panes; its own at least and at most."""
LINES = 3
"""Header, what is wrong, and the keys."""


def drawer_room(width: int, height: int, *, whole: bool) -> Room:
    """The room of the drawer on a terminal of `width` x `height` cells."""
    inner = max(1, height - LINES)
    if whole:
        return Room(width, inner, beside=False)
    if width >= BESIDE_LEAST:
        return Room(max(DRAWER_LEAST, min(DRAWER_MOST, round(width * 0.48))), inner, beside=True)
    return Room(width, max(1, min(inner, max(9, round(inner * 0.62)))), beside=False)
