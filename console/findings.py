"""Findings: what is wrong, how badly, of what, and what to do. Panes, titles and `status` read these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How wrong; the numbers are the exit codes of `opsconsole status`."""

    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    `subject` is what it is about (a container, a mount, a session), `text` says what is wrong with
    the value and its limit in about forty cells, or ninety where it quotes what the system says, `hint`
    what usually mends it. `figure` names what of the subject it judges for those who draw that too,
    whatever the words are; empty when nothing drawn shows it.
    """

    severity: Severity
    subject: str
    text: str
    hint: str = ""
    figure: str = ""


def worst(findings: Iterable[Finding]) -> Severity:
    """The highest severity among the findings; OK when there are none."""
    return max((finding.severity for finding in findings), default=Severity.OK)


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, worst first, otherwise in the order given."""
    return sorted(findings, key=lambda finding: -finding.severity)


@dataclass(frozen=True, slots=True)
class Limit:
    """Two thresholds of one figure; `rising` limits are crossed upwards, others downwards."""

    warning: float
    critical: float
    rising: bool = True

    @classmethod
    def of(cls, warning: float, critical: float) -> Limit:
        """The limit of a pair as it is configured; it falls when the critical value is the lower one."""
        return cls(warning, critical, rising=critical >= warning)

    def judge(self, value: float) -> Severity:
        """The severity of a value; not-a-number is OK, because nothing is known of it."""
        if self.rising:
            if value >= self.critical:
                return Severity.CRITICAL
            return Severity.WARNING if value >= self.warning else Severity.OK
        if value <= self.critical:
            return Severity.CRITICAL
        return Severity.WARNING if value <= self.warning else Severity.OK

    def crossed(self, value: float) -> float:
        """The threshold a value is past: the critical one, or else that of warnings, crossed or not."""
        return self.critical if self.judge(value) is Severity.CRITICAL else self.warning
