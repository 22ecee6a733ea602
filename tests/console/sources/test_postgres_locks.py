"""Who blocks whom: chains, queues, circles, prepared transactions, checked against the server's own word."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from console.findings import Severity
from console.sources.base import Focus
from console.sources.postgres.blockers import tree
from console.sources.postgres.model import Blocker, PostgresSnapshot, Session
from tests.console.sources.asking import StepClock
from tests.console.sources.asking_postgres import asking, clients, running, seen, session
from tests.servers.postgres import PostgresServer


def shape(lines: tuple[Blocker, ...]) -> list[tuple[int, int, int]]:
    """Process ids with depth and waiters below."""
    return [(line.pid, line.depth, line.waiters) for line in lines]


def blocked(snapshot: PostgresSnapshot, waiters: int) -> bool:
    """Whether all of them stand in the tree."""
    return sum(bool(s.blocked_by) for s in snapshot.sessions) == waiters


def pids(connections: list[Any]) -> list[int]:
    """The process ids of connections."""
    return [connection.get_server_pid() for connection in connections]


@pytest.fixture
def rows(postgres_server: PostgresServer) -> Any:
    """A table of rows to fight over."""
    postgres_server.psql("CREATE TABLE fought (i int PRIMARY KEY); INSERT INTO fought VALUES (1), (2), (3)")
    yield postgres_server
    postgres_server.psql("DROP TABLE fought")


async def test_a_chain_three_deep(rows: PostgresServer) -> None:
    update = "UPDATE fought SET i = i WHERE i = {}"
    async with clients(rows, "root", "second", "third", "fourth") as found, asking(rows.url()) as source:
        root, second, third, fourth = found
        for number, holder in enumerate((root, second, third), 1):
            await holder.execute("BEGIN")
            await holder.execute(update.format(number))
        waits = [
            client.execute(update.format(number)) for number, client in enumerate((second, third, fourth), 1)
        ]
        async with running(*waits):
            snapshot = await seen(source, lambda shown: blocked(shown, 3))
            a, b, c, d = pids(found)
            assert shape(snapshot.blockers) == [(a, 0, 3), (b, 1, 2), (c, 2, 1), (d, 3, 0)]
            assert snapshot.waiting == 3
            assert snapshot.blockers[0].session == session(snapshot, "root")
            for pid in (b, c, d):
                said = rows.psql(f"SELECT array_to_string(pg_blocking_pids({pid}), ',')")
                assert snapshot.by_pid[pid].blocked_by == tuple(map(int, said.split(",")))
            long = await seen(
                source, lambda shown: any(f.subject == f"pid {a}" for f in source.judge(shown)), step=0.2
            )
            (finding,) = [f for f in source.judge(long) if f.subject == f"pid {a}"]
            assert finding.text.startswith("blocks 3: (idle in transaction 1.")
            assert finding.severity is Severity.WARNING
            assert finding.hint == f"SELECT pg_terminate_backend({a})"
            await root.execute("ROLLBACK")
            freed = await seen(source, lambda shown: blocked(shown, 2) and shown.blockers[0].pid == b)
            assert shape(freed.blockers) == [(b, 0, 2), (c, 1, 1), (d, 2, 0)]


async def test_a_queue_stays_flat(rows: PostgresServer) -> None:
    names = [f"waiter {number}" for number in range(8)]
    async with clients(rows, "holder", *names) as found, asking(rows.url()) as source:
        holder, *waiters = found
        await holder.execute("BEGIN; LOCK TABLE fought IN ACCESS EXCLUSIVE MODE")
        async with running(*(w.execute("BEGIN; LOCK TABLE fought") for w in waiters)):
            snapshot = await seen(source, lambda shown: shown.waiting == 8)
            snapshot = await seen(source, lambda shown: blocked(shown, 8))
            assert snapshot.blockers[0].pid == holder.get_server_pid()
            assert [line.depth for line in snapshot.blockers] == [0] + [1] * 8


async def test_the_question_is_asked_for_waiters_only_and_every_two_seconds(rows: PostgresServer) -> None:
    clock = StepClock()
    count = (
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query ILIKE '%pg_blocking_pids%unnest%'"
    )
    async with clients(rows, "holder", "waiter") as (holder, waiter), asking(rows.url(), clock) as source:
        await source.poll(Focus.GLANCE)
        rows.psql("SELECT public.pg_stat_statements_reset()")
        for _ in range(5):
            await source.poll(Focus.GLANCE)
        assert rows.psql(count) == "0"
        await holder.execute("BEGIN; LOCK TABLE fought")
        async with running(waiter.execute("SELECT * FROM fought")):
            await seen(source, lambda shown: blocked(shown, 1), Focus.GLANCE)
            for _ in range(10):
                snapshot = await source.poll(Focus.GLANCE)
                assert blocked(snapshot, 1)
            assert rows.psql(count) == "1"
            for _ in range(3):  # the server may be late with its figures
                clock.passed += 2
                await source.poll(Focus.GLANCE)
                if rows.psql(count) != "1":
                    break
            assert rows.psql(count) in ("2", "3")


async def test_a_prepared_transaction_blocks(rows: PostgresServer) -> None:
    rows.psql("BEGIN; UPDATE fought SET i = i WHERE i = 1; PREPARE TRANSACTION 'order ''609'''")
    try:
        async with (
            clients(rows, "waiter") as (waiter,),
            asking(rows.url()) as source,
            running(waiter.execute("UPDATE fought SET i = i WHERE i = 1")),
        ):
            snapshot = await seen(source, lambda shown: blocked(shown, 1))
            pid = waiter.get_server_pid()
            assert shape(snapshot.blockers) == [(0, 0, 1), (pid, 1, 0)]
            assert snapshot.blockers[0].note == "prepared transaction"
            assert snapshot.prepared[0].gid == "order '609'"
            long = await seen(
                source, lambda shown: any(f.subject == "order '609'" for f in source.judge(shown)), step=0.2
            )
            (finding,) = [f for f in source.judge(long) if f.subject == "order '609'"]
            assert finding.text == "blocks 1: prepared transaction"
            assert finding.hint == "ROLLBACK PREPARED 'order ''609'''"
    finally:
        rows.psql("ROLLBACK PREPARED 'order ''609'''")


async def test_a_circle_is_a_deadlock(rows: PostgresServer) -> None:
    update = "UPDATE fought SET i = i WHERE i = {}"
    async with clients(rows, "one", "two") as (one, two), asking(rows.url()) as source:
        for number, client in ((1, one), (2, two)):
            await client.execute("BEGIN")
            await client.execute(update.format(number))
        async with running(one.execute(update.format(2))):
            await seen(source, lambda shown: blocked(shown, 1))
            async with running(two.execute(update.format(1))):
                snapshot = await seen(source, lambda shown: blocked(shown, 2))
                assert shape(snapshot.blockers) == [
                    (one.get_server_pid(), 0, 1),
                    (two.get_server_pid(), 1, 0),
                ]
                assert snapshot.blockers[0].note == "deadlock"


async def test_deadlocks_are_counted_and_told_for_a_while(own_postgres: PostgresServer) -> None:
    server = own_postgres
    server.psql("CREATE TABLE fought (i int PRIMARY KEY); INSERT INTO fought VALUES (1), (2)")
    update = "UPDATE fought SET i = i WHERE i = {}"
    clock = StepClock()
    async with clients(server, "one", "two") as (one, two), asking(server.url(), clock) as source:
        await source.poll(Focus.GLANCE)
        for number, client in ((1, one), (2, two)):
            await client.execute("SET deadlock_timeout = '50ms'; BEGIN")
            await client.execute(update.format(number))
        ends = await asyncio.gather(
            one.execute(update.format(2)), two.execute(update.format(1)), return_exceptions=True
        )
        assert sum(isinstance(end, asyncpg.DeadlockDetectedError) for end in ends) == 1
        for client in (one, two):
            await client.close()  # its statistics are complete when it has gone
        snapshot = await seen(source, lambda shown: shown.lately and shown.lately.deadlocks, Focus.GLANCE)
        assert server.psql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'") == "1"
        assert snapshot.totals.deadlocks == 1
        clock.passed += 300
        later = await source.poll(Focus.GLANCE)
        assert later.rates is not None
        assert later.rates.deadlocks == 0
        assert any(f.subject == "deadlocks" and f.text.startswith("1 in") for f in source.judge(later))
        clock.passed += 500
        await source.poll(Focus.GLANCE)
        clock.passed += 500
        assert not any(f.subject == "deadlocks" for f in source.judge(await source.poll(Focus.GLANCE)))


async def test_a_limited_role_sees_who_blocks_all_the_same(rows: PostgresServer) -> None:
    async with clients(rows, "holder", "waiter") as (holder, waiter):
        await holder.execute("BEGIN; LOCK TABLE fought")
        async with (
            running(waiter.execute("SELECT * FROM fought")),
            asking(rows.url(user="limited")) as source,
        ):
            snapshot = await seen(source, lambda shown: shown.blockers)
            assert shape(snapshot.blockers) == [
                (holder.get_server_pid(), 0, 1),
                (waiter.get_server_pid(), 1, 0),
            ]
            assert snapshot.waiting == 1
            (finding,) = (f for f in source.judge(snapshot) if f.subject == f"pid {holder.get_server_pid()}")
            assert finding.text == "blocks 1: what it does is not visible"
            assert finding.severity is Severity.WARNING


def waiter(pid: int, since: float) -> Session:
    """A session waiting for a lock since a time."""
    return Session(
        pid, False, None, "client backend", "d", "u", "a", "local", "active", "Lock", "relation",
        since, since, since, since, None, "select",
    )  # fmt: skip


def test_a_long_queue_where_each_waits_for_all_before_it_is_drawn_at_once() -> None:
    # as the server tells it: the holder and everybody ahead; walking every path would take 2^300 steps
    edges = {pid: [1, *range(2, pid)] for pid in range(2, 302)}
    lines = tree(edges, {})
    assert len(lines) == 301
    assert lines[0].waiters == 300
    assert {line.depth for line in lines[1:]} == {1}


def test_every_waiter_stands_once_and_the_worst_root_first() -> None:
    lines = tree({11: [10], 21: [20], 22: [20], 23: [22, 10]}, {})
    assert shape(lines) == [(10, 0, 2), (11, 1, 0), (23, 1, 0), (20, 0, 2), (21, 1, 0), (22, 1, 0)]


def test_a_circle_beside_a_tree() -> None:
    sessions = {pid: waiter(pid, since) for pid, since in ((5, 50.0), (6, 40.0), (7, 60.0))}
    lines = tree({5: [6], 6: [5], 7: [5], 2: [1]}, sessions)
    assert shape(lines) == [(6, 0, 2), (5, 1, 1), (7, 2, 0), (1, 0, 1), (2, 1, 0)]
    assert [line.note for line in lines] == ["deadlock", "", "", "session not seen", "session not seen"]


def test_a_parallel_group_names_its_leader_once() -> None:
    assert shape(tree({3: [2, 2, 2]}, {})) == [(2, 0, 1), (3, 1, 0)]
