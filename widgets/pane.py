"""What a pane is: a plain object that draws one kind of source, and the widget that hosts it.

A new pane is one file in `widgets/panes/` with a subclass of `Pane`, registered by kind in
`widgets/panes/__init__.py` (or by a third party under the entry point `opsconsole.panes`). It
imports its source's types for type checking only, so that drawing never loads a driver.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from console.filters import Filter

from console.collector import Feed
from console.config import Config
from console.findings import Finding, Limit, Severity, by_severity, worst
from console.history import History, Point
from console.metrics import Labels
from console.sources.base import State
from console.units import duration
from widgets.canvas import Canvas
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, fit, line_width, wrap
from widgets.plot import Curve, PlotSpec
from widgets.table import Column

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Context:
    """All a pane may know when it draws: the feed, the history, and the time it is drawn for.

    `now` is monotonic seconds and `time` the wall clock; while the reader steps back through time
    they, and the feed, are those of the past moment. `labels` are a source's common labels.
    """

    feed: Feed
    history: History
    config: Config
    now: float
    time: datetime

    @property
    def snapshot(self) -> Any:
        """The newest snapshot (possibly stale); None before the first."""
        return self.feed.snapshot

    @property
    def findings(self) -> Sequence[Finding]:
        """What is wrong, worst first."""
        return by_severity(self.feed.findings)

    def limit(self, name: str) -> Limit:
        """A configured threshold by its name."""
        return self.config.limits.limit(name)

    def points(self, name: str, labels: Labels = (), seconds: float = 120.0) -> list[Point]:
        """The points of a gauge in the last seconds."""
        points = self.history.since(name, labels, self.now - seconds)
        return [point for point in points if point[0] <= self.now]

    def rates(self, name: str, labels: Labels = (), seconds: float = 120.0) -> list[Point]:
        """The per-second rates of a counter in the last seconds."""
        points = self.history.rate(name, labels, self.now - seconds)
        return [point for point in points if point[0] <= self.now]

    def buckets(self, points: Sequence[Point], cells: int, seconds: float = 120.0) -> list[float]:
        """Points as one mean value a cell for a sparkline; not-a-number where nothing was measured."""
        sums, counts = [0.0] * cells, [0] * cells
        start = self.now - seconds
        for time, value in points:
            index = int((time - start) / seconds * cells)
            if 0 <= index <= cells and math.isfinite(value):
                index = min(index, cells - 1)
                sums[index] += value
                counts[index] += 1
        return [total / n if n else math.nan for total, n in zip(sums, counts, strict=True)]


@dataclass(frozen=True)
class Plot:
    """A plot of a zoom view: what it shows, and where its curves come from."""

    spec: PlotSpec
    curves: Callable[[Context, float], Sequence[Curve]]
    """Called with the context and the span in seconds."""


class ViewCanvas(Canvas, can_focus=True):
    """A zoom view that is no table: it draws itself from contexts and takes the reader's filter."""

    def show_context(self, context: Context) -> None:
        """Draw this context; called at every reading while in view."""
        raise NotImplementedError

    def set_filter(self, text: str) -> Filter:
        """Show only what matches; an empty text shows all. Returns the parsed filter with its error."""
        raise NotImplementedError

    @property
    def counts(self) -> tuple[int, int]:
        """Things shown and things there are."""
        return (0, 0)


@dataclass(frozen=True)
class View(Generic[R]):
    """One table of a zoomed pane, with its plots above it.

    `rows` gives the rows of a context; `key` tells rows apart across polls; `detail` gives the
    lines about one row; `severity` marks rows and is the order until the reader sorts. `note` is a
    line above the table (a limited view, what an empty table means).
    """

    id: str
    title: str
    columns: Sequence[Column[R]]
    rows: Callable[[Context], Sequence[R]]
    key: Callable[[R], Hashable]
    severity: Callable[[R], Severity] | None = None
    detail: Callable[[R, Context, int], Sequence[Line]] | None = None
    """Called with row, context and width in cells."""
    empty: str = "nothing to show"
    note: Callable[[Context], str] | None = None
    plots: Sequence[Plot] = field(default=())
    sort: str = ""
    """Column sorted by at first; empty: by wrongness, then as given."""
    widget: Callable[[], ViewCanvas] | None = None
    """Makes the widget of a view that is no table (then columns, rows and key are not used)."""


class Pane:
    """One kind of source on the screen. Subclasses draw; they keep nothing between two drawings."""

    kind: str = ""
    title: str = ""
    least: ClassVar[int] = 3
    """Lines of body below which the pane shows its headline only."""

    def headline(self, context: Context) -> Sequence[Span]:
        """A few words for the title line: the counts a reader wants first. Needs a snapshot."""
        return ()

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """The pane's content, wrong first, for exactly this room. Needs a snapshot."""
        raise NotImplementedError

    def views(self) -> Sequence[View[Any]]:
        """The tables of the zoomed pane, the most useful first."""
        return ()

    def settings(self) -> Mapping[str, str]:
        """How to configure the source when it is not found: TOML lines or variables, by what for."""
        return {}


