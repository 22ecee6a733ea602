"""The Redis pane: hit rate of the interval, memory against its limit, evictions, clients, replication."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.sources.redis import judge as judge
from console.units import bytes_, count, duration, percent
from widgets.draw import (
    BLANK,
    SEVERITY_ROLE,
    Line,
    Span,
    beside,
    line_width,
    meter,
)
from widgets.facts import Trend, fact_line
from widgets.figures import FEW, TWO_COLUMNS, server_labels, trend
from widgets.pane import BESIDE, Context, Pane, View, flowing, wrong_lines
from widgets.panes.redis import words as words
from widgets.panes.redis.views import KEYSPACE, VIEWS
from widgets.table import small_table

if TYPE_CHECKING:
    from console.sources.redis.model import RedisSnapshot

LABEL = 8
"""Cells of a fact's name."""
METER_LEAST, METER_MOST = 5, 16


class RedisPane(Pane):
    """What is wrong, then the figures in the order an engineer asks for them."""

    kind = "redis"
    title = "Cache"
    least = 2

    def headline(self, context: Context) -> Sequence[Span]:
        """Hit rate, memory of its limit, commands a second."""
        snapshot: RedisSnapshot = context.snapshot
        limits = context.config.limits
        role = SEVERITY_ROLE[judge.hit_severity(snapshot, limits)]
        spans: list[Span] = [("hit ", "label"), (words.hits(snapshot)[0], role)]
        if math.isfinite(snapshot.memory.share):
            role = SEVERITY_ROLE[judge.memory_severity(snapshot, limits)]
            spans += [("  mem ", "label"), (percent(snapshot.memory.share), role)]
        return [*spans, (f"  {count(snapshot.ops)}/s", "text")]

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """Findings, then as many facts as there is room for, then the databases."""
        found = context.findings
        if height < FEW:
            lines = flowing(found, width, max(1, height // 2), subjects=False)
            return [*lines, *_brief(context, width)][:height]
        lines = wrong_lines(found, width, max(1, min(len(found), height // 3)), subjects=False)
        room = height - len(lines)
        if width >= TWO_COLUMNS:
            half = (width - 3) // 2
            facts = _facts(context, half, 2 * room)
            middle = -(-len(facts) // 2)
            lines += beside(facts[:middle], facts[middle:], half, 3)
        else:
            lines += _facts(context, width, room)
        spaces = context.snapshot.keyspace
        room = height - len(lines) - 1
        if spaces and room >= 3:
            lines += [BLANK, *small_table(KEYSPACE, words.spaces(context), width, min(room, 9))]
        return lines

    def views(self) -> Sequence[View[Any]]:
        """Facts, databases, slow log, clients, commands, replication and persistence."""
        return VIEWS

    def settings(self) -> Mapping[str, str]:
        """Environment or configuration."""
        return {
            "environment": "REDIS_URL=redis://user:password@host:6379",
            "configuration": '[[redis]]\nurl = "redis://host:6379"\npassword_command = "pass redis"',
        }


# -- below five lines: everything in a few words


def _brief(context: Context, width: int) -> list[Line]:
    """Facts beside each other, their names as long as they are; first what the title does not say."""
    lines: list[list[Span]] = []
    for fact in (_evicted, _clients, _memory, _operations, _role, _saved):
        (name, role), *value = fact(context, 0)
        told: list[Span] = [(f"{name.strip()} ", role), *value]
        if lines and line_width((*lines[-1], BESIDE, *told)) <= width:
            lines[-1] += [BESIDE, *told]
        else:
            lines.append(told)
    return [tuple(line) for line in lines]


def _facts(context: Context, width: int, most: int) -> list[Line]:
    """The figures, the most asked for first; only those that have room are drawn."""
    drawers = (
        _hit,
        _memory,
        _evicted,
        _operations,
        _clients,
        _role,
        _saved,
        _keys,
        _slow,
        _net,
        _waste,
        _server,
    )
    return [drawer(context, width) for drawer in drawers[: max(0, most)]]


def _line(
    name: str, value: Sequence[Span], width: int, trend: Trend | None = None, high: float | None = None
) -> Line:
    return fact_line(name.ljust(LABEL), value, width, trend, high)


def _hit(context: Context, width: int) -> Line:
    snapshot: RedisSnapshot = context.snapshot
    role = SEVERITY_ROLE[judge.hit_severity(snapshot, context.config.limits)]
    value, note = words.hits(snapshot)
    shown = [(value.ljust(5), role), (note, "dim")]
    return _line("hit", shown, width, trend(context, "opsconsole_redis_hit_ratio"), high=1.0)


def _memory(context: Context, width: int) -> Line:
    snapshot: RedisSnapshot = context.snapshot
    memory, limits = snapshot.memory, context.config.limits
    severity = judge.memory_severity(snapshot, limits)
    role = SEVERITY_ROLE[severity]
    shown: list[Span] = [(bytes_(memory.used), role), (f" of {words.memory_limit(memory)}", "dim")]
    if not math.isfinite(memory.share):
        return _line("memory", shown, width)
    shown.append((f" {percent(memory.share).rjust(4)} ", role))
    policy: list[Span] = [(f" {memory.policy}", "dim")] if memory.maximum else []
    if LABEL + line_width((*shown, *policy)) > width:
        policy = []
    room = width - LABEL - line_width((*shown, *policy))
    if room >= METER_LEAST:
        cells = min(room, METER_MOST)
        shown += meter(memory.share, cells, limits.redis_memory[0], role if severity else "")
    return _line("memory", [*shown, *policy], width)


def _evicted(context: Context, width: int) -> Line:
    snapshot: RedisSnapshot = context.snapshot
    interval = snapshot.interval
    role = SEVERITY_ROLE[judge.evictions_severity(snapshot, context.config.limits)]
    evicted = f"{count(interval.rate('evicted'))}/s" if interval else "-"
    expired = f"{count(interval.rate('expired'))}/s" if interval else "-"
    shown: list[Span] = [(evicted, role), ("  expired ", "label"), (expired, "text")]
    rates = context.rates("redis_evicted_keys_total", server_labels(context))
    went = partial(context.buckets, rates) if any(value > 0 for _, value in rates) else None
    return _line("evicted", shown, width, went)


def _operations(context: Context, width: int) -> Line:
    snapshot: RedisSnapshot = context.snapshot
    shown: list[Span] = [(f"{count(snapshot.ops)}/s", "text"), ("  ping ", "label")]
    shown.append((words.brief(snapshot.latency), "text"))
    return _line("ops", shown, width, trend(context, "opsconsole_redis_ops"))


def _clients(context: Context, width: int) -> Line:
    snapshot: RedisSnapshot = context.snapshot
    clients = snapshot.clients
    role = SEVERITY_ROLE[judge.clients_severity(snapshot, context.config.limits)]
    shown: list[Span] = [(str(clients.connected), role)]
    if clients.maximum:
        shown.append((f" of {clients.maximum}", "dim"))
    shown += [("  blocked ", "label"), (str(clients.blocked), "warn" if clients.blocked else "text")]
    if clients.rejected_lately:
        shown += [("  rejected ", "label"), (str(clients.rejected_lately), "crit")]
    return _line("clients", shown, width)


def _role(context: Context, width: int) -> Line:
    text, severity = words.role(context.snapshot, context.config.limits)
    return _line("role", [(text, SEVERITY_ROLE[severity])], width)


def _saved(context: Context, width: int) -> Line:
    text, severity = words.saved(context.snapshot)
    shown = [(text, SEVERITY_ROLE[severity])]
    appended = words.appended(context.snapshot)
    if appended is not None:
        shown += [("  aof ", "label"), (appended[0], SEVERITY_ROLE[appended[1]])]
    return _line("saved", shown, width)


def _keys(context: Context, width: int) -> Line:
    snapshot: RedisSnapshot = context.snapshot
    return _line("keys", [(words.keys(snapshot), "text")], width)


def _slow(context: Context, width: int) -> Line:
    return _line("slow", [(words.slow(context.snapshot), "text")], width)


def _net(context: Context, width: int) -> Line:
    interval = context.snapshot.interval
    if interval is None:
        return _line("net", [("-", "text")], width)
    shown: list[Span] = [
        (f"↓ {bytes_(interval.rate('net_in'))}/s ↑ {bytes_(interval.rate('net_out'))}/s", "text"),
        ("  cpu ", "label"),
        (percent(interval.rate("cpu")), "text"),
    ]
    return _line("net", shown, width)


def _waste(context: Context, width: int) -> Line:
    snapshot: RedisSnapshot = context.snapshot
    severity: Severity = judge.fragmentation_severity(snapshot, context.config.limits)
    return _line("fragm.", [(words.fragmentation(snapshot.memory), SEVERITY_ROLE[severity])], width)


def _server(context: Context, width: int) -> Line:
    server = context.snapshot.server
    text = f"{server.product} {server.version} {server.mode}, up {duration(server.uptime)}"
    return _line("server", [(text, "dim")], width)
