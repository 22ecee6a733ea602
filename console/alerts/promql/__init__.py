"""PromQL with the semantics of Prometheus 3, evaluated on any store of series."""

from console.alerts.promql.expression import (
    STEP,
    Comparison,
    Expression,
    evaluate,
    evaluate_range,
    parse,
)
from console.alerts.promql.memory import MemoryStore
from console.alerts.promql.store import LOOKBACK, Instant, Matcher, Range, Selector, Store
from console.alerts.promql.values import Element, Matrix, Scalar, Series, String, Value, Vector
from console.errors import ExpressionError

__all__ = [
    "LOOKBACK",
    "STEP",
    "Comparison",
    "Element",
    "Expression",
    "ExpressionError",
    "Instant",
    "Matcher",
    "Matrix",
    "MemoryStore",
    "Range",
    "Scalar",
    "Selector",
    "Series",
    "Store",
    "String",
    "Value",
    "Vector",
    "evaluate",
    "evaluate_range",
    "parse",
]
