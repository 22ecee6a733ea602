"""Writes numbered lines into a log and rotates it: `python -m tests.faults.log_writer PATH [options]`.

With `--copy` it is copied and truncated, as logrotate's copytruncate does, else renamed and created.
Only some archives are kept, so that the numbers of removed files come again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from pathlib import Path

KEPT = 3
"""Archives kept."""
BURST = 50
"""Lines written in one go, the last of them often in two."""


def archive(path: Path, *, copy: bool) -> None:
    """Move the archives on and put the log in the first place."""
    Path(f"{path}.{KEPT}").unlink(missing_ok=True)
    for number in range(KEPT - 1, 0, -1):
        older = Path(f"{path}.{number}")
        if older.exists():
            older.rename(f"{path}.{number + 1}")
    if copy:
        shutil.copyfile(path, f"{path}.1")
        os.truncate(path, 0)
    else:
        path.rename(f"{path}.1")


def write(path: Path, first: int, lines: int, rate: float, each: int, copy: bool) -> None:
    """Lines `first` and following at `rate` a second, rotated after `each`."""
    started = time.monotonic()
    log = path.open("ab", buffering=0)
    for number in range(first, first + lines, BURST):
        block = b"".join(b"line %d of many\n" % n for n in range(number, min(number + BURST, first + lines)))
        cut = len(block) - number % 17
        log.write(block[:cut])
        log.write(block[cut:])
        if (number + BURST) % each < BURST:
            archive(path, copy=copy)
            if not copy:
                log.close()
                log = path.open("ab", buffering=0)
        time.sleep(max(0.0, started + (number - first) / rate - time.monotonic()))
    log.close()


def main() -> int:
    """Parse the options and write."""
    options = argparse.ArgumentParser()
    options.add_argument("path", type=Path)
    options.add_argument("--first", type=int, default=0, help="number of the first line")
    options.add_argument("--lines", type=int, required=True)
    options.add_argument("--rate", type=float, default=10_000.0, help="lines a second")
    options.add_argument("--each", type=int, default=2000, help="lines between two rotations")
    options.add_argument("--copy", action="store_true")
    given = options.parse_args()
    write(given.path, given.first, given.lines, given.rate, given.each, given.copy)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
