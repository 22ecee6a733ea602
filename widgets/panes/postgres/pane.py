"""The PostgreSQL pane: sessions against their limit, who blocks whom, throughput, lag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from widgets.draw import (
    BLANK,
    SEVERITY_ROLE,
    Line,
    Span,
    beside,
)
from widgets.figures import FEW, TWO_COLUMNS
from widgets.pane import Context, Pane, View, flowing, wrong_lines
from widgets.panes.postgres import words as words
from widgets.panes.postgres.columns import DATABASE
from widgets.panes.postgres.lines import facts, marked
from widgets.panes.postgres.rows import (
    SessionRow,
    TreeRow,
    database_severity,
    session_rows,
    tree_rows,
)
from widgets.panes.postgres.views import VIEWS, database_rows
from widgets.table import Column, small_table

if TYPE_CHECKING:
    from console.sources.postgres.model import Database, PostgresSnapshot

TREE_ROOM = 11
"""Lines from which the blocker tree is drawn and not only named."""
BUSY: tuple[Column[SessionRow], ...] = (
    Column("pid", "PID", lambda row: (str(row.session.pid), "strong"), 7, align=">"),
    Column("db", "DB", lambda row: row.session.database, 8, drop=2),
    Column("app", "APPLICATION", lambda row: row.session.application, 11, drop=4),
    Column("state", "STATE", lambda row: (words.state(row.session), SEVERITY_ROLE[row.severity]), 10),
    Column("age", "XACT", lambda row: words.age(row.transaction), 6, align=">"),
    Column("wait", "WAIT", lambda row: row.session.wait_event, 13, drop=3),
    Column("text", "STATEMENT", lambda row: (row.session.query, "dim"), 10, flex=1, drop=1),
)
"""The busy sessions' columns; a wide pane gives their statements a quarter of its room before the others."""


DATABASES: tuple[Column[Database], ...] = tuple(
    column
    for column in DATABASE
    if column.id in ("name", "sessions", "tps", "rollback", "hit", "size", "growth")
)


class PostgresPane(Pane):
    """What is wrong, then the figures in the order an engineer asks for them, then who is busy."""

    kind = "postgres"
    title = "Database"
    least = 2

    def headline(self, context: Context) -> Sequence[Span]:
        """Sessions of those allowed, who is blocked, transactions a second."""
        snapshot: PostgresSnapshot = context.snapshot
        role = SEVERITY_ROLE[words.severities(context).get("connections", Severity.OK)]
        spans: list[Span] = [("sessions ", "label"), (f"{snapshot.connections}/{snapshot.allowed}", role)]
        if snapshot.waiting:
            role = SEVERITY_ROLE[words.blocked_severity(context)]
            spans += [("  blocked ", "label"), (str(snapshot.waiting), role)]
        return [*spans, ("  tps ", "label"), (words.tps(snapshot), "text")]

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """Findings, then as many facts as there is room for, the blocker tree, the busy sessions."""
        found = context.findings
        if height < FEW:
            lines = flowing(found, width, max(1, height // 2))
            return [*lines, *_brief(context, width)][:height]
        lines = wrong_lines(found, width, max(1, min(len(found), height // 3)))
        room = height - len(lines)
        two = width >= TWO_COLUMNS
        drawn = facts(context, (width - 3) // 2 if two else width)
        if two:
            middle = -(-len(drawn) // 2)
            drawn = beside(drawn[:middle], drawn[middle:], (width - 3) // 2, 3)
        lines += drawn[:room]
        lines += _tree(context, width, height - len(lines))
        lines += _busy(context, width, height - len(lines))
        return [*lines, *_databases(context, width, height - len(lines))]

    def views(self) -> Sequence[View[Any]]:
        """Sessions, blockers, statements, tables, databases, replication, waits, groups, progress, server."""
        return VIEWS

    def settings(self) -> Mapping[str, str]:
        """Environment or configuration, and the role to make."""
        return {
            "environment": "DATABASE_URL=postgresql://user@host:5432/database, or PGHOST, PGUSER, PGSERVICE",
            "configuration": '[[postgres]]\nurl = "postgresql://user@host/db"\npassword_command = "pass db"',
            "role": "CREATE ROLE opsconsole LOGIN; GRANT pg_monitor TO opsconsole",
        }


# -- below five lines: everything in a few words


def _brief(context: Context, width: int) -> list[Line]:
    snapshot: PostgresSnapshot = context.snapshot
    severities = words.severities(context)
    longest = snapshot.longest_transaction
    age = words.age(snapshot.age(longest.transaction_since)) if longest is not None else "-"
    sessions = SEVERITY_ROLE[severities.get("connections", Severity.OK)]
    blocked = SEVERITY_ROLE[words.blocked_severity(context)]
    active = snapshot.states.get("active", 0)
    first: list[Span] = [
        (f"{snapshot.connections}/{snapshot.allowed}", sessions), (" sessions  ", "label"),
        (str(active), "text"), (" active  ", "label"), (str(snapshot.waiting), blocked),
        (" blocked  ", "label"), ("longest ", "label"), (age, "text"),
    ]  # fmt: skip
    second: list[Span] = [
        ("tps ", "label"), (words.tps(snapshot), "text"), ("  hit ", "label"),
        marked("cache hit", words.hit(snapshot), severities), ("  rollback ", "label"),
        marked("rollbacks", words.rollbacks(snapshot), severities),
    ]  # fmt: skip
    upstream = words.upstream(snapshot)
    more: list[Line] = [((upstream, "text"),)] if upstream else []
    return [tuple(first), tuple(second), *more, ((words.server(snapshot), "dim"),)]


# -- the blocker tree and the busy sessions


def _tree(context: Context, width: int, room: int) -> list[Line]:
    """The tree where it fits whole or well; a blank line above it."""
    rows = tree_rows(context)
    most = min(len(rows), room // 2 if room >= TREE_ROOM else room - 2)
    if len(rows) < 2 or most < 2:
        return []
    lines: list[Line] = [BLANK]
    lines += [_branch(row, context) for row in rows[:most]]
    if len(rows) > most:
        lines[-1] = ((f"  +{len(rows) - most + 1} more in the tree", "warn"),)
    return lines


def _branch(row: TreeRow, context: Context) -> Line:
    session = row.line.session
    role = "text" if row.line.depth else SEVERITY_ROLE[words.blocked_severity(context)]
    if session is None:
        return ((f"{row.branch} ", role), (row.what, "dim"))
    age = row.transaction if row.waiting is None else row.waiting
    state = "waits" if row.waiting is not None else words.state(session)
    return ((f"{row.branch} ", role), (f"{state} {words.age(age)} ", role), (row.what, "dim"))


def _busy(context: Context, width: int, room: int) -> list[Line]:
    """Client sessions that do something or hold something, worst first."""
    if room < 4:
        return []
    rows = sorted(session_rows(context, busy=True), key=lambda row: -row.severity)
    if not rows:
        return []
    *others, text = BUSY
    columns = (*others, replace(text, width=max(text.width, width // 4)))
    return [BLANK, *small_table(columns, rows, width, room - 1, lambda row: row.severity)]


def _databases(context: Context, width: int, room: int) -> list[Line]:
    """The databases where there is room left, the busiest first."""
    rows = [database for database in database_rows(context) if not database.template]
    if room < 4 or len(rows) < 2:
        return []
    return [BLANK, *small_table(DATABASES, rows, width, min(room - 1, len(rows) + 1), database_severity)]
