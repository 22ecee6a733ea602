"""The further views of the zoomed clusters: events, services, volumes, autoscalers, contexts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from console.errors import UsageError
from console.findings import Severity
from console.units import bytes_, percent
from widgets.draw import SEVERITY_ROLE, Line, Span
from widgets.pane import Context, Jump, View
from widgets.panes.kubernetes import detail as told
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.lines import WORRIES
from widgets.panes.kubernetes.pods import note, pod_view
from widgets.panes.kubernetes.rows import Seen
from widgets.panes.kubernetes.workloads import node_view, workload_view
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import (
        Autoscaler,
        Event,
        Fault,
        Ingress,
        Key,
        KubernetesSnapshot,
        Service,
        Volume,
    )
    from console.sources.kubernetes.model import Context as Known

WORKLOAD_KINDS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob")
"""Kinds that stand among the workloads."""


def kubernetes_views() -> Sequence[View[Any]]:
    """Pods, workloads, nodes, events, services, volumes, autoscalers, contexts."""
    return (
        pod_view(),
        workload_view(),
        node_view(),
        _events(),
        _services(),
        _volumes(),
        _autoscalers(),
        _contexts(),
    )


def place_of(seen: Seen, key: Key) -> Jump | None:
    """Where an object stands in this pane; None where its kind has no view."""
    if key.kind == "Pod":
        return Jump("pods", shown.exactly(context=seen.tag[0], ns=key.namespace, name=key.name))
    if key.kind == "Node":
        return Jump("nodes", shown.exactly(context=seen.tag[0], name=key.name))
    if key.kind == "HorizontalPodAutoscaler":
        return Jump("autoscalers", shown.exactly(context=seen.tag[0], ns=key.namespace, name=key.name))
    views = {"Service": "services", "Ingress": "services", "PersistentVolume": "volumes",
             "PersistentVolumeClaim": "volumes"} | dict.fromkeys(WORKLOAD_KINDS, "workloads")  # fmt: skip
    if key.kind not in views:
        return None
    place = shown.exactly(context=seen.tag[0], kind=key.kind, ns=key.namespace, name=key.name)
    return Jump(views[key.kind], place)


# -- events


@dataclass(frozen=True, slots=True)
class EventRow:
    """One folded event."""

    event: Event
    seen: Seen

    @property
    def warning(self) -> bool:
        """Whether it is one of what may be wrong."""
        return self.event.type == "Warning"


def _event_rows(context: Context) -> list[EventRow]:
    """The newest first."""
    rows = [
        EventRow(each, seen) for seen in shown.clusters(context) for each in reversed(seen.cluster.events)
    ]
    rows.sort(key=lambda row: -row.event.last)
    return rows


def _times(row: EventRow) -> Span:
    return (str(row.event.count), "text" if row.event.count > 1 else "dim")


EVENTS: tuple[Column[EventRow], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("last", "LAST", lambda row: row.seen.ago(row.event.last), 6, align=">",
           sort=lambda row: row.event.last, named=True),
    Column("count", "×", _times, 4, align=">", sort=lambda row: row.event.count, drop=1, named=True),
    Column("type", "TYPE", lambda row: (row.event.type, "warn" if row.warning else "dim"), 8, drop=5),
    Column("reason", "REASON", lambda row: (row.event.reason, "warn" if row.warning else "text"), 12, flex=2),
    Column("ns", "NAMESPACE", lambda row: row.event.namespace, 9, flex=1, drop=3),
    Column("about", "ABOUT", lambda row: shown.short_ref(row.event.about), 14, flex=3),
    Column("message", "MESSAGE", lambda row: row.event.message, 20, flex=8),
    Column("first", "FIRST", lambda row: (row.seen.ago(row.event.first), "dim"), 6, align=">", drop=6,
           sort=lambda row: row.event.first, named=True),
    Column("by", "BY", lambda row: (row.event.by, "dim"), 8, flex=1, drop=7),
)  # fmt: skip


def _event_lines(row: EventRow, context: Context, width: int) -> Sequence[Line]:
    event, seen = row.event, row.seen
    lines = told.head(seen, event.key, event.reason, "warn" if row.warning else "text")
    lines += told.wrong(seen.fault(event.key), width)
    facts = [
        ("message", event.message, "text"),
        ("how often", f"{event.count} times", "text"),
        ("last", f"{seen.ago(event.last)} ago", "text"),
        ("first", f"{seen.ago(event.first)} ago", "text"),
        ("said by", event.by, "text"),
    ]
    lines += [(), *told.facts(facts, width)]
    lines += told.events(seen, event.key, width)
    return [*lines, *told.command(_event_command(row), width)]


def _event_command(row: EventRow) -> str:
    about = row.event.about
    chosen = f"--field-selector involvedObject.kind={about.kind},involvedObject.name={about.name}"
    return row.seen.kubectl(f"get events {chosen}", row.event.namespace)


def _events() -> View[EventRow]:
    return View(
        "events",
        "Events",
        EVENTS,
        _event_rows,
        key=lambda row: (row.event.key, row.event.reason, row.event.message, row.event.by),
        severity=lambda row: Severity.WARNING if row.warning else Severity.OK,
        detail=_event_lines,
        empty="no events are kept: a cluster forgets them after an hour",
        note=note,
        sort="last",
        jump=lambda row: place_of(row.seen, row.event.key),
        jump_word="what it is about",
        command=_event_command,
    )


# -- services and ingresses


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service or an ingress."""

    object: Service | Ingress
    seen: Seen
    kind: str
    fault: Fault | None

    @property
    def service(self) -> Service | None:
        """The service, where it is one."""
        return cast("Service", self.object) if self.kind == "Service" else None

    @property
    def ingress(self) -> Ingress:
        """The ingress, where it is one."""
        return cast("Ingress", self.object)


