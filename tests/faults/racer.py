"""A console of its own for a race: takes up a run, wants every step of it, and tells what it won and saw.

`python -m tests.faults.racer DIRECTORY RUN NAME`; the time to begin at comes by standard input. The first
name also ticks the manual items that stand behind the steps, one after the other.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

from console.config import Config
from console.errors import AlreadyStarted, GateRefused
from console.journal.store import Journal
from console.runs.carrier import Change
from console.runs.run import Run, Status
from console.runs.runner import Runner

PACE = 0.05
"""Seconds from one step to the next."""
APART = 0.3
"""Seconds from one tick to the next."""
LIMIT = 60.0


def say(*words: object) -> None:
    """A line for whoever started this, at once."""
    print(*words, flush=True)


async def race(runner: Runner, run: Run, begin: float) -> None:
    """Start every step at its time, unless the other one was faster."""
    for state in run.states:
        if not state.step.runnable:
            continue
        due = begin + state.index * PACE + random.uniform(0, PACE / 2)
        await asyncio.sleep(max(0.0, due - time.time()))
        try:
            await runner.begin(run, state.index, runner.preview(run, state.index).confirm(yes=True))
        except (AlreadyStarted, GateRefused):
            continue
        say("won", state.index)


async def main(directory: Path, run_id: str, name: str) -> None:
    """Take part in the race, and stay until all of the run is done."""
    journal = Journal.open(directory / "journal.db", actor=name, host="here")
    runner = Runner(Config(), journal)
    seen: set[int] = set()

    def heard(change: Change) -> None:
        for state in change.run.states:
            if state.status is Status.TICKED and state.index not in seen:
                seen.add(state.index)
                say("seen", state.index, time.time())

    try:
        run = await runner.resume(run_id)
        runner.listen(heard)
        say("ready")
        begin = float(await asyncio.to_thread(sys.stdin.readline))
        await race(runner, run, begin)
        if name == "ana":
            for state in run.states:
                if not state.step.runnable:
                    say("ticked", state.index, time.time())
                    await runner.tick(run, state.index, value="7")
                    await asyncio.sleep(APART)
        async with asyncio.timeout(LIMIT):
            while not all(state.done for state in run.states):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        say("states", *(f"{state.status}:{state.exit_code}:{state.value}" for state in run.states))
    finally:
        await runner.close()
        journal.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
