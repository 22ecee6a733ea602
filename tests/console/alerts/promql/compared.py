"""Ours beside Prometheus': one expression at one time, and what differs."""

from __future__ import annotations

import math
import random
from typing import Any

from console.alerts.promql import (
    ExpressionError,
    MemoryStore,
    Scalar,
    String,
    Value,
    Vector,
    evaluate,
    evaluate_range,
    parse,
)
from console.metrics import Labels
from tests.console.alerts.promql.grammar import Grammar
from tests.console.alerts.promql.world import BEGIN, SPAN
from tests.servers.prometheus import Prometheus, QueryError

PRECISION = 1e-9
"""Relative; between the largest and the smallest float there is no other."""

Points = dict[Labels, list[tuple[float, float]]]


def question(chance: random.Random) -> tuple[str, float]:
    """An expression and a time (Unix seconds)."""
    text = Grammar(chance).expression()
    at = BEGIN + chance.randrange(-60_000, SPAN + 400_000)
    if chance.random() < 0.3:
        at -= at % 15_000
    return text, at / 1000


def difference(server: Prometheus, store: MemoryStore, text: str, at: float) -> str:
    """What differs between the two instant queries; empty where nothing does."""
    try:
        theirs: Any = server.query(text, at)
    except QueryError as error:
        theirs = error
    try:
        ours: Value | ExpressionError = evaluate(parse(text), store, at)
    except ExpressionError as error:
        ours = error
    return _differ(ours, theirs, ordered=text.startswith("sort"), ties="topk" in text or "bottomk" in text)


def range_difference(server: Prometheus, store: MemoryStore, text: str, at: float) -> str:
    """What differs between the two range queries, of eleven points."""
    try:
        theirs: Any = server.query_range(text, at, at + 300, 30)
    except QueryError as error:
        theirs = error
    try:
        ours: Value | ExpressionError = evaluate_range(parse(text), store, at, at + 300, 30)
    except ExpressionError as error:
        ours = error
    return _differ(ours, theirs, ordered=False, ties="topk" in text or "bottomk" in text)


def _differ(ours: Value | ExpressionError, theirs: Any, ordered: bool, ties: bool) -> str:
    if isinstance(ours, ExpressionError) or isinstance(theirs, QueryError):
        both = isinstance(ours, ExpressionError) and isinstance(theirs, QueryError)
        return "" if both else f"ours: {ours!s:.500}\ntheirs: {theirs!s:.500}"
    a, b = _ours(ours), _theirs(theirs)
    if ordered and not _same(
        [p for found in a.values() for p in found], [p for found in b.values() for p in found]
    ):
        return f"ours: {ours!s:.500}\ntheirs: {theirs!s:.500}"
    if a.keys() != b.keys():
        if ties and _same(_values(a), _values(b)):
            return ""
        return f"ours only: {sorted(a.keys() - b.keys())}\ntheirs only: {sorted(b.keys() - a.keys())}"
    for labels, points in a.items():
        if not _same(points, b[labels]):
            return f"{labels}\nours: {points}\ntheirs: {b[labels]}"
    return ""


def _values(points: Points) -> list[tuple[float, float]]:
    return sorted((point for found in points.values() for point in found), key=repr)


def _ours(value: Value) -> Points:
    if isinstance(value, Scalar):
        return {(("scalar", ""),): [(value.time, value.value)]}
    if isinstance(value, String):
        return {(("string", value.value),): []}
    if isinstance(value, Vector):
        assert len({labels for labels, _ in value.elements}) == len(value.elements)
        return {labels: [(value.time, figure)] for labels, figure in value.elements}
    return {series.labels: list(zip(series.times, series.values, strict=True)) for series in value.series}


def _theirs(data: Any) -> Points:
    result = data["result"]
    if data["resultType"] == "scalar":
        return {(("scalar", ""),): [(float(result[0]), float(result[1]))]}
    if data["resultType"] == "string":
        return {(("string", result[1]),): []}
    return {
        tuple(sorted(found["metric"].items())): [
            (float(at), float(value))
            for at, value in (found["values"] if "values" in found else [found["value"]])
        ]
        for found in result
    }


def _same(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> bool:
    return len(a) == len(b) and all(
        abs(at - there) < 1e-6 and (close(x, y) or (x != x and y != y))
        for (at, x), (there, y) in zip(a, b, strict=True)
    )


def close(x: float, y: float) -> bool:
    """Whether two floats agree."""
    return math.isclose(x, y, rel_tol=PRECISION, abs_tol=1e-300)
