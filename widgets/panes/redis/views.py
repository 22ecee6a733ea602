"""The zoom views of Redis: facts, databases, slow log, clients, commands, replication and persistence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.history import Point
from console.units import bytes_, bytes_per_second, count, duration, per_second, percent
from widgets.columns import numbers
from widgets.draw import BLANK, SEVERITY_ROLE, Line, Span, wrap
from widgets.figures import Figure, metric_plot
from widgets.pane import Context, Plot, View
from widgets.panes.redis import words as words
from widgets.panes.redis.facts import kept_facts, server_facts
from widgets.panes.redis.words import Space, brief
from widgets.plot import Curve, PlotSpec
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.redis.model import Client, CommandStat, RedisSnapshot, SlowCommand


# -- plots


HITS = metric_plot("hit rate", percent, ("", "opsconsole_redis_hit_ratio"), top=1.0)
OPS = metric_plot("commands", per_second, ("", "redis_commands_processed_total"), rates=True)
MEMORY = metric_plot(
    "memory",
    bytes_,
    ("used", "redis_memory_used_bytes"),
    ("resident", "redis_memory_used_rss_bytes"),
)
LEAVING = metric_plot(
    "keys",
    per_second,
    ("evicted", "redis_evicted_keys_total"),
    ("expired", "redis_expired_keys_total"),
    rates=True,
)
CLIENTS = metric_plot(
    "clients",
    count,
    ("connected", "redis_connected_clients"),
    ("blocked", "redis_blocked_clients"),
)
PING = metric_plot("ping", brief, ("", "opsconsole_redis_ping_seconds"))
NETWORK = metric_plot(
    "network",
    bytes_per_second,
    ("in", "redis_net_input_bytes_total"),
    ("out", "redis_net_output_bytes_total"),
    rates=True,
)
CHANGES = metric_plot("unsaved changes", count, ("", "redis_rdb_changes_since_last_save"))


def _lag(context: Context, span: float) -> Sequence[Curve]:
    """Seconds behind: of each replica, or of this one's own link."""
    source = context.feed.source.name
    curves: list[Curve] = []
    for metric, named in (
        ("redis_connected_slave_lag_seconds", "slave_port"),
        ("redis_master_last_io_seconds_ago", "master_port"),
    ):
        for found in context.history.find(metric):
            pairs = dict(found)
            points: list[Point] = context.points(metric, found, span)
            if pairs.get("server") == source and points:
                curves.append(Curve(f"{pairs.get('slave_ip') or 'master'}:{pairs[named]}", points))
    return curves[:4]


LAG = Plot(PlotSpec("last heard of", words.seconds), _lag)


# -- rows


def _facts(
    make: Callable[[Context], Sequence[Figure]], view: str, title: str, plots: Sequence[Plot]
) -> View[Figure]:
    return View(
        id=view,
        title=title,
        columns=(
            Column("area", "AREA", lambda fact: (fact.area, "label"), 12, flex=1, drop=2),
            Column("fact", "WHAT", lambda fact: (fact.name, "label"), 18, flex=1),
            Column("value", "VALUE", lambda fact: (fact.value, SEVERITY_ROLE[fact.severity]), 30, flex=1),
            Column("note", "NOTE", lambda fact: (fact.note, "dim"), 20, flex=3, drop=1),
        ),
        rows=make,
        key=lambda fact: (fact.area, fact.name),
        severity=lambda fact: fact.severity,
        detail=_fact_detail,
        plots=plots,
    )


def _fact_detail(fact: Figure, context: Context, width: int) -> Sequence[Line]:
    lines: list[Line] = [((f"{fact.area}: {fact.name}", "title"),), BLANK]
    lines += wrap(fact.value, width, SEVERITY_ROLE[fact.severity])
    if fact.note:
        lines += [BLANK, *wrap(fact.note, width)]
    for finding in context.findings:
        if finding.figure == fact.name:
            lines += [BLANK, *wrap(finding.text, width, SEVERITY_ROLE[finding.severity])]
            lines += wrap(finding.hint, width)
    return lines


def _ttl(seconds: float) -> str:
    return duration(seconds) if seconds else "-"


KEYSPACE: tuple[Column[Space], ...] = (
    Column("db", "DB", lambda row: (row.space.db, "strong"), 5),
    numbers("keys", "KEYS", lambda row: row.space.keys, count, 6),
    numbers("share", "SHARE", lambda row: row.share, percent, 5, drop=2),
    numbers("mortal", "TTL", lambda row: row.space.expires, count, 6),
    numbers(
        "mortal-share", "TTL%", lambda row: row.space.expires / max(1, row.space.keys), percent, 5, drop=3
    ),
    numbers("ttl", "AVG TTL", lambda row: row.space.ttl, _ttl, 8, drop=1),
)


def _keyspace_note(context: Context) -> str:
    snapshot: RedisSnapshot = context.snapshot
    if not snapshot.keys:
        return ""
    each = snapshot.memory.dataset / snapshot.keys
    return (
        f"{words.keys(snapshot)}, {bytes_(each)} each on average; TTL counts keys that expire by themselves"
    )


@dataclass(frozen=True, slots=True)
class Slow:
    """A slow command with its age."""

    entry: SlowCommand
    age: float


def _slow_rows(context: Context) -> Sequence[Slow]:
    snapshot: RedisSnapshot = context.snapshot
    entries = snapshot.details.slow_log if snapshot.details else ()
    return [Slow(entry, max(0.0, snapshot.server.time - entry.time)) for entry in entries]


