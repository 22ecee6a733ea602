"""What a probe is, and what asking it once gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from console.findings import Severity
from console.metrics import Labels, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What asking once showed; all text is clean and holds no secret.

    `samples` carry the exporter's names; `probe_success` and `probe_duration_seconds` are added by
    the source for every probe.
    """

    severity: Severity
    text: str
    """One line: what was found, with its value and its limit (`500 in 0.1 s, wanted 200`)."""
    fix: str = ""
    samples: tuple[Sample, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    """What else is known, a name and a value each, for whoever looks closer."""


class Probe(Protocol):
    """One thing that is asked on its interval. A failure to ask is an Outcome too, never an exception."""

    kind: str
    """http, tcp, tls, dns, backup, ...: the table of the configuration it comes from."""
    name: str
    """Unique within the kind; shown to people."""
    target: str
    """What is asked, for people; never holds a secret."""
    labels: Labels
    """Of every sample of this probe: `instance` (the target) and `job` (the name)."""
    interval: float
    """Seconds between two times of asking."""
    timeout: float
    """Seconds one may take; the source ends it then."""

    async def ask(self, now: datetime) -> Outcome:
        """Ask once. Anything that blocks goes to a thread; nothing is left open."""
        ...


@runtime_checkable
class Closing(Protocol):
    """A probe that goes on with something between two times of asking, such as a backup being read."""

    def close(self) -> None:
        """Let go of it; never waits."""
        ...
