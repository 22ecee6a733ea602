"""What a compiled expression is made of, and what it knows while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from console.alerts.promql.store import Instant, Range, Selector, Store
from console.errors import ExpressionError
from console.metrics import Labels

SAMPLES = 10_000_000
"""Samples one evaluation may read (Prometheus: 50 million); counted again at every step."""
STEPS = 100_000
"""Times one evaluation may evaluate the inside of its subqueries, or of a plot."""

Sample: TypeAlias = tuple[str, Labels, float]
"""An element of a vector while it is worked on: name (empty: none), labels, value."""


class Kind(StrEnum):
    """The type of an expression."""

    SCALAR = "scalar"
    STRING = "string"
    VECTOR = "vector"
    MATRIX = "matrix"


class Window(NamedTuple):
    """What a range selector found: its bounds (milliseconds; open at the left) and its series."""

    start: int
    end: int
    series: Sequence[Range]


@dataclass(slots=True)
class Run:
    """One evaluation. `at` moves while a subquery runs; `start` and `end` are the query's. Milliseconds."""

    store: Store
    at: int
    start: int
    end: int
    lookback: float
    step: int
    """Milliseconds between the steps of a subquery that names none."""
    samples: int = field(default=0)
    steps: int = field(default=0)

    def read(self, count: int) -> None:
        """Count samples that were read; ExpressionError where they become too many."""
        self.samples += count
        if self.samples > SAMPLES:
            raise ExpressionError(f"the expression reads more than {SAMPLES} samples", "narrow its selectors")

    def stepped(self, count: int) -> None:
        """Count steps about to be taken; ExpressionError where they become too many."""
        self.steps += count
        if self.steps > STEPS:
            raise ExpressionError(
                f"the expression has more than {STEPS} steps", "take a longer step or a shorter range"
            )


@dataclass(frozen=True, slots=True)
class Compiled:
    """One node: `evaluate` gives a float, a text, a list of Sample, or a Window, as `kind` says."""

    kind: Kind
    evaluate: Callable[[Run], Any]
    selector: Selector | None = None
    """Of a bare selector."""
    timed: Callable[[Run], Sequence[Instant]] | None = None
    """Of a bare instant selector: its samples with their own times."""
    text: str = ""
    """Of a string."""


def distinct(samples: list[Sample]) -> list[Sample]:
    """The samples; ExpressionError where two have the same name and labels."""
    if len({(name, labels) for name, labels, _ in samples}) < len(samples):
        raise ExpressionError(
            "the vector has two elements with the same labels",
            "tell them apart with by, without or label_replace",
        )
    return samples


def unnamed(samples: Iterable[Sample]) -> list[Sample]:
    """The samples without the metric's name; ExpressionError where that makes two the same."""
    kept = list(samples)
    if len({name for name, _, _ in kept}) > 1:
        return distinct([("", labels, value) for _, labels, value in kept])
    return [("", labels, value) for _, labels, value in kept]


def named(labels: Labels, label: str, name: str = "") -> str:
    """The value of a label, `__name__` among them; empty where it is not there."""
    if label == "__name__":
        return name
    for key, value in labels:
        if key == label:
            return value
    return ""


def replaced(sample: Sample, label: str, value: str) -> Sample:
    """The sample with one label set, or taken away by an empty value."""
    name, labels, figure = sample
    if label == "__name__":
        return value, labels, figure
    kept = [pair for pair in labels if pair[0] != label]
    if value:
        kept.append((label, value))
        kept.sort()
    return name, tuple(kept), figure
