"""Deployments, replica sets, stateful sets and daemon sets out of the API's JSON, and how rollouts stand."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from console.sources.kubernetes.model import Condition, Workload
from console.sources.kubernetes.wire import (
    ConditionWire,
    ManagedMeta,
    Selector,
    Template,
    Wire,
    common,
    conditions_of,
    images_of,
    labels_of,
    sentence,
    word,
    written,
)
from console.units import counted


class _Rolling(Wire):
    partition: int | None = None


class _Strategy(Wire):
    type: str = ""
    rolling_update: _Rolling | None = None


class _ScaledSpec(Wire):
    replicas: int | None = None
    paused: bool = False
    min_ready_seconds: int = 0
    selector: Selector | None = None
    template: Template | None = None
    strategy: _Strategy | None = None
    update_strategy: _Strategy | None = None


class _ScaledStatus(Wire):
    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: list[ConditionWire] | None = None


class ScaledWire(Wire):
    """A deployment, replica set or stateful set as the API has it."""

    metadata: ManagedMeta
    spec: _ScaledSpec = msgspec.field(default_factory=_ScaledSpec)
    status: _ScaledStatus = msgspec.field(default_factory=_ScaledStatus)


class _DaemonStatus(Wire):
    observed_generation: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_misscheduled: int = 0
    updated_number_scheduled: int = 0
    conditions: list[ConditionWire] | None = None


class DaemonWire(Wire):
    """A daemon set as the API has it."""

    metadata: ManagedMeta
    spec: _ScaledSpec = msgspec.field(default_factory=_ScaledSpec)
    status: _DaemonStatus = msgspec.field(default_factory=_DaemonStatus)


NOT_SEEN = "its controller has not seen the newest specification yet"


def read_deployment(cluster: str, found: ScaledWire) -> Workload:
    """A deployment as it is now."""
    return _scaled(cluster, found, "Deployment", deployment_state(found))


def read_replica_set(cluster: str, found: ScaledWire) -> Workload:
    """A replica set as it is now."""
    return _scaled(cluster, found, "ReplicaSet", _replica_set_state(found))


def read_stateful_set(cluster: str, found: ScaledWire) -> Workload:
    """A stateful set as it is now."""
    return _scaled(cluster, found, "StatefulSet", _stateful_set_state(found))


def _scaled(cluster: str, found: ScaledWire, kind: str, stands: tuple[str, str]) -> Workload:
    meta, spec, status = found.metadata, found.spec, found.status
    strategy = spec.strategy or spec.update_strategy
    return Workload(
        **common(cluster, kind, meta),
        desired=_wanted(spec),
        ready=status.ready_replicas,
        # a replica set has one template only
        updated=status.replicas if kind == "ReplicaSet" else status.updated_replicas,
        available=status.available_replicas,
        settling=float(spec.min_ready_seconds),
        changed=written(meta, "status"),
        edited=written(meta),
        replicas=status.replicas,
        state=stands[0],
        why=stands[1],
        paused=spec.paused,
        observed=status.observed_generation >= meta.generation,
        observed_generation=status.observed_generation,
        selector=labels_of(spec.selector.match_labels if spec.selector else None),
        images=images_of(spec.template),
        strategy=word(strategy.type) if strategy else "",
        conditions=conditions_of(status.conditions),
    )


def _wanted(spec: _ScaledSpec) -> int:
    return 1 if spec.replicas is None else spec.replicas


def _true(conditions: Iterable[Condition], type_: str) -> Condition | None:
    return next((one for one in conditions if one.type == type_ and one.status == "True"), None)


def deployment_state(found: ScaledWire) -> tuple[str, str]:
    """How the rollout of a deployment stands, and what holds it up: as `kubectl rollout status` sees it."""
    spec, status = found.spec, found.status
    wanted = _wanted(spec)
    conditions = conditions_of(status.conditions)
    failure = _true(conditions, "ReplicaFailure")
    progress = next((one for one in conditions if one.type == "Progressing"), None)
    if failure is not None:
        return "stalled", sentence(failure)
    if progress is not None and progress.reason == "ProgressDeadlineExceeded":
        available = f"{status.available_replicas} of {wanted} pods are available"
        return "stalled", f"its deadline for progress is over: {available}"
    if spec.paused:
        return "paused", "the rollout is paused"
    if status.observed_generation < found.metadata.generation:
        return "progressing", NOT_SEEN
    if wanted == 0 and status.replicas == 0:
        return "scaled to 0", ""
    if status.updated_replicas < wanted:
        return "progressing", f"{status.updated_replicas} of {wanted} pods are of the newest template"
    if status.replicas > status.updated_replicas:
        old = status.replicas - status.updated_replicas
        return "progressing", f"{counted(old, 'older pod')} still to go"
    if status.available_replicas < wanted:
        over = progress is not None and progress.reason == "NewReplicaSetAvailable"
        state = "degraded" if over else "progressing"
        return state, f"{status.available_replicas} of {wanted} pods are available"
    return "available", ""


def _replica_set_state(found: ScaledWire) -> tuple[str, str]:
    status, wanted = found.status, _wanted(found.spec)
    failure = _true(conditions_of(status.conditions), "ReplicaFailure")
    if failure is not None:
        return "stalled", sentence(failure)
    if status.observed_generation < found.metadata.generation:
        return "progressing", NOT_SEEN
    if wanted == 0 and status.replicas == 0:
        return "scaled to 0", ""
    if status.replicas != wanted:
        return "progressing", f"{status.replicas} of {wanted} pods are there"
    if status.available_replicas < wanted:
        return "degraded", f"{status.available_replicas} of {wanted} pods are available"
    return "available", ""


def _stateful_set_state(found: ScaledWire) -> tuple[str, str]:
    spec, status, wanted = found.spec, found.status, _wanted(found.spec)
    if status.observed_generation < found.metadata.generation:
        return "progressing", NOT_SEEN
    if wanted == 0 and status.replicas == 0:
        return "scaled to 0", ""
    if status.replicas != wanted:
        return "progressing", f"{status.replicas} of {wanted} pods are there"
    rolling = spec.update_strategy.rolling_update if spec.update_strategy else None
    kept = min((rolling.partition or 0) if rolling else 0, wanted)
    differs = status.update_revision != status.current_revision and status.updated_replicas < wanted
    on_delete = spec.update_strategy is not None and spec.update_strategy.type == "OnDelete"
    if differs and not on_delete and status.updated_replicas < wanted - kept:
        due = wanted - kept
        return "progressing", f"{status.updated_replicas} of {due} pods are of the newest template"
    if status.available_replicas < wanted:
        state = "progressing" if differs and not on_delete and not kept else "degraded"
        return state, f"{status.available_replicas} of {wanted} pods are available"
    if differs and on_delete:
        old = wanted - status.updated_replicas
        return "available", f"{counted(old, 'pod')} of an older template until deleted (OnDelete)"
    if differs and kept:
        return "available", f"{counted(kept, 'pod')} held at the older template by partition {kept}"
    return "available", ""


def read_daemon_set(cluster: str, found: DaemonWire) -> Workload:
    """A daemon set as it is now."""
    meta, spec, status = found.metadata, found.spec, found.status
    state, why = _daemon_set_state(found)
    return Workload(
        **common(cluster, "DaemonSet", meta),
        desired=status.desired_number_scheduled,
        ready=status.number_ready,
        updated=status.updated_number_scheduled,
        available=status.number_available,
        settling=float(spec.min_ready_seconds),
        changed=written(meta, "status"),
        edited=written(meta),
        replicas=status.current_number_scheduled,
        misscheduled=status.number_misscheduled,
        state=state,
        why=why,
        observed=status.observed_generation >= meta.generation,
        observed_generation=status.observed_generation,
        selector=labels_of(spec.selector.match_labels if spec.selector else None),
        images=images_of(spec.template),
        strategy=word(spec.update_strategy.type) if spec.update_strategy else "",
        conditions=conditions_of(status.conditions),
    )


def _daemon_set_state(found: DaemonWire) -> tuple[str, str]:
    status = found.status
    wanted = status.desired_number_scheduled
    if status.observed_generation < found.metadata.generation:
        return "progressing", NOT_SEEN
    on_delete = found.spec.update_strategy is not None and found.spec.update_strategy.type == "OnDelete"
    if not on_delete and status.updated_number_scheduled < wanted:
        return "progressing", f"{status.updated_number_scheduled} of {wanted} pods are of the newest template"
    if status.number_available < wanted:
        missing = wanted - status.current_number_scheduled
        if missing > 0:
            return "degraded", f"{counted(missing, 'node')} without its pod"
        return "degraded", f"{status.number_available} of {wanted} pods are available"
    if status.number_misscheduled:
        return "available", f"{counted(status.number_misscheduled, 'pod')} on nodes it is not meant for"
    if wanted == 0:
        return "available", "no node is meant for it"
    return "available", ""
