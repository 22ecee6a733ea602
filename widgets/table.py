"""Tables drawn row by row: cursor, sorting, filter and marks; only the rows in view are laid out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from console.filters import Filter, parse
from console.findings import Severity
from widgets.boundary import DrawingFailedError, attempt
from widgets.canvas import Canvas, failed_lines
from widgets.columns import GAP, Column, draw_header, draw_row, layout, needs_of, small_table
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, fit

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class TableState:
    """How a reader left a table: sorting, marks, and the key of the row under the cursor."""

    sort_column: str
    descending: bool
    marked: frozenset[Hashable]
    cursor_key: Hashable


class _Cells(Mapping[str, str]):
    """The texts of a row by column, made when a filter asks for them: of thousands it asks for few."""

    def __init__(self, columns: Sequence[Column[Any]]) -> None:
        self._columns = {column.id: column for column in columns}
        self._words = [column.cell for column in columns if not column.named]
        self.row: Any = None

    def __getitem__(self, column_id: str) -> str:
        return self._columns[column_id].text(self.row)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def values(self) -> list[str]:  # type: ignore[override]  # what `any` and `join` go through, not a view
        """What is looked through for a word that names no column."""
        row, texts = self.row, []
        for cell in self._words:  # without a further call for each of thousands of cells
            value = cell(row)
            texts.append(value if isinstance(value, str) else value[0])
        return texts


class Table(Canvas, Generic[R], can_focus=True):
    """Rows with a cursor; sorted by wrongness until the reader sorts, and never jumping by itself.

    The cursor follows its row by the row's key when the order changes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page-down"),
        Binding("home,g", "edge(-1)", "First", show=False, id="table.first"),
        Binding("end,G", "edge(1)", "Last", show=False, id="table.last"),
        Binding("s", "sort", "Sort", id="table.sort", tooltip="Sort by the next column"),
        Binding("r", "reverse", "Reverse", id="table.reverse", tooltip="Turn the order round"),
        Binding("space", "mark", "Mark", show=False, id="table.mark", tooltip="Mark the row"),
        Binding("enter,d", "open", "Details", id="table.open", tooltip="Everything about the row"),
    ]

    class Opened(Message):
        """A row was chosen: show everything about it."""

        def __init__(self, table: Table[Any], row: Any) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> Table[Any]:
            """The table the row is in."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column[R]],
        key: Callable[[R], Hashable],
        severity: Callable[[R], Severity] | None = None,
        empty: str = "nothing to show",
        made_of: Callable[[R], tuple[object, ...]] | None = None,
        *,
        id: str | None = None,  # noqa: A002 Textual's name
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.row_key = key
        self.severity = severity
        self.empty = empty
        self.made_of = made_of
        self.filter: Filter = parse("")
        self.faults_only = False
        """Whether rows that are well are left out."""
        self.sort_column = ""
        self.descending = False
        self.marked: set[Hashable] = set()
        self._all: Sequence[R] = ()
        self._judged: dict[int, tuple[tuple[object, ...], bool]] = {}
        """Whether the filter lets rows through, with what they were made of then, by the first of that."""
        self._absent: frozenset[str] = frozenset()
        self._rows: list[R] = []
        self._cursor = 0
        self._cursor_key: Hashable = None
        self._top = 0
        self._header: list[tuple[int, int, str]] = []
        self._needs: dict[str, int] = {}
        """Cells the flexible columns have needed so far, on a screen of `_learnt` cells."""
        self._learnt: tuple[int, int] = (0, 0)
        self._drawn: dict[int, Line] = {}
        """Rows as drawn without the cursor, by place, until they are other ones."""
        self._drawn_in: tuple[int, tuple[tuple[str, int], ...]] = (0, ())
        """Cells of the table and of its columns they were drawn in."""
        self._failure: DrawingFailedError | None = None

    # -- what is shown

    def show(self, rows: Sequence[R], absent: Collection[str] = ()) -> None:
        """Put these rows on the screen, filtered and sorted; the cursor stays with its row.

        Columns that are `absent` hold nothing now and take no room, but for one that is sorted by.
        """
        self._all = rows
        self._absent = frozenset(absent)
        self._arrange()
        self.redraw()

    def _arrange(self) -> None:
        """Filter and sort; what a view's own functions raise stands in place of the rows."""
        self._drawn.clear()
        try:
            attempt(self._arrange_rows)
            self._failure = None
        except DrawingFailedError as failure:
            self._failure, self._rows, self._cursor = failure, [], 0

    def _arrange_rows(self) -> None:
        if self.marked:
            self.marked &= {self.row_key(row) for row in self._all}  # a mark does not outlive its row
        rows = self._chosen()
        column = next((c for c in self.columns if c.id == self.sort_column), None)
        if column is not None:
            rows = column.order(rows, self.descending)
        elif self.severity is not None:
            severity = self.severity
            rows.sort(key=severity, reverse=True)  # those alike stay in their order
        self._rows = rows
        if self._cursor_key is not None:
            for index, row in enumerate(rows):
                if self.row_key(row) == self._cursor_key:
                    self._cursor = index
                    break
        self._cursor = max(0, min(self._cursor, len(rows) - 1))
        if self._cursor_key is not None:
            self._remember()

    def _chosen(self) -> list[R]:
        rows, severity = self._all, self.severity
        if self.faults_only and severity is not None:
            rows = [row for row in rows if severity(row)]
        if self.filter.empty:
            return list(rows)
        cells, match, chosen = _Cells(self.columns), self.filter.match, []
        made_of, named = self.made_of, self.filter.columns
        if made_of is None or any(column.named and column.id in named for column in self.columns):
            for row in rows:
                cells.row = row
                if match(cells):
                    chosen.append(row)
            return chosen
        before, judged = self._judged, {}
        for row in rows:
            made = made_of(row)
            place = id(made[0])  # what it is the id of is kept with it
            known = before.get(place)
            if known is None or known[0] != made:
                cells.row = row
                known = made, match(cells)
            judged[place] = known
            if known[1]:
                chosen.append(row)
        self._judged = judged
        return chosen

    def _remember(self) -> None:
        # at the first row the cursor follows no row: there the worst is expected, whichever it is
        self._cursor_key = self.row_key(self._rows[self._cursor]) if self._rows and self._cursor else None

    def set_filter(self, text: str) -> Filter:
        """Show only what matches; an empty text shows all. Returns the parsed filter with its error."""
        self.filter, self._judged = parse(text), {}
        self._arrange()
        self.redraw()
        return self.filter

    def show_faults_only(self, only: bool) -> None:
        """Leave out the rows that are well, or show them again."""
        self.faults_only = only
        self._arrange()
        self.redraw()

    @property
    def state(self) -> TableState:
        """What to come back to."""
        return TableState(self.sort_column, self.descending, frozenset(self.marked), self._cursor_key)

    @state.setter
    def state(self, state: TableState) -> None:
        self.sort_column, self.descending = state.sort_column, state.descending
        self.marked, self._cursor_key = set(state.marked), state.cursor_key

    @property
    def rows(self) -> Sequence[R]:
        """The rows as shown: filtered and sorted."""
        return self._rows

    @property
    def counts(self) -> tuple[int, int]:
        """Rows shown and rows there are."""
        return len(self._rows), len(self._all)

    @property
    def current(self) -> R | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if self._rows else None

    # -- drawing

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Header and the rows in view."""
        lead = 2
        in_view = self._in_view(max(1, height - 1))
        if self._learnt != self.app.size:
            self._needs, self._learnt = {}, self.app.size
            self._drawn.clear()
        unseen = [self._rows[index] for index in in_view if index not in self._drawn]
        columns = self._there()
        self._needs = needs_of(columns, unseen, self._needs)
        widths = layout(columns, width - lead, self._needs)
        drawn_in = width, tuple((column.id, cells) for column, cells in widths)
        if drawn_in != self._drawn_in:
            self._drawn.clear()
            self._drawn_in = drawn_in
        self._header = []
        x = lead
        for column, cells in widths:
            self._header.append((x, x + cells, column.id))
            x += cells + GAP
        header = draw_header(widths, self.sort_column, self.descending)
        lines: list[Line] = [((" " * lead, "text"), *header)]
        if self._failure is not None:
            return [*lines, *failed_lines(self._failure, width)]
        if not self._rows:
            shown = self._nothing()
            return [*lines, ((" " * lead + shown, "dim"),)]
        return [*lines, *(self._draw_one(index, widths, width) for index in in_view)]

    def _there(self) -> list[Column[R]]:
        """The columns that hold anything, and the one that is sorted by, which says why the rows stand so."""
        return [
            replace(one, drop=0) if one.id == self.sort_column else one
            for one in self.columns
            if one.id not in self._absent or one.id == self.sort_column
        ]

    def _nothing(self) -> str:
        """Why there is no row."""
        if not self._all:
            return self.empty
        if self.filter.empty:
            return f"nothing is wrong with any of {len(self._all)}"
        return f"no row of {len(self._all)} matches the filter"

    def _in_view(self, room: int) -> range:
        """Places of the rows in view; the one under the cursor is among them."""
        self._top = max(0, min(self._top, len(self._rows) - room))
        if self._cursor < self._top:
            self._top = self._cursor
        elif self._cursor >= self._top + room:
            self._top = self._cursor - room + 1
        return range(self._top, min(len(self._rows), self._top + room))

    def _draw_one(self, index: int, widths: Sequence[tuple[Column[R], int]], width: int) -> Line:
        """A row; drawn once, however often the cursor passes it."""
        spans = self._drawn.get(index)
        if spans is None:
            spans = self._drawn[index] = self._draw_row(self._rows[index], widths, width)
        if index != self._cursor:
            return spans
        return tuple((text, f"{role}+cursor") for text, role in spans)

    def _draw_row(self, row: R, widths: Sequence[tuple[Column[R], int]], width: int) -> Line:
        level = self.severity(row) if self.severity else Severity.OK
        marked = self.row_key(row) in self.marked
        lead: Span = (SEVERITY_MARK[level] + ("*" if marked else " "), SEVERITY_ROLE[level])
        return fit((lead, *draw_row(widths, row, "mark" if marked else "")), width)

    def role_style(self, role: str) -> Style:
        """A role, or a role under the cursor (`ROLE+cursor`)."""
        base, plus, _ = role.partition("+")
        if not plus:
            return super().role_style(role)
        style = self._roles.get(role)
        if style is None:
            cursor = super().role_style("cursor" if self.has_focus else "mark")
            mine = super().role_style(base)
            if base.startswith("banner-"):
                style = mine  # its own background is what tells its text apart
            elif base in ("text", "dim", "label"):
                style = mine + cursor
            else:  # a warning stays a warning: only the background is the cursor's
                style = cursor + mine + Style(bgcolor=cursor.bgcolor)
            self._roles[role] = style
        return style

    # -- moving

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self._go(self._cursor + step)

    def action_page(self, pages: int) -> None:
        """Move the cursor by screenfuls."""
        self._go(self._cursor + pages * max(1, self.content_size.height - 2))

    def action_edge(self, end: int) -> None:
        """Move the cursor to the first (-1) or last (1) row."""
        self._go(0 if end < 0 else len(self._rows) - 1)

    def _go(self, index: int) -> None:
        self._cursor = max(0, min(index, len(self._rows) - 1))
        try:
            attempt(self._remember)
        except DrawingFailedError:
            self._cursor_key = None  # the row cannot be followed
        self.redraw()

    def action_sort(self) -> None:
        """Sort by the next column; after the last one the rows stand by wrongness again."""
        ids = ["", *(column.id for column in self._there() if not column.hidden)]
        current = ids.index(self.sort_column) if self.sort_column in ids else 0
        self.sort_by(ids[(current + 1) % len(ids)])

    def sort_by(self, column_id: str, descending: bool | None = None) -> None:
        """Sort by a column; numbers from large to small unless said otherwise; empty: by wrongness."""
        self.sort_column = column_id
        column = next((c for c in self.columns if c.id == column_id), None)
        self.descending = bool(column and column.sort and column.align == ">")
        if descending is not None:
            self.descending = descending
        self._cursor, self._cursor_key = 0, None
        self._arrange()
        self.redraw()

    def action_reverse(self) -> None:
        """Turn the order of the sorted column round."""
        if self.sort_column:
            self.sort_by(self.sort_column, not self.descending)

    def action_mark(self) -> None:
        """Mark the row, or take its mark away, and go on to the next."""
        if self.current is None:
            return
        try:
            self.marked ^= {attempt(self.row_key, self.current)}
        except DrawingFailedError:
            return  # drawing it says what is wrong with the row
        self._drawn.pop(self._cursor, None)
        self.action_move(1)

    def action_open(self) -> None:
        """Ask for the details of the row."""
        if self.current is not None:
            self.post_message(self.Opened(self, self.current))

    # -- mouse: the same by pointing

    def on_click(self, event: events.Click) -> None:
        """A header sorts, a row is chosen, a second click opens it."""
        if event.y == 0:
            for left, right, column_id in self._header:
                if left <= event.x < right:
                    turn = not self.descending if column_id == self.sort_column else None
                    self.sort_by(column_id, turn)
            return
        index = self._top + event.y - 1
        if index < len(self._rows):
            self._go(index)
            if event.chain > 1:
                self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor."""
        event.stop()
        self.action_move(-3)

    def on_focus(self) -> None:
        """The cursor is bright while the table has the keyboard."""
        self._refresh_cursor()

    def on_blur(self) -> None:
        """The cursor is faint while another widget has the keyboard."""
        self._refresh_cursor()

    def _refresh_cursor(self) -> None:
        self._roles.clear()
        self._lines = []
        self.redraw()


__all__ = ["Column", "Table", "draw_header", "draw_row", "layout", "small_table"]
