"""What a PostgreSQL shows, checked against what psql says of the same server at the same time."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from console.config import Config, PostgresTarget
from console.look import look
from console.sources.base import Focus
from console.sources.postgres.model import PostgresSnapshot
from console.sources.postgres.source import PostgresSource
from console.summary import summary
from tests.console.sources.asking import StepClock, texts
from tests.console.sources.asking_postgres import asking, clients, running, seen, session
from tests.patience import until
from tests.servers.postgres import PostgresServer

OURS = "application_name NOT IN ('opsconsole', 'psql') AND backend_type = 'client backend'"
"""The test's sessions: a psql that has answered may take a moment to leave."""


def table(server: PostgresServer, sql: str, database: str = "postgres") -> dict[str, list[str]]:
    """psql's rows by their first column."""
    rows = [line.split("|") for line in server.psql(sql, database=database).splitlines()]
    return {row[0]: row[1:] for row in rows}


async def test_sessions_by_state_database_user_and_application(postgres_server: PostgresServer) -> None:
    async with clients(postgres_server, "idler", "sleeper", "holder", "broken") as (
        _,
        sleeper,
        holder,
        broken,
    ):
        await holder.execute("BEGIN; SELECT 1")
        await broken.execute("BEGIN")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await broken.execute("SELECT 1/0")
        async with running(sleeper.execute("SELECT pg_sleep(60)")), asking(postgres_server.url()) as source:
            snapshot = await seen(source, lambda shown: shown.states.get("active") == 1)
            by_state = table(
                postgres_server, f"SELECT state, count(*) FROM pg_stat_activity WHERE {OURS} GROUP BY 1"
            )
            assert {state: [str(number)] for state, number in snapshot.states.items()} == by_state
            assert by_state["idle in transaction (aborted)"] == ["1"]
            for attribute, column in (
                ("database", "datname"),
                ("user", "usename"),
                ("application", "application_name"),
                ("client", "coalesce(host(client_addr), 'local')"),
            ):
                said = table(
                    postgres_server,
                    f"SELECT {column}, count(*) FROM pg_stat_activity WHERE {OURS} GROUP BY 1",
                )
                groups = {group.name: [str(group.sessions)] for group in snapshot.groups(attribute)}  # type: ignore[arg-type]
                assert groups == said, attribute
            assert snapshot.connections == 4 + sum(s.own for s in snapshot.sessions)
            assert snapshot.max_connections == int(postgres_server.psql("SHOW max_connections"))
            assert snapshot.reserved == int(postgres_server.psql("SHOW superuser_reserved_connections"))
            assert session(snapshot, "sleeper").wait_event == "PgSleep"
            assert session(snapshot, "sleeper").query == "SELECT pg_sleep(60)"
            assert session(snapshot, "broken").in_transaction


async def test_one_look_at_it_has_transactions_a_second(postgres_server: PostgresServer) -> None:
    async with clients(postgres_server, "busy") as (busy,):

        async def work() -> None:
            while True:
                await busy.execute("SELECT 1")
                await asyncio.sleep(0.01)

        async with running(work()), asking(postgres_server.url()) as source:
            (found,) = await look([source])
    told = re.search(r"([\d.]+) tx/s", summary("postgres", found.history))
    assert told
    assert float(told[1]) > 1


async def test_ages_agree_with_the_server(postgres_server: PostgresServer) -> None:
    async with clients(postgres_server, "early", "late", "broken") as (early, late, broken):
        await early.execute("BEGIN; SELECT 1")
        await broken.execute("BEGIN")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await broken.execute("SELECT 1/0")
        await late.execute("BEGIN")
        async with running(late.execute("SELECT pg_sleep(60)")), asking(postgres_server.url()) as source:
            snapshot = await seen(source, lambda shown: shown.longest_query is not None)
            said = table(
                postgres_server,
                "SELECT application_name, extract(epoch FROM coalesce(xact_start, state_change)),"
                " extract(epoch FROM query_start) FROM pg_stat_activity WHERE application_name <> ''",
            )
            for name in ("early", "late", "broken"):
                shown = session(snapshot, name)
                assert shown.transaction_since == pytest.approx(float(said[name][0]), abs=1e-3)
                assert shown.query_since == pytest.approx(float(said[name][1]), abs=1e-3)
            assert snapshot.longest_transaction is not None
            assert snapshot.longest_transaction.application == "early"
            assert snapshot.longest_query is not None
            assert snapshot.longest_query.application == "late"
            age = snapshot.age(session(snapshot, "early").transaction_since)
            assert age is not None
            assert 0 < age < 10


