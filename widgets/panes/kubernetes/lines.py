"""The lines of the overview: what is wrong, folded; nodes and what they carry; what is quiet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.findings import Finding, Severity
from console.sources.kubernetes.folding import Folded, faulty_pods, fold, otherwise
from console.units import bytes_, counted, percent
from widgets.columns import Column, draw_header, draw_row, layout, needs_of
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, fit, line_width, meter, wrap
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.rows import Seen

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Cluster, Key, Pod, Workload

WORRIES: Mapping[str, tuple[str, Severity]] = {
    "connecting": ("connecting", Severity.OK),
    "stale": ("stale", Severity.CRITICAL),
    "refused": ("refused", Severity.CRITICAL),
    "unreachable": ("no answer", Severity.CRITICAL),
}
"""States of a cluster that is not live, in words."""
GOOD = ("Ready", "Running", "Bound", "Available")
"""States that are as they should be: what is wrong then is something else, and the word would mislead."""
RANK = ("Node", "Pod")
"""Whose faults stand before others that are as bad: what explains them."""
WINDOW = 3600.0
"""Seconds back to which warnings among the events are counted."""
COLUMNS = 84
"""Cells from which what is wrong and why stand in columns of their own."""
METER = 12
"""Cells of a meter at least."""
COMPACT = 100
"""Cells below which of several clusters each gets one line."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong, or several pods of one workload that are so for the same reason."""

    severity: Severity
    rank: int
    seen: Seen
    subject: str
    word: str
    why: str
    count: int = 1

    @property
    def finding(self) -> Finding:
        """The same in few words, for panes of few lines: there more of them are worth more than why."""
        said = self.word or self.why
        tag = self.seen.tag[0]
        return Finding(self.severity, f"{tag} {self.subject}" if tag else self.subject, said)


def troubles(clusters: Sequence[Seen]) -> list[Trouble]:
    """What is wrong in all of them, worst first; nodes before pods, pods before the rest."""
    found = [trouble for seen in clusters for trouble in _of_cluster(seen)]
    found.sort(key=lambda each: (-each.severity, each.rank, -each.count))
    return found


def _of_cluster(seen: Seen) -> list[Trouble]:
    cluster = seen.cluster
    if not cluster.faults:
        return []
    pods = faulty_pods(cluster)
    words = _words(cluster, pods)
    return [_trouble(seen, each, words) for each in fold(cluster, pods)]


def _trouble(seen: Seen, each: Folded, words: Mapping[Key, str]) -> Trouble:
    key, fault = each.key, each.fault
    rank = RANK.index("Pod") if each.pods else RANK.index(key.kind) if key.kind in RANK else len(RANK)
    subject = str(key) if key.kind == "Pod" else f"{shown.SHORT.get(key.kind, key.kind)} {key}"
    if not each.gist:
        word = words.get(key, "")
        why = shown.beyond(fault.text, word)
    else:
        known = each.status and each.gist.startswith(each.status)
        head = each.status if known else each.gist.partition(":")[0]
        word = f"{each.count} of {fault.of} pods {head}"
        again = counted(each.restarts, "restart") if each.restarts and each.status not in GOOD else ""
        parts = (shown.beyond(each.gist, head), again)
        why = ", ".join(part for part in parts if part) + otherwise(len(each.pods) - each.count)
    return Trouble(fault.severity, rank, seen, subject, word, why.lstrip("; "), max(1, len(each.pods)))


def _words(cluster: Cluster, pods: Mapping[Key, Pod]) -> dict[Key, str]:
    """The states of the objects that are wrong, each in a word."""
    faults = cluster.faults
    words = {key: pod.status for key, pod in pods.items()}
    others = {key.kind for key in faults} - {"Pod"}
    if "Node" in others:
        words |= {node.key: node.status for node in cluster.nodes if node.key in faults}
    if others & {"PersistentVolume", "PersistentVolumeClaim"}:
        words |= {volume.key: volume.status for volume in cluster.volumes if volume.key in faults}
    words |= {each.key: at(each) for each in cluster.workloads if each.key in faults}
    return {key: word for key, word in words.items() if word not in GOOD}


