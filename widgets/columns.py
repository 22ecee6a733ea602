"""Columns that fit the width, and rows drawn in them: pure, for tables and for panes' small ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from console.findings import Severity
from console.text import clip, pad
from console.text import width as cell_width
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, fit

R = TypeVar("R")


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column: how wide, what a cell shows, what it sorts by.

    `width` is the cells of a fixed column, or those a flexible one asks for (`flex` > 0 shares what
    is left over). When the row is too narrow, columns with the highest `drop` leave first; 0 stays.
    `sort` None means the shown text is sorted; numbers sort from large to small at first. `spans`
    draws a cell in several roles; its text is still that of `cell`.
    """

    id: str
    title: str
    cell: Callable[[R], Span | str]
    width: int
    flex: int = 0
    align: str = "<"
    drop: int = 0
    sort: Callable[[R], Any] | None = None
    spans: Callable[[R], Sequence[Span]] | None = None
    hidden: bool = False
    """Never drawn: there to be found by a filter, copied and exported."""
    named: bool = False
    """Found only by a filter that names the column: figures nobody looks for by a bare word."""

    def text(self, row: R) -> str:
        """What stands in the cell of a row."""
        cell = self.cell(row)
        return cell if isinstance(cell, str) else cell[0]

    def span(self, row: R) -> Span:
        """The cell of a row; bare text is ordinary text."""
        cell = self.cell(row)
        return (cell, "text") if isinstance(cell, str) else cell

    def sort_key(self, row: R) -> tuple[int, Any]:
        """What the row sorts by in this column; missing values (None, not-a-number) come last."""
        value = self.sort(row) if self.sort else self.text(row).casefold()
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


def numbers(
    name: str,
    title: str,
    value: Callable[[R], float | None],
    unit: Callable[[float], str],
    width: int,
    drop: int = 0,
    role: str = "text",
) -> Column[R]:
    """A column of numbers, sorted as numbers; nothing and unknown are dim, others have the role."""

    def cell(row: R) -> Span:
        known = value(row)
        return ("-", "dim") if known is None else (unit(known), role if known else "dim")

    return Column(name, title, cell, width, align=">", drop=drop, sort=value)


GAP = 1
"""Blank cells between two columns."""
APART = 2
"""Cells by which a table with room to spare is wider set."""
LONGEST = 400
"""Characters of a text that are looked at for its width: no screen is wider."""


def needs_of(columns: Sequence[Column[R]], rows: Sequence[R], before: Mapping[str, int]) -> dict[str, int]:
    """The cells each flexible column needs for all of these rows, and never less than `before`.

    So a table is as wide as what it says, and its columns do not jump while rows come and go.
    """
    needs = dict(before)
    for column in columns if rows else ():
        if column.flex:
            widest = max(cell_width(column.text(row)[:LONGEST]) for row in rows)
            needs[column.id] = max(needs.get(column.id, 0), widest)
    return needs


def layout(
    columns: Sequence[Column[R]], cells: int, needs: Mapping[str, int] | None = None
) -> list[tuple[Column[R], int]]:
    """The columns that fit, each with its width; flexible ones share what is left over.

    None takes more than it `needs`, where that is known; one that could be dropped and needs
    nothing leaves its room to the others at once.
    """
    needs = needs or {}
    columns = [column for column in columns if not column.hidden]
    chosen = [column for column in columns if not column.drop or needs.get(column.id) != 0] or columns
    while len(chosen) > 1 and _needed(chosen, needs) > cells:
        droppable = max(chosen, key=lambda column: column.drop)
        if droppable.drop == 0:
            break
        chosen.remove(droppable)
    widths = [_least(column, needs) for column in chosen]
    spare = cells - _needed(chosen, needs)
    growing = [i for i, column in enumerate(chosen) if column.flex]
    while spare > 0 and growing:
        rest, total, still = spare, sum(chosen[i].flex for i in growing), []
        for i in growing:
            share = rest * chosen[i].flex // total
            # what division leaves over goes to the columns that come after
            rest, total = rest - share, total - chosen[i].flex
            most = _most(chosen[i], needs)
            taken = share if most is None else min(share, most - widths[i])
            widths[i], spare = widths[i] + taken, spare - taken
            if taken == share:
                still.append(i)
        if len(still) == len(growing):
            break
        growing = still
    if needs:  # what nobody needs sets the columns apart
        apart = min(APART, max(0, spare) // len(chosen))
        widths = [width + apart for width in widths]
    return list(zip(chosen, widths, strict=True))


def _least(column: Column[Any], needs: Mapping[str, int]) -> int:
    """What a column gets at least: what it asks for, or less when that is all it needs."""
    most = _most(column, needs)
    return column.width if most is None else min(column.width, most)


def _most(column: Column[Any], needs: Mapping[str, int]) -> int | None:
    """What a flexible column needs for its title with an arrow and all its cells; None: not known."""
    if not column.flex or column.id not in needs:
        return None
    return max(needs[column.id], cell_width(column.title) + 1)


def _needed(columns: Sequence[Column[Any]], needs: Mapping[str, int]) -> int:
    return sum(_least(column, needs) for column in columns) + GAP * max(0, len(columns) - 1)


def draw_row(widths: Sequence[tuple[Column[R], int]], row: R, role: str = "") -> list[Span]:
    """One row; `role` replaces the role of plain cells (severity, cursor)."""
    spans: list[Span] = []
    for index, (column, cells) in enumerate(widths):
        if index:
            spans.append((" " * GAP, "text"))
        if column.spans is not None:
            spans += fit(column.spans(row), cells)
            continue
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
