"""The PostgreSQL pane's figures, one fact a line, the most asked for first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from console.findings import Severity
from console.text import clip
from console.units import bytes_, count, duration, percent
from widgets.draw import BLANK, SEVERITY_ROLE, Line, Span, line_width, meter
from widgets.facts import Trend, fact_line
from widgets.figures import trend
from widgets.pane import Context
from widgets.panes.postgres import words as words
from widgets.panes.postgres.rows import tree_rows, waiting_words

if TYPE_CHECKING:
    from console.sources.postgres.model import PostgresSnapshot

LABEL = 9
"""Cells of a fact's name."""
METER_LEAST, METER_MOST = 5, 16

Severities: TypeAlias = Mapping[str, Severity]


def marked(subject: str, text: str, severities: Severities) -> Span:
    """A value in the role of what is found about it."""
    return (text, SEVERITY_ROLE[severities.get(subject, Severity.OK)])


def facts(context: Context, width: int) -> list[Line]:
    """The figures, the most asked for first; what does not apply has no line."""
    severities = words.severities(context)
    drawers: tuple[Callable[[Context, int, Severities], Line], ...] = (
        _sessions, _blocked, _longest, _transactions, _hit, _upstream, _waits, _wal, _temp, _size, _server,
    )  # fmt: skip
    drawn = (drawer(context, width, severities) for drawer in drawers)
    return [line for line in drawn if line]


def _line(
    name: str, value: Sequence[Span], width: int, trend: Trend | None = None, high: float | None = None
) -> Line:
    return fact_line(name.ljust(LABEL), value, width, trend, high)


def _sessions(context: Context, width: int, severities: Severities) -> Line:
    snapshot: PostgresSnapshot = context.snapshot
    severity = severities.get("connections", Severity.OK)
    share = snapshot.connections / snapshot.allowed
    shown: list[Span] = [(f"{snapshot.connections}/{snapshot.allowed} ", SEVERITY_ROLE[severity])]
    room = width - LABEL - line_width(shown) - 1
    told = words.states(snapshot, room - METER_LEAST)
    cells = min(room - line_width(told), METER_MOST)
    if cells >= METER_LEAST:
        limit = context.config.limits.connections[0]
        role = SEVERITY_ROLE[severity] if severity else ""
        shown += [*meter(share, cells, limit, role), (" ", "text")]
    return _line("sessions", [*shown, *told], width)


def _blocked(context: Context, width: int, severities: Severities) -> Line:
    snapshot: PostgresSnapshot = context.snapshot
    if not snapshot.waiting:
        return _line("blocked", [("0", "dim")], width)
    severity = words.blocked_severity(context)
    who = waiting_words(tree_rows(context))
    room = width - LABEL - len(str(snapshot.waiting)) - 2
    return _line(
        "blocked", [(f"{snapshot.waiting}  ", SEVERITY_ROLE[severity]), (clip(who, room), "text")], width
    )


def _longest(context: Context, width: int, severities: Severities) -> Line:
    snapshot: PostgresSnapshot = context.snapshot
    longest = snapshot.longest_transaction
    if longest is None:
        return _line("longest", [("no transaction is open", "dim")], width)
    age = snapshot.age(longest.transaction_since)
    severity = context.limit("transaction").judge(age or 0.0)
    severity = max(severity, severities.get(str(longest.pid), Severity.OK))
    shown: list[Span] = [
        (f"{words.age(age).rjust(6)} ", SEVERITY_ROLE[severity]), (f"{longest.pid} ", "strong"),
        (f"{words.state(longest)} ", SEVERITY_ROLE[severity]), (longest.query, "dim"),
    ]  # fmt: skip
    return _line("longest", shown, width)


def _transactions(context: Context, width: int, severities: Severities) -> Line:
    snapshot: PostgresSnapshot = context.snapshot
    rolled = marked("rollbacks", words.rollbacks(snapshot), severities)
    shown: list[Span] = [(words.tps(snapshot).rjust(6), "text"), ("  rollback ", "label"), rolled]
    return _line("tps", shown, width, trend(context, "opsconsole_pg_tps"))


def _hit(context: Context, width: int, severities: Severities) -> Line:
    snapshot: PostgresSnapshot = context.snapshot
    shown = [marked("cache hit", words.hit(snapshot).rjust(6), severities)]
    if snapshot.rates is not None and snapshot.rates.read >= 1:
        shown.append((f"  {count(snapshot.rates.read)}/s read", "dim"))
    return _line("hit", shown, width, trend(context, "opsconsole_pg_hit_ratio"), high=1.0)


def _upstream(context: Context, width: int, severities: Severities) -> Line:
    text = words.upstream(context.snapshot)
    if not text:
        return BLANK
    snapshot: PostgresSnapshot = context.snapshot
    subjects = ["standby", *(standby.name or str(standby.pid) for standby in snapshot.standbys)]
    subjects += [f"slot {clip(slot.name, 24)}" for slot in snapshot.slots]
    worst = max(severities.get(subject, Severity.OK) for subject in subjects)
    return _line("replic.", [(text, SEVERITY_ROLE[worst])], width)


def _waits(context: Context, width: int, severities: Severities) -> Line:
    found = words.waits(context.snapshot.sessions)
    if not found:
        return _line("waits", [("none", "dim")], width)
    spans: list[Span] = []
    for kind, number in found:
        spans += [(f"{kind} ", "label"), (f"{number}  ", "text")]
    return _line("waits", spans, width)


def _wal(context: Context, width: int, severities: Severities) -> Line:
    snapshot: PostgresSnapshot = context.snapshot
    rate = "-" if snapshot.wal_rate is None else f"{bytes_(snapshot.wal_rate)}/s"
    shown: list[Span] = [(rate.rjust(6), "text")]
    archive, severity = words.archive(snapshot)
    if archive:
        severity = max(severity, severities.get("archive", Severity.OK))
        shown += [("  archived ", "label"), (archive, SEVERITY_ROLE[severity])]
    return _line("wal", shown, width, trend(context, "opsconsole_pg_wal_bytes_per_second"))


def _temp(context: Context, width: int, severities: Severities) -> Line:
    snapshot: PostgresSnapshot = context.snapshot
    if snapshot.rates is None or snapshot.lately is None:
        return BLANK
    lately = snapshot.lately
    rate = f"{bytes_(snapshot.rates.temp_bytes)}/s"
    deadlocks = marked("deadlocks", str(lately.deadlocks), severities)
    over: Span = (f" in {duration(lately.seconds)}", "dim")
    return _line("temp", [(rate.rjust(6), "text"), ("  deadlocks ", "label"), deadlocks, over], width)


def _size(context: Context, width: int, severities: Severities) -> Line:
    snapshot: PostgresSnapshot = context.snapshot
    sizes = sorted(((d.size, d.name) for d in snapshot.databases if d.size is not None), reverse=True)
    if not sizes:
        return BLANK
    total, (largest, called) = sum(size for size, _ in sizes), sizes[0]
    text = f"  {called} {percent(largest / total)}" if total else ""
    return _line("size", [(bytes_(total).rjust(6), "text"), (text, "dim")], width)


def _server(context: Context, width: int, severities: Severities) -> Line:
    return _line("server", [(words.server(context.snapshot), "dim")], width)
