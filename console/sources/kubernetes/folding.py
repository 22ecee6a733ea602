"""What is wrong in a cluster, the pods of one workload as one thing: for findings and for panes alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from console.findings import Severity
from console.sources.kubernetes.model import Cluster, Fault, Key, Pod


@dataclass(frozen=True, slots=True)
class Folded:
    """One thing that is wrong: of a single object, or of a workload with what is wrong with its pods."""

    key: Key
    fault: Fault
    pods: tuple[Key, ...] = ()
    """The pods that are wrong; one that stands for itself too."""
    gist: str = ""
    """What most of these pods have; empty where there is one pod only, or none."""
    status: str = ""
    """The STATUS of those that have it."""
    count: int = 0
    """How many have it, of `fault.of`."""
    restarts: int = 0
    """How often these were restarted together."""


def faulty_pods(cluster: Cluster) -> dict[Key, Pod]:
    """The pods that are wrong; keys are made of no others, for there are thousands."""
    wrong = {(key.namespace, key.name) for key in cluster.faults if key.kind == "Pod"}
    return {pod.key: pod for pod in cluster.pods if (pod.namespace, pod.name) in wrong} if wrong else {}


def fold(cluster: Cluster, known: Mapping[Key, Pod] | None = None) -> list[Folded]:
    """What is wrong, in the order of the faults; those of a workload that is wrong itself with it."""
    known = faulty_pods(cluster) if known is None else known
    groups: dict[Key, list[tuple[Key, Fault]]] = {}
    others: list[tuple[Key, Fault]] = []
    for key, fault in cluster.faults.items():
        if fault.owner is not None and key.kind == "Pod":
            groups.setdefault(fault.owner, []).append((key, fault))
        elif fault.owner is None or fault.owner not in cluster.faults:
            others.append((key, fault))
    found: list[Folded] = []
    for key, fault in others:
        pods = groups.pop(key, None)
        if pods is None:
            found.append(Folded(key, fault, (key,) if key.kind == "Pod" else ()))
        else:
            found.append(_with_its_own(_together(key, pods, known), fault, known))
    for key, pods in groups.items():
        (first, fault), *more = pods
        found.append(_together(key, pods, known) if more else Folded(first, fault, (first,)))
    return found


def by_owner(cluster: Cluster) -> dict[Key, Fault]:
    """By workload what is wrong with it and what is its own: its pods, the jobs of a cron job."""
    known = faulty_pods(cluster)
    groups: dict[Key, list[tuple[Key, Fault]]] = {}
    for key, fault in cluster.faults.items():
        if fault.owner is not None:
            groups.setdefault(fault.owner, []).append((key, fault))
    return {owner: _of_owner(owner, cluster, below, known) for owner, below in groups.items()}


def _of_owner(
    owner: Key, cluster: Cluster, below: Sequence[tuple[Key, Fault]], known: Mapping[Key, Pod]
) -> Fault:
    """As bad as the worst of them, in the words of the workload or of its pods."""
    own = cluster.faults.get(owner)
    pods = [(key, fault) for key, fault in below if key.kind == "Pod"]
    worst, told = max(below, key=lambda pair: pair[1].severity)
    level = max(told.severity, own.severity if own is not None else Severity.OK)
    if pods:
        whole = _together(owner, pods, known)
        told = (_with_its_own(whole, own, known) if own is not None else whole).fault
    elif own is not None:
        told = own
    else:
        told = replace(told, text=f"{worst.kind} {worst.name} {told.text}", owner=None)
    return replace(told, severity=level)


def _together(key: Key, pods: Sequence[tuple[Key, Fault]], known: Mapping[Key, Pod]) -> Folded:
    """One thing out of the pods of a workload: what most of them have, and the worst level."""
    level = max(fault.severity for _, fault in pods)
    gists = Counter(fault.gist for _, fault in pods)
    # of equally many the worst
    gist, most = max(gists.items(), key=lambda pair: (pair[1], _level(pods, pair[0])))
    alike = [(pod, fault) for pod, fault in pods if fault.gist == gist]
    of = max(pods[0][1].of, len(pods))
    fault = Fault(
        level, f"{most} of {of} pods {gist}{otherwise(len(pods) - most)}", alike[0][1].hint, gist, of=of
    )
    seen = [known[pod] for pod, _ in alike if pod in known]
    return Folded(
        key,
        fault,
        tuple(pod for pod, _ in pods),
        gist,
        seen[0].status if seen else "",
        most,
        sum(pod.restarts for pod in seen),
    )


def otherwise(count: int) -> str:
    """That others of the pods have something else."""
    return f"; {count} otherwise" if count else ""


def _with_its_own(whole: Folded, fault: Fault, known: Mapping[Key, Pod]) -> Folded:
    """The pods of a workload with what is wrong with the workload itself.

    That its pods are missing, or are not rolled out, is explained by those that do not run; not by one that
    runs and takes much memory, or restarted.
    """
    level = max(whole.fault.severity, fault.severity)
    unready = any(pod not in known or not known[pod].well for pod in whole.pods)
    if unready and not fault.own:
        return replace(whole, fault=replace(whole.fault, severity=level))
    # what is wrong with the workload is said first: its line is no longer one of the pods
    hint = fault.hint if fault.severity > whole.fault.severity else whole.fault.hint
    # that a job is over says more than how many of its tries there are
    tries = whole.key.kind in ("Job", "CronJob")
    text = f"{fault.text}: {whole.gist}" if tries else f"{fault.text}; {whole.fault.text}"
    said = replace(whole.fault, severity=level, text=text, hint=hint)
    return Folded(whole.key, said, whole.pods)


def _level(pods: Iterable[tuple[Key, Fault]], gist: str) -> Severity:
    return max(fault.severity for _, fault in pods if fault.gist == gist)
