"""An expression: parsed and compiled once, evaluated at one time or over a range of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import promql_parser as tree

from console.alerts.promql.binary import FLIPPED
from console.alerts.promql.compiler import Compiler, stepped, whole_milliseconds
from console.alerts.promql.memory import milliseconds
from console.alerts.promql.mistakes import parsed, told
from console.alerts.promql.running import Compiled, Kind, Run, Sample, Window
from console.alerts.promql.store import LOOKBACK, Range, Selector, Store
from console.alerts.promql.text import prepared
from console.alerts.promql.values import Element, Matrix, Scalar, Series, String, Value, Vector, full
from console.alerts.promql.writing import spelled
from console.errors import ExpressionError

STEP = 60.0
"""Seconds between the steps of a subquery that names none (Prometheus' default evaluation interval)."""
POINTS = 11_000
"""Points of one series a range evaluation may have, as Prometheus limits them."""


class Comparison(NamedTuple):
    """A comparison with one number: the figure, the operator with the figure at its left, the number."""

    figure: Expression
    operator: str
    limit: float


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """What `parse` gives."""

    text: str
    type: str
    """scalar, string, vector or matrix."""
    selectors: tuple[Selector, ...]
    """What it reads, in the order of the text."""
    reach: float
    """Seconds of history it needs; infinite where `@` names a fixed time."""
    compiled: Compiled
    comparison: Comparison | None = None
    """Of a comparison with one number, or of such a one left of `and` or `unless`."""

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> Expression:
    """The expression; ExpressionError names what cannot be read or is not supported, and where."""
    ready = prepared(text)
    try:
        return _expression(text.strip(), parsed(ready))
    except (ValueError, OverflowError) as error:
        raise told(text, error) from error
    except RecursionError as error:
        raise ExpressionError("the expression is nested too deep", "split it into rules") from error


def _expression(text: str, root: Any) -> Expression:
    compiler = Compiler(text)
    compiled = compiler.node(root)
    return Expression(
        text=text,
        type=compiled.kind.value,
        selectors=tuple(compiler.selectors),
        reach=_reach(root),
        compiled=compiled,
        comparison=_comparison(root),
    )


def evaluate(
    expression: Expression, store: Store, at: float, lookback: float = LOOKBACK, step: float = STEP
) -> Value:
    """The expression's value at a time (Unix seconds); ExpressionError where the series do not allow it.

    `step` is that of subqueries without one of their own, in seconds.
    """
    now = milliseconds(at)
    run = Run(store, now, now, now, lookback, milliseconds(step))
    found = expression.compiled.evaluate(run)
    match expression.compiled.kind:
        case Kind.SCALAR:
            return Scalar(now / 1000, found)
        case Kind.STRING:
            return String(now / 1000, found)
        case Kind.VECTOR:
            samples: list[Sample] = found
            return Vector(
                now / 1000, tuple([Element(full(name, labels), value) for name, labels, value in samples])
            )
        case Kind.MATRIX:
            window: Window = found
            return _matrix(window.series)


def evaluate_range(
    expression: Expression,
    store: Store,
    start: float,
    end: float,
    step: float,
    lookback: float = LOOKBACK,
) -> Matrix:
    """The value at every step from `start` to `end` (Unix seconds), as Prometheus' query_range gives it."""
    first, last, each = milliseconds(start), milliseconds(end), milliseconds(step)
    if expression.compiled.kind not in (Kind.SCALAR, Kind.VECTOR):
        raise ExpressionError(
            f"a {expression.type} has no value at each step", "take a number or an instant vector"
        )
    if each <= 0 or (last - first) // each >= POINTS:
        raise ExpressionError(f"more than {POINTS} steps from start to end", "take a longer step")
    run = Run(store, first, first, last, lookback, milliseconds(STEP))
    return _matrix(stepped(expression.compiled, run, first, last, each))


def _matrix(series: Any) -> Matrix:
    found: list[Range] = list(series)
    return Matrix(
        tuple(
            Series(full(name, labels), tuple(times), tuple(values)) for name, labels, times, values in found
        )
    )


def _reach(node: Any) -> float:
    """Seconds before the evaluation that the oldest sample of interest may lie."""
    match node:
        case tree.VectorSelector():
            return max(0.0, LOOKBACK + _shift(node))
        case tree.MatrixSelector():
            return max(0.0, node.range.total_seconds() + _shift(node.vector_selector))
        case tree.SubqueryExpr():
            length = node.range.total_seconds() if node.range else 0.0
            return max(0.0, length + _shift(node) + _reach(node.expr))
        case tree.BinaryExpr():
            return max(_reach(node.lhs), _reach(node.rhs))
        case tree.Call():
            return max((_reach(argument) for argument in node.args), default=0.0)
        case tree.AggregateExpr():
            return max(_reach(node.expr), _reach(node.param) if node.param is not None else 0.0)
        case tree.ParenExpr() | tree.UnaryExpr():
            return _reach(node.expr)
    return 0.0


def _shift(node: Any) -> float:
    if node.at is not None and node.at.type == tree.AtModifierType.At:
        return math.inf
    return whole_milliseconds(node.offset) / 1000 if node.offset else 0.0


def _comparison(node: Any) -> Comparison | None:
    while isinstance(node, tree.ParenExpr) or (
        isinstance(node, tree.BinaryExpr) and str(node.op) in ("and", "unless")
    ):
        node = node.expr if isinstance(node, tree.ParenExpr) else node.lhs
    if not isinstance(node, tree.BinaryExpr) or str(node.op) not in FLIPPED:
        return None
    if node.modifier is not None and node.modifier.return_bool:
        return None
    left, right = _number(node.lhs), _number(node.rhs)
    if right is not None and left is None:
        return Comparison(_part(node.lhs), str(node.op), right)
    if left is not None and right is None:
        return Comparison(_part(node.rhs), FLIPPED[str(node.op)], left)
    return None


def _part(node: Any) -> Expression:
    while isinstance(node, tree.ParenExpr):
        node = node.expr
    return _expression(spelled(node), node)


def _number(node: Any) -> float | None:
    """The value of an expression made of numbers only, such as `30 * 60`."""
    if not _constant(node):
        return None
    nothing: Any = None
    found: float = Compiler("").node(node).evaluate(Run(nothing, 0, 0, 0, 0.0, 1))
    return found


def _constant(node: Any) -> bool:
    match node:
        case tree.NumberLiteral():
            return True
        case tree.ParenExpr() | tree.UnaryExpr():
            return _constant(node.expr)
        case tree.BinaryExpr():
            return _constant(node.lhs) and _constant(node.rhs)
    return False
