"""Quantiles and shares out of classic histograms: cumulative counts by upper bound (`le`)."""

from __future__ import annotations

import math
import re
import sys
from bisect import bisect_left
from collections.abc import Callable
from typing import TypeAlias

from console.alerts.promql.arithmetic import INF, NAN, divide
from console.alerts.promql.running import Sample, named
from console.metrics import Labels

Buckets: TypeAlias = tuple[list[float], list[float]]
"""Upper bounds, ascending and each once, the last one infinite; cumulative counts."""

TOLERANCE = 1e-12
"""Relative difference of two counts that is taken for an error of rounding."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?|nan)", re.IGNORECASE)


def over_buckets(samples: list[Sample], figure: Callable[[Buckets | None], float]) -> list[Sample]:
    """The figure of each histogram among the samples; None is one whose last bucket is not +Inf."""
    groups: dict[tuple[str, Labels], list[tuple[float, float]]] = {}
    for name, labels, value in samples:
        bound = named(labels, "le")
        if _NUMBER.fullmatch(bound):
            key = name, tuple([pair for pair in labels if pair[0] != "le"])
            groups.setdefault(key, []).append((float(bound), value))
    return [(name, labels, figure(_buckets(pairs))) for (name, labels), pairs in groups.items()]


def _buckets(pairs: list[tuple[float, float]]) -> Buckets | None:
    pairs.sort(key=lambda pair: pair[0])
    if pairs[-1][0] != INF:
        return None
    bounds: list[float] = []
    counts: list[float] = []
    for bound, count in pairs:
        if bounds and bounds[-1] == bound:  # `1` and `1.0` are the same bucket
            counts[-1] += count
        else:
            bounds.append(bound)
            counts.append(count)
    return bounds, counts


def _mended(counts: list[float]) -> None:
    """Make the counts ascend: rates of buckets scraped apart may not."""
    before = counts[0]
    for place, count in enumerate(counts):
        if place and count != before:
            if count < before or _almost(before, count):
                counts[place] = before
            else:
                before = count


def _almost(a: float, b: float) -> bool:
    if a == b or (a != a and b != b):
        return True
    together, apart = abs(a) + abs(b), abs(a - b)
    if not a or not b or together < sys.float_info.min:
        return apart < TOLERANCE * sys.float_info.min
    return apart / min(together, sys.float_info.max) < TOLERANCE


def quantile_of(share: float) -> Callable[[Buckets | None], float]:
    """The value below which that share of the observations lies, by linear interpolation in its bucket."""

    def figure(buckets: Buckets | None) -> float:
        if share != share:
            return NAN
        if share < 0:
            return -INF
        if share > 1:
            return INF
        if buckets is None:
            return NAN
        bounds, counts = buckets
        _mended(counts)
        if len(counts) < 2 or not counts[-1]:
            return NAN
        rank = share * counts[-1]
        last = len(counts) - 1
        place = bisect_left(counts, True, 0, last, key=lambda count: count >= rank)
        if place == last:
            return bounds[-2]
        if place == 0 and bounds[0] <= 0:
            return bounds[0]
        low, below = (bounds[place - 1], counts[place - 1]) if place else (0.0, 0.0)
        return low + (bounds[place] - low) * divide(rank - below, counts[place] - below)

    return figure


def fraction_of(lower: float, upper: float) -> Callable[[Buckets | None], float]:
    """The share of the observations between two bounds."""

    def figure(buckets: Buckets | None) -> float:
        if buckets is None:
            return NAN
        bounds, counts = buckets
        total = counts[-1]
        if not total or lower != lower or upper != upper:
            return NAN
        if lower >= upper:
            return 0.0
        return (_rank(bounds, counts, upper) - _rank(bounds, counts, lower)) / total

    return figure


def _rank(bounds: list[float], counts: list[float], value: float) -> float:
    """How many observations are at most `value`, interpolated; none of an infinite bucket are."""
    low, below = (0.0 if bounds[0] > 0 else -INF), 0.0
    for bound, count in zip(bounds, counts, strict=True):
        if low >= value:
            return min(below, counts[-1])
        if bound > value:
            rank = count if math.isinf(low) else below + divide((count - below) * (value - low), bound - low)
            return min(rank, counts[-1])
        low, below = bound, count
    return counts[-1]