def _service_rows(context: Context) -> list[ServiceRow]:
    rows: list[ServiceRow] = []
    for seen in shown.clusters(context):
        cluster = seen.cluster
        rows += [ServiceRow(each, seen, "Service", seen.fault(each.key)) for each in cluster.services]
        rows += [ServiceRow(each, seen, "Ingress", seen.fault(each.key)) for each in cluster.ingresses]
    return rows


def _behind(row: ServiceRow) -> Span:
    service = row.service
    if service is None:
        return (" ".join(row.ingress.services), "text")
    if not service.selector and not service.ready and not service.not_ready:
        return ("no selector", "dim")
    total = service.ready + service.not_ready
    # that nothing stands behind a service is worth a look, and no fault: many wait for what is scaled to 0
    fault = row.fault if not service.ready else None  # else it is its load balancer that is missing
    return (f"{service.ready}/{total}", shown.state_role(fault) if fault or service.ready else "dim")


def _address(row: ServiceRow) -> str:
    service = row.service
    if service is None:
        return " ".join(row.ingress.hosts)
    return service.address


def _external(row: ServiceRow) -> str:
    service = row.service
    return " ".join(row.ingress.addresses if service is None else service.external)


def _type(row: ServiceRow) -> str:
    service = row.service
    return row.ingress.ingress_class if service is None else service.type


def _ports(row: ServiceRow) -> str:
    service = row.service
    return ("443, 80" if row.ingress.tls else "80") if service is None else " ".join(service.ports)


def _fault(row: ServiceRow) -> Span | str:
    return (row.fault.text, shown.state_role(row.fault)) if row.fault is not None else ""


SERVICES: tuple[Column[ServiceRow], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("ns", "NAMESPACE", lambda row: row.object.namespace, 9, flex=2),
    Column("kind", "KIND", lambda row: (row.kind, "dim"), 7, drop=3),
    Column("name", "NAME", lambda row: (row.object.name, "strong" if row.fault else "text"), 14, flex=4),
    Column("type", "TYPE", _type, 9, flex=1, drop=2),
    Column("behind", "BEHIND", _behind, 7, flex=2, align=">"),
    Column("address", "ADDRESS, HOSTS", _address, 11, flex=3, drop=1),
    Column("external", "EXTERNAL", _external, 11, flex=2, drop=6),
    Column("ports", "PORTS", _ports, 8, flex=2, drop=5),
    Column("why", "WHY", _fault, 12, flex=4, drop=7),
    Column("age", "AGE", lambda row: (row.seen.ago(row.object.created), "dim"), 6, align=">", drop=8,
           sort=lambda row: row.seen.cluster.time - row.object.created, named=True),
)  # fmt: skip


def _service_command(row: ServiceRow) -> str:
    return row.seen.get(row.kind, row.object.namespace, row.object.name)


