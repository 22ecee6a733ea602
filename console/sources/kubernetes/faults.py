"""What is wrong in a cluster, object by object, and as findings: one a cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

from console.config import Limits
from console.findings import Finding, Severity
from console.sources.kubernetes.around import Around
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
    lately, or have a limit of memory and a known usage.
    """
    around = Around(cluster, limits)
    found: dict[Key, Fault] = {}
    full = limits.limit("container_memory").warning
    lately, used = cluster.time - RESTART_WINDOW, cluster.pod_usage
    for pod in cluster.pods:
        if pod.status != "Running" or pod.ready != pod.total or pod.restarted > lately:
            well = pod.status == "Completed" and not pod.deleted
            fault = None if well else pod_fault(pod, around)
        elif used and pod.memory_limit:
            usage = used.get((pod.namespace, pod.name))
            if usage is None or usage.memory < pod.memory_limit * full:
                continue
            fault = memory_fault(pod, around)
        else:
            continue
        if fault is not None:
            found[pod.key] = _owned(fault, pod, around)
    # without the slices nobody knows what stands behind a service
    services = cluster.services if "endpointslices" in cluster.listed else ()
    found.update(_judged(cluster.workloads, workload_fault, around))
    found.update(_judged(cluster.nodes, node_fault, around))
    found.update(_judged(services, service_fault, around))
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
        for key, hit, fault in _folded(cluster):
            rank = 1 if key.kind == "Node" else 2
            finding = Finding(fault.severity, f"{key.kind} {key}{where}", fault.text, fault.hint)
            ranked.append(((-fault.severity, rank, -hit), finding))
    ranked.sort(key=lambda pair: pair[0])
    return [finding for _, finding in ranked]


def _cluster_finding(cluster: Cluster) -> Finding | None:
    subject = f"cluster {cluster.context}"
    if cluster.state in ("connecting", "live"):
        return None
    return Finding(
        Severity.CRITICAL, subject, cluster.trouble or cluster.state, f"its server is {cluster.server}"
    )


def _folded(cluster: Cluster) -> Iterator[tuple[Key, int, Fault]]:
    """What is wrong, each with how many pods it hits."""
    groups: dict[Key, list[tuple[Key, Fault]]] = {}
    others: list[tuple[Key, Fault]] = []
    for key, fault in cluster.faults.items():
        if fault.owner is not None and key.kind == "Pod":
            groups.setdefault(fault.owner, []).append((key, fault))
        elif fault.owner is None or fault.owner not in cluster.faults:
            others.append((key, fault))
    for key, fault in others:
        pods = groups.pop(key, None)
        if pods is None:
            yield key, int(key.kind == "Pod"), fault
            continue
        whole = _together(pods)
        # that a job is over says more than how many of its tries there are
        text = f"{fault.text}: {whole.gist}" if key.kind in ("Job", "CronJob") else whole.text
        level = max(whole.severity, fault.severity)
        yield key, len(pods), replace(whole, severity=level, text=text)
    for key, pods in groups.items():
        if len(pods) == 1:
            yield pods[0][0], 1, pods[0][1]
        else:
            yield key, len(pods), _together(pods)


def _together(pods: list[tuple[Key, Fault]]) -> Fault:
    """One fault out of those of a workload's pods: what most of them have, and the worst level."""
    level = max(fault.severity for _, fault in pods)
    gists = Counter(fault.gist for _, fault in pods)
    # of equally many the worst
    gist, most = max(gists.items(), key=lambda pair: (pair[1], _worst(pods, pair[0])))
    hint = next(fault.hint for _, fault in pods if fault.gist == gist)
    of = max(pods[0][1].of, len(pods))
    others = f"; {len(pods) - most} otherwise" if len(pods) > most else ""
    return Fault(level, f"{most} of {of} pods {gist}{others}", hint, gist=gist)


def _worst(pods: list[tuple[Key, Fault]], gist: str) -> Severity:
    return max(fault.severity for _, fault in pods if fault.gist == gist)
