"""What is wrong in a PostgreSQL snapshot: each finding with its value, its limit and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from console.config import Limits
from console.findings import Finding, Severity, by_severity
from console.sources.postgres.model import ABORTED, Blocker, PostgresSnapshot, Session, Slot
from console.text import clip
from console.units import bytes_, count, duration, percent

WAITING = 1.0
"""Seconds a session waits before it counts as blocked: shorter waits are how locks work."""
EACH = 3
"""Findings of one kind that are told one by one."""
XID_END = 2_147_483_648
XID_WARNING, XID_CRITICAL = 1_000_000_000, 1_600_000_000
"""Transactions since the oldest unfrozen one; PostgreSQL stops writing shortly before 2^31."""
ENOUGH_TRANSACTIONS = 100
ENOUGH_BLOCKS, ENOUGH_READS = 10_000, 1_000
"""What must have happened within a minute before its shares are judged."""
ARCHIVE_PATIENCE = 600.0
"""Seconds of failing archiving that make it critical."""

Rule = Callable[[PostgresSnapshot, Limits], Iterator[Finding]]


def judge(snapshot: PostgresSnapshot, limits: Limits) -> list[Finding]:
    """The findings of a snapshot, worst first."""
    return by_severity(finding for rule in RULES for finding in rule(snapshot, limits))


def _connections(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    share = snapshot.connections / snapshot.allowed
    severity = limits.limit("connections").judge(share)
    if severity:
        yield Finding(
            severity,
            "connections",
            f"{snapshot.connections} of {snapshot.allowed} taken (limit {percent(limits.connections[0])})",
            "end idle sessions, lower the pools' size, or put a pooler in front",
        )


def _blocked(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    severity, waiting, roots = _waits(snapshot, limits)
    if severity and not roots:
        yield Finding(severity, "locks", f"{waiting} sessions wait for a lock", "who blocks is being asked")
    for root in roots[:EACH]:
        yield _root(root, severity, snapshot, limits)
    if len(roots) > EACH:
        yield Finding(severity, "locks", f"{len(roots) - EACH} more sessions block others")


def _waits(snapshot: PostgresSnapshot, limits: Limits) -> tuple[Severity, int, list[Blocker]]:
    """How bad the waits are, how many sessions wait long enough to count, and who is at the root."""
    waiting = sum(s.waiting and (snapshot.age(s.query_since) or 0.0) >= WAITING for s in snapshot.sessions)
    severity = limits.limit("blocked").judge(waiting)
    roots = [blocker for blocker in snapshot.blockers if blocker.depth == 0] if severity else []
    return severity, waiting, roots


def _root(root: Blocker, severity: Severity, snapshot: PostgresSnapshot, limits: Limits) -> Finding:
    """Who blocks others, as bad as that is, or as its own idling and running is."""
    session = root.session
    if session is None:
        held = [transaction.gid for transaction in snapshot.prepared]
        hint = (
            f"ROLLBACK PREPARED '{held[0]}'" if len(held) == 1 and root.pid == 0 else "see pg_prepared_xacts"
        )
        return Finding(severity, str(root.pid), f"blocks {root.waiters}: {root.note}", hint)
    own = [finding.severity for _, finding in _too_long(session, snapshot, limits)]
    what = session.query
    if session.in_transaction:
        what = f"(idle in transaction {duration(snapshot.age(session.state_since) or 0.0)}) {what}"
    text = f"blocks {root.waiters}: {clip(what, 40)}"
    return Finding(max([severity, *own]), str(root.pid), text, f"SELECT pg_terminate_backend({root.pid})")


def _long(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    """One finding a session: idle in its transaction, or its statement, or its transaction is too old."""
    told = {root.pid for root in _waits(snapshot, limits)[2][:EACH]}  # as blockers
    found = [
        (age, finding)
        for session in snapshot.sessions
        if session.is_client and not session.own and session.pid not in told
        for age, finding in islice(_too_long(session, snapshot, limits), 1)
    ]
    found.sort(key=lambda pair: (-pair[1].severity, -pair[0]))
    yield from (finding for _, finding in found[:EACH])
    if len(found) > EACH:
        severity = found[EACH][1].severity
        yield Finding(severity, "sessions", f"{len(found) - EACH} more run or idle too long")


def _too_long(
    session: Session, snapshot: PostgresSnapshot, limits: Limits
) -> Iterator[tuple[float, Finding]]:
    pid = str(session.pid)
    if session.in_transaction:
        age = snapshot.age(session.state_since) or 0.0
        if severity := limits.limit("idle_in_transaction").judge(age):
            word = "aborted, idle" if session.state == ABORTED else "idle in transaction"
            text = f"{word} {duration(age)} (limit {duration(limits.idle_in_transaction[0])})"
            who = session.application or session.user
            yield age, Finding(severity, pid, text, f"{who} should commit; or pg_terminate_backend({pid})")
    if session.active and not session.waiting:
        age = snapshot.age(session.query_since) or 0.0
        if severity := limits.limit("query").judge(age):
            text = f"running {duration(age)} (limit {duration(limits.query[0])}): {clip(session.query, 30)}"
            yield age, Finding(severity, pid, text, f"SELECT pg_cancel_backend({pid})")
    age = snapshot.age(session.transaction_since) or 0.0
    if session.waiting:  # that it is open so long is its blocker's doing, who is told
        age -= snapshot.age(session.query_since) or 0.0
    if severity := limits.limit("transaction").judge(age):
        text = f"transaction open {duration(age)} (limit {duration(limits.transaction[0])})"
        yield age, Finding(severity, pid, text, "old transactions keep vacuum from cleaning")


def _prepared(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    for transaction in snapshot.prepared[:EACH]:
        age = snapshot.age(transaction.since) or 0.0
        if severity := limits.limit("transaction").judge(age):
            text = f"prepared {duration(age)} ago (limit {duration(limits.transaction[0])})"
            yield Finding(severity, clip(transaction.gid, 30), text, "COMMIT or ROLLBACK PREPARED it")


def _replication(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    for standby in snapshot.standbys:
        lag = standby.replay_lag
        if lag is not None and (severity := limits.limit("replication_lag").judge(lag)):
            text = f"{duration(lag)}, {bytes_(standby.replay_bytes or 0)} behind (limit {_lag_limit(limits)})"
            yield Finding(severity, standby.name or str(standby.pid), text, "see its load, and the network")
    recovery = snapshot.recovery
    if recovery is None:
        return
    if recovery.lag is not None and (severity := limits.limit("replication_lag").judge(recovery.lag)):
        text = f"{duration(recovery.lag)} behind (limit {_lag_limit(limits)})"
        yield Finding(severity, "standby", text, "see its load, and queries that replay waits for")
    if recovery.paused:
        yield Finding(Severity.WARNING, "standby", "replay is paused", "SELECT pg_wal_replay_resume()")
    if recovery.receiver is None:
        hint = "see primary_conninfo and the primary; fine when it restores from an archive"
        yield Finding(Severity.WARNING, "standby", "no WAL receiver runs", hint)


def _lag_limit(limits: Limits) -> str:
    return duration(limits.replication_lag[0])


def _slots(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    for slot in snapshot.slots:
        retained = slot.retained_bytes or 0.0
        severity = max(limits.limit("slot_bytes").judge(retained), _slot_state(slot))
        if severity:
            state = slot.wal_status if slot.wal_status in {"lost", "unreserved"} else ""
            words = [state or ("active" if slot.active else "inactive"), f"holds {bytes_(retained)} of WAL"]
            text = f"{', '.join(words)} (limit {bytes_(limits.slot_bytes[0])})"
            hint = "start its reader, or SELECT pg_drop_replication_slot(...)"
            yield Finding(severity, f"slot {clip(slot.name, 24)}", text, hint)


def _slot_state(slot: Slot) -> Severity:
    if slot.invalid or slot.wal_status in {"lost", "unreserved"}:
        return Severity.CRITICAL
    return Severity.OK if slot.active or slot.temporary else Severity.WARNING


def _archive(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    wal = snapshot.wal
    if wal is not None and wal.failing:
        # how long: since the last success, or since the failures are counted
        since = snapshot.age(wal.archived_at if wal.archived_at is not None else snapshot.server.started)
        severity = Severity.CRITICAL if (since or 0.0) >= ARCHIVE_PATIENCE else Severity.WARNING
        text = f"failing, {count(wal.failed)} times, last {wal.last_failed}"
        yield Finding(severity, "archive", text, "see archive_command and the server's log")
    if snapshot.backlog is not None:
        waiting = snapshot.backlog.value
        if severity := limits.limit("archive_backlog").judge(waiting):
            text = f"{waiting} segments wait (limit {limits.archive_backlog[0]:g})"
            yield Finding(severity, "archive", text, "archiving is slower than writing, or fails")


def _interval(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    recent, lately = snapshot.recent, snapshot.lately
    if recent is not None:
        ratio = recent.rollback_ratio
        enough = ratio is not None and recent.tps * recent.seconds >= ENOUGH_TRANSACTIONS
        if enough and (severity := limits.limit("rollbacks").judge(ratio or 0.0)):
            text = f"{percent(ratio or 0.0)} of transactions (limit {percent(limits.rollbacks[0])})"
            yield Finding(severity, "rollbacks", text, "see the server's log for the errors")
        enough = recent.blocks >= ENOUGH_BLOCKS and recent.read * recent.seconds >= ENOUGH_READS
        hit = recent.hit if recent.hit is not None and enough else 1.0
        if severity := limits.limit("cache_hit").judge(hit):
            text = f"{percent(hit)} (limit {percent(limits.cache_hit[0])})"
            yield Finding(severity, "cache hit", text, "see scans without index, and shared_buffers")
    if lately is not None and lately.deadlocks:
        text = f"{lately.deadlocks} in the last {duration(lately.seconds)}"
        yield Finding(Severity.WARNING, "deadlocks", text, "take locks in one order; see the server's log")
    if lately is not None and lately.conflicts:
        text = f"{lately.conflicts} queries cancelled by replay"
        yield Finding(Severity.WARNING, "conflicts", text, "see max_standby_streaming_delay")
    if snapshot.totals.checksum_failures:
        text = f"{snapshot.totals.checksum_failures} pages failed their checksum"
        yield Finding(Severity.CRITICAL, "checksums", text, "the storage is corrupting data: fail over")


def _upkeep(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    for database in snapshot.databases:
        age = max(database.xid_age, database.mxid_age)
        if age >= XID_WARNING:
            severity = Severity.CRITICAL if age >= XID_CRITICAL else Severity.WARNING
            text = f"wraparound {percent(age / XID_END)} of the way (limit {percent(XID_WARNING / XID_END)})"
            yield Finding(severity, database.name, text, "VACUUM FREEZE; end old transactions and slots")
    autovacuum = snapshot.settings.get("autovacuum")
    if autovacuum is not None and autovacuum.value == "off":
        yield Finding(Severity.WARNING, "autovacuum", "is off", "tables bloat and wraparound comes nearer")
    for index in snapshot.invalid_indexes[:EACH]:
        yield Finding(
            Severity.WARNING, clip(index, 40), "index is invalid", "REINDEX INDEX CONCURRENTLY, or drop it"
        )


RULES: tuple[Rule, ...] = (
    _connections,
    _blocked,
    _long,
    _prepared,
    _replication,
    _slots,
    _archive,
    _interval,
    _upkeep,
)