def at(workload: Workload) -> str:
    """How far a workload is: `2/3`; of a cron job its state."""
    if workload.kind == "CronJob":
        return workload.state
    return f"{workload.succeeded if workload.kind == 'Job' else workload.ready}/{workload.desired}"


def _said(each: Trouble) -> list[Span]:
    """The word in its colour, and why, as one text."""
    word: Span = (each.word, SEVERITY_ROLE[each.severity])
    return [word, (f" {each.why}" if each.word else each.why, "text")]


_CONTEXT: Column[Trouble] = Column("context", "", lambda each: each.seen.tag, 4, flex=1, drop=1)
_NARROW: tuple[Column[Trouble], ...] = (
    _CONTEXT,
    Column("subject", "", lambda each: (each.subject, "strong"), 16, flex=1),
    Column("said", "", lambda each: f"{each.word} {each.why}".strip(), 18, flex=2, spans=_said),
)
_TROUBLES: tuple[Column[Trouble], ...] = (
    _CONTEXT,
    Column("subject", "", lambda each: (each.subject, "strong"), 12, flex=3),
    Column("word", "", lambda each: (each.word, SEVERITY_ROLE[each.severity]), 8, flex=2, drop=1),
    Column("why", "", lambda each: (each.why, "text"), 12, flex=5, drop=3),
)


def trouble_lines(found: Sequence[Trouble], width: int, height: int) -> list[Line]:
    """As many as there is room for, in columns; the last line counts the others."""
    if not found or height <= 0:
        return []
    room = height if len(found) <= height else height - 1
    here = found[:room]
    columns = _TROUBLES if width >= COLUMNS else _NARROW
    widths = layout(columns, width - 2, needs_of(columns, here, {}))
    lines: list[Line] = []
    for each in here:
        mark = (f"{SEVERITY_MARK[each.severity]} ", SEVERITY_ROLE[each.severity])
        lines.append((mark, *draw_row(widths, each)))
    left = found[room:]
    if left:
        level = max(each.severity for each in left)
        lines.append(((f"{SEVERITY_MARK[level]} +{len(left)} more that are wrong", SEVERITY_ROLE[level]),))
    return lines


# -- clusters that are not live, and what may not be seen


def state_lines(clusters: Sequence[Seen], width: int, height: int) -> list[Line]:
    """Those that do not answer, or refuse to, since when and why; those not heard of yet are dim."""
    found = _states(clusters)
    room = height - len(found)
    lines: list[Line] = []
    for spans in found:
        # why is told below, indented, where it does not fit beside
        whole = room > 0 and line_width(spans) > width
        *head, (text, role) = spans
        below = wrap(text.strip(), max(8, width - 2), role)
        told: list[Line] = [tuple(head), *((("  ", role), *part) for part in below)]
        told = told[: 1 + room] if whole else [spans]
        room -= len(told) - 1
        lines += told
    return lines[:height]


def state_findings(clusters: Sequence[Seen]) -> list[Finding]:
    """The same for panes of few lines, of those that do not answer."""
    found = []
    for seen in clusters:
        word, level = WORRIES.get(seen.cluster.state, (seen.cluster.state, Severity.WARNING))
        if seen.old and level:
            found.append(Finding(level, seen.name, f"{word}{_since(seen.cluster)}"))
    return found


def _states(clusters: Sequence[Seen]) -> list[Line]:
    lines: list[Line] = []
    for seen in clusters:
        cluster = seen.cluster
        if cluster.state == "live":
            continue
        word, level = WORRIES.get(cluster.state, (cluster.state, Severity.WARNING))
        role = SEVERITY_ROLE[level] if level else "dim"
        since = _since(cluster)
        name: Span = (seen.name, seen.hue if not seen.alone else "strong")
        spans: list[Span] = [(f"{SEVERITY_MARK[level]} ", role), name, (f" {word}{since}", role)]
        if cluster.trouble:
            spans.append((f"  {cluster.trouble}", "text"))
        elif not level:
            spans.append((f" to {cluster.server} …" if cluster.server else " …", "dim"))
        lines.append(tuple(spans))
    return lines


