"""F11: a terminal that changes its size 2,000 times in ten seconds, from 1x1 to 500x200.

`python -m tests.faults.resize` does it wherever a reader can be; the tests do it in a few places.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from tests.faults.report import Result, report
from tests.pty.consoles import fake_console, settled, steady, to_overview
from tests.pty.terminal import NotSeen, Terminal

STORM, STORM_SECONDS = 2_000, 10.0
WIDEST, HIGHEST = 500, 200
AFTER = 20.0
"""Seconds within which the last frame is the right one."""
PLACES: Mapping[str, tuple[Sequence[str], tuple[int, int]]] = {
    "overview": ((), (160, 50)),
    "zoom": (("2",), (80, 24)),
    "another view": (("3", "right"), (120, 40)),
    "details": (("2", "enter"), (100, 30)),
    "help": (("?",), (120, 40)),
    "findings": (("!",), (120, 40)),
    "filter": (("2", "/", "r", "o", "w"), (100, 30)),
    "command line": ((":", "h", "e"), (100, 30)),
}
"""Where a reader can be: the keys that lead there, and the size it ends with."""


def storm(terminal: Terminal, count: int, seconds: float, seed: int) -> None:
    """Sizes from 1x1 to 500x200 at an even pace; nothing of it is drawn here, which would slow it."""
    chance = random.Random(seed)
    start = time.monotonic()
    for number in range(count):
        if number % 7 == 0:
            size = chance.choice([(1, 1), (WIDEST, HIGHEST), (1, HIGHEST), (WIDEST, 1), (2, 2), (80, 24)])
        else:
            size = chance.randint(1, WIDEST), chance.randint(1, HIGHEST)
        terminal.resize(*size)
        time.sleep(max(0.0, start + (number + 1) * seconds / count - time.monotonic()))


def walk(terminal: Terminal, keys: Sequence[str]) -> None:
    """Go there, with a calm moment after each key."""
    terminal.wait_for("40 rows")
    for key in keys:
        terminal.press(key)
        terminal.wait_quiet(0.2)


def fresh(size: tuple[int, int], *keys: str) -> str:
    """The screen of a console that was never resized."""
    with fake_console(size=size) as terminal:
        walk(terminal, keys)
        return settled(terminal)


def stormed(place: str, count: int, seed: int, busy: float = 1.0) -> Result:
    """A storm of so many sizes; it lives, its last frame is the one of a fresh start, and it ends well."""
    keys, size = PLACES[place]
    expected = fresh(size, *keys)
    name = f"F11 {count} sizes, {place}"
    with fake_console(size=(120, 40)) as terminal:
        walk(terminal, keys)
        with terminal.undrawn():
            storm(terminal, count, STORM_SECONDS * count / STORM, seed)
            if terminal.poll() is not None:
                return Result(name, 0, 1, f"it ended with {terminal.poll()}")
            terminal.resize(*size, blank=True)
            terminal.wait_quiet(0.5, 30.0)
        began = time.monotonic()
        try:
            # what was on its way for other sizes comes first
            terminal.wait_for(lambda t: steady(t.text) == expected, AFTER * busy)
            took = time.monotonic() - began
            if b"Traceback" in terminal.raw:
                return Result(name, 0, 1, "a traceback was drawn")
            to_overview(terminal)
            terminal.press("q")
            code = terminal.wait(5.0 * busy)
        except AssertionError as error:
            what = "its last frame is another one" if isinstance(error, NotSeen) else "no way back"
            return Result(name, 0, 1, f"{what}:\n{terminal.text}\nexpected:\n{expected}")
    return Result(name, int(code == 0), 1, f"whole again after {took:.1f} s")


def faults(scale: float, seed: int) -> Iterator[Result]:
    """A storm at every place; `scale` 1 is the full form."""
    for number, place in enumerate(PLACES):
        yield stormed(place, round(STORM * scale), seed + number)


def main() -> int:
    """Print what was seen of each; 1 when something is not as promised."""
    options = argparse.ArgumentParser(prog="python -m tests.faults.resize", description=__doc__)
    options.add_argument("--scale", type=float, default=1.0, help="how many of the sizes")
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    given = options.parse_args()
    print(f"seed {given.seed}")
    return report(faults(given.scale, given.seed))


if __name__ == "__main__":
    sys.exit(main())
