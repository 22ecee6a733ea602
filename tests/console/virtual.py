"""Time that passes only when nothing is left to do: hours of cadence and back-off in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2025, 11, 20, 12, 0, tzinfo=UTC)


class _Selector(selectors.DefaultSelector):
    """Instead of waiting, moves the loop's time on."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "everybody waits, and nothing will ever happen"
        self.loop.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a time of its own, which is also a Clock's."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.now


class VirtualClock:
    """The loop's time as the core's Clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def monotonic(self) -> float:
        """The loop's time."""
        return self._loop.now

    def now(self) -> datetime:
        """The loop's time as a date."""
        return START + timedelta(seconds=self._loop.now)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Carry out a coroutine in virtual time; no task may be left."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(main)
        assert not asyncio.all_tasks(runner.get_loop())
        return result


def clock() -> VirtualClock:
    """The clock of the running virtual loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return VirtualClock(loop)
