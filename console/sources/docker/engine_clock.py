"""The engine's time, going on steadily whatever is done to its clock or to ours.

Ages and windows ("3 restarts in 10m") are counted by it: a clock set on by an hour must not make what
happened a minute ago look an hour old, nor one set back hide what happens now.
"""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta

STEP = 2.0
"""Seconds by which a clock must be off at once to have been set."""
LATE = 30.0
"""Seconds an event may come after it happened; further off it bears the time of a clock set meanwhile."""


class EngineClock:
    """Seconds since the epoch as the engine's clock had them when it was first asked, and on from there."""

    def __init__(self) -> None:
        self._begun: tuple[float, float] | None = None
        """The engine's time and ours (monotonic) when it was asked first."""
        self._shift = 0.0
        """What to add to a time the engine tells now."""
        self._since = math.inf
        """When its clock was last set, by this one."""
        self._apart = 0.0
        """Our wall clock minus our monotonic one, when the engine was asked last."""

    @property
    def doubtful(self) -> bool:
        """Whether our own clock was set since the engine was asked: its may be the same one."""
        return abs(time.time() - time.monotonic() - self._apart) > STEP

    def learn(self, theirs: datetime | None) -> None:
        """Take what the engine's clock says now; ours stands in for one that is not told."""
        self._apart = time.time() - time.monotonic()
        told = time.time() if theirs is None else theirs.timestamp()
        if self._begun is None:
            self._begun = (told, time.monotonic())
        elif abs(self.now - told - self._shift) > STEP:
            self._shift, self._since = self.now - told, self.now

    @property
    def now(self) -> float:
        """The time now, by this clock."""
        if self._begun is None:
            return time.time()
        return self._begun[0] + time.monotonic() - self._begun[1]

    @property
    def theirs(self) -> float:
        """The time now, as the engine's clock says it."""
        return self.now - self._shift

    @property
    def date(self) -> datetime:
        """The time now, by this clock."""
        return datetime.fromtimestamp(self.now, UTC)

    def placed(self, told: float) -> float:
        """A time the engine tells, by this clock: of before or of after its own was set."""
        moved = told + self._shift
        return moved if self._since - STEP <= moved <= self.now + STEP else told

    def placed_date(self, told: datetime) -> datetime:
        """The same of a date."""
        return told + timedelta(seconds=self.placed(told.timestamp()) - told.timestamp())

    def placed_now(self, told: float) -> float:
        """The same of something that is told as it happens."""
        placed, now = self.placed(told), self.now
        return placed if abs(placed - now) <= LATE else now
