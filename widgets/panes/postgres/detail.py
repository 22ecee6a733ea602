"""Everything about one row of PostgreSQL's tables, with the SQL that would act on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from console.units import bytes_, count, duration, percent
from widgets.draw import BLANK, SEVERITY_ROLE, Line, wrap
from widgets.figures import Figure
from widgets.pane import Context
from widgets.panes.postgres import words as words
from widgets.panes.postgres.rows import XID_END, SessionRow, TableRow, TreeRow, session_row

if TYPE_CHECKING:
    from console.sources.postgres.model import Database, PostgresSnapshot, Session, Statement

NAME = 14
"""Cells of a value's name."""


def pairs(facts: Iterable[tuple[str, str]], width: int) -> list[Line]:
    """Names and values below each other; long values continue under themselves, empty ones are left out."""
    lines: list[Line] = []
    for name, value in facts:
        if not value:
            continue
        first, *rest = wrap(value, max(10, width - NAME))
        lines.append(((name.ljust(NAME), "label"), *first))
        lines += [((" " * NAME, "label"), *line) for line in rest]
    return lines


def session_detail(row: SessionRow, context: Context, width: int) -> Sequence[Line]:
    """All fields, who blocks it and whom it blocks, the whole statement."""
    session, snapshot = row.session, context.snapshot
    wait = f"{session.wait_type}: {session.wait_event}" if session.wait_type else ""
    behind = "" if session.xmin_age is None else f"{count(session.xmin_age)} transactions, kept from vacuum"
    lines = pairs(
        (
            ("pid", f"{session.pid}{' (ours)' if session.own else ''}"),
            ("kind", session.backend + (f", for {session.leader}" if session.leader else "")),
            ("state", f"{session.state} {words.age(row.state)}".strip()),
            ("wait", wait),
            ("database", session.database),
            ("user", session.user),
            ("application", session.application),
            ("client", session.client),
            ("connected", f"{words.age(snapshot.age(session.since))} ago" if session.since else ""),
            ("transaction", f"open {words.age(row.transaction)}" if row.transaction is not None else ""),
            ("statement", f"running {words.age(row.query)}" if row.query is not None else ""),
            ("holds back", behind),
            ("blocked by", words.join(session.blocked_by)),
            ("blocks", count(row.blocks) if row.blocks else ""),
        ),
        width,
    )
    lines += _findings(f"pid {session.pid}", context, width)
    if session.is_client and not session.own:
        ends = (
            ("to cancel", f"SELECT pg_cancel_backend({session.pid})" if session.active else ""),
            ("to end it", f"SELECT pg_terminate_backend({session.pid})"),
        )
        lines += [BLANK, *pairs(ends, width)]
    return [*lines, BLANK, *wrap(session.query or "(no statement)", width, "strong")]


def _findings(subject: str, context: Context, width: int) -> list[Line]:
    lines: list[Line] = []
    for finding in context.findings:
        if finding.subject == subject:
            lines += [BLANK, *wrap(finding.text, width, SEVERITY_ROLE[finding.severity])]
            lines += wrap(finding.hint, width) if finding.hint else []
    return lines


def tree_detail(row: TreeRow, context: Context, width: int) -> Sequence[Line]:
    """The session behind a line of the tree, or the prepared transactions that may stand for it."""
    snapshot: PostgresSnapshot = context.snapshot
    session: Session | None = row.line.session
    if session is not None:
        blocking = {line.pid: line.waiters for line in snapshot.blockers}
        return session_detail(session_row(session, snapshot, context, blocking), context, width)
    lines: list[Line] = wrap(row.line.note, width, "title")
    for transaction in snapshot.prepared:
        since = words.age(snapshot.age(transaction.since))
        facts = (
            ("transaction", transaction.gid),
            ("owner", f"{transaction.owner} in {transaction.database}"),
            ("prepared", f"{since} ago"),
        )
        lines += [BLANK, *pairs(facts, width)]
    return lines


