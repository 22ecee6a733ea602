"""From what was measured to an outcome: the worst of several judgements, and samples under known names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from console.errors import UsageError
from console.findings import Limit, Severity
from console.metrics import Labels, Sample
from console.secrets import redact, redact_url
from console.sources.health.certificates import Certificate, days_left
from console.sources.health.patterns import Pattern
from console.sources.health.probe import Outcome
from console.text import clean
from console.units import duration

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL

MARGIN = 0.96
"""Share of its timeout after which a probe gives up itself, since it knows what it was waiting for."""

Judgement = tuple[Severity, str, str]
"""How bad, in what words, and what mends it."""


def shown(address: str) -> str:
    """A URL or address for people: clean, without its password."""
    return clean(redact_url(address), 300)


def excerpt(text: str, most: int = 60) -> str:
    """The beginning of what came back, without what is secret."""
    return clean(redact(" ".join(text[: 4 * most].split())), most)


def regex(pattern: str, key: str) -> Pattern | None:
    """A pattern of the configuration; None for an empty one. Raises UsageError for one that is wrong."""
    return Pattern(pattern, key) if pattern else None


def slow(seconds: float, pair: tuple[float, float]) -> Judgement:
    """Time taken against its limits."""
    latency = Limit.of(*pair)
    text = f"{duration(seconds)}, wanted below {duration(latency.crossed(seconds))}"
    return latency.judge(seconds), text, "see which phase takes it, in the details"


def with_worst(
    judged: Iterable[Judgement],
    well: str,
    samples: Sequence[Sample] = (),
    details: Sequence[tuple[str, str]] = (),
) -> Outcome:
    """The outcome of several judgements: the worst speaks, the others that are not well follow it."""
    wrong = sorted((one for one in judged if one[0]), key=lambda one: -one[0])
    if not wrong:
        return Outcome(severity=OK, text=well, samples=tuple(samples), details=tuple(details))
    more = [("also", text) for _, text, _ in wrong[1:]]
    severity, text, fix = wrong[0]
    return Outcome(severity=severity, text=text, fix=fix, samples=tuple(samples), details=(*more, *details))


def phase_samples(seconds: Mapping[str, float], own: Labels) -> list[Sample]:
    """Phases as `probe_http_duration_seconds{phase=...}`."""
    return [
        Sample("probe_http_duration_seconds", value, tuple(sorted((*own, ("phase", phase)))))
        for phase, value in seconds.items()
    ]


def expiry_sample(chain: Sequence[Certificate], own: Labels) -> list[Sample]:
    """When the first of a chain ends, in Unix seconds."""
    if not chain:
        return []
    return [Sample("probe_ssl_earliest_cert_expiry", min(one.ends.timestamp() for one in chain), own)]


def expiry(chain: Sequence[Certificate], now: datetime, days: tuple[float, float] | None = None) -> Judgement:
    """The first end of a chain against its limits.

    Without limits 21 and 7 days, and less for certificates of a short life: a quarter and a twelfth
    of it, by which time they should have been renewed.
    """
    if not chain:
        return OK, "", ""
    first = min(chain, key=lambda one: one.ends)
    left = first.days(now)
    life = (first.ends - first.begins).total_seconds() / 86_400
    warning, critical = days or (min(21.0, life / 4), min(7.0, life / 12))
    severity = CRITICAL if left <= critical else WARNING if left <= warning else OK
    whose = "certificate" if first is chain[0] else f"issuer {first.subject}"
    if left <= 0:
        return CRITICAL, f"{whose} ended {days_left(left)}", "renew it, and reload the server"
    wanted = f"wanted above {(critical if severity is CRITICAL else warning):.3g}"
    return severity, f"{whose}: {days_left(left)}, {wanted}", "renew it, and reload the server"


_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\[\"([^\"]+)\"\]")


def json_steps(path: str) -> list[str | int]:
    """The steps of `checks[0].up`; a key with dots stands in brackets and quotes. Raises UsageError."""
    steps: list[str | int] = []
    at = 0
    path = path.removeprefix("$")
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise UsageError(f"{clean(path, 80)} is no path into JSON", "write it as checks[0].up")
        steps.append(int(found[2]) if found[2] else found[1] or found[3])
        at = found.end()
    return steps


def json_at(document: Any, steps: Sequence[str | int]) -> str | None:
    """The value at a path as text (`true`, `null`, `1.5`, a string as it is); None when it is not there."""
    for step in steps:
        if isinstance(document, dict) and str(step) in document:
            document = document[str(step)]
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            return None
    return document if isinstance(document, str) else json.dumps(document)
