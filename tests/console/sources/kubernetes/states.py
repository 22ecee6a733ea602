"""Pods in every state that kubectl has a word for, and the same on a real cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import Object
from tests.servers.kubernetes.objects import pod

HELD = "example.com/held"
"""A finalizer: what has it stays Terminating."""


def ago(seconds: float) -> str:
    """A time as the API writes it, so many seconds ago."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def waiting(reason: str = "", message: str = "") -> Object:
    """The state of a container that waits; of an empty one the server makes no more than that it waits."""
    return {"waiting": {"reason": reason, "message": message}}


def running(seconds: float = 60) -> Object:
    """The state of a container that has run so long."""
    return {"running": {"startedAt": ago(seconds)}}


def ended(code: int, reason: str = "", signal: int = 0, seconds: float = 60) -> Object:
    """The state of a container that ended so long ago."""
    times = {"startedAt": ago(seconds + 10), "finishedAt": ago(seconds)}
    return {"terminated": {"exitCode": code, "reason": reason, "signal": signal, **times}}


def status(name: str, state: Object, **more: Any) -> Object:
    """The status of a container."""
    image = {"image": "example.com/app:1", "imageID": ""}
    return {"name": name, "ready": False, "restartCount": 0, "lastState": {}, "state": state, **image, **more}


def app(state: Object, **more: Any) -> Object:
    """A pod's status whose one container is so."""
    return {"containerStatuses": [status("app", state, **more)]}


def condition(type_: str, true: bool = True, **more: Any) -> Object:
    """A condition of a pod."""
    return {"type": type_, "status": str(true), **more}


INITIAL = [{"name": f"init-{number}", "image": "example.com/init:1"} for number in (1, 2)]
SIDECAR = {"name": "side", "image": "example.com/side:1", "restartPolicy": "Always"}
TWO = [{"name": name, "image": "example.com/app:1"} for name in ("app", "helper")]
READY = [
    condition("Initialized"),
    condition("Ready"),
    condition("ContainersReady"),
    condition("PodScheduled"),
]


@dataclass(frozen=True)
class State:
    """A pod to be made so: `shown` is the STATUS that kubectl has for it."""

    shown: str
    phase: str = "Running"
    spec: Mapping[str, Any] = field(default_factory=dict)
    status: Mapping[str, Any] = field(default_factory=dict)
    node: str | None = "one"
    going: bool = False
    """Whether it has been asked to go."""


def _initial(*statuses: Object, containers: int = 1, initialized: bool = False) -> Object:
    """A pod whose init containers are so, and whose others wait for them."""
    after = [status(one["name"], waiting("PodInitializing")) for one in TWO[:containers]]
    conditions = [condition("Initialized", initialized)]
    return {"initContainerStatuses": statuses, "containerStatuses": after, "conditions": conditions}


