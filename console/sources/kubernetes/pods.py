"""Pods out of the API's JSON, and the restarts that are remembered of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from console.sources.kubernetes.model import Condition, Container, Pod
from console.sources.kubernetes.pod_status import show
from console.sources.kubernetes.pod_wire import (
    ContainerState,
    ContainerStatus,
    Gate,
    Mounted,
    PodWire,
    Terminated,
    Waiting,
)
from console.sources.kubernetes.quantities import quantity
from console.sources.kubernetes.wire import (
    NAME_LIMIT,
    ContainerSpec,
    conditions_of,
    epoch,
    labels_of,
    message,
    owner_of,
    word,
)
from console.text import clean


def read_pod(cluster: str, found: PodWire) -> Pod:
    """A pod as it is now."""
    meta, spec, status = found.metadata, found.spec, found.status
    sidecars = {one.name for one in spec.init_containers or () if one.restart_policy == "Always"}
    shown = show(found, sidecars)
    containers = _containers(found, sidecars)
    conditions = conditions_of(status.conditions)
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
        recent=(shown.restarted,) if shown.restarted else (),
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
        tightest=min((one.memory_limit for one in containers if one.memory_limit > 0), default=0.0),
        containers=containers,
        conditions=conditions,
        gates=_held_by(spec.readiness_gates, conditions) if spec.readiness_gates else (),
        claims=_claims(meta.name, spec.volumes) if spec.volumes else (),
        qos=word(status.qos_class),
        service_account=word(spec.service_account_name),
        host_network=spec.host_network,
    )


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


_NOTHING = ContainerStatus(state=ContainerState(), last_state=ContainerState())
_NOT_WAITING, _NOT_ENDED = Waiting(), Terminated()


def _container(kind: str, spec: ContainerSpec, status: ContainerStatus | None) -> Container:
    status = status or _NOTHING
    now, before = status.state or ContainerState(), status.last_state or ContainerState()
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


def _claims(pod: str, volumes: Iterable[Mounted]) -> tuple[str, ...]:
    found = []
    for volume in volumes:
        if volume.persistent_volume_claim is not None:
            found.append(clean(volume.persistent_volume_claim.claim_name, NAME_LIMIT))
        elif volume.ephemeral is not None:
            # made for the pod, and named after both
            found.append(clean(f"{pod}-{volume.name}", NAME_LIMIT))
    return tuple(found)


def _held_by(gates: Iterable[Gate], conditions: Iterable[Condition]) -> tuple[str, ...]:
    """Readiness gates that are not open: a condition that nobody has set is not true."""
    true = {one.type for one in conditions if one.status == "True"}
    return tuple(name for gate in gates if (name := word(gate.condition_type)) not in true)


RESTART_WINDOW = 600.0
"""Seconds over which restarts count as recent."""
_MOST = 100
"""Restarts of one pod that are remembered."""


def carry_restarts(before: Pod | None, after: Pod) -> Pod:
    """The newer value of a pod with the restarts that the older one knew of, and those between them.

    The API says only when the last one was; of several that were missed all count as of then.
    """
    if before is None or before.uid != after.uid or not after.restarted:
        return after
    if after.restarts <= before.restarts:
        return after if after.recent == before.recent else replace(after, recent=before.recent)
    new = (after.restarted,) * min(after.restarts - before.restarts, _MOST)
    kept = [then for then in before.recent if then > after.restarted - RESTART_WINDOW]
    return replace(after, recent=(*kept, *new)[-_MOST:])
