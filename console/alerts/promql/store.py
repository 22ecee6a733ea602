"""What the evaluator asks of whoever keeps the series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from console.metrics import Labels

LOOKBACK = 300.0
"""Seconds an instant selector looks back for a sample (Prometheus' default)."""

Instant: TypeAlias = tuple[str, Labels, float, float]
"""Metric name, labels (sorted, without the name), time of the sample (Unix seconds), value."""
Range: TypeAlias = tuple[str, Labels, Sequence[float], Sequence[float]]
"""Metric name, labels, times (Unix seconds, ascending) and values, of equal length."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher of a selector: `=`, `!=`, `=~` or `!~`; `__name__` is a label here as any other."""

    label: str
    operator: str
    value: str
    matches: Callable[[str], bool]
    """Whether a label's value passes; a label that is not there has the value of the empty string."""


@dataclass(frozen=True, slots=True)
class Selector:
    """What a vector selector asks for: the metric's name (empty: any) and the other matchers."""

    name: str
    matchers: tuple[Matcher, ...] = ()


class Store(Protocol):
    """Series by name and labels. Stale series are the store's business: they are not handed out."""

    def instant(self, selector: Selector, at: float, lookback: float) -> Sequence[Instant]:
        """The newest sample of each matching series in (at - lookback, at], unless it is stale by then."""
        ...

    def range(self, selector: Selector, start: float, end: float) -> Sequence[Range]:
        """The samples of each matching series in (start, end], without stale markers; empty ones left out."""
        ...
