"""What the PostgreSQL pane puts before its reader, at every size it may get."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from console.collector import Collector, Feed
from console.config import Config
from console.errors import Unreachable
from console.findings import Severity
from console.history import History
from console.metrics import Sample, labels
from console.sources.base import Focus, Reading
from console.sources.postgres.model import PostgresSnapshot
from console.sources.postgres.source import PostgresSource
from console.text import clean
from tests.console.sources.asking_postgres import clients, running
from tests.console.sources.postgres_values import BUSY, NOW, QUIET, REPLICA, SLOT, session, snapshot
from tests.copies import replace
from tests.patience import until
from tests.servers.postgres import PostgresServer
from widgets.draw import ROLES, Line, line_width
from widgets.pane import Context, View
from widgets.pane_drawing import draw_pane, title_spans
from widgets.panes.postgres.columns import _brief
from widgets.panes.postgres.pane import PostgresPane
from widgets.plot import draw_plot
from widgets.table import draw_row, layout

MOMENT = 1000.0
SIZES = [(36, 2), (36, 4), (40, 10), (52, 20), (76, 5), (110, 8), (158, 46), (230, 60)]
PANE = PostgresPane()
HOSTILE = "\x1b]0;x\x07\x1b[31m[/] [@click=app.bell]\u202ex\r\n"
VIEWS = list(PANE.views())


def context(value: PostgresSnapshot | None, history: History | None = None) -> Context:
    """What the pane would be given for this snapshot."""
    source = PostgresSource("", name="db", env={})
    feed: Feed = Feed(source)
    if value is not None:
        found = tuple(source.judge(value))
        feed.good = feed.reading = Reading("db", datetime.now(UTC), MOMENT, 0.01, value, None, found)
    return Context(feed, history or History(), Config(), MOMENT, datetime.now(UTC))


def text(lines: Sequence[Line]) -> str:
    """The lines without their roles."""
    return "\n".join("".join(part for part, _ in line) for line in lines)


def roles(lines: Sequence[Line]) -> set[str]:
    """The roles used."""
    return {role for line in lines for _, role in line}


def drawn(value: PostgresSnapshot, width: int = 76, height: int = 24, history: History | None = None) -> str:
    """The pane's text."""
    return text(PANE.body(context(value, history), width, height))


def view(name: str) -> View[Any]:
    """A zoom view by its name."""
    return next(each for each in VIEWS if each.id == name)


def table(name: str, value: PostgresSnapshot, width: int = 200) -> list[str]:
    """The rows of a view as text, in the order they stand in."""
    shown = view(name)
    rows = list(shown.rows(context(value)))
    if shown.severity:
        rows.sort(key=lambda row: -shown.severity(row))  # type: ignore[misc]
    widths = layout(shown.columns, width)
    return [text([tuple(draw_row(widths, row))]) for row in rows]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(
    "value", [QUIET, snapshot(), BUSY, REPLICA], ids=["first", "calm", "busy", "replica"]
)
def test_it_keeps_to_its_room(value: PostgresSnapshot, width: int, height: int) -> None:
    lines = draw_pane(PANE, context(value), width, height)
    assert 0 < len(lines) <= height
    assert roles(lines) <= set(ROLES)
    assert all(clean(part) == part for line in lines for part, _ in line)
    wrong = [line for line in lines if text([line])[:1] in ("✖", "▲")]
    assert "sessions" in text(lines) if height > len(wrong) else wrong


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("value", [QUIET, snapshot()], ids=["first", "calm"])
def test_a_healthy_server_is_a_calm_pane(value: PostgresSnapshot, width: int, height: int) -> None:
    assert roles(PANE.body(context(value), width, height)).isdisjoint({"warn", "crit"})


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(
    ("value", "role", "words"),
    [
        (snapshot(connections=93), "crit", "✖ connections 93 of 97 taken"),
        (
            snapshot(
                (session(8, state="idle in transaction", state_since=NOW - 31, transaction_since=NOW - 31),)
            ),
            "warn",
            "▲ pid 8 idle in transaction 31s",
        ),
        (snapshot(slots=(replace(SLOT, active=False),)), "warn", "▲ slot first inactive"),
        (REPLICA, "warn", "▲ standby 12s behind"),
    ],
    ids=["connections", "idle", "slot", "standby"],
)
def test_what_is_wrong_stands_first(
    value: PostgresSnapshot, role: str, words: str, width: int, height: int
) -> None:
    first = PANE.body(context(value), width, height)[0]
    assert first[0][1] == role
    assert text([first]).startswith(words)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_findings_without_room_are_counted(width: int, height: int) -> None:
    found = context(BUSY).findings
    lines = PANE.body(context(BUSY), width, height)
    told = [line for line in lines if any(f" {f.subject} {f.text}"[:20] in text([line]) for f in found)]
    missing = len(found) - len(told)
    assert (f"+{missing} more" in text(told)) if missing else "more" not in text(told)


