"""What the Redis pane puts before its reader, at every size it may get."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from console.collector import Collector, Feed
from console.config import Config, Limits
from console.errors import Unreachable
from console.history import History
from console.metrics import Sample, labels
from console.sources.base import Focus, Reading
from console.sources.redis.model import (
    Client,
    Clients,
    CommandStat,
    Details,
    Interval,
    Keyspace,
    RedisSnapshot,
    Replica,
    Replication,
    SlowCommand,
    Totals,
)
from console.sources.redis.source import RedisSource
from console.text import clean
from tests.console.sources.asking_redis import asking
from tests.console.sources.redis_values import MB, memory, persistence, snapshot
from tests.copies import replace
from tests.patience import until
from tests.servers.redis import RedisServer
from widgets.draw import ROLES, Line, line_width
from widgets.figures import TWO_COLUMNS
from widgets.pane import Context, View
from widgets.pane_drawing import draw_pane, title_spans
from widgets.panes.redis.pane import RedisPane
from widgets.panes.redis.words import brief, saved, seconds, slow
from widgets.plot import draw_plot
from widgets.table import draw_row, layout, small_table

NOW = 1000.0
SIZES = [(36, 2), (36, 4), (40, 10), (52, 20), (76, 5), (110, 8), (158, 46), (230, 60)]
PANE = RedisPane()


def context(value: RedisSnapshot | None, history: History | None = None, **config: Any) -> Context:
    """What the pane would be given for this snapshot."""
    source = RedisSource("cache", [], limits=Limits())
    feed: Feed = Feed(source)
    if value is not None:
        found = tuple(source.judge(value))
        feed.good = feed.reading = Reading("cache", datetime.now(UTC), NOW, 0.01, value, None, found)
    return Context(feed, history or History(), Config(**config), NOW, datetime.now(UTC))


def text(lines: Sequence[Line]) -> str:
    """The lines without their roles."""
    return "\n".join("".join(part for part, _ in line) for line in lines)


def roles(lines: Sequence[Line]) -> set[str]:
    """The roles used."""
    return {role for line in lines for _, role in line}


def drawn(value: RedisSnapshot, width: int = 76, height: int = 20, history: History | None = None) -> str:
    """The pane's text."""
    return text(PANE.body(context(value, history), width, height))


