"""The zoomed nodes: what they carry of what they have, and why they are not well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.units import bytes_, percent
from widgets.draw import Line, Span, meter
from widgets.facts import fact_lines
from widgets.pane import Context, Jump, View
from widgets.panes.kubernetes import detail as told
from widgets.panes.kubernetes import lines as said
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.pods import note
from widgets.panes.kubernetes.rows import Seen
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Node


class NodeRow:
    """One node with its cluster and what it carries."""

    __slots__ = ("fault", "node", "seen")

    def __init__(self, node: Node, seen: Seen) -> None:
        self.node = node
        self.seen = seen
        self.fault = seen.fault(node.key)

    def load(self, unit: str) -> said.Load:
        """CPU or memory: in use, requested, allocatable."""
        cluster = self.seen.cluster
        used, asked = cluster.node_usage.get(self.node.name), cluster.requested.get(self.node.name)
        return said.Load(
            getattr(used, unit) if used is not None else math.nan,
            getattr(asked, unit) if asked is not None else math.nan,
            getattr(self.node, unit),
        )

    @property
    def pressure(self) -> str:
        """The kinds of pressure it is under: `disk, memory`."""
        found = [c.type for c in self.node.conditions if c.type.endswith("Pressure") and c.status == "True"]
        return ", ".join(name.removesuffix("Pressure").lower() for name in found)


def node_rows(context: Context) -> list[NodeRow]:
    """All nodes of all clusters."""
    return [NodeRow(node, seen) for seen in shown.clusters(context) for node in seen.cluster.nodes]


def _load_columns(unit: str, title: str, drop: int) -> Sequence[Column[NodeRow]]:
    text = bytes_ if unit == "memory" else shown.cores

    def bar(row: NodeRow) -> list[Span]:
        load = row.load(unit)
        return meter(load.share, 12, load.asked)

    return (
        Column(f"{unit}-meter", f"{title} ┼ REQ", lambda row: " " * 12, 12, drop=drop + 3, spans=bar,
               sort=lambda row: row.load(unit).share, named=True),
        Column(unit, title, lambda row: (text(row.load(unit).used), "text"), 6, align=">", drop=drop,
               sort=lambda row: row.load(unit).used, named=True),
        Column(f"{unit}-share", "%USED", lambda row: percent(row.load(unit).share), 5, align=">",
               drop=drop + 1, sort=lambda row: row.load(unit).share, named=True),
        Column(f"{unit}-request", "%REQ", lambda row: percent(row.load(unit).asked), 5, align=">",
               drop=drop + 1, sort=lambda row: row.load(unit).asked, named=True),
        Column(f"{unit}-allocatable", "ALLOC", lambda row: (text(row.load(unit).allocatable), "dim"), 6,
               align=">", drop=drop + 6, sort=lambda row: row.load(unit).allocatable, named=True),
    )  # fmt: skip


def _pods(row: NodeRow) -> Span:
    count, most = row.seen.cluster.on_node.get(row.node.name, 0), row.node.pods
    full = math.isfinite(most) and count >= most
    return (f"{count}/{most:.0f}" if math.isfinite(most) else str(count), "warn" if full else "text")


def _node_why(row: NodeRow) -> str:
    return shown.beyond(row.fault.text, row.node.status) if row.fault is not None else ""


def _status(row: NodeRow) -> Span:
    """In the colour of its fault, where that is one of its state."""
    well = row.node.status == "Ready"
    return (row.node.status, shown.state_role(None if well else row.fault, row.seen.old))


NODES: tuple[Column[NodeRow], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("name", "NAME", lambda row: (row.node.name, "strong" if row.fault else "text"), 14, flex=4),
    Column("status", "STATUS", _status, 14, flex=2),
    Column("pressure", "PRESSURE", lambda row: (row.pressure, "warn"), 8, flex=1, drop=3),
    Column("pods", "PODS", _pods, 7, align=">", drop=2,
           sort=lambda row: row.seen.cluster.on_node.get(row.node.name, 0), named=True),
    *_load_columns("cpu", "CPU", 4),
    *_load_columns("memory", "MEM", 4),
    Column("why", "WHY", _node_why, 16, flex=5, drop=6),
    Column("roles", "ROLES", lambda row: (",".join(row.node.roles), "dim"), 6, flex=1, drop=11),
    Column("version", "VERSION", lambda row: (row.node.version, "dim"), 8, flex=1, drop=10),
    Column("age", "AGE", lambda row: row.seen.ago(row.node.created), 6, align=">", drop=9,
           sort=lambda row: row.seen.cluster.time - row.node.created, named=True),
    Column("ip", "IP", lambda row: (row.node.ip, "dim"), 9, flex=1, drop=12),
    Column("labels", "LABELS", lambda row: shown.labels_text(row.node.labels), 0, hidden=True),
    Column("taints", "TAINTS", lambda row: ",".join(row.node.taints), 0, hidden=True),
)  # fmt: skip


OF_USAGE = ("cpu", "cpu-share", "memory", "memory-share")
"""The columns that are made of what nodes take; the bars have what is requested too."""


def _node_command(row: NodeRow) -> str:
    return row.seen.get("Node", "", row.node.name)


def _describe_node(row: NodeRow, context: Context, width: int) -> Sequence[Line]:
    """What is wrong, what happened, its conditions, what is used of it, its pods by memory."""
    node, seen = row.node, row.seen
    lines = told.head(seen, node.key, node.status, shown.state_role(row.fault))
    lines += told.wrong(row.fault, width)
    lines += told.events(seen, node.key, width)
    lines += told.conditions(node.conditions, seen, width)
    lines += told.section("room", width)
    for unit, text in (("cpu", shown.cores), ("memory", bytes_)):
        load = row.load(unit)
        said_of = [
            f"{text(load.used)} used ({percent(load.share)})"
            if math.isfinite(load.used)
            else "use not measured",
            f"{text(load.requested)} requested ({percent(load.asked)})"
            if math.isfinite(load.requested)
            else "",
            f"{text(load.allocatable)} allocatable",
        ]
        lines += fact_lines([(unit, ", ".join(part for part in said_of if part), "text")], width)
    lines += fact_lines(
        [("pods", _pods(row)[0], _pods(row)[1]), ("disk", bytes_(node.ephemeral), "text")], width
    )
    lines += fact_lines([("metrics", seen.cluster.metrics, "dim")], width)
    lines += told.pods(seen, lambda pod: pod.node == node.name, width, lambda pod: pod.used("memory"))
    lines += told.section("identity", width)
    facts = [
        (
            "schedulable",
            "no: cordoned" if node.unschedulable else "yes",
            "warn" if node.unschedulable else "text",
        ),
        *(("taint", taint, "text") for taint in node.taints),
        ("roles", ", ".join(node.roles), "text"),
        ("kubelet", node.version, "text"),
        ("runtime", node.runtime, "text"),
        ("system", f"{node.system}, {node.kernel}, {node.architecture}".strip(", "), "text"),
        ("ip", node.ip, "text"),
        ("age", seen.ago(node.created), "text"),
    ]
    lines += fact_lines(facts, width)
    return [*lines, *told.labels(node.labels, width), *told.command(_node_command(row), width)]


def node_view() -> View[NodeRow]:
    """The nodes, with what they carry."""
    return View(
        "nodes",
        "Nodes",
        NODES,
        node_rows,
        key=lambda row: row.node.key,
        severity=lambda row: shown.severity_of(row.fault),
        detail=_describe_node,
        empty="there are no nodes, or they may not be seen",
        note=note,
        absent=lambda context: OF_USAGE if shown.unmeasured(context, "nodes") else (),
        document=lambda row: row.node.key,
        jump=lambda row: Jump("pods", shown.exactly(context=row.seen.tag[0], node=row.node.name)),
        jump_word="its pods",
        command=_node_command,
    )
