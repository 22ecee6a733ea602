"""Pods out of the API's JSON, with STATUS, READY and RESTARTS as `kubectl get pods` prints them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import msgspec

from console.sources.kubernetes.model import Container, Pod
from console.sources.kubernetes.quantities import quantity
from console.sources.kubernetes.wire import (
    NAME_LIMIT,
    ConditionWire,
    ContainerSpec,
    Meta,
    Wire,
    conditions_of,
    epoch,
    labels_of,
    message,
    owner_of,
    word,
)
from console.text import clean


class _Waiting(Wire):
    reason: str = ""
    message: str = ""


class _Running(Wire):
    started_at: datetime | None = None


class _Terminated(Wire):
    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    finished_at: datetime | None = None


class _State(Wire):
    waiting: _Waiting | None = None
    running: _Running | None = None
    terminated: _Terminated | None = None


class _Status(Wire):
    name: str = ""
    state: _State | None = None
    last_state: _State | None = None
    ready: bool = False
    restart_count: int = 0
    started: bool | None = None


class _Claim(Wire):
    claim_name: str = ""


class _Mounted(Wire):
    name: str = ""
    persistent_volume_claim: _Claim | None = None
    ephemeral: dict[str, msgspec.Raw] | None = None


class _PodSpec(Wire):
    node_name: str = ""
    host_network: bool = False
    service_account_name: str = ""
    containers: list[ContainerSpec] | None = None
    init_containers: list[ContainerSpec] | None = None
    ephemeral_containers: list[ContainerSpec] | None = None
    volumes: list[_Mounted] | None = None


class _PodStatus(Wire):
    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    qos_class: str = ""
    conditions: list[ConditionWire] | None = None
    container_statuses: list[_Status] | None = None
    init_container_statuses: list[_Status] | None = None
    ephemeral_container_statuses: list[_Status] | None = None


class PodWire(Wire):
    """A pod as the API has it."""

    metadata: Meta
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


@dataclass(slots=True)
class _Shown:
    """What kubectl makes of a pod's containers."""

    status: str
    ready: int = 0
    restarts: int = 0
    restarted: float = 0.0

    def restarted_by(self, found: _Status) -> None:
        """Count a container's restarts, and when it was the last time."""
        self.restarts += found.restart_count
        ended = found.last_state.terminated if found.last_state else None
        if ended is not None:
            self.restarted = max(self.restarted, epoch(ended.finished_at))


def read_pod(cluster: str, found: PodWire) -> Pod:
    """A pod as it is now."""
    meta, spec, status = found.metadata, found.spec, found.status
    sidecars = {one.name for one in spec.init_containers or () if one.restart_policy == "Always"}
    shown = _show(found, sidecars)
    grace = meta.deletion_grace_period_seconds or 0
    return Pod(
        cluster=cluster,
        namespace=word(meta.namespace),
        name=clean(meta.name, NAME_LIMIT),
        uid=clean(meta.uid, NAME_LIMIT),
        status=word(shown.status),
        ready=shown.ready,
        total=len(spec.containers or ()) + len(sidecars),
        restarts=shown.restarts,
        restarted=shown.restarted,
        phase=word(status.phase),
        reason=word(status.reason),
        message=message(status.message),
        created=epoch(meta.creation_timestamp),
        # the API says when it is to be gone at the latest
        deleted=epoch(meta.deletion_timestamp) - grace if meta.deletion_timestamp else 0.0,
        grace=float(grace),
        node=word(spec.node_name),
        ip=clean(status.pod_ip, NAME_LIMIT),
        owner=owner_of(meta),
        labels=labels_of(meta.labels),
        containers=_containers(found, sidecars),
        conditions=conditions_of(status.conditions),
        claims=_claims(meta.name, spec.volumes) if spec.volumes else (),
        qos=word(status.qos_class),
        service_account=word(spec.service_account_name),
        host_network=spec.host_network,
    )


def _show(found: PodWire, sidecars: set[str]) -> _Shown:
    """STATUS, READY and RESTARTS by the rules of the API server's table printer, as of Kubernetes 1.36.

    Rules: what the pod itself says; then the first init container that is not through; else the first of the
    ordinary containers that waits or has ended; and its deletion over everything.
    """
    status = found.status
    shown = _Shown(status.reason or status.phase)
    conditions = {one.type: one for one in status.conditions or ()}
    scheduled = conditions.get("PodScheduled")
    if scheduled is not None and scheduled.reason == "SchedulingGated":
        shown.status = "SchedulingGated"
    true = {one.type for one in conditions.values() if one.status == "True"}
    if _show_initial(found, sidecars, shown, "Initialized" in true):
        _show_ordinary(status.container_statuses or (), shown, "Ready" in true)
    if found.metadata.deletion_timestamp is not None:
        if status.reason == "NodeLost":
            shown.status = "Unknown"
        elif status.phase not in ("Succeeded", "Failed"):
            shown.status = "Terminating"
    return shown


