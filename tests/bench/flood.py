"""How many log lines a second the console takes while its keys answer: `python -m tests.bench.flood`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.beside import ROOT
from tests.bench.measure import at_any_moment, focused_frame, quantile
from tests.bench.peers import console
from tests.pty.consoles import to_overview
from tests.pty.terminal import Terminal

RATES = (1_000, 5_000, 20_000, 50_000, 100_000)
"""Lines a second, one after the other."""
SECONDS = 10.0
APART = 0.08
"""Seconds between two keys, at most: a hundred of them are wanted while the lines come."""
LIMIT = 50.0
"""Milliseconds from key to paint, in 99 of 100."""
WHOLE = 0.99
"""Share of the lines that must be taken, the rest skipped and counted."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One rate: lines written, taken and skipped, seconds it took to write them, and what it cost."""

    rate: int
    written: int
    taken: int
    skipped: int
    key_p50: float | None
    key_p99: float | None
    cpu_percent: float

    @property
    def passes(self) -> bool:
        """Whether nearly all lines were taken and the keys answered in time."""
        return self.taken >= WHOLE * self.written and self.key_p99 is not None and self.key_p99 <= LIMIT

    def __str__(self) -> str:
        word = "ok" if self.passes else "NOT"
        return (
            f"{word:>4}  {self.rate:>8,} lines/s: {self.taken:>9,} of {self.written:>9,} taken, "
            f"{self.skipped:>9,} skipped, key p50 {self.key_p50 or 0:4.0f} p99 {self.key_p99 or 0:4.0f} ms, "
            f"CPU {self.cpu_percent:5.1f} %"
        )


def flows(rates: Sequence[int] = RATES, seconds: float = SECONDS) -> Iterator[Flow]:
    """Each rate on a console of its own that looks at nothing else but the host."""
    for rate in rates:
        with tempfile.TemporaryDirectory(prefix="ops-flood-") as place:
            yield _flow(Path(place), rate, seconds)


def _flow(directory: Path, rate: int, seconds: float) -> Flow:
    log = directory / "flood.log"
    log.write_text("first\n")
    config = (
        f'sources = ["system", "logs"]\n[logs]\nfiles = ["{log}"]\ncontainers = false\njournald = false\n'
    )
    with Terminal(console(directory, config)) as terminal:
        terminal.wait_for("first", 15.0)
        with subprocess.Popen(
            [sys.executable, "-m", "tests.bench.feeder", "--log", str(log), "--lines", str(rate),
             "--seconds", str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        ) as feeding:  # fmt: skip
            before, began = terminal.usage().cpu, time.perf_counter()
            keys: list[float | None] = []
            while feeding.poll() is None:
                keys += at_any_moment(terminal, ("tab", "shift+tab"), 6, focused_frame, APART)
            took = time.perf_counter() - began
            used = terminal.usage().cpu - before
            assert feeding.stdout is not None
            written = int(feeding.stdout.read() or 0)
        taken, skipped = _counted(terminal, written)
    p50, p99 = quantile(keys, 0.5), quantile(keys, 0.99)
    return Flow(rate, written, taken, skipped, p50, p99, 100 * used / took)


def _counted(terminal: Terminal, written: int) -> tuple[int, int]:
    """What the details of the file say: lines taken (without the first) and lines skipped."""
    time.sleep(3.0)  # what was left over is read by the next polls
    to_overview(terminal)
    terminal.press("2")
    terminal.wait_for("esc overview")
    terminal.press("right")
    terminal.wait_for("SOURCE +")
    terminal.wait_quiet(0.3)
    terminal.press("enter")
    match = terminal.wait_for(r"lines +([\d,]+) since the start[^\n]*\n[^\n]*skipped +([\d,]+)")
    lines, skipped = (int(number.replace(",", "")) for number in match.groups())
    return min(lines, written), skipped


def main() -> int:
    """Print each rate; 0 when 20,000 lines a second are taken."""
    best = 0
    for flow in flows():
        print(flow, flush=True)
        best = flow.rate if flow.passes else best
    print(f"taken while keys stay under {LIMIT:.0f} ms: {best:,} lines/s")
    return 0 if best >= 20_000 else 1


if __name__ == "__main__":
    sys.exit(main())