def _service_lines(row: ServiceRow, context: Context, width: int) -> Sequence[Line]:
    seen, service = row.seen, row.service
    lines = told.head(seen, row.object.key, _type(row))
    lines += told.wrong(row.fault, width)
    lines += told.events(seen, row.object.key, width)
    if service is None:
        ingress = row.ingress
        facts = [
            ("hosts", ", ".join(ingress.hosts) or "any", "text"),
            ("leads to", ", ".join(ingress.services), "text"),
            ("addresses", ", ".join(ingress.addresses) or "none yet", "text"),
            ("tls", "yes" if ingress.tls else "no", "text"),
        ]
        lines += [(), *told.facts(facts, width)]
        return [*lines, *told.command(_service_command(row), width)]
    facts = [
        ("behind it", f"{service.ready} ready, {service.not_ready} not ready", "text"),
        ("address", service.address, "text"),
        ("external", ", ".join(service.external), "text"),
        ("ports", ", ".join(service.ports), "text"),
        ("selector", shown.labels_text(service.selector), "text"),
        ("ingresses", ", ".join(i.name for i in seen.cluster.ingresses
                                if i.namespace == service.namespace and service.name in i.services), "text"),
        ("age", seen.ago(service.created), "text"),
    ]  # fmt: skip
    lines += [(), *told.facts(facts, width)]
    chosen = service.selector
    lines += told.pods(
        seen,
        lambda pod: pod.namespace == service.namespace and told.selects(chosen, pod),
        width,
        lambda pod: pod.used("memory"),
    )
    return [*lines, *told.command(_service_command(row), width)]


def _service_jump(row: ServiceRow) -> Jump | None:
    service = row.service
    if service is None:
        first = row.ingress.services[:1]
        if not first:
            return None
        there = shown.exactly(context=row.seen.tag[0], kind="Service", ns=row.object.namespace, name=first[0])
        return Jump("services", there)
    if not service.selector:
        return None
    words = " ".join(f'labels:"{name}={value}"' for name, value in service.selector)
    return Jump("pods", f"{shown.exactly(context=row.seen.tag[0], ns=service.namespace)} {words}")


def _services() -> View[ServiceRow]:
    return View(
        "services",
        "Services",
        SERVICES,
        _service_rows,
        key=lambda row: row.object.key,
        document=lambda row: row.object.key,
        severity=lambda row: shown.severity_of(row.fault),
        detail=_service_lines,
        empty="there are no services",
        note=note,
        jump=_service_jump,
        jump_word="what is behind",
        command=_service_command,
    )


# -- volumes


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """A claim or a volume."""

    volume: Volume
    seen: Seen
    fault: Fault | None

    @property
    def share(self) -> float:
        """What of it is used."""
        return self.volume.used / self.volume.capacity if self.volume.capacity else math.nan


def _volume_rows(context: Context) -> list[VolumeRow]:
    return [
        VolumeRow(each, seen, seen.fault(each.key))
        for seen in shown.clusters(context)
        for each in seen.cluster.volumes
    ]


def _volume_role(row: VolumeRow) -> str:
    return SEVERITY_ROLE[row.seen.context.limit("disk").judge(row.share)]


def _volume_why(row: VolumeRow) -> str:
    return shown.beyond(row.fault.text, row.volume.status) if row.fault is not None else row.volume.reason


VOLUMES: tuple[Column[VolumeRow], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("ns", "NAMESPACE", lambda row: row.volume.namespace, 9, flex=2),
    Column("kind", "KIND", lambda row: (shown.SHORT.get(row.volume.kind, row.volume.kind), "dim"), 4),
    Column("name", "NAME", lambda row: (row.volume.name, "strong" if row.fault else "text"), 14, flex=4),
    Column("status", "STATUS", lambda row: (row.volume.status, shown.state_role(row.fault)), 9, flex=1),
    Column("used", "USED", lambda row: (bytes_(row.volume.used), _volume_role(row)), 6, align=">",
           sort=lambda row: row.volume.used, named=True, drop=2),
    Column("share", "%USED", lambda row: (percent(row.share), _volume_role(row)), 5, align=">",
           sort=lambda row: row.share, named=True),
    Column("capacity", "CAPACITY", lambda row: bytes_(row.volume.capacity), 8, align=">",
           sort=lambda row: row.volume.capacity, named=True, drop=1),
    Column("bound", "BOUND TO", lambda row: (row.volume.bound_to, "dim"), 10, flex=3, drop=6),
    Column("why", "WHY", _volume_why, 12, flex=4, drop=3),
    Column("modes", "MODES", lambda row: (",".join(row.volume.modes), "dim"), 5, flex=1, drop=7),
    Column("class", "CLASS", lambda row: (row.volume.storage_class, "dim"), 6, flex=1, drop=8),
    Column("reclaim", "RECLAIM", lambda row: (row.volume.reclaim, "dim"), 7, flex=1, drop=10),
    Column("age", "AGE", lambda row: (row.seen.ago(row.volume.created), "dim"), 6, align=">", drop=9,
           sort=lambda row: row.seen.cluster.time - row.volume.created, named=True),
)  # fmt: skip