def _show_initial(found: PodWire, sidecars: set[str], shown: _Shown, initialized: bool) -> bool:
    """Take in the init containers; whether the ordinary ones have their turn.

    While they are at work all their restarts count, afterwards those of sidecars only.
    """
    lasting = _Shown("")
    starting = False
    for at, one in enumerate(found.status.init_container_statuses or ()):
        shown.restarted_by(one)
        sidecar = one.name in sidecars
        if sidecar:
            lasting.restarted_by(one)
        waiting = one.state.waiting if one.state else None
        ended = one.state.terminated if one.state else None
        if ended is not None and ended.exit_code == 0:
            continue
        if sidecar and one.started:
            shown.ready += one.ready
            continue
        if ended is not None:
            shown.status = f"Init:{_end(ended)}"
        elif waiting is not None and waiting.reason not in ("", "PodInitializing"):
            shown.status = f"Init:{waiting.reason}"
        else:
            shown.status = f"Init:{at}/{len(found.spec.init_containers or ())}"
        starting = True
        break
    if starting and not initialized:
        return False
    shown.restarts, shown.restarted = lasting.restarts, lasting.restarted
    return True


def _show_ordinary(statuses: Iterable[_Status], shown: _Shown, ready: bool) -> None:
    """Take in the ordinary containers: the first that waits or has ended gives the status."""
    running = False
    failed = ""
    for one in reversed(tuple(statuses)):
        shown.restarted_by(one)
        state = one.state
        if state is None:
            continue
        if state.waiting is not None and state.waiting.reason:
            shown.status = state.waiting.reason
        elif state.terminated is not None:
            shown.status = _end(state.terminated)
            if state.terminated.exit_code:
                failed = shown.status
        elif one.ready and state.running is not None:
            running = True
            shown.ready += 1
    if shown.status == "Completed":  # of some: the others may be at work, or have failed
        if running and ready:
            shown.status = "Running"
        elif failed:
            shown.status = failed
        elif running:
            shown.status = "NotReady"


def _end(ended: _Terminated) -> str:
    if ended.reason:
        return ended.reason
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code}"


def _containers(found: PodWire, sidecars: set[str]) -> tuple[Container, ...]:
    spec, status = found.spec, found.status
    made: list[Container] = []
    for kind, specified, statuses in (
        ("init", spec.init_containers, status.init_container_statuses),
        ("", spec.containers, status.container_statuses),
        ("ephemeral", spec.ephemeral_containers, status.ephemeral_container_statuses),
    ):
        known = {one.name: one for one in statuses or ()} if specified else {}
        for one in specified or ():
            lasting = kind == "init" and one.name in sidecars
            made.append(_container("sidecar" if lasting else kind, one, known.get(one.name)))
    return tuple(made)


_NOTHING = _Status(state=_State(), last_state=_State())
_NOT_WAITING, _NOT_ENDED = _Waiting(), _Terminated()


def _container(kind: str, spec: ContainerSpec, status: _Status | None) -> Container:
    status = status or _NOTHING
    now, before = status.state or _State(), status.last_state or _State()
    ended, last = now.terminated, before.terminated
    told = ended or now.waiting or _NOT_WAITING
    if now.running is not None:
        state, since = "running", epoch(now.running.started_at)
    elif ended is not None:
        state, since = "terminated", epoch(ended.finished_at)
    else:
        # the API takes a container of which nothing is said for one that waits
        state, since = "waiting" if now.waiting is not None else "", 0.0
    cpu_request, memory_request, cpu_limit, memory_limit = _asked(spec)
    return Container(
        name=word(spec.name),
        image=word(spec.image),
        kind=kind,
        state=state,
        reason=word(told.reason),
        message=message(told.message),
        exit_code=ended.exit_code if ended is not None else None,
        signal=ended.signal if ended is not None else 0,
        since=since,
        ready=status.ready,
        restarts=status.restart_count,
        last_reason=word(last.reason) if last is not None else "",
        last_exit_code=last.exit_code if last is not None else None,
        last_ended=epoch(last.finished_at) if last is not None else 0.0,
        cpu_request=cpu_request,
        cpu_limit=cpu_limit,
        memory_request=memory_request,
        memory_limit=memory_limit,
    )


def _asked(spec: ContainerSpec) -> tuple[float, float, float, float]:
    """CPU and memory asked for, and their limits."""
    resources = spec.resources
    if resources is None:
        return 0.0, 0.0, 0.0, 0.0
    requests, limits = resources.requests or {}, resources.limits or {}
    return _both(requests.get("cpu", ""), requests.get("memory", "")) + _both(
        limits.get("cpu", ""), limits.get("memory", "")
    )


@lru_cache(maxsize=4096)
def _both(cpu: str, memory: str) -> tuple[float, float]:
    return (quantity(cpu) if cpu else 0.0), (quantity(memory) if memory else 0.0)


def _claims(pod: str, volumes: Iterable[_Mounted]) -> tuple[str, ...]:
    found = []
    for volume in volumes:
        if volume.persistent_volume_claim is not None:
            found.append(clean(volume.persistent_volume_claim.claim_name, NAME_LIMIT))
        elif volume.ephemeral is not None:
            # made for the pod, and named after both
            found.append(clean(f"{pod}-{volume.name}", NAME_LIMIT))
    return tuple(found)