def _slow_note(context: Context) -> str:
    return f"{words.slow(context.snapshot)}; the newest first, as the server keeps them"


def _slow_detail(row: Slow, context: Context, width: int) -> Sequence[Line]:
    entry = row.entry
    at = datetime.fromtimestamp(entry.time, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    facts = (
        ("took", brief(entry.seconds)),
        ("ended", f"{at}, {duration(row.age)} ago"),
        ("client", " ".join(part for part in (entry.client, entry.name) if part) or "-"),
        ("number", str(entry.id)),
    )
    lines: list[Line] = [((f"{name:<8}", "label"), (value, "text")) for name, value in facts]
    return [*lines, BLANK, *wrap(entry.command, width, "strong")]


SLOW: tuple[Column[Slow], ...] = (
    numbers("age", "AGE", lambda row: row.age, words.seconds, 7, role="dim"),
    numbers("took", "TOOK", lambda row: row.entry.seconds, brief, 8),
    Column("command", "COMMAND", lambda row: (row.entry.command, "strong"), 20, flex=6),
    Column("client", "CLIENT", lambda row: row.entry.client, 21, flex=1, drop=1),
    Column("name", "NAME", lambda row: row.entry.name, 14, flex=1, drop=2),
)


def _client_rows(context: Context) -> Sequence[Client]:
    details = context.snapshot.details
    return details.clients if details else ()


def _client_note(context: Context) -> str:
    snapshot: RedisSnapshot = context.snapshot
    listed, all_ = len(_client_rows(context)), snapshot.clients.connected
    cut = f"; {listed} of {all_} listed: blocked, then by memory" if listed < all_ else ""
    return f"{all_} of {snapshot.clients.maximum or '?'} clients, {snapshot.clients.blocked} blocked{cut}"


def _client_severity(client: Client) -> Severity:
    return Severity.WARNING if client.blocked else Severity.OK


def _client_kind(client: Client) -> Span:
    return (
        ("blocked", "warn") if client.blocked else (client.kind, "dim" if client.kind == "normal" else "text")
    )


CLIENT: tuple[Column[Client], ...] = (
    Column("address", "ADDRESS", lambda row: (row.address, "strong" if row.blocked else "text"), 21, flex=1),
    Column("name", "NAME", lambda row: row.name, 12, flex=1, drop=2),
    Column("user", "USER", lambda row: (row.user, "dim"), 8, flex=1, drop=5),
    numbers("db", "DB", lambda row: row.db, str, 3, drop=7),
    Column("kind", "STATE", _client_kind, 8),
    Column("command", "COMMAND", lambda row: row.command, 14, flex=1, drop=1),
    numbers("idle", "IDLE", lambda row: row.idle, words.seconds, 7),
    numbers("age", "AGE", lambda row: row.age, words.seconds, 7, drop=4, role="dim"),
    numbers("memory", "MEMORY", lambda row: row.memory, bytes_, 7, drop=3),
    numbers("output", "OUTPUT", lambda row: row.output, bytes_, 7, drop=6),
)


def _command_rows(context: Context) -> Sequence[CommandStat]:
    details = context.snapshot.details
    return sorted(details.commands, key=lambda stat: (-(stat.load or 0.0), -stat.seconds)) if details else ()


COMMAND: tuple[Column[CommandStat], ...] = (
    Column("name", "COMMAND", lambda row: (row.name, "strong"), 16, flex=1),
    numbers("rate", "CALLS/S", lambda row: row.rate, count, 8),
    numbers("load", "CPU", lambda row: row.load, percent, 6),
    numbers("each", "EACH", lambda row: row.per_call, brief, 8),
    numbers("calls", "CALLS", lambda row: row.calls, count, 7, drop=1),
    numbers("total", "TOTAL", lambda row: row.seconds, duration, 7, drop=2),
    numbers("failed", "FAILED", lambda row: row.failed, count, 7, drop=3, role="warn"),
    numbers("rejected", "REJECTED", lambda row: row.rejected, count, 8, drop=4, role="warn"),
)


def _command_note(context: Context) -> str:
    interval = context.snapshot.interval
    errors = f", {per_second(interval.rate('errors'))} error replies" if interval else ""
    total = per_second(context.snapshot.ops)
    return f"{total} in all{errors}; CPU is the share of one core, FAILED since the start"


VIEWS: tuple[View[Any], ...] = (
    _facts(server_facts, "server", "Server", (HITS, MEMORY, OPS, LEAVING)),
    View("keyspace", "Keyspace", KEYSPACE, words.spaces, lambda row: row.space.db,
         empty="no database holds a key", note=_keyspace_note, plots=(HITS, LEAVING, MEMORY)),
    View("slow", "Slow log", SLOW, _slow_rows, lambda row: row.entry.id, detail=_slow_detail,
         empty="no command took long enough to be logged", note=_slow_note, plots=(PING, OPS)),
    View("clients", "Clients", CLIENT, _client_rows, lambda row: row.id, severity=_client_severity,
         empty="no client list: see the limited view, or wait a moment", note=_client_note,
         plots=(CLIENTS, NETWORK)),
    View("commands", "Commands", COMMAND, _command_rows, lambda row: row.name,
         empty="no statistics yet", note=_command_note, plots=(OPS, PING)),
    _facts(kept_facts, "replication", "Replication, persistence", (LAG, CHANGES)),
)  # fmt: skip