def states() -> dict[str, State]:
    """The states by the names of their pods."""
    up = running()
    killed = {"lastState": ended(137, "OOMKilled", seconds=305), "restartCount": 4}
    init = {"initContainers": INITIAL}
    side = {"initContainers": [*INITIAL[:1], SIDECAR]}
    over = status("app", ended(0, "Completed"))
    done = status("init-1", ended(0, "Completed"), ready=True)
    sidecar = status("side", up, ready=True, started=True)
    return {
        "running": State("Running", status={**app(up, ready=True), "conditions": READY}),
        "running-unready": State("Running", status=app(up)),
        "running-restarted": State(
            "Running", status={**app(up, ready=True, **killed), "conditions": READY}
        ),
        "restarts-undated": State("Running", status=app(up, ready=True, restartCount=7)),
        "two-one-ready": State(
            "Running", spec={"containers": TWO},
            status={"containerStatuses": [status("app", up, ready=True), status("helper", up)]},
        ),
        "pending": State("Pending", "Pending", node=None),
        "pending-on-node": State("Pending", "Pending"),
        "gated": State(
            "SchedulingGated", "Pending", spec={"schedulingGates": [{"name": "example.com/gate"}]}, node=None
        ),
        "creating": State("ContainerCreating", "Pending", status=app(waiting("ContainerCreating"))),
        "crash": State(
            "CrashLoopBackOff", status=app(waiting("CrashLoopBackOff", "back-off 5m0s"), **killed)
        ),
        "pull-back-off": State("ImagePullBackOff", "Pending", status=app(waiting("ImagePullBackOff"))),
        "pull-failed": State("ErrImagePull", "Pending", status=app(waiting("ErrImagePull"))),
        "bad-image": State("InvalidImageName", "Pending", status=app(waiting("InvalidImageName"))),
        "config-error": State(
            "CreateContainerConfigError", "Pending", status=app(waiting("CreateContainerConfigError"))
        ),
        "run-error": State("RunContainerError", status=app(waiting("RunContainerError"))),
        "error": State("Error", "Failed", status=app(ended(1, "Error"))),
        "exit-code": State("ExitCode:3", "Failed", status=app(ended(3))),
        "signal": State("Signal:9", "Failed", status=app(ended(137, signal=9))),
        "oom": State("OOMKilled", status=app(ended(137, "OOMKilled"), restartCount=1)),
        "cannot-run": State("ContainerCannotRun", status=app(ended(128, "ContainerCannotRun"))),
        "completed": State("Completed", "Succeeded", status=app(ended(0, "Completed"))),
        "exit-zero-unsaid": State("ExitCode:0", "Succeeded", status=app(ended(0))),
        "one-completed": State(
            "NotReady", spec={"containers": TWO},
            status={"containerStatuses": [over, status("helper", up, ready=True)]},
        ),
        "one-completed-ready": State(
            "Running", spec={"containers": TWO},
            status={
                "containerStatuses": [over, status("helper", up, ready=True)],
                "conditions": READY,
            },
        ),
        "one-failed": State(
            "Error", spec={"containers": TWO},
            status={"containerStatuses": [over, status("helper", ended(2, "Error"))]},
        ),
        "first-waits": State(
            "CrashLoopBackOff", spec={"containers": TWO},
            status={
                "containerStatuses": [
                    status("app", waiting("CrashLoopBackOff"), **killed),
                    status("helper", waiting("ImagePullBackOff"), restartCount=2),
                ]
            },
        ),
        "init-none": State(
            "Init:0/2", "Pending", spec=init,
            status=_initial(status("init-1", up), status("init-2", waiting("PodInitializing"))),
        ),
        "init-one": State("Init:1/2", "Pending", spec=init, status=_initial(done, status("init-2", up))),
        "init-restarted": State(
            "Init:0/2", "Pending", spec=init,
            status=_initial(status("init-1", up, restartCount=2, lastState=ended(1, "Error", seconds=150))),
        ),
        "init-error": State(
            "Init:Error", "Pending", spec=init, status=_initial(status("init-1", ended(1, "Error")))
        ),
        "init-exit-code": State(
            "Init:ExitCode:1", "Pending", spec=init, status=_initial(status("init-1", ended(1)))
        ),
        "init-signal": State(
            "Init:Signal:9", "Pending", spec=init, status=_initial(status("init-1", ended(137, signal=9)))
        ),
        "init-crash": State(
            "Init:CrashLoopBackOff", "Pending", spec=init,
            status=_initial(status("init-1", waiting("CrashLoopBackOff"), **killed)),
        ),
        "init-pull": State(
            "Init:ImagePullBackOff", "Pending", spec=init,
            status=_initial(done, status("init-2", waiting("ImagePullBackOff"))),
        ),
        "initializing": State(
            "PodInitializing", "Pending", spec={"initContainers": INITIAL[:1]}, status=_initial(done)
        ),
        "side-running": State(
            "Running", spec=side,
            status={
                "initContainerStatuses": [done, {**sidecar, **killed}],
                "containerStatuses": [status("app", up, ready=True)],
                "conditions": READY,
            },
        ),
        "side-unready": State(
            "Running", spec=side,
            status={
                "initContainerStatuses": [done, {**sidecar, "ready": False}],
                "containerStatuses": [status("app", up, ready=True)],
                "conditions": READY[:1],
            },
        ),
        "side-starting": State(
            "Init:1/2", "Pending", spec=side,
            status=_initial(done, status("side", up, started=False)),
        ),
        "side-crash": State(
            "Init:CrashLoopBackOff", "Pending", spec=side,
            status=_initial(done, status("side", waiting("CrashLoopBackOff"), **killed)),
        ),
        "side-crash-later": State(
            "Init:CrashLoopBackOff", spec=side,
            status={
                "initContainerStatuses": [
                    {**done, "restartCount": 3}, status("side", waiting("CrashLoopBackOff"), **killed)
                ],
                "containerStatuses": [status("app", up, ready=True)],
                "conditions": READY[:1],
            },
        ),
        "evicted": State("Evicted", "Failed", status={"reason": "Evicted"}),
        "preempting": State("Preempting", "Failed", status={"reason": "Preempting"}),
        "affinity": State("NodeAffinity", "Failed", status={"reason": "NodeAffinity"}),
        "deadline": State("DeadlineExceeded", "Failed", status={"reason": "DeadlineExceeded"}),
        "failed": State("Failed", "Failed"),
        "unknown": State("Unknown", "Unknown"),
        "lost": State("NodeLost", status={"reason": "NodeLost"}),
        "lost-going": State("Unknown", status={"reason": "NodeLost", **app(up)}, going=True),
        "terminating": State("Terminating", status={**app(up, ready=True), "conditions": READY}, going=True),
        "completed-going": State("Completed", "Succeeded", status=app(ended(0, "Completed")), going=True),
        "failed-going": State("Error", "Failed", status=app(ended(1, "Error")), going=True),
    }  # fmt: skip


def make(cluster: Cluster, found: Mapping[str, State], namespace: str = "default") -> None:
    """Make pods that are so."""
    pods = [pod(name, namespace, one.node, **one.spec) for name, one in found.items()]
    for made, one in zip(pods, found.values(), strict=True):
        made["metadata"]["finalizers"] = [HELD] if one.going else []
    cluster.calls.create(*pods)
    for name, one in found.items():
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        # a strategic merge would keep what the server has said of conditions; this replaces all that is said
        told = {"status": {"phase": one.phase, **one.status}}
        if one.status or one.phase != "Pending":
            cluster.calls.patch(f"{path}/status", told)
        if one.going:
            cluster.calls.delete(path)


@contextmanager
def pods_in(cluster: Cluster, found: Mapping[str, State], namespace: str = "default") -> Iterator[None]:
    """The pods while the `with` lasts."""
    make(cluster, found, namespace)
    try:
        yield
    finally:
        for name in found:
            path = f"/api/v1/namespaces/{namespace}/pods/{name}"
            cluster.calls.patch(path, {"metadata": {"finalizers": None}})
        cluster.calls.delete(f"/api/v1/namespaces/{namespace}/pods")
