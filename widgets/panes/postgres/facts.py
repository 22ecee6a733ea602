"""A PostgreSQL snapshot as rows of area, name, value and what it means: replication, and the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.findings import Severity
from console.units import bytes_, count, duration
from widgets.figures import Figure
from widgets.pane import Context
from widgets.panes.postgres import words as words
from widgets.panes.postgres.rows import CRITICAL, OK, WARNING

if TYPE_CHECKING:
    from console.sources.postgres.model import PostgresSnapshot, Setting, Slot, Standby

_BLOCK = {"8kB": 8192, "kB": 1024, "MB": 1024**2, "B": 1, "16kB": 16384, "32kB": 32768}
_TIME = {"ms": 1e-3, "s": 1.0, "min": 60.0}


def replication_facts(context: Context) -> list[Figure]:
    """Standbys, slots, this server's own recovery, the archive, WAL and checkpoints."""
    snapshot: PostgresSnapshot = context.snapshot
    facts = _recovery(snapshot, context)
    for standby in snapshot.standbys:
        facts += _standby(standby, context)
    facts += [_slot(slot, snapshot, context) for slot in snapshot.slots]
    if snapshot.recovery is None and not snapshot.standbys and not snapshot.slots:
        facts.append(Figure("replication", "standbys", "none", "no standby and no slot"))
    return facts + _archive(snapshot) + _wal(snapshot) + _prepared(snapshot, context)


def _recovery(snapshot: PostgresSnapshot, context: Context) -> list[Figure]:
    recovery = snapshot.recovery
    if recovery is None:
        return []
    severity = context.limit("replication_lag").judge(recovery.lag or 0.0)
    facts = [
        Figure("standby", "lag", words.age(recovery.lag), "0 when everything received is replayed", severity),
        Figure("standby", "replay", "paused" if recovery.paused else "running", "",
             WARNING if recovery.paused else OK),
    ]  # fmt: skip
    receiver = recovery.receiver
    if receiver is None:
        return [
            *facts,
            Figure("standby", "receiver", "none", "fine when it restores from an archive", WARNING),
        ]
    heard = words.age(snapshot.age(receiver.heard_at))
    note = f"slot {receiver.slot or 'none'}, heard {heard} ago"
    return [*facts, Figure("standby", "receiver", f"{receiver.status} from {receiver.host}", note)]


def _standby(standby: Standby, context: Context) -> list[Figure]:
    name = standby.name or str(standby.pid)
    severity = context.limit("replication_lag").judge(standby.replay_lag or 0.0)
    place = f"{standby.sync}, {standby.client}, user {standby.user}, pid {standby.pid}"
    facts = [Figure(name, "state", standby.state or "not visible", place)]
    for step, behind, lag in (
        ("sent", standby.sent_bytes, None),
        ("written", standby.write_bytes, standby.write_lag),
        ("flushed", standby.flush_bytes, standby.flush_lag),
        ("replayed", standby.replay_bytes, standby.replay_lag),
    ):
        if behind is not None:
            time = "" if lag is None else f", {duration(lag)}"
            level = severity if step == "replayed" else OK
            facts.append(Figure(name, step, f"{bytes_(behind)}{time} behind", "", level))
    return facts


def _slot(slot: Slot, snapshot: PostgresSnapshot, context: Context) -> Figure:
    kept = slot.retained_bytes or 0.0
    severity = context.limit("slot_bytes").judge(kept)
    if slot.invalid or slot.wal_status in ("lost", "unreserved"):
        severity = CRITICAL
    elif not slot.active and not slot.temporary:
        severity = max(severity, WARNING)
    notes = [slot.kind, slot.plugin, slot.database, slot.wal_status, slot.invalid]
    if slot.safe_bytes is not None:
        notes.append(f"{bytes_(slot.safe_bytes)} more is safe")
    if slot.xmin_age is not None:
        notes.append(f"keeps {count(slot.xmin_age)} transactions from vacuum")
    since = snapshot.age(slot.inactive_since)
    state = "active" if slot.active else "inactive" + (f" {duration(since)}" if since is not None else "")
    value = f"{state}, holds {bytes_(kept)}"
    return Figure("slot", slot.name, value, ", ".join(note for note in notes if note), severity)


