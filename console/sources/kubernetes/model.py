"""What is known of Kubernetes clusters, as plain values; loads no client.

Times are epoch seconds, 0 where unknown; CPU is in cores and memory in bytes, not-a-number where unknown
and 0 where nothing is asked for. All text is clean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from console.findings import Severity
from console.metrics import Labels
from console.sources.base import Snapshot
from console.sources.kubernetes.owners import Owners


class Key(NamedTuple):
    """What an object is known by: the context it was read in, its kind (`Pod`), namespace and name."""

    cluster: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Ref(NamedTuple):
    """Another object of the same cluster and namespace: `Ref("ReplicaSet", "api-6f9")`."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition as the API has it: `Ready`, `False`, and why."""

    type: str
    status: str
    """True, False or Unknown."""
    reason: str = ""
    message: str = ""
    since: float = 0.0
    """When it last changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a pod, as its specification and its newest status have it."""

    name: str
    image: str = ""
    kind: str = ""
    """Empty for an ordinary one, `init`, `sidecar` (an init container that is restarted always) or
    `ephemeral`."""
    state: str = ""
    """waiting, running, terminated; empty before the kubelet has said anything."""
    reason: str = ""
    """Why it waits, or why it ended: CrashLoopBackOff, OOMKilled, Completed."""
    message: str = ""
    exit_code: int | None = None
    signal: int = 0
    since: float = 0.0
    """When it started, where it runs; when it ended, where it has."""
    ready: bool = False
    restarts: int = 0
    last_reason: str = ""
    """Why the run before this one ended."""
    last_exit_code: int | None = None
    last_ended: float = 0.0
    cpu_request: float = 0.0
    cpu_limit: float = 0.0
    memory_request: float = 0.0
    memory_limit: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod; made anew only when the API says that it has changed."""

    cluster: str
    namespace: str
    name: str
    uid: str = ""
    status: str = ""
    """The word kubectl prints under STATUS."""
    ready: int = 0
    """Containers that are ready, of `total`: what kubectl prints under READY."""
    total: int = 0
    restarts: int = 0
    """As kubectl counts them."""
    restarted: float = 0.0
    """When a container last ended and was started again."""
    recent: tuple[float, ...] = field(default=(), compare=False)
    """When it restarted lately, the newest last: what `pods.carry_restarts` remembers of earlier values."""
    phase: str = ""
    reason: str = ""
    message: str = ""
    created: float = 0.0
    deleted: float = 0.0
    """When it was asked to go."""
    grace: float = 0.0
    """Seconds it was given then."""
    node: str = ""
    ip: str = ""
    owner: Ref | None = None
    """What controls it."""
    labels: Labels = ()
    tightest: float = 0.0
    """The least memory limit of its containers; 0 where none has one."""
    containers: tuple[Container, ...] = ()
    """Init containers and sidecars first, in their order."""
    conditions: tuple[Condition, ...] = ()
    gates: tuple[str, ...] = ()
    """Readiness gates that are not open."""
    claims: tuple[str, ...] = ()
    """Persistent volume claims it mounts."""
    qos: str = ""
    service_account: str = ""
    host_network: bool = False

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.cluster, "Pod", self.namespace, self.name)

    @property
    def well(self) -> bool:
        """Whether a glance suffices: it runs and all of it is ready, or it has done its work."""
        return (
            self.status == "Completed"
            if self.phase == "Succeeded"
            else self.status == "Running" and self.ready == self.total
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A deployment, replica set, stateful set, daemon set, job or cron job, and how its rollout stands."""

    cluster: str
    kind: str
    """Deployment, ReplicaSet, StatefulSet, DaemonSet, Job or CronJob."""
    namespace: str
    name: str
    uid: str = ""
    desired: int = 0
    """Pods wanted; a job's completions; nodes a daemon set is meant for."""
    ready: int = 0
    updated: int = 0
    """Pods of the newest template."""
    available: int = 0
    succeeded: int = 0
    failed: int = 0
    active: int = 0
    """Of a job its running pods, of a cron job its running jobs."""
    state: str = ""
    """In a word or two: available, progressing, degraded (rolled out, and pods are missing), stalled, paused,
    scaled to 0, complete, failed, running, suspended, scheduled."""
    why: str = ""
    """What holds it up, in one sentence; empty where nothing does."""
    paused: bool = False
    settling: float = 0.0
    """Seconds a pod is to be ready before it counts as available."""
    changed: float = 0.0
    """When its status was last another; 0 where the server does not say, as below."""
    edited: float = 0.0
    """When its specification or its labels were last changed."""
    observed: bool = True
    """Whether the controller has seen the newest specification."""
    created: float = 0.0
    deleted: float = 0.0
    owner: Ref | None = None
    labels: Labels = ()
    selector: Labels = ()
    """Labels its pods have."""
    replicas: int = 0
    """Pods there are, of older templates too."""
    misscheduled: int = 0
    """Of a daemon set: nodes that run a pod of it and are not meant to."""
    workers: int = 0
    """Pods that work side by side, of a job without a number of completions; else 0."""
    generation: int = 0
    """Counts up when the specification changes; `observed_generation` is what the controller has seen."""
    observed_generation: int = 0
    images: tuple[str, ...] = ()
    strategy: str = ""
    conditions: tuple[Condition, ...] = ()
    schedule: str = ""
    """Of a cron job, with its time zone where it names one."""
    last_run: float = 0.0
    last_success: float = 0.0
    started: float = 0.0
    ended: float = 0.0

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.cluster, self.kind, self.namespace, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node, and what the pods on it have asked for."""

    cluster: str
    name: str
    status: str = ""
    """As kubectl prints it: `Ready`, `NotReady,SchedulingDisabled`."""
    roles: tuple[str, ...] = ()
    version: str = ""
    ip: str = ""
    created: float = 0.0
    labels: Labels = ()
    conditions: tuple[Condition, ...] = ()
    taints: tuple[str, ...] = ()
    """`key=value:Effect`."""
    unschedulable: bool = False
    cpu: float = math.nan
    """Allocatable, as the three below."""
    memory: float = math.nan
    pods: float = math.nan
    ephemeral: float = math.nan
    system: str = ""
    kernel: str = ""
    runtime: str = ""
    architecture: str = ""

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.cluster, "Node", "", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service with the addresses behind it."""

    cluster: str
    namespace: str
    name: str
    type: str = ""
    address: str = ""
    external: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    """`80/TCP`, `80:30080/TCP`."""
    selector: Labels = ()
    ready: int = 0
    """Addresses behind it that take traffic, and those that do not."""
    not_ready: int = 0
    created: float = 0.0
    edited: float = 0.0
    """When its specification or its labels were last changed; 0 where the server does not say."""

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.cluster, "Service", self.namespace, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """One slice of the addresses behind a service, which may have several."""

    cluster: str
    namespace: str
    name: str
    service: str = ""
    ready: frozenset[str] = frozenset()
    """What stands behind the addresses that take traffic: a pod's name, or the address itself."""
    not_ready: frozenset[str] = frozenset()
    """The same of those that do not, unless they are going anyway."""

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.cluster, "EndpointSlice", self.namespace, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """An ingress: hosts, and the services they lead to."""

    cluster: str
    namespace: str
    name: str
    ingress_class: str = ""
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    tls: bool = False
    created: float = 0.0

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.cluster, "Ingress", self.namespace, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A persistent volume claim (with a namespace), or a persistent volume (without)."""

    cluster: str
    kind: str
    """PersistentVolumeClaim or PersistentVolume."""
    namespace: str
    name: str
    status: str = ""
    """Bound, Pending, Lost; Available, Released, Failed; Terminating."""
    bound_to: str = ""
    """The volume of a claim, or the claim of a volume."""
    capacity: float = math.nan
    used: float = math.nan
    """Bytes, from the kubelet of the node that has it mounted."""
    inodes: float = math.nan
    inodes_used: float = math.nan
    node: str = ""
    """Whose kubelet said how full it is; empty where none has."""
    modes: tuple[str, ...] = ()
    """RWO, ROX, RWX, RWOP."""
    storage_class: str = ""
    reclaim: str = ""
    reason: str = ""
    created: float = 0.0
    deleted: float = 0.0

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.cluster, self.kind, self.namespace, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaler:
    """A horizontal pod autoscaler: what it scales, between which limits, by what."""

    cluster: str
    namespace: str
    name: str
    target: Ref
    least: int = 1
    most: int = 0
    current: int = 0
    desired: int = 0
    metrics: tuple[str, ...] = ()
    """`cpu 80%/70%`, `?` where it cannot be read."""
    conditions: tuple[Condition, ...] = ()
    created: float = 0.0
    last_scaled: float = 0.0

    @property
    def key(self) -> Key:
        """What it is known by."""
        return Key(self.cluster, "HorizontalPodAutoscaler", self.namespace, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened to an object, folded: the same again only counts up."""

    cluster: str
    namespace: str
    about: Ref
    type: str = "Normal"
    """Normal or Warning."""
    reason: str = ""
    message: str = ""
    count: int = 1
    first: float = 0.0
    last: float = 0.0
    by: str = ""
    """The component that said it."""
    name: str = ""
    """Its own, as an object of the API."""

    @property
    def key(self) -> Key:
        """The object it is about."""
        return Key(self.cluster, self.about.kind, self.namespace, self.about.name)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pod or a node takes, by the metrics API."""

    cpu: float
    memory: float
    """The working set."""
    time: float = 0.0
    """End of the window it was measured over."""
    memory_of: tuple[tuple[str, float], ...] = ()
    """Of a pod: what each of its containers takes of the memory."""


@dataclass(frozen=True, slots=True)
class Denied:
    """What RBAC did not let us see: the verb, on which resource, where (empty: in every namespace)."""

    verb: str
    resource: str
    namespace: str = ""

    def __str__(self) -> str:
        where = f"in namespace {self.namespace}" if self.namespace else "in all namespaces"
        return f"may not {self.verb} {self.resource} {where}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an object, in a few words, and what to look at or do."""

    severity: Severity
    text: str
    hint: str = ""
    gist: str = ""
    """Of a pod: the part of the text that pods failing alike share."""
    owner: Key | None = None
    """Of a pod, and of a job of a cron job: the workload whose finding it is part of."""
    of: int = 0
    """Pods that workload is to have; 0 where that is not known."""
    own: bool = False
    """Of a workload: whether it is more than what is wrong with its pods, so that it is said with that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One context as it is watched: what is known of its objects, in order of namespace and name."""

    context: str
    """Its name in the configuration; what keys of objects carry."""
    server: str = ""
    """Where its API is: `https://10.0.0.1:6443`."""
    user: str = ""
    version: str = ""
    namespaces: tuple[str, ...] = ()
    """Those that are watched; empty: all of them."""
    state: str = "connecting"
    """connecting, live, stale (it answered before and does not now), refused, unreachable."""
    trouble: str = ""
    """Why it is not live, or what of it is not: one sentence with what is done about it."""
    failing_since: float = 0.0
    heard: float = 0.0
    """When something was last heard of it."""
    time: float = 0.0
    """Its clock now: what ages are counted from."""
    pods: tuple[Pod, ...] = ()
    workloads: tuple[Workload, ...] = ()
    nodes: tuple[Node, ...] = ()
    services: tuple[Service, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    volumes: tuple[Volume, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    events: tuple[Event, ...] = ()
    """The newest last."""
    pod_usage: Mapping[tuple[str, str], Usage] = field(default_factory=dict)
    """By namespace and name."""
    node_usage: Mapping[str, Usage] = field(default_factory=dict)
    metrics: str = ""
    """Why there is no usage: no metrics server, not allowed, it does not answer; empty where there is."""
    unmeasured: tuple[str, ...] = ()
    """`pods`, `nodes`: of which there will be no usage, as long as nobody changes the cluster."""
    requested: Mapping[str, Usage] = field(default_factory=dict)
    """By node: what the pods on it that have not ended ask for."""
    on_node: Mapping[str, int] = field(default_factory=dict)
    """By node: pods on it that have not ended."""
    listed: tuple[str, ...] = ()
    """Resources that have been read at least once: what is not among them is unknown, not absent."""
    denied: tuple[Denied, ...] = ()
    faults: Mapping[Key, Fault] = field(default_factory=dict)
    """What is wrong, by object; what is well is not among them."""
    owners: Owners = field(default=Owners(()), repr=False, compare=False)
    """Whose the pods are; always of these `workloads`."""

    def __post_init__(self) -> None:
        if self.owners.workloads is not self.workloads:  # a copy with the same workloads keeps what it knows
            object.__setattr__(self, "owners", Owners(self.workloads))


@dataclass(frozen=True, slots=True)
class Context:
    """A context of the configuration, whether it is watched or not."""

    name: str
    cluster: str
    user: str
    namespace: str
    file: str
    watched: bool = False
    current: bool = False
    """Whether kubectl would use it."""
    options: tuple[str, ...] = ()
    """What tells kubectl to use it; nothing in a pod, where kubectl has no contexts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesSnapshot(Snapshot):
    """The clusters that are watched, and the contexts there are."""

    clusters: tuple[Cluster, ...]
    contexts: tuple[Context, ...] = ()
    changes: int = 0
    """Counts up when an object of any cluster has changed."""
