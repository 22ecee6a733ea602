"""How much time tests give: a guard against what hangs, never a promise.

How fast things are is measured by `make bench` and `make faults`, on a machine that does nothing else.
"""

from __future__ import annotations

BUSY = 5.0
"""How many times slower a machine may be that runs all tests at once, and stands still for moments."""
PATIENCE = 30.0
"""Seconds after which what did not come will not come: many times what it takes even there."""
