"""What the pane and its views read a snapshot through: clusters with their colours, and rows of pods."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

import msgspec

from console.findings import Severity
from console.sources.kubernetes.folding import by_owner
from console.sources.kubernetes.quantities import kubectl_age
from console.sources.kubernetes.quantities import restarts as kubectl_restarts
from console.units import bytes_
from widgets.draw import SEVERITY_ROLE, Span
from widgets.pane import Context

if TYPE_CHECKING:
    from console.metrics import Labels
    from console.sources.kubernetes.model import (
        Cluster,
        Fault,
        Key,
        KubernetesSnapshot,
        Pod,
        Ref,
        Usage,
    )
    from console.sources.kubernetes.model import Context as Known

T = TypeVar("T")

HUES = 4
"""Colours that tell contexts apart; a fifth context has that of the first again, and its own name."""
SHORT = {
    "Deployment": "deploy",
    "ReplicaSet": "rs",
    "StatefulSet": "sts",
    "DaemonSet": "ds",
    "CronJob": "cj",
    "Job": "job",
    "Pod": "pod",
    "Node": "node",
    "Service": "svc",
    "Ingress": "ing",
    "PersistentVolumeClaim": "pvc",
    "PersistentVolume": "pv",
    "HorizontalPodAutoscaler": "hpa",
}
"""What kubectl calls the kinds in short, and takes as arguments."""


class Seen:
    """One cluster of a snapshot as it is drawn: its short name and colour beside what is known of it."""

    def __init__(
        self, cluster: Cluster, name: str, hue: int, alone: bool, context: Context, known: Known | None
    ) -> None:
        self.cluster = cluster
        self.name = name
        """Its context, without what all contexts have in common."""
        self.hue = f"hue-{hue + 1}"
        self.alone = alone
        """Whether it is the only one: then its name is not said with every object."""
        self.context = context
        self.old = cluster.state != "live"
        """Whether what is known of it may not be so any more."""
        self.tag: Span = ("" if alone else name, self.hue)
        """Its name in its colour; empty where it is the only one."""
        self.options = known.options if known is not None else ("--context", cluster.context)
        """What tells kubectl to use it."""

    def ago(self, time: float) -> str:
        """How long ago that was by the cluster's clock; empty where it is not known."""
        return kubectl_age(self.cluster.time - time) if time and self.cluster.time else ""

    def faults_of(self, kind: str) -> Mapping[tuple[str, str], Fault]:
        """What is wrong with objects of a kind, by namespace and name."""
        return {(k.namespace, k.name): fault for k, fault in self.cluster.faults.items() if k.kind == kind}

    @cached_property
    def wrong(self) -> Mapping[Key, Fault]:
        """What is wrong, by object: of a workload also what is wrong with its pods, or with its jobs."""
        return {**self.cluster.faults, **by_owner(self.cluster)}

    def fault(self, key: Key) -> Fault | None:
        """What is wrong with one object."""
        return self.cluster.faults.get(key)

    def kubectl(self, verb: str, namespace: str = "") -> str:
        """The beginning of a kubectl command for this cluster, ready to be pasted into a shell."""
        return kubectl(self.options, f"-n {quote(namespace)} {verb}" if namespace else verb)

    def get(self, kind: str, namespace: str, name: str) -> str:
        """The command that prints an object as YAML."""
        return self.kubectl(f"get {SHORT.get(kind, kind.lower())} {quote(name)} -o yaml", namespace)


def kubectl(options: Sequence[str], command: str) -> str:
    """A kubectl command for the context that these options name."""
    return " ".join(["kubectl", *map(quote, options), command])


