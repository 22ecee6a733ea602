"""Expressions asked ad hoc: of the console's own history, or of a Prometheus beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from console.alerts.live_store import HistoryStore
from console.alerts.promql import LOOKBACK, Matrix, Value, evaluate, evaluate_range, parse
from console.clock import Clock
from console.history import History
from console.worker import Worker


class Answers(Protocol):
    """Who evaluates expressions. Times are seconds before now, so that its clock need not be ours."""

    name: str
    """For people: `this console's history`, `prometheus mon-1:9090`."""

    async def at(self, text: str, ago: float = 0.0) -> Value:
        """The value so many seconds ago. Raises OpsError: ExpressionError, or why it does not answer."""
        ...

    async def over(self, text: str, end: float, span: float, step: float) -> Matrix:
        """The value at every step of the `span` seconds before `end`, a time that `at` gave."""
        ...

    async def names(self) -> Sequence[str]:
        """The metrics it has. Raises OpsError."""
        ...

    def close(self) -> None:
        """Let go of threads; never waits."""
        ...


class OwnAnswers:
    """The console's own history, which reaches back an hour; evaluated in a thread."""

    name = "this console's history"

    def __init__(self, history: History, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        self._offset = clock.now().timestamp() - clock.monotonic()
        self._store = HistoryStore(history, self._offset)
        self._worker = Worker("promql")

    async def at(self, text: str, ago: float = 0.0) -> Value:
        """The value so many seconds ago. Raises ExpressionError, TimedOut."""
        now = self._clock.monotonic() + self._offset - ago
        return await self._worker.call(lambda: evaluate(parse(text), self._store, now, LOOKBACK))

    async def over(self, text: str, end: float, span: float, step: float) -> Matrix:
        """The value at every step until then. Raises ExpressionError, TimedOut."""
        return await self._worker.call(
            lambda: evaluate_range(parse(text), self._store, end - span, end, step)
        )

    async def names(self) -> Sequence[str]:
        """The metrics the history has."""
        return sorted(self._history.names())

    def close(self) -> None:
        """Let go of the thread."""
        self._worker.stop()
