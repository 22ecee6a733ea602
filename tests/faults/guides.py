"""Guides mangled in all ways, for minutes: never an exception, never more than a second for 100 KB.

`python -m tests.faults.guides --seconds 600 --seed 7` goes on longer, and again the same way.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from console.guides.mending import decode
from tests.console.guides.mangling import HOSTILE, LINES, ODD, TEXTS, shuffled, spent
from tests.faults.report import Result, report

SIZE = 100_000
"""Characters of a guide that must be read within `LIMIT`."""
LIMIT = 1.0
"""Seconds of this thread."""
FIVE = 0.5
"""Seconds for the five real guides together."""
REAL = Path(__file__).parents[3] / "shared" / "guides"


def swapped(text: str, chance: random.Random) -> str:
    """A guide with characters taken out, doubled and replaced by others of it."""
    letters = list(text)
    for _ in range(chance.randrange(1, 400)):
        place = chance.randrange(len(letters))
        letters[place] = chance.choice(("", letters[place] * 2, chance.choice(letters), chance.choice(ODD)))
    return "".join(letters)


def lines(chance: random.Random) -> str:
    """Lines of all guides in any order, odd ones among them."""
    picked = chance.choices((*LINES, *ODD), k=chance.randrange(1, 2_000))
    return chance.choice(("\n", "\r\n", "\r", "")).join(picked)


def _read(path: Path) -> str:
    return decode(path.read_bytes()).text


def mangled(texts: list[str], chance: random.Random) -> str:
    """A guide as nobody would write it, at most 100 KB of it."""
    text = chance.choice(texts)
    way = chance.randrange(4)
    if way == 0:
        text = shuffled(text, chance.randrange(1, 40), chance)
    elif way == 1:
        text = swapped(text, chance)
    elif way == 2:
        text = lines(chance)
    else:
        text = HOSTILE[chance.choice(list(HOSTILE))](chance.randrange(1_000, 20_000)) + swapped(text, chance)
    return text[:SIZE]


def results(seconds: float, seed: int) -> Iterator[Result]:
    """The shapes that cost most, the real guides, then random ones until the time is over."""
    texts = list(TEXTS)
    took = {name: min(spent(text(SIZE)) for _ in range(2)) for name, text in HOSTILE.items()}
    worst = max(took, key=took.__getitem__)
    good = sum(one < LIMIT for one in took.values())
    yield Result("hostile shapes of 100 KB in a second", good, len(took), f"{took[worst]:.2f} s: {worst}")
    real = [_read(path) for path in sorted(REAL.glob("*.md"))]
    if real:
        texts += real
        together = min(sum(map(spent, real)) for _ in range(3))
        yield Result(f"{len(real)} real guides in {FIVE} s", together < FIVE, 1, f"{together:.2f} s")
    chance, count, bad, most, end = random.Random(seed), 0, 0, 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        text = mangled(texts, chance)
        count += 1
        try:
            once = spent(decode(text.encode("utf-8", "surrogatepass")).text)
        except Exception as error:  # whatever it is, it is what is looked for
            bad += 1
            print(f"seed {seed}, guide {count}: {error!r}", file=sys.stderr)
            continue
        if once >= LIMIT:
            once = min(once, spent(text))  # others use the machine too
            bad += once >= LIMIT
        most = max(most, once)
    yield Result("mangled guides", count - bad, count, f"at most {most:.2f} s, seed {seed}")


def main() -> int:
    """Print what was seen; 1 when something was not read, or too slowly."""
    options = argparse.ArgumentParser(prog="python -m tests.faults.guides", description=__doc__)
    options.add_argument("--seconds", type=float, default=120.0, help="of random guides")
    options.add_argument("--seed", type=int, default=int(time.time()))
    given = options.parse_args()
    return report(results(given.seconds, given.seed))


if __name__ == "__main__":
    sys.exit(main())
