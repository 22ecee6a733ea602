"""Workers: one call at a time in a thread; one that is stuck refuses the next and recovers."""

from __future__ import annotations

import asyncio
import gc
import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from console.errors import TimedOut
from console.worker import BREATH_EVERY, Breath, Worker
from tests.patience import PATIENCE


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker whose threads have ended afterwards."""
    worker = Worker("test worker")
    yield worker
    worker.stop()
    for thread in threads():
        thread.join(PATIENCE)
    assert not threads()


def threads() -> list[threading.Thread]:
    """The workers' threads that are alive."""
    return [thread for thread in threading.enumerate() if thread.name == "test worker"]


async def settled(event: threading.Event) -> None:
    """Wait for an event of a thread without holding up the loop."""
    assert await asyncio.to_thread(event.wait, PATIENCE)


async def test_a_call_runs_in_a_daemon_thread_of_its_own_and_its_result_comes_back(worker: Worker) -> None:
    def where(number: int, *, text: str) -> tuple[str, bool, int, str]:
        thread = threading.current_thread()
        return thread.name, thread.daemon, number, text

    assert not threads()
    assert await worker.call(where, 1, text="x") == ("test worker", True, 1, "x")
    assert await worker.call(threading.get_ident) == await worker.call(threading.get_ident)
    assert len(threads()) == 1


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
async def test_exceptions_pass_through(worker: Worker, error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await worker.call(fail)
    assert caught.value is error
    assert await worker.call(lambda: 1) == 1


async def test_a_stop_iteration_which_no_future_can_hold_becomes_an_error(worker: Worker) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await worker.call(next, iter(()))


async def test_a_stuck_call_refuses_further_ones_and_recovers(worker: Worker) -> None:
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()

    def stuck() -> None:
        begun.set()
        release.wait(2 * PATIENCE)

    call = asyncio.ensure_future(worker.call(stuck))
    await settled(begun)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    for _ in range(3):
        with pytest.raises(TimedOut, match="has not returned yet"):
            await worker.call(ended.set)
    assert len(threads()) == 1
    release.set()
    for _ in range(5000):
        try:
            await worker.call(ended.set)
            break
        except TimedOut:
            await asyncio.sleep(0.005)
    assert ended.is_set()


async def test_stopping_never_waits_and_the_thread_ends_after_its_call(worker: Worker) -> None:
    begun, release = threading.Event(), threading.Event()

    def stuck() -> None:
        begun.set()
        release.wait(2 * PATIENCE)

    call = asyncio.ensure_future(worker.call(stuck))
    await settled(begun)
    (thread,) = threads()
    worker.stop()
    assert thread.is_alive()
    release.set()
    await call
    await asyncio.to_thread(thread.join, PATIENCE)
    assert not thread.is_alive()


async def test_after_stopping_a_call_starts_a_new_thread(worker: Worker) -> None:
    worker.stop()  # before the first call, and twice
    worker.stop()
    assert await asyncio.wait_for(worker.call(lambda: 1), PATIENCE) == 1
    worker.stop()
    assert await asyncio.wait_for(worker.call(lambda: 2), PATIENCE) == 2


def test_a_call_that_outlives_its_loop_is_forgotten(worker: Worker) -> None:
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()

    def stuck() -> None:
        begun.set()
        release.wait(2 * PATIENCE)
        ended.set()

    async def give_up() -> None:
        call = asyncio.ensure_future(worker.call(stuck))
        await settled(begun)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(give_up())
    release.set()
    assert ended.wait(PATIENCE)
    assert asyncio.run(_until_free(worker)) == "free"
    gc.collect()  # an exception lost in the thread would be told here, as a warning that fails the test


async def _until_free(worker: Worker) -> str:
    for _ in range(5000):
        try:
            return await worker.call(lambda: "free")
        except TimedOut:
            await asyncio.sleep(0.005)
    raise AssertionError("the worker stayed stuck")


async def test_a_stuck_worker_holds_up_no_other(worker: Worker) -> None:
    release = threading.Event()
    stuck = asyncio.ensure_future(worker.call(release.wait, 10))
    other = Worker("test worker")
    assert await other.call(lambda: 1) == 1
    other.stop()
    release.set()
    await stuck


def test_of_several_threads_with_long_work_one_works_at_a_time_and_all_have_their_turns() -> None:
    worked: list[tuple[float, str]] = []
    begin = threading.Barrier(2)

    def work() -> None:
        name = threading.current_thread().name
        begin.wait(PATIENCE)
        with Breath() as breath:
            for _ in range(10):
                until = time.perf_counter() + BREATH_EVERY * 2
                while (now := time.perf_counter()) < until:
                    worked.append((now, name))
                breath.take()

    threads = [threading.Thread(target=work, name=name) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    order = [name for _, name in sorted(worked)]
    turns = 1 + sum(one != next_ for one, next_ in itertools.pairwise(order))
    assert 10 < turns <= 20, "they took no turns, or worked at once"