BUSY = snapshot(
    memory=memory(used=99 * MB, policy="allkeys-lru", fragmentation=2.5, fragmentation_bytes=150 * MB),
    interval=Interval(1.0, Totals(41, 59, commands=12345, evicted=250, net_in=10**7, net_out=10**9)),
    clients=Clients(98, 3, 100, 7),
    keyspace=tuple(Keyspace(f"db{i}", 10**i, i, 60.0 * i) for i in range(12)),
    replication=Replication(replicas=tuple(Replica(f"10.0.0.{i}:6379", "online", 70, 10**9) for i in "1234")),
    persistence=persistence(save_ok=False, changes=10**6, aof=True, aof_write_ok=False),
    details=Details(
        slow_log=(SlowCommand(7, 990.0, 0.25, "GET " + "x" * 300, "10.0.0.9:5000", "shop"),),
        commands=(
            CommandStat("get", 100, 0.5, 0, 2, 12.0, 0.4),
            CommandStat("set", 900, 0.9, 1, 0, None, None),
        ),
        clients=(
            Client(4, "10.0.0.9:5000", "shop", "default", 0, 100, 0, "blpop", 20480, 0, True, "normal"),
            Client(5, "10.0.0.8:5000", "", "default", 3, 9, 1, "get", 20480, 4096, False, "normal"),
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("value", [snapshot(), snapshot(interval=None), BUSY], ids=["calm", "first", "busy"])
def test_it_keeps_to_its_room(value: RedisSnapshot, width: int, height: int) -> None:
    lines = draw_pane(PANE, context(value), width, height)
    assert 0 < len(lines) <= height
    assert roles(lines) <= set(ROLES)
    first = [line for line in lines if line and line[0][0].strip() in ("hit", "memory", "evicted", "ops")]
    # others may be cut by the frame, as the right one of two columns
    assert width >= TWO_COLUMNS or all(line_width(line) <= width for line in first)
    wrong = [line for line in lines if line and line[0][0][:1] in ("✖", "▲")]
    if height >= 5:  # below, several stand in a line
        assert len(first) == min(4, height - len(wrong))
    assert "evicted" in text(lines)
    assert all(clean(part) == part for line in lines for part, _ in line)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_healthy_server_is_a_calm_pane(width: int, height: int) -> None:
    lines = PANE.body(context(snapshot()), width, height)
    assert roles(lines).isdisjoint({"warn", "crit"})


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(
    ("changes", "role", "words"),
    [
        ({"interval": Interval(1.0, Totals(hits=41, misses=59))}, "crit", "✖ hit rate 41%"),
        ({"memory": memory(used=90 * MB)}, "warn", "▲ memory 90%"),
        ({"clients": Clients(10, 2, 100, 0)}, "warn", "▲ 2 clients blocked"),
        ({"replication": Replication(master="m:1", link_up=False)}, "crit", "✖ link to master m:1 down"),
        ({"persistence": persistence(save_ok=False)}, "crit", "✖ last RDB save failed"),
    ],
)
def test_what_is_wrong_stands_first(
    changes: dict[str, Any], role: str, words: str, width: int, height: int
) -> None:
    first = PANE.body(context(snapshot(**changes)), width, height)[0]
    assert first[0][1] == role
    assert first[0][0].startswith(words)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_findings_without_room_are_counted(width: int, height: int) -> None:
    found = context(BUSY).findings
    lines = PANE.body(context(BUSY), width, height)
    wrong = [line for line in lines if line and line[0][0][:1] in ("✖", "▲")]
    told = text(wrong[-1:])
    missing = len(found) - len(wrong)
    assert (f"+{missing} more" in told) if missing else "more" not in told


def test_the_figures_an_engineer_asks_for() -> None:
    value = snapshot(
        interval=Interval(2.0, Totals(97, 3, expired=6, net_in=2048, net_out=4096, cpu=0.5)),
        totals=Totals(hits=1, misses=1),
        ops=240.0,
        slow_length=3,
    )  # fmt: skip
    shown = drawn(value)
    assert "hit     97%  50% since start" in shown
    assert "memory  40.0M of 100M  40% ━━━━━━" in shown
    assert "noeviction" in shown
    assert "evicted 0/s  expired 3/s" in shown
    assert "ops     240/s  ping 1.0ms" in shown
    assert "clients 10 of 100  blocked 0" in shown
    assert "role    master, no replicas" in shown
    assert "keys    100 in 1 database, 0% with a ttl" in shown
    assert "slow    3 over 10ms" in shown
    assert "net     ↓ 1.0K/s ↑ 2.0K/s  cpu 25%" in shown
    assert "server  Redis 7.0.15 standalone, up 1m40s" in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"interval": None}, "hit     -    97% since start"),
        ({"interval": Interval(1.0, Totals())}, "hit     idle 97% since start"),
        ({"memory": memory(maximum=0)}, "of the host's 7.8G 0.5%"),
        ({"memory": memory(maximum=0, system=0)}, "memory  40.0M of unlimited"),
        ({"latency": math.nan}, "ping -"),
        ({"clients": Clients(10, 0, 0, 0)}, "clients 10  blocked 0"),
        ({"clients": Clients(10, 0, 100, 4)}, "rejected 4"),
        ({"replication": Replication(master="m:1", silence=2)}, "replica, link up, heard 2s ago, of m:1"),
        (
            {"replication": Replication(replicas=(Replica("r:1", "online", 1, 2048),))},
            "1 replica, 1s and 2.0K",
        ),
        ({"keyspace": ()}, "keys    none"),
        ({"slow_threshold": -1e-6}, "slow    switched off"),
        ({"slow_length": None}, "slow    - over 10ms"),
        (
            {"persistence": persistence(last_save=940.0, aof=True, aof_bytes=2048)},
            "saved   1m00s ago, 0 changes since  aof ok 2.0K",
        ),
    ],
)
def test_states_have_their_words(changes: dict[str, Any], words: str) -> None:
    assert words in drawn(snapshot(**changes))


