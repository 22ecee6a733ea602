"""The numbers of clusters as kube-state-metrics names and labels them.

https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics

The label `cluster` is there only where several clusters are watched. Of up to `ALL_PODS` pods all series are
given; of more only those of pods that are not well or have restarted within ten minutes, because some twenty
series a pod would push everything else out of the History. How many pods have which STATUS is always known:
`opsconsole_kubernetes_pods`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from console.metrics import Labels, Sample
from console.sources.kubernetes.model import (
    Autoscaler,
    Cluster,
    Condition,
    Container,
    KubernetesSnapshot,
    Node,
    Pod,
    Volume,
    Workload,
)
from console.sources.kubernetes.pods import RESTART_WINDOW

ALL_PODS = 1000
"""Pods of which all series are given."""

_PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
_CLAIM_PHASES = ("Bound", "Lost", "Pending")
_VOLUME_PHASES = ("Available", "Bound", "Failed", "Pending", "Released")
_STATUSES = ("true", "false", "unknown")


Made: TypeAlias = dict[int, tuple[object, Labels, list[Sample]]]
"""By the identity of an object what was made of it, and with which labels in front."""


def samples(snapshot: KubernetesSnapshot, made: Made | None = None) -> Iterator[Sample]:
    """All numbers of a snapshot, made while they are taken: of a bad hour there are tens of thousands.

    `made` is the caller's memory from one snapshot to the next: what was made of objects that are the very
    same values is given again. Of a thousand pods that is a fiftieth of the work.
    """
    several = len(snapshot.clusters) > 1
    every = sum(len(cluster.pods) for cluster in snapshot.clusters) <= ALL_PODS
    before, after = made or {}, Made()

    def of(one: Any, base: Labels, make: Callable[[Any, Labels], Iterator[Sample]]) -> list[Sample]:
        known = before.get(id(one))
        if known is None or known[0] is not one or known[1] != base:
            known = (one, base, list(make(one, base)))
        after[id(one)] = known
        return known[2]

    for cluster in snapshot.clusters:
        base: Labels = (("cluster", cluster.context),) if several else ()
        lately = cluster.time - RESTART_WINDOW
        for pod in cluster.pods:
            if every or pod.restarted > lately or not pod.well:
                yield from of(pod, base, pod_samples)
        yield from _counts(cluster, base)
        for workload in cluster.workloads:
            if workload.kind in _WORKLOADS:
                yield from of(workload, base, _WORKLOADS[workload.kind])
        for node in cluster.nodes:
            yield from of(node, base, _node)
        for volume in cluster.volumes:
            yield from of(volume, base, _volume)
        for autoscaler in cluster.autoscalers:
            yield from of(autoscaler, base, _autoscaler)
    if made is not None:
        made.clear()
        made.update(after)


def _counts(cluster: Cluster, base: Labels) -> Iterator[Sample]:
    counts = Counter((pod.namespace, pod.status) for pod in cluster.pods)
    for (namespace, status), count in counts.items():
        found = (*base, ("namespace", namespace), ("status", status))
        yield Sample("opsconsole_kubernetes_pods", float(count), found)


def pod_samples(pod: Pod, base: Labels) -> Iterator[Sample]:
    """Those of one pod."""
    where = (("namespace", pod.namespace), ("pod", pod.name))
    uid = ("uid", pod.uid)
    for phase in _PHASES:
        found = (*base, where[0], ("phase", phase), where[1], uid)
        yield Sample("kube_pod_status_phase", float(phase == pod.phase), found)
    for condition in pod.conditions:
        if condition.type == "Ready":
            for status in _STATUSES:
                found = (*base, ("condition", status), *where, uid)
                yield Sample("kube_pod_status_ready", float(condition.status.lower() == status), found)
        elif condition.type == "PodScheduled" and condition.reason == "Unschedulable":
            yield Sample("kube_pod_status_unschedulable", 1.0, (*base, *where, uid))
    if pod.reason:
        found = (*base, *where, ("reason", pod.reason), uid)
        yield Sample("kube_pod_status_reason", 1.0, found)
    kind, name = pod.owner or ("", "")
    network = str(pod.host_network).lower()
    yield Sample("kube_pod_info", 1.0, (
        *base, ("created_by_kind", kind), ("created_by_name", name), ("host_network", network), where[0],
        ("node", pod.node), where[1], ("pod_ip", pod.ip), uid,
    ))  # fmt: skip
    yield Sample("kube_pod_owner", 1.0, (
        *base, where[0], ("owner_is_controller", "true" if kind else ""), ("owner_kind", kind),
        ("owner_name", name), where[1], uid,
    ))  # fmt: skip
    for one in pod.containers:
        if one.kind != "ephemeral":
            yield from _container(
                pod, one, base, "kube_pod_init_container" if one.kind else "kube_pod_container"
            )


def _container(pod: Pod, one: Container, base: Labels, prefix: str) -> Iterator[Sample]:
    head = (*base, ("container", one.name), ("namespace", pod.namespace))
    in_pod, uid = ("pod", pod.name), ("uid", pod.uid)
    plain = (*head, in_pod, uid)
    if one.state:
        yield Sample(f"{prefix}_status_restarts_total", float(one.restarts), plain)
        yield Sample(f"{prefix}_status_ready", float(one.ready), plain)
        yield Sample(f"{prefix}_status_running", float(one.state == "running"), plain)
    if one.reason:  # of one that waits, or of one that has ended
        found = (*head, in_pod, ("reason", one.reason), uid)
        yield Sample(f"{prefix}_status_{one.state}_reason", 1.0, found)
    if one.last_reason:
        found = (*head, in_pod, ("reason", one.last_reason), uid)
        yield Sample(f"{prefix}_status_last_terminated_reason", 1.0, found)
    if one.last_exit_code is not None:
        yield Sample(f"{prefix}_status_last_terminated_exitcode", float(one.last_exit_code), plain)
    for what, resource, unit, amount in (
        ("requests", "cpu", "core", one.cpu_request),
        ("requests", "memory", "byte", one.memory_request),
        ("limits", "cpu", "core", one.cpu_limit),
        ("limits", "memory", "byte", one.memory_limit),
    ):
        if amount > 0:
            found = (*head, ("node", pod.node), in_pod, ("resource", resource), uid, ("unit", unit))
            yield Sample(f"{prefix}_resource_{what}", amount, found)


def _named(one: Workload | Autoscaler, label: str, base: Labels) -> Labels:
    return tuple(sorted((*base, ("namespace", one.namespace), (label, one.name))))


def _with(known: Labels, *pairs: tuple[str, str]) -> Labels:
    return tuple(sorted((*known, *pairs)))


def _plain(prefix: str, known: Labels, numbers: Iterable[tuple[str, float]]) -> Iterator[Sample]:
    for name, value in numbers:
        yield Sample(f"{prefix}_{name}", float(value), known)


def _conditions(name: str, known: Labels, conditions: Iterable[Condition]) -> Iterator[Sample]:
    for condition in conditions:
        for status in _STATUSES:
            found = _with(known, ("condition", condition.type), ("status", status))
            yield Sample(name, float(condition.status.lower() == status), found)


def _deployment(one: Workload, base: Labels) -> Iterator[Sample]:
    known = _named(one, "deployment", base)
    yield from _plain("kube_deployment", known, (
        ("spec_replicas", one.desired),
        ("spec_paused", one.paused),
        ("metadata_generation", one.generation),
        ("status_observed_generation", one.observed_generation),
        ("status_replicas", one.replicas),
        ("status_replicas_ready", one.ready),
        ("status_replicas_available", one.available),
        ("status_replicas_unavailable", max(max(one.desired, one.replicas) - one.available, 0)),
        ("status_replicas_updated", one.updated),
    ))  # fmt: skip
    yield from _conditions("kube_deployment_status_condition", known, one.conditions)


def _stateful_set(one: Workload, base: Labels) -> Iterator[Sample]:
    return _plain("kube_statefulset", _named(one, "statefulset", base), (
        ("replicas", one.desired),
        ("metadata_generation", one.generation),
        ("status_observed_generation", one.observed_generation),
        ("status_replicas", one.replicas),
        ("status_replicas_ready", one.ready),
        ("status_replicas_available", one.available),
        ("status_replicas_updated", one.updated),
    ))  # fmt: skip


def _daemon_set(one: Workload, base: Labels) -> Iterator[Sample]:
    return _plain("kube_daemonset", _named(one, "daemonset", base), (
        ("metadata_generation", one.generation),
        ("status_observed_generation", one.observed_generation),
        ("status_desired_number_scheduled", one.desired),
        ("status_current_number_scheduled", one.replicas),
        ("status_number_ready", one.ready),
        ("status_number_available", one.available),
        ("status_number_unavailable", max(one.desired - one.available, 0)),
        ("status_number_misscheduled", one.misscheduled),
        ("status_updated_number_scheduled", one.updated),
    ))  # fmt: skip


def _job(one: Workload, base: Labels) -> Iterator[Sample]:
    known = _named(one, "job_name", base)
    yield from _plain("kube_job", known, (
        ("spec_completions", one.desired),
        ("status_active", one.active),
        ("status_succeeded", one.succeeded),
        ("status_failed", one.failed),
    ))  # fmt: skip
    for name, time in (("start", one.started), ("completion", one.ended if one.state == "complete" else 0.0)):
        if time:
            yield Sample(f"kube_job_status_{name}_time", time, known)
    for condition in one.conditions:
        if condition.type in ("Complete", "Failed"):
            for status in _STATUSES:
                found = _with(known, ("condition", status))
                name = f"kube_job_{condition.type.lower()}"
                yield Sample(name, float(condition.status.lower() == status), found)


def _cron_job(one: Workload, base: Labels) -> Iterator[Sample]:
    known = _named(one, "cronjob", base)
    yield Sample("kube_cronjob_spec_suspend", float(one.paused), known)
    yield Sample("kube_cronjob_status_active", float(one.active), known)
    for name, time in (("schedule", one.last_run), ("successful", one.last_success)):
        if time:
            yield Sample(f"kube_cronjob_status_last_{name}_time", time, known)


_WORKLOADS: dict[str, Callable[[Workload, Labels], Iterator[Sample]]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
}
"""Replica sets are left out: most are the past of a deployment."""


def _node(one: Node, base: Labels) -> Iterator[Sample]:
    known = (*base, ("node", one.name))
    yield Sample("kube_node_info", 1.0, (
        *base, ("container_runtime_version", one.runtime), ("internal_ip", one.ip),
        ("kernel_version", one.kernel), ("kubelet_version", one.version), ("node", one.name),
        ("os_image", one.system),
    ))  # fmt: skip
    yield Sample("kube_node_spec_unschedulable", float(one.unschedulable), known)
    yield from _conditions("kube_node_status_condition", known, one.conditions)
    for taint in one.taints:
        told, _, effect = taint.rpartition(":")
        key, _, value = told.partition("=")
        found = _with(known, ("effect", effect), ("key", key), ("value", value))
        yield Sample("kube_node_spec_taint", 1.0, found)
    for resource, unit, amount in (
        ("cpu", "core", one.cpu),
        ("memory", "byte", one.memory),
        ("pods", "integer", one.pods),
        ("ephemeral_storage", "byte", one.ephemeral),
    ):
        if not math.isnan(amount):
            found = (*known, ("resource", resource), ("unit", unit))
            yield Sample("kube_node_status_allocatable", amount, found)


def _volume(one: Volume, base: Labels) -> Iterator[Sample]:
    claim = one.kind == "PersistentVolumeClaim"
    if claim:
        known: Labels = (*base, ("namespace", one.namespace), ("persistentvolumeclaim", one.name))
    else:
        known = (*base, ("persistentvolume", one.name))
    name = f"kube_{one.kind.lower()}"
    for phase in _CLAIM_PHASES if claim else _VOLUME_PHASES:
        yield Sample(f"{name}_status_phase", float(phase == one.status), _with(known, ("phase", phase)))
    if not claim and not math.isnan(one.capacity):
        yield Sample(f"{name}_capacity_bytes", one.capacity, known)
    if claim and not math.isnan(one.used):
        # what a kubelet itself exports
        found = _with(known, ("node", one.node)) if one.node else known
        for what, amount in (
            ("used_bytes", one.used),
            ("capacity_bytes", one.capacity),
            ("inodes_used", one.inodes_used),
            ("inodes", one.inodes),
        ):
            if not math.isnan(amount):
                yield Sample(f"kubelet_volume_stats_{what}", amount, found)


def _autoscaler(one: Autoscaler, base: Labels) -> Iterator[Sample]:
    known = _named(one, "horizontalpodautoscaler", base)
    yield from _plain("kube_horizontalpodautoscaler", known, (
        ("spec_min_replicas", one.least),
        ("spec_max_replicas", one.most),
        ("status_current_replicas", one.current),
        ("status_desired_replicas", one.desired),
    ))  # fmt: skip
    yield from _conditions("kube_horizontalpodautoscaler_status_condition", known, one.conditions)