def clusters(context: Context, known: KubernetesSnapshot | None = None) -> list[Seen]:
    """The clusters of the snapshot, or of what is known besides, in their order."""
    snapshot: KubernetesSnapshot = known or context.snapshot
    names = short_names([cluster.context for cluster in snapshot.clusters])
    alone = len(snapshot.clusters) == 1
    contexts = {each.name: each for each in snapshot.contexts}
    return [
        Seen(cluster, name, index % HUES, alone, context, contexts.get(cluster.context))
        for index, (cluster, name) in enumerate(zip(snapshot.clusters, names, strict=True))
    ]


def short_names(contexts: Sequence[str]) -> list[str]:
    """What tells contexts apart: the end of names as clouds make them, where that is enough.

    `arn:aws:eks:eu-west-1:1234:cluster/shop` is `shop`, `gke_project_europe-west1_shop` is `shop`.
    """
    ends = [_end(name) for name in contexts]
    return [end if ends.count(end) == 1 else name for end, name in zip(ends, contexts, strict=True)]


def _end(name: str) -> str:
    if name.startswith("arn:"):
        return name.rpartition("/")[2] or name
    if name.startswith("gke_") and name.count("_") >= 3:
        return name.split("_", 3)[3]
    return name


def severity_of(fault: Fault | None) -> Severity:
    """How wrong an object is."""
    return fault.severity if fault is not None else Severity.OK


def beyond(text: str, word: str) -> str:
    """What a fault says beyond the word of the state that stands before it."""
    for known in (word, word.partition(",")[0]):
        if known and text.startswith(known):
            return text[len(known) :].lstrip(" ,:;")
    return text


def labels_text(labels: Labels) -> str:
    """Labels as kubectl prints and takes them: `app=api,tier=web`."""
    return ",".join([f"{name}={value}" for name, value in labels])


def escaped(text: str) -> str:
    """A text as a filter's expression that means just that."""
    return "".join(f"\\{char}" if char in r"\.^$*+?{}[]|()" else char for char in text)


def exactly(**columns: str) -> str:
    """The filter for rows with exactly these values in these columns; empty ones are left out."""
    words = []
    for column, value in columns.items():
        if " " in value or '"' in value:  # a phrase is found anywhere in the cell
            words.append(f'{column}:"{value}"')
        elif value:
            words.append(f"{column}:^{escaped(value)}$")
    return " ".join(words)


# -- figures


def cores(value: float) -> str:
    """CPU as kubectl tells it, in thousandths of a core: `250m`; from ten cores on in cores."""
    if not math.isfinite(value):
        return "-"
    return f"{value * 1000:.0f}m" if value < 9.9995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def asked(value: float, unit: str) -> str:
    """A request or a limit as one writes it: `250m`, `1.5`, `512M`."""
    if unit == "memory":
        return bytes_(value)
    return cores(value) if value < 1 else f"{value:g}"


def figure(value: float, unit: str) -> Span:
    """Cores or bytes; a dash where unknown."""
    if not math.isfinite(value):
        return ("-", "dim")
    return (cores(value) if unit == "cpu" else bytes_(value), "text" if value else "dim")


def whole(ratio: float) -> str:
    """A ratio in whole percents, which may be far above a hundred: `12%`, `340%`."""
    if not math.isfinite(ratio):
        return "-"
    return f"{ratio * 100:.0f}%" if ratio < 9.995 else ">999%"


# -- pods


class PodRow(msgspec.Struct, eq=False, gc=False):
    """One pod with what is wrong with it.

    It is made anew for thousands every second: so it computes nothing, and is made by what makes most
    quickly. It is part of no cycle.
    """

    pod: Pod
    seen: Seen
    fault: Fault | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it apart."""
        pod = self.pod
        return (pod.cluster, pod.namespace, pod.name)

    @property
    def usage(self) -> Usage | None:
        """What it takes by the metrics API."""
        return self.seen.cluster.pod_usage.get((self.pod.namespace, self.pod.name))

    def used(self, unit: str) -> float:
        """CPU or memory; not-a-number where it was not measured."""
        usage = self.usage
        value: float = getattr(usage, unit) if usage is not None else math.nan
        return value

    def share(self, unit: str, of: str) -> float:
        """Its CPU or memory of the `request` or `limit`; not-a-number without one."""
        asked = asked_for(self.pod, unit, of)
        return self.used(unit) / asked if asked else math.nan


def pod_rows(context: Context) -> list[PodRow]:
    """All pods of all clusters, in the snapshot's order."""
    rows: list[PodRow] = []
    for seen in clusters(context):
        faults = seen.faults_of("Pod")
        names = {name for _, name in faults}  # a key made for each pod would take as long as its row
        rows += [
            PodRow(pod, seen, faults.get((pod.namespace, pod.name)) if pod.name in names else None)
            for pod in seen.cluster.pods
        ]
    return rows


