"""Time, passed in wherever a rule or a rate depends on it, so that tests can hold it still."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the core needs to know of time."""

    def now(self) -> datetime:
        """The wall clock, timezone-aware (UTC): for people and for records, never for durations."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never steps: for durations, rates and deadlines."""
        ...


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary point, unaffected by clock changes."""
        return time.monotonic()
