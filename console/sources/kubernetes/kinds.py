"""The kinds of objects that are watched, and the API's answers about them as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from console.decoders import decoder
from console.errors import Refused
from console.sources.kubernetes.events import EventWire, read_event
from console.sources.kubernetes.jobs import CronJobWire, JobWire, read_cron_job, read_job
from console.sources.kubernetes.networking import (
    EndpointsWire,
    IngressWire,
    ServiceWire,
    read_endpoints,
    read_ingress,
    read_service,
)
from console.sources.kubernetes.nodes import NodeWire, read_node
from console.sources.kubernetes.pod_wire import PodWire
from console.sources.kubernetes.pods import read_pod
from console.sources.kubernetes.scaling import AutoscalerWire, read_autoscaler
from console.sources.kubernetes.status import read_status
from console.sources.kubernetes.storage import VolumeWire, read_claim, read_volume
from console.sources.kubernetes.wire import Wire
from console.sources.kubernetes.workloads import (
    DaemonWire,
    ScaledWire,
    read_daemon_set,
    read_deployment,
    read_replica_set,
    read_stateful_set,
)

W = TypeVar("W")


@dataclass(frozen=True)
class Kind:
    """One kind of objects: where the API has them, and which field of `model.Cluster` they fill.

    `endpoints` is no field of a cluster: these are joined to services by `networking.join_endpoints`.
    """

    resource: str
    path: str
    namespaced: bool
    field: str


class Listed(NamedTuple):
    """One part of a list: values, the version it is of, and the token of the next part, empty at the end."""

    items: list[Any]
    version: str
    next: str


class Changed(NamedTuple):
    """One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.

    `item` is the value, of an ERROR the `Status`, of a BOOKMARK None.
    """

    what: str
    item: Any
    version: str


class _ListMeta(Wire):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _List(Wire, Generic[W]):
    metadata: _ListMeta = msgspec.field(default_factory=_ListMeta)
    items: list[W] | None = None


class _Line(Wire):
    type: str = ""
    object: msgspec.Raw = msgspec.Raw(b"{}")


class _VersionMeta(Wire):
    resource_version: str = ""


class _Version(Wire):
    metadata: _VersionMeta = msgspec.field(default_factory=_VersionMeta)


Read = Callable[[str, Any], Any]

_READ: dict[Kind, tuple[type[Any], Read]] = {
    Kind("pods", "/api/v1", True, "pods"): (PodWire, read_pod),
    Kind("nodes", "/api/v1", False, "nodes"): (NodeWire, read_node),
    Kind("deployments", "/apis/apps/v1", True, "workloads"): (ScaledWire, read_deployment),
    Kind("replicasets", "/apis/apps/v1", True, "workloads"): (ScaledWire, read_replica_set),
    Kind("statefulsets", "/apis/apps/v1", True, "workloads"): (ScaledWire, read_stateful_set),
    Kind("daemonsets", "/apis/apps/v1", True, "workloads"): (DaemonWire, read_daemon_set),
    Kind("jobs", "/apis/batch/v1", True, "workloads"): (JobWire, read_job),
    Kind("cronjobs", "/apis/batch/v1", True, "workloads"): (CronJobWire, read_cron_job),
    Kind("services", "/api/v1", True, "services"): (ServiceWire, read_service),
    Kind("endpointslices", "/apis/discovery.k8s.io/v1", True, "endpoints"): (EndpointsWire, read_endpoints),
    Kind("ingresses", "/apis/networking.k8s.io/v1", True, "ingresses"): (IngressWire, read_ingress),
    Kind("persistentvolumeclaims", "/api/v1", True, "volumes"): (VolumeWire, read_claim),
    Kind("persistentvolumes", "/api/v1", False, "volumes"): (VolumeWire, read_volume),
    Kind("horizontalpodautoscalers", "/apis/autoscaling/v2", True, "autoscalers"): (
        AutoscalerWire,
        read_autoscaler,
    ),
    Kind("events", "/api/v1", True, "events"): (EventWire, read_event),
}

KINDS: tuple[Kind, ...] = tuple(_READ)
"""All that are watched, pods first."""


def _list_decoder(kind: Kind) -> msgspec.json.Decoder[Any]:
    wire = _READ[kind][0]
    return decoder(_List[wire])  # type: ignore[valid-type]  # a type that is known here only


def read_list(kind: Kind, cluster: str, data: bytes) -> Listed:
    """The objects of a list, or of one part of it. Raises Refused where it is no such list."""
    read = _READ[kind][1]
    try:
        found = _list_decoder(kind).decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unreadable(kind, error) from error
    metadata = found.metadata
    items = [read(cluster, one) for one in found.items or ()]
    return Listed(items, metadata.resource_version, metadata.continue_)


def read_change(kind: Kind, cluster: str, line: bytes) -> Changed:
    """One line of a watch. Raises Refused where it is none."""
    try:
        found = decoder(_Line).decode(line)
        if found.type == "ERROR":
            return Changed("ERROR", read_status(bytes(found.object)), "")
        if found.type == "BOOKMARK":
            version = decoder(_Version).decode(found.object).metadata.resource_version
            return Changed("BOOKMARK", None, version)
        one = decoder(_READ[kind][0]).decode(found.object)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unreadable(kind, error) from error
    if found.type not in ("ADDED", "MODIFIED", "DELETED"):
        raise Refused(f"the watch of {kind.resource} says {found.type!r}, which is unknown here")
    return Changed(found.type, _READ[kind][1](cluster, one), one.metadata.resource_version)


def identity(item: Any) -> tuple[str, str]:
    """Namespace and name of the object that a value was read from: what tells it from others of its kind."""
    return getattr(item, "namespace", ""), item.name


def _unreadable(kind: Kind, error: Exception) -> Refused:
    return Refused(f"what the API says of {kind.resource} cannot be read: {error}")
