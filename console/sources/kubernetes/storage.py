"""Persistent volumes and claims out of the API's JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

from console.sources.kubernetes.model import Volume
from console.sources.kubernetes.quantities import quantity
from console.sources.kubernetes.wire import NAME_LIMIT, Meta, Wire, epoch, message, word
from console.text import clean

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


class _ClaimRef(Wire):
    namespace: str = ""
    name: str = ""


class _VolumeSpec(Wire):
    capacity: dict[str, str] | None = None
    access_modes: list[str] | None = None
    claim_ref: _ClaimRef | None = None
    persistent_volume_reclaim_policy: str = ""
    storage_class_name: str | None = None
    volume_name: str = ""


class _VolumeStatus(Wire):
    phase: str = ""
    reason: str = ""
    message: str = ""
    capacity: dict[str, str] | None = None
    access_modes: list[str] | None = None


class VolumeWire(Wire):
    """A persistent volume, or a claim, as the API has it."""

    metadata: Meta
    spec: _VolumeSpec = msgspec.field(default_factory=_VolumeSpec)
    status: _VolumeStatus = msgspec.field(default_factory=_VolumeStatus)


def read_claim(cluster: str, found: VolumeWire) -> Volume:
    """A claim as it is now; capacity and modes are those of its volume."""
    status = found.status
    return _volume(
        cluster, found, "PersistentVolumeClaim", found.spec.volume_name, status.capacity, status.access_modes
    )


def read_volume(cluster: str, found: VolumeWire) -> Volume:
    """A volume as it is now."""
    spec = found.spec
    claim = f"{spec.claim_ref.namespace}/{spec.claim_ref.name}" if spec.claim_ref else ""
    return _volume(cluster, found, "PersistentVolume", claim, spec.capacity, spec.access_modes)


def _volume(
    cluster: str,
    found: VolumeWire,
    kind: str,
    bound_to: str,
    capacity: Mapping[str, str] | None,
    modes: Iterable[str] | None,
) -> Volume:
    meta, spec, status = found.metadata, found.spec, found.status
    size = (capacity or {}).get("storage")
    return Volume(
        cluster=cluster,
        kind=kind,
        namespace=word(meta.namespace),
        name=clean(meta.name, NAME_LIMIT),
        status="Terminating" if meta.deletion_timestamp else word(status.phase),
        bound_to=clean(bound_to, 2 * NAME_LIMIT + 1),
        capacity=quantity(size) if size else math.nan,
        modes=tuple(word(_MODES.get(mode, mode)) for mode in modes or ()),
        storage_class=word(spec.storage_class_name or ""),
        reclaim=word(spec.persistent_volume_reclaim_policy),
        reason=message(status.message or status.reason),
        created=epoch(meta.creation_timestamp),
        deleted=epoch(meta.deletion_timestamp),
    )
