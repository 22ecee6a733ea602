"""Small programs that a step's supervisor runs where no command would do: SQL, Redis, acts of panes.

Each reads what to do as JSON from its standard input, prints what came of it, and exits 0 or 1.
They are processes like any other step's, so that cancelling, losing the console and the record of how
it went are the same for all kinds.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from console.errors import OpsError

ROOT = str(Path(__file__).resolve().parents[3])
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from {0} import main; sys.exit(main())"
INTERRUPTED = 130


def command_line(module: str) -> tuple[str, ...]:
    """The words that start one of these programs."""
    return sys.executable, "-I", "-c", _BOOT.format(module), ROOT


def carry_out(work: Callable[[Any], Awaitable[int]]) -> int:
    """Read the task, do the work, give the exit code; INT and TERM cancel it, a failure is one sentence."""
    task = json.load(sys.stdin)
    sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]  # a text file
    try:
        return asyncio.run(_until_told(work(task)))
    except OpsError as error:
        print(f"ERROR: {error}")
        return 1
    except asyncio.CancelledError:
        print("cancelled")
        return INTERRUPTED


async def _until_told(work: Awaitable[int]) -> int:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    return await task
