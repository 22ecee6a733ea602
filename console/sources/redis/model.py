"""What is known of a Redis server after one poll: plain values, in bytes, seconds and ratios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from console.sources.base import Snapshot


class Server(msgspec.Struct, frozen=True):
    """Which program answers, and how it was started."""

    product: str
    """`Redis` or `Valkey`."""
    version: str
    mode: str
    """`standalone`, `cluster` or `sentinel`."""
    role: str
    """`master` or `replica`; empty for a Sentinel."""
    run_id: str
    process_id: int
    uptime: float
    time: float
    """The server's own clock, seconds since 1970: what slow log and save times are measured by."""


class Memory(msgspec.Struct, frozen=True):
    """Bytes; `maximum` 0 means that Redis sets itself no limit."""

    used: int
    rss: int
    peak: int
    dataset: int
    maximum: int
    policy: str
    system: int
    """Memory of the host, 0 when unknown."""
    fragmentation: float
    """Resident over used memory; not-a-number when unknown."""
    fragmentation_bytes: int
    """Resident minus used memory; negative when part of it is swapped out."""

    @property
    def limit(self) -> int:
        """What memory is measured against: maxmemory, or the host's memory without one; 0 unknown."""
        return self.maximum or self.system

    @property
    def share(self) -> float:
        """Used memory of the limit; not-a-number without one."""
        return self.used / self.limit if self.limit else float("nan")


class Totals(msgspec.Struct, frozen=True):
    """Counters since the server started, or since CONFIG RESETSTAT."""

    hits: int = 0
    misses: int = 0
    commands: int = 0
    evicted: int = 0
    expired: int = 0
    connections: int = 0
    rejected: int = 0
    errors: int = 0
    """Error replies; counted by Redis 6.2 and later."""
    net_in: int = 0
    net_out: int = 0
    cpu: float = 0.0
    """CPU seconds of the server process, user and system."""

    @property
    def hit_ratio(self) -> float | None:
        """Look-ups that found their key, since the start; None when there were none."""
        lookups = self.hits + self.misses
        return self.hits / lookups if lookups else None


class Interval(msgspec.Struct, frozen=True):
    """What happened between two polls, `seconds` apart."""

    seconds: float
    change: Totals

    def rate(self, name: str) -> float:
        """One counter of Totals per second; CPU thus as a share of one core."""
        value: float = getattr(self.change, name)
        return value / self.seconds

    @property
    def lookups(self) -> int:
        """Keys looked up in the interval."""
        return self.change.hits + self.change.misses

    @property
    def hit_ratio(self) -> float | None:
        """Look-ups of the interval that found their key; None when there were none: idle."""
        return self.change.hit_ratio


class Clients(msgspec.Struct, frozen=True):
    """Connections; `maximum` 0 means unknown."""

    connected: int
    blocked: int
    maximum: int
    rejected_lately: int
    """Connections rejected for want of a slot within the last minute of our looking."""


class Keyspace(msgspec.Struct, frozen=True):
    """One numbered database."""

    db: str
    keys: int
    expires: int
    """Keys with a time to live."""
    ttl: float
    """Average time to live of those, seconds."""


class Replica(msgspec.Struct, frozen=True):
    """A replica as its master sees it."""

    address: str
    state: str
    """`online` when it follows; anything else while it is being synchronised."""
    lag: float
    """Seconds since it last acknowledged; not-a-number when unknown."""
    behind: int
    """Bytes it has not acknowledged yet."""


class Replication(msgspec.Struct, frozen=True):
    """The server's place among its peers."""

    master: str = ""
    """Address of the master of a replica, otherwise empty."""
    link_up: bool = True
    """Whether a replica is connected to its master."""
    link_down: float = 0.0
    """Seconds a replica's link has been down."""
    silence: float = 0.0
    """Seconds since a replica heard from its master, who says something every ten by default."""
    syncing: bool = False
    unapplied: int = 0
    """Bytes a replica has received and not applied; known from Redis 7 on."""
    offset: int = 0
    replicas: tuple[Replica, ...] = ()


class Persistence(msgspec.Struct, frozen=True):
    """Whether what is in memory would survive a restart."""

    last_save: float
    """When the last RDB file was written, or the server started: seconds since 1970."""
    save_ok: bool
    save_running: bool
    save_seconds: float
    """How long the last save took; negative before the first."""
    changes: int
    """Writes since the last save."""
    aof: bool
    """Whether the append-only file is kept."""
    aof_write_ok: bool
    aof_rewrite_ok: bool
    aof_rewriting: bool
    aof_bytes: int


class SlowCommand(msgspec.Struct, frozen=True):
    """An entry of the slow log."""

    id: int
    time: float
    """When it ended, seconds since 1970 by the server's clock."""
    seconds: float
    command: str
    client: str
    name: str
    """What the client calls itself, often nothing."""


class CommandStat(msgspec.Struct, frozen=True):
    """What one command has cost the server."""

    name: str
    calls: int
    seconds: float
    """Total execution time."""
    rejected: int
    failed: int
    rate: float | None
    """Calls per second since the reading before; None at the first."""
    load: float | None
    """Share of one core spent in it since the reading before; None at the first."""

    @property
    def per_call(self) -> float:
        """Seconds a call took on average since the start."""
        return self.seconds / self.calls if self.calls else 0.0


class Client(msgspec.Struct, frozen=True):
    """One connection; all text is the client's own word."""

    id: int
    address: str
    name: str
    user: str
    db: int
    age: float
    idle: float
    command: str
    memory: int
    """Bytes held for it; known from Redis 7 on, before that its output buffer."""
    output: int
    """Bytes waiting for it to read them."""
    blocked: bool
    kind: str
    """`normal`, `replica`, `master`, `pubsub` or `monitor`."""


class Details(msgspec.Struct, frozen=True):
    """What is asked only when someone looks closely, with what was cut."""

    slow_log: tuple[SlowCommand, ...] = ()
    """Newest first."""
    commands: tuple[CommandStat, ...] = ()
    """The costliest first."""
    clients: tuple[Client, ...] = ()
    """Blocked ones first, then those holding the most memory; at most 500."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSnapshot(Snapshot):
    """One poll of a Redis or Valkey server."""

    target: str
    server: Server
    memory: Memory
    totals: Totals
    interval: Interval | None
    """None at the first poll and after the server restarted."""
    clients: Clients
    keyspace: tuple[Keyspace, ...]
    replication: Replication
    persistence: Persistence
    latency: float
    """Seconds from our PING to its answer; not-a-number when PING is forbidden."""
    ops: float
    """Commands per second: of the interval, or Redis's own estimate at the first poll."""
    slow_length: int | None
    """Entries in the slow log; None when not asked or not allowed."""
    slow_threshold: float | None
    """Seconds a command must take to be logged; negative: never logged; None: unknown."""
    details: Details | None
    """None unless looked at closely."""
    numbers: Mapping[str, float]
    """INFO's numeric fields that go out as samples, under INFO's names."""
    restarted: float | None = None
    """When it was started again while it was watched, by its own clock."""

    @property
    def keys(self) -> int:
        """Keys in all databases."""
        return sum(space.keys for space in self.keyspace)