def _since(cluster: Cluster) -> str:
    if not cluster.failing_since:
        return ""
    return f" since {datetime.fromtimestamp(cluster.failing_since).astimezone():%H:%M:%S}"


def limits_of_view(clusters: Sequence[Seen]) -> list[Line]:
    """What RBAC does not let us see, one dim line a cluster."""
    lines: list[Line] = []
    for seen in clusters:
        denied = seen.cluster.denied
        if denied:
            first, *others = denied
            more = f", {len(others)} more" if others else ""
            lines.append((*_tagged(seen), (f"{first}{more}", "dim")))
    return lines


def _tagged(seen: Seen) -> list[Span]:
    return [] if seen.alone else [seen.tag, ("  ", "text")]


# -- what the nodes carry


@dataclass(frozen=True, slots=True)
class Load:
    """CPU or memory of nodes: in use, asked for by pods, allocatable; not-a-number where unknown."""

    used: float
    requested: float
    allocatable: float
    measured: float = math.nan
    """What is allocatable of those whose use is known, where these are not all; else not-a-number."""
    partly: str = ""
    """Which these are: `1 of 3 nodes`."""

    @property
    def usable(self) -> float:
        """What could be used where it is known what is."""
        return self.measured if self.partly else self.allocatable

    @property
    def share(self) -> float:
        """What is used of what can be."""
        return self.used / self.usable if self.usable else math.nan

    @property
    def asked(self) -> float:
        """What is asked for of what can be."""
        return self.requested / self.allocatable if self.allocatable else math.nan


def load_of(cluster: Cluster, unit: str) -> Load:
    """The nodes together; of those only that are known."""
    usage = {
        name: value
        for name, each in cluster.node_usage.items()
        if math.isfinite(value := getattr(each, unit))
    }
    asked = [getattr(each, unit) for each in cluster.requested.values()]
    there = {node.name: value for node in cluster.nodes if math.isfinite(value := getattr(node, unit))}
    # a node that is not measured would dilute those that are
    both = [name for name in there if name in usage] if there else list(usage)
    return Load(
        math.fsum(usage[name] for name in both) if both else math.nan,
        math.fsum(v for v in asked if math.isfinite(v)) if asked else math.nan,
        math.fsum(there.values()) if there else math.nan,
        math.fsum(there[name] for name in both) if there and both else math.nan,
        f"{len(both)} of {len(there)} nodes" if 0 < len(both) < len(there) else "",
    )


def ready_nodes(cluster: Cluster) -> int:
    """Nodes that take pods, or would but for being cordoned."""
    return sum(1 for node in cluster.nodes if node.status.split(",")[0] == "Ready")


def node_lines(seen: Seen, width: int) -> list[Line]:
    """Nodes and pods of a cluster, then CPU and memory: in use, and a tick at what is asked for."""
    cluster = seen.cluster
    dim = "dim" if cluster.state != "live" else ""
    parts: list[Span] = [*_tagged(seen)]
    if cluster.nodes:
        up, all_of = ready_nodes(cluster), len(cluster.nodes)
        role = dim or ("text" if up == all_of else "warn")
        parts += [
            ("nodes ", "label"),
            (f"{up}/{all_of} ready" if up < all_of else str(up), role),
            ("  ", "text"),
        ]
    parts += [("pods ", "label"), (str(len(cluster.pods)), dim or "text")]
    if not seen.alone and width < COMPACT:
        return [_compact(seen, parts, width)]
    running = [_gauge(cluster, unit, 0) for unit in ("cpu", "memory")]
    if not any(running):
        return [tuple(parts)]
    beside = line_width(parts) + 2
    each = (width - beside - 3) // 2
    needed = max(line_width(gauge) for gauge in running) + METER
    if each >= needed:
        gauges = [fit(_gauge(cluster, unit, each), each) for unit in ("cpu", "memory")]
        return [(*parts, ("  ", "text"), *gauges[0], ("   ", "text"), *gauges[1])]
    half = (width - 3) // 2
    if half >= needed:
        gauges = [fit(_gauge(cluster, unit, half), half) for unit in ("cpu", "memory")]
        return [tuple(parts), (*gauges[0], ("   ", "text"), *gauges[1])]
    return [tuple(parts), *(tuple(_gauge(cluster, unit, width)) for unit in ("cpu", "memory"))]


