"""What an expression needs to give anything at all, and which of it is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import promql_parser as tree

from console.alerts.durations import written
from console.alerts.promql import Expression, Matrix, Selector, Store, Vector, evaluate, parse
from console.alerts.promql.writing import spelled

LOOKBACK = 300.0
"""Seconds an instant selector looks back."""
BEFORE = 3600.0
"""Seconds that are searched for when a series was last seen."""
ABSENCE = ("absent", "absent_over_time")
"""Functions that speak when something is missing."""
FILTERS = ("==", "!=", ">", "<", ">=", "<=", "and", "unless")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A selector that must find something: as an expression, and as it is written."""

    expression: Expression
    text: str


@dataclass(frozen=True, slots=True)
class Every:
    """All of these are needed."""

    of: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of these is enough."""

    of: tuple[Need, ...]


Need: TypeAlias = Leaf | Every | Either
NOTHING = Every(())


def needs(node: Any) -> Need:
    """What the expression with this tree needs.

    All operands of arithmetic, comparisons, joins and `and`; the left one of `unless`; either of `or`;
    nothing for `absent()`, whose point is that something is missing.
    """
    match node:
        case tree.VectorSelector() | tree.MatrixSelector():
            return Leaf(parse(spelled(node)), spelled(node))
        case tree.BinaryExpr():
            if str(node.op) == "unless":
                return needs(node.lhs)
            both = (needs(node.lhs), needs(node.rhs))
            return Either(both) if str(node.op) == "or" else Every(both)
        case tree.Call():
            if node.func.name in ABSENCE:
                return NOTHING
            return Every(tuple(needs(argument) for argument in node.args))
        case tree.AggregateExpr() | tree.SubqueryExpr() | tree.ParenExpr() | tree.UnaryExpr():
            return needs(node.expr)
    return NOTHING


def filtering(node: Any) -> bool:
    """Whether series are left out for their values somewhere inside: then an empty result says nothing."""
    match node:
        case tree.BinaryExpr():
            boolean = node.modifier is not None and node.modifier.return_bool
            if str(node.op) in FILTERS and not boolean:
                return True
            return filtering(node.lhs) or filtering(node.rhs)
        case tree.Call():
            return node.func.name in ABSENCE or any(filtering(argument) for argument in node.args)
        case tree.AggregateExpr() | tree.SubqueryExpr() | tree.ParenExpr() | tree.UnaryExpr():
            return filtering(node.expr)
    return False


def missing(need: Need, store: Store, at: float) -> Leaf | None:
    """The first thing needed that finds nothing; None where nothing is missing."""
    match need:
        case Leaf():
            return need if empty(evaluate(need.expression, store, at)) else None
        case Every():
            return next((lack for one in need.of if (lack := missing(one, store, at))), None)
        case Either():
            lacks = [missing(one, store, at) for one in need.of]
            return next(iter(lacks), None) if all(lacks) else None


def empty(value: object) -> bool:
    """Whether an expression gave no series."""
    match value:
        case Vector():
            return not value.elements
        case Matrix():
            return not value.series
    return False


def told(lack: Leaf, store: Store, at: float) -> str:
    """In a sentence: which metric nothing here provides, or what of it has no series."""
    selector = lack.expression.selectors[0]
    if (silence := _silent(selector, store, at)) is not None:
        return f"no sample of {lack.text} for {written(silence)}"
    if not selector.name:
        return f"no series is {lack.text}"
    family = store.instant(Selector(selector.name), at, LOOKBACK)
    if not family:
        return f"nothing here provides {selector.name}"
    if selector.matchers and not store.instant(selector, at, LOOKBACK):
        return f"{selector.name} has {len(family)} series, none of them {lack.text}"
    return f"{lack.text} gives nothing yet"


def _silent(selector: Selector, store: Store, at: float) -> float | None:
    """Seconds since the newest sample, where that is longer than is looked back; None where there is none."""
    newest = max((times[-1] for _, _, times, _ in store.range(selector, at - BEFORE, at)), default=None)
    if newest is None or at - newest < LOOKBACK:
        return None
    return float(round(at - newest))
