"""The facts of a Redis snapshot in words and numbers, for the pane and for its zoom views."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.findings import Severity
from console.sources.redis import judge as judge
from console.units import bytes_, count, duration, percent

if TYPE_CHECKING:
    from console.config import Limits
    from console.sources.redis.model import Keyspace, Memory, RedisSnapshot, Replication
    from widgets.pane import Context

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL


def brief(seconds: float) -> str:
    """A short time with enough digits to compare: `3.4µs`, `310µs`, `1.2ms`, `12ms`, `1.2s`; `-` unknown."""
    if not math.isfinite(seconds):
        return "-"
    micro = seconds * 1e6
    if micro < 999.5:
        return f"{micro:.1f}µs" if 0 < micro < 9.95 else f"{micro:.0f}µs"
    return f"{seconds * 1000:.1f}ms" if seconds < 0.00995 else duration(seconds)


def seconds(value: float) -> str:
    """A duration known in whole seconds: `0s`, `42s`, `3m12s`."""
    return f"{value:.0f}s" if value < 60 else duration(value)


def plural(number: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def hits(snapshot: RedisSnapshot) -> tuple[str, str]:
    """The interval's hit rate, and what it is since the start."""
    since = snapshot.totals.hit_ratio
    note = f"{percent(since)} since start" if since is not None else "no look-ups yet"
    if snapshot.interval is None:
        return "-", note
    ratio = snapshot.interval.hit_ratio
    return ("idle" if ratio is None else percent(ratio)), note


def memory_limit(memory: Memory) -> str:
    """What memory is measured against."""
    if memory.maximum:
        return bytes_(memory.maximum)
    return f"the host's {bytes_(memory.system)}" if memory.system else "unlimited"


def fragmentation(memory: Memory) -> str:
    """Ratio and bytes; below one part of Redis is swapped out or not yet touched."""
    if not math.isfinite(memory.fragmentation):
        return "-"
    return f"{memory.fragmentation:.2f}, {bytes_(memory.fragmentation_bytes)} beyond use"


def role(snapshot: RedisSnapshot, limits: Limits) -> tuple[str, Severity]:
    """The server's place among its peers, and the worst of it."""
    replication = snapshot.replication
    replicas = replication.replicas
    if replication.master:
        return _following(replication), judge.link_severity(snapshot, limits)
    text = snapshot.server.role or snapshot.server.mode
    if not replicas:
        return f"{text}, no replicas", OK
    severity = max(judge.replica_severity(replica, limits) for replica in replicas)
    known = [replica.lag for replica in replicas if math.isfinite(replica.lag)]
    lag = f", {seconds(max(known))} and {bytes_(max(r.behind for r in replicas))} behind" if known else ""
    return f"{text}, {plural(len(replicas), 'replica')}{lag}", severity


def _following(replication: Replication) -> str:
    if replication.syncing:
        state = "synchronising"
    elif not replication.link_up:
        state = f"link down {duration(replication.link_down)}" if replication.link_down else "link down"
    else:
        state = f"link up, heard {seconds(replication.silence)} ago"
    return f"replica, {state}, of {replication.master}"


def saved(snapshot: RedisSnapshot) -> tuple[str, Severity]:
    """When the data was last written out whole, and how much has changed since."""
    kept, server = snapshot.persistence, snapshot.server
    changes = plural(kept.changes, "change")
    if not kept.save_ok:
        return f"last save failed, {changes} unsaved", CRITICAL
    if kept.save_running:
        return "saving now", OK
    age = max(0.0, server.time - kept.last_save)
    # Redis reports its own start as the last save until there is one
    if abs(age - server.uptime) <= 2:
        return f"not since the start, {changes}", OK
    return f"{duration(age)} ago, {changes} since", OK


def appended(snapshot: RedisSnapshot) -> tuple[str, Severity] | None:
    """The append-only file; None when none is kept."""
    kept = snapshot.persistence
    if not kept.aof:
        return None
    if not kept.aof_write_ok:
        return "write failed", CRITICAL
    if not kept.aof_rewrite_ok:
        return "rewrite failed", WARNING
    return ("rewriting" if kept.aof_rewriting else "ok") + f" {bytes_(kept.aof_bytes)}", OK


def keys(snapshot: RedisSnapshot) -> str:
    """How many, in how many databases, how many mortal."""
    if not snapshot.keys:
        return "none"
    mortal = sum(space.expires for space in snapshot.keyspace) / snapshot.keys
    places = plural(len(snapshot.keyspace), "database")
    return f"{count(snapshot.keys)} in {places}, {percent(mortal)} with a ttl"


def slow(snapshot: RedisSnapshot) -> str:
    """How many commands took too long, and how long that is."""
    threshold = snapshot.slow_threshold
    if threshold is not None and threshold < 0:
        return "switched off"
    limit = f" over {brief(threshold)}" if threshold is not None else ""
    return f"{'-' if snapshot.slow_length is None else snapshot.slow_length}{limit}"


@dataclass(frozen=True, slots=True)
class Space:
    """A database with its share of all keys."""

    space: Keyspace
    share: float


def spaces(context: Context) -> list[Space]:
    """The databases as rows."""
    snapshot: RedisSnapshot = context.snapshot
    total = snapshot.keys or 1
    return [Space(space, space.keys / total) for space in snapshot.keyspace]