def _compact(seen: Seen, parts: Sequence[Span], width: int) -> Line:
    """All of a cluster in one line: of several each gets no more where there is little room."""
    spans = [*parts]
    loads = [(name, load_of(seen.cluster, unit)) for unit, name in (("cpu", "cpu"), ("memory", "mem"))]
    known = [(name, load) for name, load in loads if math.isfinite(load.share)]
    cells = (width - line_width(parts) - 11 * len(known)) // 2 if known else 0
    dim = "dim" if seen.cluster.state != "live" else ""
    for name, load in known:
        bar = meter(load.share, min(cells, 2 * METER), load.asked, dim) if cells >= 4 else []
        spans += [(f"  {name} ", "label"), *bar, (f" {percent(load.share)}"[1 - bool(bar) :], dim or "text")]
    return tuple(spans)


def _gauge(cluster: Cluster, unit: str, width: int) -> list[Span]:
    """A name, a meter as wide as there is room, and figures; without a meter for no width."""
    load = load_of(cluster, unit)
    if not math.isfinite(load.allocatable):
        return []
    text = bytes_ if unit == "memory" else _cores
    name = "mem" if unit == "memory" else "cpu"
    said = (
        f" {text(load.used)} of {text(load.usable)}"
        if math.isfinite(load.used)
        else f" {text(load.allocatable)}"
    )
    said += f" on {load.partly}" if load.partly else ""
    asked = f", {percent(load.asked)} requested" if math.isfinite(load.asked) else ""
    role = "dim" if cluster.state != "live" else ""
    figures: list[Span] = [(said, role or "text"), (asked, "dim")]
    cells = width - 4 - line_width(figures)
    bar = meter(load.share, cells, load.asked, role) if cells >= METER // 2 else []
    return [(f"{name} ", "label"), *bar, *figures]


