"""The columns of PostgreSQL's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.units import bytes_, count, duration, percent
from widgets.columns import numbers
from widgets.draw import SEVERITY_ROLE, Span
from widgets.panes.postgres import words as words
from widgets.panes.postgres.rows import XID_END, GroupRow, SessionRow, TableRow, TreeRow, WaitRow
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.postgres.model import Database, Progress, Statement

BAR = 12
"""Cells of a progress bar."""


def _brief(seconds: float) -> str:
    """A short time with enough digits to compare: `310µs`, `1.2ms`, `12s`."""
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.0f}µs"
    return f"{seconds * 1000:.1f}ms" if seconds < 0.00995 else duration(seconds)


def _state(row: SessionRow) -> Span:
    role = SEVERITY_ROLE[row.severity]
    if role == "text" and (row.session.state == "idle" or not row.session.is_client):
        role = "dim"
    return (words.state(row.session) or row.session.backend, role)


def _wait(row: SessionRow) -> Span:
    session = row.session
    if not session.wait_type or session.wait_type == "Client":
        return (session.wait_event, "dim")
    return (f"{session.wait_type}:{session.wait_event}", "warn" if session.waiting else "text")


def _query(row: SessionRow) -> Span:
    return (row.session.query, "text" if row.session.active else "dim")


SESSION: tuple[Column[SessionRow], ...] = (
    Column("pid", "PID", lambda row: (str(row.session.pid), "strong" if row.severity else "text"), 7,
           align=">", sort=lambda row: row.session.pid),
    Column("db", "DB", lambda row: row.session.database, 10, flex=1, drop=2),
    Column("user", "USER", lambda row: row.session.user, 9, flex=1, drop=3),
    Column("app", "APPLICATION", lambda row: row.session.application, 12, flex=1, drop=5),
    Column("client", "CLIENT", lambda row: (row.session.client, "dim"), 13, flex=1, drop=7),
    Column("state", "STATE", _state, 10, flex=1),
    Column("wait", "WAIT", _wait, 18, flex=1, drop=4),
    numbers("xact", "XACT", lambda row: row.transaction, duration, 7, drop=1),
    numbers("query", "QUERY", lambda row: row.query, duration, 7),
    numbers("idle", "IN STATE", lambda row: row.state, duration, 8, drop=8, role="dim"),
    Column("blocked", "BLOCKED BY", lambda row: (words.join(row.session.blocked_by), "warn"), 10,
           flex=1, drop=6),
    numbers("blocks", "BLOCKS", lambda row: row.blocks or None, count, 6, drop=6, role="warn"),
    Column("text", "STATEMENT", _query, 28, flex=6),
)  # fmt: skip


TREE: tuple[Column[TreeRow], ...] = (
    Column("tree", "PID", lambda row: (row.branch, "text" if row.line.depth else "strong"), 16, flex=1,
           sort=lambda row: -row.number),
    numbers("waiters", "BLOCKS", lambda row: row.line.waiters or None, count, 6, role="warn"),
    Column("state", "STATE", lambda row: _tree_state(row), 10),
    numbers("waiting", "WAITS", lambda row: row.waiting, duration, 7),
    numbers("xact", "XACT", lambda row: row.transaction, duration, 7, drop=1),
    Column("user", "USER", lambda row: row.line.session.user if row.line.session else "", 10, drop=2),
    Column("app", "APPLICATION", lambda row: row.line.session.application if row.line.session else "", 12,
           drop=3),
    Column("text", "STATEMENT", lambda row: row.what, 36, flex=6),
)  # fmt: skip


def _tree_state(row: TreeRow) -> Span:
    session = row.line.session
    if session is None:
        return ("-", "dim")
    return (words.state(session), "warn" if session.in_transaction and not row.line.depth else "text")


STATEMENT: tuple[Column[Statement], ...] = (
    numbers("load", "LOAD", lambda row: row.load, percent, 6),
    numbers("rate", "CALLS/S", lambda row: row.calls_rate, count, 7),
    numbers("now", "NOW", lambda row: row.recent_mean, _brief, 7, drop=1),
    numbers("mean", "MEAN", lambda row: row.mean, _brief, 7),
    numbers("longest", "MAX", lambda row: row.longest, _brief, 7, drop=3),
    numbers("total", "TOTAL", lambda row: row.total, _brief, 7),
    numbers("calls", "CALLS", lambda row: row.calls, count, 6, drop=2),
    numbers("rows", "ROWS", lambda row: row.rows, count, 6, drop=5),
    numbers("hit", "HIT", lambda row: _found(row), percent, 5, drop=4),
    numbers("temp", "TEMP", lambda row: row.temp_bytes, bytes_, 6, drop=6),
    Column("db", "DB", lambda row: (row.database, "dim"), 10, flex=1, drop=7),
    Column("user", "USER", lambda row: (row.user, "dim"), 9, flex=1, drop=8),
    Column("text", "STATEMENT", lambda row: row.query, 24, flex=6),
)  # fmt: skip


def _found(row: Statement) -> float | None:
    blocks = row.hit + row.read
    return row.hit / blocks if blocks else None


def _dead(row: TableRow) -> Span:
    return (percent(row.table.dead_ratio), SEVERITY_ROLE[row.severity] if row.table.dead else "dim")


TABLE: tuple[Column[TableRow], ...] = (
    Column("name", "TABLE", lambda row: (f"{row.table.schema}.{row.table.name}", "strong"), 30, flex=1),
    numbers("size", "SIZE", lambda row: row.table.bytes, bytes_, 6),
    numbers("live", "LIVE", lambda row: row.table.live, count, 6, drop=2),
    numbers("dead", "DEAD", lambda row: row.table.dead, count, 6),
    Column("dead%", "DEAD%", _dead, 5, align=">", sort=lambda row: row.table.dead_ratio),
    numbers("seq", "SEQ", lambda row: row.table.seq_scans, count, 6, drop=4),
    numbers("seqrows", "SEQ ROWS", lambda row: row.table.seq_rows, count, 8, drop=1),
    numbers("idx", "INDEX", lambda row: row.table.index_scans, count, 6, drop=3),
    numbers("vacuum", "VACUUM", lambda row: row.vacuumed, duration, 7, drop=5),
    numbers("analyze", "ANALYZE", lambda row: row.analyzed, duration, 7, drop=6),
    numbers("changed", "CHANGED", lambda row: row.table.modified, count, 7, drop=7),
    numbers("xid", "XID AGE", lambda row: row.table.xid_age / XID_END, percent, 7, drop=8),
)


DATABASE: tuple[Column[Database], ...] = (
    Column("name", "DATABASE", lambda row: (row.name, "dim" if row.template else "strong"), 14, flex=1),
    numbers("sessions", "SESSIONS", lambda row: row.backends, count, 8),
    numbers("tps", "TPS", lambda row: row.rates.tps if row.rates else None, count, 6),
    numbers("rollback", "ROLLBACK", lambda row: row.rates.rollback_ratio if row.rates else None, percent, 8,
            drop=3),
    numbers("hit", "HIT", lambda row: row.rates.hit if row.rates else None, percent, 5),
    numbers("read", "BLOCKS/S", lambda row: row.rates.read if row.rates else None, count, 8, drop=4),
    numbers("rows", "ROWS/S", lambda row: row.rates.returned if row.rates else None, count, 6, drop=6),
    numbers("writes", "WRITES/S", lambda row: _writes(row), count, 8, drop=5),
    numbers("temp", "TEMP/S", lambda row: row.rates.temp_bytes if row.rates else None, bytes_, 6, drop=7),
    numbers("deadlocks", "DEADLOCKS", lambda row: row.counters.deadlocks, count, 9, drop=8),
    numbers("size", "SIZE", lambda row: row.size, bytes_, 6),
    numbers("growth", "GROWTH/H", lambda row: None if row.growth is None else row.growth * 3600, bytes_, 8,
            drop=2),
    numbers("xid", "WRAPAROUND", lambda row: max(row.xid_age, row.mxid_age) / XID_END, percent, 10, drop=1),
)  # fmt: skip


def _writes(row: Database) -> float | None:
    rates = row.rates
    return rates.inserted + rates.updated + rates.deleted if rates else None


WAIT: tuple[Column[WaitRow], ...] = (
    Column("kind", "WAIT", lambda row: (row.kind, "warn" if row.kind == "Lock" else "strong"), 10),
    Column("event", "EVENT", lambda row: row.event, 24, flex=1),
    numbers("active", "ACTIVE", lambda row: row.active, count, 6),
    numbers("sessions", "SESSIONS", lambda row: row.sessions, count, 8),
    numbers("longest", "LONGEST", lambda row: row.longest, duration, 7),
    Column("text", "STATEMENT", lambda row: (row.query, "dim"), 20, flex=3, drop=1),
)

GROUP: tuple[Column[GroupRow], ...] = (
    Column("by", "BY", lambda row: (row.by, "label"), 12),
    Column("name", "NAME", lambda row: row.group.name or "(none)", 20, flex=1),
    numbers("sessions", "SESSIONS", lambda row: row.group.sessions, count, 8),
    numbers("active", "ACTIVE", lambda row: row.group.active, count, 6),
    numbers("inside", "IDLE IN TX", lambda row: row.group.in_transaction, count, 10),
    numbers("waiting", "WAITING", lambda row: row.group.waiting, count, 7, role="warn"),
)


def _bar(row: Progress) -> Span:
    if row.share is None:
        return ("unknown", "dim")
    full = round(row.share * BAR)
    return ("━" * full + "─" * (BAR - full), "accent")


PROGRESS: tuple[Column[Progress], ...] = (
    Column("command", "COMMAND", lambda row: (row.command, "strong"), 14),
    Column("pid", "PID", lambda row: str(row.pid), 7, align=">", sort=lambda row: row.pid),
    Column("relation", "ON", lambda row: row.relation, 16, flex=2),
    Column("phase", "PHASE", lambda row: row.phase, 18, flex=1, drop=1),
    Column("bar", "PROGRESS", _bar, BAR, sort=lambda row: row.share),
    numbers("share", "DONE", lambda row: row.share, percent, 5),
    numbers("done", "OF", lambda row: row.total or None, count, 6, drop=3),
    Column("db", "DB", lambda row: (row.database, "dim"), 10, drop=2),
)