def _archive(snapshot: PostgresSnapshot) -> list[Figure]:
    text, severity = words.archive(snapshot)
    wal = snapshot.wal
    if not text or wal is None:
        return [Figure("archive", "archiving", "off", "archive_mode")]
    facts = [
        Figure(
            "archive", "archived", text, f"{count(wal.archived)} segments, last {wal.last_archived or '-'}"
        )
    ]
    if wal.failed:
        last = f"{wal.last_failed} {words.age(snapshot.age(wal.failed_at))} ago"
        facts.append(Figure("archive", "failed", f"{count(wal.failed)} times", f"last {last}", severity))
    return facts


def _wal(snapshot: PostgresSnapshot) -> list[Figure]:
    rate = "-" if snapshot.wal_rate is None else f"{bytes_(snapshot.wal_rate)}/s"
    facts = [Figure("wal", "replayed" if snapshot.standby else "written", rate)]
    wal = snapshot.wal
    if wal is None:
        return facts
    total = wal.timed + wal.requested
    share = f"{wal.requested} of {total} forced by volume or by hand" if total else "none yet"
    spent = f"{duration(wal.write_seconds)} writing, {duration(wal.sync_seconds)} syncing"
    facts += [
        Figure("checkpoints", "number", str(total), share),
        Figure("checkpoints", "time", spent, "since the statistics' reset"),
        Figure("buffers", "by checkpoints", count(wal.buffers_written), "written"),
        Figure("buffers", "by the writer", count(wal.buffers_clean),
             f"stopped {count(wal.maxwritten)} times at its limit"),
        Figure("buffers", "allocated", count(wal.buffers_alloc)),
    ]  # fmt: skip
    if wal.buffers_backend is not None:
        facts.append(
            Figure("buffers", "by sessions", count(wal.buffers_backend), "better done by the others")
        )
    return facts


def _prepared(snapshot: PostgresSnapshot, context: Context) -> list[Figure]:
    facts = []
    for transaction in snapshot.prepared:
        old = snapshot.age(transaction.since)
        severity = context.limit("transaction").judge(old or 0.0)
        owner = f"of {transaction.owner} in {transaction.database}; it holds its locks"
        facts.append(Figure("prepared", transaction.gid, f"{words.age(old)} ago", owner, severity))
    return facts


def server_facts(context: Context) -> list[Figure]:
    """Who answers, what happened lately, and the settings."""
    snapshot: PostgresSnapshot = context.snapshot
    server, lately = snapshot.server, snapshot.lately
    facts = [
        Figure("server", "version", server.version, f"{'standby' if snapshot.standby else 'primary'}"),
        Figure("server", "address", server.address, f"as {server.user} in {server.database}"),
        Figure("server", "up", words.age(snapshot.age(server.started))),
        Figure("server", "connections", f"{snapshot.connections} of {snapshot.allowed}",
             f"{snapshot.reserved} more are reserved"),
    ]  # fmt: skip
    if lately is not None:
        over = f"in the last {duration(lately.seconds)}"
        facts += [
            Figure("lately", "deadlocks", str(lately.deadlocks), over, WARNING if lately.deadlocks else OK),
            Figure("lately", "conflicts", str(lately.conflicts), over, WARNING if lately.conflicts else OK),
            Figure("lately", "temporary files", f"{bytes_(lately.temp_bytes * lately.seconds)}", over),
        ]
    failures = snapshot.totals.checksum_failures
    facts.append(Figure("server", "checksums", f"{failures} failed", "", CRITICAL if failures else OK))
    facts += [
        Figure("index", name, "invalid", "a build failed", WARNING) for name in snapshot.invalid_indexes
    ]
    return facts + [_setting(name, setting) for name, setting in sorted(snapshot.settings.items())]


def _setting(name: str, setting: Setting) -> Figure:
    severity = (
        WARNING if setting.pending or (name == "autovacuum" and setting.value == "off") else Severity.OK
    )
    return Figure(
        "setting", name, _value(setting), "changed: waits for a restart" if setting.pending else "", severity
    )


def _value(setting: Setting) -> str:
    number = setting.value.lstrip("-")
    if not number.isdigit() or setting.value.startswith("-"):
        return setting.value or "-"
    if setting.unit in _BLOCK:
        return bytes_(int(number) * _BLOCK[setting.unit])
    if setting.unit in _TIME:
        return duration(int(number) * _TIME[setting.unit]) if int(number) else "off"
    return setting.value
