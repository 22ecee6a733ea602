"""Expressions asked of a Prometheus."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from console.alerts.engines.address import Address
from console.alerts.engines.client import AnsweredNo, Client
from console.alerts.engines.reading import items, number, pairs, table, text
from console.alerts.promql import Element, Matrix, Scalar, Series, String, Value, Vector
from console.errors import ExpressionError, Refused

PATIENCE = 10.0
"""Seconds an expression may take."""
MOST_SERIES = 5000
NAMES_KEPT = 60.0
"""Seconds the names of metrics are remembered."""
_BEFORE = 'invalid parameter "query": '


class EngineAnswers:
    """Asks a Prometheus to evaluate; one question at a time."""

    def __init__(self, address: Address) -> None:
        self.name = address.name
        self._client = Client(address)
        self._names: Sequence[str] = ()
        self._names_at = float("-inf")

    async def at(self, text: str, ago: float = 0.0) -> Value:
        """The value so many seconds ago. Raises ExpressionError where it cannot be read, SourceError."""
        asked = {"time": f"{time.time() - ago:.3f}"} if ago else {}  # else the time is by its own clock
        return _value(await self._ask("/api/v1/query", query=text, **asked), self.name)

    async def over(self, text: str, end: float, span: float, step: float) -> Matrix:
        """The value at every step until then. Raises ExpressionError, SourceError."""
        found = _value(
            await self._ask(
                "/api/v1/query_range", query=text, start=f"{end - span:.3f}", end=f"{end:.3f}",
                step=f"{step:.3f}",
            ),
            self.name,
        )  # fmt: skip
        return found if isinstance(found, Matrix) else Matrix(())

    async def _ask(self, path: str, **parameters: str) -> Any:
        try:
            return await self._client.ask(path, PATIENCE, timeout=f"{PATIENCE:g}s", **parameters)
        except AnsweredNo as error:
            reason = error.reason.removeprefix(f"{self.name}: ").removeprefix(_BEFORE)
            raise ExpressionError(reason, "correct it there") from None

    async def names(self) -> Sequence[str]:
        """The metrics it has. Raises SourceError."""
        if time.monotonic() - self._names_at >= NAMES_KEPT:
            answer = await self._client.get("/api/v1/label/__name__/values", PATIENCE, limit="20000")
            self._names = sorted(filter(None, (text(one, 300) for one in items(table(answer).get("data")))))
            self._names_at = time.monotonic()
        return self._names

    def close(self) -> None:
        """Nothing is held between two questions."""


def _value(answer: Any, engine: str) -> Value:
    """The answer to a query as a value. Raises Refused for what is none."""
    data = table(table(answer).get("data"))
    kind, result = data.get("resultType"), data.get("result")
    if kind in ("scalar", "string"):
        pair = items(result)
        if len(pair) == 2:
            at = number(pair[0]) or 0.0
            return String(at, text(pair[1])) if kind == "string" else Scalar(at, number(pair[1]) or 0.0)
    if kind == "vector" and isinstance(result, list):
        return _vector(result)
    if kind == "matrix" and isinstance(result, list):
        return Matrix(tuple(found for one in result[:MOST_SERIES] if (found := _series(table(one)))))
    raise Refused(f"{engine}: an answer without a value", "is it a Prometheus?")


def _vector(result: list[Any]) -> Vector:
    elements: list[Element] = []
    at = time.time()
    for told in result[:MOST_SERIES]:
        one = table(told)
        pair = items(one.get("value"))  # a native histogram has none
        value = number(pair[1]) if len(pair) == 2 else None
        if value is not None:
            at = number(pair[0]) or at
            elements.append(Element(pairs(one.get("metric")), value))
    return Vector(at, tuple(elements))


def _series(told: Any) -> Series | None:
    points = [
        (at, value)
        for pair in items(told.get("values"))
        if isinstance(pair, list) and len(pair) == 2
        and (at := number(pair[0])) is not None and (value := number(pair[1])) is not None
    ]  # fmt: skip
    if not points:
        return None
    return Series(
        pairs(told.get("metric")), tuple(at for at, _ in points), tuple(value for _, value in points)
    )
