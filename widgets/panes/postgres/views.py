"""The zoom views of PostgreSQL: sessions, blockers, statements, tables, databases and more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.units import bytes_, bytes_per_second, count, duration, per_second, percent
from widgets.draw import SEVERITY_ROLE, Line, wrap
from widgets.figures import Figure, metric_plot
from widgets.pane import Context, Plot, View
from widgets.panes.postgres import words as words
from widgets.panes.postgres.columns import DATABASE, GROUP, PROGRESS, SESSION, STATEMENT, TABLE, TREE, WAIT
from widgets.panes.postgres.detail import (
    database_detail,
    fact_detail,
    session_detail,
    statement_detail,
    table_detail,
    tree_detail,
)
from widgets.panes.postgres.facts import replication_facts, server_facts
from widgets.panes.postgres.rows import (
    SessionRow,
    TreeRow,
    WaitRow,
    database_severity,
    group_rows,
    session_rows,
    table_rows,
    tree_rows,
    wait_rows,
)
from widgets.plot import Curve, PlotSpec
from widgets.table import Column

if TYPE_CHECKING:
    from console.runs.acts import Act
    from console.sources.postgres.model import Database, PostgresSnapshot, Statement


# -- plots


TPS = metric_plot("transactions", per_second, ("", "opsconsole_pg_tps"))
SESSIONS = metric_plot(
    "sessions", count, ("all", "opsconsole_pg_connections"), ("active", "opsconsole_pg_active")
)
BLOCKED = metric_plot("waiting for locks", count, ("", "opsconsole_pg_blocked"))
HIT = metric_plot("cache hit", percent, ("", "opsconsole_pg_hit_ratio"), top=1.0)
OLDEST = metric_plot("oldest transaction", duration, ("", "opsconsole_pg_longest_transaction_seconds"))
WAL = metric_plot("wal", bytes_per_second, ("", "opsconsole_pg_wal_bytes_per_second"))
TEMP = metric_plot("temporary files", bytes_per_second, ("", "opsconsole_pg_temp_bytes_per_second"))


def _lag(context: Context, span: float) -> Sequence[Curve]:
    """Bytes each standby has yet to replay."""
    source = context.feed.source.name
    curves = []
    for found in context.history.find("pg_stat_replication_pg_wal_lsn_diff"):
        pairs = dict(found)
        points = context.points("pg_stat_replication_pg_wal_lsn_diff", found, span)
        if pairs.get("server") == source and points:
            curves.append(Curve(pairs.get("application_name") or "standby", points))
    return curves[:4]


LAG = Plot(PlotSpec("to replay", bytes_), _lag)


def _session_note(context: Context) -> str:
    snapshot: PostgresSnapshot = context.snapshot
    told = ", ".join(f"{number} {name}" for name, number in words.parts(snapshot))
    taken = f"{snapshot.connections} of {snapshot.allowed} connections"
    return f"{taken}: {told}; {snapshot.reserved} more reserved"


def _tree_note(context: Context) -> str:
    snapshot: PostgresSnapshot = context.snapshot
    more = f"; {snapshot.more_waiters} more are not asked about" if snapshot.more_waiters else ""
    if not snapshot.waiting:
        return ""
    return f"{snapshot.waiting} wait for a lock; each stands below the nearest that blocks it{more}"


def _statement_rows(context: Context) -> Sequence[Statement]:
    found = context.snapshot.statements
    return sorted(found.value, key=lambda row: (-(row.load or 0.0), -row.total)) if found else ()


def _statement_note(context: Context) -> str:
    snapshot: PostgresSnapshot = context.snapshot
    if snapshot.statements is None:
        return f"no statement is known: {snapshot.statements_note}" if snapshot.statements_note else ""
    return (
        f"as of {words.age(snapshot.age(snapshot.statements.at))} ago; LOAD is time spent a second: "
        "100% keeps one session busy; totals since the statistics' reset"
    )


def _table_note(context: Context) -> str:
    snapshot: PostgresSnapshot = context.snapshot
    if snapshot.tables is None:
        return "asking for the tables' statistics"
    seen = words.age(snapshot.age(snapshot.tables.at))
    where = f"database {snapshot.server.database}, as of {seen} ago"
    return f"{where}; INDEX - has no index; VACUUM and ANALYZE say how long ago"


def database_rows(context: Context) -> Sequence[Database]:
    """The databases, the busiest first, templates last."""
    databases: Sequence[Database] = context.snapshot.databases
    return sorted(databases, key=lambda row: (row.template, -(row.rates.tps if row.rates else 0.0), row.name))


def _database_note(context: Context) -> str:
    snapshot: PostgresSnapshot = context.snapshot
    if snapshot.sizes_at is None:
        return "sizes are being asked for"
    total = sum(database.size or 0.0 for database in snapshot.databases)
    return f"{bytes_(total)} in all, sizes as of {words.age(snapshot.age(snapshot.sizes_at))} ago"


def _facts(
    make: Callable[[Context], Sequence[Figure]], view: str, title: str, plots: Sequence[Plot]
) -> View[Figure]:
    return View(
        id=view,
        title=title,
        columns=(
            Column("area", "AREA", lambda fact: (fact.area, "label"), 12, flex=1),
            Column("fact", "WHAT", lambda fact: (fact.name, "strong"), 18, flex=1),
            Column("value", "VALUE", lambda fact: (fact.value, SEVERITY_ROLE[fact.severity]), 30, flex=1),
            Column("note", "NOTE", lambda fact: (fact.note, "dim"), 20, flex=3, drop=1),
        ),
        rows=make,
        key=lambda fact: (fact.area, fact.name),
        severity=lambda fact: fact.severity,
        detail=fact_detail,
        plots=plots,
    )


def _wait_severity(row: WaitRow) -> Severity:
    return Severity.WARNING if row.kind == "Lock" and (row.longest or 0.0) >= 1 else Severity.OK


def _wait_detail(row: WaitRow, context: Context, width: int) -> Sequence[Line]:
    return [*wrap(f"{row.kind}: {row.event}", width, "title"), *wrap(row.query, width)]


def _session_acts(row: SessionRow, context: Context) -> Sequence[Act]:
    from widgets.panes.postgres.acts import session_acts  # not needed for the first paint

    return session_acts(row, context)


def _tree_acts(row: TreeRow, context: Context) -> Sequence[Act]:
    from widgets.panes.postgres.acts import tree_acts

    return tree_acts(row, context)


VIEWS: tuple[View[Any], ...] = (
    View("sessions", "Sessions", SESSION, session_rows, lambda row: row.session.pid,
         severity=lambda row: row.severity, detail=session_detail, note=_session_note,
         plots=(SESSIONS, TPS, BLOCKED), acts=_session_acts),
    View("blockers", "Blockers", TREE, tree_rows, lambda row: (row.number, row.line.pid), detail=tree_detail,
         empty="nobody waits for a lock", note=_tree_note, plots=(BLOCKED, OLDEST), acts=_tree_acts),
    View("statements", "Statements", STATEMENT, _statement_rows,
         lambda row: (row.query_id, row.user, row.database), detail=statement_detail,
         empty="no statements", note=_statement_note, plots=(TPS, HIT)),
    View("tables", "Tables", TABLE, table_rows, lambda row: (row.table.schema, row.table.name),
         severity=lambda row: row.severity, detail=table_detail, empty="no tables", note=_table_note),
    View("databases", "Databases", DATABASE, database_rows, lambda row: row.name,
         severity=database_severity, detail=database_detail, note=_database_note, plots=(TPS, HIT, TEMP)),
    _facts(replication_facts, "replication", "Replication", (WAL, LAG)),
    View("waits", "Waits", WAIT, wait_rows, lambda row: (row.kind, row.event), severity=_wait_severity,
         detail=_wait_detail, empty="nothing waits and nothing runs", plots=(SESSIONS, BLOCKED)),
    View("groups", "Who", GROUP, group_rows, lambda row: (row.by, row.group.name), empty="no sessions",
         note=lambda context: "sessions per database, user, application and client address, without ours",
         plots=(SESSIONS,)),
    View("progress", "Progress", PROGRESS, lambda context: context.snapshot.progress, lambda row: row.pid,
         empty="no VACUUM, ANALYZE, CREATE INDEX, CLUSTER, COPY or base backup is running"),
    _facts(server_facts, "server", "Server", (HIT, OLDEST)),
)  # fmt: skip
