"""How figures of rules are written, in the unit of the expression and beside their limit; and summaries."""

from __future__ import annotations

import math

from console.alerts.model import RuleStatus
from console.metrics import Labels
from console.units import bytes_, count, duration


def figure(value: float | None, unit: str = "") -> str:
    """A figure in few cells; `-` where none is known."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if unit == "s":
        return span(value)
    if unit == "B":
        return bytes_(value)
    if unit == "B/s":
        return f"{bytes_(value)}/s"
    if unit == "%":
        return f"{_number(value)}%"
    return f"{_number(value)}{unit}"


def span(seconds: float) -> str:
    """A duration without its zero half: `5m`, not `5m00s`."""
    told = duration(seconds)
    for zero in ("00s", "00m", "0h"):
        if told.endswith(zero) and len(told) > len(zero) and not told[-len(zero) - 1].isdigit():
            return told[: -len(zero)]
    return told


def _number(value: float) -> str:
    """Three digits that tell: `0.05`, `1`, `42.5`, `12.3k`; very small ones with their power of ten."""
    size = abs(value)
    if size >= 1000:
        return count(value)
    if size and size < 0.001:
        return f"{value:.1e}"
    return f"{value:.3g}" if size < 100 or value != int(value) else f"{value:.0f}"


def summary_of(annotations: Labels) -> str:
    """An alert's annotations in one line: summary, else description, else message, else title."""
    told = dict(annotations)
    said = next((told[key] for key in ("summary", "description", "message", "title") if told.get(key)), "")
    return " ".join(said.split())


def compared(rule: RuleStatus, value: float | None) -> str:
    """A figure beside the limit: `0.12 > 0.05` where it is past it, `0.81 of 0.9` where it is not.

    Empty where nothing is known; the figure alone where there is no limit.
    """
    if value is None:
        return ""
    told = figure(value, rule.unit)
    if rule.limit is None:
        return told
    limit = figure(rule.limit, rule.unit)
    if beyond(rule, value):
        return f"{told} {rule.operator} {limit}"
    return f"{told} of {limit}" if rule.operator.startswith(">") else f"{told}, limit {limit}"


def nearness(rule: RuleStatus) -> float:
    """How near a rule's figure is to its limit: 1 is at it, 0 far off or not known.

    For a limit that is crossed upwards the share of it, for one crossed downwards what the limit is of the
    figure. Of equality nothing is near.
    """
    value, limit = rule.value, rule.limit
    if value is None or limit is None or not math.isfinite(value) or not math.isfinite(limit):
        return 0.0
    if rule.operator.startswith(">"):
        share = value / limit if limit > 0 else 0.0
    elif rule.operator.startswith("<"):
        share = limit / value if value > 0 else 0.0
    else:
        return 0.0
    return min(1.0, max(0.0, share))


def beyond(rule: RuleStatus, value: float) -> bool:
    """Whether a figure is past the limit; never where there is none."""
    limit = rule.limit
    if limit is None or math.isnan(value):
        return False
    match rule.operator:
        case ">":
            return value > limit
        case ">=":
            return value >= limit
        case "<":
            return value < limit
        case "<=":
            return value <= limit
        case "==":
            return value == limit
        case "!=":
            return value != limit
    return False
