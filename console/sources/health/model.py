"""What is known of every probe: its newest outcome, since when, and how it went lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.findings import Severity
from console.metrics import Labels
from console.sources.base import Snapshot
from console.sources.health.probe import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeStatus:
    """One probe as it stands; times called `at` are monotonic seconds."""

    kind: str
    name: str
    target: str
    labels: Labels
    interval: float
    """Seconds between two times of asking."""
    timeout: float
    """Seconds one may take."""
    outcome: Outcome | None = None
    """The newest; its samples are left out, they are in the history. None: never asked to the end."""
    asked: datetime | None = None
    """When the newest was asked for, for people."""
    asked_at: float | None = None
    took: float = 0.0
    """Seconds the newest took."""
    since: datetime | None = None
    """When it was first seen as it is now: well, warning or critical."""
    since_at: float | None = None
    found_so: bool = False
    """Whether it was so when first asked: it may have been for longer than anybody watched."""
    waiting_at: float | None = None
    """When an answer was asked for that is not there yet."""
    recent: tuple[tuple[Severity, float], ...] = ()
    """The last outcomes and what they took, oldest first."""
    p50: float | None = None
    """Median of the seconds that those of the last hundred took which did not fail; None where all did."""
    p95: float | None = None
    """What nineteen in twenty of these took at most."""
    asked_times: int = 0
    """Times asked to the end."""
    failed_times: int = 0
    """Of these, those that were critical."""

    @property
    def severity(self) -> Severity:
        """How it stands; OK before the first outcome, of which `text` says that nothing is known."""
        return self.outcome.severity if self.outcome else Severity.OK

    @property
    def text(self) -> str:
        """What was found, in a line."""
        return self.outcome.text if self.outcome else "not asked yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSnapshot(Snapshot):
    """Every probe as it stands, in the order of the configuration."""

    time: float
    """Monotonic seconds of this look."""
    probes: tuple[ProbeStatus, ...] = ()
