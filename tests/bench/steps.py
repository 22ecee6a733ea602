"""What a step's flood of output does to the console: `python -m tests.bench.steps`."""

from __future__ import annotations

import shlex
import sys
import tempfile
import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import at_any_moment, quantile
from tests.bench.peers import console
from tests.pty.terminal import Terminal

LIMIT = 50.0
"""Milliseconds from key to paint, in 99 of 100, while 10,000 lines a second come."""
GROWTH = 50.0
"""Megabytes the console may grow by while a gigabyte comes."""
KEYS = 100
GUIDE = """\
# Floods

## Flood

1. Many lines
   ```bash
   {lines}
   ```
2. Very much
   ```bash
   {much}
   ```
"""
LINES = """\
import sys, time
began, line = time.monotonic(), b"line of output about as long as such lines are, some eighty bytes\\n"
written = 0
while (passed := time.monotonic() - began) < 20:
    due = int(passed * 10_000) - written
    sys.stdout.buffer.write(line * due)
    sys.stdout.buffer.flush()
    written += due
    time.sleep(0.02)
"""


@dataclass(frozen=True, slots=True)
class Flood:
    """One flood: latency of keys in milliseconds, memory gained in MB, seconds it took."""

    name: str
    key_p50: float | None
    key_p99: float | None
    grown_mb: float
    seconds: float
    limited: bool
    """Whether the latency has a limit: not while a program writes as fast as it can on every core."""

    @property
    def passes(self) -> bool:
        """Whether keys and memory are within their limits."""
        slow = self.key_p99 is None or self.key_p99 > LIMIT
        return self.grown_mb <= GROWTH and not (self.limited and slow)

    def __str__(self) -> str:
        word = "ok" if self.passes else "NOT"
        return (
            f"{word:>4}  {self.name}: key p50 {self.key_p50 or 0:4.0f} p99 {self.key_p99 or 0:4.0f} ms, "
            f"memory {self.grown_mb:+5.1f} MB, {self.seconds:4.0f} s"
        )


def floods() -> Iterator[Flood]:
    """10,000 lines a second, and a gigabyte, each on a console of its own."""
    yield _flood("10,000 lines/s of a step's output", 0, limited=True)
    yield _flood("1 GB of a step's output", 1, limited=False)


def _flood(name: str, step: int, *, limited: bool) -> Flood:
    with tempfile.TemporaryDirectory(prefix="ops-step-") as place:
        directory = Path(place)
        (directory / "lines.py").write_text(LINES)
        lines = shlex.join([sys.executable, str(directory / "lines.py")])
        much = "head -c 1000000000 /dev/zero | tr '\\0' x | fold -w 99"
        (directory / "OPERATIONS.md").write_text(GUIDE.format(lines=lines, much=much))
        config = f'sources = ["system"]\n[guides]\npaths = ["{directory}/OPERATIONS.md"]\n'
        with Terminal(console(directory, config)) as terminal:
            return _measured(terminal, name, step, limited)


def _measured(terminal: Terminal, name: str, step: int, limited: bool) -> Flood:
    terminal.wait_for("1-1 pane|1 pane", 15.0)
    terminal.press(":")
    terminal.wait_for("tab completes")
    terminal.type("run flood\r")
    terminal.wait_for("starts it", 10.0)
    terminal.press("enter")
    terminal.wait_for("0/2", 10.0)
    terminal.press(*"j" * step, "enter")
    terminal.wait_for("it is not known|▶", 10.0)
    terminal.wait_quiet()
    if "it is not known" in terminal.text:
        terminal.press("enter")
    terminal.wait_for("│ (line|xxx)", 10.0)
    before, began = terminal.usage().pss, time.perf_counter()
    keys = at_any_moment(terminal, ("k", "j") if step else ("j", "k"), KEYS, _front, 0.15)
    grown = (terminal.usage().pss - before) / 1e6
    if step:
        terminal.wait_for(r"✔ +2 .*ok in", 120.0)
    took = time.perf_counter() - began
    return Flood(name, quantile(keys, 0.5), quantile(keys, 0.99), grown, took, limited)


def _front(terminal: Terminal) -> Hashable:
    """The line with the command of the step in front."""
    return next((y for y, line in enumerate(terminal.lines()) if "$ " in line), -1)


def main() -> int:
    """Print each flood; 0 when all are within their limits."""
    code = 0
    for flood in floods():
        print(flood, flush=True)
        code |= not flood.passes
    return code


if __name__ == "__main__":
    sys.exit(main())
