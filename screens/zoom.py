"""One pane on the whole screen: its views, plots over time, sort, filter and details."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from console.filters import Filter
from console.sources.base import Focus, State
from screens.base import OpsScreen
from widgets.draw import Line, Span
from widgets.lines import FooterLine, HeaderLine, NoteLine, TabsLine, WrongLine
from widgets.pane import Context, Pane, View, ViewCanvas
from widgets.pane_drawing import draw_absence, title_spans
from widgets.panes import pane_for
from widgets.plot_area import PlotArea
from widgets.table import Table

PLOT_LEAST = 20
"""Screen lines below which there is no room for plots."""


class Absence(ViewCanvas):
    """Stands in for the table of a source that never had data: what is missing and how to mend it."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(id="absence")
        self._pane = pane
        self._shown: Context | None = None

    def show_context(self, context: Context) -> None:
        """Draw this context."""
        self._shown = context
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The pane's own words for its state."""
        if self._shown is None:
            return []
        lines = [(), *draw_absence(self._pane, self._shown, width - 4)]
        return [(("  ", "text"), *line) for line in lines]


class ZoomScreen(OpsScreen):
    """One pane, whole: tabs of views, plots, a table or the view's own widget."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,0", "close", "Overview", id="zoom.close", tooltip="Back to the overview"),
        Binding("right", "turn(1)", "Next view", id="zoom.next-view", tooltip="The next view of this pane"),
        Binding("left", "turn(-1)", "Previous view", show=False, id="zoom.previous-view"),
        Binding("tab", "other_pane(1)", "Next pane", show=False, id="zoom.next-pane"),
        Binding("shift+tab", "other_pane(-1)", "Previous pane", show=False, id="zoom.previous-pane"),
        Binding("v", "plots", "Plots", id="zoom.plots", tooltip="Show or hide the plots"),
        Binding("w", "span", "Time span", show=False, id="zoom.span", tooltip="Minutes the plots reach back"),
        Binding("o", "other_source", "Other source", show=False, id="zoom.other"),
    ]

    def __init__(self, kind: str, number: int, view: str = "") -> None:
        super().__init__()
        self.kind = kind
        self.number = number
        self.pane = pane_for(kind)
        self.views: list[View[Any]] = list(self.pane.views())
        self.chosen = next((i for i, v in enumerate(self.views) if v.id == view), 0)
        self.filter_text = ""
        self._filter_error = ""

    def compose(self) -> ComposeResult:
        """Header, what is wrong, tabs, plots, note, the view, the keys."""
        yield HeaderLine()
        yield WrongLine()
        yield TabsLine([view.title for view in self.views])
        yield PlotArea()
        yield NoteLine()
        yield Absence(self.pane)
        yield FooterLine()

    async def on_mount(self) -> None:
        """Begin with the first view."""
        self.query_one(NoteLine).display = False
        await self._mount_view()

    @property
    def view(self) -> View[Any] | None:
        """The view in front."""
        return self.views[self.chosen] if self.views else None

    @property
    def body(self) -> Table[Any] | ViewCanvas | None:
        """The widget of the view in front."""
        found = self.query("#view")
        if not found:
            return None
        widget = found.first()
        return widget if isinstance(widget, Table | ViewCanvas) else None

    async def _mount_view(self) -> None:
        await self.query("#view").remove()
        view = self.view
        if view is None:
            return
        widget: Table[Any] | ViewCanvas
        if view.widget is not None:
            widget = view.widget()
        else:
            widget = Table(view.columns, view.key, view.severity, view.empty)
            if view.sort:
                widget.sort_by(view.sort)
        widget.id = "view"
        await self.mount(widget, before=self.query_one(FooterLine))
        if self.filter_text:
            self._apply_filter(self.filter_text)
        widget.focus()
        self.show([self.kind])
        self.show_footer()

    # -- drawing

    def focus_of(self, kind: str) -> Focus:
        """This pane is looked at closely, the others not at all."""
        return Focus.FULL if kind == self.kind else Focus.HIDDEN

    def show(self, kinds: Iterable[str]) -> None:
        """Draw when this pane's kind has news."""
        if not self.is_mounted or self.kind not in kinds or not self.is_current:
            return
        context, others = self.ops.context(self.kind)
        view, body = self.view, self.body
        if context is None or view is None or body is None:
            return
        absence = self.query_one(Absence)
        absent = context.snapshot is None
        absence.display = absent
        body.display = not absent
        if absent:
            absence.show_context(context)
            self.query_one(PlotArea).display = False
        else:
            self._show_plots(view, context)
            if isinstance(body, Table):
                body.show(view.rows(context))
            else:
                body.show_context(context)
        self._show_tabs(context, others)
        self._show_note(view, context)

    def _show_plots(self, view: View[Any], context: Context) -> None:
        area = self.query_one(PlotArea)
        area.display = bool(view.plots) and self.app.size.height >= PLOT_LEAST and self.ops.plots_wanted
        if area.display:
            area.show(view.plots, context, self.ops.plot_span)

    def _show_tabs(self, context: Context, others: int) -> None:
        body = self.body
        suffix: list[Span] = title_spans(self.pane, context, self.number, others)
        if body is not None and self.filter_text:
            shown, there = body.counts
            suffix += [(f"  /{self.filter_text} ", "accent"), (f"{shown} of {there}", "text")]
        self.query_one(TabsLine).show(self.chosen, [*suffix, (" ", "text")])

    def _show_note(self, view: View[Any], context: Context) -> None:
        note: Line = ()
        error = context.feed.reading.error if context.feed.reading else None
        if self._filter_error:
            note = ((f" {self._filter_error}", "warn"),)
        elif error is not None and context.snapshot is not None:
            since = context.feed.failing_since
            shown = since.astimezone().strftime("%H:%M:%S") if since else "?"
            word = "refused" if context.feed.state is State.REFUSED else "stale"
            note = ((f" ✖ {word} since {shown}  ", "crit"), (str(error), "text"))
        elif context.snapshot is not None and context.snapshot.limited:
            note = ((f" limited view: {'; '.join(context.snapshot.limited)}", "warn"),)
        elif view.note is not None and context.snapshot is not None:
            text = view.note(context)
            note = ((f" {text}", "dim"),) if text else ()
        self.query_one(NoteLine).show(note)

    def footer_keys(self) -> Sequence[tuple[str, str, str]]:
        """What works on this pane."""
        table = isinstance(self.body, Table)
        keys = [("esc", "overview", "screen.close"), ("/", "filter", "app.filter")]
        if len(self.views) > 1:
            keys.append(("← →", "view", "screen.turn(1)"))
        if table:
            keys += [("s", "sort", ""), ("r", "reverse", ""), ("⏎", "details", "")]
        keys += [
            ("v", "plots", "screen.plots"),
            ("p", "pause", "app.pause"),
            ("y", "copy", "app.copy"),
            ("^s", "export", "app.export"),
            ("?", "help", "app.help"),
        ]
        return [(key, word, action) for key, word, action in keys]

    # -- keys

    async def action_view(self, index: int) -> None:
        """Choose a view by its place."""
        self.chosen = index % max(1, len(self.views))
        await self._mount_view()

    async def action_turn(self, step: int) -> None:
        """The next or previous view."""
        await self.action_view(self.chosen + step)

    async def show_view(self, view_id: str) -> None:
        """Choose a view by its id, if there is one."""
        for index, view in enumerate(self.views):
            if view.id == view_id:
                await self.action_view(index)

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
        """Plots over two minutes, ten, an hour, two hours."""
        spans = (120.0, 600.0, 3600.0, 7200.0)
        after = [span for span in spans if span > self.ops.plot_span]
        self.ops.plot_span = after[0] if after else spans[0]
        self.show([self.kind])

    def on_table_opened(self, message: Table.Opened) -> None:
        """Everything about a row."""
        context, _ = self.ops.context(self.kind)
        view = self.view
        if context is None or view is None:
            return
        from screens.detail import DetailScreen

        self.app.push_screen(DetailScreen(self.kind, view, message.row))

    # -- filter

    def typing(self, purpose: str, text: str) -> None:
        """The filter works while it is typed."""
        if purpose == "filter":
            self._apply_filter(text)

    async def answered(self, purpose: str, text: str | None) -> None:
        """Keep the filter, or take it back."""
        if purpose != "filter":
            await super().answered(purpose, text)
            return
        self._apply_filter(text or "")

    def _apply_filter(self, text: str) -> None:
        body = self.body
        if body is None:
            return
        parsed: Filter = body.set_filter(text)
        self.filter_text = text
        self._filter_error = parsed.error or ""
        self.show([self.kind])

    def restore_focus(self) -> None:
        """The view gets the keyboard back."""
        body: Widget | None = self.body
        if body is not None:
            body.focus()

    def action_close(self) -> None:
        """A filter is taken back first; then back to the overview."""
        if self.filter_text:
            self._apply_filter("")
        else:
            self.app.pop_screen()
