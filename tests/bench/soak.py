"""Whether memory stays flat: the console under the bench's load for an hour or a day.

`python -m tests.bench.soak --minutes 120` prints its proportional set size every 30 s, and at the end
how much it grew after the first hour, when all that is bounded is full.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.load import Load, start_load
from tests.bench.peers import console
from tests.pty.terminal import Terminal

EVERY = 30.0
"""Seconds between two looks."""
FULL = 60.0
"""Minutes until what the console keeps of the past is as full as it gets."""
FLAT = 0.05
"""Of the memory after that: what it may grow."""
LOOKS = 5
"""Looks whose median is compared, so that one of a busy moment counts for nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """Minutes since the start, megabytes, and counts."""

    minutes: float
    pss: float
    handles: int
    threads: int

    def __str__(self) -> str:
        return (
            f"{self.minutes:7.1f} min  {self.pss:6.1f} MB  {self.handles:3} handles  {self.threads:2} threads"
        )


def looks(load: Load, minutes: float, interval: float) -> Iterator[Look]:
    """The console looked at every half minute."""
    config = f"interval = {interval}\n{load.config}"
    with Terminal(console(load.directory, config)) as terminal:
        started = time.monotonic()
        for number in range(1, int(minutes * 60 / EVERY) + 1):
            time.sleep(max(0.0, started + number * EVERY - time.monotonic()))
            with terminal.held():
                terminal.raw.clear()  # hours of drawing, which nobody reads here
                terminal.chunks.clear()
            used = terminal.usage()
            if terminal.poll() is not None:
                raise RuntimeError(f"it ended:\n{terminal.text}")
            yield Look((time.monotonic() - started) / 60, used.pss / 2**20, used.handles, used.threads)


def grown(seen: list[Look]) -> float:
    """What it grew, as a share, from the first looks with everything full to the last ones."""
    full = [look.pss for look in seen if look.minutes >= FULL]
    return statistics.median(full[-LOOKS:]) / statistics.median(full[:LOOKS]) - 1


def main() -> int:
    """Print each look; 1 when it grew by more than a twentieth after the first hour."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    options.add_argument("--minutes", type=float, default=120.0)
    options.add_argument("--interval", type=float, default=1.0, help="below 1 it asks so much more often")
    given = options.parse_args()
    seen = []
    with contextlib.ExitStack() as stack:
        for look in looks(start_load(stack), given.minutes, given.interval):
            print(look, flush=True)
            seen.append(look)
    if given.minutes < FULL + LOOKS:
        print(f"no verdict: what is kept of the past fills for {FULL:.0f} minutes")
        return 0
    share = grown(seen)
    print(f"{'ok' if share <= FLAT else 'BAD'}  {share:+.1%} after the first hour")
    return 0 if share <= FLAT else 1


if __name__ == "__main__":
    sys.exit(main())