def draw_pane(pane: Pane, context: Context, width: int, height: int) -> list[Line]:
    """What stands inside a pane's frame: its body, or what keeps it from having one.

    Stale values stay visible below a line that says since when; nothing wrong is left unsaid when
    the body has no room for it.
    """
    feed = context.feed
    state = feed.state
    if feed.snapshot is None:
        return draw_absence(pane, context, width)[:height]
    lines: list[Line] = []
    if state in (State.STALE, State.REFUSED):
        lines.append(_stale_line(context))
    elif context.snapshot.limited and height > pane.least:
        lines.append(((f"limited view: {context.snapshot.limited[0]}", "warn"),))
    room = height - len(lines)
    if room > 0:
        lines += pane.body(context, width, room)
    return lines[:height]


def _stale_line(context: Context) -> Line:
    feed = context.feed
    error = feed.reading.error if feed.reading else None
    age = context.now - feed.good.monotonic if feed.good else 0.0
    since = feed.failing_since.astimezone().strftime("%H:%M:%S") if feed.failing_since else "?"
    reason = error.reason if error else ""
    return (
        (f"✖ stale since {since}", "crit"),
        (f" ({duration(age)} old) ", "dim"),
        (reason, "text"),
    )


def draw_absence(pane: Pane, context: Context, width: int) -> list[Line]:
    """What a pane says that never had data: connecting, not found, refused or out of reach."""
    feed = context.feed
    error = feed.reading.error if feed.reading else None
    if error is None:
        return [((f"connecting to {feed.source.target} …", "dim"),)]
    state = feed.state
    if state is State.NOT_FOUND:
        lines: list[Line] = [(("not found", "label"), (f"  {error.reason}", "dim"))]
        lines += wrap(error.fix, width, "text") if error.fix else []
        return lines
    word = "refused" if state is State.REFUSED else "no answer"
    wait = max(0.0, feed.next_try - context.now)
    lines = [((f"✖ {word}", "crit"), (f"  {feed.source.target}", "text"))]
    lines += wrap(error.reason, width, "text")
    if error.fix:
        first, *rest = wrap(error.fix, max(8, width - 5), "strong")
        lines.append((("fix  ", "label"), *first))
        lines += [(("     ", "label"), *line) for line in rest]
    lines.append(((f"tried again in {duration(wait)}", "dim"),))
    return lines


def title_spans(pane: Pane, context: Context, number: int, others: int = 0) -> list[Span]:
    """The title: number, name, worst state with its count, and the pane's headline."""
    feed = context.feed
    spans: list[Span] = [(f"{number} ", "key"), (pane.title, "title")]
    state = feed.state
    if others:
        spans.append((f" {feed.source.name} (+{others})", "dim"))
    if state is State.CONNECTING:
        spans.append(("  connecting", "dim"))
    elif state is State.NOT_FOUND:
        spans.append(("  not found", "dim"))
    elif state is State.REFUSED:
        spans.append(("  ✖ refused", "crit"))
    elif state is State.STALE:
        spans.append(("  ✖ stale", "crit"))
    if feed.snapshot is not None:
        head = list(pane.headline(context))
        if head:
            spans.append(("  ", "dim"))
            spans += head
    findings = feed.findings
    level = worst(findings)
    if level and state is State.LIVE:
        count = sum(1 for f in findings if f.severity == level)
        spans.append((f"  {SEVERITY_MARK[level]} {count}", SEVERITY_ROLE[level]))
    return spans


def frame(title: Sequence[Span], lines: Sequence[Line], width: int, height: int, focused: bool) -> list[Line]:
    """Lines in a rounded box with the title in its upper edge; exactly `width` x `height`."""
    role = "frame-focus" if focused else "frame"
    inner = width - 4
    top_room = width - 5
    shown = fit(title, min(line_width(title), top_room)) if title else ()
    used = line_width(shown)
    top: Line = (("╭─ ", role), *shown, (" " + "─" * (width - used - 5) + "╮", role))
    body: list[Line] = [top]
    for index in range(height - 2):
        content = lines[index] if index < len(lines) else ()
        body.append((("│ ", role), *fit(content, inner), (" │", role)))
    body.append((("╰" + "─" * (width - 2) + "╯", role),))
    return body


def rule(title: Sequence[Span], lines: Sequence[Line], width: int, height: int, focused: bool) -> list[Line]:
    """Lines below a titled rule, for small terminals: two rows and four columns more than `frame`."""
    role = "frame-focus" if focused else "frame"
    shown = fit(title, min(line_width(title), width - 4)) if title else ()
    used = line_width(shown)
    top: Line = (("─ ", role), *shown, (" " + "─" * (width - used - 3), role))
    return [top, *(fit(lines[i] if i < len(lines) else (), width) for i in range(height - 1))]


def finding_lines(findings: Sequence[Finding], height: int) -> list[Line]:
    """Findings as lines, worst first; the last line counts what did not fit."""
    lines: list[Line] = []
    for finding in findings[:height]:
        role = SEVERITY_ROLE[finding.severity]
        lines.append(
            (
                (f"{SEVERITY_MARK[finding.severity]} ", role),
                (finding.subject, "strong"),
                (f" {finding.text}", role),
            )
        )
    if len(findings) > height > 0:
        lines[-1] = ((f"+{len(findings) - height + 1} more findings", "warn"),)
    return lines
