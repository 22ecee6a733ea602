"""Findings and limits: which way a limit is crossed, and what is worst."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import (
    ConfigError,
    NotFound,
    OpsError,
    Refused,
    SourceError,
    TimedOut,
    Unreachable,
    UsageError,
)
from console.findings import Finding, Limit, Severity, by_severity, worst

SEVERITIES = st.lists(st.sampled_from(Severity), max_size=8)


@pytest.mark.parametrize(
    ("limit", "value", "severity"),
    [
        (Limit(0.8, 0.9), 0.79, Severity.OK),
        (Limit(0.8, 0.9), 0.8, Severity.WARNING),
        (Limit(0.8, 0.9), 0.9, Severity.CRITICAL),
        (Limit(0.9, 0.7, rising=False), 0.91, Severity.OK),
        (Limit(0.9, 0.7, rising=False), 0.9, Severity.WARNING),
        (Limit(0.9, 0.7, rising=False), 0.7, Severity.CRITICAL),
        (Limit(0.8, 0.9), math.nan, Severity.OK),
        (Limit(0.9, 0.7, rising=False), math.nan, Severity.OK),
        (Limit(math.inf, math.inf), 1e300, Severity.OK),
        (Limit(1, 1), 1, Severity.CRITICAL),
    ],
)
def test_limits(limit: Limit, value: float, severity: Severity) -> None:
    assert limit.judge(value) is severity
    assert limit.crossed(value) == (limit.critical if severity is Severity.CRITICAL else limit.warning)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.floats(0, 10), st.floats(0, 10))
def test_getting_worse_never_looks_better(value: float, warning: float, apart: float, step: float) -> None:
    rising = Limit(warning, warning + apart)
    falling = Limit(warning, warning - apart, rising=False)
    assert rising.judge(value + step) >= rising.judge(value)
    assert falling.judge(value - step) >= falling.judge(value)


@given(SEVERITIES)
def test_the_worst_is_first_and_equals_keep_their_order(severities: list[Severity]) -> None:
    findings = [Finding(severity, str(place), "text") for place, severity in enumerate(severities)]
    ordered = by_severity(findings)
    assert worst(findings) == max(severities, default=Severity.OK)
    assert [f.severity for f in ordered] == sorted(severities, reverse=True)
    for severity in Severity:
        places = [int(f.subject) for f in ordered if f.severity is severity]
        assert places == sorted(places)


def test_the_severities_are_the_exit_codes() -> None:
    assert [int(severity) for severity in Severity] == [0, 1, 2]


@pytest.mark.parametrize(
    "kind", [UsageError, ConfigError, SourceError, NotFound, Refused, Unreachable, TimedOut]
)
def test_errors_say_reason_and_fix_and_nothing_that_controls(kind: type[OpsError]) -> None:
    assert str(kind("no\x1b[2J", "do\r\nthis")) == "no␛[2J: do  this"
    assert str(kind("alone")) == "alone"
    assert len(kind("x" * 1000).reason) == 400
