"""Columns that fit the width, and rows drawn in them: pure, for tables and for panes' small ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from console.findings import Severity
from console.text import clip, pad
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span

R = TypeVar("R")


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column: how wide, what a cell shows, what it sorts by.

    `width` is the cells of a fixed column, or the least of a flexible one (`flex` > 0 shares what
    is left over). When the row is too narrow, columns with the highest `drop` leave first; 0 stays.
    `sort` None means the shown text is sorted; numbers sort from large to small at first.
    """

    id: str
    title: str
    cell: Callable[[R], Span | str]
    width: int
    flex: int = 0
    align: str = "<"
    drop: int = 0
    sort: Callable[[R], Any] | None = None

    def span(self, row: R) -> Span:
        """The cell of a row; bare text is ordinary text."""
        cell = self.cell(row)
        return (cell, "text") if isinstance(cell, str) else cell

    def sort_key(self, row: R) -> tuple[int, Any]:
        """What the row sorts by in this column; missing values (None, not-a-number) come last."""
        value = self.sort(row) if self.sort else self.span(row)[0].casefold()
        if value is None or value != value:  # NaN is not equal to itself
            return (1, 0)
        return (0, value)

    def order(self, rows: Sequence[R], descending: bool = False) -> list[R]:
        """The rows by this column; those without a value last either way."""
        keyed = [(self.sort_key(row), row) for row in rows]
        there = [(value, row) for (missing, value), row in keyed if not missing]
        try:
            there.sort(key=lambda pair: pair[0], reverse=descending)
        except TypeError:  # values of several kinds have no order but that of their text
            there.sort(key=lambda pair: str(pair[0]), reverse=descending)
        return [row for _, row in there] + [row for (missing, _), row in keyed if missing]


GAP = 1
"""Blank cells between two columns."""


def layout(columns: Sequence[Column[R]], cells: int) -> list[tuple[Column[R], int]]:
    """The columns that fit, each with its width; flexible ones share what is left over."""
    chosen = list(columns)
    while len(chosen) > 1 and _needed(chosen) > cells:
        droppable = max(chosen, key=lambda column: column.drop)
        if droppable.drop == 0:
            break
        chosen.remove(droppable)
    spare = cells - _needed(chosen)
    total_flex = sum(column.flex for column in chosen)
    widths: list[tuple[Column[R], int]] = []
    for column in chosen:
        extra = spare * column.flex // total_flex if total_flex and spare > 0 else 0
        # what division leaves over goes to the columns that come after
        spare, total_flex = spare - extra, total_flex - column.flex
        widths.append((column, column.width + extra))
    return widths


def _needed(columns: Sequence[Column[Any]]) -> int:
    return sum(column.width for column in columns) + GAP * max(0, len(columns) - 1)


def draw_row(widths: Sequence[tuple[Column[R], int]], row: R, role: str = "") -> list[Span]:
    """One row; `role` replaces the role of plain cells (severity, cursor)."""
    spans: list[Span] = []
    for index, (column, cells) in enumerate(widths):
        if index:
            spans.append((" " * GAP, "text"))
        text, cell_role = column.span(row)
        spans.append((pad(text, cells, column.align), role if role and cell_role == "text" else cell_role))
    return spans


def draw_header(widths: Sequence[tuple[Column[R], int]], sort: str = "", reverse: bool = False) -> list[Span]:
    """The titles; the sorted column carries an arrow that points to the larger values."""
    spans: list[Span] = []
    for index, (column, cells) in enumerate(widths):
        if index:
            spans.append((" " * GAP, "text"))
        arrow = ("↓" if reverse else "↑") if column.id == sort else ""
        # the arrow stays when the title has to give way
        title = clip(column.title, cells - len(arrow)) + arrow
        spans.append((pad(title, cells, column.align), "title" if arrow else "label"))
    return spans


def small_table(
    columns: Sequence[Column[R]],
    rows: Sequence[R],
    cells: int,
    height: int,
    severity: Callable[[R], Severity] | None = None,
) -> list[Line]:
    """A table for a pane: header, rows in the order given, and how many did not fit."""
    lead = 2 if severity else 0
    widths = layout(columns, cells - lead)
    lines: list[Line] = [((" " * lead, "text"), *draw_header(widths))]
    room = height - 1
    shown = rows[:room] if len(rows) <= room else rows[: max(0, room - 1)]
    for row in shown:
        level = severity(row) if severity else Severity.OK
        mark: list[Span] = [(SEVERITY_MARK[level] + " ", SEVERITY_ROLE[level])] if severity else []
        lines.append((*mark, *draw_row(widths, row)))
    if len(rows) > len(shown) and room > 0:
        lines.append(((f"{' ' * lead}+{len(rows) - len(shown)} more", "dim"),))
    return lines
