"""The numbers of a PostgreSQL snapshot under postgres_exporter's names and in its units.

Figures no exporter has a name for are called `opsconsole_pg_...`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from console.metrics import Labels, Sample, labels
from console.sources.postgres.model import Counters, Database, PostgresSnapshot

MOST_DATABASES = 50
"""Databases with series of their own: those with most sessions."""

_STATES = (
    "active", "idle", "idle in transaction", "idle in transaction (aborted)", "fastpath function call",
    "disabled",
)  # fmt: skip
_DATABASE = (
    ("pg_stat_database_xact_commit", "commits"),
    ("pg_stat_database_xact_rollback", "rollbacks"),
    ("pg_stat_database_blks_read", "read"),
    ("pg_stat_database_blks_hit", "hit"),
    ("pg_stat_database_tup_returned", "returned"),
    ("pg_stat_database_tup_fetched", "fetched"),
    ("pg_stat_database_tup_inserted", "inserted"),
    ("pg_stat_database_tup_updated", "updated"),
    ("pg_stat_database_tup_deleted", "deleted"),
    ("pg_stat_database_conflicts", "conflicts"),
    ("pg_stat_database_temp_files", "temp_files"),
    ("pg_stat_database_temp_bytes", "temp_bytes"),
    ("pg_stat_database_deadlocks", "deadlocks"),
)


@lru_cache(maxsize=4096)
def _labels(server: str, *pairs: tuple[str, str]) -> Labels:
    return labels(server=server, **dict(pairs))


def samples(snapshot: PostgresSnapshot, server: str) -> Iterator[Sample]:
    """Every sample of a snapshot, labelled with the source's name."""
    yield from _activity(snapshot, server)
    yield from _databases(snapshot, server)
    yield from _replication(snapshot, server)
    yield from _wal(snapshot, server)
    yield from _own(snapshot, _labels(server))


def _activity(snapshot: PostgresSnapshot, server: str) -> Iterator[Sample]:
    # none is a number too, as the exporter has it: else the last one would be taken to last on
    counts = dict.fromkeys(((one.name, state) for one in _shown(snapshot) for state in _STATES), 0)
    oldest: dict[tuple[str, str], float] = {}
    for session in snapshot.sessions:
        if session.own or not session.database:
            continue
        key = (session.database, session.state)
        counts[key] = counts.get(key, 0) + 1
        age = snapshot.age(session.transaction_since) or 0.0
        oldest[key] = max(oldest.get(key, 0.0), age)
    for (database, state), number in counts.items():
        own = _labels(server, ("datname", database), ("state", state))
        yield Sample("pg_stat_activity_count", number, own)
        yield Sample("pg_stat_activity_max_tx_duration", oldest.get((database, state), 0.0), own)
    yield Sample("pg_settings_max_connections", snapshot.max_connections, _labels(server))
    yield Sample("pg_postmaster_start_time_seconds", snapshot.server.started, _labels(server))


def _shown(snapshot: PostgresSnapshot) -> list[Database]:
    """The databases with series of their own."""
    shown = [database for database in snapshot.databases if not database.template]
    if len(shown) > MOST_DATABASES:
        shown = sorted(shown, key=lambda database: -database.backends)[:MOST_DATABASES]
    return shown


def _databases(snapshot: PostgresSnapshot, server: str) -> Iterator[Sample]:
    for database in _shown(snapshot):
        own = _labels(server, ("datname", database.name))
        counters: Counters = database.counters
        for metric, field in _DATABASE:
            yield Sample(metric, getattr(counters, field), own)
        yield Sample("pg_stat_database_numbackends", database.backends, own)
        if database.size is not None:
            yield Sample("pg_database_size_bytes", database.size, own)


