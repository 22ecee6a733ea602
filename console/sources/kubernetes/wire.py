"""What all objects of the API have in common as JSON, and the door for their text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TypedDict

import msgspec

from console.metrics import Labels
from console.secrets import redact
from console.sources.kubernetes.model import Condition, Ref
from console.text import clean

NAME_LIMIT = 253
"""Characters of a name: what the API allows."""
WORD_LIMIT = 400
"""Characters of an image, a label's value, a reason: none is longer in good order."""
MESSAGE_LIMIT = 1000
"""Characters kept of a message."""


class Wire(msgspec.Struct, rename="camel", gc=False):
    """An object of the API, of which only what is named is read.

    Lists and objects may be null, as Go's servers have them when empty.
    """


class Owner(Wire):
    """Who an object belongs to."""

    kind: str = ""
    name: str = ""
    controller: bool | None = None


class Meta(Wire):
    """What every object says of itself."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] | None = None
    owner_references: list[Owner] | None = None


class Managed(Wire):
    """Who wrote fields of an object last, and when: the specification, or a part as `status`."""

    time: datetime | None = None
    subresource: str = ""


class ManagedMeta(Meta):
    """The same, with when the object was written: read of kinds only of which there are few."""

    managed_fields: list[Managed] | None = None


class ConditionWire(Wire):
    """A condition of any kind of object."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class Resources(Wire):
    """What a container asks for and may take."""

    requests: dict[str, str] | None = None
    limits: dict[str, str] | None = None


class ContainerSpec(Wire):
    """A container as its template has it."""

    name: str = ""
    image: str = ""
    restart_policy: str | None = None
    resources: Resources | None = None


class TemplateSpec(Wire):
    """The pods that a workload makes."""

    containers: list[ContainerSpec] | None = None


class Template(Wire):
    """What a workload makes its pods of."""

    spec: TemplateSpec | None = None


class Selector(Wire):
    """Which pods are meant; expressions beyond labels are not read."""

    match_labels: dict[str, str] | None = None


def written(meta: ManagedMeta, subresource: str = "") -> float:
    """When the specification, or another part, was last changed; 0 where the server does not say."""
    found = [epoch(one.time) for one in meta.managed_fields or () if one.subresource == subresource]
    return max(found, default=0.0)


def epoch(time: datetime | None) -> float:
    """Epoch seconds; 0 where there is no time, and for the zero time of Go."""
    return time.timestamp() if time is not None and time.year > 1 else 0.0


@lru_cache(maxsize=16_384)
def word(text: str) -> str:
    """A short text that many objects share (a namespace, an image, a reason), clean, and one in memory."""
    return clean(text, WORD_LIMIT)


@lru_cache(maxsize=1024)
def message(text: str) -> str:
    """A sentence of the cluster or of what runs in it: clean, and without secrets."""
    return clean(redact(text), MESSAGE_LIMIT) if text else ""


@lru_cache(maxsize=8192)
def _sorted(pairs: tuple[tuple[str, str], ...]) -> Labels:
    return tuple(sorted((word(name), word(value)) for name, value in pairs))


def labels_of(pairs: Mapping[str, str] | None) -> Labels:
    """Labels in the order that makes them comparable; pods of one template share one value."""
    return _sorted(tuple(pairs.items())) if pairs else ()


def owner_of(meta: Meta) -> Ref | None:
    """What controls an object; None where nothing does."""
    for owner in meta.owner_references or ():
        if owner.controller:
            return _ref(owner.kind, owner.name)
    return None


@lru_cache(maxsize=8192)
def _ref(kind: str, name: str) -> Ref:
    return Ref(word(kind), word(name))


class Common(TypedDict):
    """What every value of a workload has of its object, whatever its kind."""

    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    generation: int
    created: float
    deleted: float
    owner: Ref | None
    labels: Labels


def common(cluster: str, kind: str, meta: Meta) -> Common:
    """The fields that stand in an object's metadata."""
    return Common(
        cluster=cluster,
        kind=kind,
        namespace=word(meta.namespace),
        name=clean(meta.name, NAME_LIMIT),
        uid=clean(meta.uid, NAME_LIMIT),
        generation=meta.generation,
        created=epoch(meta.creation_timestamp),
        deleted=epoch(meta.deletion_timestamp),
        owner=owner_of(meta),
        labels=labels_of(meta.labels),
    )


def conditions_of(found: Iterable[ConditionWire] | None) -> tuple[Condition, ...]:
    """The conditions, in the order the API has them."""
    return tuple(
        Condition(
            type=word(one.type),
            status=word(one.status),
            reason=word(one.reason),
            message=message(one.message),
            since=epoch(one.last_transition_time),
        )
        for one in found or ()
    )


def images_of(template: Template | None) -> tuple[str, ...]:
    """Images of the containers that a template makes."""
    spec = template.spec if template else None
    return tuple(word(one.image) for one in (spec.containers if spec else None) or ())


def sentence(condition: Condition) -> str:
    """What a condition says: `BackoffLimitExceeded: Job has reached the specified backoff limit`."""
    return ": ".join(part for part in (condition.reason, condition.message) if part)
