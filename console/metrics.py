"""Samples: one number each, named as the well-known Prometheus exporters name it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TypeAlias

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Label pairs sorted by name, so that equal label sets are equal keys."""


def labels(**pairs: str) -> Labels:
    """Label pairs in the one order that makes them comparable."""
    return tuple(sorted(pairs.items()))


STALE: float = struct.unpack(">d", bytes.fromhex("7ff0000000000002"))[0]
"""The value that ends a series: Prometheus' own, one of the many that are not a number."""


def is_stale(value: float) -> bool:
    """Whether a value says that its series has ended; an ordinary not-a-number does not."""
    return value != value and struct.pack(">d", value) == b"\x7f\xf0\0\0\0\0\0\x02"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number: exporter-style name, labels, value in base units (seconds, bytes, ratios)."""

    name: str
    value: float
    labels: Labels = ()
