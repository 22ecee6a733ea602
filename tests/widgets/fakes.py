"""Sources that say what a test wants, a clock that stands still, and contexts made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from console.collector import Feed
from console.config import Config
from console.errors import SourceError
from console.findings import Finding, Severity
from console.history import History
from console.metrics import Sample, labels
from console.sources.base import Focus, Reading, Snapshot
from console.units import bytes_, percent
from widgets.draw import Line, Span, meter
from widgets.pane import Context, Pane, Plot, View
from widgets.plot import Curve, PlotSpec
from widgets.table import Column, small_table

START = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
"""When the clock of the tests stands at first."""


class StillClock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        """The wall clock."""
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Seconds."""
        return 100_000.0 + self.passed


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a fake table."""

    name: str
    share: float
    size: int = 0
    level: Severity = Severity.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeSnapshot(Snapshot):
    """Rows, and one share that is also a sample."""

    rows: tuple[Row, ...] = ()
    cpu: float = 0.4


ROWS = tuple(Row(f"api-{i}", (i * 37 % 100) / 100, i << 20) for i in range(12))


@dataclass(slots=True)
class FakeSource:
    """Gives the snapshot or the error it holds; both can be changed while it is polled."""

    kind: str
    name: str = ""
    target: str = "fake.example:1"
    snapshot: FakeSnapshot = field(default_factory=lambda: FakeSnapshot(rows=ROWS))
    error: SourceError | None = None
    findings: Sequence[Finding] = ()
    deadline: float = 2.0
    period: float = 0.05
    cadence: Mapping[Focus, float] = field(init=False)
    polls: int = 0
    focuses: list[Focus] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.name or self.kind
        self.cadence = dict.fromkeys(Focus, self.period)

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[FakeSource]:
        """Nothing is found by itself."""
        return ()

    async def poll(self, focus: Focus) -> FakeSnapshot:
        """What it holds."""
        self.polls += 1
        self.focuses.append(focus)
        if self.error is not None:
            raise self.error
        return self.snapshot

    def samples(self, snapshot: FakeSnapshot) -> list[Sample]:
        """The share."""
        return [Sample("cpu", snapshot.cpu, labels(kind=self.kind))]

    def judge(self, snapshot: FakeSnapshot) -> Sequence[Finding]:
        """What the test says is wrong."""
        return self.findings

    async def close(self) -> None:
        """Nothing is open."""


COLUMNS: tuple[Column[Row], ...] = (
    Column("name", "NAME", lambda row: (row.name, "strong"), 8, flex=1),
    Column("share", "SHARE", lambda row: percent(row.share), 6, align=">", sort=lambda row: row.share),
    Column("size", "SIZE", lambda row: bytes_(row.size), 6, align=">", drop=1, sort=lambda row: row.size),
)


class FakePane(Pane):
    """Rows of a fake source: a meter and a small table; two views when zoomed."""

    def __init__(self, kind: str, title: str = "") -> None:
        self.kind = kind
        self.title = title or kind.capitalize()

    def headline(self, context: Context) -> Sequence[Span]:
        """How many rows."""
        return [(f"{len(context.snapshot.rows)} rows", "text")]

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """One figure and the rows."""
        share = context.snapshot.cpu
        gauge: Line = (("cpu  ", "label"), *meter(share, 20, 0.8), (f" {percent(share):>4}", "text"))
        return [gauge, *small_table(COLUMNS, context.snapshot.rows, width, height - 1, lambda row: row.level)]

    def views(self) -> Sequence[View[Any]]:
        """All rows with a plot, and none."""
        plot = Plot(PlotSpec("cpu", percent, 1.0, 0.8), self._curves)
        rows = View(
            "rows",
            "Rows",
            COLUMNS,
            lambda context: context.snapshot.rows,
            lambda row: row.name,
            lambda row: row.level,
            plots=[plot],
            related=lambda row: ("logs", row.name),
        )
        empty = View(
            "empty",
            "Nothing",
            COLUMNS,
            lambda context: (),
            lambda row: row.name,
            empty="there is nothing here",
            note=lambda context: "a note",
        )
        return [rows, empty]

    def _curves(self, context: Context, span: float) -> Sequence[Curve]:
        return [Curve("total", context.points("cpu", labels(kind=self.kind), span))]


def context_of(
    snapshot: Snapshot | None = None,
    error: SourceError | None = None,
    findings: Sequence[Finding] = (),
    age: float = 0.0,
    read: bool = True,
) -> Context:
    """What a pane draws from: a reading with this error, or else this snapshot, `age` seconds old."""
    clock = StillClock()
    source = FakeSource("fake", "one@fake", error=error)
    feed = Feed(source)
    if snapshot is not None:
        at = START - timedelta(seconds=age)
        feed.good = Reading("one@fake", at, clock.monotonic() - age, 0.01, snapshot, None, tuple(findings))
        feed.reading = feed.good
    if error is not None:
        feed.reading = Reading("one@fake", clock.now(), clock.monotonic(), 0.01, None, error)
        feed.failing_since = START - timedelta(seconds=age)
        feed.next_try = clock.monotonic() + 3.0
    if not read:
        feed.reading = feed.good = None
    return Context(feed, History(), Config(), clock.monotonic(), clock.now())
