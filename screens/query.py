"""An expression asked ad hoc: its value as a table, its course as a plot, asked again while it is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from console.alerts.asking import Answers, OwnAnswers
from console.alerts.engines.source import EngineSource, PrometheusSource
from console.alerts.promql import Matrix, Scalar, String, Value, Vector
from console.errors import OpsError
from console.text import clean
from console.units import duration
from screens.base import FooterKey, OpsScreen
from screens.detail import WindowScreen
from widgets.draw import Line, wrap
from widgets.lines import FooterLine, HeaderLine, WaitingLine, WrongLine
from widgets.query_result import (
    QueryHead,
    QueryPlot,
    ResultRow,
    columns_for,
    common,
    curves_of,
    exact,
    rows_of,
)
from widgets.table import Table

EVERY = 5.0
"""Seconds between two times of asking."""
STEPS = 120
"""Points of a curve."""
LEAST_STEP = 1.0
ORDERING = ("sort", "topk", "bottomk")
"""What an expression begins with whose elements have an order."""
PLOT_LEAST = 18
"""Lines of the screen below which there is no room for a plot."""


def answers_for(screen: OpsScreen) -> Answers:
    """The Prometheus where the alerts pane shows an engine, else the console's own history."""
    feeds = screen.ops.scene.feeds("alerts")
    if feeds and isinstance(feeds[0].source, EngineSource):
        for feed in feeds:
            if isinstance(feed.source, PrometheusSource):
                return feed.source.answers()
    return OwnAnswers(screen.ops.collector.history, screen.ops.collector.clock)


class SeriesScreen(WindowScreen):
    """One series of a result, whole."""

    def __init__(self, row: ResultRow) -> None:
        super().__init__("Series")
        self._row = row

    def make(self, width: int) -> Sequence[Line]:
        """Its value, and each label on a line."""
        row = self._row
        lines: list[Line] = [((row.text or exact(row.value), "strong"),), ()]
        for name, value in row.labels:
            lines += wrap(clean(f"{name} = {value}", 4000), width)
        return [*lines, (), *wrap(row.told, width, "dim")]


