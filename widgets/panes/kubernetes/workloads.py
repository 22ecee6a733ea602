"""The zoomed workloads: how each rollout stands, and the pods it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from widgets.draw import Line, Span
from widgets.facts import Fact, fact_lines
from widgets.pane import Context, Jump, View
from widgets.panes.kubernetes import detail as told
from widgets.panes.kubernetes import lines as said
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.pods import note
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Fault, Key, Pod

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


def _to_pods(row: Row) -> Jump | None:
    workload = row.workload
    own = f"{shown.SHORT.get(workload.kind, workload.kind.lower())}/{workload.name}"
    # its pods are told to be of what is above it: of a cron job's job
    column = "owner" if row.seen.cluster.owners.above(workload) is None else "controller"
    return Jump("pods", shown.exactly(context=row.seen.tag[0], ns=workload.namespace, **{column: own}))


def _own_pods(row: Row) -> list[Pod]:
    """Its pods: those that are not well first, then the youngest."""
    cluster, workload = row.seen.cluster, row.workload
    pods = [pod for pod in cluster.pods if cluster.owners.has(workload.key, pod)]
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
    lines += fact_lines(_rollout(row), width)
    for each in below:
        lines += fact_lines(
            [(shown.SHORT[each.kind], f"{each.name}  {said.at(each)}  {each.state}", "dim")], width
        )
    lines += told.conditions(workload.conditions, seen, width)
    owners = seen.cluster.owners
    lines += told.pods(seen, lambda pod: owners.has(workload.key, pod), width, lambda pod: pod.used("memory"))
    lines += told.section("identity", width)
    facts = [("image" if not n else "", image, "text") for n, image in enumerate(workload.images)]
    facts += [
        ("owner", shown.short_ref(workload.owner), "text"),
        ("selector", shown.labels_text(workload.selector), "text"),
        ("age", seen.ago(workload.created), "text"),
        ("uid", workload.uid, "dim"),
    ]
    lines += fact_lines(facts, width)
    return [*lines, *told.labels(workload.labels, width), *told.command(_command(row), width)]


def _rollout(row: Row) -> list[Fact]:
    workload, ago = row.workload, row.seen.ago
    lagging = "" if workload.observed else "its controller has not seen the newest specification yet"
    given: list[Fact] = [
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
        selects=lambda row: row.workload.key,
        document=lambda row: row.workload.key,
        command=_command,
    )
