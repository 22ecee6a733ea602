"""What a source is, and what one poll of it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from console.config import Config
    from console.errors import SourceError
    from console.findings import Finding
    from console.metrics import Sample


class Focus(IntEnum):
    """How closely a source is being looked at; it decides cadence and which questions are asked."""

    HIDDEN = 0
    GLANCE = 1
    FULL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The typed, frozen value of one poll. Subclasses add fields; all text in them is clean.

    `limited` says, one sentence each, what could not be seen and what grant or setting would show it; where
    that is too long for the sentence it stands in `remedies`, by sentence.
    """

    limited: tuple[str, ...] = ()
    remedies: Mapping[str, str] = field(default_factory=dict, hash=False)
    well: tuple[tuple[str, str], ...] = ()
    """What `opsconsole status` lists as being well: a name and a text each."""
    kept: ClassVar[bool] = True
    """Whether it may be kept for stepping back through time (it is pickled); False for live views."""


SnapshotT = TypeVar("SnapshotT", bound=Snapshot)


class Source(Protocol[SnapshotT]):
    """One system that can be asked.

    A new source is one class, registered by the entry point `opsconsole.sources`; what only some are stands
    as protocols in `console/collector.py`. docs/pane.md has the steps.
    """

    kind: str
    """Which pane shows it: one of `ORDER` in `console/discovery.py`, or a third party's own."""
    name: str
    """Shown to people: `orders@db-eu-1`. Of two alike, the discovery gives the second a number."""
    target: str
    """Where it is, for people; never holds a secret."""
    deadline: float
    """Seconds one poll may take."""
    cadence: Mapping[Focus, float]
    """Seconds between polls at each focus."""

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[Source[SnapshotT]]:
        """The sources of this kind to ask, from configuration, environment and the usual places.

        Opens no connection: finding out who answers is part of `poll`, which raises NotFound with
        the way to configure it when nobody does.
        """
        ...

    async def poll(self, focus: Focus) -> SnapshotT:
        """Ask once, (re)connecting where needed. Raises SourceError; leaves no half-open state."""
        ...

    def samples(self, snapshot: SnapshotT) -> Iterable[Sample]:
        """The numbers of a snapshot under their exporter names."""
        ...

    def judge(self, snapshot: SnapshotT) -> Sequence[Finding]:
        """What is wrong in a snapshot, worst first."""
        ...

    async def close(self) -> None:
        """Let go of connections, threads and processes; never hangs, may be called twice."""
        ...


AnySource: TypeAlias = Source[Any]
"""A source of any snapshots."""


class State(StrEnum):
    """What a pane can say of its source."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"
    REFUSED = "refused"
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class Reading(Generic[SnapshotT]):
    """What one poll gave: the snapshot or the error, when, and how long it took (seconds)."""

    source: str
    time: datetime
    monotonic: float
    duration: float
    snapshot: SnapshotT | None = None
    error: SourceError | None = None
    findings: tuple[Finding, ...] = ()
