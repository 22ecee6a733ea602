"""Much output from one step: what it costs the console that shows it."""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from console.config import Config
from console.guides.model import Risk
from console.journal.store import Journal
from console.runs.run import Status
from console.runs.runner import Runner
from tests.console.runs.kit import started, step
from tests.faults.report import Result

ROOT = Path(__file__).parents[2]
KEYS = 0.05
"""Seconds of work in any one round of the loop: so long a key waits where nothing else is to be done."""
SPOOL = 32 << 20
"""Bytes of disk that one step's output may take, with the journal."""


async def flood(size: int, busy: float = 1.0) -> Result:
    """So many bytes of output from one step: what that costs the console.

    `busy`: how many times longer than promised it may take.
    """
    command = f"yes 'a line of a flood, as long as lines of a log usually are' | head -c {size}"
    cost = await _written(command, size / 10e6 * busy)
    good = cost.held < KEYS * busy and cost.disk < SPOOL and cost.memory < 50 << 20 and "flood" in cost.last
    return Result(f"output of {size / 1e9:g} GB", int(good), 1, str(cost))


async def lines(rate: int, seconds: float, busy: float = 1.0) -> Result:
    """So many lines a second from one step: how long the console's loop is held up.

    `busy`: how many times longer than promised it may be.
    """
    command = f"cd {ROOT} && {sys.executable} -m tests.faults.pour {rate} {seconds}"
    cost = await _written(command, seconds * 4 * busy)
    whole = cost.last.startswith(f"{round(rate * seconds):08d} GET")
    return Result(f"{rate:,} lines a second", int(whole and cost.held < KEYS * busy), 1, str(cost))


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a step's output has cost: seconds but for memory and disk, which are bytes."""

    took: float
    held: float
    """The most work in one round of the loop, by the clock of its thread: others on the machine count not."""
    gap: float
    """The longest time between two rounds, whatever held them up."""
    cpu: float
    memory: int
    disk: int
    last: str

    def __str__(self) -> str:
        return (
            f"{self.took:.1f} s, loop held {self.held * 1000:.0f} ms (gap {self.gap * 1000:.0f}), console"
            f" {self.cpu:.2f} s of CPU, memory +{max(0, self.memory) >> 20} MB, disk {self.disk >> 20} MB"
        )


async def _written(command: str, limit: float) -> _Cost:
    """Run a step and measure, while it writes, how long the loop does not come round."""
    with tempfile.TemporaryDirectory() as name:
        journal = Journal.open(Path(name, "journal.db"), actor="ana", host="h")
        runner = Runner(Config(), journal)
        try:
            run = await started(runner, step(command, Risk.UNKNOWN))
            before = resource.getrusage(resource.RUSAGE_SELF)
            rss = psutil.Process().memory_info().rss
            await runner.begin(run, 0, runner.preview(run, 0).confirm(yes=True))
            began = last = time.monotonic()
            spent = time.thread_time()
            held = gap = 0.0
            async with asyncio.timeout(60 + limit):
                while run.states[0].status is Status.RUNNING:
                    await asyncio.sleep(0.002)
                    now = time.monotonic()
                    held, spent = max(held, time.thread_time() - spent), time.thread_time()
                    gap, last = max(gap, now - last), now
            took = time.monotonic() - began
            after = resource.getrusage(resource.RUSAGE_SELF)
            return _Cost(
                took, held, gap,
                after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
                psutil.Process().memory_info().rss - rss, _size(Path(name)), run.states[0].lines[-1],
            )  # fmt: skip
        finally:
            await runner.close()
            journal.close()


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
