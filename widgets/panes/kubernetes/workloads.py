"""The zoomed workloads and nodes: how each rollout stands, what each node carries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from console.units import bytes_, percent
from widgets.draw import Line, Span, meter
from widgets.pane import Context, Jump, View
from widgets.panes.kubernetes import detail as told
from widgets.panes.kubernetes import lines as said
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.pods import note
from widgets.panes.kubernetes.rows import Seen
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Fault, Key, Node, Pod, Workload
    from console.sources.kubernetes.owners import Owners

NAMED = 64
"""Pods of a workload that the filter for their lines names at most; of fewer the lines are asked for."""


class Row(said.Placed):
    """A workload with its cluster and what is wrong with it."""

    @property
    def fault(self) -> Fault | None:
        """What is wrong with it, or with its pods."""
        return self.seen.wrong.get(self.workload.key)


def workload_rows(context: Context) -> list[Row]:
    """All but the replica sets of deployments, which only their deployment speaks of."""
    return [
        Row(each, seen)
        for seen in shown.clusters(context)
        for each in seen.cluster.workloads
        if each.kind != "ReplicaSet" or seen.cluster.owners.above(each) is None
    ]


def _state(row: Row) -> Span:
    quiet = row.workload.state in ("scaled to 0", "complete", "suspended", "scheduled")
    return (row.workload.state, shown.state_role(row.fault, quiet))


def _why(row: Row) -> Span:
    fault = row.fault
    if fault is not None and fault.text:
        return (fault.text, "text")
    return (row.workload.why, "dim")


def _ready(row: Row) -> Span:
    short = said.at(row.workload) != f"{row.workload.desired}/{row.workload.desired}"
    return (said.at(row.workload), shown.state_role(row.fault) if short else "text")


def _last(row: Row) -> str:
    workload = row.workload
    return row.seen.ago(workload.last_run or workload.ended or workload.started)


WORKLOADS: tuple[Column[Row], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("ns", "NAMESPACE", lambda row: row.workload.namespace, 9, flex=2),
    Column("kind", "KIND", lambda row: (row.workload.kind, "dim"), 11, drop=2),
    Column("name", "NAME", lambda row: (row.workload.name, "strong" if row.fault else "text"), 14, flex=4),
    Column("ready", "READY", _ready, 9, align=">", sort=lambda row: row.workload.ready, named=True),
    Column("updated", "UP-TO-DATE", lambda row: str(row.workload.updated), 10, align=">", drop=7,
           sort=lambda row: row.workload.updated, named=True),
    Column("available", "AVAILABLE", lambda row: str(row.workload.available), 9, align=">", drop=8,
           sort=lambda row: row.workload.available, named=True),
    Column("state", "STATE", _state, 11, flex=1),
    Column("why", "WHY", _why, 16, flex=6, drop=1),
    Column("last", "LAST RUN", _last, 8, flex=1, align=">", drop=9, named=True),
    Column("schedule", "SCHEDULE", lambda row: (row.workload.schedule, "dim"), 32, flex=1, drop=10),
    Column("age", "AGE", lambda row: row.seen.ago(row.workload.created), 5, align=">", drop=3,
           sort=lambda row: row.seen.cluster.time - row.workload.created, named=True),
    Column("images", "IMAGES", lambda row: (", ".join(row.workload.images), "dim"), 10, flex=2, drop=11),
    Column("labels", "LABELS", lambda row: shown.labels_text(row.workload.labels), 0, hidden=True),
)  # fmt: skip


def belongs(pod: Pod, workload: Workload, owners: Owners) -> bool:
    """Whether a pod is one of this workload's."""
    if pod.owner is None or pod.namespace != workload.namespace:
        return False
    own = (workload.kind, workload.name)
    return own in (pod.owner, owners.top(pod))


def _to_pods(row: Row) -> Jump | None:
    workload = row.workload
    own = f"{shown.SHORT.get(workload.kind, workload.kind.lower())}/{workload.name}"
    # its pods are told to be of what is above it: of a cron job's job
    column = "owner" if row.seen.cluster.owners.above(workload) is None else "controller"
    return Jump("pods", shown.exactly(context=row.seen.tag[0], ns=workload.namespace, **{column: own}))


def _own_pods(row: Row) -> list[Pod]:
    """Its pods: those that are not well first, then the youngest."""
    cluster, workload = row.seen.cluster, row.workload
    pods = [pod for pod in cluster.pods if belongs(pod, workload, cluster.owners)]
    pods.sort(key=lambda pod: (pod.key not in cluster.faults, -pod.created))
    return pods