def statement_detail(row: Statement, context: Context, width: int) -> Sequence[Line]:
    """All figures of a statement, and its text."""
    blocks = row.hit + row.read
    now = ""
    if row.calls_rate is not None and row.load is not None:
        mean = "" if row.recent_mean is None else f", {duration(row.recent_mean)} each"
        now = f"{count(row.calls_rate)} calls/s, {percent(row.load)} of a session{mean}"
    facts = (
        ("now", now),
        ("total", f"{duration(row.total)} in {count(row.calls)} calls"),
        ("mean", f"{duration(row.mean)}, longest {duration(row.longest)}"),
        ("rows", f"{count(row.rows)}, {count(row.rows / max(1, row.calls))} a call"),
        ("blocks", f"{count(blocks)}, {percent(row.hit / blocks)} found in the cache" if blocks else ""),
        ("temporary", f"{bytes_(row.temp_bytes)} written" if row.temp_bytes else ""),
        ("user", row.user),
        ("database", row.database),
        ("query id", str(row.query_id)),
    )
    return [*pairs(facts, width), BLANK, *wrap(row.query or "(text not visible)", width, "strong")]


def table_detail(row: TableRow, context: Context, width: int) -> Sequence[Line]:
    """All figures of a table."""
    table = row.table
    scans = "no index" if table.index_scans is None else f"{count(table.index_scans)}"
    return pairs(
        (
            ("table", f"{table.schema}.{table.name}"),
            ("size", f"{bytes_(table.bytes)} with indexes and TOAST"),
            ("rows", f"{count(table.live)} live, {count(table.dead)} dead ({percent(table.dead_ratio)})"),
            ("full scans", f"{count(table.seq_scans)}, {count(table.seq_rows)} rows read by them"),
            ("index scans", scans),
            ("vacuumed", f"{words.age(row.vacuumed)} ago" if row.vacuumed is not None else "never"),
            ("analyzed", f"{words.age(row.analyzed)} ago" if row.analyzed is not None else "never"),
            ("changed since", f"{count(table.modified)} rows since the last analyze"),
            ("oldest row", f"{count(table.xid_age)} transactions, {percent(table.xid_age / XID_END)} of all"),
        ),
        width,
    )


def database_detail(row: Database, context: Context, width: int) -> Sequence[Line]:
    """All figures of a database: of the interval, and since the statistics' reset."""
    counters, rates = row.counters, row.rates
    now = ""
    if rates is not None:
        hit = "idle" if rates.hit is None else percent(rates.hit)
        now = f"{count(rates.tps)} transactions/s, cache hit {hit}, {bytes_(rates.temp_bytes)}/s temporary"
    growth = "" if row.growth is None else f", growing {bytes_(row.growth * 3600)} an hour"
    blocks = counters.hit + counters.read
    return pairs(
        (
            ("database", row.name),
            ("sessions", str(row.backends)),
            ("size", f"{bytes_(row.size)}{growth}" if row.size is not None else "not known yet"),
            ("now", now),
            ("transactions", f"{count(counters.commits)} committed, {count(counters.rollbacks)} rolled back"),
            ("cache hit", percent(counters.hit / blocks) if blocks else ""),
            ("rows", f"{count(counters.returned)} returned, {count(counters.fetched)} by index"),
            (
                "changes",
                f"{count(counters.inserted)} inserted, {count(counters.updated)} updated,"
                f" {count(counters.deleted)} deleted",
            ),
            ("temporary", f"{bytes_(counters.temp_bytes)} in {count(counters.temp_files)} files"),
            ("deadlocks", str(counters.deadlocks)),
            ("conflicts", str(counters.conflicts)),
            ("wraparound", f"{count(row.xid_age)} transactions, {percent(row.xid_age / XID_END)} of all"),
        ),
        width,
    ) + _findings(row.name, context, width)


def fact_detail(fact: Figure, context: Context, width: int) -> Sequence[Line]:
    """A figure with its note and what is said of it."""
    lines: list[Line] = [*wrap(f"{fact.area}: {fact.name}", width, "title"), BLANK]
    lines += wrap(fact.value, width, SEVERITY_ROLE[fact.severity])
    if fact.note:
        lines += [BLANK, *wrap(fact.note, width)]
    return lines + _findings(fact.name, context, width)
