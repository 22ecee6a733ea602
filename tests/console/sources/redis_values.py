"""A healthy Redis as a value, with whatever a test wants otherwise."""

from __future__ import annotations

from typing import Any

from console.sources.redis.model import (
    Clients,
    Interval,
    Keyspace,
    Memory,
    Persistence,
    RedisSnapshot,
    Replication,
    Server,
    Totals,
)
from tests.copies import replace

MB = 1024 * 1024


def snapshot(**changes: Any) -> RedisSnapshot:
    """A healthy server, with what a test wants otherwise."""
    healthy: dict[str, Any] = {
        "target": "cache",
        "server": Server("Redis", "7.0.15", "standalone", "master", "run", 1, 100.0, 1000.0),
        "memory": Memory(40 * MB, 50 * MB, 45 * MB, 30 * MB, 100 * MB, "noeviction", 8000 * MB, 1.2, 10 * MB),
        "totals": Totals(hits=97, misses=3),
        "interval": Interval(1.0, Totals(hits=50, misses=1, commands=60)),
        "clients": Clients(connected=10, blocked=0, maximum=100, rejected_lately=0),
        "keyspace": (Keyspace("db0", 100, 0, 0.0),),
        "replication": Replication(),
        "persistence": Persistence(900.0, True, False, 1.0, 0, False, True, True, False, 0),
        "latency": 0.001,
        "ops": 60.0,
        "slow_length": 0,
        "slow_threshold": 0.01,
        "details": None,
        "numbers": {},
    }
    return RedisSnapshot(**{**healthy, **changes})


def memory(**changes: Any) -> Memory:
    """The healthy server's memory, changed."""
    return replace(snapshot().memory, **changes)


def persistence(**changes: Any) -> Persistence:
    """The healthy server's persistence, changed."""
    return replace(snapshot().persistence, **changes)
