"""What a probe has seen, point by point, made into the one sentence of its outcome."""

from __future__ import annotations

from collections.abc import Sequence

from console.findings import Severity
from console.metrics import Sample
from console.sources.health.probe import Outcome
from console.text import clean

SAID = 3
"""Points that are told in the sentence; the others are counted."""


class Points:
    """Collects points; the worst come first, and what is well is told only where nothing is wrong."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.details: list[tuple[str, str]] = []
        self._points: list[tuple[Severity, str, str]] = []

    def say(self, severity: Severity, text: str, fix: str = "") -> None:
        """One point: how bad, what, and what mends it."""
        self._points.append((severity, text, fix))

    def detail(self, name: str, value: str) -> None:
        """Something else that is known."""
        self.details.append((name, clean(value, 400)))

    @property
    def severity(self) -> Severity:
        """Of the worst point so far."""
        return max((point[0] for point in self._points), default=Severity.OK)

    def outcome(self) -> Outcome:
        """All of it; its fix is that of the worst point that has one."""
        points = sorted(self._points, key=lambda point: -point[0])
        if self.severity is not Severity.OK:
            points = [point for point in points if point[0] is not Severity.OK]
        told = "; ".join(text for _, text, _ in points[:SAID])
        if len(points) > SAID:
            told += f"; and {len(points) - SAID} more"
        fix = next((fix for _, _, fix in points if fix), "")
        return Outcome(
            severity=self.severity,
            text=clean(told, 400),
            fix=clean(fix, 300),
            samples=tuple(self.samples),
            details=tuple(self.details),
        )


def failed(text: str, fix: str = "", details: Sequence[tuple[str, str]] = ()) -> Outcome:
    """The outcome of a probe that could not ask: critical, since nothing is known to be well."""
    return Outcome(
        severity=Severity.CRITICAL, text=clean(text, 400), fix=clean(fix, 300), details=tuple(details)
    )
