"""What pods and nodes take, out of the answers of the metrics API."""

from __future__ import annotations

from datetime import datetime

import msgspec

from console.errors import Refused
from console.sources.kubernetes.model import Usage
from console.sources.kubernetes.quantities import quantity
from console.sources.kubernetes.wire import NAME_LIMIT, Meta, Wire, epoch, word
from console.text import clean

PATH = "/apis/metrics.k8s.io/v1beta1"
"""Where the API has it, with `/pods` and `/nodes` below."""


class _Container(Wire):
    usage: dict[str, str] | None = None


class _Measured(Wire):
    metadata: Meta
    timestamp: datetime | None = None
    usage: dict[str, str] | None = None
    containers: list[_Container] | None = None


class _Measures(Wire):
    items: list[_Measured] | None = None


def read_pod_usage(data: bytes) -> dict[tuple[str, str], Usage]:
    """By namespace and name, what the containers of each pod take together. Raises Refused."""
    return {
        (word(one.metadata.namespace), clean(one.metadata.name, NAME_LIMIT)): _usage(
            [container.usage or {} for container in one.containers or ()], one.timestamp
        )
        for one in _read(data)
    }


def read_node_usage(data: bytes) -> dict[str, Usage]:
    """By name, what each node takes. Raises Refused where it is no such answer."""
    return {
        clean(one.metadata.name, NAME_LIMIT): _usage([one.usage or {}], one.timestamp) for one in _read(data)
    }


def _usage(measured: list[dict[str, str]], time: datetime | None) -> Usage:
    cpu = sum(quantity(one.get("cpu", "")) for one in measured)
    memory = sum(quantity(one.get("memory", "")) for one in measured)
    return Usage(cpu, memory, epoch(time))


def _read(data: bytes) -> list[_Measured]:
    try:
        return msgspec.json.decode(data, type=_Measures).items or []
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(f"what the metrics API says cannot be read: {error}") from error
