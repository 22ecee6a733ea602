"""`python -m tests.faults.pour RATE SECONDS`: prints lines of a log, so many a second."""

from __future__ import annotations

import sys
import time

EVERY = 0.01
"""Seconds from one batch of lines to the next."""


def main() -> None:
    """Write the lines; each has its number."""
    rate, seconds = int(sys.argv[1]), float(sys.argv[2])
    began = time.monotonic()
    number = 0
    while number < rate * seconds:
        due = min(round(rate * seconds), int((time.monotonic() - began + EVERY) * rate))
        lines = [
            f"{one:08d} GET /orders/{one * 7} 200 \033[32mok\033[0m in {one % 90} ms"
            for one in range(number + 1, due + 1)
        ]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
        number = due
        time.sleep(EVERY)


if __name__ == "__main__":
    main()
