"""The zoomed log: follows the newest lines until the reader scrolls, then stays where it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from console.filters import Filter, parse
from console.findings import Severity
from console.logs.levels import Level
from console.units import count
from widgets.draw import SEVERITY_MARK, Line, Span, fit, sparkline, spread, wrap
from widgets.pane import Context, ViewCanvas
from widgets.panes.logs.rows import STEP, Rows, in_past, of_moment
from widgets.panes.logs.words import Columns, columns_for, one_row, rows_of

if TYPE_CHECKING:
    from console.logs.buffer import LogLine
    from console.logs.snapshot import LogSnapshot

HISTOGRAM_LEAST = 14
"""Rows below which there is no room for the histogram."""
WRAPPED_MOST = 40
"""Rows one wrapped line may take."""
SEARCH_ON = 0.02
"""Seconds between two slices of a search."""
EXPLAINED = 6
"""Sources of which an empty view says why they have no line."""
ERROR_SCAN = 200
"""Errors passed over in search of one that the filter lets through."""


class LogCanvas(ViewCanvas):
    """Lines of all sources, newest at the bottom.

    Moving up stops following: what is read stays where it is while new lines are counted below.
    The last line, `G` and End follow again.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="logs.up", tooltip="The line above"),
        Binding("down,j", "move(1)", "Down", show=False, id="logs.down", tooltip="The line below"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="logs.page-up", tooltip="A page back"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="logs.page-down", tooltip="A page on"),
        Binding("home,g", "oldest", "Oldest", show=False, id="logs.oldest", tooltip="The oldest line kept"),
        Binding(
            "end,G", "follow", "Follow", id="logs.follow", tooltip="To the newest lines, and follow them"
        ),
        Binding("e", "error(1)", "Next error", id="logs.next-error", tooltip="The next error"),
        Binding("E", "error(-1)", "Previous error", id="logs.previous-error", tooltip="The error before"),
        Binding("w", "wrap", "Wrap", id="logs.wrap", tooltip="Wrap long lines, or cut them"),
        Binding("t", "times", "Times", id="logs.times", tooltip="Show or hide the time column"),
        Binding("enter", "open", "Details", id="logs.open", tooltip="The whole line"),
    ]

    class Opened(Message, namespace="table"):
        """A line was chosen: show all of it. Screens take it as they take a table's row."""

        def __init__(self, row: LogLine) -> None:
            super().__init__()
            self.row = row

    def __init__(self, opened: list[LogLine]) -> None:
        super().__init__()
        self.wrapping = False
        self.times = True
        self.cursor: int | None = None
        """Sequence of the line chosen; None while following."""
        self._opened = opened
        self._bottom = 0
        """Sequence of the lowest line in view while not following."""
        self._shown: Context | None = None
        self._rows: Rows | None = None
        self._filter = parse("")
        self._mute: dict[str, tuple[str, str]] = {}
        """Why sources that the filter means have no line, and what to do: also once they have ended."""
        self._places: list[int] = []
        """Sequence of the line on each row in view."""
        self._first_row = 0
        self._said = ""
        self._searching = False

    # -- what is shown

    def show_context(self, context: Context) -> None:
        """Take in what came, and draw."""
        self._shown = context
        self._search()
        self.redraw()

    def set_filter(self, text: str) -> Filter:
        """Show only lines that match."""
        self._filter = parse(text)
        self._mute = {}
        self._rows = None
        self._said = ""
        self._search()
        self.redraw()
        return self._filter

    @property
    def counts(self) -> tuple[int, int]:
        """Lines shown and lines kept."""
        rows = self._rows
        return (len(rows), len(rows.buffer)) if rows is not None else (0, 0)

    @property
    def following(self) -> bool:
        """Whether the newest line is at the bottom, and stays there."""
        return self.cursor is None

    def _search(self) -> None:
        """Match what is new, and a slice of what is old; the rest follows by itself."""
        context = self._shown
        if context is None or context.snapshot is None:
            return
        buffer = context.snapshot.buffer
        if self._rows is None or self._rows.buffer is not buffer:
            self._rows = Rows(buffer, self._filter)
        if self._rows.update(of_moment(context).newest) and not self._searching and self.is_attached:
            self._searching = True
            self.set_timer(SEARCH_ON, self._search_on)

    def _search_on(self) -> None:
        self._searching = False
        self._search()
        self.redraw()

    # -- drawing

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Histogram, lines, and where the reader stands."""
        context, rows = self._shown, self._rows
        if context is None or rows is None:
            return []
        snapshot: LogSnapshot = context.snapshot
        wanted = height >= HISTOGRAM_LEAST and getattr(self.app, "plots_wanted", True)
        top = histogram(of_moment(context), context.now, width) if wanted else []
        room = height - len(top) - 1
        columns = columns_for(snapshot.origins, width - 1, context.time.timestamp(), self.times)
        body = self._body(rows, columns, max(1, room))
        self._first_row = len(top) + room - len(body)
        if len(rows):
            body = [()] * (room - len(body)) + body
        else:
            body = self._nothing(snapshot, width)[: max(1, room)]
            body += [()] * (room - len(body))
        return [*top, *body, self._status(rows, width)]

    def _nothing(self, snapshot: LogSnapshot, width: int) -> list[Line]:
        """Why there is no line: what is wrong with the sources that are meant, and what to do about it."""
        if self._filter.empty:
            return [((" no line yet", "dim"),)]
        for origin in snapshot.origins:
            if origin.problem and self._filter.match({"source": origin.name}):
                self._mute[origin.name] = origin.problem, origin.fix
        lines: list[Line] = [
            ((" no line matches the filter" + (" so far" if self._searching else ""), "dim"),)
        ]
        for name, (problem, fix) in list(self._mute.items())[:EXPLAINED]:
            mark: Span = (f" {SEVERITY_MARK[Severity.WARNING]} ", "warn")
            first, *rest = wrap(f"{name}  {problem}", max(8, width - 3), "warn")
            lines.append((mark, *first))
            rest += wrap(fix, max(8, width - 3)) if fix else []
            lines += [(("   ", "text"), *line) for line in rest]
        if len(self._mute) > EXPLAINED:
            lines.append(((f"   {len(self._mute) - EXPLAINED} more: see the view Sources", "dim"),))
        return lines

    def _body(self, rows: Rows, columns: Columns, room: int) -> list[Line]:
        self._keep_in_view(rows, columns, room)
        bottom = rows.newest if self.cursor is None else self._bottom
        lines: list[Line] = []
        places: list[int] = []
        for sequence in rows.older(bottom, room):
            drawn = self._drawn(rows, sequence, columns)
            lines[:0] = drawn
            places[:0] = [sequence] * len(drawn)
            if len(lines) >= room:
                break
        self._places = places[-room:]
        return lines[-room:]

    def _drawn(self, rows: Rows, sequence: int, columns: Columns) -> list[Line]:
        line = rows.buffer.line(sequence)
        if line is None:
            return []
        drawn = rows_of(line, columns, WRAPPED_MOST) if self.wrapping else [one_row(line, columns)]
        if sequence != self.cursor:
            return [((" ", "text"), *spans) for spans in drawn]
        cells = columns.width + 1
        return [
            tuple(
                (text, f"{role}+cursor") for text, role in fit((("›"[index:] or " ", "text"), *spans), cells)
            )
            for index, spans in enumerate(drawn)
        ]

    def role_style(self, role: str) -> Style:
        """A role, or a role under the cursor (`ROLE+cursor`): an error stays one there."""
        base, plus, _ = role.partition("+")
        if not plus:
            return super().role_style(role)
        cursor = super().role_style("cursor")
        style = cursor if base in ("text", "dim") else super().role_style(base)
        return style + Style(bgcolor=cursor.bgcolor, reverse=cursor.reverse)

    def _keep_in_view(self, rows: Rows, columns: Columns, room: int) -> None:
        """Move the lower edge just so far that the chosen line is in view; never for new lines."""
        if self.cursor is None:
            return
        first = rows.buffer.first
        if self.cursor < first:  # the line left the memory
            self.cursor = next(iter(rows.newer(first - 1, 1)), None)
            if self.cursor is None:
                return
        self._bottom = max(self._bottom, self.cursor)
        used = 0
        for sequence in rows.older(self._bottom, room):
            used += len(self._drawn(rows, sequence, columns)) if self.wrapping else 1
            if used > room:
                break
            if sequence <= self.cursor:
                return
        # it is above the upper edge: it becomes the first line in view
        used = 0
        for sequence in (self.cursor, *rows.newer(self.cursor, room)):
            used += len(self._drawn(rows, sequence, columns)) if self.wrapping else 1
            if used > room and sequence != self.cursor:
                break
            self._bottom = sequence

    def _status(self, rows: Rows, width: int) -> Line:
        if self.cursor is None:
            past = self._shown is not None and in_past(self._shown)
            left: list[Span] = [(" the newest of that moment" if past else " following", "label")]
        else:
            below = rows.below(self._bottom)
            left = [(f" ↓ {below:,} below", "warn" if below else "label"), ("  G follows", "key")]
        if self._searching:
            left.append(("  searching …", "dim"))
        if self._said:
            left.append((f"  {self._said}", "warn"))
        keys = " e next error  E previous  w wrap  t times  ⏎ whole line "
        return spread(left, [(keys, "dim")], width) if width > 90 else fit(left, width)

    # -- moving

    def _choose(self, sequence: int | None) -> None:
        self._said = ""
        if sequence is not None:
            if self.cursor is None and self._rows is not None:
                self._bottom = self._rows.newest
            self.cursor = sequence
        self.redraw()

    def action_move(self, step: int) -> None:
        """Choose a line further up or down; past the newest one it follows again."""
        rows = self._rows
        if rows is None:
            return
        here = self.cursor
        if here is None:
            if step > 0:
                return
            here = next(iter(rows.older(rows.newest, 1)), 0)
        found = rows.older(here - 1, -step) if step < 0 else rows.newer(here, step)
        if step > 0 and not found:
            self.action_follow()
            return
        self._choose(found[-1] if found else None)

    def action_page(self, pages: int) -> None:
        """Move by what is in view, but for one line."""
        self.action_move(pages * max(1, len(set(self._places)) - 1))

    def action_oldest(self) -> None:
        """The oldest line that is kept and shown."""
        rows = self._rows
        if rows is not None:
            self._choose(next(iter(rows.newer(rows.buffer.first - 1, 1)), None))

    def action_follow(self) -> None:
        """Follow the newest lines."""
        self.cursor = None
        self._choose(None)

    def action_error(self, step: int) -> None:
        """The next error after the chosen line, or the one before it."""
        rows = self._rows
        if rows is None:
            return
        place: int | None = rows.newest + 1 if self.cursor is None else self.cursor
        for _ in range(ERROR_SCAN):
            place = rows.buffer.seek(place, step, Level.ERROR) if place is not None else None
            if place is None or place > rows.newest:
                self._said = "no newer error" if step > 0 else "no older error"
                self.redraw()
                return
            if place in rows:
                break
        self._choose(place)
        if place is not None:  # some of what came after it is in view as well
            after = rows.newer(place, len(self._places) * 2 // 3)
            self._bottom = max(self._bottom, after[-1]) if after else self._bottom
            self.redraw()

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self.wrapping = not self.wrapping
        self._choose(None)

    def action_times(self) -> None:
        """Show or hide the time column."""
        self.times = not self.times
        self._choose(None)

    def action_open(self) -> None:
        """Ask for the whole line: the chosen one, else the newest."""
        rows = self._rows
        if rows is None:
            return
        chosen = self.cursor if self.cursor is not None else next(iter(rows.older(rows.newest, 1)), 0)
        line = rows.buffer.line(chosen)
        if line is not None:
            self._opened[:] = [line]
            self.post_message(self.Opened(line))

    # -- mouse: the same by pointing

    def on_click(self, event: events.Click) -> None:
        """A click chooses a line, a second one opens it."""
        row = event.y - self._first_row
        if 0 <= row < len(self._places):
            self._choose(self._places[row])
            if event.chain > 1:
                self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_move(-3)


def histogram(snapshot: LogSnapshot, now: float, width: int) -> list[Line]:
    """Messages over time: errors, warnings and all, a bar for ten seconds, the newest at the right."""
    cells = max(10, min(width - 22, 360))
    end = math.floor(now / STEP) * STEP
    errors, warnings, everything = ([0.0] * cells for _ in range(3))
    for start, counts in snapshot.hour:
        cell = cells - 1 - round((end - start) / STEP)
        if 0 <= cell < cells:
            errors[cell] = counts[Level.ERROR] + counts[Level.FATAL]
            warnings[cell] = counts[Level.WARN]
            everything[cell] = sum(counts)
    lines: list[Line] = []
    for name, bars, role in (
        ("errors", errors, "crit"),
        ("warnings", warnings, "warn"),
        ("all", everything, "past"),
    ):
        total = count(sum(bars))
        spans = sparkline([bar or math.nan for bar in bars], cells, role=role)
        lines.append(((f" {name:<9}", "label"), (f"{total:>6} ", "text" if any(bars) else "dim"), spans))
    minutes = cells * STEP / 60
    axis = f"-{minutes:.0f} min".ljust(cells - 3) + "now"
    lines.append(((" " * 17, "text"), (axis, "dim")))
    return lines
