"""Asking one probe once, as its source does."""

from __future__ import annotations

from datetime import UTC, datetime

from console.clock import SystemClock
from console.sources.health.probe import Outcome, Probe
from console.sources.health.watch import Watch


async def ask(probe: Probe) -> Outcome:
    """One outcome, within the probe's timeout."""
    return await Watch(probe, SystemClock()).ask()


def figures(outcome: Outcome, **where: str) -> dict[str, float]:
    """The samples by name, of those with these labels."""
    return {one.name: one.value for one in outcome.samples if set(where.items()) <= set(one.labels)}


def told(outcome: Outcome) -> dict[str, str]:
    """The details by name."""
    return dict(outcome.details)


def today() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
