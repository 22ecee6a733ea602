"""The zoomed logs: all lines with a filter, and the sources they come from."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.logs.levels import Level
from console.text import clean
from console.units import count, duration
from widgets.draw import BLANK, Line, wrap
from widgets.pane import Context, View
from widgets.panes.logs.canvas import LogCanvas
from widgets.panes.logs.rows import in_past
from widgets.table import Column

if TYPE_CHECKING:
    from console.logs.buffer import Buffer, LogLine
    from console.logs.origin import OriginState

MESSAGE_REACH = 2000
"""Lines looked at before and after one for the rest of its message."""
MESSAGE_LINES = 200
LABEL = 10
"""Cells of a field's name in the details."""


def views() -> Sequence[View[Any]]:
    """The lines and the sources; each call makes views of their own."""
    opened: list[LogLine] = []

    def still_there(context: Context) -> Sequence[LogLine]:
        buffer = context.snapshot.buffer
        return [line for line in opened if buffer.line(line.sequence) is not None]

    lines: View[LogLine] = View(
        "lines", "Lines", (), still_there, _sequence, detail=line_detail, widget=lambda: LogCanvas(opened)
    )
    sources: View[SourceRow] = View(
        "sources",
        "Sources",
        SOURCES,
        source_rows,
        lambda row: row.origin.name,
        lambda row: row.severity,
        source_detail,
        empty="no source of lines is known",
        note=_note,
    )
    return [lines, sources]


def _note(context: Context) -> str:
    """What is not there and need not be; of the past, that this is not it."""
    good = context.feed.good
    if good is not None and in_past(context):
        return f"as of {good.time.astimezone():%H:%M:%S}: what each source was like before that is not kept"
    return "; ".join(context.snapshot.notes)


def _sequence(line: LogLine) -> Hashable:
    return line.sequence


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source with how wrong it is, and how long ago it wrote."""

    origin: OriginState
    severity: Severity
    age: float
    """Seconds since its newest line; not a number without one."""


def source_rows(context: Context) -> Sequence[SourceRow]:
    """All sources, judged as the source itself judges them."""
    limit, now = context.limit("errors_per_minute"), context.time.timestamp()
    rows = []
    for origin in context.snapshot.origins:
        severity = limit.judge(origin.errors)
        if origin.gap or origin.problem:
            severity = max(severity, Severity.WARNING)
        # in this order not-a-number, of a source that never wrote, stays one
        rows.append(SourceRow(origin, severity, max(now - origin.latest, 0.0)))
    return rows


def _state(row: SourceRow) -> tuple[str, str]:
    origin = row.origin
    if origin.problem or origin.gap:
        return (origin.problem or origin.gap, "warn")
    if origin.skipped:
        return (f"{count(origin.skipped)} lines skipped", "warn")
    return (origin.where, "dim")


def _number(value: int, role: str) -> tuple[str, str]:
    return (count(value), role) if value else ("0", "dim")


SOURCES: tuple[Column[SourceRow], ...] = (
    Column(
        "source", "SOURCE", lambda row: (row.origin.name, "strong" if row.severity else "text"), 12, flex=1
    ),
    Column("kind", "KIND", lambda row: str(row.origin.kind), 9, drop=3),
    Column(
        "errors",
        "ERR/min",
        lambda row: _number(row.origin.errors, "crit" if row.severity is Severity.CRITICAL else "warn"),
        7,
        align=">",
        sort=lambda row: row.origin.errors,
    ),
    Column(
        "warnings",
        "WARN/min",
        lambda row: _number(row.origin.minute[Level.WARN], "text"),
        8,
        align=">",
        drop=2,
        sort=lambda row: row.origin.minute[Level.WARN],
    ),
    Column(
        "all",
        "ALL/min",
        lambda row: _number(sum(row.origin.minute), "text"),
        7,
        align=">",
        sort=lambda row: sum(row.origin.minute),
    ),
    Column(
        "lines",
        "LINES",
        lambda row: _number(row.origin.lines, "text"),
        6,
        align=">",
        drop=1,
        sort=lambda row: row.origin.lines,
    ),
    Column(
        "last",
        "LAST",
        lambda row: "-" if math.isnan(row.age) else duration(row.age),
        6,
        align=">",
        drop=1,
        sort=lambda row: row.age,
    ),
    Column("state", "FROM", _state, 12, flex=2, drop=4),
)


def source_detail(row: SourceRow, context: Context, width: int) -> Sequence[Line]:
    """Everything known of a source."""
    origin = row.origin
    facts = [("source", origin.name), ("kind", str(origin.kind)), ("from", origin.where)]
    facts += [("problem", origin.problem), ("fix", origin.fix), ("gap", origin.gap)]
    facts += [("lines", f"{origin.lines:,} since the start"), ("skipped", f"{origin.skipped:,}")]
    facts += [
        (
            level.word or "no level",
            f"{origin.levels[level]:,} messages, {origin.minute[level]:,} in the last minute",
        )
        for level in reversed(Level)
        if origin.levels[level]
    ]
    if not math.isnan(origin.latest):
        facts.append(("last line", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(origin.latest))))
    return _fields(facts, width)


def line_detail(line: LogLine, context: Context, width: int) -> Sequence[Line]:
    """A line in full with the rest of its message, then its fields when it is JSON."""
    fraction = f"{line.time % 1:.3f}"[1:]
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line.time)) + fraction
    facts = [("time", when), ("source", line.source), ("level", line.level.word or "none stated")]
    lines = [*_fields(facts, width), BLANK]
    for part in message_of(context.snapshot.buffer, line):
        lines += wrap(part.text, width, "strong" if part.sequence == line.sequence else "text")
    fields = json_fields(line.text)
    return [*lines, BLANK, *_fields(fields, width)] if fields else lines


def message_of(buffer: Buffer, line: LogLine) -> list[LogLine]:
    """The lines of one message, as those of a traceback: they stand together, but for other sources'."""
    parts = [line]
    for step in (-1, 1):
        at, part = line.sequence, line
        for _ in range(MESSAGE_REACH):
            if step < 0 and not part.continued:
                break  # its first line
            at += step
            other = buffer.line(at)
            if other is None:
                break
            if other.source != line.source:
                continue
            if step > 0 and not other.continued:
                break  # the next message
            part = other
            parts.append(part)
    return sorted(parts, key=lambda part: part.sequence)[:MESSAGE_LINES]


def json_fields(text: str) -> list[tuple[str, str]]:
    """The fields of a line that is a JSON object; empty for any other line."""
    if not text.startswith("{"):
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(value, dict):
        return []
    return [
        (clean(name, 60), clean(told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)))
        for name, told in value.items()
    ]


def _fields(facts: Sequence[tuple[str, str]], width: int) -> list[Line]:
    label = min(24, max((len(name) for name, told in facts if told), default=LABEL) + 2)
    lines: list[Line] = []
    for name, told in facts:
        for index, part in enumerate(wrap(told, max(10, width - label)) if told else ()):
            lines.append((((name if index == 0 else "")[: label - 1].ljust(label), "label"), *part))
    return lines