class QueryScreen(OpsScreen):
    """One expression. It reads, and changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Leave", id="query.close", tooltip="Back to where it was asked"),
        Binding("e", "edit", "Edit", id="query.edit", tooltip="Change the expression"),
        Binding("v", "plot", "Plot", id="query.plot", tooltip="Show or hide the plot"),
        Binding("W", "span", "Time span", id="query.span", tooltip="Minutes the plot reaches back"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.answers: Answers | None = None
        self.failure = ""
        self._value: Value | None = None
        self._curves = Matrix(())
        self._end = 0.0
        self._rows: list[ResultRow] = []
        self._columns: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """What is asked and of whom; the plot; the table."""
        yield HeaderLine()
        yield WrongLine()
        yield QueryHead()
        yield QueryPlot()
        yield WaitingLine()
        yield FooterLine()

    async def on_mount(self) -> None:
        """Ask, and again at the pace of the console."""
        self.answers = answers_for(self)
        self.query_one(QueryPlot).display = False
        self._show_note()
        self.show_footer()
        self.set_interval(EVERY * self.ops.collector.interval, self.ask_now, name="query")
        self.ask_now()

    def on_unmount(self) -> None:
        """Nobody waits for an answer any more."""
        super().on_unmount()
        if self.answers is not None:
            self.answers.close()

    # -- asking

    def ask_now(self) -> None:
        """Ask once, unless the last question is still out."""
        if not any(worker.group == "query" and worker.is_running for worker in self.workers):
            self.run_worker(self._ask(), group="query", description="asking in PromQL", exit_on_error=False)

    async def _ask(self) -> None:
        """Ask until the answer is of what stands there: it may be changed meanwhile."""
        asked = ""
        while asked != self.text:
            asked = self.text
            try:
                value, curves = await self._answer(asked)
            except OpsError as error:
                if asked == self.text:
                    self.failure = str(error)
                    self._show_note()
                continue
            if asked == self.text:
                self.failure, self._value, self._curves = "", value, curves
                self._end = _time_of(value)
                await self._show_value()

    async def _answer(self, text: str) -> tuple[Value, Matrix]:
        """The value, at the moment in view, and its course until then. Raises OpsError."""
        assert self.answers is not None
        ops = self.ops
        ago = ops.scene.playback.ago(ops.collector.clock.monotonic()) or 0.0
        value = await self.answers.at(text, ago)
        if isinstance(value, Scalar | Vector):
            step = max(LEAST_STEP, ops.plot_span / STEPS)
            return value, await self.answers.over(text, _time_of(value), ops.plot_span, step)
        return value, value if isinstance(value, Matrix) else Matrix(())

    async def _show_value(self) -> None:
        assert self._value is not None
        self._rows = rows_of(self._value, self.text.startswith(ORDERING))
        columns = columns_for(self._rows)
        ids = tuple(column.id for column in columns)
        found = self.query(Table)
        if not found or ids != self._columns:
            self._columns = ids
            await found.remove()
            table = Table(columns, lambda row: row.labels, empty="nothing has this now", id="view")
            await self.mount(table, before=self.query_one(WaitingLine))
            if not self.asking:
                self.set_focus(table)
        self.query_one(Table).show(self._rows)
        self._show_plot()
        self._show_note()
        self.show_footer()

    def _show_plot(self) -> None:
        plot, ops = self.query_one(QueryPlot), self.ops
        curves = curves_of(self._curves)
        plot.display = bool(curves) and ops.plots_wanted and self.size.height >= PLOT_LEAST
        if plot.display:
            height = self.size.height
            plot.styles.height = max(8, height // 2 if len(self._rows) < height // 3 else height // 3)
            total = len(self._curves.series)
            title = f"{len(curves)} of {total} series" if total > len(curves) else f"{total} series"
            plot.show(curves, title, self._end, ops.plot_span)

    def _show_note(self) -> None:
        name = self.answers.name if self.answers is not None else ""
        asked: Line = ((clean(self.text, 2000), "title"), (f"  {name}", "dim"))
        if self.failure:
            parts: list[Line] = [asked, ((f"✖ {self.failure}", "crit"),)]
            if self._rows and self._end:
                at = datetime.fromtimestamp(self._end, UTC).astimezone()
                parts.append(((f"below is what it was at {at:%H:%M:%S}", "warn"),))
        elif self._value is None:
            parts = [(*asked, ("  asking …", "dim"))]
        else:
            shared = common(self._rows)
            parts = [(*asked, (f"  {len(self._rows)} found", "text"))]
            if shared:
                parts.append(((f"all have {shared}", "dim"),))
        self.query_one(QueryHead).show(parts)

    # -- keys

    def footer_keys(self) -> Sequence[FooterKey]:
        """What works here."""
        return [
            FooterKey("query.close", "esc", "leave", "screen.close"),
            FooterKey("app.help", "?", "help", "app.help"),
            FooterKey("query.edit", "e", "edit", "screen.edit"),
            FooterKey("table.open", "⏎", "details"),
            FooterKey("table.sort", "s", "sort"),
            FooterKey("query.plot", "v", "plot", "screen.plot"),
            FooterKey("query.span", "W", f"span {duration(self.ops.plot_span)}", "screen.span"),
            FooterKey("app.copy", "y", "copy", "app.copy"),
            FooterKey("app.export", "^s", "export", "app.export"),
        ]

    async def action_edit(self) -> None:
        """Change the expression; completion as at `:`."""
        from screens.promql_words import Words

        await self.ask("promql", "promql", self.text, suggester=Words(self.ops), hint="an expression")

    async def answered(self, purpose: str, text: str | None) -> None:
        """Another expression: nothing of the one before stays."""
        if purpose != "promql":
            await super().answered(purpose, text)
        elif text and text.strip():
            self.text = text.strip()
            await self._clear()
            self.ask_now()

    async def _clear(self) -> None:
        self._value, self._rows, self._curves, self._end, self.failure = None, [], Matrix(()), 0.0, ""
        self._columns = ()
        await self.query(Table).remove()
        self._show_plot()
        self._show_note()

    def on_resize(self) -> None:
        """The words above may need more or fewer lines."""
        if self.is_mounted:
            self._show_note()
            self._show_plot()

    def action_plot(self) -> None:
        """Show or hide the plot."""
        self.ops.plots_wanted = not self.ops.plots_wanted
        self._show_plot()

    def action_span(self) -> None:
        """The plot over two minutes, ten, an hour."""
        spans = (120.0, 600.0, 3600.0)
        self.ops.plot_span = next((span for span in spans if span > self.ops.plot_span), spans[0])
        self.show_footer()
        self.ask_now()

    def on_table_opened(self, message: Table.Opened) -> None:
        """The series whole."""
        self.app.push_screen(SeriesScreen(message.row))

    def restore_focus(self) -> None:
        """The table has the keyboard."""
        for table in self.query(Table):
            self.set_focus(table)


def _time_of(value: Value) -> float:
    """When a value is of, by the clock of who evaluated it."""
    if isinstance(value, Matrix):
        return max((one.times[-1] for one in value.series if one.times), default=0.0)
    assert isinstance(value, Scalar | String | Vector)
    return value.time
