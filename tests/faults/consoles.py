"""Two consoles, each a process of its own, on one run."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from console.config import Config
from console.guides.model import Risk
from console.journal.store import Journal
from console.runs.runner import Runner
from tests.console.runs.kit import manual, started, step
from tests.faults.report import Result

ROOT = Path(__file__).parents[2]
SEEN = 1.0
"""Seconds within which another console must see a tick."""


async def raced(directory: Path, steps: int, items: int, busy: float = 1.0) -> Result:
    """Two consoles want the same steps at the same time, and one ticks items that the other looks at.

    `busy`: how many times longer than promised it may take until the other sees it.
    """
    journal = Journal.open(directory / "journal.db", actor="eve", host="here")
    runner = Runner(Config(), journal)
    wanted = [step(f"echo {index} >> {directory}/witness", Risk.CHANGE) for index in range(steps)]
    run = await started(runner, *wanted, *(manual(f"Look {index}") for index in range(items)))
    await runner.close()
    names = ("ana", "ben")
    words = [sys.executable, "-m", "tests.faults.racer", str(directory), run.id]
    racers = [
        await asyncio.create_subprocess_exec(
            *words, name, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        for name in names
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert await racer.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(racer.communicate(f"{time.time() + 0.2}\n".encode()) for racer in racers))
    lines = [[line.split() for line in out.decode().splitlines()] for out, _ in told]
    won = [sorted(int(line[1]) for line in one if line[0] == "won") for one in lines]
    ticked = {line[1]: float(line[2]) for line in lines[0] if line[0] == "ticked"}
    seen = {line[1]: float(line[2]) for line in lines[1] if line[0] == "seen"}
    late = max((seen.get(index, 9e9) - at for index, at in ticked.items()), default=9e9)
    witness = sorted(map(int, (directory / "witness").read_text().split()))
    pictures = [[line[1:] for line in one if line[0] == "states"] for one in lines]
    verdict = journal.verify()
    good = (
        sorted(won[0] + won[1]) == witness == list(range(steps)) and all(won) and late < SEEN * busy
        and pictures[0] == pictures[1] and len(pictures[0]) == 1 and verdict.ok and not journal.unfinished()
    )  # fmt: skip
    journal.close()
    figures = f"won {len(won[0])} to {len(won[1])}, ticks seen within {late:.2f} s"
    return Result("two consoles: each step once, same picture", steps if good else 0, steps, figures)
