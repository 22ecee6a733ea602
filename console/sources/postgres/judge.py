"""What is wrong in a PostgreSQL snapshot: each finding with its value, its limit and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from console.config import Limits
from console.findings import Finding, Limit, Severity, by_severity
from console.sources.postgres.model import ABORTED, Blocker, PostgresSnapshot, Session, Slot
from console.text import clip
from console.units import bytes_, count, counted, duration, percent

EACH = 3
"""Findings of one kind that are told one by one."""
STATEMENT = 120
"""Characters of a statement in a finding; who draws it cuts it to the room there is."""
XID_END = 2_147_483_648
XID = Limit(1_000_000_000, 1_600_000_000)
"""Transactions since the oldest unfrozen one; PostgreSQL stops writing shortly before 2^31."""
ENOUGH_TRANSACTIONS = 100
ENOUGH_BLOCKS, ENOUGH_READS = 10_000, 1_000
"""What must have happened within a minute before its shares are judged."""
ARCHIVE_PATIENCE = 600.0
"""Seconds of failing archiving that make it critical."""

RESTART_WINDOW = 600.0
"""Seconds for which a restart that was seen stays told, as that of a container does."""

Rule = Callable[[PostgresSnapshot, Limits], Iterator[Finding]]


def judge(snapshot: PostgresSnapshot, limits: Limits) -> list[Finding]:
    """The findings of a snapshot, worst first."""
    return by_severity(finding for rule in RULES for finding in rule(snapshot, limits))


def _restarted(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    if snapshot.restarted is None:
        return
    ago = snapshot.age(snapshot.restarted) or 0.0
    if ago >= RESTART_WINDOW:
        return
    if snapshot.restarted > snapshot.server.started:
        hint = (
            "a backend was killed, and with it all sessions ended: see its log, and dmesg for the OOM killer"
        )
        yield Finding(Severity.WARNING, "server", f"recovered from a crash {duration(ago)} ago", hint)
    else:
        hint = "its log says why: a crash, the kernel's OOM killer, or somebody"
        yield Finding(Severity.WARNING, "server", f"restarted {duration(ago)} ago", hint)


def _connections(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    share = snapshot.connections / snapshot.allowed
    limit = limits.limit("connections")
    if severity := limit.judge(share):
        yield Finding(
            severity,
            "connections",
            f"{snapshot.connections} of {snapshot.allowed} taken (limit {percent(limit.crossed(share))})",
            "end idle sessions, lower the pools' size, or put a pooler in front",
        )


def _blocked(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    severity, waiting, roots = _waits(snapshot, limits)
    if severity and not roots:
        yield Finding(
            severity,
            "locks",
            f"{counted(waiting, 'session')} {'waits' if waiting == 1 else 'wait'} for a lock",
            "who blocks is being asked",
            figure="blocked",
        )
    for root in roots[:EACH]:
        yield _root(root, severity, snapshot, limits)
    if len(roots) > EACH:
        yield Finding(
            severity,
            "locks",
            f"others are blocked by {counted(len(roots) - EACH, 'more session')}",
            figure="blocked",
        )


def _waits(snapshot: PostgresSnapshot, limits: Limits) -> tuple[Severity, int, list[Blocker]]:
    """How bad the waits are, how many sessions wait long enough to count, and who is at the root."""
    waiting = sum(map(snapshot.kept_waiting, snapshot.sessions))
    severity = limits.limit("blocked").judge(waiting)
    roots = [blocker for blocker in snapshot.blockers if blocker.depth == 0] if severity else []
    return severity, waiting, roots


def _root(root: Blocker, severity: Severity, snapshot: PostgresSnapshot, limits: Limits) -> Finding:
    """Who blocks others, as bad as that is, or as its own idling and running is."""
    session = root.session
    if session is None:
        held = [transaction.gid for transaction in snapshot.prepared]
        # PostgreSQL gives those of prepared transactions as of process 0
        subject = f"pid {root.pid}" if root.pid else ", ".join(held[:EACH]) or "prepared"
        quoted = [gid.replace("'", "''") for gid in held]
        hint = (
            f"ROLLBACK PREPARED '{quoted[0]}'" if len(held) == 1 and not root.pid else "see pg_prepared_xacts"
        )
        return Finding(severity, subject, f"blocks {root.waiters}: {root.note}", hint, "blocked")
    own = [finding.severity for _, finding in _too_long(session, snapshot, limits)]
    what = session.query or "what it does is not visible"
    if session.in_transaction:
        what = f"(idle in transaction {duration(snapshot.age(session.state_since) or 0.0)}) {what}"
    text = f"blocks {root.waiters}: {clip(what, STATEMENT)}"
    hint = f"SELECT pg_terminate_backend({root.pid})"
    return Finding(max([severity, *own]), f"pid {root.pid}", text, hint, "blocked")


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
    pid, subject = session.pid, f"pid {session.pid}"
    if session.in_transaction:
        age = snapshot.age(session.state_since) or 0.0
        limit = limits.limit("idle_in_transaction")
        if severity := limit.judge(age):
            word = "aborted, idle" if session.state == ABORTED else "idle in transaction"
            text = f"{word} {duration(age)} (limit {duration(limit.crossed(age))})"
            who = session.application or session.user
            yield (
                age,
                Finding(severity, subject, text, f"{who} should commit; or pg_terminate_backend({pid})"),
            )
    if session.active and not session.waiting:
        age = snapshot.age(session.query_since) or 0.0
        limit = limits.limit("query")
        if severity := limit.judge(age):
            told = duration(limit.crossed(age))
            text = f"running {duration(age)} (limit {told}): {clip(session.query, STATEMENT)}"
            yield age, Finding(severity, subject, text, f"SELECT pg_cancel_backend({pid})")
    age = snapshot.age(session.transaction_since) or 0.0
    if session.waiting:  # that it is open so long is its blocker's doing, who is told
        age -= snapshot.age(session.query_since) or 0.0
    limit = limits.limit("transaction")
    if severity := limit.judge(age):
        text = f"transaction open {duration(age)} (limit {duration(limit.crossed(age))})"
        yield age, Finding(severity, subject, text, "old transactions keep vacuum from cleaning")


def _prepared(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    limit = limits.limit("transaction")
    for transaction in snapshot.prepared[:EACH]:
        age = snapshot.age(transaction.since) or 0.0
        if severity := limit.judge(age):
            text = f"prepared {duration(age)} ago (limit {duration(limit.crossed(age))})"
            yield Finding(severity, clip(transaction.gid, 30), text, "COMMIT or ROLLBACK PREPARED it")


def _replication(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    limit = limits.limit("replication_lag")
    for standby in snapshot.standbys:
        lag = standby.replay_lag
        if lag is not None and (severity := limit.judge(lag)):
            behind, told = bytes_(standby.replay_bytes or 0), duration(limit.crossed(lag))
            text = f"{duration(lag)}, {behind} behind (limit {told})"
            yield Finding(severity, standby.name or str(standby.pid), text, "see its load, and the network")
    recovery = snapshot.recovery
    if recovery is None:
        return
    if recovery.lag is not None and (severity := limit.judge(recovery.lag)):
        text = f"{duration(recovery.lag)} behind (limit {duration(limit.crossed(recovery.lag))})"
        yield Finding(severity, "standby", text, "see its load, and queries that replay waits for")
    if recovery.paused:
        yield Finding(Severity.WARNING, "standby", "replay is paused", "SELECT pg_wal_replay_resume()")
    if recovery.receiver is None:
        hint = "see primary_conninfo and the primary; fine when it restores from an archive"
        yield Finding(Severity.WARNING, "standby", "no WAL receiver runs", hint)


def _slots(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    limit = limits.limit("slot_bytes")
    for slot in snapshot.slots:
        retained = slot.retained_bytes or 0.0
        severity = max(limit.judge(retained), _slot_state(slot))
        if severity:
            state = slot.wal_status if slot.wal_status in {"lost", "unreserved"} else ""
            words = [state or ("active" if slot.active else "inactive"), f"holds {bytes_(retained)} of WAL"]
            text = f"{', '.join(words)} (limit {bytes_(limit.crossed(retained))})"
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
        limit = limits.limit("archive_backlog")
        if severity := limit.judge(waiting):
            text = f"{waiting} segments wait (limit {limit.crossed(waiting):g})"
            yield Finding(severity, "archive", text, "archiving is slower than writing, or fails")


def _interval(snapshot: PostgresSnapshot, limits: Limits) -> Iterator[Finding]:
    recent, lately = snapshot.recent, snapshot.lately
    if recent is not None:
        ratio, limit = recent.rollback_ratio, limits.limit("rollbacks")
        enough = recent.tps * recent.seconds >= ENOUGH_TRANSACTIONS
        if ratio is not None and enough and (severity := limit.judge(ratio)):
            text = f"{percent(ratio)} of transactions (limit {percent(limit.crossed(ratio))})"
            yield Finding(severity, "rollbacks", text, "see the server's log for the errors")
        enough = recent.blocks >= ENOUGH_BLOCKS and recent.read * recent.seconds >= ENOUGH_READS
        hit = recent.hit if recent.hit is not None and enough else 1.0
        limit = limits.limit("cache_hit")
        if severity := limit.judge(hit):
            text = f"{percent(hit)} (limit {percent(limit.crossed(hit))})"
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
        if severity := XID.judge(age):
            told = percent(XID.crossed(age) / XID_END)
            text = f"wraparound {percent(age / XID_END)} of the way (limit {told})"
            yield Finding(severity, database.name, text, "VACUUM FREEZE; end old transactions and slots")
    autovacuum = snapshot.settings.get("autovacuum")
    if autovacuum is not None and autovacuum.value == "off":
        yield Finding(Severity.WARNING, "autovacuum", "is off", "tables bloat and wraparound comes nearer")
    for index in snapshot.invalid_indexes[:EACH]:
        yield Finding(
            Severity.WARNING, clip(index, 40), "index is invalid", "REINDEX INDEX CONCURRENTLY, or drop it"
        )


RULES: tuple[Rule, ...] = (
    _restarted,
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
