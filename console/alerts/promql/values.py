"""What an expression gives: a number, a text, a vector of elements, or series over time."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from console.metrics import Labels


class Element(NamedTuple):
    """One element of a vector. The metric's name is the label `__name__`, where it was kept."""

    labels: Labels
    value: float


class Scalar(NamedTuple):
    """A number at a time (Unix seconds)."""

    time: float
    value: float


class String(NamedTuple):
    """A text at a time (Unix seconds)."""

    time: float
    value: str


class Vector(NamedTuple):
    """The elements at a time (Unix seconds)."""

    time: float
    elements: tuple[Element, ...]


class Series(NamedTuple):
    """Points of one label set: times (Unix seconds, ascending) and values, of equal length."""

    labels: Labels
    times: tuple[float, ...]
    values: tuple[float, ...]


class Matrix(NamedTuple):
    """Series over time."""

    series: tuple[Series, ...]


Value: TypeAlias = Scalar | String | Vector | Matrix


def full(name: str, labels: Labels) -> Labels:
    """Labels with the metric's name among them; sorted, since none of theirs needs to come after."""
    if not name:
        return labels
    pair = (("__name__", name),)
    if not labels or labels[0][0] > "__name__":
        return pair + labels
    return tuple(sorted(pair + labels))
