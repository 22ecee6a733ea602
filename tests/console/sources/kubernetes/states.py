"""Pods in every state that kubectl has a word for, and the same on a real cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


def _killed() -> dict[str, Any]:
    """What is told beside the state of a container that was killed five minutes ago, and before."""
    return {"lastState": ended(137, "OOMKilled", seconds=305), "restartCount": 4}


def _up(name: str = "app", **more: Any) -> Object:
    """The status of a container that runs and is ready."""
    return status(name, running(), ready=True, **more)


def _over(name: str = "app", **more: Any) -> Object:
    """The status of a container that has done its work."""
    return status(name, ended(0, "Completed"), **more)


def _initial(*statuses: Object) -> Object:
    """A pod whose init containers are so, and whose other waits for them."""
    return {
        "initContainerStatuses": statuses,
        "containerStatuses": [status("app", waiting("PodInitializing"))],
        "conditions": [condition("Initialized", False)],
    }


def _begun(*statuses: Object, conditions: Sequence[Object]) -> Object:
    """A pod whose init containers are so, and whose other runs beside them."""
    return {
        "initContainerStatuses": statuses,
        "containerStatuses": [_up()],
        "conditions": conditions,
    }


def states() -> dict[str, State]:
    """The states by the names of their pods."""
    return {
        **_of_pods(), **_running(), **_waiting(), **_ended(), **_of_two(), **_initializing(),
        **_with_sidecars(), **_going(),
    }  # fmt: skip


def _of_pods() -> dict[str, State]:
    """Nothing is said of their containers."""
    return {
        "pending": State("Pending", "Pending", node=None),
        "pending-on-node": State("Pending", "Pending"),
        "gated": State(
            "SchedulingGated", "Pending", spec={"schedulingGates": [{"name": "example.com/gate"}]}, node=None
        ),
        "evicted": State("Evicted", "Failed", status={"reason": "Evicted"}),
        "preempting": State("Preempting", "Failed", status={"reason": "Preempting"}),
        "affinity": State("NodeAffinity", "Failed", status={"reason": "NodeAffinity"}),
        "deadline": State("DeadlineExceeded", "Failed", status={"reason": "DeadlineExceeded"}),
        "failed": State("Failed", "Failed"),
        "unknown": State("Unknown", "Unknown"),
        "lost": State("NodeLost", status={"reason": "NodeLost"}),
    }


def _running() -> dict[str, State]:
    """Their one container runs."""
    ready = app(running(), ready=True)
    restarted = app(running(), ready=True, **_killed())
    return {
        "running": State("Running", status={**ready, "conditions": READY}),
        "running-unready": State("Running", status=app(running())),
        "running-restarted": State("Running", status={**restarted, "conditions": READY}),
        "restarts-undated": State("Running", status=app(running(), ready=True, restartCount=7)),
    }


def _waiting() -> dict[str, State]:
    """Their one container waits."""
    unmade = app(waiting("CreateContainerConfigError"))
    crashed = app(waiting("CrashLoopBackOff", "back-off 5m0s"), **_killed())
    return {
        "creating": State("ContainerCreating", "Pending", status=app(waiting("ContainerCreating"))),
        "crash": State("CrashLoopBackOff", status=crashed),
        "pull-back-off": State("ImagePullBackOff", "Pending", status=app(waiting("ImagePullBackOff"))),
        "pull-failed": State("ErrImagePull", "Pending", status=app(waiting("ErrImagePull"))),
        "bad-image": State("InvalidImageName", "Pending", status=app(waiting("InvalidImageName"))),
        "config-error": State("CreateContainerConfigError", "Pending", status=unmade),
        "run-error": State("RunContainerError", status=app(waiting("RunContainerError"))),
    }


def _ended() -> dict[str, State]:
    """Their one container has ended."""
    return {
        "error": State("Error", "Failed", status=app(ended(1, "Error"))),
        "exit-code": State("ExitCode:3", "Failed", status=app(ended(3))),
        "signal": State("Signal:9", "Failed", status=app(ended(137, signal=9))),
        "oom": State("OOMKilled", status=app(ended(137, "OOMKilled"), restartCount=1)),
        "cannot-run": State("ContainerCannotRun", status=app(ended(128, "ContainerCannotRun"))),
        "completed": State("Completed", "Succeeded", status=app(ended(0, "Completed"))),
        "exit-zero-unsaid": State("ExitCode:0", "Succeeded", status=app(ended(0))),
    }


def _of_two() -> dict[str, State]:
    """Their two containers are not in the same state."""

    def two(shown: str, *statuses: Object, **more: Any) -> State:
        return State(shown, spec={"containers": TWO}, status={"containerStatuses": statuses, **more})

    return {
        "two-one-ready": two("Running", _up(), status("helper", running())),
        "one-completed": two("NotReady", _over(), _up("helper")),
        "one-completed-ready": two("Running", _over(), _up("helper"), conditions=READY),
        "one-failed": two("Error", _over(), status("helper", ended(2, "Error"))),
        "first-waits": two(
            "CrashLoopBackOff",
            status("app", waiting("CrashLoopBackOff"), **_killed()),
            status("helper", waiting("ImagePullBackOff"), restartCount=2),
        ),
    }


def _initializing() -> dict[str, State]:
    """Their init containers are not over."""
    done = _over("init-1", ready=True)
    again = status("init-1", running(), restartCount=2, lastState=ended(1, "Error", seconds=150))
    crashed = status("init-1", waiting("CrashLoopBackOff"), **_killed())

    def init(shown: str, *statuses: Object, containers: Sequence[Object] = INITIAL) -> State:
        return State(shown, "Pending", spec={"initContainers": containers}, status=_initial(*statuses))

    return {
        "init-none": init(
            "Init:0/2", status("init-1", running()), status("init-2", waiting("PodInitializing"))
        ),
        "init-one": init("Init:1/2", done, status("init-2", running())),
        "init-restarted": init("Init:0/2", again),
        "init-error": init("Init:Error", status("init-1", ended(1, "Error"))),
        "init-exit-code": init("Init:ExitCode:1", status("init-1", ended(1))),
        "init-signal": init("Init:Signal:9", status("init-1", ended(137, signal=9))),
        "init-crash": init("Init:CrashLoopBackOff", crashed),
        "init-pull": init("Init:ImagePullBackOff", done, status("init-2", waiting("ImagePullBackOff"))),
        "initializing": init("PodInitializing", done, containers=INITIAL[:1]),
    }


def _with_sidecars() -> dict[str, State]:
    """The second of their init containers stays beside the others."""
    spec = {"initContainers": [*INITIAL[:1], SIDECAR]}
    done = _over("init-1", ready=True)
    up = _up("side", started=True)
    crashed = status("side", waiting("CrashLoopBackOff"), **_killed())
    starting = status("side", running(), started=False)
    unready = _begun(done, {**up, "ready": False}, conditions=READY[:1])
    later = _begun({**done, "restartCount": 3}, crashed, conditions=READY[:1])
    return {
        "side-running": State(
            "Running", spec=spec, status=_begun(done, {**up, **_killed()}, conditions=READY)
        ),
        "side-unready": State("Running", spec=spec, status=unready),
        "side-starting": State("Init:1/2", "Pending", spec=spec, status=_initial(done, starting)),
        "side-crash": State("Init:CrashLoopBackOff", "Pending", spec=spec, status=_initial(done, crashed)),
        "side-crash-later": State("Init:CrashLoopBackOff", spec=spec, status=later),
    }


def _going() -> dict[str, State]:
    """They have been asked to go."""
    up = app(running(), ready=True)
    return {
        "lost-going": State("Unknown", status={"reason": "NodeLost", **app(running())}, going=True),
        "terminating": State("Terminating", status={**up, "conditions": READY}, going=True),
        "completed-going": State("Completed", "Succeeded", status=app(ended(0, "Completed")), going=True),
        "failed-going": State("Error", "Failed", status=app(ended(1, "Error")), going=True),
    }


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
