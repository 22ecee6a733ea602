"""Where the panes of the overview stand, as a function of the terminal's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WEIGHTS = {"system": 5, "docker": 6, "postgres": 5, "redis": 4, "logs": 5}
"""How much of the height each kind asks for where panes stand below each other."""
DEFAULT_WEIGHT = 3
WIDE, MEDIUM, NARROW = 200, 140, 100
"""Columns from which there are four, three and two panes side by side."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A grid: number of columns, height of each row in lines, columns a kind spans."""

    columns: int
    rows: tuple[int, ...]
    spans: dict[str, int]


def arrange(kinds: Sequence[str], width: int, height: int) -> Plan:
    """The grid for these kinds, in their order, in `width` x `height` cells.

    The last pane takes what is left of its row; every pane keeps at least its title line.
    """
    columns = 4 if width >= WIDE else 3 if width >= MEDIUM else 2 if width >= NARROW else 1
    columns = max(1, min(columns, len(kinds)))
    if columns == 1:
        return Plan(1, _share([WEIGHTS.get(kind, DEFAULT_WEIGHT) for kind in kinds], height), {})
    count = -(-len(kinds) // columns)
    last = kinds[-1] if kinds else ""
    used = (len(kinds) - 1) % columns
    spans = {last: columns - used}
    weights = [
        max(WEIGHTS.get(kind, DEFAULT_WEIGHT) for kind in kinds[row * columns : (row + 1) * columns])
        for row in range(count)
    ]
    return Plan(columns, _share(weights, height), spans)


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
