"""Processes that run beside a measurement and end with it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def running(command: Sequence[str], *, wait: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """A process with an open standard input, ended by closing it or else by its id.

    With `wait` it begins by saying that it is ready, in a line. Raises RuntimeError when it does not.
    """
    output = subprocess.PIPE if wait else subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    assert process.stdin is not None
    try:
        if process.stdout is not None and not process.stdout.readline():
            raise RuntimeError(f"{command[2]} ended before it was ready")
        yield process
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        if not wait:
            process.terminate()  # not all programs mind their input
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        if process.stdout is not None:
            process.stdout.close()


def feeder(*options: str) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """The feeder with these options."""
    return running([sys.executable, "-m", "tests.bench.feeder", *options])


def ready(module: str, *options: str) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """A module of the bench as a program, once it says that it is ready."""
    return running([sys.executable, "-m", module, *options], wait=True)