def test_the_figures_an_engineer_asks_for() -> None:
    shown = drawn(BUSY, 100, 40)
    for words in (
        "sessions 86/97",
        "3 active",
        "1 idle in tx",
        "1 aborted",
        "blocked  2  4711 ← 4712 4714 4713",
        "longest   3m12s 4711 idle in tx update orders",
        "tps         240  rollback 20%",
        "hit         99%  40/s read",
        "replic.  2 standbys, 32.4M 12s behind  slot forgotten holds 1.9G, inactive",
        "waits    Lock 2",
        "archived failing, 12 waiting",
        "deadlocks 2 in 10m00s",
        "server   orders @18.1 primary, up 2h46m",
    ):
        assert words in shown, words


def test_the_blocker_tree_is_drawn_where_there_is_room() -> None:
    shown = drawn(BUSY, 76, 40).splitlines()
    start = next(index for index, line in enumerate(shown) if line.startswith("4711 idle in tx 3m12s"))
    assert [line[:24].rstrip() for line in shown[start : start + 4]] == [
        "4711 idle in tx 3m12s up",
        "└ 4712 waits 1m00s delet",
        "  └ 4714 session not see",
        "└ 4713 waits 1m00s delet",
    ]
    assert "└" not in drawn(BUSY, 76, 14)
    assert "4711 ← 4712 4714 4713" in drawn(BUSY, 76, 14)


def test_busy_sessions_are_listed_worst_first_and_idle_ones_are_not() -> None:
    shown = drawn(BUSY, 120, 46).splitlines()
    start = next(index for index, line in enumerate(shown) if "PID DB" in line)
    pids = [line.split()[1] if line[0] in "▲✖" else line.split()[0] for line in shown[start + 1 : start + 6]]
    assert pids == ["4711", "50", "4712", "4713", "51"] or pids == ["4711", "4712", "4713", "50", "51"]


def test_a_standby_says_where_it_stands() -> None:
    assert "standby, 12s behind, streaming from db-eu-1, replay paused" in drawn(REPLICA, 100, 20)
    assert "@18.1 standby" in drawn(REPLICA, 100, 20)


def test_unknown_is_not_zero() -> None:
    shown = drawn(QUIET, 60, 20)
    assert "tps           -  rollback -" in shown
    assert "hit           -" in shown
    idle = snapshot(rates=replace(snapshot().rates, hit=None, rollback_ratio=None))
    assert "hit        idle" in drawn(idle, 60, 20)
    hidden = snapshot((session(state="not visible"),), limited=("hidden: GRANT pg_monitor",))
    shown = text(draw_pane(PANE, context(hidden), 60, 20))
    assert "limited view: hidden: GRANT pg_monitor" in shown
    assert "1 hidden" in shown
    assert "active" not in shown


def test_the_title_says_what_matters() -> None:
    shown = text([tuple(title_spans(PANE, context(BUSY), 3))])
    assert "3 Database" in shown
    assert "sessions 86/97" in shown
    assert "blocked 2" in shown
    assert "blocked" not in text([tuple(title_spans(PANE, context(snapshot()), 3))])


def test_a_dead_server_keeps_its_last_picture_with_its_age() -> None:
    drawn_for = context(BUSY)
    feed = drawn_for.feed
    error = Unreachable("/tmp:5432 refuses the connection", "is the server running?")
    feed.reading = Reading("db", datetime.now(UTC), MOMENT, 0.01, None, error)
    feed.failing_since = datetime.now(UTC)
    shown = text(draw_pane(PANE, drawn_for, 90, 20))
    assert "stale since" in shown
    assert "refuses the connection" in shown
    assert "sessions 86/97" in shown


