"""INFO, SLOWLOG and CLIENT LIST read into the values of `model`.

INFO is split here and not by redis-py: a poll needs sixty of its two hundred fields, and guessing
the type of every one costs four times as much as reading those.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from console.secrets import names_secret, redact
from console.sources.redis.model import (
    Client,
    CommandStat,
    Keyspace,
    Memory,
    Persistence,
    Replica,
    Replication,
    Server,
    SlowCommand,
    Totals,
)
from console.text import clean, decode

NAME_LIMIT = 80
"""Characters kept of a name: client, user, address."""
COMMAND_LIMIT = 500
"""Characters kept of a command in the slow log."""
CLIENT_LIMIT = 500
"""Clients kept of CLIENT LIST."""
_CLIENTS_READ = 2000
"""Lines of CLIENT LIST that are read at all."""

_SECRET = {
    b"AUTH": 1,
    b"HELLO": 2,
    b"CONFIG": 3,
    b"ACL": 3,
    b"MIGRATE": 6,
    b"SENTINEL": 3,
}
"""Commands that may carry a password, and how many of their words hold none."""
_READING = frozenset(
    b"GET MGET GETEX GETDEL DEL UNLINK EXISTS TYPE TTL PTTL EXPIRE PEXPIRE EXPIREAT TOUCH STRLEN GETRANGE"
    b" HGET HMGET HGETALL HDEL HEXISTS HKEYS HLEN HSCAN LRANGE LLEN LINDEX SCARD SMEMBERS SSCAN ZCARD"
    b" ZRANGE ZSCAN XLEN XREAD XRANGE SCAN KEYS OBJECT MEMORY INCR DECR".split()
)
"""Commands whose words are names and numbers: what follows a key that names a secret is none."""


class Info:
    """The fields of INFO, each read as what the caller knows it to be; strange ones read as default."""

    __slots__ = ("_fields",)

    def __init__(self, text: str) -> None:
        self._fields: dict[str, str] = {}
        for line in text.split("\r\n"):
            key, colon, value = line.partition(":")
            if colon:
                self._fields[key] = value

    def __contains__(self, key: str) -> bool:
        return key in self._fields

    def int(self, key: str, default: int = 0) -> int:
        """A field as a whole number."""
        try:
            return int(self._fields[key])
        except (KeyError, ValueError):
            return default

    def float(self, key: str, default: float = math.nan) -> float:
        """A field as a number; `ok` and `up` are 1, other words 0 where Redis writes a status."""
        value = self._fields.get(key)
        if value is None:
            return default
        try:
            return float(value)
        except ValueError:
            return 1.0 if value in ("ok", "up") else 0.0 if value in ("err", "down", "fail") else default

    def text(self, key: str, default: str = "") -> str:
        """A field as clean text."""
        return clean(self._fields.get(key, default), NAME_LIMIT)

    def starting(self, prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
        """The fields `prefixNAME:a=1,b=2` as NAME and its pairs, in the server's order."""
        for key, value in self._fields.items():
            if key.startswith(prefix) and "=" in value:
                yield key[len(prefix) :], dict(_pairs(value))


def _pairs(value: str, separator: str = ",") -> Iterator[tuple[str, str]]:
    for item in value.split(separator):
        name, equals, content = item.partition("=")
        if equals:
            yield name, content


def number(text: str | bytes | None, default: float = math.nan) -> float:
    """A number from a field, or the default."""
    try:
        return float(text) if text is not None else default
    except ValueError:
        return default


def whole(text: str | None, default: int = 0) -> int:
    """A whole number from a field, or the default."""
    try:
        return int(text) if text is not None else default
    except ValueError:
        return default


def server(info: Info, now: float) -> Server:
    """Program, mode and clock; `now` (seconds since 1970) serves where the server tells no time."""
    valkey = "valkey_version" in info
    role = info.text("role")
    return Server(
        product="Valkey" if valkey else "Redis",
        version=info.text("valkey_version" if valkey else "redis_version"),
        mode=info.text("redis_mode") or info.text("server_mode", "standalone"),
        role="replica" if role == "slave" else role,
        run_id=info.text("run_id"),
        process_id=info.int("process_id"),
        uptime=info.float("uptime_in_seconds", 0.0),
        time=info.int("server_time_usec") / 1e6 or now,
    )


