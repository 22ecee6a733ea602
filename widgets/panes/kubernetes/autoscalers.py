"""The zoomed autoscalers: what they scale, by what, and how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from widgets.draw import Line, Span
from widgets.facts import fact_lines
from widgets.pane import Context, View
from widgets.panes.kubernetes import detail as told
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.places import place_of
from widgets.panes.kubernetes.pods import note
from widgets.panes.kubernetes.rows import Seen
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Autoscaler, Fault


@dataclass(frozen=True, slots=True)
class ScalerRow:
    """A horizontal pod autoscaler."""

    scaler: Autoscaler
    seen: Seen
    fault: Fault | None


def _scaler_rows(context: Context) -> list[ScalerRow]:
    return [
        ScalerRow(each, seen, seen.fault(each.key))
        for seen in shown.clusters(context)
        for each in seen.cluster.autoscalers
    ]


def _replicas(row: ScalerRow) -> Span:
    scaler = row.scaler
    going = f" → {scaler.desired}" if scaler.desired != scaler.current else ""
    return (f"{scaler.current}{going}", shown.state_role(row.fault))


SCALERS: tuple[Column[ScalerRow], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("ns", "NAMESPACE", lambda row: row.scaler.namespace, 9, flex=2),
    Column("name", "NAME", lambda row: (row.scaler.name, "strong" if row.fault else "text"), 12, flex=3),
    Column("target", "SCALES", lambda row: shown.short_ref(row.scaler.target), 12, flex=2),
    Column("replicas", "REPLICAS", _replicas, 8, align=">", sort=lambda row: row.scaler.current, named=True),
    Column("least", "MIN", lambda row: str(row.scaler.least), 4, align=">", drop=1, named=True),
    Column("most", "MAX", lambda row: str(row.scaler.most), 4, align=">", named=True),
    Column("metrics", "METRICS", lambda row: "  ".join(row.scaler.metrics), 12, flex=4),
    Column("why", "WHY", lambda row: row.fault.text if row.fault else "", 12, flex=4, drop=2),
    Column("last", "SCALED", lambda row: (row.seen.ago(row.scaler.last_scaled), "dim"), 7, align=">", drop=3,
           sort=lambda row: row.scaler.last_scaled, named=True),
    Column("age", "AGE", lambda row: (row.seen.ago(row.scaler.created), "dim"), 6, align=">", drop=5,
           named=True),
)  # fmt: skip


def _scaler_command(row: ScalerRow) -> str:
    return row.seen.get("HorizontalPodAutoscaler", row.scaler.namespace, row.scaler.name)


def _scaler_lines(row: ScalerRow, context: Context, width: int) -> Sequence[Line]:
    scaler, seen = row.scaler, row.seen
    lines = told.head(seen, scaler.key)
    lines += told.wrong(row.fault, width)
    lines += told.events(seen, scaler.key, width)
    scaled = seen.ago(scaler.last_scaled)
    facts = [
        ("scales", shown.short_ref(scaler.target), "text"),
        (
            "replicas",
            f"{scaler.current}, wanted {scaler.desired}, from {scaler.least} to {scaler.most}",
            "text",
        ),
        *(("metric" if not n else "", metric, "text") for n, metric in enumerate(scaler.metrics)),
        ("scaled", f"{scaled} ago" if scaled else "never", "text"),
        ("age", seen.ago(scaler.created), "text"),
    ]
    lines += [(), *fact_lines(facts, width)]
    lines += told.conditions(scaler.conditions, seen, width)
    return [*lines, *told.command(_scaler_command(row), width)]


def autoscaler_view() -> View[ScalerRow]:
    """Horizontal pod autoscalers."""
    return View(
        "autoscalers",
        "Autoscaling",
        SCALERS,
        _scaler_rows,
        key=lambda row: row.scaler.key,
        document=lambda row: row.scaler.key,
        severity=lambda row: shown.severity_of(row.fault),
        detail=_scaler_lines,
        empty="there are no horizontal pod autoscalers",
        note=note,
        jump=lambda row: place_of(row.seen, row.scaler.key._replace(kind=row.scaler.target.kind,
                                                                   name=row.scaler.target.name)),
        jump_word="what it scales",
        command=_scaler_command,
    )  # fmt: skip
