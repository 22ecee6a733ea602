"""The zoomed pods: what kubectl prints, what they take of what they asked for, and why they are not well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from widgets.draw import Span
from widgets.pane import Context, Jump, View
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.detail import describe_pod
from widgets.panes.kubernetes.rows import PodRow, Seen
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import KubernetesSnapshot


def _share(unit: str, of: str, drop: int) -> Column[PodRow]:
    return Column(
        f"{unit}-{of}",
        "%REQ" if of == "request" else "%LIM",
        lambda row: shown.share_span(row, unit, of),
        5,
        align=">",
        drop=drop,
        sort=lambda row: row.share(unit, of),
        named=True,
    )


def _used(unit: str, title: str, drop: int) -> Column[PodRow]:
    return Column(
        unit,
        title,
        lambda row: shown.figure(row.used(unit), unit),
        5,
        align=">",
        drop=drop,
        sort=lambda row: row.used(unit),
        named=True,
    )


def _why(row: PodRow) -> str:
    fault = row.fault
    return shown.beyond(fault.text, row.pod.status) if fault is not None else ""


def _owner(row: PodRow) -> Span:
    return (shown.short_ref(shown.owner_of(row)), "dim")


def _age(row: PodRow) -> str:
    return row.seen.ago(row.pod.created)


PODS: tuple[Column[PodRow], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("ns", "NAMESPACE", lambda row: row.pod.namespace, 9, flex=2),
    Column("name", "NAME", shown.pod_name, 24, flex=5),
    Column("ready", "READY", shown.ready, 5, align=">", drop=2, sort=lambda row: row.pod.ready, named=True),
    Column("status", "STATUS", shown.status, 16, flex=3),
    Column("restarts", "RESTARTS", shown.restarts, 13, flex=1, align=">", drop=5,
           sort=lambda row: row.pod.restarts, named=True),
    Column("age", "AGE", _age, 5, align=">", drop=4, sort=lambda row: row.seen.cluster.time - row.pod.created,
           named=True),
    Column("why", "WHY", _why, 16, flex=6, drop=3),
    _used("cpu", "CPU", 6),
    _share("cpu", "request", 9),
    _share("cpu", "limit", 8),
    _used("memory", "MEM", 6),
    _share("memory", "request", 9),
    _share("memory", "limit", 7),
    Column("node", "NODE", lambda row: (row.pod.node, "dim"), 8, flex=2, drop=10),
    Column("owner", "OWNER", _owner, 10, flex=3, drop=11),
    Column("controller", "CONTROLLER", lambda row: shown.short_ref(row.pod.owner), 0, hidden=True,
           named=True),
    Column("ip", "IP", lambda row: (row.pod.ip, "dim"), 8, flex=1, drop=12),
    Column("labels", "LABELS", lambda row: shown.labels_text(row.pod.labels), 0, hidden=True),
)  # fmt: skip


OF_USAGE = tuple(f"{unit}{of}" for unit in ("cpu", "memory") for of in ("", "-request", "-limit"))
"""The columns that are made of what pods take."""


def log_lines(row: PodRow) -> tuple[str, str]:
    """The filter for the lines of its containers and no other's; those of the run before are among them."""
    return ("logs", f"source:^{shown.escaped(f'{row.pod.namespace}/{row.pod.name}')}(/|$)")


def command(row: PodRow) -> str:
    """What prints it with kubectl."""
    return row.seen.get("Pod", row.pod.namespace, row.pod.name)


def to_owner(row: PodRow) -> Jump | None:
    """The workload a pod belongs to, or its node where no workload that is read controls it."""
    pod, owner = row.pod, shown.owner_of(row)
    if owner is not None and row.seen.cluster.owners.knows(owner, pod.namespace):
        place = shown.exactly(context=row.seen.tag[0], kind=owner.kind, ns=pod.namespace, name=owner.name)
        return Jump("workloads", place)
    return Jump("nodes", shown.exactly(context=row.seen.tag[0], name=pod.node)) if pod.node else None


def denied(seen: Sequence[Seen]) -> str:
    """What could not be read, where, and why there are no figures of usage."""
    said = []
    for each in seen:
        cluster = each.cluster
        parts = [cluster.trouble] if cluster.state != "live" and cluster.trouble else []
        parts += [str(denial) for denial in cluster.denied[:2]]
        if len(cluster.denied) > 2:
            parts.append(f"{len(cluster.denied) - 2} more denied")
        if cluster.metrics:
            parts.append(f"no usage: {cluster.metrics}")
        if parts:
            said.append(("" if each.alone else f"{each.name}: ") + "; ".join(parts))
    return ". ".join(said)


def note(context: Context) -> str:
    """What is not seen, and why; else which clusters are."""
    seen = shown.clusters(context)
    return denied(seen) or served(context)


def served(context: Context) -> str:
    """Which clusters are watched, of which contexts."""
    snapshot: KubernetesSnapshot = context.snapshot
    said = []
    for cluster in snapshot.clusters:
        where = f", namespaces {', '.join(cluster.namespaces)}" if cluster.namespaces else ""
        said.append(f"{cluster.context} {cluster.version}{where}".strip())
    return "; ".join(said)


def pod_view() -> View[PodRow]:
    """All pods."""
    return View(
        "pods",
        "Pods",
        PODS,
        shown.pod_rows,
        key=lambda row: row.key,
        severity=lambda row: shown.severity_of(row.fault),
        detail=describe_pod,
        empty="there are no pods",
        note=note,
        made_of=lambda row: (row.pod, row.fault, row.seen.tag, shown.owner_of(row)),
        absent=lambda context: OF_USAGE if shown.unmeasured(context, "pods") else (),
        related=log_lines,
        writers=lambda row, context: (row.pod.key,),
        document=lambda row: row.pod.key,
        jump=to_owner,
        jump_word="owner",
        command=command,
    )
