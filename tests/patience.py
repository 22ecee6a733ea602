"""How much time tests give: a guard against what hangs, never a promise.

How fast things are is measured by `make bench` and `make faults`, on a machine that does nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

BUSY = 5.0
"""How many times slower a machine may be that runs all tests at once, and stands still for moments."""
PATIENCE = 30.0
"""Seconds after which what did not come will not come: many times what it takes even there."""


async def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for a state, without holding the event loop up; TimeoutError where it does not come."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 any state, of files and other processes too
            await asyncio.sleep(0.01)