def test_the_last_two_minutes_are_beside_the_figures() -> None:
    history = History()
    for second in range(100):
        own, other = labels(server="cache"), labels(server="another")
        samples = [
            Sample("opsconsole_redis_hit_ratio", 1.0 if second < 50 else 0.5, own),
            Sample("opsconsole_redis_hit_ratio", 0.0, other),
            Sample("redis_evicted_keys_total", 0.0, own),
        ]
        history.add(NOW - 100 + second, samples)
    lines = PANE.body(context(snapshot(), history), 76, 12)
    hit = text(lines[:1])
    assert line_width(lines[0]) == 76
    assert "▆" in hit
    assert hit[-1] in "▄▅"
    assert "▁" not in text(lines[2:3])  # nothing was evicted: no row of zeros


def test_the_title_tells_the_worst_where_there_is_no_room() -> None:
    title = text([tuple(title_spans(PANE, context(BUSY), 4))])
    assert title.startswith("4 Cache  ")
    assert "✖ " in title
    assert "hit 41%  mem 99%  60/s" in title


def test_stale_values_stay_and_say_since_when() -> None:
    shown = context(snapshot())
    error = Unreachable("nothing listens at cache:6379", "start it")
    shown.feed.reading = Reading("cache", datetime.now(UTC), NOW, 0.01, None, error)
    shown.feed.failing_since = datetime.now(UTC)
    lines = draw_pane(PANE, shown, 76, 8)
    assert text(lines[:1]).startswith("✖ stale since ")
    assert "nothing listens at cache:6379" in text(lines[:1])
    assert "hit     98%" in text(lines)


def view(name: str) -> View[Any]:
    """A zoom view by its id."""
    return next(view for view in PANE.views() if view.id == name)


@pytest.mark.parametrize("width", [60, 100, 220])
@pytest.mark.parametrize("name", [view.id for view in PANE.views()])
@pytest.mark.parametrize("value", [snapshot(), snapshot(interval=None, keyspace=()), BUSY])
def test_every_view_draws(name: str, value: RedisSnapshot, width: int) -> None:
    shown, one = context(value), view(name)
    rows = one.rows(shown)
    keys = [one.key(row) for row in rows]
    assert len(set(keys)) == len(keys)
    lines = small_table(one.columns, rows, width, 100, one.severity)
    assert all(line_width(line) <= max(width, 70) for line in lines)
    assert roles(lines) <= set(ROLES)
    for column in one.columns:
        assert len(column.order(rows, descending=True)) == len(rows)
    for row in rows:
        assert one.detail is None or one.detail(row, shown, width)
    for plot in one.plots:
        assert draw_plot(plot.spec, plot.curves(shown, 120.0), 60, 9, NOW, 120.0)
    if one.note:
        assert clean(one.note(shown)) == one.note(shown)


def cells(name: str, value: RedisSnapshot, width: int = 160) -> list[str]:
    """A view's rows as text, blanks between columns squeezed."""
    one = view(name)
    widths = layout(one.columns, width)
    rows = one.rows(context(value))
    return [" ".join("".join(part for part, _ in draw_row(widths, row)).split()) for row in rows]


def test_commands_stand_by_what_they_cost_now() -> None:
    assert cells("commands", BUSY) == ["get 12 40% 5.0ms 100 500ms 2 0", "set - - 1.0ms 900 900ms 0 1"]


def test_clients_say_who_waits() -> None:
    first, second = cells("clients", BUSY)
    assert first == "10.0.0.9:5000 shop default 0 blocked blpop 0s 1m40s 20.0K 0B"
    assert second == "10.0.0.8:5000 default 3 normal get 1s 9s 20.0K 4.0K"


