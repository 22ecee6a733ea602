"""One probe in a line: mark, name, what was found, how it went lately, since when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.findings import Severity
from console.text import pad, width
from console.units import duration
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, bar_char, fit, line_width

if TYPE_CHECKING:
    from console.sources.health.model import ProbeStatus

NAME_LEAST, NAME_MOST = 8, 32
STRIP_LEAST, STRIP_MOST = 6, 30
COLUMN = 34
"""Cells of a probe where several stand side by side."""
AGE = 6
"""Cells of since when, or how long ago: `12d4h`."""


def strip(probe: ProbeStatus, cells: int) -> list[Span]:
    """The newest outcomes at the right edge: a bar as high as it took long, a cross where it failed."""
    recent = probe.recent[-cells:] if cells > 0 else ()
    top = max((took for severity, took in recent if severity is not Severity.CRITICAL), default=0.0)
    spans: list[Span] = [(" " * max(0, cells - len(recent)), "past")]
    for severity, took in recent:
        failed = severity is Severity.CRITICAL
        char = "×" if failed else bar_char(took / top if top > 0 else 0.0)
        role = "past" if severity is Severity.OK else SEVERITY_ROLE[severity]
        if spans[-1][1] == role:
            spans[-1] = (spans[-1][0] + char, role)
        else:
            spans.append((char, role))
    return [span for span in spans if span[0]]


def standing(probe: ProbeStatus, now: float) -> Span:
    """Since when it is wrong; of one that is well, how long ago it was asked."""
    if probe.severity and probe.since_at is not None:
        return (stood(probe, duration(max(0.0, now - probe.since_at))), SEVERITY_ROLE[probe.severity])
    if probe.asked_at is None:
        return ("", "dim")
    age = max(0.0, now - probe.asked_at)
    return (duration(round(age)) if age >= 1 else "now", "warn" if late(probe, now) else "dim")


def stood(probe: ProbeStatus, told: str) -> str:
    """For how long it has stood so: `≥12m`, of one nobody saw begin, where seconds say nothing."""
    if not probe.found_so:
        return told
    return "≥" + (told if len(told) < AGE else told[:-3])


def late(probe: ProbeStatus, now: float) -> bool:
    """Whether it has not been asked for longer than its interval and its timeout allow."""
    if probe.asked_at is None:
        return False
    return now - probe.asked_at > 2 * probe.interval + probe.timeout


def found(probe: ProbeStatus, now: float) -> Span:
    """What was found; before the first answer, for how long one is waited for."""
    if probe.outcome is not None:
        return (probe.outcome.text, SEVERITY_ROLE[probe.severity])
    if probe.waiting_at is not None:
        return (f"asking for {duration(max(0.0, now - probe.waiting_at))} …", "dim")
    return ("not asked yet", "dim")


def name_cells(probes: Sequence[ProbeStatus], cells: int) -> int:
    """Cells for the names: what the longest needs, and never more than a third of the line."""
    longest = max((width(probe.name) for probe in probes), default=0)
    return max(min(NAME_LEAST, cells), min(longest, NAME_MOST, cells // 3))


def row(probe: ProbeStatus, cells: int, name: int, now: float) -> Line:
    """The probe in exactly this many cells; the strip leaves first, then since when."""
    mark = SEVERITY_MARK[probe.severity]
    head: list[Span] = [
        (f"{mark} ", SEVERITY_ROLE[probe.severity]),
        (pad(probe.name, name), "strong"),
        (" ", "text"),
    ]
    text = found(probe, now)
    rest = cells - line_width(head)
    age = standing(probe, now)
    tail: list[Span] = [(pad(age[0], AGE, ">"), age[1])] if rest >= 12 + AGE else []
    left = rest - line_width(tail)
    wanted = min(width(text[0]), left)
    room = min(STRIP_MOST, left - wanted - 2)
    if room >= STRIP_LEAST and probe.recent:
        tail = [(" ", "text"), *strip(probe, room), *tail]
    middle = max(0, rest - line_width(tail))
    return (*head, *fit((text,), middle), *tail)


def compact(probe: ProbeStatus, cells: int, name: int, now: float) -> Line:
    """A probe in a column among others: mark, name, and as much of what was found as there is room for."""
    text = found(probe, now)
    mark = SEVERITY_MARK[probe.severity]
    spans: list[Span] = [
        (f"{mark} ", SEVERITY_ROLE[probe.severity]),
        (pad(probe.name, name), "strong"),
        (" ", "text"),
    ]
    return fit((*spans, text if probe.severity else (text[0], "dim")), cells)


def lines_of(probes: Sequence[ProbeStatus], cells: int, height: int, now: float, name: int) -> list[Line]:
    """A line for each probe; the last one counts those that had no room."""
    shown, left_out = probes[:height], len(probes) - height
    drawn = [row(probe, cells, name, now) for probe in shown]
    if left_out > 0 and drawn:
        more: Span = (f"  +{left_out} more", "warn" if probes[-1].severity else "dim")
        drawn[-1] = (*row(shown[-1], max(0, cells - line_width((more,))), name, now), more)
    return drawn


def columns(probes: Sequence[ProbeStatus], cells: int, height: int, now: float) -> list[Line]:
    """Probes in as many columns as are needed for `height` lines and have room."""
    name = name_cells(probes, 2 * COLUMN)
    count = max(1, min(cells // COLUMN, math.ceil(len(probes) / max(1, height))))
    if count == 1:
        return lines_of(probes, cells, height, now, name_cells(probes, cells))
    each = cells // count
    name = min(name, each - 16)
    lines = min(height, math.ceil(len(probes) / count))
    left_out = len(probes) - lines * count
    drawn: list[Line] = []
    for at in range(lines):
        spans: list[Span] = []
        for probe in probes[at : lines * count : lines]:
            spans += (*compact(probe, each - 2, name, now), ("  ", "text"))
        drawn.append(tuple(spans))
    if left_out > 0:
        more: Span = (f" +{left_out} more", "dim")
        drawn[-1] = (*fit(drawn[-1], max(0, cells - line_width((more,)))), more)
    return drawn
