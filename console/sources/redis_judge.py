"""What is wrong in a Redis snapshot: pure rules over its facts and the configured limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from console.config import Limits
from console.findings import Finding, Severity, by_severity
from console.sources.redis_facts import RedisSnapshot
from console.units import bytes_, count, duration, percent

ENOUGH_LOOKUPS = 10
"""Look-ups an interval needs before its hit rate says anything."""
FRAGMENTATION_LEAST = 100 * 1024 * 1024
"""Bytes below which fragmentation is nobody's problem: an empty server shows a ratio of five."""
HEARTBEAT = 10.0
"""Seconds between a master's pings to its replicas unless repl-ping-replica-period says otherwise."""

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL


def judge(snapshot: RedisSnapshot, limits: Limits, name: str) -> list[Finding]:
    """The findings, worst first; `name` is the source's, their subject."""
    found: list[Finding] = []
    for severity, text, hint in _all(snapshot, limits):
        if severity:
            found.append(Finding(severity, name, text, hint))
    return by_severity(found)


Verdict = tuple[Severity, str, str]


def _all(snapshot: RedisSnapshot, limits: Limits) -> Iterator[Verdict]:
    yield from _replication(snapshot, limits)
    yield from _memory(snapshot, limits)
    yield from _persistence(snapshot)
    yield from _clients(snapshot, limits)
    yield from _traffic(snapshot, limits)


def _memory(snapshot: RedisSnapshot, limits: Limits) -> Iterable[Verdict]:
    memory = snapshot.memory
    severity = limits.limit("redis_memory").judge(memory.share)
    of = "maxmemory" if memory.maximum else "the host's memory (no maxmemory)"
    text = f"memory {percent(memory.share)} of {of}"
    if not memory.maximum:
        yield severity, text, "set maxmemory and a policy, before the kernel ends the process"
    elif _evicts(snapshot):
        # a cache that is full and evicts does what it is for: evictions and hit rate tell whether it hurts
        yield min(severity, WARNING), text, f"{memory.policy} evicts; raise maxmemory if the hit rate falls"
    elif memory.share >= 1.0:
        yield CRITICAL, f"memory full, {memory.policy}: writes fail", "raise maxmemory, or let a policy evict"
    else:
        hint = f"policy {memory.policy} evicts nothing: writes fail when it is full"
        yield severity, text, hint
    if memory.fragmentation_bytes >= FRAGMENTATION_LEAST:
        severity = limits.limit("redis_fragmentation").judge(memory.fragmentation)
        wasted = bytes_(memory.fragmentation_bytes)
        text = f"fragmentation {memory.fragmentation:.1f}, {wasted} resident beyond use"
        yield severity, text, "CONFIG SET activedefrag yes, or restart in a quiet hour"


def _evicts(snapshot: RedisSnapshot) -> bool:
    policy = snapshot.memory.policy
    if policy.startswith("volatile"):  # evicts keys with a time to live only
        return any(space.expires for space in snapshot.keyspace)
    return policy.startswith("allkeys")


def _traffic(snapshot: RedisSnapshot, limits: Limits) -> Iterable[Verdict]:
    interval = snapshot.interval
    if interval is None:
        return
    evictions = interval.rate("evicted")
    yield (
        limits.limit("redis_evictions").judge(evictions),
        f"{count(evictions)} keys evicted a second",
        "memory is short: raise maxmemory, or store less and for shorter",
    )
    ratio = interval.hit_ratio
    if ratio is not None and interval.lookups >= ENOUGH_LOOKUPS:
        since = snapshot.totals.hit_ratio
        usual = f" ({percent(since)} since start)" if since is not None else ""
        yield (
            limits.limit("redis_hit").judge(ratio),
            f"hit rate {percent(ratio)}{usual}",
            "look for evictions, expiry, a flushed database or a changed key",
        )


def _clients(snapshot: RedisSnapshot, limits: Limits) -> Iterable[Verdict]:
    clients = snapshot.clients
    hint = "close idle clients (timeout), pool connections, or raise maxclients"
    if clients.rejected_lately:
        yield CRITICAL, f"{count(clients.rejected_lately)} connections rejected in a minute", hint
    if clients.maximum:
        share = clients.connected / clients.maximum
        text = f"{clients.connected} of {clients.maximum} clients"
        yield limits.limit("connections").judge(share), text, hint
    if clients.blocked:
        plural = "s" if clients.blocked > 1 else ""
        hint = "usual for queue workers in BLPOP, BRPOP or XREAD; else see the clients view"
        yield WARNING, f"{clients.blocked} client{plural} blocked", hint


def _replication(snapshot: RedisSnapshot, limits: Limits) -> Iterable[Verdict]:
    replication = snapshot.replication
    lag_limit = limits.limit("replication_lag")
    if replication.master and replication.syncing:
        yield WARNING, f"synchronising from {replication.master}", "until then it serves old data or none"
    elif replication.master and not replication.link_up:
        down = f" for {duration(replication.link_down)}" if replication.link_down else ""
        hint = "is the master up, reachable, and masterauth right? see its log"
        yield CRITICAL, f"link to master {replication.master} down{down}", hint
    elif replication.master:
        lag = replication.silence - HEARTBEAT  # a quiet master is silent that long without any fault
        text = f"nothing heard from the master for {duration(replication.silence)}"
        yield lag_limit.judge(lag), text, "the network to the master, or the master itself, is stuck"
    for replica in replication.replicas:
        if replica.state != "online":
            yield WARNING, f"replica {replica.address} not online: {replica.state}", "it is synchronising"
        elif lag_limit.judge(replica.lag):
            behind = f"{duration(replica.lag)}, {bytes_(replica.behind)} behind"
            text = f"replica {replica.address} {behind}"
            yield lag_limit.judge(replica.lag), text, "check its load and the network to it"


def _persistence(snapshot: RedisSnapshot) -> Iterable[Verdict]:
    kept = snapshot.persistence
    if not kept.save_ok:
        hint = "disk full or no memory to fork: see the log; by default writes are refused meanwhile"
        yield CRITICAL, f"last RDB save failed, {count(kept.changes)} changes unsaved", hint
    if kept.aof and not kept.aof_write_ok:
        yield CRITICAL, "writing the append-only file failed", "disk full? writes are refused until it works"
    if kept.aof and not kept.aof_rewrite_ok:
        yield WARNING, "last rewrite of the append-only file failed", "see the log: memory or disk space"