def memory(info: Info) -> Memory:
    """Memory in bytes; Redis 6 and later tell the fragmentation in bytes, for others it is reckoned."""
    used, rss = info.int("used_memory"), info.int("used_memory_rss")
    return Memory(
        used=used,
        rss=rss,
        peak=info.int("used_memory_peak"),
        dataset=info.int("used_memory_dataset"),
        maximum=info.int("maxmemory"),
        policy=info.text("maxmemory_policy"),
        system=info.int("total_system_memory"),
        fragmentation=info.float("mem_fragmentation_ratio"),
        fragmentation_bytes=info.int("mem_fragmentation_bytes", rss - used),
    )


def totals(info: Info) -> Totals:
    """The counters rates are made of."""
    return Totals(
        hits=info.int("keyspace_hits"),
        misses=info.int("keyspace_misses"),
        commands=info.int("total_commands_processed"),
        evicted=info.int("evicted_keys"),
        expired=info.int("expired_keys"),
        connections=info.int("total_connections_received"),
        rejected=info.int("rejected_connections"),
        errors=info.int("total_error_replies"),
        net_in=info.int("total_net_input_bytes"),
        net_out=info.int("total_net_output_bytes"),
        cpu=info.float("used_cpu_sys", 0.0) + info.float("used_cpu_user", 0.0),
    )


def keyspace(info: Info) -> tuple[Keyspace, ...]:
    """The databases that hold keys, by number."""
    return tuple(
        Keyspace(f"db{name}", whole(f.get("keys")), whole(f.get("expires")), whole(f.get("avg_ttl")) / 1000)
        for name, f in info.starting("db")
        if name.isdecimal()
    )


def replication(info: Info) -> Replication:
    """Who follows whom, and how closely."""
    offset = info.int("master_repl_offset")
    if info.text("role") == "slave":
        applied = info.int("slave_repl_offset")
        return Replication(
            master=_address(info.text("master_host"), info.text("master_port")),
            link_up=info.text("master_link_status") == "up",
            link_down=max(0.0, info.float("master_link_down_since_seconds", 0.0)),
            silence=max(0.0, info.float("master_last_io_seconds_ago", 0.0)),
            syncing=info.int("master_sync_in_progress") == 1,
            unapplied=max(0, info.int("slave_read_repl_offset", applied) - applied),
            offset=offset,
            replicas=_replicas(info, offset),
        )
    return Replication(offset=offset, replicas=_replicas(info, offset))


def _replicas(info: Info, offset: int) -> tuple[Replica, ...]:
    return tuple(
        Replica(
            address=_address(f.get("ip", ""), f.get("port", "")),
            state=clean(f.get("state", ""), NAME_LIMIT),
            lag=number(f.get("lag")),
            behind=max(0, offset - whole(f.get("offset"), offset)),
        )
        for name, f in info.starting("slave")
        if name.isdecimal()
    )


