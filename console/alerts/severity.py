"""What the label `severity` means, whose words every team chooses for itself."""

from __future__ import annotations

from collections.abc import Sequence

from console.findings import Severity

_CRITICAL = frozenset(
    ("critical", "crit", "page", "emergency", "fatal", "disaster", "error", "high", "p1", "sev1")
)
_NONE = frozenset(("info", "none", "ok", "informational", "notice", "debug", "low"))


def severity_of(labels: Sequence[tuple[str, str]]) -> Severity:
    """How bad an alert is by its `severity` label; warning without one."""
    word = dict(labels).get("severity", "").strip().lower()
    return Severity.CRITICAL if word in _CRITICAL else Severity.OK if word in _NONE else Severity.WARNING