def test_sparklines_show_the_last_minutes() -> None:
    history = History()
    own = labels(server="db")
    for second in range(100):
        samples = [
            Sample("opsconsole_pg_tps", float(second), own),
            Sample("opsconsole_pg_hit_ratio", 1.0, own),
        ]
        history.add(MOMENT - 100 + second, samples)
    lines = drawn(snapshot(), 76, 20, history).splitlines()
    tps = next(line for line in lines if line.startswith("tps"))
    hit = next(line for line in lines if line.startswith("hit"))
    assert tps.endswith("▆")
    assert "▂▂▂▃▃" in tps
    assert set(hit[40:].strip()) == {"▆"}


@pytest.mark.parametrize("shown", VIEWS, ids=lambda each: each.id)
@pytest.mark.parametrize(
    "value", [QUIET, snapshot(), BUSY, REPLICA], ids=["first", "calm", "busy", "replica"]
)
@pytest.mark.parametrize("width", [40, 80, 160])
def test_every_view_draws_rows_notes_plots_and_details(
    shown: View[Any], value: PostgresSnapshot, width: int
) -> None:
    drawn_for = context(value)
    rows = list(shown.rows(drawn_for))
    keys = [shown.key(row) for row in rows]
    assert len(set(keys)) == len(keys)
    widths = layout(shown.columns, width)
    for row in rows:
        line = tuple(draw_row(widths, row))
        assert {role for _, role in line} <= set(ROLES)
        assert all(clean(part) == part for part, _ in line)
        for column in shown.columns:
            column.sort_key(row)
        if shown.severity:
            assert shown.severity(row) in Severity
        if shown.detail:
            detail = shown.detail(row, drawn_for, width)
            assert detail
            assert all(line_width(each) <= width for each in detail)
    assert isinstance(shown.note(drawn_for) if shown.note else "", str)
    for plot in shown.plots:
        assert draw_plot(plot.spec, plot.curves(drawn_for, 120.0), width, 8, MOMENT, 120.0)


def test_sessions_stand_by_wrongness_then_by_what_they_do() -> None:
    pids = [row.split()[0] for row in table("sessions", BUSY)]
    assert pids[0] == "4711"
    assert set(pids[1:4]) == {"50", "4712", "4713"}
    assert pids[4] == "51"
    assert pids[-2:] == ["52", "1"], "ours, then the server's own"
    sessions = table("sessions", BUSY)
    assert "4711" in next(row for row in sessions if row.startswith("   4712"))
    assert "Lock:transactionid" in next(row for row in sessions if row.startswith("   4712"))


def test_the_parts_of_the_connections_add_up_in_an_order_that_stays() -> None:
    states = {"idle": 1, "fastpath function call": 1, "idle in transaction": 2, "active": 4}
    for order in (states, dict(reversed(states.items()))):
        value = replace(QUIET, states=order, connections=10, reserved=3)
        told = "10 of 97 connections: 4 active, 2 idle in tx, 1 idle, 1 function, 2 ours; 3 more reserved"
        note = view("sessions").note
        assert callable(note)
        assert note(context(value)) == told
        assert "4 active  2 idle in tx  1 idle  1 function  2 ours" in drawn(value, 200)


def test_a_victim_is_no_culprit() -> None:
    victim = session(9, state="active", wait_type="Lock", query_since=NOW - 900, transaction_since=NOW - 900)
    (row,) = view("sessions").rows(context(snapshot((victim,))))
    assert row.severity is Severity.WARNING


def test_blockers_keep_the_order_of_the_tree() -> None:
    rows = table("blockers", BUSY)
    assert rows[0].startswith("4711 ")
    assert [row.index("└") if "└" in row else -1 for row in rows] == [-1, 0, 2, 0]
    assert "session not seen" in rows[2]
    assert view("blockers").empty == "nobody waits for a lock"


def test_statements_with_most_load_first_and_why_there_are_none() -> None:
    rows = table("statements", BUSY)
    assert rows[0].split()[:3] == ["2.4%", "12", "2.0ms"]
    assert "update stock" in rows[1]
    note = view("statements").note
    assert note is not None
    assert note(context(replace(BUSY, statements=None, statements_note="CREATE EXTENSION x"))) == (
        "no statement is known: CREATE EXTENSION x"
    )


