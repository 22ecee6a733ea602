"""A Redis snapshot as rows of area, name, value and what the value means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.findings import Severity
from console.sources.redis import judge as judge
from console.units import bytes_, count, duration, percent
from widgets.figures import Figure
from widgets.panes.redis import words as words
from widgets.panes.redis.words import brief

if TYPE_CHECKING:
    from console.config import Limits
    from console.sources.redis.model import RedisSnapshot
    from widgets.pane import Context

OK = Severity.OK


def server_facts(context: Context) -> Sequence[Figure]:
    """Traffic, memory, clients and the server itself."""
    snapshot: RedisSnapshot = context.snapshot
    limits = context.config.limits
    return [
        *_traffic(snapshot, limits),
        *_memory(snapshot, limits),
        *_clients(snapshot, limits),
        *_server(snapshot),
    ]


def _traffic(snapshot: RedisSnapshot, limits: Limits) -> list[Figure]:
    interval, totals = snapshot.interval, snapshot.totals
    hit, since = words.hits(snapshot)
    facts = [
        Figure("traffic", "hit rate", hit, f"{since}; of the interval, over keys looked up",
               judge.hit_severity(snapshot, limits)),
        Figure("traffic", "commands", f"{count(snapshot.ops)}/s", f"{count(totals.commands)} since start"),
        Figure("traffic", "ping", brief(snapshot.latency), "measured from here"),
    ]  # fmt: skip
    if interval is None:
        return facts
    return [
        *facts,
        Figure("traffic", "look-ups", f"{count(interval.lookups / interval.seconds)}/s",
               f"{count(totals.hits)} hits and {count(totals.misses)} misses since start"),
        Figure("traffic", "evicted", f"{count(interval.rate('evicted'))}/s",
               f"{count(totals.evicted)} since start; keys that had to go for want of memory",
               judge.evictions_severity(snapshot, limits)),
        Figure("traffic", "expired", f"{count(interval.rate('expired'))}/s",
               f"{count(totals.expired)} since start; keys whose time was up"),
        Figure("traffic", "network in", f"{bytes_(interval.rate('net_in'))}/s",
               f"{bytes_(totals.net_in)} since start"),
        Figure("traffic", "network out", f"{bytes_(interval.rate('net_out'))}/s",
               f"{bytes_(totals.net_out)} since start"),
        Figure("traffic", "error replies", f"{count(interval.rate('errors'))}/s",
               f"{count(totals.errors)} since start"),
    ]  # fmt: skip


def _memory(snapshot: RedisSnapshot, limits: Limits) -> list[Figure]:
    memory = snapshot.memory
    policy = memory.policy or "-"
    return [
        Figure("memory", "used", f"{bytes_(memory.used)}, {percent(memory.share)}",
               f"of {words.memory_limit(memory)}", judge.memory_severity(snapshot, limits)),
        Figure("memory", "limit", bytes_(memory.maximum) if memory.maximum else "unlimited",
               f"maxmemory; the host has {bytes_(memory.system)}" if memory.system else "maxmemory"),
        Figure("memory", "policy", policy, "what leaves when full" if memory.maximum else "not in force"),
        Figure("memory", "peak", bytes_(memory.peak), "most ever used"),
        Figure("memory", "resident", bytes_(memory.rss), "as the kernel counts it"),
        Figure("memory", "data", bytes_(memory.dataset), "without overhead"),
        Figure("memory", "fragmentation", words.fragmentation(memory), "judged above 100M only",
               judge.fragmentation_severity(snapshot, limits)),
    ]  # fmt: skip


def _clients(snapshot: RedisSnapshot, limits: Limits) -> list[Figure]:
    clients = snapshot.clients
    blocked = Severity.WARNING if clients.blocked else OK
    rejected = Severity.CRITICAL if clients.rejected_lately else OK
    return [
        Figure("clients", "connected", count(clients.connected),
               f"of {clients.maximum or 'an unknown number'}", judge.clients_severity(snapshot, limits)),
        Figure("clients", "blocked", count(clients.blocked),
               "waiting in BLPOP, BRPOP, XREAD or WAIT", blocked),
        Figure("clients", "rejected", count(clients.rejected_lately),
               f"in the last minute; {count(snapshot.totals.rejected)} since start", rejected),
    ]  # fmt: skip


def _server(snapshot: RedisSnapshot) -> list[Figure]:
    server, interval = snapshot.server, snapshot.interval
    facts = [
        Figure("server", "program", f"{server.product} {server.version}", server.mode),
        Figure("server", "address", snapshot.target, f"process {server.process_id}"),
        Figure("server", "up", duration(server.uptime)),
        Figure("server", "slow log", words.slow(snapshot)),
        Figure("server", "keys", words.keys(snapshot)),
    ]
    if interval is not None:
        facts.append(
            Figure("server", "cpu", percent(interval.rate("cpu")), "of one core; commands run on one")
        )
    return facts


def kept_facts(context: Context) -> Sequence[Figure]:
    """Replication and persistence: would the data survive."""
    snapshot: RedisSnapshot = context.snapshot
    return [*_replication(snapshot, context.config.limits), *_persistence(snapshot)]


def _replication(snapshot: RedisSnapshot, limits: Limits) -> list[Figure]:
    replication = snapshot.replication
    text, severity = words.role(snapshot, limits)
    facts = [Figure("replication", "role", snapshot.server.role or snapshot.server.mode, text, severity)]
    if replication.master:
        heard = words.seconds(replication.silence)
        link = judge.link_severity(snapshot, limits)
        state = "synchronising" if replication.syncing else "up" if replication.link_up else "down"
        facts += [
            Figure("replication", "link", state, f"to master {replication.master}", link),
            Figure("replication", "last heard", heard, "a master speaks every 10 s"),
            Figure("replication", "to apply", bytes_(replication.unapplied), "received, not applied yet"),
        ]
    facts.append(Figure("replication", "offset", str(replication.offset), "bytes of the replication stream"))
    for replica in replication.replicas:
        lag, behind = words.seconds(replica.lag), bytes_(replica.behind)
        facts.append(
            Figure("replica", replica.address, replica.state, f"acknowledged {lag} ago, {behind} behind",
                 judge.replica_severity(replica, limits))
        )  # fmt: skip
    return facts


def _persistence(snapshot: RedisSnapshot) -> list[Figure]:
    kept = snapshot.persistence
    text, severity = words.saved(snapshot)
    facts = [
        Figure("persistence", "saved", text, "the RDB file", severity),
        Figure(
            "persistence",
            "changes since",
            count(kept.changes),
            "in the append-only file" if kept.aof else "lost with the process",
        ),
    ]
    if kept.save_seconds >= 0:
        took = duration(kept.save_seconds) if kept.save_seconds else "under 1s"
        facts.append(Figure("persistence", "save took", took, "forking stops the server for a moment"))
    appended = words.appended(snapshot)
    if appended is None:
        facts.append(Figure("persistence", "aof", "off", "no append-only file is kept"))
    else:
        facts.append(Figure("persistence", "aof", appended[0], "the append-only file", appended[1]))
    return facts