def asked_for(pod: Pod, unit: str, of: str) -> float:
    """The request or the limit of a pod while it runs: all containers but those that only begin it.

    A pod has a limit when each of its containers has one; 0 where there is none.
    """
    name = f"{unit}_{of}"
    running = [each for each in pod.containers if each.kind in ("", "sidecar")]
    values = [getattr(each, name) for each in running]
    if of == "limit" and not all(values):
        return 0.0
    return math.fsum(values)


def owner_of(row: PodRow) -> Ref | None:
    """The workload a pod belongs to: of a replica set its deployment, of a job its cron job."""
    return row.seen.cluster.owners.top(row.pod)


@lru_cache(maxsize=8192)
def short_ref(ref: Ref | None) -> str:
    """Another object as kubectl names it: `deploy/api`."""
    return f"{SHORT.get(ref.kind, ref.kind.lower())}/{ref.name}" if ref is not None else ""


def pod_name(row: PodRow) -> Span:
    """Its name, with weight where it is wrong; dim where it is only remembered."""
    return (row.pod.name, "strong" if row.fault is not None else "dim" if row.seen.old else "text")


def status(row: PodRow) -> Span:
    """The word kubectl prints, in the colour of what is wrong."""
    quiet = row.pod.phase == "Succeeded" or row.seen.old
    return (row.pod.status, state_role(row.fault, quiet))


def state_role(fault: Fault | None, quiet: bool = False) -> str:
    """The colour of a state: that of its fault; what has done its work is dim."""
    return SEVERITY_ROLE[fault.severity] if fault is not None else "dim" if quiet else "text"


def restarts(row: PodRow) -> Span:
    """How often, and when last, as kubectl prints it: `3 (5m ago)`."""
    pod = row.pod
    if not pod.restarts:
        return ("0", "dim")
    return (kubectl_restarts(pod.restarts, pod.restarted, row.seen.cluster.time), "text")


def ready(row: PodRow) -> Span:
    """Containers that are ready, of all."""
    pod = row.pod
    done = pod.phase == "Succeeded"
    short = pod.ready < pod.total and not done
    return (f"{pod.ready}/{pod.total}", state_role(row.fault if short else None, done))


def share_span(row: PodRow, unit: str, of: str) -> Span:
    """A share of the request or limit, coloured near the limit."""
    value = row.share(unit, of)
    if not math.isfinite(value):
        return ("-", "dim")
    if of == "request":
        return (whole(value), "text")
    limit = row.seen.context.limit("container_cpu" if unit == "cpu" else "container_memory")
    return (whole(value), SEVERITY_ROLE[limit.judge(value)])


def unmeasured(context: Context, resource: str) -> bool:
    """Whether usage of `pods` or `nodes` is known of no cluster that has any, and will not be by itself."""
    found = [each for each in context.snapshot.clusters if getattr(each, resource)]
    return bool(found) and all(resource in each.unmeasured for each in found)


def namespaces(pods: Iterable[Pod]) -> Mapping[str, int]:
    """Pods by namespace."""
    counts: dict[str, int] = {}
    for pod in pods:
        counts[pod.namespace] = counts.get(pod.namespace, 0) + 1
    return counts
