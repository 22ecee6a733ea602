"""One pane on the whole screen: its views, plots over time, sort, filter and details."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.errors import OpsError
from console.findings import Severity
from console.sources.base import Focus, State
from console.text import clean
from console.text import width as cell_width
from screens.base import FooterKey, OpsScreen
from screens.stand_ins import Absence, BodyView
from widgets.boundary import DrawingFailedError, attempt
from widgets.draw import Line, Span
from widgets.lines import FooterLine, HeaderLine, NoteLine, TabsLine, WaitingLine, WrongLine
from widgets.pane import Context, View, ViewCanvas
from widgets.pane_drawing import stale_line, title_spans, told
from widgets.panes import TITLES, pane_for
from widgets.plot_area import PlotArea
from widgets.table import Table, TableState

PLOT_LEAST = 20
"""Screen lines below which there is no room for plots."""


class ZoomScreen(OpsScreen):
    """One pane, whole: tabs of views, plots, a table or the view's own widget."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Overview", id="zoom.close", tooltip="Back to the overview"),
        Binding("right", "turn(1)", "Next view", id="zoom.next-view", tooltip="The next view of this pane"),
        Binding(
            "left",
            "turn(-1)",
            "Previous view",
            show=False,
            id="zoom.previous-view",
            tooltip="The view before",
        ),
        Binding(
            "tab", "other_pane(1)", "Next pane", show=False, id="zoom.next-pane", tooltip="The next pane"
        ),
        Binding(
            "shift+tab",
            "other_pane(-1)",
            "Previous pane",
            show=False,
            id="zoom.previous-pane",
            tooltip="The pane before",
        ),
        Binding(
            "F",
            "faults_only",
            "Faults only",
            id="zoom.faults",
            tooltip="Only the rows that are wrong, or all",
        ),
        Binding(
            "O", "jump", "Owner", id="zoom.jump", tooltip="What the row belongs to, or what belongs to it"
        ),
        Binding(
            "u",
            "choose",
            "Use",
            show=False,
            id="zoom.choose",
            tooltip="Watch the context of the row, or no longer",
        ),
        Binding(
            "Y",
            "copy_command",
            "Copy command",
            show=False,
            id="zoom.command",
            tooltip="Copy the command that shows the row in a shell",
        ),
        Binding("l", "related", "Its log", id="zoom.related", tooltip="The log lines of the row"),
        Binding(
            "L",
            "related(True)",
            "Log before",
            show=False,
            id="zoom.before",
            tooltip="The log lines of the run before this one",
        ),
        Binding("D", "document", "Whole", show=False, id="zoom.document", tooltip="The whole of it as text"),
        Binding("x", "act", "Act", id="zoom.act", tooltip="What can be done to the row"),
        Binding("v", "plots", "Plots", id="zoom.plots", tooltip="Show or hide the plots"),
        Binding("W", "span", "Time span", show=False, id="zoom.span", tooltip="Minutes the plots reach back"),
        Binding(
            "o",
            "other_source",
            "Other source",
            show=False,
            id="zoom.other",
            tooltip="The next source of this kind",
        ),
    ]

    def __init__(self, kind: str, number: int, filter_text: str = "", view: str = "") -> None:
        super().__init__()
        self.kind = kind
        self.number = number
        self.pane = pane_for(kind)
        self.filter_text = filter_text
        self.faults_only = False
        """Whether the rows that are well are left out of every view."""
        self._filter_before = ""
        self._filter_error = ""
        self._failure = ""
        self._defect = ""
        """What is wrong with the pane or the view itself, whatever the reading."""
        self._states: dict[str, TableState] = {}
        self._absent: bool | None = None
        self._drawn: Context | None = None
        """What the rows in view were made from."""
        self.views: list[View[Any]] = self._load_views()
        self.chosen = self._place_of(view)

    def _load_views(self) -> list[View[Any]]:
        try:
            views = attempt(self._views)
        except DrawingFailedError as failure:
            self._defect, views = str(failure), []
        # a pane without views of its own shows its body, with all the room there is
        whole = View[Any]("all", self.pane.title, (), _no_rows, str, widget=lambda: BodyView(self.pane))
        return views or [whole]

    def _place_of(self, view: str) -> int:
        """The place of a view by its id; the first where there is no such."""
        return next((index for index, each in enumerate(self.views) if each.id == view), 0)

    def _views(self) -> list[View[Any]]:
        return list(self.pane.views())

    def compose(self) -> ComposeResult:
        """Header, what is wrong, tabs, plots, note, the view, the keys."""
        yield HeaderLine()
        yield WrongLine()
        yield TabsLine([view.title for view in self.views])
        yield PlotArea()
        yield NoteLine()
        yield Absence(self.pane)
        yield WaitingLine()
        yield FooterLine()

    async def on_mount(self) -> None:
        """Begin with the first view."""
        self.query_one(NoteLine).display = False
        self.query_one(Absence).display = False
        await self._mount_view()

    @property
    def view(self) -> View[Any]:
        """The view in front."""
        return self.views[self.chosen]

    @property
    def body(self) -> Table[Any] | ViewCanvas | None:
        """The widget of the view in front."""
        found = self.query("#view")
        if not found:
            return None
        widget = found.first()
        return widget if isinstance(widget, Table | ViewCanvas) else None

    @property
    def row(self) -> Any:
        """The row under the cursor; None where there is none, as in a view that is no table."""
        return self.body.current if isinstance(self.body, Table) else None

    async def _mount_view(self) -> None:
        await self.query("#view").remove()
        widget = self._make_widget()
        widget.id = "view"
        await self.mount(widget, before=self.query_one(WaitingLine))
        if isinstance(widget, Table) and self.view.id in self._states:
            widget.state = self._states[self.view.id]
        if self.filter_text:
            self._apply_filter(self.filter_text)
        self._absent = None
        self.show([self.kind])
        self.show_footer()
        self.restore_focus()

    def _make_widget(self) -> Table[Any] | ViewCanvas:
        view = self.view
        if view.widget is not None:
            try:
                return attempt(view.widget)
            except DrawingFailedError as failure:
                self._defect = str(failure)
                return BodyView(self.pane)
        table: Table[Any] = Table(view.columns, view.key, view.severity, view.empty, view.made_of)
        if view.sort:
            table.sort_by(view.sort)
        table.faults_only = self.faults_only
        return table

    # -- drawing

    def focus_of(self, kind: str) -> Focus:
        """This pane is looked at closely, the others not at all."""
        return Focus.FULL if kind == self.kind else Focus.HIDDEN

    def show(self, kinds: Iterable[str]) -> None:
        """Draw when this pane's kind has news."""
        body = self.body
        if not self.is_mounted or self.kind not in kinds or body is None:
            return
        context, others, hidden = self.ops.scene.context(self.kind)
        absence, plots = self.query_one(Absence), self.query_one(PlotArea)
        absent = context is None or (context.feed.known if self.view.known else context.snapshot) is None
        absence.display, body.display = absent, not absent
        if absent != self._absent:
            self._absent = absent
            self.restore_focus()
            self.show_footer()
        if context is None or absent:
            plots.display = False
            absence.show_context(context)
        else:
            try:
                attempt(self._fill, body, context)
                self._failure = ""
            except DrawingFailedError as failure:
                self._failure = str(failure)
            self._show_plots(context, body.counts[1])
        if context is not None:
            self._show_tabs(context, others, hidden)
            self._show_note(context)

    def _fill(self, body: Table[Any] | ViewCanvas, context: Context) -> None:
        if isinstance(body, Table):
            absent = self.view.absent
            body.show(self.view.rows(context), absent(context) if absent is not None else ())
            self._drawn = context
        else:
            body.show_context(context)

    def _show_plots(self, context: Context, rows: int) -> None:
        area = self.query_one(PlotArea)
        plots = self.view.plots
        area.display = bool(plots) and self.app.size.height >= PLOT_LEAST and self.ops.plots_wanted
        if area.display:
            area.show(plots, context, self.ops.plot_span, rows)

    def _show_tabs(self, context: Context, others: int, hidden: Severity) -> None:
        filtered: list[Span] = []
        faults_only = self.faults_only and self.view.severity is not None
        if self.body is not None and (self.filter_text or faults_only):
            shown, there = self.body.counts
            if faults_only:
                filtered.append(("  faults only ", "accent"))
            if self.filter_text:
                filtered.append((f"  /{clean(self.filter_text, 30)} ", "accent"))
            filtered.append((f"{shown} of {there}", "text"))
        end: list[Span] = [*filtered, (" ", "text")]
        whole = title_spans(self.pane, context, self.number, others, hidden)
        brief = title_spans(self.pane, context, self.number, others, hidden, headline=False)
        self.query_one(TabsLine).show(self.chosen, [*whole, *end], [*brief, *end])

    def _show_note(self, context: Context) -> None:
        note: Line = ()
        more: list[Line] = []
        failure = self._defect or self._failure
        if failure:
            note = ((f" ✖ this pane failed to draw: {failure}", "crit"),)
        elif self._filter_error:
            note = ((f" {self._filter_error}", "warn"),)
        elif self._absent:
            pass  # the whole screen says why
        elif context.feed.state in (State.STALE, State.REFUSED):
            note, *more = [
                ((" ", "text"), *line) for line in told(stale_line(context), self.size.width - 2, 4)
            ]
        elif context.snapshot.limited:
            said = "; ".join(context.snapshot.limited)
            cut = cell_width(f" limited view: {said}") > self.size.width
            note = ((f" limited view{' (! says all)' if cut else ''}: {said}", "warn"),)
        elif self.view.note is not None:
            try:
                text = attempt(self.view.note, context)
            except DrawingFailedError as error:
                text = str(error)
            note = ((f" {text}", "dim"),) if text else ()
        self.query_one(NoteLine).show(note, *more)

    def footer_keys(self) -> Sequence[FooterKey]:
        """What works on this pane."""
        keys = [
            FooterKey("zoom.close", "esc", "overview", "screen.close"),
            FooterKey("app.help", "?", "help", "app.help"),
        ]
        if self.ops.paused:
            keys.append(FooterKey("app.pause", "p", "go on", "app.pause"))
        if self._absent:
            if any(view.known for view in self.views):
                keys.append(FooterKey("zoom.next-view", "→", "view", "screen.turn(1)"))
            return keys
        keys.append(FooterKey("app.filter", "/", "filter", "app.filter"))
        if len(self.views) > 1:
            keys.append(FooterKey("zoom.next-view", "→", "view", "screen.turn(1)"))
        if isinstance(self.body, Table):
            keys.append(FooterKey("table.open", "⏎", "details", "screen.on_table('open')"))
        keys += self._row_keys()
        if isinstance(self.body, Table):
            keys += [
                FooterKey("table.sort", "s", "sort", "screen.on_table('sort')"),
                FooterKey("table.reverse", "r", "reverse", "screen.on_table('reverse')"),
            ]
        if isinstance(self.body, Table) and self.view.severity is not None:
            word = "all" if self.faults_only else "faults only"
            keys.append(FooterKey("zoom.faults", "F", word, "screen.faults_only"))
        keys.append(FooterKey("zoom.plots", "v", "plots", "screen.plots"))
        if not self.ops.paused:
            keys.append(FooterKey("app.pause", "p", "pause", "app.pause"))
        if self.view.command is not None:
            keys.append(FooterKey("zoom.command", "Y", "copy command", "screen.copy_command"))
        return [
            *keys,
            FooterKey("app.copy", "y", "copy", "app.copy"),
            FooterKey("app.export", "^s", "export", "app.export"),
        ]

    def _row_keys(self) -> Iterator[FooterKey]:
        """What the view in front offers to do with its rows."""
        view, live = self.view, not self.ops.paused
        if view.jump is not None:
            yield FooterKey("zoom.jump", "O", view.jump_word, "screen.jump")
        if view.choose is not None and live:
            yield FooterKey("zoom.choose", "u", "watch or not", "screen.choose")
        if view.related is not None:
            yield FooterKey("zoom.related", "l", view.related_word, "screen.related")
        if view.writers is not None:
            yield FooterKey("zoom.before", "L", "of the run before", "screen.related(True)")
        if view.document is not None:
            yield FooterKey("zoom.document", "D", "as YAML", "screen.document")
        if view.acts is not None and live:
            yield FooterKey("zoom.act", "x", "act", "screen.act")
        if view.runbook is not None:
            yield FooterKey("app.drawer", "R", "runbook", "app.drawer")

    @property
    def idle_keys(self) -> set[str]:
        """What the view in front has no use for."""
        view = self.view
        parts = {
            "zoom.jump": view.jump,
            "zoom.choose": view.choose,
            "zoom.command": view.command,
            "zoom.related": view.related,
            "zoom.before": view.writers,
            "zoom.document": view.document,
            "zoom.act": view.acts,
            "zoom.faults": view.severity,
        }
        idle = {key for key, part in parts.items() if part is None or self._absent}
        if len(self.views) < 2:
            idle |= {"zoom.next-view", "zoom.previous-view"}
        if len(self.ops.scene.feeds(self.kind)) < 2:
            idle.add("zoom.other")
        return super().idle_keys | idle

    # -- keys

    async def action_view(self, index: int) -> None:
        """Choose a view by its place."""
        body = self.body
        if isinstance(body, Table):
            self._states[self.view.id] = body.state
        self.chosen, self._defect = index % len(self.views), ""
        await self._mount_view()

    async def action_turn(self, step: int) -> None:
        """The next or previous view."""
        await self.action_view(self.chosen + step)

    async def action_on_table(self, name: str) -> None:
        """What a key does to the table, for a click on its name."""
        if isinstance(self.body, Table):
            await self.body.run_action(name)

    def action_related(self, before: bool = False) -> None:
        """The pane that shows what the row under the cursor has to say, or what the run `before` said."""
        from screens.asking import follow, gather  # loaded when first asked for

        row, related = self.row, self.view.related
        if row is None or related is None or self._drawn is None:
            self.ops.tell("nothing in front has lines of its own")
            return
        try:
            kind, text = attempt(related, row)
        except DrawingFailedError as failure:
            self.ops.tell(f"this row leads nowhere: {failure}", "error")
            return
        if kind not in self.ops.kinds:
            self.ops.tell(f"there is no pane {TITLES.get(kind, kind)} here")
        elif not before and (selected := gather(self.ops, self.view, row, self._drawn)):
            self.ops.zoom(kind, filter_text=selected)
        elif follow(self.ops, self.view, row, self._drawn, before):
            self.ops.zoom(kind, filter_text=text)

    def action_document(self) -> None:
        """The whole of what the row under the cursor stands for, as its source has it."""
        from screens.asking import show_document  # loaded when first asked for

        if self.row is not None and self._drawn is not None:
            show_document(self.ops, self.view, self.row, self._drawn)
        else:
            self.ops.tell("there is no text of what is in front")

    async def action_jump(self) -> None:
        """The view, filtered, of what the row under the cursor belongs to, or of what belongs to it."""
        row, jump = self.row, self.view.jump
        if row is None or jump is None:
            self.ops.tell("nothing in front belongs to another row")
            return
        try:
            place = attempt(jump, row)
        except DrawingFailedError as failure:
            self.ops.tell(f"this row leads nowhere: {failure}", "error")
            return
        if place is None:
            self.ops.tell("nothing known controls this one")
            return
        self.filter_text = place.filter_text
        self.show_faults_only(False)  # what is meant may be well
        await self.action_view(self._place_of(place.view))

    def action_faults_only(self) -> None:
        """Only the rows that are wrong, in every view of this pane, or all."""
        if isinstance(self.body, Table) and self.view.severity is not None:
            self.show_faults_only(not self.faults_only)
        else:
            self.ops.tell("nothing here is judged one by one")

    def show_faults_only(self, only: bool) -> None:
        """Leave out the rows that are well, or show them again."""
        self.faults_only = only
        if isinstance(self.body, Table):
            self.body.show_faults_only(only)
        self.show([self.kind])
        self.show_footer()

    def action_choose(self) -> None:
        """Have the source ask for the row under the cursor, or no longer."""
        row, choose = self.row, self.view.choose
        if row is None or choose is None or self._drawn is None:
            self.ops.tell("nothing in front can be chosen to be watched")
            return
        if self.ops.paused:
            self.ops.tell("the past cannot be changed: p goes on")
            return
        try:
            said = attempt(_chosen, choose, row, self._drawn)
        except DrawingFailedError as failure:
            said = OpsError(f"this row cannot be asked for: {failure}")
        if isinstance(said, OpsError):
            self.ops.tell(str(said), "error")
        else:
            self.ops.tell(said)
            self.ops.action_refresh_now()

    def action_copy_command(self) -> None:
        """Copy the command that shows the row under the cursor."""
        row, command = self.row, self.view.command
        if row is None or command is None:
            self.ops.tell("there is no command for what is in front")
            return
        try:
            self.ops.copy(attempt(command, row))
        except DrawingFailedError as failure:
            self.ops.tell(f"there is no command for this row: {failure}", "error")

    @property
    def runbook(self) -> str:
        """The runbook that goes with the row under the cursor."""
        row, runbook = self.row, self.view.runbook
        if row is None or runbook is None:
            return ""
        try:
            return attempt(runbook, row)
        except DrawingFailedError:
            return ""

    def action_act(self) -> None:
        """What can be done to the row under the cursor."""
        from screens.acting import open_acts  # loaded when first asked for

        if isinstance(self.body, Table):
            open_acts(self, self.body, self._drawn)
        else:
            self.ops.tell("there are no rows here to do anything to")

    def action_other_pane(self, step: int) -> None:
        """The next or previous pane, zoomed."""
        self.ops.zoom_neighbour(self.kind, step)

    def action_other_source(self) -> None:
        """The next source of this kind."""
        self.ops.choose_next(self.kind)

    def action_plots(self) -> None:
        """Show or hide the plots."""
        self.ops.plots_wanted = not self.ops.plots_wanted
        self.show([self.kind])

    def action_span(self) -> None:
        """Plots over two minutes, ten, an hour."""
        spans = (120.0, 600.0, 3600.0)
        after = [span for span in spans if span > self.ops.plot_span]
        self.ops.plot_span = after[0] if after else spans[0]
        self.show([self.kind])

    def on_table_opened(self, message: Table.Opened) -> None:
        """Everything about a row."""
        from screens.detail import DetailScreen

        try:
            window = attempt(DetailScreen, self.kind, self.view, message.row)
        except DrawingFailedError as failure:
            self.ops.tell(f"this row has no details: {failure}", "error")
        else:
            self.app.push_screen(window)

    # -- filter

    async def ask_filter(self) -> None:
        """Type a filter; it works while it is typed."""
        self._filter_before = self.filter_text
        await self.ask("filter", "/", self.filter_text, hint="words, !not, column:word")

    def typing(self, purpose: str, text: str) -> None:
        """The filter works while it is typed."""
        if purpose == "filter":
            self._apply_filter(text)

    async def answered(self, purpose: str, text: str | None) -> None:
        """Keep the filter, or go back to the one before."""
        if purpose == "filter":
            self._apply_filter(self._filter_before if text is None else text)
        else:
            await super().answered(purpose, text)

    def _apply_filter(self, text: str) -> None:
        self.filter_text = text
        body = self.body
        if body is not None:
            try:
                self._filter_error = attempt(body.set_filter, text).error
            except DrawingFailedError as failure:
                self._filter_error = str(failure)
        self.show([self.kind])

    def restore_focus(self) -> None:
        """The view gets the keyboard back, at once, unless a prompt has it."""
        absence = self.query_one(Absence)
        if not self.asking:
            self.set_focus(absence if absence.display else self.body)

    def action_close(self) -> None:
        """A filter is taken back first, then faults only; then back to the overview."""
        if self.filter_text:
            self._apply_filter("")
        elif self.faults_only:
            self.show_faults_only(False)
        else:
            self.app.pop_screen()


def _chosen(choose: Callable[[Any, Context], str], row: Any, context: Context) -> str | OpsError:
    try:
        return choose(row, context)
    except OpsError as refusal:
        return refusal


def _no_rows(context: Context) -> Sequence[Any]:
    return ()
