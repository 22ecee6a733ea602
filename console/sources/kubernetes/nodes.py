"""Nodes out of the API's JSON, with STATUS and ROLES as `kubectl get nodes` prints them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from console.sources.kubernetes.model import Condition, Node
from console.sources.kubernetes.quantities import quantity
from console.sources.kubernetes.wire import (
    NAME_LIMIT,
    ConditionWire,
    Meta,
    Wire,
    conditions_of,
    epoch,
    labels_of,
    word,
)
from console.text import clean

_ROLE = "node-role.kubernetes.io/"
"""Begins the labels that name roles; `kubernetes.io/role` has one as its value."""


class _Taint(Wire):
    key: str = ""
    value: str = ""
    effect: str = ""


class _NodeSpec(Wire):
    unschedulable: bool = False
    taints: list[_Taint] | None = None


class _Address(Wire):
    type: str = ""
    address: str = ""


class _Info(Wire):
    kubelet_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    container_runtime_version: str = ""
    architecture: str = ""


class _NodeStatus(Wire):
    allocatable: dict[str, str] | None = None
    conditions: list[ConditionWire] | None = None
    addresses: list[_Address] | None = None
    node_info: _Info = msgspec.field(default_factory=_Info)


class NodeWire(Wire):
    """A node as the API has it."""

    metadata: Meta
    spec: _NodeSpec = msgspec.field(default_factory=_NodeSpec)
    status: _NodeStatus = msgspec.field(default_factory=_NodeStatus)


def read_node(cluster: str, found: NodeWire) -> Node:
    """A node as it is now."""
    meta, status, info = found.metadata, found.status, found.status.node_info
    conditions = conditions_of(status.conditions)
    room = status.allocatable or {}
    addresses = [one.address for one in status.addresses or () if one.type == "InternalIP"]
    return Node(
        cluster=cluster,
        name=clean(meta.name, NAME_LIMIT),
        status=_status(conditions, found.spec.unschedulable),
        roles=_roles(meta.labels or {}),
        version=word(info.kubelet_version),
        ip=clean(addresses[0], NAME_LIMIT) if addresses else "",
        created=epoch(meta.creation_timestamp),
        labels=labels_of(meta.labels),
        conditions=conditions,
        taints=tuple(_taint(one) for one in found.spec.taints or ()),
        unschedulable=found.spec.unschedulable,
        cpu=_amount(room, "cpu"),
        memory=_amount(room, "memory"),
        pods=_amount(room, "pods"),
        ephemeral=_amount(room, "ephemeral-storage"),
        system=word(info.os_image),
        kernel=word(info.kernel_version),
        runtime=word(info.container_runtime_version),
        architecture=word(info.architecture),
    )


def _status(conditions: tuple[Condition, ...], unschedulable: bool) -> str:
    told = "Unknown"
    for one in conditions:
        if one.type == "Ready":
            told = "Ready" if one.status == "True" else "NotReady"
    return f"{told},SchedulingDisabled" if unschedulable else told


def _roles(labels: Mapping[str, str]) -> tuple[str, ...]:
    found = {name.removeprefix(_ROLE) for name in labels if name.startswith(_ROLE)}
    found.add(labels.get("kubernetes.io/role", ""))
    return tuple(sorted(word(role) for role in found if role))


def _taint(one: _Taint) -> str:
    return word(f"{one.key}={one.value}:{one.effect}" if one.value else f"{one.key}:{one.effect}")


def _amount(room: Mapping[str, str], resource: str) -> float:
    found = room.get(resource)
    return quantity(found) if found else math.nan
