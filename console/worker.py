"""A thread of its own for each blocking library, so that one stuck call starves nobody else."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, Self, TypeVar

from console.errors import TimedOut

P = ParamSpec("P")
R = TypeVar("R")

BREATH_EVERY, BREATH = 0.002, 0.001
"""After so many seconds of work so many of rest: long enough for the event loop to come round several
times, because it has to wait for its turn anew each time; see `Breath`."""
HANDOVER = 0.0001
"""Seconds in which another thread that waits for its turn to work takes it."""

_working = threading.Lock()


class Breath:
    """Rests for long work in a thread, so that the event loop draws and takes keys meanwhile.

    The work is done in its context. Of several threads one works at a time: each would work while the
    others rest, and the event loop would have no turn.
    """

    def __init__(self) -> None:
        self._rested = 0.0

    def __enter__(self) -> Self:
        _working.acquire()
        self._rested = time.perf_counter()
        return self

    def __exit__(self, *failure: object) -> None:
        _working.release()

    def take(self) -> None:
        """Rest for a moment, if it is time."""
        if time.perf_counter() - self._rested > BREATH_EVERY:
            _working.release()
            time.sleep(HANDOVER)
            _working.acquire()
            time.sleep(BREATH)
            self._rested = time.perf_counter()


class Worker:
    """Runs blocking calls one at a time in a daemon thread started at the first call.

    A call whose waiter gave up (deadline) keeps the thread; until it returns, further calls are
    refused with TimedOut instead of piling up behind it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._busy = False

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """The function's result; its exceptions pass through. Raises TimedOut while stuck."""
        if self._busy:
            raise TimedOut("the previous call has not returned yet")
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=_run, args=(self._jobs,), name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._busy = True

        def job() -> None:
            result: Any = None
            failure: BaseException | None = None
            try:
                result = function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 handed to the waiter, whatever it is
                failure = error
            self._busy = False
            try:
                loop.call_soon_threadsafe(_settle, future, result, failure)
            except RuntimeError:
                pass  # the loop ended while the call was out: nobody waits for the answer

        self._jobs.put(job)
        return await future

    def stop(self) -> None:
        """Let the thread end after the call it is in; never waits. A later call starts a new thread."""
        self._jobs.put(None)
        self._jobs = queue.SimpleQueue()  # the sign to end is for the thread there was, not for the next
        self._thread = None


def _run(jobs: queue.SimpleQueue[Callable[[], None] | None]) -> None:
    while (job := jobs.get()) is not None:
        job()


def _settle(future: asyncio.Future[Any], result: Any, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    elif isinstance(failure, StopIteration):
        future.set_exception(RuntimeError("the call raised StopIteration"))
    else:
        future.set_exception(failure)
