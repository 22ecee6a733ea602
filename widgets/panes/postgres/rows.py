"""Rows of PostgreSQL's tables: sessions with their ages, the blocker tree, waits, groups, facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.findings import Severity
from widgets.pane import Context
from widgets.panes.postgres import words as words

if TYPE_CHECKING:
    from console.sources.postgres.model import (
        Blocker,
        Database,
        Group,
        GroupBy,
        PostgresSnapshot,
        Session,
        Table,
    )

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL
DEAD_ROWS, DEAD_SHARE = 10_000, 0.2
"""Dead rows, and their share, from which a table is marked: autovacuum begins at a fifth."""
XID_END = 2_147_483_648
"""Transactions after which an unfrozen row would be lost."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with its ages in seconds and how wrong it is; `blocks` counts who waits below it."""

    session: Session
    transaction: float | None
    query: float | None
    state: float | None
    blocks: int
    severity: Severity

    @property
    def rank(self) -> tuple[int, float]:
        """Where it stands among equals: waiting, running, idle in transaction, idle, ours, the server's."""
        session = self.session
        if not session.is_client:
            return (5, 0.0)
        if session.own:
            return (4, 0.0)
        if session.waiting or self.blocks:
            return (0, -(self.transaction or 0.0))
        if session.active:
            return (1, -(self.query or 0.0))
        if session.in_transaction:
            return (2, -(self.transaction or 0.0))
        return (3, self.state or 0.0)


def session_rows(context: Context, busy: bool = False) -> list[SessionRow]:
    """Every session, or only those of others that do or hold something; the ones that matter first."""
    snapshot: PostgresSnapshot = context.snapshot
    blocking = {line.pid: line.waiters for line in snapshot.blockers}
    sessions: Iterable[Session] = snapshot.sessions
    if busy:
        sessions = (
            s
            for s in sessions
            if s.is_client and not s.own and (s.active or s.in_transaction or s.waiting or s.pid in blocking)
        )
    rows = [session_row(session, snapshot, context, blocking) for session in sessions]
    rows.sort(key=lambda row: row.rank)
    return rows


def session_row(
    session: Session, snapshot: PostgresSnapshot, context: Context, blocking: dict[int, int]
) -> SessionRow:
    """A session judged by the thresholds the findings are judged by."""
    blocks = blocking.get(session.pid, 0)
    transaction = snapshot.age(session.transaction_since)
    query = snapshot.age(session.query_since) if session.active else None
    state = snapshot.age(session.state_since)
    severity = OK
    if session.is_client and not session.own:
        if session.in_transaction:
            severity = context.limit("idle_in_transaction").judge(state or 0.0)
        elif query is not None and not session.waiting:
            severity = context.limit("query").judge(query)
        # while it waits its transaction's age is its blocker's doing
        own = (transaction or 0.0) - ((query or 0.0) if session.waiting else 0.0)
        severity = max(severity, context.limit("transaction").judge(own))
        if snapshot.kept_waiting(session) or (blocks and not session.blocked_by):
            severity = max(severity, WARNING)
    return SessionRow(session, transaction, query, state, blocks, severity)


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line of the blocker tree with the session's ages."""

    line: Blocker
    number: int
    """Its place in the tree, which is the order of the table."""
    waiting: float | None
    """Seconds its statement has been kept waiting; None for a root."""
    transaction: float | None
    last: bool
    """Whether no sibling follows."""

    @property
    def branch(self) -> str:
        """The process id where it hangs in the tree."""
        pid = "prepared" if self.line.pid == 0 else str(self.line.pid)
        return f"{'  ' * (self.line.depth - 1)}└ {pid}" if self.line.depth else pid

    @property
    def what(self) -> str:
        """What the session does, or what stands for it."""
        return self.line.note if self.line.session is None else self.line.session.query


def tree_rows(context: Context) -> list[TreeRow]:
    """The blocker tree in drawing order."""
    snapshot: PostgresSnapshot = context.snapshot
    rows = []
    for number, line in enumerate(snapshot.blockers):
        session = line.session
        waiting = snapshot.age(session.query_since) if session is not None and session.waiting else None
        transaction = snapshot.age(session.transaction_since) if session is not None else None
        after = snapshot.blockers[number + 1].depth if number + 1 < len(snapshot.blockers) else 0
        rows.append(TreeRow(line, number, waiting, transaction, after < line.depth))
    return rows


@dataclass(frozen=True, slots=True)
class WaitRow:
    """What client sessions and the server's own processes wait for."""

    kind: str
    event: str
    sessions: int
    active: int
    longest: float | None
    query: str
    """Of the session that has waited longest."""


def wait_rows(context: Context) -> list[WaitRow]:
    """Waits by type and event, those of running statements first."""
    snapshot: PostgresSnapshot = context.snapshot
    found: dict[tuple[str, str], list[Session]] = {}
    for session in snapshot.sessions:
        if session.own or session.wait_type == "Activity":  # the server's own processes at rest
            continue
        if session.wait_type or session.active:
            key = (session.wait_type or "CPU", session.wait_event or "running")
            found.setdefault(key, []).append(session)
    rows = []
    for (kind, event), sessions in found.items():
        oldest = min(sessions, key=lambda s: s.query_since if s.query_since is not None else float("inf"))
        active = sum(session.active for session in sessions)
        longest = snapshot.age(oldest.query_since) if active else None
        rows.append(WaitRow(kind, event, len(sessions), active, longest, oldest.query))
    return sorted(rows, key=lambda row: (-row.active, -row.sessions))


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Client sessions that have a database, user, application or client address in common."""

    by: str
    group: Group


def group_rows(context: Context) -> list[GroupRow]:
    """Sessions per database, per user, per application and per client address."""
    snapshot: PostgresSnapshot = context.snapshot
    by: tuple[GroupBy, ...] = ("database", "user", "application", "client")
    rows = [GroupRow(each, group) for each in by for group in snapshot.groups(each)]
    return sorted(rows, key=lambda row: (by.index(row.by), -row.group.sessions, row.group.name))


@dataclass(frozen=True, slots=True)
class TableRow:
    """A table with the ages of its last vacuum and analyze."""

    table: Table
    vacuumed: float | None
    analyzed: float | None

    @property
    def severity(self) -> Severity:
        """Whether dead rows have piled up."""
        return WARNING if self.table.dead >= DEAD_ROWS and self.table.dead_ratio >= DEAD_SHARE else OK


def table_rows(context: Context) -> list[TableRow]:
    """The tables, those with most dead rows first, then the largest."""
    snapshot: PostgresSnapshot = context.snapshot
    if snapshot.tables is None:
        return []
    tables = sorted(snapshot.tables.value, key=lambda table: (-table.dead, -table.bytes))
    return [TableRow(t, snapshot.age(t.vacuumed_at), snapshot.age(t.analyzed_at)) for t in tables]


def database_severity(database: Database) -> Severity:
    """How near wraparound is; the thresholds are those of the findings."""
    reached = max(database.xid_age, database.mxid_age)
    return CRITICAL if reached >= 1_600_000_000 else WARNING if reached >= 1_000_000_000 else OK


def waiting_words(rows: Sequence[TreeRow]) -> str:
    """The roots with who waits behind them: `4711 ← 4712 4713`."""
    words_: list[str] = []
    for row in rows:
        if row.line.depth == 0:
            words_.append(f"{words.join([row.line.pid])} ←")
        else:
            words_.append(str(row.line.pid))
    return " ".join(words_)
