"""A pod as the API has it in JSON."""

from __future__ import annotations

from datetime import datetime

import msgspec

from console.sources.kubernetes.wire import ConditionWire, ContainerSpec, Meta, Wire


class Waiting(Wire):
    """Why a container does not run yet."""

    reason: str = ""
    message: str = ""


class Running(Wire):
    """Since when a container runs."""

    started_at: datetime | None = None


class Terminated(Wire):
    """How a container ended."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    finished_at: datetime | None = None


class ContainerState(Wire):
    """One of three."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Wire):
    """What the kubelet says of a container."""

    name: str = ""
    state: ContainerState | None = None
    last_state: ContainerState | None = None
    ready: bool = False
    restart_count: int = 0
    started: bool | None = None


class _Claim(Wire):
    claim_name: str = ""


class Mounted(Wire):
    """A volume of a pod."""

    name: str = ""
    persistent_volume_claim: _Claim | None = None
    ephemeral: dict[str, msgspec.Raw] | None = None


class Gate(Wire):
    """A condition that must be true before a pod counts as ready."""

    condition_type: str = ""


class _PodSpec(Wire):
    node_name: str = ""
    host_network: bool = False
    service_account_name: str = ""
    containers: list[ContainerSpec] | None = None
    init_containers: list[ContainerSpec] | None = None
    ephemeral_containers: list[ContainerSpec] | None = None
    volumes: list[Mounted] | None = None
    readiness_gates: list[Gate] | None = None


class _PodStatus(Wire):
    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    qos_class: str = ""
    conditions: list[ConditionWire] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None


class PodWire(Wire):
    """A pod as the API has it."""

    metadata: Meta
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)
