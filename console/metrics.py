"""Samples: one number each, named as the well-known Prometheus exporters name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Label pairs sorted by name, so that equal label sets are equal keys."""


def labels(**pairs: str) -> Labels:
    """Label pairs in the one order that makes them comparable."""
    return tuple(sorted(pairs.items()))


@dataclass(frozen=True, slots=True)
class Sample:
    """One number: exporter-style name, labels, value in base units (seconds, bytes, ratios)."""

    name: str
    value: float
    labels: Labels = ()
