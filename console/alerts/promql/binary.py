"""Binary operators: between numbers, a vector and a number, and two vectors matched by their labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from console.alerts.promql.arithmetic import ARITHMETIC, COMPARISONS
from console.alerts.promql.running import Compiled, Kind, Run, Sample, distinct, named, replaced, unnamed
from console.errors import ExpressionError
from console.metrics import Labels

SET_OPERATORS = ("and", "or", "unless")

Key: TypeAlias = tuple[str, Labels]
Signature: TypeAlias = Callable[[Sample], Key]
Vectors: TypeAlias = Callable[[list[Sample], list[Sample]], list[Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How the elements of two vectors find each other."""

    on: bool = False
    """Whether by `labels` alone; else by all but these and the name."""
    labels: frozenset[str] = frozenset()
    many: str = ""
    """The side that may have several for one of the other: left, right, or neither."""
    include: tuple[str, ...] = ()
    """Labels taken from the other side of a group_left or group_right."""


def signature(matching: Matching) -> Signature:
    """What two elements must have in common to be a pair."""
    wanted = matching.labels
    if not matching.on:
        if not wanted:
            return lambda sample: ("", sample[1])
        return lambda sample: ("", tuple([pair for pair in sample[1] if pair[0] not in wanted]))
    with_name = "__name__" in wanted
    return lambda sample: (
        sample[0] if with_name else "",
        tuple([pair for pair in sample[1] if pair[0] in wanted]),
    )


def binary(operator: str, left: Compiled, right: Compiled, truth: bool, matching: Matching) -> Compiled:
    """The operator between two operands of any kind; with `truth` a comparison gives 0 or 1."""
    if left.kind is Kind.SCALAR and right.kind is Kind.SCALAR:
        return Compiled(Kind.SCALAR, _scalars(operator, left, right))
    if left.kind is Kind.SCALAR or right.kind is Kind.SCALAR:
        return Compiled(Kind.VECTOR, _with_scalar(operator, left, right, truth))
    if operator in SET_OPERATORS:
        work = _set_operator(operator, matching)
    else:
        work = _pairs(operator, truth, matching)

    def evaluate(run: Run) -> list[Sample]:
        return work(left.evaluate(run), right.evaluate(run))

    return Compiled(Kind.VECTOR, evaluate)


def _scalars(operator: str, left: Compiled, right: Compiled) -> Callable[[Run], float]:
    function = ARITHMETIC.get(operator) or COMPARISONS[operator]
    return lambda run: float(function(left.evaluate(run), right.evaluate(run)))


def _with_scalar(
    operator: str, left: Compiled, right: Compiled, truth: bool
) -> Callable[[Run], list[Sample]]:
    turned = left.kind is Kind.SCALAR
    vector, scalar = (right, left) if turned else (left, right)
    if operator in ARITHMETIC:
        compute = ARITHMETIC[operator]

        def arithmetic(run: Run) -> list[Sample]:
            number: float = scalar.evaluate(run)
            samples: list[Sample] = vector.evaluate(run)
            if turned:
                return unnamed([(name, labels, compute(number, value)) for name, labels, value in samples])
            return unnamed([(name, labels, compute(value, number)) for name, labels, value in samples])

        return arithmetic
    compare = COMPARISONS[FLIPPED[operator] if turned else operator]

    def comparison(run: Run) -> list[Sample]:
        number: float = scalar.evaluate(run)
        samples: list[Sample] = vector.evaluate(run)
        if truth:
            return unnamed([(name, labels, float(compare(value, number))) for name, labels, value in samples])
        return [sample for sample in samples if compare(sample[2], number)]

    return comparison


FLIPPED = {"==": "==", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}
"""A comparison with its sides exchanged."""


def _set_operator(operator: str, matching: Matching) -> Vectors:
    key = signature(matching)

    def both(left: list[Sample], right: list[Sample]) -> list[Sample]:
        if not left or not right:
            return []
        there = {key(sample) for sample in right}
        return [sample for sample in left if key(sample) in there]

    def unless(left: list[Sample], right: list[Sample]) -> list[Sample]:
        if not left or not right:
            return left
        there = {key(sample) for sample in right}
        return [sample for sample in left if key(sample) not in there]

    def either(left: list[Sample], right: list[Sample]) -> list[Sample]:
        if not left or not right:
            return left or right
        there = {key(sample) for sample in left}
        return distinct(left + [sample for sample in right if key(sample) not in there])

    return {"and": both, "unless": unless, "or": either}[operator]


def _pairs(operator: str, truth: bool, matching: Matching) -> Vectors:
    key = signature(matching)
    labelled = _result_labels(matching, drops_name=truth or operator in ARITHMETIC)
    compute = ARITHMETIC.get(operator)
    compare = COMPARISONS.get(operator)
    turned = matching.many == "right"
    side, other_side = ("left", "right") if turned else ("right", "left")

    def work(left: list[Sample], right: list[Sample]) -> list[Sample]:
        if not left or not right:
            return []
        many, one = (right, left) if turned else (left, right)
        found: dict[Key, Sample] = {}
        for sample in one:
            group = key(sample)
            if group in found:
                raise ExpressionError(
                    f"two series on the {side} side have the same labels {_shown(group)}",
                    "add labels to on(...), or aggregate that side",
                )
            found[group] = sample
        result: list[Sample] = []
        seen: set[Key] = set()
        for sample in many:
            group = key(sample)
            other = found.get(group)
            if other is None:
                continue
            name, labels = labelled(sample, other)
            new = (name, labels) if matching.many else group
            if new in seen:
                raise ExpressionError(
                    f"several series on the {other_side} side have the labels {_shown(new)}",
                    "add labels to on(...), or allow many to one with group_left or group_right",
                )
            seen.add(new)
            a, b = (other[2], sample[2]) if turned else (sample[2], other[2])
            if compute is not None:
                result.append((name, labels, compute(a, b)))
            elif compare is not None:
                holds = compare(a, b)
                if truth:
                    result.append((name, labels, float(holds)))
                elif holds:
                    result.append((name, labels, a))
        return result

    return work


def _result_labels(matching: Matching, drops_name: bool) -> Callable[[Sample, Sample], Key]:
    """The name and labels of a pair's result."""
    wanted = matching.labels
    if matching.many:

        def many(sample: Sample, one: Sample) -> Key:
            made = ("", sample[1], 0.0) if drops_name else sample
            for label in matching.include:
                made = replaced(made, label, named(one[1], label, one[0]))
            return made[0], made[1]

        return many
    if matching.on:
        keeps_name = not drops_name and "__name__" in wanted
        return lambda sample, _: (
            sample[0] if keeps_name else "",
            tuple([pair for pair in sample[1] if pair[0] in wanted]),
        )
    name_goes = drops_name or "__name__" in wanted
    if not wanted:
        return lambda sample, _: ("" if name_goes else sample[0], sample[1])
    return lambda sample, _: (
        "" if name_goes else sample[0],
        tuple([pair for pair in sample[1] if pair[0] not in wanted]),
    )


def _shown(key: Key) -> str:
    name, labels = key
    return name + "{" + ", ".join(f'{label}="{value}"' for label, value in labels) + "}"