def test_tables_databases_groups_progress_and_facts() -> None:
    orders, log = table("tables", BUSY)
    assert "public.orders" in orders
    assert " 400k   29%" in orders
    assert log.split()[:2] == ["public.log", "1.0G"]
    first, *_, last = table("databases", BUSY)
    assert first.startswith("orders")
    assert "3.5M" in first or "3.6M" in first, "1 KB a second is 3.5 MB an hour"
    assert last.startswith("template1")
    groups = table("groups", BUSY)
    assert groups[0].split() == ["database", "orders", "85", "3", "2", "2"]
    assert any(row.split()[:3] == ["application", "worker", "2"] for row in groups)
    vacuum, copy = table("progress", BUSY)
    assert "25%" in vacuum
    assert "━━━───" in vacuum
    assert "unknown" in copy
    facts = "\n".join(table("replication", BUSY))
    for words in ("32.4M, 12s behind", "inactive, holds 1.9G", "failing, 12 waiting", "11m40s ago"):
        assert words in facts, words
    server = "\n".join(table("server", BUSY))
    for words in ("128M", "waits for a restart", "public.broken", "86 of 97"):
        assert words in server, words


def test_waits_are_grouped_and_locks_are_marked() -> None:
    rows = table("waits", BUSY)
    assert rows[0].split()[:4] == ["Lock", "transactionid", "2", "2"]
    assert not any("Activity" in row for row in rows)


def test_details_hold_the_whole_statement_and_what_ends_it() -> None:
    shown = view("sessions")
    row = next(row for row in shown.rows(context(BUSY)) if row.session.pid == 50)
    assert shown.detail is not None
    lines = text(shown.detail(row, context(BUSY), 60))
    assert lines.count("x") >= 450
    assert "SELECT pg_cancel_backend(50)" in lines
    assert "running 40s (limit 30s)" in lines
    ours = next(row for row in shown.rows(context(BUSY)) if row.session.own)
    assert "pg_terminate" not in text(shown.detail(ours, context(BUSY), 60))


def test_short_times() -> None:
    assert [_brief(s) for s in (0.0, 0.00031, 0.0012, 0.012, 1.2, 192)] == [
        "0µs", "310µs", "1.2ms", "12ms", "1.2s", "3m12s",
    ]  # fmt: skip


def test_drawing_loads_no_driver() -> None:
    code = (
        "import sys, widgets.panes.postgres.pane as p; p.PostgresPane().views();"
        "sys.exit(any(m.startswith(('asyncpg', 'console.sources.postgres.source')) for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def test_a_real_server_is_drawn_as_it_is(postgres_server: PostgresServer) -> None:
    postgres_server.psql("CREATE TABLE fought (i int PRIMARY KEY); INSERT INTO fought VALUES (1)")
    update = "UPDATE fought SET i = 1 WHERE i = 1"
    source = PostgresSource(postgres_server.url(), name="db")
    collector = Collector([source], interval=0.3)
    collector.look("db", Focus.FULL)
    feed = collector.feeds["db"]
    try:
        async with clients(postgres_server, "holder", "waiter") as (holder, waiter):
            await holder.execute("BEGIN; " + update)
            async with running(waiter.execute(update)):
                collector.start()
                await until(lambda: feed.snapshot is not None and feed.snapshot.blockers)
                await until(lambda: feed.snapshot.tables is not None and feed.snapshot.statements is not None)
                drawn_for = Context(
                    feed, collector.history, Config(), collector.clock.monotonic(), datetime.now(UTC)
                )
                root, kept = holder.get_server_pid(), waiter.get_server_pid()
                shown = text(draw_pane(PANE, drawn_for, 100, 30))
                assert f"blocked  1  {root} ← {kept}" in shown
                assert f"\n{root} idle in tx" in shown
                assert f"\n└ {kept} waits" in shown
                said = postgres_server.psql(
                    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                )
                assert f"sessions {int(said) - 1}/37" in shown
                for each in VIEWS:
                    for row in each.rows(drawn_for):
                        assert draw_row(layout(each.columns, 120), row)
                        assert each.detail is None or each.detail(row, drawn_for, 80)
    finally:
        await collector.stop()
        postgres_server.psql("DROP TABLE fought")


def test_hostile_text_was_cleaned_before_it_came_here() -> None:
    """The pane trusts the source: what it draws is what `clean` let through, cut to its room."""
    nasty = clean(HOSTILE * 20)
    value = snapshot(
        (session(8, state="active", query=nasty, application=nasty, database=nasty, user=nasty),)
    )
    for width, height in SIZES:
        lines = draw_pane(PANE, context(value), width, height)
        assert all(part.isprintable() for line in lines for part, _ in line)
