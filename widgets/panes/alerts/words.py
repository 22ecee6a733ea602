"""States, figures and trends of alerts as spans: each told by a mark and a word as well as by its role."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from console.alerts.model import AlertState, RuleStatus
from console.alerts.words import beyond, compared, figure, span
from console.findings import Severity
from console.history import Point
from console.text import clean
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Span, bar_char, meter
from widgets.pane import Context
from widgets.panes.alerts.rows import AlertRow

SEVERITY_WORD = {Severity.OK: "info", Severity.WARNING: "warning", Severity.CRITICAL: "critical"}
ACKNOWLEDGED, SILENCED, FLAPS, BLIND = "✓", "⊘", "≈", "?"
"""Marks of what is handled, of what comes and goes, and of rules without data."""
TREND = 120.0
"""Seconds of a trend."""
PROGRESS = 6
"""Cells of the progress towards a rule's `for`."""


def lead(row: AlertRow) -> Span:
    """The mark of a row: its severity, or how it is handled."""
    if row.alert.silence is not None or row.alert.inhibited:
        return (f"{SILENCED} ", "dim")
    if row.alert.acknowledged:
        return (f"{ACKNOWLEDGED} ", "label")
    return (f"{SEVERITY_MARK[row.severity]} ", SEVERITY_ROLE[row.severity])


def role_of(row: AlertRow) -> str:
    """The role of what is said of an alert."""
    return "dim" if row.handled else SEVERITY_ROLE[row.severity]


def severity_word(row: AlertRow) -> Span:
    """Its severity, whatever becomes of it."""
    return SEVERITY_WORD[row.alert.severity], role_of(row)


def standing(row: AlertRow) -> str:
    """Since when: `firing 12m`, `pending 40s of 5m`."""
    alert, hold = row.alert, row.rule.hold
    if alert.state is AlertState.PENDING:
        told = f"pending {span(row.for_)}" if math.isfinite(row.for_) else "pending"
        return f"{told} of {span(hold)}" if hold else told
    return f"firing {span(row.fires_for)}" if math.isfinite(row.fires_for) else "firing"


def standing_span(row: AlertRow) -> Span:
    """The same in its role."""
    return standing(row), role_of(row)


def standing_spans(row: AlertRow, progress: int = PROGRESS) -> Sequence[Span]:
    """The same, with the progress of a pending one towards its `for`, in so many cells or three at least."""
    told = standing_span(row)
    waits = row.alert.state is AlertState.PENDING and row.rule.hold and math.isfinite(row.for_)
    if not waits or progress < PROGRESS // 2:
        return (told,)
    share = min(1.0, row.for_ / row.rule.hold)
    return (told, (" ", "text"), *meter(share, progress, role=role_of(row) if share >= 1 else ""))


def handling(row: AlertRow) -> str:
    """What was said of it, in words with their marks; empty when nothing was."""
    alert = row.alert
    told: list[str] = []
    if alert.silence is not None:
        left = (alert.silence.until - row.time).total_seconds()
        told.append(f"{SILENCED} silenced {span(max(0.0, left))}")
    if alert.inhibited:
        told.append(f"{SILENCED} {clean(alert.inhibited, 120)}")
    if alert.acknowledged:
        told.append(f"{ACKNOWLEDGED} {clean(alert.acknowledged, 200)}")
    if alert.flapping:
        told.append(f"{FLAPS} flapping {alert.changes}x/h")
    return "  ".join(told)


def handling_span(row: AlertRow) -> Span:
    """The same; what flaps is a warning, what is handled is calm."""
    return handling(row), "warn" if row.alert.flapping and not row.handled else "dim"


def value_span(row: AlertRow) -> Span:
    """The value beside its limit."""
    return compared(row.rule, row.value) or figure(row.value, row.rule.unit), role_of(row)


HELD = 16.0
"""Seconds a figure stands for at most; a longer pause is a gap."""


def trend(rule: RuleStatus, points: Sequence[Point], context: Context, cells: int, role: str) -> list[Span]:
    """The last two minutes as bars; the faint bar behind them is the limit's height.

    Bars up to `▄` are below a limit that is crossed upwards, higher ones past it; of a limit that is crossed
    downwards those up to `▂` are past it. So the shape tells it, and not the colour alone.
    """
    bars = max(1, cells - 2)
    values = context.buckets(held(points, context.now), bars, TREND)
    if not any(map(math.isfinite, values)):
        return []
    high = max(value for value in values if math.isfinite(value))
    low = min(0.0, *(value for value in values if math.isfinite(value)))
    limit = rule.limit
    if limit is None or not math.isfinite(limit) or rule.operator[:1] not in ("<", ">"):
        reach = high - low
        flat = 1.0 if high else 0.0
        # nothing but one value leaves no reach to measure by; what is missing stays a blank
        shown = [(value - low) / reach if reach > 0 else value - high + flat for value in values]
        return [("".join(map(bar_char, shown)), "past")]
    falls = rule.operator.startswith("<")
    spans: list[Span] = []
    for value in values:
        past = beyond(rule, value)
        text = _bar(value, limit, low, high, falls)
        own = role if past else "past"
        if spans and spans[-1][1] == own:
            spans[-1] = (spans[-1][0] + text, own)
        else:
            spans.append((text, own))
    return [*spans, ("╎", "dim"), ("▂" if falls else "▄", "dim")]


def held(points: Sequence[Point], now: float) -> list[Point]:
    """The figures until `now`, each repeated every second for as long as the next may be awaited.

    Rules are evaluated every few seconds: what was true then is taken to have been true in between.
    """
    seen = [point for point in points if point[0] <= now]
    found: list[Point] = []
    for (time, value), (after, _) in pairwise([*seen, (now, 0.0)]):
        until = min(after, time + HELD)
        found.append((time, value))
        found += [
            (time + second, value) for second in range(1, int(until - time) + 1) if time + second < until
        ]
    return found


def _bar(value: float, limit: float, low: float, high: float, falls: bool) -> str:
    """One bar whose height says on which side of the limit its value is."""
    if not math.isfinite(value):
        return " "
    low_bars, high_bars = ("▁▂", "▃▄▅▆") if falls else ("▁▂▃▄", "▅▆")
    upper = value > limit or (value == limit and not falls)
    bars, start, end = (high_bars, limit, high) if upper else (low_bars, min(low, limit), limit)
    share = (value - start) / (end - start) if end > start else 0.0
    return bars[max(0, min(len(bars) - 1, int(share * len(bars))))]
