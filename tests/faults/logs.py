"""F6, F7, F8: a log with endless lines, rotated, copied and truncated, followed as the console does.

`python -m tests.faults.logs` does each in full and prints what was seen; the tests do a part of it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.console.sources.following import Following, following
from tests.console.sources.smooth import watched
from tests.faults.report import Result, report

MB = 1 << 20
GROWTH = 50 * MB
"""Bytes of memory that lines of a megabyte may take."""
GAP = 0.2
"""Seconds the event loop may be away meanwhile."""
WRITERS = 5
"""Programs that write one after the other: each restart opens the log anew."""


async def megabytes(directory: Path, count: int, *, ended: bool, busy: float = 1.0) -> Result:
    """F6: lines of a megabyte, or one line of so many: cut and marked, memory and event loop unharmed.

    `busy`: how many times longer than promised the loop may be away.
    """
    path = directory / "app.log"
    path.touch()
    async with following(path) as logs:
        await logs.poll()
        async with watched() as watch:

            def write() -> None:
                with path.open("ab", buffering=0) as log:
                    for number in range(count):
                        log.write(b"ERROR %03d " % number + b"x" * MB + (b"\n" if ended else b""))

            def finish() -> None:
                with path.open("ab") as log:
                    log.write(b"\nnext\n")

            writing = asyncio.create_task(asyncio.to_thread(write))
            while not writing.done():
                await logs.poll()
            await writing
            if not ended:
                await asyncio.to_thread(finish)
            wanted = count if ended else 2
            await logs.until(lambda _: len(logs.lines) == wanted)
    cut = [text for text in logs.texts if text != "next"]
    good = sum(f"ERROR {n:03} xxx" in text and "cut" in text[-20:] for n, text in enumerate(cut))
    # what the machine itself was away is told, and not counted
    figures = f"memory {watch.grown / MB:+.0f} MB, longest gap {watch.gap * 1000:.0f} ms"
    unharmed = watch.grown <= GROWTH and watch.gap <= GAP * busy and max(map(len, cut)) < 9000
    name = "F6 lines of a megabyte" if ended else "F6 one line of many megabytes"
    return Result(name, good if unharmed else 0, count if ended else 1, figures)


async def rotated(directory: Path, lines: int, rotations: int) -> Result:
    """F7: renamed and created anew while it is written and read; lost 0, doubled 0, in order."""
    logs = await _followed(directory / "app.log", lines, rotations)
    numbers = _numbers(logs)
    lost, doubled = lines - len(set(numbers)), len(numbers) - len(set(numbers))
    good = numbers == list(range(lines)) and not any(line.mark for line in logs.lines)
    return Result(
        "F7 rotated: lines in order", lines if good else 0, lines, f"lost {lost}, doubled {doubled}"
    )


async def copytruncated(directory: Path, lines: int, rotations: int) -> Result:
    """F8: copied and truncated meanwhile; doubled 0, and where lines are missing it is said."""
    logs = await _followed(directory / "app.log", lines, rotations, "--copy")
    numbers = _numbers(logs)
    doubled = len(numbers) - len(set(numbers))
    told = "".join("|" if line.mark else "." for line in logs.lines)
    unsaid = breaks = 0
    expected = 0
    for place, line in enumerate(logs.lines):
        if line.mark:
            continue
        number = int(line.text.split()[1])
        if number != expected:
            breaks += 1
            unsaid += "|" not in told[max(0, place - 1) : place]
        expected = number + 1
    good = lines if doubled == unsaid == 0 and numbers == sorted(numbers) else 0
    figures = f"doubled {doubled}, {breaks} gaps, {unsaid} of them not said, lost {lines - len(numbers)}"
    return Result("F8 copied and truncated: nothing doubled", good, lines, figures)


async def _followed(path: Path, lines: int, rotations: int, *more: str) -> Following:
    """What the log's source gave while writers wrote so many lines and rotated so often."""
    path.touch()  # noqa: ASYNC240 one call
    share, each = lines // WRITERS, lines // rotations
    async with following(path, keep=lines) as logs:
        await logs.poll()
        for first in range(0, lines, share):
            writer = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.faults.log_writer", str(path), "--first", str(first),
                "--lines", str(share), "--each", str(each), *more,
            )  # fmt: skip
            ended = asyncio.create_task(writer.wait())
            while not ended.done():
                await logs.poll()
                await asyncio.sleep(0.05)
            assert await ended == 0
        for _ in range(3):
            await logs.poll()
        return logs


def _numbers(logs: Following) -> list[int]:
    return [int(found[1]) for line in logs.lines if (found := re.match(r"line (\d+) of many$", line.text))]


def faults(directory: Path, scale: float = 1.0) -> Iterator[Result]:
    """All of them; `scale` 1 is the full form."""
    places = (directory / f"{number}" for number in itertools.count())

    def place() -> Path:
        made = next(places)
        made.mkdir()
        return made

    lines, rotations = round(100_000 * scale), max(5, round(50 * scale))
    for ended in (True, False):
        yield asyncio.run(megabytes(place(), max(5, round(100 * scale)), ended=ended))
    yield asyncio.run(rotated(place(), lines, rotations))
    yield asyncio.run(copytruncated(place(), lines, rotations))


def main() -> int:
    """Print what was seen of each; 1 when something is not as promised."""
    options = argparse.ArgumentParser(prog="python -m tests.faults.logs", description=__doc__)
    options.add_argument("--scale", type=float, default=1.0, help="how many of the lines")
    with tempfile.TemporaryDirectory(prefix="ops-faults-") as directory:
        return report(faults(Path(directory), options.parse_args().scale))


if __name__ == "__main__":
    sys.exit(main())
