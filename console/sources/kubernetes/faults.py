"""What is wrong in a cluster, object by object, and as findings: one a cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

from console.config import Limits
from console.findings import Finding, Severity
from console.sources.kubernetes.around import Around
from console.sources.kubernetes.folding import fold
from console.sources.kubernetes.model import Cluster, Fault, Key, KubernetesSnapshot, Pod
from console.sources.kubernetes.object_faults import (
    autoscaler_fault,
    node_fault,
    service_fault,
    volume_fault,
    workload_fault,
)
from console.sources.kubernetes.pod_faults import memory_fault, pod_fault
from console.sources.kubernetes.pods import RESTART_WINDOW


def find_faults(cluster: Cluster, limits: Limits) -> dict[Key, Fault]:
    """What is wrong with the objects of a cluster at its time; those that are well are not in it.

    Looks at every pod, for some tenth of a microsecond, and judges those that are not well, have restarted
    lately, are held by a readiness gate, or have a limit of memory and a known usage.
    """
    around = Around(cluster, limits)
    found: dict[Key, Fault] = {}
    full = limits.limit("container_memory").warning
    lately, used = cluster.time - RESTART_WINDOW, cluster.pod_usage
    for pod in cluster.pods:
        if pod.status != "Running" or pod.ready != pod.total or pod.gates or pod.restarted > lately:
            well = pod.status == "Completed" and not pod.deleted
            fault = None if well else pod_fault(pod, around)
        elif used and pod.tightest:
            usage = used.get((pod.namespace, pod.name))
            # where all containers together take less, none of them is near its limit
            if usage is None or usage.memory < pod.tightest * full:
                continue
            fault = memory_fault(pod, around)
        else:
            continue
        if fault is not None:
            found[pod.key] = _owned(fault, pod, around)
    found.update(_judged(cluster.workloads, workload_fault, around))
    found.update(_judged(cluster.nodes, node_fault, around))
    found.update(_judged(cluster.services, service_fault, around))
    found.update(_judged(cluster.volumes, volume_fault, around))
    found.update(_judged(cluster.autoscalers, autoscaler_fault, around))
    return found


class _Known(Protocol):
    @property
    def key(self) -> Key: ...


T = TypeVar("T", bound=_Known)


def _judged(
    objects: Iterable[T], judge: Callable[[T, Around], Fault | None], around: Around
) -> Iterator[tuple[Key, Fault]]:
    for one in objects:
        fault = judge(one, around)
        if fault is not None:
            yield one.key, fault


def _owned(fault: Fault, pod: Pod, around: Around) -> Fault:
    owner = around.top_owner(pod)
    if owner is None:
        return fault
    workload = around.workloads.get(owner)
    return replace(fault, owner=owner, of=workload.desired if workload is not None else 0)


def findings(snapshot: KubernetesSnapshot) -> list[Finding]:
    """What is wrong in a snapshot, worst first: clusters and nodes, then what hits most pods.

    Pods of one workload are one finding, with what is wrong with the workload itself. What may not be seen
    is no finding: `limited` says it.
    """
    several = len(snapshot.clusters) > 1
    ranked: list[tuple[tuple[int, int, int], Finding]] = []
    for cluster in snapshot.clusters:
        where = f" @{cluster.context}" if several else ""
        trouble = _cluster_finding(cluster)
        if trouble is not None:
            ranked.append(((-trouble.severity, 0, 0), trouble))
        for one in fold(cluster):
            key, fault = one.key, one.fault
            rank = 1 if key.kind == "Node" else 2
            finding = Finding(fault.severity, f"{key.kind} {key}{where}", fault.text, fault.hint)
            ranked.append(((-fault.severity, rank, -len(one.pods)), finding))
    ranked.sort(key=lambda pair: pair[0])
    return [finding for _, finding in ranked]


def _cluster_finding(cluster: Cluster) -> Finding | None:
    subject = f"cluster {cluster.context}"
    if cluster.state in ("connecting", "live"):
        return None
    return Finding(
        Severity.CRITICAL, subject, cluster.trouble or cluster.state, f"its server is {cluster.server}"
    )