def test_a_slow_command_is_told_whole() -> None:
    one = view("slow")
    (row,) = one.rows(context(BUSY))
    assert one.detail is not None
    detail = text(one.detail(row, context(BUSY), 60))
    assert "took    250ms" in detail
    assert "10s ago" in detail
    assert detail.replace("\n", "").count("x") == 300


def test_facts_stand_by_wrongness_and_give_the_hint() -> None:
    one = view("server")
    rows = one.rows(context(BUSY))
    wrong = {row.name for row in rows if row.severity}
    assert wrong == {"hit rate", "evicted", "used", "fragmentation", "connected", "blocked", "rejected"}
    hit = next(row for row in rows if row.name == "hit rate")
    assert one.detail is not None
    assert "look for evictions" in text(one.detail(hit, context(BUSY), 80))


def test_a_fact_gives_the_hint_of_its_own_finding_only() -> None:
    """Others may be as bad."""
    one = view("server")
    assert one.detail is not None
    for row in one.rows(context(BUSY)):
        told = text(one.detail(row, context(BUSY), 200))
        assert ("usual for queue workers" in told) == (row.name == "blocked"), row
        assert ("pool connections" in told) == (row.name in ("connected", "rejected")), row


def test_replicas_and_saves_are_in_one_view() -> None:
    shown = "\n".join(cells("replication", BUSY))
    assert "replica 10.0.0.2:6379 online acknowledged 1m10s ago, 954M behind" in shown
    assert "persistence saved last save failed, 1.0M changes unsaved" in shown
    assert "persistence aof write failed" in shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0µs"), (3.4e-6, "3.4µs"), (0.00031, "310µs"), (0.0012, "1.2ms"), (0.012, "12ms"), (1.24, "1.2s"),
     (math.nan, "-"), (0.0009996, "1.0ms"), (0.00996, "10ms")],
)  # fmt: skip
def test_short_times(value: float, shown: str) -> None:
    assert brief(value) == shown


def test_whole_seconds() -> None:
    assert [seconds(value) for value in (0.0, 1.0, 59.0, 61.0)] == ["0s", "1s", "59s", "1m01s"]


def test_a_start_is_no_save() -> None:
    fresh = snapshot(persistence=persistence(last_save=900.0, changes=2))  # up for 100 s at 1000
    assert saved(fresh)[0] == "not since the start, 2 changes"
    later = replace(fresh, persistence=persistence(last_save=940.0, changes=2))
    assert saved(later)[0] == "1m00s ago, 2 changes since"
    assert slow(snapshot(slow_threshold=None)) == "0"


async def test_the_pane_shows_what_the_server_does(redis_server: RedisServer) -> None:
    with redis_server.connect() as client, socket.socket(socket.AF_UNIX) as worker:
        client.set("there", "1")
        client.config_set("maxmemory", 100 * MB)
        worker.connect(str(redis_server.socket))
        worker.sendall(b"BLPOP jobs 0\r\n")
        await until(lambda: redis_server.info()["blocked_clients"] == "1")
        async with asking(redis_server.url) as (source, clock):
            collector = Collector([source], clock=clock)
            await collector.once(Focus.FULL)
            for _ in range(50):
                client.get("there")
                client.get("gone")
            clock.passed += 1
            await collector.once(Focus.FULL)
            shown = Context(
                collector.feeds["cache"], collector.history, Config(), clock.monotonic(), clock.now()
            )
            body = text(PANE.body(shown, 76, 30))
            assert "✖ hit rate 50% (limit 50%), 50% since start" in body
            assert "▲ 1 client blocked" in body
            assert "of 100M" in body
            assert f"Redis {redis_server.info()['redis_version']} standalone" in body
            for one in PANE.views():
                rows = one.rows(shown)
                assert rows or one.id == "slow"
                assert all(
                    plot.curves(shown, 120.0) for plot in one.plots if plot.spec.title != "last heard of"
                )


def test_drawing_loads_no_driver() -> None:
    code = "import sys, widgets.panes.redis.pane; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
