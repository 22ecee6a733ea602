"""Short ways to fill a store and to read what an expression gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from console.alerts.promql import MemoryStore, Scalar, Vector, evaluate, parse
from console.metrics import Labels

_PAIR = re.compile(r'(\w+)="([^"]*)"')


def split(series: str) -> tuple[str, Labels]:
    """Name and labels of `name{a="b"}`."""
    name, _, rest = series.partition("{")
    return name, tuple(sorted((match[1], match[2]) for match in _PAIR.finditer(rest)))


def stored(series: Mapping[str, Iterable[float | str | None]], step: float = 15.0) -> MemoryStore:
    """Series by name, a sample every `step` seconds from 0; None is a gap, a text a stale marker."""
    store = MemoryStore()
    for key, values in series.items():
        name, labels = split(key)
        for place, value in enumerate(values):
            if isinstance(value, str):
                store.stale(name, labels, place * step)
            elif value is not None:
                store.add(name, labels, place * step, value)
    return store


def shown(labels: Labels) -> str:
    """Labels as a selector is written."""
    pairs = dict(labels)
    name = pairs.pop("__name__", "")
    return name + "{" + ", ".join(f'{label}="{value}"' for label, value in pairs.items()) + "}"


def vector(text: str, store: MemoryStore, at: float = 300.0) -> dict[str, float]:
    """The elements of a vector by their labels."""
    found = evaluate(parse(text), store, at)
    assert isinstance(found, Vector), found
    return {shown(labels): value for labels, value in found.elements}


def number(text: str, store: MemoryStore | None = None, at: float = 300.0) -> float:
    """The value of a scalar."""
    found = evaluate(parse(text), store or MemoryStore(), at)
    assert isinstance(found, Scalar), found
    return found.value
