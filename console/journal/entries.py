"""What the journal holds: entries, each of a kind, each bound to the one before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""What a body may hold: whatever JSON can say."""


class Kind(StrEnum):
    """What an entry tells, and what its body has to hold for the questions asked of the journal.

    Bodies may hold more. `digest` is the step's own (the same in every run of the same text), `attempt`
    counts from 1, `status` is `ok`, `failed`, `cancelled` or `unknown`, `seconds` a duration.
    """

    OPENED = "opened"
    """A run begins. Body: `guide`, `procedure`, `title`, `target`."""
    STARTED = "started"
    """A step is about to be carried out: written before its process exists. Body: `attempt`, `digest`,
    `title`, `command`, `target`, `risk`."""
    SPAWNED = "spawned"
    """Its supervisor runs. Body: `attempt`, `pid`, `pid_start` (clock ticks since boot, field 22 of
    `/proc/PID/stat`)."""
    ENDED = "ended"
    """A started step has ended, once for each start. Body: `attempt`, `digest`, `status`, `exit`,
    `seconds`."""
    TICKED = "ticked"
    """A manual item is confirmed. Body: `title`, `value`, `note`, `evidence`."""
    UNTICKED = "unticked"
    """It is not true any more. Body: `title`, `why`."""
    SKIPPED = "skipped"
    """A step is left out. Body: `title`, `reason`."""
    NOTED = "noted"
    """Somebody wrote something down. Body: `text`."""
    CLOSED = "closed"
    """A run ends. Body: `procedure`, `status`."""
    FIRING = "firing"
    """An alert began to fire. The run is the alert's own name, `alert-` and twelve digits. Body: `title`,
    `value`, `labels`, `target` (where its rule stands), `fired`."""
    RESOLVED = "resolved"
    """It does not fire any more. Body: `title`, `seconds` it did, `target`."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody knows of an alert. Body: `title`, `note`."""
    SILENCED = "silenced"
    """Alerts are silent for a while. Body: `title`, `silence` (its id), `matchers`, `until`, `reason`."""
    EXPIRED = "expired"
    """That is taken back. Body: `title`, and `silence` where it was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record. `previous` and `hash` are SHA-256 in hexadecimal; `run` and `step` may be empty."""

    seq: int
    time: datetime
    kind: str
    actor: str
    host: str
    run: str
    step: str
    body: Mapping[str, JSON] = field(hash=False)
    previous: str
    hash: str

    def text(self, key: str) -> str:
        """A value of the body that is text; empty when there is none."""
        value = self.body.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> float | None:
        """A value of the body that is a number."""
        value = self.body.get(key)
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A step that was started and has no end, and the process that carries it out as far as known.

    `pid_start` tells that process from a later one with its number.
    """

    entry: Entry
    attempt: int
    pid: int | None = None
    pid_start: int | None = None
