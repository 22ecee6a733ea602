"""What one poll of the logs gives: numbers, origins, and the buffer the lines are read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from console.logs.buffer import Buffer
from console.logs.levels import Level
from console.logs.origin import OriginState
from console.logs.tally import NO_COUNTS, Counts
from console.sources.base import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSnapshot(Snapshot):
    """The logs as of one poll.

    `buffer` is shared and goes on growing: a pane that draws this moment reads it up to `newest`.
    """

    kept: ClassVar[bool] = False

    buffer: Buffer = field(repr=False, compare=False)
    newest: int = 0
    """Sequence of the newest line then; 0 before the first."""
    taken: int = 0
    """Lines that came in the interval before this poll; not those found at the start."""
    rate: float = 0.0
    """Lines per second over that interval; not-a-number at the first poll, before which there is none."""
    whole: bool = True
    """Whether all of the last minute was watched; just after the start its counts are at least so many."""
    minute: Counts = NO_COUNTS
    """Messages by Level in the last minute; lines that continue a message are not counted."""
    hour: tuple[tuple[float, Counts], ...] = ()
    """Messages by Level in steps of ten seconds over the last hour: start (monotonic seconds), counts.

    Steps without messages are left out.
    """
    origins: tuple[OriginState, ...] = ()
    """Every file, container and journal unit lines came from or may come from."""
    skipped: int = 0
    """Lines left out since the start because they came faster than they could be read."""
    behind: bool = False
    """Whether more was waiting than one poll could read."""
    missing: tuple[str, ...] = ()
    """Configured patterns that name no file."""
    wide: tuple[str, ...] = ()
    """Configured patterns that go through too many directories: some of their files may not be followed."""
    notes: tuple[str, ...] = ()
    """What is not there and need not be, one sentence each: no journal on this host."""

    @property
    def errors(self) -> int:
        """Messages of level error or worse in the last minute."""
        return self.minute[Level.ERROR] + self.minute[Level.FATAL]

    @property
    def warnings(self) -> int:
        """Messages of level warn in the last minute."""
        return self.minute[Level.WARN]