def _replication(snapshot: PostgresSnapshot, server: str) -> Iterator[Sample]:
    recovery = snapshot.recovery
    yield Sample("pg_replication_is_replica", float(snapshot.standby), _labels(server))
    if recovery is None:
        yield Sample("pg_replication_lag_seconds", 0.0, _labels(server))
    elif recovery.lag is not None:
        yield Sample("pg_replication_lag_seconds", recovery.lag, _labels(server))
    for standby in snapshot.standbys:
        own = _labels(server, ("application_name", standby.name), ("client_addr", standby.client))
        if standby.replay_bytes is not None:
            yield Sample("pg_stat_replication_pg_wal_lsn_diff", standby.replay_bytes, own)
        if standby.replay_lag is not None:
            yield Sample("pg_stat_replication_replay_lag_seconds", standby.replay_lag, own)
    for slot in snapshot.slots:
        own = _labels(server, ("slot_name", slot.name))
        yield Sample("pg_replication_slots_active", float(slot.active), own)
        if slot.retained_bytes is not None:
            yield Sample("pg_replication_slots_pg_wal_lsn_diff", slot.retained_bytes, own)


def _wal(snapshot: PostgresSnapshot, server: str) -> Iterator[Sample]:
    wal, own = snapshot.wal, _labels(server)
    if wal is None:
        return
    yield Sample("pg_stat_archiver_archived_count", wal.archived, own)
    yield Sample("pg_stat_archiver_failed_count", wal.failed, own)
    if wal.archived_at is not None:
        yield Sample("pg_stat_archiver_last_archive_age", snapshot.age(wal.archived_at) or 0.0, own)
    if snapshot.server.major >= 17:
        yield Sample("pg_stat_checkpointer_num_timed_total", wal.timed, own)
        yield Sample("pg_stat_checkpointer_num_requested_total", wal.requested, own)
        yield Sample("pg_stat_checkpointer_buffers_written_total", wal.buffers_written, own)
    else:
        yield Sample("pg_stat_bgwriter_checkpoints_timed_total", wal.timed, own)
        yield Sample("pg_stat_bgwriter_checkpoints_req_total", wal.requested, own)
        yield Sample("pg_stat_bgwriter_buffers_checkpoint_total", wal.buffers_written, own)
        yield Sample("pg_stat_bgwriter_buffers_backend_total", wal.buffers_backend or 0, own)
    yield Sample("pg_stat_bgwriter_buffers_clean_total", wal.buffers_clean, own)
    yield Sample("pg_stat_bgwriter_buffers_alloc_total", wal.buffers_alloc, own)


def _own(snapshot: PostgresSnapshot, own: Labels) -> Iterator[Sample]:
    yield Sample("opsconsole_pg_connections", snapshot.connections, own)
    yield Sample("opsconsole_pg_connections_allowed", snapshot.allowed, own)
    yield Sample("opsconsole_pg_connections_ratio", snapshot.connections / snapshot.allowed, own)
    yield Sample("opsconsole_pg_active", snapshot.states.get("active", 0), own)
    yield Sample("opsconsole_pg_blocked", snapshot.waiting, own)
    longest = snapshot.longest_transaction
    age = snapshot.age(longest.transaction_since) if longest is not None else None
    yield Sample("opsconsole_pg_longest_transaction_seconds", age or 0.0, own)
    yield Sample(
        "opsconsole_pg_xid_age", max((database.xid_age for database in snapshot.databases), default=0), own
    )
    if snapshot.backlog is not None:
        yield Sample("opsconsole_pg_archive_backlog", snapshot.backlog.value, own)
    if snapshot.wal_rate is not None:
        yield Sample("opsconsole_pg_wal_bytes_per_second", snapshot.wal_rate, own)
    rates = snapshot.rates
    if rates is not None:
        yield Sample("opsconsole_pg_tps", rates.tps, own)
        yield Sample("opsconsole_pg_temp_bytes_per_second", rates.temp_bytes, own)
        if rates.rollback_ratio is not None:
            yield Sample("opsconsole_pg_rollback_ratio", rates.rollback_ratio, own)
        if rates.hit is not None:
            yield Sample("opsconsole_pg_hit_ratio", rates.hit, own)