def _cores(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"


# -- workloads that are on their way, warnings, and what is quiet


@dataclass(frozen=True, slots=True)
class Placed:
    """A workload with its cluster."""

    workload: Workload
    seen: Seen


def short_of(clusters: Sequence[Seen]) -> list[Placed]:
    """Workloads that have not the pods they want, though no fault says so: they are on their way."""
    return [
        Placed(each, seen)
        for seen in clusters
        for each in seen.cluster.workloads
        if each.kind not in ("Job", "CronJob")
        and seen.cluster.owners.above(each) is None
        and each.ready < each.desired
        and each.key not in seen.wrong
    ]


_WORKLOADS: tuple[Column[Placed], ...] = (
    Column("context", "CONTEXT", lambda each: each.seen.tag, 8, flex=1, drop=1),
    Column("name", "WORKLOAD", lambda each: str(each.workload.key), 14, flex=3),
    Column(
        "kind",
        "KIND",
        lambda each: (shown.SHORT.get(each.workload.kind, each.workload.kind), "dim"),
        6,
        drop=5,
    ),
    Column("ready", "READY", lambda each: at(each.workload), 7, align=">"),
    Column("state", "STATE", lambda each: (each.workload.state, "dim"), 8, flex=1, drop=2),
    Column("why", "WHY", lambda each: (each.workload.why, "dim"), 8, flex=4, drop=6),
    Column("age", "AGE", lambda each: (each.seen.ago(each.workload.created), "dim"), 5, align=">", drop=3),
)


def workload_lines(found: Sequence[Placed], width: int, height: int) -> list[Line]:
    """A small table without marks: nothing of it is wrong."""
    return _table(_WORKLOADS, found, width, height)


def standing(clusters: Sequence[Seen]) -> list[Placed]:
    """The workloads of a quiet cluster: those no other controls, not those that have run."""
    return [
        Placed(each, seen)
        for seen in clusters
        for each in seen.cluster.workloads
        if each.kind not in ("Job", "CronJob")
        and each.ready >= each.desired > 0
        and seen.cluster.owners.above(each) is None
    ]


@dataclass(frozen=True, slots=True)
class Space:
    """A namespace: its pods, and what they take."""

    seen: Seen
    name: str
    pods: int
    cpu: float
    memory: float


_SPACES: tuple[Column[Space], ...] = (
    Column("context", "CONTEXT", lambda each: each.seen.tag, 8, flex=1, drop=1),
    Column("name", "NAMESPACE", lambda each: each.name, 10, flex=3),
    Column("pods", "PODS", lambda each: str(each.pods), 5, align=">"),
    Column("cpu", "CPU", lambda each: shown.figure(each.cpu, "cpu"), 5, align=">", drop=1),
    Column("memory", "MEM", lambda each: shown.figure(each.memory, "memory"), 5, align=">", drop=2),
)


def spaces(clusters: Sequence[Seen]) -> list[Space]:
    """The namespaces by the number of their pods."""
    found: list[Space] = []
    for seen in clusters:
        cpu: dict[str, float] = {}
        memory: dict[str, float] = {}
        for (namespace, _), usage in seen.cluster.pod_usage.items():
            cpu[namespace] = cpu.get(namespace, 0.0) + usage.cpu
            memory[namespace] = memory.get(namespace, 0.0) + usage.memory
        found += [
            Space(seen, name, pods, cpu.get(name, math.nan), memory.get(name, math.nan))
            for name, pods in shown.namespaces(seen.cluster.pods).items()
        ]
    found.sort(key=lambda each: (-each.pods, each.name))
    return found


def space_lines(found: Sequence[Space], width: int, height: int) -> list[Line]:
    """A small table of namespaces."""
    return _table(_SPACES, found, width, height)


def _table(
    columns: Sequence[Column[shown.T]], found: Sequence[shown.T], width: int, height: int
) -> list[Line]:
    if not found or height < min(3, 1 + len(found)):
        return []
    room = height - 1
    here = found[:room] if len(found) <= room else found[: room - 1]
    widths = layout(columns, width - 2, needs_of(columns, here, {}))
    lines: list[Line] = [(("  ", "text"), *draw_header(widths))]
    lines += [(("  ", "text"), *draw_row(widths, each)) for each in here]
    if len(found) > len(here):
        lines.append(((f"  +{len(found) - len(here)} more", "dim"),))
    return lines


def warning_line(clusters: Sequence[Seen], width: int) -> list[Line]:
    """The warnings among the newest events by their reason, the most frequent first; nothing without any."""
    counts: dict[str, int] = {}
    for seen in clusters:
        since = seen.cluster.time - WINDOW
        for event in reversed(seen.cluster.events):
            if event.last < since:
                break
            if event.type == "Warning":
                counts[event.reason] = counts.get(event.reason, 0) + event.count
    if not counts:
        return []
    spans: list[Span] = [("warnings in 1h  ", "label")]
    for reason, count in sorted(counts.items(), key=lambda each: -each[1]):
        entry: Span = (f"{reason} ×{count}  ", "text")
        if line_width([*spans, entry]) > width + 2:
            break
        spans.append(entry)
    return [tuple(spans)]


def sums(clusters: Sequence[Seen]) -> Line:
    """All clusters in one short line, for panes of few lines."""
    spans: list[Span] = []
    for seen in clusters:
        cluster, plain = seen.cluster, "dim" if seen.old else "text"
        if spans:
            spans.append(("  ", "text"))
        spans += [seen.tag, (" ", "text")] if not seen.alone else []
        if cluster.nodes:
            up = ready_nodes(cluster)
            role = plain if up == len(cluster.nodes) else "warn"
            spans += [("nodes ", "label"), (f"{up}/{len(cluster.nodes)}", role), ("  ", "text")]
        for unit, name in (("cpu", "cpu"), ("memory", "mem")):
            share = load_of(cluster, unit).share
            if math.isfinite(share):
                spans += [(f"{name} ", "label"), (f"{percent(share)}  ", plain)]
    return tuple(spans) or ((counted(len(clusters), "cluster"), "dim"),)