def _address(host: str, port: str) -> str:
    return clean(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", NAME_LIMIT)


def persistence(info: Info) -> Persistence:
    """RDB and AOF as INFO tells them; a server without them reads as healthy."""
    return Persistence(
        last_save=info.float("rdb_last_save_time", 0.0),
        save_ok=info.text("rdb_last_bgsave_status", "ok") == "ok",
        save_running=info.int("rdb_bgsave_in_progress") == 1,
        save_seconds=info.float("rdb_last_bgsave_time_sec", -1.0),
        changes=info.int("rdb_changes_since_last_save"),
        aof=info.int("aof_enabled") == 1,
        aof_write_ok=info.text("aof_last_write_status", "ok") == "ok",
        aof_rewrite_ok=info.text("aof_last_bgrewrite_status", "ok") == "ok",
        aof_rewriting=info.int("aof_rewrite_in_progress") == 1,
        aof_bytes=info.int("aof_current_size"),
    )


def slow_log(reply: Any) -> tuple[SlowCommand, ...]:
    """SLOWLOG GET's answer, newest first; entries of a shape not known are left out."""
    entries = []
    for entry in reply if isinstance(reply, list) else ():
        if not isinstance(entry, list) or len(entry) < 4 or not isinstance(entry[3], list):
            continue
        if not all(isinstance(value, int) for value in entry[:3]):
            continue
        client = entry[4] if len(entry) > 4 else b""
        name = entry[5] if len(entry) > 5 else b""
        entries.append(
            SlowCommand(
                id=entry[0],
                time=float(entry[1]),
                seconds=entry[2] / 1e6,
                command=command_text(entry[3]),
                client=_text(client, NAME_LIMIT),
                name=redact(_text(name, NAME_LIMIT)),
            )
        )
    return tuple(entries)


def command_text(words: Sequence[Any]) -> str:
    """A command as one clean line of at most 500 characters; what may be a password is hidden."""
    verb = bytes(words[0]).upper() if words and isinstance(words[0], bytes) else b""
    secret = _SECRET.get(verb)
    if secret is None and verb not in _READING:
        # `SET user:1:token VALUE`, `HSET user:1 password VALUE`
        named = (
            place for place, word in enumerate(words) if place and names_secret(_text(word, COMMAND_LIMIT))
        )
        secret = next((place + 1 for place in named), None)
    shown = [_text(word, COMMAND_LIMIT) for word in words[:secret]]
    if secret is not None and len(words) > secret:
        shown.append("(hidden)")
    line = " ".join(word if word and " " not in word else f'"{word}"' for word in shown)
    return clean(redact(line), COMMAND_LIMIT)


def _text(value: Any, limit: int) -> str:
    return decode(value, limit) if isinstance(value, bytes) else clean(str(value), limit)


def commands(info: Info, before: dict[str, CommandStat], seconds: float) -> tuple[CommandStat, ...]:
    """INFO commandstats, costliest since the start first; rates against the reading before."""
    stats = []
    for field, f in info.starting("cmdstat_"):
        name = clean(field, NAME_LIMIT).replace("|", " ")
        calls, spent = whole(f.get("calls")), number(f.get("usec"), 0.0) / 1e6
        old = before.get(name)
        known = seconds > 0 and bool(before)
        fresh = old is None or calls < old.calls
        stats.append(
            CommandStat(
                name=name,
                calls=calls,
                seconds=spent,
                rejected=whole(f.get("rejected_calls")),
                failed=whole(f.get("failed_calls")),
                rate=(calls if old is None or fresh else calls - old.calls) / seconds if known else None,
                load=(spent if old is None or fresh else spent - old.seconds) / seconds if known else None,
            )
        )
    return tuple(sorted(stats, key=lambda stat: -stat.seconds))


def clients(reply: bytes) -> tuple[Client, ...]:
    """CLIENT LIST read up to 2,000 lines: the 500 that are blocked, or hold the most memory."""
    read = [_client(line) for line in reply.decode("utf-8", "replace").split("\n", _CLIENTS_READ)[:-1]]
    read.sort(key=lambda client: (not client.blocked, -client.memory, client.id))
    return tuple(read[:CLIENT_LIMIT])


def _client(line: str) -> Client:
    f = dict(_pairs(line, " "))
    flags = f.get("flags", "")
    return Client(
        id=whole(f.get("id")),
        address=clean(f.get("addr", ""), NAME_LIMIT),
        name=clean(redact(f.get("name", "")), NAME_LIMIT),
        user=clean(f.get("user", ""), NAME_LIMIT),
        db=whole(f.get("db")),
        age=number(f.get("age"), 0.0),
        idle=number(f.get("idle"), 0.0),
        command=clean(f.get("cmd", ""), NAME_LIMIT).replace("|", " "),
        memory=whole(f.get("tot-mem"), whole(f.get("omem"))),
        output=whole(f.get("omem")),
        blocked="b" in flags,
        kind=next((kind for flag, kind in _KINDS if flag in flags), "normal"),
    )


_KINDS = (("S", "replica"), ("M", "master"), ("O", "monitor"), ("P", "pubsub"))
