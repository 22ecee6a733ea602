"""Makes the small steady loads, in a process of its own: `python -m tests.bench.feeder [options]`.

Redis operations and log lines at a given rate; it ends when its standard input is closed, so that
nothing is left when whoever started it is killed.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import select
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

TICKS = 20
"""Bursts a second the rates are spread over."""
FRESH, PREPARED = 2000, 20_000
"""Lines a second that are made anew, and lines made beforehand for higher rates."""
ROUTES = ("/cart", "/checkout", "/login", "/search?q=lamp", "/api/v1/orders", "/health")


def log_line(number: int, chance: random.Random) -> bytes:
    """A line as a web service logs it: about 110 bytes, one in a hundred an error."""
    roll = chance.random()
    level = "ERROR" if roll < 0.01 else "WARN" if roll < 0.04 else "INFO"
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23]
    what = "upstream timeout" if level == "ERROR" else "handled"
    route = chance.choice(ROUTES)
    return (
        f"{stamp}Z {level} api[{number % 8}] id={number:08x} {what} method=GET path={route} "
        f"status=200 ms={chance.randint(1, 400)}\n"
    ).encode()


class Redis:
    """Reads and writes a few thousand keys, three reads to one write, some of them missing."""

    def __init__(self, path: str, chance: random.Random) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._socket.settimeout(5.0)
        self._chance = chance
        self.ask(2000, writes=1.0)  # most keys are there when the reading begins

    def ask(self, count: int, writes: float = 0.25) -> None:
        """This many operations, sent together, a share of them writes."""
        commands = []
        for _ in range(count):
            key = f"session:{self._chance.randint(1, 1500)}"
            if self._chance.random() < writes:
                commands.append(f"SETEX {key} 600 {'v' * 60}\r\n")
            else:
                commands.append(f"GET {key}\r\n")
        self._socket.sendall("".join(commands).encode())
        with contextlib.suppress(TimeoutError):
            self._socket.recv(1 << 16)


def feed(log: BinaryIO | None, lines: float, redis: Redis | None, operations: float, seconds: float) -> int:
    """Feed until standard input ends or `seconds` (0: no limit) are over; the lines written."""
    chance = random.Random(7)
    # making lines would cost more than writing them: beyond this rate the same ones come again
    prepared = [log_line(n, chance) for n in range(PREPARED)] if lines > FRESH else []
    start, number, asked = time.monotonic(), 0, 0
    while True:
        now = time.monotonic() - start
        if seconds and now >= seconds:
            return number
        due = int(now * lines)
        if log is not None and due > number:
            if prepared:
                log.write(b"".join(prepared[n % len(prepared)] for n in range(number, due)))
            else:
                log.write(b"".join(log_line(n, chance) for n in range(number, due)))
            number = due
        due = int(now * operations)
        if redis is not None and due > asked:
            redis.ask(due - asked)
            asked = due
        wait = 1 / TICKS - (time.monotonic() - start) % (1 / TICKS)
        if select.select([sys.stdin], [], [], wait)[0]:
            return number


def main() -> int:
    """Parse the options and feed."""
    options = argparse.ArgumentParser()
    options.add_argument("--log", type=Path)
    options.add_argument("--lines", type=float, default=0.0, help="a second")
    options.add_argument("--redis", default="", help="the server's socket")
    options.add_argument("--operations", type=float, default=0.0, help="a second")
    options.add_argument("--seconds", type=float, default=0.0)
    given = options.parse_args()
    redis = Redis(given.redis, random.Random(3)) if given.redis else None
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(given.log.open("ab", buffering=0)) if given.log else None
        print(feed(log, given.lines, redis, given.operations, given.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