def _volume_command(row: VolumeRow) -> str:
    return row.seen.get(row.volume.kind, row.volume.namespace, row.volume.name)


def _volume_lines(row: VolumeRow, context: Context, width: int) -> Sequence[Line]:
    volume, seen = row.volume, row.seen
    lines = told.head(seen, volume.key, volume.status, shown.state_role(row.fault))
    lines += told.wrong(row.fault, width)
    lines += told.events(seen, volume.key, width)
    used = f"{bytes_(volume.used)} ({percent(row.share)})" if math.isfinite(volume.used) else ""
    inodes = volume.inodes_used / volume.inodes if volume.inodes > 0 else math.nan
    deleted = seen.ago(volume.deleted)
    facts = [
        ("reason", volume.reason, "text"),
        ("asked to go", f"{deleted} ago" if deleted else "", "warn"),
        ("bound to", volume.bound_to or "nothing", "text"),
        ("used", used or "not measured: only the kubelet of the node that mounts it knows", "text"),
        ("capacity", bytes_(volume.capacity), "text"),
        ("inodes", f"{percent(inodes)} used" if math.isfinite(inodes) else "", "text"),
        ("modes", ", ".join(volume.modes), "text"),
        ("class", volume.storage_class, "text"),
        ("reclaim", volume.reclaim, "text"),
        ("age", seen.ago(volume.created), "text"),
    ]
    lines += [(), *told.facts(facts, width)]
    if volume.kind == "PersistentVolumeClaim":
        lines += told.pods(
            seen,
            lambda pod: pod.namespace == volume.namespace and volume.name in pod.claims,
            width,
            lambda pod: pod.used("memory"),
        )
    return [*lines, *told.command(_volume_command(row), width)]


def _volumes() -> View[VolumeRow]:
    return View(
        "volumes",
        "Volumes",
        VOLUMES,
        _volume_rows,
        key=lambda row: row.volume.key,
        document=lambda row: row.volume.key,
        severity=lambda row: shown.severity_of(row.fault),
        detail=_volume_lines,
        empty="there are no volumes and no claims",
        note=note,
        command=_volume_command,
    )


# -- autoscalers


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
    lines += [(), *told.facts(facts, width)]
    lines += told.conditions(scaler.conditions, seen, width)
    return [*lines, *told.command(_scaler_command(row), width)]


def _autoscalers() -> View[ScalerRow]:
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