async def test_our_own_sessions_are_marked_and_not_active(postgres_server: PostgresServer) -> None:
    async with asking(postgres_server.url()) as source:
        snapshot = await seen(source, lambda shown: shown.statements is not None and shown.tables is not None)
        ours = [s for s in snapshot.sessions if s.application == "opsconsole"]
        assert ours
        assert all(s.own for s in ours)
        assert snapshot.states.get("active", 0) == 0
        assert snapshot.longest_query is None
    left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'opsconsole'"
    await until(lambda: postgres_server.psql(left) == "0")


async def test_transactions_rollbacks_and_rows_of_the_interval(own_postgres: PostgresServer) -> None:
    sql = "SELECT xact_commit, xact_rollback, tup_inserted FROM pg_stat_database WHERE datname = 'postgres'"
    own_postgres.psql("CREATE TABLE t (i int)")
    async with asking(own_postgres.url()) as source:  # until 15 the statistics come half a second late
        await seen(source, lambda shown: shown.totals.inserted > 10, Focus.GLANCE, step=0.3)
    async with clients(own_postgres, "busy") as (busy,), asking(own_postgres.url()) as source:
        await seen(source, lambda shown: shown.rates and shown.rates.tps < 1, Focus.GLANCE, step=0.3)
        for number in range(60):
            await busy.execute(f"INSERT INTO t VALUES ({number})")
        for _ in range(20):
            with pytest.raises(asyncpg.DivisionByZeroError):
                await busy.execute("SELECT 1/0")
        await busy.close()  # its statistics are complete when it has gone
        snapshot = await seen(
            source, lambda shown: shown.recent and shown.recent.inserted > 0, Focus.GLANCE, step=0.3
        )
        commits, rollbacks, inserted = map(int, own_postgres.psql(sql).split("|"))
        recent = snapshot.recent
        assert recent is not None
        assert recent.inserted * recent.seconds == pytest.approx(60)
        assert recent.rollback_ratio == pytest.approx(20 / 80, rel=0.15)
        assert recent.tps * recent.seconds == pytest.approx(80, abs=15)
        (database,) = [d for d in snapshot.databases if d.name == "postgres"]
        assert database.counters.rollbacks == rollbacks == 20
        assert database.counters.inserted == inserted
        # the difference is our own questions and psql's
        assert abs(commits - database.counters.commits) < 20


async def test_pgbench_throughput(own_postgres: PostgresServer) -> None:
    own_postgres.tool("pgbench", "-i", "-q", *own_postgres.place, "postgres")
    program = str(own_postgres.bindir / "pgbench")
    command = [program, "-S", "-n", "-c", "2", "-R", "200", "-T", "4", *own_postgres.place, "postgres"]
    async with asking(own_postgres.url()) as source:
        await seen(source, lambda shown: shown.rates and shown.rates.tps < 1, Focus.GLANCE, step=0.5)
        bench = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        tps = []
        while bench.returncode is None:
            snapshot = await source.poll(Focus.GLANCE)
            tps.append(snapshot.rates.tps if snapshot.rates else 0.0)
            try:
                async with asyncio.timeout(0.5):
                    await bench.wait()
            except TimeoutError:
                pass
        assert bench.stdout is not None
        report = (await bench.stdout.read()).decode()
        done = int(report.split("actually processed: ")[1].split()[0])

        # every transaction is counted, at the latest when the sessions are gone
        def counted(shown: PostgresSnapshot) -> bool:
            recent = shown.recent
            return recent is not None and recent.tps * recent.seconds == pytest.approx(done, rel=0.05)

        await seen(source, counted, Focus.GLANCE, step=0.2)
        assert max(tps) == pytest.approx(done / 4, rel=0.4)


async def test_cache_hit_of_the_interval_or_idle(own_postgres: PostgresServer) -> None:
    async with clients(own_postgres, "reader") as (reader,), asking(own_postgres.url()) as source:
        await reader.execute(
            "CREATE TABLE wide AS SELECT g, repeat('x', 500) FROM generate_series(1, 60000) g"
        )
        await seen(source, lambda shown: shown.rates and shown.rates.hit is None, Focus.GLANCE, step=0.3)
        before = own_postgres.psql("SELECT sum(blks_hit), sum(blks_read) FROM pg_stat_database").split("|")
        await reader.execute("SELECT count(*) FROM wide")  # larger than shared_buffers: misses
        await reader.close()
        snapshot = await seen(source, lambda shown: shown.rates and shown.rates.hit is not None, Focus.GLANCE)
        after = own_postgres.psql("SELECT sum(blks_hit), sum(blks_read) FROM pg_stat_database").split("|")
        hit, read = (int(end) - int(begin) for begin, end in zip(before, after, strict=True))
        assert snapshot.rates is not None
        assert read > 3000
        assert snapshot.rates.hit == pytest.approx(hit / (hit + read), abs=0.05)


