"""What a pane is: a plain object that draws one kind of source, and the widget that hosts it.

A new pane is a package in `widgets/panes/` whose `pane.py` has a subclass of `Pane`, or one file where
it is small, registered by kind in `widgets/panes/__init__.py` (or by a third party under the entry point
`opsconsole.panes`). It imports its source's types for type checking only, so that drawing never loads a
driver.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from console.collector import Feed
from console.config import Config
from console.filters import Filter
from console.findings import Finding, Limit, Severity
from console.history import History, Point
from console.metrics import Labels
from widgets.canvas import Canvas
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, fit, line_width, spread
from widgets.plot import SILENCE, Curve, PlotSpec
from widgets.table import Column

if TYPE_CHECKING:
    from console.runs.acts import Act

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Context:
    """All a pane may know when it draws: the feed, the history, and the time it is drawn for.

    `now` is monotonic seconds and `time` the wall clock; while the reader steps back through time
    they, and the feed, are those of the past moment.
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
        """What is wrong in the newest good snapshot, worst first; that the source fails is told elsewhere."""
        return self.feed.good.findings if self.feed.good else ()

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
        """Points as one mean value a cell for a sparkline; not-a-number where it was silent for too long."""
        sums, counts = [0.0] * cells, [0] * cells
        if cells <= 0:
            return []
        # cells begin at whole steps of time: a bar keeps its points, so it changes only while it is filled
        step = seconds / cells
        start = math.ceil(self.now / step) * step - seconds
        before: tuple[float, int, float] | None = None
        for time, value in points:
            index = min(math.floor((time - start) / step), cells - 1)
            if not math.isfinite(value):
                continue
            if index >= 0:
                sums[index] += value
                counts[index] += 1
                if before is not None and time - before[0] <= seconds * SILENCE:
                    # cells narrower than the time between two readings are no gaps
                    for between in range(max(0, before[1] + 1), index):
                        sums[between], counts[between] = before[2], 1
            before = time, index, value
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


@dataclass(frozen=True, slots=True)
class Jump:
    """Another view of the same pane, by its id, and the filter for what is meant there."""

    view: str
    filter_text: str


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
    made_of: Callable[[R], tuple[object, ...]] | None = None
    """What the words of a row are made of, first what tells it from the others: as long as these are equal,
    a filter looks at the row no more than once. Figures (`Column.named`) may change without it."""
    absent: Callable[[Context], Collection[str]] | None = None
    """The ids of columns that can hold nothing as things are, whatever the rows: they take no room."""
    plots: Sequence[Plot] = field(default=())
    sort: str = ""
    """Column sorted by at first; empty: by wrongness, then as given."""
    related: Callable[[R], tuple[str, str]] | None = None
    """The kind of pane, and the filter there, that show what a row has to say: its log lines."""
    related_word: str = "its log"
    """What that is called among the keys."""
    writers: Callable[[R, Context], Sequence[Hashable]] | None = None
    """Whose lines the source gives when they are asked for, as it knows them (`console.collector.Telling`):
    they are followed from then on that somebody looks at what the row is related to."""
    selects: Callable[[R], Hashable] | None = None
    """What others belong to, in place of `writers`: their lines are followed as they come and go
    (`console.collector.Gathering`)."""
    document: Callable[[R], Hashable] | None = None
    """What the source gives the whole of, as text (`console.collector.Documented`)."""
    jump: Callable[[R], Jump | None] | None = None
    """Where in this pane stands what a row belongs to, or what belongs to it; None: nowhere."""
    jump_word: str = "owner"
    """What that is called among the keys."""
    command: Callable[[R], str] | None = None
    """The command that shows the row in a shell, ready to be pasted."""
    choose: Callable[[R, Context], str] | None = None
    """Make the source ask for this row, or no longer; says what is done. Raises OpsError."""
    runbook: Callable[[R], str] | None = None
    """The title of the runbook that goes with a row, or its address; empty where none is known."""
    acts: Callable[[R, Context], Sequence[Act]] | None = None
    """What can be done to a row in its state, the most usual first; the context is the one the row was
    made from. Raises GateRefused with the reason where nothing can."""
    known: bool = False
    """Whether its rows are made from `Feed.known`: there are some though the source fails."""
    widget: Callable[[], ViewCanvas] | None = None
    """Makes the widget of a view that is no table (then columns, rows and key are not used)."""


class Pane:
    """One kind of source on the screen. Subclasses draw; they keep nothing between two drawings."""

    kind: str = ""
    title: str = ""
    least: ClassVar[int] = 3
    """Lines of body that stay when it has to be told above them that they are stale or limited."""

    def headline(self, context: Context) -> Sequence[Span]:
        """A few words for the title line: the counts a reader wants first. Needs a snapshot."""
        return ()

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """The pane's content, wrong first, for exactly this room. Needs a snapshot."""
        raise NotImplementedError

    def views(self) -> Sequence[View[Any]]:
        """The tables of the zoomed pane, the most useful first."""
        return ()

    def elsewhere(self, context: Context) -> str:
        """What can be looked at instead, in a few words, while the source has never answered."""
        return ""

    def settings(self) -> Mapping[str, str]:
        """How to configure the source when it is not found: TOML lines or variables, by what for."""
        return {}


BESIDE: Span = ("  ", "text")
"""What stands between two findings of one line."""


def flowing(findings: Sequence[Finding], width: int, height: int, subjects: bool = True) -> list[Line]:
    """Findings beside each other, worst first, for panes of few lines; the last words count the others.

    A pane that is about one thing leaves the `subjects` away.
    """
    lines: list[list[Span]] = []
    used = width
    for index, finding in enumerate(findings):
        entry = _in_a_row(finding, subjects)
        left = len(findings) - index - 1
        more = line_width([_more(left)]) if left and len(lines) >= height else 0
        if lines and used + line_width([BESIDE, *entry]) + more <= width:
            lines[-1] += [BESIDE, *entry]
            used += line_width([BESIDE, *entry])
        elif len(lines) < height:
            # what is too long is cut, but not what counts the others
            more = line_width([_more(left)]) if left and len(lines) == height - 1 else 0
            cells = min(line_width(entry), max(1, width - more))
            lines.append(list(fit(entry, cells)))
            used = cells
        else:
            lines[-1].append(_more(left + 1))
            break
    return [tuple(line) for line in lines]


def _more(count: int) -> Span:
    return (f"  +{count} more", "warn")


def _in_a_row(finding: Finding, subjects: bool) -> Line:
    role = SEVERITY_ROLE[finding.severity]
    mark = f"{SEVERITY_MARK[finding.severity]} "
    if not subjects:
        return ((mark + finding.text, role),)
    return ((mark, role), (finding.subject, "strong"), (f" {finding.text}", role))


def wrong_lines(findings: Sequence[Finding], width: int, height: int, subjects: bool = True) -> list[Line]:
    """Findings as lines, in the order given; behind the last one it is counted what did not fit."""
    lines = [_in_a_row(finding, subjects) for finding in findings[:height]]
    if len(findings) > height > 0:
        more = (_more(len(findings) - height),)
        lines[-1] = spread(lines[-1], more, min(width, line_width((*lines[-1], *more))))
    return lines
