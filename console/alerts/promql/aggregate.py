"""Aggregations: sum, avg, topk and the like, over groups of a vector's elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from console.alerts.promql.arithmetic import NAN, average, greatest, least, quantile, summed
from console.alerts.promql.running import Compiled, Kind, Run, Sample, replaced
from console.errors import ExpressionError
from console.metrics import Labels

Key: TypeAlias = tuple[str, Labels]
Grouping: TypeAlias = Callable[[Sample], Key]


def _variance(values: Sequence[float]) -> float:
    """Welford's running variance of the whole population, in the order of the elements."""
    if not math.isfinite(values[0]):
        return NAN
    mean, squares = values[0], 0.0
    for count, value in enumerate(values[1:], 2):
        delta = value - mean
        mean += delta / count
        squares += delta * (value - mean)
    return squares / len(values)


SIMPLE: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": summed,
    "avg": average,
    "min": least,
    "max": greatest,
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
    "stddev": lambda values: math.sqrt(_variance(values)),
    "stdvar": _variance,
}
AGGREGATIONS = (*SIMPLE, "topk", "bottomk", "quantile", "count_values")


def grouping(by: bool, labels: frozenset[str]) -> Grouping:
    """The name and labels of the group an element belongs to."""
    if not by:
        return lambda sample: ("", tuple([pair for pair in sample[1] if pair[0] not in labels]))
    with_name = "__name__" in labels
    return lambda sample: (
        sample[0] if with_name else "",
        tuple([pair for pair in sample[1] if pair[0] in labels]),
    )


def aggregate(
    operator: str, vector: Compiled, parameter: Compiled | None, by: bool, labels: frozenset[str]
) -> Compiled:
    """An aggregation; without labels to group by it is one group."""
    if operator == "count_values":
        assert parameter is not None
        return Compiled(Kind.VECTOR, _count_values(vector, parameter.text, by, labels))
    key = grouping(by, labels)
    single = by and not labels
    if operator in ("topk", "bottomk"):
        assert parameter is not None
        return Compiled(Kind.VECTOR, _ranked(operator == "topk", vector, parameter, key))
    if operator == "quantile":
        assert parameter is not None
        return Compiled(Kind.VECTOR, _quantile(vector, parameter, key))
    reduce = SIMPLE[operator]

    def evaluate(run: Run) -> list[Sample]:
        samples: list[Sample] = vector.evaluate(run)
        if single:
            return [("", (), reduce([value for _, _, value in samples]))] if samples else []
        return [(name, pairs, reduce(values)) for (name, pairs), values in _groups(samples, key).items()]

    return Compiled(Kind.VECTOR, evaluate)


def _groups(samples: list[Sample], key: Grouping) -> dict[Key, list[float]]:
    groups: dict[Key, list[float]] = {}
    for sample in samples:
        group = key(sample)
        if group in groups:
            groups[group].append(sample[2])
        else:
            groups[group] = [sample[2]]
    return groups


def _quantile(vector: Compiled, parameter: Compiled, key: Grouping) -> Callable[[Run], list[Sample]]:
    def evaluate(run: Run) -> list[Sample]:
        share: float = parameter.evaluate(run)
        groups = _groups(vector.evaluate(run), key)
        return [(name, pairs, quantile(share, values)) for (name, pairs), values in groups.items()]

    return evaluate


def _ranked(
    largest: bool, vector: Compiled, parameter: Compiled, key: Grouping
) -> Callable[[Run], list[Sample]]:
    def rank(sample: Sample) -> tuple[bool, float]:
        value = sample[2]
        return value != value, -value if largest else value  # NaN after all others

    def evaluate(run: Run) -> list[Sample]:
        count: float = parameter.evaluate(run)
        samples: list[Sample] = vector.evaluate(run)
        if count < 1:
            return []
        if count != count or count >= 2**63:
            raise ExpressionError(f"{count} is no number of elements", "write a whole number for k")
        groups: dict[Key, list[Sample]] = {}
        for sample in samples:
            groups.setdefault(key(sample), []).append(sample)
        return [sample for group in groups.values() for sample in sorted(group, key=rank)[: int(count)]]

    return evaluate


def _count_values(
    vector: Compiled, label: str, by: bool, labels: frozenset[str]
) -> Callable[[Run], list[Sample]]:
    if not label:
        raise ExpressionError(
            "count_values has no label to put the values in", 'name one: count_values("v", x)'
        )
    key = grouping(by, labels | {label} if by else labels)

    def evaluate(run: Run) -> list[Sample]:
        groups: dict[Key, int] = {}
        for sample in vector.evaluate(run):
            group = key(replaced(sample, label, decimal(sample[2])))
            groups[group] = groups.get(group, 0) + 1
        return [(name, pairs, float(count)) for (name, pairs), count in groups.items()]

    return evaluate


def decimal(value: float) -> str:
    """The shortest decimal that reads back as the same float, without an exponent."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")
