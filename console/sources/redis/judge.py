"""What is wrong in a Redis snapshot: pure rules over its facts and the configured limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from console.config import Limits
from console.findings import Finding, Severity, by_severity
from console.sources.redis.model import RedisSnapshot, Replica
from console.units import bytes_, count, counted, duration, percent

ENOUGH_LOOKUPS = 10
"""Look-ups an interval needs before its hit rate says anything."""
FRAGMENTATION_LEAST = 100 * 1024 * 1024
"""Bytes below which fragmentation is nobody's problem: an empty server shows a ratio of five."""
RESTART_WINDOW = 600.0
"""Seconds for which a restart that was seen stays told, as that of a container does."""
HEARTBEAT = 10.0
"""Seconds between a master's pings to its replicas unless repl-ping-replica-period says otherwise."""

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL


def hit_severity(snapshot: RedisSnapshot, limits: Limits) -> Severity:
    """The interval's hit rate against its limit; OK while too few look-ups say anything."""
    interval = snapshot.interval
    if interval is None or interval.hit_ratio is None or interval.lookups < ENOUGH_LOOKUPS:
        return OK
    return limits.limit("redis_hit").judge(interval.hit_ratio)


def evictions_severity(snapshot: RedisSnapshot, limits: Limits) -> Severity:
    """Keys evicted a second."""
    interval = snapshot.interval
    return limits.limit("redis_evictions").judge(interval.rate("evicted")) if interval else OK


def memory_severity(snapshot: RedisSnapshot, limits: Limits) -> Severity:
    """Used memory of its limit.

    A cache that is full and evicts does what it is for: it warns at most, and evictions and hit rate
    tell whether it hurts. One that may not evict refuses writes when full.
    """
    memory = snapshot.memory
    severity = limits.limit("redis_memory").judge(memory.share)
    if memory.maximum and evicts(snapshot):
        return min(severity, WARNING)
    return CRITICAL if memory.maximum and memory.share >= 1.0 else severity


def evicts(snapshot: RedisSnapshot) -> bool:
    """Whether there is something the policy would evict."""
    policy = snapshot.memory.policy
    if policy.startswith("volatile"):  # evicts keys with a time to live only
        return any(space.expires for space in snapshot.keyspace)
    return policy.startswith("allkeys")


def fragmentation_severity(snapshot: RedisSnapshot, limits: Limits) -> Severity:
    """Resident over used memory, where it is enough bytes to matter."""
    memory = snapshot.memory
    if memory.fragmentation_bytes < FRAGMENTATION_LEAST:
        return OK
    return limits.limit("redis_fragmentation").judge(memory.fragmentation)


def clients_severity(snapshot: RedisSnapshot, limits: Limits) -> Severity:
    """Connections of those allowed."""
    clients = snapshot.clients
    return limits.limit("connections").judge(clients.connected / clients.maximum) if clients.maximum else OK


def link_severity(snapshot: RedisSnapshot, limits: Limits) -> Severity:
    """A replica's link to its master; a quiet one is silent for a heartbeat without any fault."""
    replication = snapshot.replication
    if not replication.master:
        return OK
    if replication.syncing:
        return WARNING
    if not replication.link_up:
        return CRITICAL
    return limits.limit("replication_lag").judge(replication.silence - HEARTBEAT)


def replica_severity(replica: Replica, limits: Limits) -> Severity:
    """A replica as its master sees it."""
    return WARNING if replica.state != "online" else limits.limit("replication_lag").judge(replica.lag)


def judge(snapshot: RedisSnapshot, limits: Limits, name: str) -> list[Finding]:
    """The findings, worst first; `name` is the source's, their subject."""
    found = [
        Finding(severity, name, text, hint, figure)
        for figure, severity, text, hint in _all(snapshot, limits)
        if severity
    ]
    return by_severity(found)


Verdict = tuple[str, Severity, str, str]
"""The figure, how bad it is, what is wrong with it, and what mends it."""


def _all(snapshot: RedisSnapshot, limits: Limits) -> Iterator[Verdict]:
    yield from _restarted(snapshot)
    yield from _replication(snapshot, limits)
    yield from _memory(snapshot, limits)
    yield from _persistence(snapshot)
    yield from _clients(snapshot, limits)
    yield from _traffic(snapshot, limits)


def _restarted(snapshot: RedisSnapshot) -> Iterable[Verdict]:
    if snapshot.restarted is None:
        return
    ago = max(0.0, snapshot.server.time - snapshot.restarted)
    if ago < RESTART_WINDOW:
        hint = "its log says why; what was not saved or replicated is gone"
        yield "up", WARNING, f"restarted {duration(ago)} ago, {counted(snapshot.keys, 'key')}", hint


