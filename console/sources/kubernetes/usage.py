"""What pods and nodes take, out of the answers of the metrics API."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec

from console.decoders import decoder
from console.errors import Refused
from console.sources.kubernetes.model import Usage
from console.sources.kubernetes.quantities import quantity
from console.sources.kubernetes.wire import NAME_LIMIT, Meta, Wire, epoch, word
from console.text import clean

PATH = "/apis/metrics.k8s.io/v1beta1"
"""Where the API has it, with `/pods` and `/nodes` below."""


class _Container(Wire):
    name: str = ""
    usage: dict[str, str] | None = None


class _Measured(Wire):
    metadata: Meta
    timestamp: datetime | None = None
    usage: dict[str, str] | None = None
    containers: list[_Container] | None = None


class _Measures(Wire):
    items: list[_Measured] | None = None


def read_pod_usage(data: bytes) -> dict[tuple[str, str], Usage]:
    """By namespace and name, what the containers of each pod take. Raises Refused."""
    return {
        (word(one.metadata.namespace), clean(one.metadata.name, NAME_LIMIT)): _pod_usage(one)
        for one in _read(data)
    }


def _pod_usage(one: _Measured) -> Usage:
    measured = [(word(each.name), each.usage or {}) for each in one.containers or ()]
    # the kernel kills a container by its own limit, whatever the others of its pod leave
    memory_of = tuple((name, quantity(usage.get("memory", ""))) for name, usage in measured)
    return replace(_usage([usage for _, usage in measured], one.timestamp), memory_of=memory_of)


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
        return decoder(_Measures).decode(data).items or []
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(f"what the metrics API says cannot be read: {error}") from error
