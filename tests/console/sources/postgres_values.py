"""Snapshots of a PostgreSQL made by hand, for rules and for drawing."""

from __future__ import annotations

from typing import Any

from console.sources.postgres.model import (
    Blocker,
    Counters,
    Database,
    Dated,
    PostgresSnapshot,
    Prepared,
    Progress,
    Rates,
    Receiver,
    Recovery,
    Server,
    Session,
    Setting,
    Slot,
    Standby,
    Statement,
    Table,
    Wal,
)
from tests.copies import replace

NOW = 1_000_000.0
GB = 1024.0**3
CALM = Rates(60, 100, 0.0, 0.99, 100_000, 10, 0, 0, 0, 0, 0, 0, 0, 0)
"""A minute in which nothing is wrong."""
SLOT = Slot("first", "physical", "", "", True, False, "reserved", None, 0.0, None, "", None)
STANDBY = Standby(9, "replica", "repl", "10.0.0.2", "streaming", "async", 0, 0, 0, 0, 0.0, 0.0, 0.0)
WAL = Wal(5, 1, "0A", NOW - 10, "0B", NOW - 20, 3, 1, 2.0, 0.1, 900, 10, 50, 0, 1000)
QUIET = PostgresSnapshot(
    server=Server("18.1", 180001, NOW - 9999, "orders", "monitor", "/tmp:5432"),
    now=NOW, standby=False, settings={}, max_connections=100, reserved=3, sessions=(), states={},
    connections=1, waiting=0, blockers=(), more_waiters=0, prepared=(), databases=(), totals=Counters(),
    rates=None, recent=None, lately=None, wal_rate=None, recovery=None, standbys=(), slots=(), wal=None,
)  # fmt: skip
"""A server nobody uses, at the first poll."""


def session(pid: int = 7, **changes: Any) -> Session:
    """An idle client session with something changed."""
    words: dict[str, Any] = {
        "pid": pid, "own": False, "leader": None, "backend": "client backend", "database": "orders",
        "user": "app", "application": "api", "client": "local", "state": "idle", "wait_type": "",
        "wait_event": "", "since": NOW - 100, "transaction_since": None, "query_since": NOW - 50,
        "state_since": NOW - 50, "xmin_age": None, "query": "select 1",
    }  # fmt: skip
    return Session(**{**words, **changes})


def snapshot(sessions: tuple[Session, ...] = (), **changes: Any) -> PostgresSnapshot:
    """A calm server with these sessions and something changed; counts follow from the sessions."""
    states: dict[str, int] = {}
    for each in sessions:
        if each.is_client and not each.own:
            states[each.state] = states.get(each.state, 0) + 1
    words: dict[str, Any] = {
        "sessions": sessions,
        "states": states,
        "connections": sum(each.is_client for each in sessions) + (not any(each.own for each in sessions)),
        "waiting": sum(each.waiting for each in sessions),
        "by_pid": {each.pid: each for each in sessions},
        "rates": replace(CALM, seconds=3.0),
        "recent": CALM,
        "lately": replace(CALM, seconds=600.0),
        "wal": WAL,
        "wal_rate": 1024.0,
        "settings": {"archive_mode": Setting("off", "", False)},
        "databases": (
            Database("orders", False, 3, 5000, 1, Counters(100, 1, 5, 95), CALM, 2 * GB, 1024.0),
            Database("postgres", False, 1, 5000, 1, Counters(10), None, 0.01 * GB),
            Database("template1", True, 0, 5000, 1, Counters(), None),
        ),
    }
    return replace(QUIET, **{**words, **changes})


ROOT = session(
    4711, state="idle in transaction", transaction_since=NOW - 192, state_since=NOW - 190,
    query="update orders set paid = true where id = 609",
)  # fmt: skip
"""A session that has forgotten to commit."""
WAITERS = tuple(
    session(
        pid, state="active", wait_type="Lock", wait_event="transactionid", transaction_since=NOW - 60,
        query_since=NOW - 60, query=f"delete from orders where id = {pid}", blocked_by=(4711,),
        application="worker",
    )
    for pid in (4712, 4713)
)  # fmt: skip
TREE = (
    Blocker(4711, 0, 3, ROOT),
    Blocker(4712, 1, 1, WAITERS[0]),
    Blocker(4714, 2, 0, None, "session not seen"),
    Blocker(4713, 1, 0, WAITERS[1]),
)
BUSY = snapshot(
    (
        ROOT,
        *WAITERS,
        session(50, state="active", query_since=NOW - 40, transaction_since=NOW - 40, query="x " * 450),
        session(51, state="idle in transaction (aborted)", transaction_since=NOW - 9, state_since=NOW - 9),
        session(52, own=True, application="opsconsole", state="active"),
        session(1, backend="checkpointer", state="", database="", user="", wait_type="Activity"),
        *(session(pid, state_since=NOW - pid) for pid in range(100, 180)),
    ),
    blockers=TREE,
    prepared=(Prepared("order 609", "app", "orders", NOW - 700),),
    rates=Rates(3, 240.4, 0.2, 0.991, 9000, 40, 900, 300, 5, 6, 7, 1e6, 1, 0),
    recent=Rates(60, 240, 0.2, 0.6, 100_000, 700, 0, 0, 0, 0, 0, 0, 1, 0),
    lately=Rates(600, 240, 0.2, 0.6, 100_000, 700, 0, 0, 0, 0, 0, 0, 2, 1),
    standbys=(replace(STANDBY, replay_bytes=34e6, replay_lag=12.0), replace(STANDBY, name="second", pid=10)),
    slots=(replace(SLOT, name="forgotten", active=False, retained_bytes=2e9), SLOT),
    wal=replace(WAL, failed=4, failed_at=NOW - 5),
    backlog=Dated(12, NOW),
    settings={
        "archive_mode": Setting("on", "", False),
        "shared_buffers": Setting("16384", "8kB", False),
        "work_mem": Setting("4096", "kB", True),
        "idle_in_transaction_session_timeout": Setting("0", "ms", False),
        "log_min_duration_statement": Setting("-1", "ms", False),
        "autovacuum": Setting("off", "", False),
    },
    tables=Dated(
        (
            Table("public", "orders", 2 * GB, 10**6, 400_000, 500, 12, 10**7, 900, NOW - 86400, None, 10**6),
            Table("public", "log", GB, 10**7, 0, 0, 3, 3 * 10**7, None, None, NOW - 60, 10**6),
        ),
        NOW - 4,
    ),
    invalid_indexes=("public.broken",),
    statements=Dated(
        (
            Statement(1, "app", "orders", "select * from orders where id = $1", 1000, 2.0, 0.002, 0.9,
                      1000, 990, 10, 0, 12.0, 0.024, 0.002),
            Statement(2, "app", "orders", "update stock set n = n - $1", 10, 9.0, 0.9, 3.0,
                      10, 0, 0, 8192, None, None, None),
        ),
        NOW - 2,
    ),
    progress=(
        Progress("VACUUM", 60, "orders", "public.orders", "scanning heap", 50, 200),
        Progress("COPY FROM", 61, "orders", "public.log", "PIPE", 10, 0),
    ),
    sizes_at=NOW - 30,
)  # fmt: skip
"""A server on which about everything is wrong."""
REPLICA = snapshot(
    standby=True, recovery=Recovery(12.0, True, Receiver("streaming", "db-eu-1", "first", NOW - 1))
)
"""A standby that is behind."""