async def test_databases_sizes_and_growth(postgres_server: PostgresServer) -> None:
    postgres_server.psql("CREATE DATABASE orders")
    clock = StepClock()
    try:
        async with asking(postgres_server.url(), clock) as source:
            snapshot = await seen(source, lambda shown: any(d.size for d in shown.databases))
            sizes = table(postgres_server, "SELECT datname, pg_database_size(oid) FROM pg_database")
            for database in snapshot.databases:
                if database.name not in ("postgres", "template0"):  # the first one is being written to
                    assert database.size == float(sizes[database.name][0]), database.name
            ages = table(postgres_server, "SELECT datname, age(datfrozenxid) FROM pg_database")
            assert {d.name: [str(d.xid_age)] for d in snapshot.databases} == ages
            postgres_server.psql("CREATE TABLE t AS SELECT generate_series(1, 50000)", database="orders")
            clock.passed += 61
            grown = await seen(
                source, lambda shown: any(d.growth for d in shown.databases if d.name == "orders")
            )
            after = postgres_server.psql("SELECT pg_database_size('orders')")
            (orders,) = [d for d in grown.databases if d.name == "orders"]
            assert orders.size == float(after)
            assert orders.growth is not None
            assert orders.growth > 0
    finally:
        postgres_server.psql("DROP DATABASE orders")


async def test_table_statistics(postgres_server: PostgresServer) -> None:
    sql = (
        "SELECT relname, n_live_tup, n_dead_tup, seq_scan, coalesce(idx_scan::text, '-'),"
        " pg_total_relation_size(relid) FROM pg_stat_user_tables"
    )
    postgres_server.psql(
        "CREATE TABLE bloated (i int PRIMARY KEY); INSERT INTO bloated SELECT generate_series(1, 5000);"
        "DELETE FROM bloated WHERE i <= 2000; CREATE TABLE scanned AS SELECT * FROM bloated;"
        "ANALYZE scanned; SELECT count(*) FROM scanned"
    )
    try:
        clock = StepClock()
        async with asking(postgres_server.url(), clock) as source:

            def counted(shown: PostgresSnapshot) -> bool:
                clock.passed += 16
                return bool(shown.tables and any(t.dead == 2000 for t in shown.tables.value))

            snapshot = await seen(source, counted)
            assert snapshot.tables is not None
            shown = {t.name: t for t in snapshot.tables.value if t.schema == "public"}
            said = table(postgres_server, sql)
            for name in ("bloated", "scanned"):
                found = shown[name]
                scans = "-" if found.index_scans is None else str(found.index_scans)
                figures = [found.live, found.dead, found.seq_scans, scans, int(found.bytes)]
                assert list(map(str, figures)) == said[name]
            assert shown["bloated"].dead == 2000
            assert shown["bloated"].dead_ratio == pytest.approx(0.4)
            assert shown["scanned"].analyzed_at is not None
            assert shown["scanned"].vacuumed_at is None
    finally:
        postgres_server.psql("DROP TABLE bloated, scanned")


