"""Horizontal pod autoscalers out of the API's JSON, each metric with what it is and what it is to be."""

from __future__ import annotations

from datetime import datetime

import msgspec

from console.sources.kubernetes.model import Autoscaler, Ref
from console.sources.kubernetes.wire import NAME_LIMIT, ConditionWire, Meta, Wire, conditions_of, epoch, word
from console.text import clean


class _Amount(Wire):
    """A target, or what it is at the moment."""

    average_utilization: int | None = None
    average_value: str | None = None
    value: str | None = None


class _MetricName(Wire):
    name: str = ""


class _Metric(Wire):
    name: str = ""
    metric: _MetricName | None = None
    target: _Amount | None = None
    current: _Amount | None = None


class _MetricOf(Wire):
    """One of several, by its type."""

    resource: _Metric | None = None
    container_resource: _Metric | None = None
    pods: _Metric | None = None
    object: _Metric | None = None
    external: _Metric | None = None


class _TargetRef(Wire):
    kind: str = ""
    name: str = ""


class _Spec(Wire):
    scale_target_ref: _TargetRef = msgspec.field(default_factory=_TargetRef)
    min_replicas: int | None = None
    max_replicas: int = 0
    metrics: list[_MetricOf] | None = None


class _Status(Wire):
    current_replicas: int = 0
    desired_replicas: int = 0
    current_metrics: list[_MetricOf] | None = None
    conditions: list[ConditionWire] | None = None
    last_scale_time: datetime | None = None


class AutoscalerWire(Wire):
    """An autoscaler as the API has it."""

    metadata: Meta
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


def read_autoscaler(cluster: str, found: AutoscalerWire) -> Autoscaler:
    """An autoscaler as it is now."""
    meta, spec, status = found.metadata, found.spec, found.status
    # the API lists what it has measured in the order of what it was told to measure
    current = status.current_metrics or []
    return Autoscaler(
        cluster=cluster,
        namespace=word(meta.namespace),
        name=clean(meta.name, NAME_LIMIT),
        target=Ref(word(spec.scale_target_ref.kind), clean(spec.scale_target_ref.name, NAME_LIMIT)),
        least=1 if spec.min_replicas is None else spec.min_replicas,
        most=spec.max_replicas,
        current=status.current_replicas,
        desired=status.desired_replicas,
        metrics=tuple(
            word(_metric(one, current[at] if at < len(current) else None))
            for at, one in enumerate(spec.metrics or ())
        ),
        conditions=conditions_of(status.conditions),
        created=epoch(meta.creation_timestamp),
        last_scaled=epoch(status.last_scale_time),
    )


def _metric(wanted: _MetricOf, measured: _MetricOf | None) -> str:
    found = _one(wanted)
    if found is None:
        return "?"
    now = _one(measured) if measured is not None else None
    name = found.name or (found.metric.name if found.metric else "")
    return f"{name} {_amount(now.current if now else None)}/{_amount(found.target)}"


def _one(of: _MetricOf) -> _Metric | None:
    return of.resource or of.container_resource or of.pods or of.object or of.external


def _amount(found: _Amount | None) -> str:
    if found is None:
        return "?"
    if found.average_utilization is not None:
        return f"{found.average_utilization}%"
    return found.average_value or found.value or "?"