def _memory(snapshot: RedisSnapshot, limits: Limits) -> Iterable[Verdict]:
    memory = snapshot.memory
    severity = memory_severity(snapshot, limits)
    of = "maxmemory" if memory.maximum else "the host's memory (no maxmemory)"
    text = f"memory {percent(memory.share)} of {of}"
    if not memory.maximum:
        yield "used", severity, text, "set maxmemory and a policy, before the kernel ends the process"
    elif evicts(snapshot):
        yield "used", severity, text, f"{memory.policy} evicts; raise maxmemory if the hit rate falls"
    elif memory.share >= 1.0:
        hint = "raise maxmemory, or let a policy evict"
        yield "used", CRITICAL, f"memory full, {memory.policy}: writes fail", hint
    else:
        hint = f"policy {memory.policy} evicts nothing: writes fail when it is full"
        yield "used", severity, text, hint
    wasted = bytes_(memory.fragmentation_bytes)
    text = f"fragmentation {memory.fragmentation:.1f}, {wasted} resident beyond use"
    hint = "CONFIG SET activedefrag yes, or restart in a quiet hour"
    yield "fragmentation", fragmentation_severity(snapshot, limits), text, hint


def _traffic(snapshot: RedisSnapshot, limits: Limits) -> Iterable[Verdict]:
    interval = snapshot.interval
    if interval is None:
        return
    text = f"{count(interval.rate('evicted'))} keys evicted a second"
    hint = "memory is short: raise maxmemory, or store less and for shorter"
    yield "evicted", evictions_severity(snapshot, limits), text, hint
    ratio, since = interval.hit_ratio, snapshot.totals.hit_ratio
    if ratio is not None and since is not None:
        limit = percent(limits.limit("redis_hit").crossed(ratio))
        text = f"hit rate {percent(ratio)} (limit {limit}), {percent(since)} since start"
        hint = "look for evictions, expiry, a flushed database or a changed key"
        yield "hit rate", hit_severity(snapshot, limits), text, hint


def _clients(snapshot: RedisSnapshot, limits: Limits) -> Iterable[Verdict]:
    clients = snapshot.clients
    hint = "close idle clients (timeout), pool connections, or raise maxclients"
    if clients.rejected_lately:
        text = f"{count(clients.rejected_lately)} connections rejected in a minute"
        yield "rejected", CRITICAL, text, hint
    text = f"{clients.connected} of {clients.maximum} clients"
    yield "connected", clients_severity(snapshot, limits), text, hint
    if clients.blocked:
        plural = "s" if clients.blocked > 1 else ""
        hint = "usual for queue workers in BLPOP, BRPOP or XREAD; else see the clients view"
        yield "blocked", WARNING, f"{clients.blocked} client{plural} blocked", hint


def _replication(snapshot: RedisSnapshot, limits: Limits) -> Iterable[Verdict]:
    replication = snapshot.replication
    severity = link_severity(snapshot, limits)
    if replication.master and replication.syncing:
        hint = "until then it serves old data or none"
        yield "link", severity, f"synchronising from {replication.master}", hint
    elif replication.master and not replication.link_up:
        down = f" for {duration(replication.link_down)}" if replication.link_down else ""
        hint = "is the master up, reachable, and masterauth right? see its log"
        yield "link", severity, f"link to master {replication.master} down{down}", hint
    elif replication.master:
        text = f"nothing heard from the master for {duration(replication.silence)}"
        yield "link", severity, text, "the network to the master, or the master itself, is stuck"
    for replica in replication.replicas:
        if replica.state != "online":
            text, hint = f"replica {replica.address} not online: {replica.state}", "it is synchronising"
        else:
            behind = f"{duration(replica.lag)}, {bytes_(replica.behind)} behind"
            text, hint = f"replica {replica.address} {behind}", "check its load and the network to it"
        yield replica.address, replica_severity(replica, limits), text, hint


def _persistence(snapshot: RedisSnapshot) -> Iterable[Verdict]:
    kept = snapshot.persistence
    if not kept.save_ok:
        hint = "disk full or no memory to fork: see the log; by default writes are refused meanwhile"
        yield "saved", CRITICAL, f"last RDB save failed, {count(kept.changes)} changes unsaved", hint
    if kept.aof and not kept.aof_write_ok:
        hint = "disk full? writes are refused until it works"
        yield "aof", CRITICAL, "writing the append-only file failed", hint
    if kept.aof and not kept.aof_rewrite_ok:
        hint = "see the log: memory or disk space"
        yield "aof", WARNING, "last rewrite of the append-only file failed", hint