# -- contexts


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A context of the configuration, with its cluster where it is watched."""

    known: Known
    seen: Seen | None

    @property
    def severity(self) -> Severity:
        """How wrong it is that its cluster is in this state."""
        if self.seen is None or self.seen.cluster.state == "live":
            return Severity.OK
        return WORRIES.get(self.seen.cluster.state, ("", Severity.WARNING))[1]


def _context_rows(context: Context) -> list[ContextRow]:
    """Those watched first."""
    snapshot: KubernetesSnapshot = context.feed.known
    watched = {seen.cluster.context: seen for seen in shown.clusters(context, snapshot)}
    rows = [ContextRow(known, watched.get(known.name)) for known in snapshot.contexts]
    rows.sort(key=lambda row: row.seen is None)
    return rows


def _context_state(row: ContextRow) -> Span:
    if row.seen is None:
        return ("not watched", "dim")
    state = row.seen.cluster.state
    return (WORRIES.get(state, (state, row.severity))[0], SEVERITY_ROLE[row.severity])


def _of_cluster(row: ContextRow, name: str) -> str:
    return str(getattr(row.seen.cluster, name)) if row.seen is not None else ""


CONTEXTS: tuple[Column[ContextRow], ...] = (
    Column("name", "NAME", lambda row: (row.known.name, row.seen.hue if row.seen else "text"), 14, flex=4),
    Column("state", "STATE", _context_state, 11),
    Column("why", "WHY", lambda row: _of_cluster(row, "trouble"), 14, flex=5, drop=2),
    Column("server", "SERVER", lambda row: (_of_cluster(row, "server"), "dim"), 14, flex=2, drop=3),
    Column("version", "VERSION", lambda row: _of_cluster(row, "version"), 8, flex=1, drop=4),
    Column("cluster", "CLUSTER", lambda row: (row.known.cluster, "dim"), 8, flex=2, drop=6),
    Column("user", "USER", lambda row: (row.known.user, "dim"), 6, flex=1, drop=7),
    Column("ns", "NAMESPACE", lambda row: row.known.namespace, 9, flex=1, drop=5),
    Column("current", "CURRENT", lambda row: "yes" if row.known.current else "", 7, flex=1, drop=8),
    Column("file", "FILE", lambda row: (row.known.file, "dim"), 10, flex=2, drop=9),
)  # fmt: skip


def _context_lines(row: ContextRow, context: Context, width: int) -> Sequence[Line]:
    known, seen = row.known, row.seen
    text, role = _context_state(row)
    lines: list[Line] = [(("context ", "label"), (known.name, "title"), (f"  {text}", role)), ()]
    facts = [
        ("cluster", known.cluster, "text"),
        ("user", known.user, "text"),
        ("namespace", known.namespace, "text"),
        ("file", known.file, "text"),
        ("current", "yes: kubectl uses it unless told otherwise" if known.current else "", "text"),
    ]
    if seen is not None:
        cluster = seen.cluster
        facts += [
            ("trouble", cluster.trouble, "text"),
            ("server", cluster.server, "text"),
            ("version", cluster.version, "text"),
            ("watched", ", ".join(cluster.namespaces) or "all namespaces", "text"),
            ("heard of", f"{seen.ago(cluster.heard)} ago" if cluster.heard else "never", "text"),
            ("usage", cluster.metrics or "from the metrics API", "text"),
            *(("denied" if not n else "", str(denied), "warn") for n, denied in enumerate(cluster.denied)),
        ]
    return [*lines, *told.facts(facts, width), *told.command(_context_command(row), width)]


def _context_command(row: ContextRow) -> str:
    return shown.kubectl(row.known.options, "cluster-info")


def _use(row: ContextRow, context: Context) -> str:
    """Watch a context beside the others, or no longer; the last one stays, and the last that answers."""
    snapshot: KubernetesSnapshot = context.feed.known
    name, watched = row.known.name, [cluster.context for cluster in snapshot.clusters]
    if name not in watched:
        use_contexts(context, [*watched, name])
        return f"watching {name} too"
    if len(watched) == 1:
        raise UsageError(f"{name} is the only context watched", "choose another one first")
    left = [cluster for cluster in snapshot.clusters if cluster.context != name]
    # with none that answers the screen would go on showing what was last known of this one
    if context.snapshot is not None and not any(cluster.state == "live" for cluster in left):
        rest = f"{left[0].context} does not" if len(left) == 1 else "none of the others does"
        raise UsageError(f"{name} stays as long as {rest} answer", "watch one that answers first")
    use_contexts(context, [each for each in watched if each != name])
    return f"no longer watching {name}"


def use_contexts(context: Context, names: Sequence[str]) -> None:
    """Have the source watch these contexts and no others. Raises OpsError."""
    source: Any = context.feed.source
    source.use(names)


def _contexts() -> View[ContextRow]:
    return View(
        "contexts",
        "Contexts",
        CONTEXTS,
        _context_rows,
        key=lambda row: row.known.name,
        severity=lambda row: row.severity,
        detail=_context_lines,
        empty="there are no contexts",
        note=lambda context: "u watches a context beside the others, or no longer",
        jump=lambda row: (
            Jump("pods", shown.exactly(context=row.seen.tag[0])) if row.seen is not None else None
        ),
        jump_word="its pods",
        command=_context_command,
        choose=_use,
        known=True,
    )