def _log_lines(row: Row) -> tuple[str, str]:
    """The filter for the lines of its pods, and of no neighbour whose name begins as its own does."""
    names = sorted(pod.name for pod in _own_pods(row)[:NAMED])
    place = shown.escaped(f"{row.workload.namespace}/")
    if len(names) < 2:
        return ("logs", f"source:^{place}{shown.escaped(''.join(names))}(/|$)")
    common = sum(1 for _ in takewhile(lambda chars: len(set(chars)) == 1, zip(*names, strict=False)))
    ends = "|".join(shown.escaped(name[common:]) for name in names)
    return ("logs", f"source:^{place}{shown.escaped(names[0][:common])}({ends})(/|$)")


def _writers(row: Row, context: Context) -> Sequence[Key]:
    """Its pods, those first that have most to say."""
    return [pod.key for pod in _own_pods(row)]


def _describe(row: Row, context: Context, width: int) -> Sequence[Line]:
    """What is wrong, what happened, how the rollout stands, its pods."""
    workload, seen = row.workload, row.seen
    below = [
        each
        for each in seen.cluster.workloads
        if each.owner is not None
        and (each.owner.kind, each.owner.name, each.namespace)
        == (workload.kind, workload.name, workload.namespace)
    ]
    lines = told.head(seen, workload.key, workload.state, _state(row)[1])
    own = seen.fault(workload.key)
    lines += told.wrong(own, width)
    if row.fault is not None and (own is None or own.text != row.fault.text):
        lines += told.wrong(row.fault, width)
    lines += told.events(seen, workload.key, width, [each.key for each in below])
    lines += told.section("rollout", width)
    lines += told.facts(_rollout(row), width)
    for each in below:
        lines += told.facts(
            [(shown.SHORT[each.kind], f"{each.name}  {said.at(each)}  {each.state}", "dim")], width
        )
    lines += told.conditions(workload.conditions, seen, width)
    owners = seen.cluster.owners
    lines += told.pods(
        seen, lambda pod: belongs(pod, workload, owners), width, lambda pod: pod.used("memory")
    )
    lines += told.section("identity", width)
    facts = [("image" if not n else "", image, "text") for n, image in enumerate(workload.images)]
    facts += [
        ("owner", shown.short_ref(workload.owner), "text"),
        ("selector", shown.labels_text(workload.selector), "text"),
        ("age", seen.ago(workload.created), "text"),
        ("uid", workload.uid, "dim"),
    ]
    lines += told.facts(facts, width)
    return [*lines, *told.labels(workload.labels, width), *told.command(_command(row), width)]


def _rollout(row: Row) -> list[told.Fact]:
    workload, ago = row.workload, row.seen.ago
    lagging = "" if workload.observed else "its controller has not seen the newest specification yet"
    given: list[told.Fact] = [
        ("why", workload.why, "text"),
        ("", lagging, "warn"),
        ("paused", "yes: nothing is rolled out" if workload.paused else "", "warn"),
    ]
    if workload.kind == "CronJob":
        success = ago(workload.last_success)
        return [
            *given,
            ("schedule", workload.schedule, "text"),
            ("last run", f"{ago(workload.last_run)} ago" if workload.last_run else "never", "text"),
            ("last success", f"{success} ago" if success else "", "text"),
            ("running", str(workload.active), "text"),
        ]
    if workload.kind == "Job":
        return [
            *given,
            ("succeeded", f"{workload.succeeded} of {workload.desired}", "text"),
            ("failed", str(workload.failed) if workload.failed else "", "warn"),
            ("running", str(workload.active), "text"),
            ("started", f"{ago(workload.started)} ago" if workload.started else "", "text"),
            ("ended", f"{ago(workload.ended)} ago" if workload.ended else "", "text"),
        ]
    return [
        *given,
        ("ready", f"{workload.ready} of {workload.desired}", _ready(row)[1]),
        ("up to date", f"{workload.updated} of {workload.desired}", "text"),
        ("available", f"{workload.available} of {workload.desired}", "text"),
        ("strategy", workload.strategy, "text"),
    ]


def _command(row: Row) -> str:
    return row.seen.get(row.workload.kind, row.workload.namespace, row.workload.name)


def workload_view() -> View[Row]:
    """Deployments, stateful and daemon sets, jobs and cron jobs."""
    return View(
        "workloads",
        "Workloads",
        WORKLOADS,
        workload_rows,
        key=lambda row: row.workload.key,
        severity=lambda row: shown.severity_of(row.fault),
        detail=_describe,
        empty="there are no workloads",
        note=note,
        jump=_to_pods,
        jump_word="its pods",
        related=_log_lines,
        related_word="their log",
        writers=_writers,
        document=lambda row: row.workload.key,
        command=_command,
    )


# -- nodes


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
        lines += told.facts([(unit, ", ".join(part for part in said_of if part), "text")], width)
    lines += told.facts(
        [("pods", _pods(row)[0], _pods(row)[1]), ("disk", bytes_(node.ephemeral), "text")], width
    )
    lines += told.facts([("metrics", seen.cluster.metrics, "dim")], width)
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
    lines += told.facts(facts, width)
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
