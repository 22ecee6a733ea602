"""The zoomed pane: all probes as a table, with the latency of the worst over time above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.units import duration
from widgets.columns import numbers
from widgets.draw import BLANK, SEVERITY_ROLE, Line, Span, wrap
from widgets.pane import Context, Plot, View
from widgets.panes.health import rows as draw
from widgets.plot import Curve, PlotSpec
from widgets.table import Column

if TYPE_CHECKING:
    from console.findings import Severity
    from console.sources.health.model import ProbeStatus

CURVES = 4
"""Curves of one plot: those that are wrong, then the slowest."""
STRIP = 20
WORDS = {0: "well", 1: "warning", 2: "critical"}


@dataclass(frozen=True, slots=True)
class Row:
    """A probe at the time it is drawn for (monotonic seconds)."""

    probe: ProbeStatus
    now: float

    @property
    def severity(self) -> Severity:
        """How it stands."""
        return self.probe.severity

    @property
    def since(self) -> float | None:
        """Seconds it has stood so."""
        return None if self.probe.since_at is None else max(0.0, self.now - self.probe.since_at)

    @property
    def stands(self) -> Span:
        """For how long it has stood so."""
        if self.since is None:
            return ("-", "dim")
        return (draw.stood(self.probe, _age(self.since)), "text" if self.since else "dim")

    @property
    def asked(self) -> float | None:
        """Seconds since it was asked."""
        return None if self.probe.asked_at is None else max(0.0, self.now - self.probe.asked_at)

    @property
    def state(self) -> Span:
        """Its state in a word."""
        if self.probe.outcome is None:
            return ("asking", "dim")
        return (WORDS[self.severity], SEVERITY_ROLE[self.severity])


def _rows(context: Context) -> Sequence[Row]:
    return [Row(probe, context.now) for probe in context.snapshot.probes]


def _took(seconds: float) -> str:
    return duration(seconds)


def _age(seconds: float) -> str:
    return duration(float(round(seconds)))


COLUMNS: tuple[Column[Row], ...] = (
    Column("name", "NAME", lambda row: (row.probe.name, "strong"), 12, flex=2),
    Column("kind", "KIND", lambda row: (row.probe.kind, "label"), 6, drop=4),
    Column("state", "STATE", lambda row: row.state, 8, drop=1, sort=lambda row: row.severity),
    Column("since", "SINCE", lambda row: row.stands, 7, align=">", drop=2, sort=lambda row: row.since),
    Column("found", "FOUND", lambda row: draw.found(row.probe, row.now), 26, flex=4),
    numbers("p50", "P50", lambda row: row.probe.p50, _took, 6, drop=3),
    numbers("p95", "P95", lambda row: row.probe.p95, _took, 6, drop=3),
    Column("strip", "LATELY", lambda row: "", STRIP, drop=5, sort=lambda row: row.probe.failed_times,
           spans=lambda row: draw.strip(row.probe, STRIP)),
    numbers("asked", "ASKED", lambda row: row.asked, _age, 6, drop=6, role="dim"),
    Column("target", "TARGET", lambda row: (row.probe.target, "dim"), 16, flex=2, drop=7),
)  # fmt: skip


def _detail(row: Row, context: Context, width: int) -> Sequence[Line]:
    probe, outcome = row.probe, row.probe.outcome
    lines: list[Line] = [((f"{probe.kind} {probe.name}", "title"),)]
    lines += wrap(probe.target, width, "dim")
    lines += [BLANK, *wrap(draw.found(probe, row.now)[0], width, SEVERITY_ROLE[row.severity])]
    if outcome is not None and outcome.fix:
        lines += wrap(outcome.fix, width, "strong")
    lines.append(BLANK)
    facts = [*_facts(row), *(outcome.details if outcome else ())]
    lead = min(max((len(name) for name, _ in facts), default=0), max(8, width // 3)) + 1
    for name, value in facts:
        first, *rest = wrap(value, max(8, width - lead), "text")
        lines.append(((f"{name[: lead - 1]:<{lead}}", "label"), *first))
        lines += [((" " * lead, "label"), *line) for line in rest]
    return lines


def _facts(row: Row) -> list[tuple[str, str]]:
    probe = row.probe
    facts = [("interval", f"every {duration(probe.interval)}, within {duration(probe.timeout)}")]
    if probe.asked is not None:
        facts.append(("asked", f"{probe.asked.astimezone():%Y-%m-%d %H:%M:%S}, took {duration(probe.took)}"))
    if probe.since is not None and row.since is not None:
        facts.append(("since", f"{probe.since.astimezone():%Y-%m-%d %H:%M:%S}, {row.stands[0]}"))
    if probe.p50 is not None and probe.p95 is not None:
        facts.append(("took", f"median {duration(probe.p50)}, 95 % within {duration(probe.p95)}"))
    if probe.asked_times:
        facts.append(("critical", f"{probe.failed_times} of {probe.asked_times} times"))
    return facts


def _curves(context: Context, span: float) -> Sequence[Curve]:
    """The latency of the probes that are wrong, then of the slowest."""
    chosen = sorted(context.snapshot.probes, key=lambda probe: (-probe.severity, -(probe.p95 or 0.0)))
    curves = [
        Curve(probe.name, context.points("probe_duration_seconds", probe.labels, span))
        for probe in chosen[:CURVES]
    ]
    return [curve for curve in curves if curve.points]


def _note(context: Context) -> str:
    probes = context.snapshot.probes
    waiting = sum(probe.outcome is None for probe in probes)
    late = sum(draw.late(probe, context.now) for probe in probes)
    parts = [f"{waiting} not answered yet" if waiting else "", f"{late} asked late" if late else ""]
    return "; ".join(part for part in parts if part)


LATENCY = Plot(PlotSpec("latency, the worst and the slowest", duration), _curves)

VIEWS: tuple[View[Any], ...] = (
    View("probes", "Probes", COLUMNS, _rows, lambda row: (row.probe.kind, row.probe.name),
         severity=lambda row: row.severity, detail=_detail, empty="no probe is configured", note=_note,
         plots=(LATENCY,)),
)  # fmt: skip