async def test_tables_are_seen_while_one_is_locked_exclusively(postgres_server: PostgresServer) -> None:
    postgres_server.psql("CREATE TABLE locked (i int PRIMARY KEY); CREATE TABLE free (i int)")
    try:
        async with clients(postgres_server, "owner") as (owner,), asking(postgres_server.url()) as source:
            await owner.execute("BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
            snapshot = await seen(source, lambda shown: shown.tables)
            assert snapshot.tables is not None
            assert {"locked", "free"} <= {t.name for t in snapshot.tables.value}
            assert snapshot.limited == ()
    finally:
        postgres_server.psql("DROP TABLE locked, free")


async def test_invalid_index(postgres_server: PostgresServer) -> None:
    postgres_server.psql("CREATE TABLE twice (i int); INSERT INTO twice VALUES (1), (1)")
    with pytest.raises(RuntimeError, match="could not create unique index"):
        postgres_server.psql("CREATE UNIQUE INDEX CONCURRENTLY broken ON twice (i)")
    try:
        async with asking(postgres_server.url()) as source:
            snapshot = await seen(source, lambda shown: shown.tables)
            assert snapshot.invalid_indexes == ("public.broken",)
            assert "public.broken" in [finding.subject for finding in source.judge(snapshot)]
    finally:
        postgres_server.psql("DROP TABLE twice")


async def test_statements_totals_and_what_happened_since(postgres_server: PostgresServer) -> None:
    sql = "SELECT calls, rows FROM pg_stat_statements WHERE query LIKE 'SELECT $1 AS marker%'"
    clock = StepClock()
    async with (
        clients(postgres_server, "caller") as (caller,),
        asking(postgres_server.url(), clock) as source,
    ):
        for _ in range(7):
            await caller.execute("SELECT 1 AS marker, pg_sleep(0.001)")
        snapshot = await seen(source, lambda shown: shown.statements)
        assert snapshot.statements is not None
        (first,) = [s for s in snapshot.statements.value if "AS marker" in s.query]
        calls, rows = postgres_server.psql(sql).split("|")
        assert (first.calls, first.rows) == (int(calls), int(rows))
        assert first.mean == pytest.approx(first.total / first.calls)
        assert first.mean > 0.001
        assert (first.user, first.database) == ("postgres", "postgres")
        assert first.calls_rate is None
        for _ in range(30):
            await caller.execute("SELECT 1 AS marker, pg_sleep(0.001)")
        before = snapshot.statements
        clock.passed += 6
        later = await seen(source, lambda shown: shown.statements and shown.statements.at > before.at)
        assert later.statements is not None
        (second,) = [s for s in later.statements.value if "AS marker" in s.query]
        seconds = later.statements.at - before.at
        assert second.calls - first.calls == 30
        assert second.calls_rate == pytest.approx(30 / seconds)
        assert second.load == pytest.approx((second.total - first.total) / seconds, rel=1e-6)
        assert second.recent_mean == pytest.approx((second.total - first.total) / 30, rel=1e-6)


async def test_statements_in_another_schema_and_without_the_extension(own_postgres: PostgresServer) -> None:
    own_postgres.stop()
    own_postgres.settings["shared_preload_libraries"] = "pg_stat_statements"
    own_postgres.start()
    own_postgres.psql('CREATE DATABASE bare; CREATE SCHEMA "Odd name"')
    own_postgres.psql('CREATE EXTENSION pg_stat_statements SCHEMA "Odd name"')
    async with asking(own_postgres.url()) as source:
        snapshot = await seen(source, lambda shown: shown.statements)
        assert snapshot.statements_note == ""
    async with asking(own_postgres.url("bare")) as source:
        snapshot = await seen(source, lambda shown: shown.tables)
        assert snapshot.statements is None
        assert snapshot.statements_note == "CREATE EXTENSION pg_stat_statements in database bare"
        assert snapshot.limited == ()


async def test_progress_of_a_vacuum(postgres_server: PostgresServer) -> None:
    postgres_server.psql("CREATE TABLE dusty AS SELECT g FROM generate_series(1, 100000) g")
    try:
        async with (
            clients(postgres_server, "reader", "vacuumer") as (reader, vacuumer),
            asking(postgres_server.url()) as source,
        ):
            # a page somebody is looking at stops the freezing of it
            await reader.execute("BEGIN; DECLARE c CURSOR FOR SELECT * FROM dusty; MOVE 50000 IN c")
            async with running(vacuumer.execute("VACUUM (FREEZE) dusty")):
                snapshot = await seen(source, lambda shown: shown.progress and shown.progress[0].done)
                (progress,) = snapshot.progress
                assert (progress.command, progress.phase) == ("VACUUM", "scanning heap")
                assert progress.relation == "public.dusty"
                assert progress.pid == session(snapshot, "vacuumer").pid
                said = postgres_server.psql(
                    "SELECT heap_blks_scanned, heap_blks_total FROM pg_stat_progress_vacuum"
                )
                assert [progress.done, progress.total] == [float(number) for number in said.split("|")]
                assert progress.share == pytest.approx(0.5, abs=0.2)
    finally:
        postgres_server.psql("DROP TABLE dusty")


async def test_limited_view_without_pg_monitor(postgres_server: PostgresServer) -> None:
    limited = postgres_server.url(user="limited")
    async with (
        clients(postgres_server, "secret", "other") as (secret, _),
        running(secret.execute("SELECT pg_sleep(60)")),
    ):
        async with asking(limited) as source:
            snapshot = await seen(source, lambda shown: shown.tables and shown.connections >= 3)
            assert snapshot.limited[0].endswith('GRANT pg_monitor TO "limited"')
            assert snapshot.states == {"not visible": 2}
            assert "active" not in snapshot.states
            assert session(snapshot, "secret").query == ""
            assert snapshot.max_connections == 40
            assert {d.name for d in snapshot.databases} >= {"postgres", "template1"}
        postgres_server.psql("GRANT pg_monitor TO limited")
        try:
            async with asking(limited) as source:
                snapshot = await seen(source, lambda shown: shown.tables)
                assert snapshot.limited == ()
                assert snapshot.states == {"active": 1, "idle": 1}
        finally:
            postgres_server.psql("REVOKE pg_monitor FROM limited")


async def test_hostile_text_is_clean_everywhere(postgres_server: PostgresServer) -> None:
    evil = "\x1b]0;owned\x07\x1b[31m[/] [@click=app.bell]x\u202e\u200b\x9b"
    postgres_server.psql(f'CREATE ROLE "{evil}" LOGIN SUPERUSER; CREATE TABLE "t{evil}" (i int)')
    try:
        async with clients(postgres_server, evil, user=evil) as (client,):
            await client.execute(f"BEGIN; SELECT 1 /* {evil} */ AS marker\n\t, 2")
            async with asking(postgres_server.url()) as source:
                snapshot = await seen(source, lambda shown: shown.tables and shown.statements)
                marked = [s for s in snapshot.sessions if "AS marker , 2" in s.query]
                assert marked
                assert marked[0].user
                found = list(texts(snapshot)) + list(texts(source.judge(snapshot)))
                assert all(text.isprintable() for text in found)
                assert not any(
                    ord(char) in (0x1B, 0x9B, 0x202E, 0x200B, 7) for text in found for char in text
                )
    finally:
        postgres_server.psql(f'DROP TABLE "t{evil}"; DROP ROLE "{evil}"')


async def test_query_in_another_encoding_does_not_blind_us(postgres_server: PostgresServer) -> None:
    postgres_server.psql("CREATE DATABASE raw ENCODING 'SQL_ASCII' TEMPLATE template0")
    process = await asyncio.create_subprocess_exec(
        *postgres_server.psql_command("raw"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={"PGCLIENTENCODING": "SQL_ASCII"},
    )
    try:
        assert process.stdin is not None
        process.stdin.write(b"SELECT 'caf\xe9 \xff', pg_sleep(60);\n")
        await process.stdin.drain()
        for database in ("postgres", "raw"):
            async with asking(postgres_server.url(database)) as source:
                snapshot = await seen(source, lambda shown: shown.states.get("active") == 1)
                (strange,) = [s for s in snapshot.sessions if s.active]
                assert strange.query == "SELECT 'caf\ufffd \ufffd', pg_sleep(60);"
    finally:
        process.kill()
        await process.communicate()
        postgres_server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'raw'")
        postgres_server.psql("DROP DATABASE raw")


async def test_passwords_in_statements_are_masked(postgres_server: PostgresServer) -> None:
    async with clients(postgres_server, "setter") as (setter,), asking(postgres_server.url()) as source:
        await setter.execute("BEGIN; CREATE ROLE minder LOGIN PASSWORD 'hunter2secret'")
        for focus in (Focus.FULL, Focus.GLANCE):
            snapshot = await source.poll(focus)
            assert "PASSWORD '***" in session(snapshot, "setter").query
            assert not any("hunter2" in text for text in texts(snapshot))


@pytest.mark.parametrize("begin", ["SELECT 1 -- ", "SELECT 11 -- "])
async def test_long_query_is_cut(postgres_server: PostgresServer, begin: str) -> None:
    """Between characters, also where the bytes that were asked for end within one."""
    async with clients(postgres_server, "talker") as (talker,), asking(postgres_server.url()) as source:
        await talker.execute(begin + "ü" * 5000)
        size = int(postgres_server.psql("SHOW track_activity_query_size").removesuffix("kB")) * 1024
        snapshot = await source.poll(Focus.FULL)
        text = session(snapshot, "talker").query
        assert size // 2 - 20 <= len(text) <= 2000
        assert "\ufffd" not in text
        glance = session(await source.poll(Focus.GLANCE), "talker").query
        assert len(begin) < len(glance) < 100
        assert "\ufffd" not in glance


async def test_samples_bear_the_exporters_names(postgres_server: PostgresServer) -> None:
    async with clients(postgres_server, "one", "two") as (one, _), asking(postgres_server.url()) as source:
        await one.execute("BEGIN; SELECT 1")
        await source.poll(Focus.GLANCE)
        snapshot = await seen(source, lambda shown: shown.rates)
        samples = list(source.samples(snapshot))
        values = {(sample.name, sample.labels): sample.value for sample in samples}
        assert len(values) == len(samples), "two samples of one name and one set of labels"
        assert Counter("server" in dict(sample.labels) for sample in samples) == {True: len(samples)}
        idle = (("datname", "postgres"), ("server", "db"), ("state", "idle"))
        held = (("datname", "postgres"), ("server", "db"), ("state", "idle in transaction"))
        assert values["pg_stat_activity_count", idle] == 1
        assert values["pg_stat_activity_count", held] == 1
        assert values["pg_stat_activity_max_tx_duration", held] > 0
        fast = (("datname", "postgres"), ("server", "db"), ("state", "fastpath function call"))
        assert values["pg_stat_activity_count", fast] == 0, "none is a number too"
        assert values["pg_settings_max_connections", (("server", "db"),)] == 40
        here = (("datname", "postgres"), ("server", "db"))
        (database,) = [d for d in snapshot.databases if d.name == "postgres"]
        assert values["pg_stat_database_xact_commit", here] == database.counters.commits
        assert values["pg_replication_lag_seconds", (("server", "db"),)] == 0
        assert values["opsconsole_pg_blocked", (("server", "db"),)] == 0
        assert values["opsconsole_pg_connections_ratio", (("server", "db"),)] == pytest.approx(
            snapshot.connections / 37
        )


async def test_settings_version_and_start(postgres_server: PostgresServer) -> None:
    async with asking(postgres_server.url()) as source:
        snapshot = await source.poll(Focus.HIDDEN)
        assert snapshot.server.version == postgres_server.psql("SHOW server_version").split()[0]
        started = postgres_server.psql("SELECT extract(epoch FROM pg_postmaster_start_time())")
        assert snapshot.server.started == pytest.approx(float(started), abs=1e-3)
        assert snapshot.settings["deadlock_timeout"].value == "3600000"
        assert snapshot.standby is False
        assert snapshot.recovery is None


async def test_checkpoints_and_wal(postgres_server: PostgresServer, postgres_bindir: Path) -> None:
    clock = StepClock()
    async with asking(postgres_server.url(), clock) as source:
        before = await source.poll(Focus.GLANCE)
        postgres_server.psql(
            "CREATE TABLE much AS SELECT generate_series(1, 100000); CHECKPOINT; DROP TABLE much"
        )
        clock.passed += 6
        after = await seen(source, lambda shown: shown.wal.requested > before.wal.requested, Focus.GLANCE)  # type: ignore[union-attr]
        assert after.wal is not None
        where = ("num_requested", "pg_stat_checkpointer") if after.server.major >= 17 else (
            "checkpoints_req", "pg_stat_bgwriter")  # fmt: skip
        assert after.wal.requested == int(postgres_server.psql(f"SELECT {where[0]} FROM {where[1]}"))
        assert after.wal_rate is not None


async def test_discovery(tmp_path: Path) -> None:
    two = Config(postgres=(PostgresTarget(url="postgresql://a/x"), PostgresTarget(url="postgresql://b/x")))
    assert [source.name for source in PostgresSource.discover(two, {})] == ["x@a:5432", "x@b:5432"]
    (source,) = PostgresSource.discover(
        Config(), {"DATABASE_URL": "postgresql+asyncpg://me:pw@db-eu-1/orders"}
    )
    assert (source.name, source.target) == ("orders@db-eu-1:5432", "db-eu-1:5432/orders")
    (source,) = PostgresSource.discover(
        Config(), {"DATABASE_URL": "mysql://db/orders", "HOME": str(tmp_path)}
    )
    assert (source.name, source.target) == ("postgres", "local")
    (source,) = PostgresSource.discover(Config(), {"PGHOST": "/run/x", "PGDATABASE": "d", "PGPORT": "5433"})
    assert (source.name, source.target) == ("d@/run/x:5433", "/run/x:5433/d")
