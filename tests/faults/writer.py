"""A process that writes a journal, told what by its arguments: `append` without end, or `claim` of N steps.

It prints what was acknowledged, one line each, unbuffered.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from console.errors import AlreadyStarted
from console.journal.store import Journal

PACE = 0.01
"""Seconds from one claim to the next."""


def append(journal: Journal, run: str) -> None:
    """Start and end steps for ever; prints the number and hash of each entry once it is acknowledged."""
    step = 0
    while True:
        step += 1
        started = journal.claim(run, str(step), 1, {"title": f"step {step}", "digest": f"d{step % 7}"})
        os.write(1, f"{started.seq} {started.hash}\n".encode())
        ended = journal.end(run, str(step), 1, {"status": "ok", "exit": 0, "seconds": 0.25, "digest": "d"})
        assert ended is not None
        os.write(1, f"{ended.seq} {ended.hash}\n".encode())


def claim(journal: Journal, count: int) -> None:
    """Claim steps 0 to `count`, each at its own moment after the one told; prints those that were won."""
    os.write(1, b"ready\n")
    begin = float(sys.stdin.readline())
    for step in range(count):
        # all processes about the same time, or one would be through before the other has begun
        time.sleep(max(0.0, begin + step * PACE + random.uniform(0, PACE) - time.monotonic()))
        try:
            journal.claim("run", str(step), 1)
        except AlreadyStarted:
            continue
        os.write(1, f"{step}\n".encode())


def main() -> None:
    """`python -m tests.faults.writer PATH append RUN` or `... claim COUNT`."""
    path, what, argument = sys.argv[1:]
    journal = Journal.open(Path(path), actor=f"writer {os.getpid()}", host="here")
    if what == "append":
        append(journal, argument)
    claim(journal, int(argument))
    journal.close()


if __name__ == "__main__":
    main()
