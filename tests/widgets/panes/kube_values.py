"""Clusters made by hand: a calm one, a bad hour, two contexts of which one is stale, five thousand pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from console.collector import Feed
from console.config import Config
from console.findings import Finding, Severity
from console.history import History
from console.metrics import Sample
from console.sources.base import Focus, Reading, Snapshot
from console.sources.kubernetes.faults import findings
from console.sources.kubernetes.model import (
    Autoscaler,
    Cluster,
    Condition,
    Container,
    Context,
    Denied,
    Event,
    Fault,
    Ingress,
    Key,
    KubernetesSnapshot,
    Node,
    Pod,
    Ref,
    Service,
    Usage,
    Volume,
    Workload,
)
from console.sources.kubernetes.selected import OwnPods, SelectedPods
from console.sources.kubernetes.selectors import parse
from tests.widgets.fakes import START
from widgets import pane

NOW = START.timestamp()
MB, GB = 1 << 20, 1 << 30
SERVICES = ("api", "web", "worker", "cart", "search", "mail")
HASH = "6f9c8d7b5"


def container(name: str = "main", **fields: Any) -> Container:
    """One that runs since an hour, with requests and limits."""
    made: dict[str, Any] = {
        "name": name, "image": f"registry.example/{name}:1.2", "state": "running", "ready": True,
        "since": NOW - 3600, "cpu_request": 0.25, "cpu_limit": 1.0, "memory_request": 256 * MB,
        "memory_limit": 512 * MB,
    } | fields  # fmt: skip
    return Container(**made)


def pod(name: str, **fields: Any) -> Pod:
    """One that is well, of a deployment unless said otherwise."""
    app = name.rsplit("-", 2)[0]
    made: dict[str, Any] = {
        "cluster": "eu-1", "namespace": "shop", "name": name, "uid": f"uid-{name}", "status": "Running",
        "ready": 1, "total": 1, "phase": "Running", "created": NOW - 5 * 86400, "node": "node-1",
        "ip": "10.1.0.7", "owner": Ref("ReplicaSet", f"{app}-{HASH}"), "qos": "Burstable",
        "labels": (("app", app), ("pod-template-hash", HASH)), "containers": (container(app),),
        "service_account": "default",
        "conditions": (
            Condition(type="PodScheduled", status="True", since=NOW - 5 * 86400),
            Condition(type="Ready", status="True", since=NOW - 5 * 86400),
        ),
    } | fields  # fmt: skip
    return Pod(**made)


def named(app: str, suffix: str, **fields: Any) -> Pod:
    """A pod of a deployment."""
    return pod(f"{app}-{HASH}-{suffix}", **fields)


OOM = named(
    "api", "x2x9k", status="CrashLoopBackOff", ready=1, total=2, restarts=9, restarted=NOW - 260,
    node="node-2", ip="10.1.2.9", claims=("api-cache",),
    containers=(
        container("wait-for-db", kind="init", state="terminated", reason="Completed", exit_code=0,
                  ready=True, since=NOW - 86000),
        container("proxy", kind="sidecar", cpu_limit=0.0, memory_limit=0.0),
        container("api", state="waiting", reason="CrashLoopBackOff", ready=False, restarts=9,
                  message="back-off 5m0s restarting failed container=api", last_reason="OOMKilled",
                  last_exit_code=137, last_ended=NOW - 260, since=0.0),
    ),
    conditions=(
        Condition(type="PodScheduled", status="True", since=NOW - 86400),
        Condition(type="Ready", status="False", reason="ContainersNotReady",
                  message="containers with unready status: [api]", since=NOW - 260),
    ),
    created=NOW - 86400,
)  # fmt: skip
PULL = [
    named("web", f"{n}abcd", status="ImagePullBackOff", ready=0, phase="Pending", created=NOW - 600,
          node="node-3",
          containers=(container("web", image="registry.example/web:1.3", state="waiting", ready=False,
                                reason="ImagePullBackOff", message="Back-off pulling image"),))
    for n in range(3)
]  # fmt: skip
PENDING = pod(
    "db-2", status="Pending", phase="Pending", ready=0, node="", ip="", owner=Ref("StatefulSet", "db"),
    labels=(("app", "db"),), created=NOW - 420, claims=("data-db-2",),
    containers=(container("db", state="", ready=False, memory_request=8 * GB, memory_limit=8 * GB),),
    conditions=(
        Condition(type="PodScheduled", status="False", reason="Unschedulable", since=NOW - 420,
                  message="0/4 nodes are available: 3 Insufficient memory, 1 node(s) were unschedulable."),
    ),
)  # fmt: skip
DONE = pod(
    "report-28812-hx7zp", namespace="jobs", status="Completed", phase="Succeeded", ready=0, node="node-1",
    owner=Ref("Job", "report-28812"), labels=(("job-name", "report-28812"),), created=NOW - 7200,
    containers=(container("report", state="terminated", reason="Completed", exit_code=0, ready=False,
                          since=NOW - 7000),),
)  # fmt: skip
PODS = (
    *(named(app, f"{n}{n}qz", node=f"node-{n + 1}", ip=f"10.1.{n}.{i}") for i, app in enumerate(SERVICES)
      for n in range(3) if app != "web"),
    named("web", "77qzz"),
    *(pod(f"db-{n}", owner=Ref("StatefulSet", "db"), labels=(("app", "db"),)) for n in range(2)),
    pod("node-exporter-4x8vt", namespace="monitoring", owner=Ref("DaemonSet", "node-exporter"),
        node="node-4", labels=(("app", "node-exporter"),)),
    DONE,
)  # fmt: skip


def ordered(pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """As a snapshot has them."""
    return tuple(sorted(pods, key=lambda each: (each.namespace, each.name)))


def workload(kind: str, name: str, desired: int = 3, **fields: Any) -> Workload:
    """One that is where it should be."""
    made: dict[str, Any] = {
        "cluster": "eu-1", "kind": kind, "namespace": "shop", "name": name, "uid": f"uid-{kind}-{name}",
        "desired": desired, "ready": desired, "updated": desired, "available": desired, "state": "available",
        "created": NOW - 40 * 86400, "labels": (("app", name),), "selector": (("app", name),),
        "images": (f"registry.example/{name}:1.2",), "strategy": "RollingUpdate 25%/25%",
    } | fields  # fmt: skip
    return Workload(**made)


WORKLOADS = (
    *(workload("Deployment", app) for app in SERVICES if app not in ("api", "web")),
    workload("ReplicaSet", f"api-{HASH}", owner=Ref("Deployment", "api")),
    workload("StatefulSet", "db", 2),
    workload("DaemonSet", "node-exporter", 4, namespace="monitoring"),
    workload("CronJob", "report", 0, namespace="jobs", schedule="15 6 * * *", state="scheduled",
             last_run=NOW - 7200, last_success=NOW - 7000),
    workload("Job", "report-28812", 1, namespace="jobs", succeeded=1, ready=0, state="complete",
             owner=Ref("CronJob", "report"), started=NOW - 7200, ended=NOW - 7000),
)  # fmt: skip
CALM_WORKLOADS = (*WORKLOADS, workload("Deployment", "api"), workload("Deployment", "web"))
API = workload(
    "Deployment", "api", 4, ready=3, available=3, state="progressing", why="1 of 4 pods is not ready"
)
WEB = workload(
    "Deployment", "web", 3, ready=1, available=1, updated=3, state="stalled",
    why="no progress for 10m: ProgressDeadlineExceeded", images=("registry.example/web:1.3",),
    conditions=(Condition(type="Progressing", status="False", reason="ProgressDeadlineExceeded",
                          message='ReplicaSet "web-7d4" has timed out progressing.', since=NOW - 300),),
)  # fmt: skip
CART = workload("Deployment", "checkout", 3, ready=2, available=2, updated=2, state="progressing",
                why="2 of 3 pods are of the new template")  # fmt: skip


def node(number: int, **fields: Any) -> Node:
    """One that is ready: 8 cores, 32 GB."""
    made: dict[str, Any] = {
        "cluster": "eu-1", "name": f"node-{number}", "status": "Ready", "roles": ("worker",),
        "version": "v1.31.2",
        "ip": f"10.0.0.{number}", "created": NOW - 90 * 86400, "cpu": 7.9, "memory": 31.0 * GB, "pods": 110.0,
        "ephemeral": 90.0 * GB, "system": "Debian GNU/Linux 12", "kernel": "6.1.0-28-amd64",
        "runtime": "containerd://1.7.24", "architecture": "amd64",
        "labels": (("topology.kubernetes.io/zone", f"eu-1{'abc'[number % 3]}"),),
        "conditions": (
            Condition(type="Ready", status="True", reason="KubeletReady", since=NOW - 90 * 86400),
            Condition(type="MemoryPressure", status="False", since=NOW - 90 * 86400),
            Condition(type="DiskPressure", status="False", since=NOW - 90 * 86400),
        ),
    } | fields  # fmt: skip
    return Node(**made)


NODES = (node(1), node(2), node(3), node(4))
DOWN = node(
    4, status="NotReady,SchedulingDisabled", unschedulable=True,
    taints=("node.kubernetes.io/unreachable:NoExecute",),
    conditions=(Condition(type="Ready", status="Unknown", reason="NodeStatusUnknown",
                          message="Kubelet stopped posting node status.", since=NOW - 190),),
)  # fmt: skip
SICK = node(
    3, conditions=(
        Condition(type="Ready", status="True", reason="KubeletReady", since=NOW - 90 * 86400),
        Condition(type="DiskPressure", status="True", reason="KubeletHasDiskPressure", since=NOW - 600,
                  message="kubelet has disk pressure"),
    ),
)  # fmt: skip
SERVICES_SEEN = (
    Service(cluster="eu-1", namespace="shop", name="api", type="ClusterIP", address="10.96.0.11",
            ports=("80/TCP",), selector=(("app", "api"),), ready=3, not_ready=1, created=NOW - 9e6),
    Service(cluster="eu-1", namespace="shop", name="web", type="LoadBalancer", address="10.96.0.12",
            external=("203.0.113.7",), ports=("443:30443/TCP",), selector=(("app", "web"),), ready=0,
            not_ready=3, created=NOW - 9e6),
)  # fmt: skip
INGRESSES = (
    Ingress(cluster="eu-1", namespace="shop", name="front", ingress_class="nginx", hosts=("shop.example",),
            addresses=("203.0.113.7",), services=("web", "api"), tls=True, created=NOW - 9e6),
)  # fmt: skip
VOLUMES = (
    Volume(cluster="eu-1", kind="PersistentVolumeClaim", namespace="shop", name="data-db-0", status="Bound",
           bound_to="pvc-11", capacity=100.0 * GB, used=93.0 * GB, modes=("RWO",), storage_class="ssd",
           created=NOW - 9e6),
    Volume(cluster="eu-1", kind="PersistentVolumeClaim", namespace="shop", name="data-db-2", status="Pending",
           modes=("RWO",), storage_class="ssd", reason="no volume of this size is left", created=NOW - 420),
    Volume(cluster="eu-1", kind="PersistentVolume", namespace="", name="pvc-11", status="Bound",
           bound_to="shop/data-db-0", capacity=100.0 * GB, modes=("RWO",), storage_class="ssd",
           reclaim="Delete", created=NOW - 9e6),
)  # fmt: skip
AUTOSCALERS = (
    Autoscaler(cluster="eu-1", namespace="shop", name="api", target=Ref("Deployment", "api"), least=2, most=4,
               current=4, desired=4, metrics=("cpu 93%/70%",), created=NOW - 9e6, last_scaled=NOW - 900,
               conditions=(Condition(type="ScalingLimited", status="True", reason="TooManyReplicas",
                                     message="the desired replica count is more than the maximum"),)),
)  # fmt: skip


def event(about: Ref, reason: str, message: str, ago: float, count: int = 1, **fields: Any) -> Event:
    """A warning, `ago` seconds old."""
    made: dict[str, Any] = {
        "cluster": "eu-1", "namespace": "shop", "about": about, "type": "Warning", "reason": reason,
        "message": message, "count": count, "first": NOW - ago - 30 * count, "last": NOW - ago,
        "by": "kubelet",
    } | fields  # fmt: skip
    return Event(**made)


EVENTS = (
    event(Ref("Pod", OOM.name), "Scheduled", "Successfully assigned shop/api to node-2", 86400, type="Normal",
          by="default-scheduler"),
    event(Ref("Pod", PENDING.name), "FailedScheduling",
          "0/4 nodes are available: 3 Insufficient memory, 1 node(s) were unschedulable.", 60, 8,
          by="default-scheduler"),
    *(event(Ref("Pod", each.name), "Failed", 'Failed to pull "registry.example/web:1.3": not found', 50, 4)
      for each in PULL),
    event(Ref("Node", "node-4"), "NodeNotReady", "Node node-4 status is now: NodeNotReady", 48,
          by="node-controller", namespace=""),
    event(Ref("Pod", OOM.name), "BackOff", "Back-off restarting failed container api", 12, 41),
)  # fmt: skip
FAULTS: Mapping[Key, Fault] = {
    DOWN.key: Fault(Severity.CRITICAL, "NotReady for 3m: Kubelet stopped posting node status",
                    "look at the kubelet on node-4: systemctl status kubelet"),
    SICK.key: Fault(Severity.WARNING, "disk pressure for 10m", "free space below /var/lib/containerd"),
    OOM.key: Fault(Severity.CRITICAL, "CrashLoopBackOff, api: exit 137 OOMKilled, 9 restarts",
                   "raise its memory limit, or find what takes the memory",
                   "CrashLoopBackOff: exit 137 OOMKilled", API.key, 4),
    **{each.key: Fault(Severity.CRITICAL, "ImagePullBackOff: web:1.3 not found", "correct the image's tag",
                       "ImagePullBackOff: web:1.3 not found", WEB.key, 3)
       for each in PULL},
    PENDING.key: Fault(Severity.WARNING, "Pending for 7m, no node has 8.0G of memory left", "add a node"),
    WEB.key: Fault(Severity.CRITICAL, "rollout stalled, ProgressDeadlineExceeded",
                   "kubectl rollout undo deploy/web, or correct the image"),
    VOLUMES[0].key: Fault(Severity.WARNING, "93% full", "grow the claim"),
    AUTOSCALERS[0].key: Fault(Severity.WARNING, "at its maximum of 4, cpu 93%/70%", "raise maxReplicas"),
}  # fmt: skip
LISTED = ("pods", "nodes", "deployments", "replicasets", "services", "events")


def usage(pods: Iterable[Pod]) -> dict[tuple[str, str], Usage]:
    """What those take that run."""
    return {
        (each.namespace, each.name): Usage(
            0.02 + (i * 37 % 100) / 250, (90 + i * 53 % 380) * float(MB), NOW - 20
        )
        for i, each in enumerate(pods)
        if each.phase == "Running"
    }


def cluster(context: str = "eu-1", pods: Iterable[Pod] = PODS, **fields: Any) -> Cluster:
    """A live one, calm unless said otherwise."""
    held = ordered(pods)
    nodes: Sequence[Node] = fields.get("nodes", NODES)
    made: dict[str, Any] = {
        "context": context, "server": f"https://{context}.example:6443", "user": "ops", "version": "v1.31.2",
        "state": "live", "time": NOW, "heard": NOW, "pods": held, "workloads": CALM_WORKLOADS, "nodes": NODES,
        "services": tuple(replace(each, ready=3, not_ready=0) for each in SERVICES_SEEN),
        "ingresses": INGRESSES, "volumes": VOLUMES[2:],
        "pod_usage": usage(held), "listed": LISTED,
        "node_usage": {each.name: Usage(2.1 + i, (9.0 + 3 * i) * GB, NOW) for i, each in enumerate(nodes)},
        "requested": {each.name: Usage(4.0 + i / 2, (17.0 + 2 * i) * GB) for i, each in enumerate(nodes)},
        "on_node": {each.name: 6 + i for i, each in enumerate(nodes)},
    } | fields  # fmt: skip
    return Cluster(**made)


CONTEXTS = (
    Context("eu-1", "eu-1", "ops", "shop", "~/.kube/config", True, True, ("--context", "eu-1")),
    Context("us-1", "us-1", "ops", "default", "~/.kube/config", options=("--context", "us-1")),
    Context("staging", "staging", "dev", "default", "~/.kube/staging", options=("--context", "staging")),
)


def snapshot(*clusters: Cluster, **fields: Any) -> KubernetesSnapshot:
    """These clusters, and the contexts there are."""
    watched = {each.context for each in clusters}
    contexts = tuple(replace(each, watched=each.name in watched) for each in CONTEXTS)
    return KubernetesSnapshot(clusters=clusters, contexts=contexts, **fields)


BAD_CLUSTER = cluster(
    pods=(*PODS, OOM, *PULL, PENDING),
    workloads=(*WORKLOADS, API, WEB, CART),
    nodes=(NODES[0], NODES[1], SICK, DOWN),
    services=SERVICES_SEEN,
    volumes=VOLUMES,
    autoscalers=AUTOSCALERS,
    events=EVENTS,
    faults=FAULTS,
)
CALM = snapshot(cluster())
BAD_HOUR = snapshot(BAD_CLUSTER)


def moved(held: Cluster, context: str, **fields: Any) -> Cluster:
    """The same objects read in another context."""
    names = ("pods", "workloads", "nodes", "services", "ingresses", "volumes", "autoscalers", "events")
    there: dict[str, Any] = {
        name: tuple(replace(each, cluster=context) for each in getattr(held, name)) for name in names
    }
    faults = {key._replace(cluster=context): fault for key, fault in held.faults.items()}
    server = f"https://{context}.example:6443"
    return replace(held, context=context, server=server, faults=faults, **(there | fields))


STALE = moved(
    cluster(), "us-1", state="stale", failing_since=NOW - 75, heard=NOW - 75,
    trouble="https://us-1.example:6443: connection refused; tried again every few seconds",
)  # fmt: skip
TWO = snapshot(BAD_CLUSTER, STALE)
CONNECTING = snapshot(
    cluster("eu-1", (), state="connecting", nodes=(), workloads=(), services=(), ingresses=(), volumes=(),
            listed=(), node_usage={}, requested={}, on_node={}, time=0.0)
)  # fmt: skip
EMPTY = snapshot(cluster("eu-1", (), workloads=(), services=(), ingresses=(), volumes=()))
NO_METRICS = snapshot(
    replace(
        BAD_CLUSTER, pod_usage={}, node_usage={},
        metrics="there is no metrics server: https://github.com/kubernetes-sigs/metrics-server",
        denied=(Denied("list", "nodes"), Denied("list", "persistentvolumes")),
    )
)  # fmt: skip
HOSTILE_NAME = "漢字-[red]x[/]-é́-" + "w" * 230
HOSTILE = snapshot(
    cluster(
        pods=(pod(HOSTILE_NAME, namespace="n" * 63, status="\N{REPLACEMENT CHARACTER}[bold]Bad" + "x" * 300,
                  node="n" * 253),),
        faults={Key("eu-1", "Pod", "n" * 63, HOSTILE_NAME): Fault(Severity.CRITICAL, "[link=x]" + "y" * 500)},
        state="refused", trouble="z" * 400, failing_since=NOW - 5,
        denied=(Denied("list", "r" * 100, "n" * 63),) * 5,
    )
)  # fmt: skip


def crowd(pods: int = 5000, nodes: int = 100) -> KubernetesSnapshot:
    """Many pods on many nodes; one in a hundred is wrong."""
    held = tuple(
        pod(f"{SERVICES[n % 6]}-{n // 60:04}-{HASH}-{n:05}", namespace=f"team-{n % 40:02}",
            node=f"node-{n % nodes}", status="CrashLoopBackOff" if n % 100 == 0 else "Running")
        for n in range(pods)
    )  # fmt: skip
    faults = {
        each.key: Fault(Severity.CRITICAL, "CrashLoopBackOff, exit 1") for each in held[::100]
    }  # fmt: skip
    machines = tuple(node(n) for n in range(nodes))
    return snapshot(cluster(pods=held, nodes=machines, faults=faults))


MANY = crowd()


@dataclass(slots=True)
class ClustersOf:
    """A source that has read this snapshot."""

    snapshot: Snapshot
    kind: str = "kubernetes"
    name: str = "kubernetes"
    target: str = "~/.kube/config"
    deadline: float = 2.0
    cadence: Mapping[Focus, float] = field(default_factory=lambda: dict.fromkeys(Focus, 60.0))
    used: list[list[str]] = field(default_factory=list)
    """What it was told to watch."""
    selected: list[tuple[str, str, str]] = field(default_factory=list)
    """The pods whose lines were asked for: selector, namespace, context."""
    asked: list[Key] = field(default_factory=list)
    """The workloads whose lines were asked for."""

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[ClustersOf]:
        """Nothing is found by itself."""
        return ()

    async def poll(self, focus: Focus) -> Snapshot:
        """The same again."""
        return self.snapshot

    def samples(self, snapshot: Snapshot) -> Iterable[Sample]:
        """None."""
        return ()

    def judge(self, snapshot: Any) -> Sequence[Finding]:
        """As the real source judges."""
        return findings(snapshot)

    def use(self, contexts: Sequence[str]) -> None:
        """Watch these contexts."""
        self.used.append(list(contexts))

    def selection(self, selector: str, namespace: str = "", context: str = "") -> SelectedPods:
        """Pods that have nothing to say."""
        self.selected.append((selector, namespace, context))
        return SelectedPods(parse(selector), namespace, context, dict)

    def belonging(self, subject: Key) -> OwnPods:
        """The same of a workload, with the pods that stand in the snapshot."""
        self.asked.append(subject)
        snapshot: Any = self.snapshot
        watches = {each.context: each for each in snapshot.clusters}
        return OwnPods(subject, lambda: watches)

    async def close(self) -> None:
        """Nothing is open."""


def context(value: KubernetesSnapshot | None, history: History | None = None) -> pane.Context:
    """What the pane would be given for this snapshot."""
    source = ClustersOf(value or CALM)
    feed: Feed = Feed(source)
    if value is not None:
        found = tuple(source.judge(value))
        feed.good = feed.reading = Reading("kubernetes", datetime.now(UTC), 1000.0, 0.01, value, None, found)
    return pane.Context(feed, history or History(), Config(), 1000.0, START)
