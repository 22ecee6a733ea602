"""One program in one terminal, measured from outside."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from tests.bench.peers import CONSOLE, Program
from tests.pty.terminal import Terminal

SIZE = (160, 50)
FIRST_PAINT = 20
"""Cells that must be filled for a first paint."""
GIVE_UP = 20.0
"""Seconds until something that was waited for is taken for absent."""
QUIET = 0.12
"""Seconds without output that make a quiet moment to press a key in."""

Sight: TypeAlias = Callable[[Terminal], Hashable]
"""What of a screen a key changes."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, percent of one core, MB, KB a second and milliseconds; None: not measured.

    `servers_percent` is what the servers used meanwhile, `loaded_*` the latency of keys pressed at
    any moment instead of at quiet ones.
    """

    first_paint: float | None = None
    ready: float | None = None
    cpu_percent: float | None = None
    pss_mb: float | None = None
    kb_per_second: float | None = None
    key_p50: float | None = None
    key_p99: float | None = None
    loaded_p50: float | None = None
    loaded_p99: float | None = None
    servers_percent: float | None = None


def started(subject: Program, env: Mapping[str, str]) -> Figures:
    """Seconds until its first paint and until it shows real data; it is ended then."""
    with Terminal(subject.command, size=SIZE, env=env) as terminal:
        first = terminal.watch(lambda t: t.filled() >= FIRST_PAINT).wait(GIVE_UP)
        ready = _ready(terminal, subject.ready) if subject.ready else None
        return Figures(
            first_paint=None if first is None else first - terminal.started,
            ready=None if ready is None else ready - terminal.started,
        )


def median(runs: Sequence[Figures]) -> Figures:
    """The median of every figure over the runs that have it."""
    values: dict[str, float | None] = {}
    for name in asdict(runs[0]):
        known = [value for run in runs if (value := getattr(run, name)) is not None]
        values[name] = statistics.median(known) if known else None
    return Figures(**values)


def measure(
    subject: Program,
    env: Mapping[str, str],
    *,
    settle: float,
    steady: float,
    keys: int,
    servers_cpu: Callable[[], float],
) -> Figures:
    """Start it, wait until it has data, let it settle, watch it work, press keys."""
    with Terminal(subject.command, size=SIZE, env=env) as terminal:
        painted = terminal.watch(lambda t: t.filled() >= FIRST_PAINT)
        first = painted.wait(GIVE_UP)
        ready = _ready(terminal, subject.ready) if subject.ready else None
        time.sleep(settle)
        with terminal.undrawn():
            before, began = terminal.usage(), time.perf_counter()
            written, servers = len(terminal.raw), servers_cpu()
            time.sleep(steady)
            took = time.perf_counter() - began
            after = terminal.usage()
            written, servers = len(terminal.raw) - written, servers_cpu() - servers
        quiet = [latency(terminal, key, picture) for key in _cycle(subject.keys, keys) if calm(terminal)]
        loaded: list[float | None] = []
        if subject.name == CONSOLE:
            loaded = at_any_moment(terminal, subject.keys, keys * 3, focused_frame)
        return Figures(
            first_paint=None if first is None else first - terminal.started,
            ready=None if ready is None else ready - terminal.started,
            cpu_percent=100 * (after.cpu - before.cpu) / took,
            pss_mb=after.pss / 2**20,
            kb_per_second=written / took / 1024,
            key_p50=quantile(quiet, 0.5),
            key_p99=quantile(quiet, 0.99),
            loaded_p50=quantile(loaded, 0.5),
            loaded_p99=quantile(loaded, 0.99),
            servers_percent=100 * servers / took,
        )


def _ready(terminal: Terminal, pattern: str) -> float | None:
    """When the screen came to show real data."""
    absent = pattern.startswith("!")
    expression = re.compile(pattern.removeprefix("!"))
    watch = terminal.watch(
        lambda t: bool(expression.search(t.text)) != absent and t.filled() > FIRST_PAINT * 4
    )
    return watch.wait(GIVE_UP)


def _cycle(keys: Sequence[str], count: int) -> list[str]:
    return [keys[number % len(keys)] for number in range(count)] if keys else []


def calm(terminal: Terminal) -> bool:
    """Wait for a quiet moment; a program that never has one gets its key all the same."""
    terminal.wait_quiet(QUIET, 1.5)
    return terminal.poll() is None


def picture(terminal: Terminal) -> Hashable:
    """Everything on the screen, with its colours."""
    return tuple(tuple(row) for row in terminal.cells())


def focused_frame(terminal: Terminal) -> Hashable:
    """Where the heavy corner of the console's focused pane is."""
    buffer = terminal.screen.buffer
    return tuple((x, y) for y in range(terminal.rows) for x, cell in buffer[y].items() if cell.data == "┏")


def cursor_row(terminal: Terminal) -> Hashable:
    """The backgrounds at the left edge: in a table, where the cursor is."""
    buffer = terminal.screen.buffer
    return tuple(buffer[y][0].bg for y in range(4, terminal.rows - 1))


def latency(terminal: Terminal, key: str, sight: Sight, limit: float = 2.0) -> float | None:
    """Milliseconds from a key to the first output that changes what is seen; None when nothing does."""
    with terminal.held():
        before = sight(terminal)
        watch = terminal.watch(lambda t: sight(t) != before)
        pressed = time.perf_counter()
        terminal.press(key)
    seen = watch.wait(limit)
    terminal.unwatch(watch)
    return None if seen is None else (seen - pressed) * 1000


def at_any_moment(
    terminal: Terminal, keys: Sequence[str], count: int, sight: Sight, longest: float = 0.25
) -> list[float | None]:
    """Latencies of keys pressed without regard to what the program is doing, `longest` seconds apart
    at most.
    """
    chance = random.Random(1)
    found = []
    for key in _cycle(keys, count):
        time.sleep(chance.uniform(0.02, longest))
        found.append(latency(terminal, key, sight))
    return found


def quantile(values: Sequence[float | None], share: float) -> float | None:
    """The value below which this share lies; a key without an answer counts as the slowest."""
    if not values:
        return None
    known: list[Any] = sorted(float("inf") if value is None else value for value in values)
    return float(known[min(len(known) - 1, int(len(known) * share))])
