"""What a PostgreSQL that is missing, refuses, is full, frozen, starting or killed looks like."""

from __future__ import annotations

import asyncio
import getpass
import itertools
import os
import signal
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from console.config import Config
from console.errors import NotFound, Refused, SourceError, TimedOut, Unreachable
from console.findings import Severity
from console.sources.base import Focus, State
from console.sources.postgres.source import ANSWER_LIMIT, PostgresSource
from tests.console.sources.asking import collecting, held
from tests.console.sources.asking_postgres import asking, clients, configured, seen
from tests.patience import PATIENCE, until
from tests.servers.postgres import PostgresServer, frozen

PASSWORDS = """
local all postgres trust
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""


async def failure(source: PostgresSource) -> SourceError:
    """The error of one poll, which leaves nothing open."""
    before = held()
    with pytest.raises(SourceError) as caught:
        await source.poll(Focus.FULL)
    await until(lambda: held() == before)
    return caught.value


@pytest.fixture
def closed_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def guarded(postgres_bindir: Path) -> Iterator[PostgresServer]:
    """A server that wants passwords of everybody but postgres."""
    with PostgresServer(postgres_bindir, hba=PASSWORDS) as server:
        server.psql(
            "SET password_encryption = 'scram-sha-256';"
            " CREATE ROLE monitor LOGIN PASSWORD 'righ:t'; GRANT pg_monitor TO monitor"
        )
        yield server


async def test_nobody_on_the_port(closed_port: int) -> None:
    async with asking(f"postgresql://me@127.0.0.1:{closed_port}/x") as source:
        error = await failure(source)
    assert isinstance(error, Unreachable)
    assert error.reason == f"127.0.0.1:{closed_port} refuses the connection"
    assert "is the server running" in error.fix


async def test_nobody_anywhere_says_how_to_configure(
    closed_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.sources.postgres.address.SOCKET_DIRS", (str(tmp_path),))
    env = {"PGPORT": str(closed_port), "HOME": str(tmp_path)}
    (source,) = PostgresSource.discover(Config(), {**env, "DATABASE_URL": "mysql://me:hunter2@db/x"})
    error = await failure(source)
    reason = f"no PostgreSQL answers at localhost:{closed_port}"
    assert error.reason == f"{reason}, and DATABASE_URL is of another database (mysql)"
    error = await failure(PostgresSource("", env=env))
    assert isinstance(error, NotFound)
    assert error.reason == reason
    assert "DATABASE_URL" in error.fix
    assert "[[postgres]]" in error.fix


async def test_a_socket_left_behind_is_nobody(
    tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.sources.postgres.address.SOCKET_DIRS", (str(tmp_path),))
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / f".s.PGSQL.{closed_port}"))
    error = await failure(PostgresSource("", env={"PGPORT": str(closed_port), "HOME": str(tmp_path)}))
    assert isinstance(error, NotFound)


async def test_the_local_socket_is_found_without_configuration(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.sources.postgres.address.SOCKET_DIRS", (str(postgres_server.socket_dir),))
    # whoever runs the tests has no role there: root may fall back to postgres, others name it
    env = {"HOME": str(tmp_path), "PGUSER": "postgres"}
    source = PostgresSource("", env=env)
    try:
        snapshot = await source.poll(Focus.GLANCE)
        assert snapshot.server.database == "postgres"
        assert source.target == f"{postgres_server.socket_dir}:{postgres_server.port}/postgres"
        assert (source.name, snapshot.server.user) == ("postgres", "postgres")
    finally:
        await source.close()


async def test_a_role_without_a_database_of_its_name_gets_postgres(postgres_server: PostgresServer) -> None:
    url = f"postgresql://limited@/?host={postgres_server.socket_dir}&port={postgres_server.port}"
    async with asking(url) as source:
        assert (await source.poll(Focus.GLANCE)).server.database == "postgres"
    async with asking(postgres_server.url("nowhere")) as source:
        error = await failure(source)
    assert isinstance(error, Refused)
    assert error.reason.startswith("there is no database 'nowhere'")


async def test_an_unknown_role_is_told_how_to_make_it(postgres_server: PostgresServer) -> None:
    async with asking(postgres_server.url(user="nobody-here")) as source:
        error = await failure(source)
    assert isinstance(error, Refused)
    assert error.reason == 'role "nobody-here" does not exist'
    assert 'CREATE ROLE "nobody-here" LOGIN; GRANT pg_monitor' in error.fix


async def test_what_is_told_to_an_unknown_role_helps(postgres_bindir: Path, tmp_path: Path) -> None:
    with PostgresServer(postgres_bindir, hba="local all postgres trust\nlocal all all peer\n") as server:
        me = getpass.getuser()
        env = {
            "HOME": str(tmp_path),
            "PGUSER": me,
            "PGHOST": str(server.socket_dir),
            "PGPORT": str(server.port),
        }
        async with configured("", env) as source:
            error = await failure(source)
            assert error.reason == f'role "{me}" does not exist'
            command = error.fix.split(" -c '")[1].split("'")[0]
            assert f"psql -h {server.socket_dir} -p {server.port} -c" in error.fix, "else it asks another one"
            server.psql(command)
            snapshot = await source.poll(Focus.GLANCE)
        assert (snapshot.server.user, snapshot.limited) == (me, ())


async def test_a_password_is_needed(guarded: PostgresServer) -> None:
    async with configured(guarded.tcp_url(user="monitor"), env={"HOME": "/nonexistent"}) as source:
        error = await failure(source)
    assert isinstance(error, Refused)
    assert error.reason.startswith("a password is needed for monitor at 127.0.0.1:")
    assert ".pgpass" in error.fix
    assert "password_command" in error.fix


async def test_a_wrong_password(guarded: PostgresServer) -> None:
    async with asking(guarded.tcp_url(user="monitor", password="wrong-secret")) as source:
        error = await failure(source)
        assert isinstance(error, Refused)
        assert error.reason.startswith("wrong password for monitor")
        assert "wrong-secret" not in str(error) + source.target + source.name


async def test_right_passwords(guarded: PostgresServer, tmp_path: Path) -> None:
    plain, place = guarded.tcp_url(user="monitor"), f"127.0.0.1:{guarded.port}"
    pgpass, service = tmp_path / ".pgpass", tmp_path / ".pg_service.conf"
    pgpass.write_text(f"# mine\nelsewhere:*:*:*:no\n{place}:*:monitor:righ\\:t\n")
    service.write_text(
        f"[there]\nhost=127.0.0.1\nport={guarded.port}\nuser=monitor\npassword=righ:t\ndbname=postgres\n"
    )
    pgpass.chmod(0o600)
    home = {"HOME": str(tmp_path)}
    for url, env, words in (
        (guarded.tcp_url(user="monitor", password="righ:t"), {}, {}),
        (plain, {"PGPASSWORD": "righ:t", "HOME": "/nonexistent"}, {}),
        (plain, home, {}),
        ("service=there", home, {}),
        ("", {**home, "PGSERVICE": "there"}, {}),
        (plain, {"HOME": "/nonexistent"}, {"password_command": "printf '%s\\n' righ:t"}),
    ):
        async with configured(url, env, **words) as source:
            snapshot = await source.poll(Focus.GLANCE)
            assert snapshot.server.user == "monitor"
            assert snapshot.limited == ()


async def test_a_password_file_open_to_others_is_not_read_and_that_is_said(
    guarded: PostgresServer, tmp_path: Path
) -> None:
    pgpass = tmp_path / ".pgpass"
    pgpass.write_text("*:*:*:*:righ\\:t\n")
    pgpass.chmod(0o644)
    async with configured(guarded.tcp_url(user="monitor"), {"HOME": str(tmp_path)}) as source:
        error = await failure(source)
    assert isinstance(error, Refused)
    assert error.fix == f"chmod 600 {pgpass}"


async def test_a_password_command_that_hangs_is_ended(
    guarded: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.secrets.COMMAND_LIMIT", 0.3)
    url = guarded.tcp_url(user="monitor")
    async with configured(url, {"HOME": "/nonexistent"}, password_command="sleep 60") as source:
        error = await failure(source)
    assert isinstance(error, Refused)
    assert error.reason == "password_command sleep … took more than 0.3 s"


async def test_a_password_command_slower_than_a_poll_serves_the_next_one(
    guarded: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("console.sources.postgres.source.ANSWER_LIMIT", 1.5)  # in which its process has begun
    release = tmp_path / "release"
    wait = f"sh -c 'until [ -e {release} ]; do sleep 0.02; done; echo righ:t; echo x >> {tmp_path}/count'"
    async with configured(
        guarded.tcp_url(user="monitor"), {"HOME": "/nonexistent"}, password_command=wait
    ) as source:
        with pytest.raises(TimedOut):
            await source.poll(Focus.GLANCE)
        release.touch()
        monkeypatch.setattr("console.sources.postgres.source.ANSWER_LIMIT", 2.7)
        snapshot = None
        async with asyncio.timeout(PATIENCE):
            while snapshot is None:
                with suppress(TimedOut):  # while the command has not ended
                    snapshot = await source.poll(Focus.GLANCE)
        assert snapshot.server.user == "monitor"
    assert (tmp_path / "count").read_text() == "x\n"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/nonexistent/vault read", "No such file"),
        ("sh -c 'echo sealed >&2; exit 3'", "sh … ended with status 3"),
        ("printf nonsense", "wrong password"),
    ],
)
async def test_a_password_command_that_fails(guarded: PostgresServer, command: str, reason: str) -> None:
    url = guarded.tcp_url(user="monitor")
    async with configured(url, {"HOME": "/nonexistent"}, password_command=command) as source:
        before = held()
        with pytest.raises(SourceError, match=reason):
            await source.poll(Focus.GLANCE)
        await until(lambda: held() == before)


async def test_a_password_command_is_run_without_a_shell_and_once(
    guarded: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    count, script = tmp_path / "count", tmp_path / "give; touch owned"
    script.write_text(f"#!/bin/sh\necho x >> {count}\nprintf righ:t\n")
    script.chmod(0o755)
    url, command = guarded.tcp_url(user="monitor"), f"'{script}' '$(touch owned)'"
    async with configured(url, {"HOME": "/nonexistent"}, password_command=command) as source:
        await source.poll(Focus.GLANCE)
        guarded.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'monitor'")
        await source.poll(Focus.GLANCE)
    assert count.read_text() == "x\n"
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://h:port/x",
        "mysql://root:hunter2@db/x",
        "hunter2",
        "postgresql://[::1/x",
        "service=absent",
        "host='",
    ],
)
async def test_an_address_that_cannot_be_read(url: str, tmp_path: Path) -> None:
    async with configured(url, {"HOME": str(tmp_path)}) as source:
        error = await failure(source)
        assert isinstance(error, Refused)
        assert error.fix
        assert "hunter2" not in str(error) + source.target + source.name


async def test_an_unknown_host(tmp_path: Path) -> None:
    async with configured("postgresql://me@no-such-host.invalid/x", {"HOME": str(tmp_path)}) as source:
        error = await failure(source)
    assert isinstance(error, (Unreachable, TimedOut))


async def test_our_backend_ended_by_somebody_is_replaced_within_the_poll(
    postgres_server: PostgresServer,
) -> None:
    async with asking(postgres_server.url()) as source:
        first = await source.poll(Focus.GLANCE)
        postgres_server.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'opsconsole'"
        )
        second = await source.poll(Focus.GLANCE)
        pids = [[s.pid for s in shown.sessions if s.own] for shown in (first, second)]
        assert pids[0] != pids[1]


async def test_killed_and_restarted(own_postgres: PostgresServer) -> None:
    source = PostgresSource(own_postgres.url(), name="db")
    before = held()
    async with collecting(source, interval=0.2) as collector:
        feed = collector.feeds["db"]
        await until(lambda: feed.state is State.LIVE)
        own_postgres.kill()
        await until(lambda: feed.state is State.STALE)
        assert feed.findings[0].subject == "db"
        began = time.time()
        own_postgres.start()
        await until(lambda: feed.state is State.LIVE)
        assert feed.snapshot.server.started > began - 1
        assert [(f.severity, f.subject) for f in feed.findings] == [(Severity.WARNING, "server")]
        assert feed.findings[0].text.startswith("restarted ")
    await until(lambda: held() == before)


async def test_a_crash_of_one_backend_is_told(own_postgres: PostgresServer) -> None:
    """The server ends everybody's sessions, recovers, and is what it was: also the time of its start."""
    async with collecting(PostgresSource(own_postgres.url(), name="db"), interval=0.2) as collector:
        feed = collector.feeds["db"]
        await until(lambda: feed.state is State.LIVE and feed.snapshot.sessions)
        started = feed.snapshot.server.started
        assert not feed.findings
        checkpointer = next(s.pid for s in feed.snapshot.sessions if s.backend == "checkpointer")
        os.kill(next(s.pid for s in feed.snapshot.sessions if s.own), signal.SIGKILL)
        await until(lambda: feed.snapshot.sessions and checkpointer not in feed.snapshot.by_pid)
        assert feed.snapshot.server.started == started
        assert [f.subject for f in feed.findings] == ["server"]
        assert feed.findings[0].text.startswith("recovered from a crash ")


async def test_starting_up_is_said(own_postgres: PostgresServer) -> None:
    # a standby that has nothing to replay from and is not yet consistent refuses like a starting server
    own_postgres.stop()
    (own_postgres.data / "recovery.signal").touch()
    own_postgres.settings["restore_command"] = "sleep 30; false"
    try:
        own_postgres.start(lambda: own_postgres.state() == "starting")
        async with asking(own_postgres.url()) as source:
            error = await failure(source)
        assert isinstance(error, Unreachable)
        assert "starting up" in error.reason or "not yet accepting" in error.reason
    finally:
        own_postgres.kill()


async def test_frozen_then_thawed(own_postgres: PostgresServer, postgres_server: PostgresServer) -> None:
    source = PostgresSource(own_postgres.url(), name="frozen")
    other = PostgresSource(postgres_server.url(), name="other")
    async with collecting(source, other, interval=0.3) as collector:
        feed, free = collector.feeds["frozen"], collector.feeds["other"]
        await until(lambda: feed.state is State.LIVE and free.state is State.LIVE)
        await until(lambda: feed.snapshot.tables is not None)
        before = held()
        polls: list[float] = []
        collector.listen(lambda told: polls.append(time.monotonic()) if told.source is other else None)
        with frozen(own_postgres):
            began = time.monotonic()
            await until(lambda: feed.state is State.STALE)
            assert isinstance(feed.reading.error, TimedOut) if feed.reading else False
            await until(lambda: feed.failing_since and time.monotonic() - began > ANSWER_LIMIT + 1.5)
            gaps = [after - first for first, after in itertools.pairwise(polls)]
            assert statistics.median(gaps) < 1.5, gaps  # and not once in a deadline
        await until(lambda: feed.state is State.LIVE)
        await until(lambda: held()[0] <= before[0] and held()[1] <= before[1])


async def test_closing_on_a_frozen_server_does_not_hang(postgres_server: PostgresServer) -> None:
    before = held()
    sources = [PostgresSource(postgres_server.url()) for _ in range(3)]
    for source in sources:
        await seen(source, lambda shown: shown.tables)
    took = []
    with frozen(postgres_server):
        for source in sources:
            began = time.monotonic()
            await source.close()
            await source.close()
            took.append(time.monotonic() - began)
    assert min(took) < 0.9, took  # the others may have met a moment in which the machine stood still
    await until(lambda: held() == before)


async def test_cancelled_while_connecting_leaves_nothing(postgres_server: PostgresServer) -> None:
    before = held()
    with frozen(postgres_server):
        source = PostgresSource(postgres_server.url())
        task = asyncio.ensure_future(source.poll(Focus.GLANCE))
        await until(lambda: held() != before)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await source.close()
        await until(lambda: held() == before)


async def test_all_connections_taken(postgres_bindir: Path) -> None:
    settings = {"max_connections": "6", "superuser_reserved_connections": "1"}
    with PostgresServer(postgres_bindir, settings=settings) as server:
        server.psql("CREATE ROLE app LOGIN; CREATE ROLE watcher LOGIN IN ROLE pg_monitor")
        watcher = server.url(user="watcher")
        async with (
            clients(server, "1", "2", "3", "4", user="app"),
            asking(watcher) as source,
            asking(watcher) as late,
        ):
            snapshot = await seen(source, lambda shown: shown.rates)
            assert (snapshot.connections, snapshot.allowed) == (5, 5)
            assert sum(s.own for s in snapshot.sessions) == 1, "no second connection when they are short"
            (finding,) = [f for f in source.judge(snapshot) if f.subject == "connections"]
            assert finding.text == "5 of 5 taken (limit 95%)"
            error = await failure(late)
        assert isinstance(error, Refused)
        assert error.reason.startswith("all connections of")


async def test_a_slow_question_that_fails_is_told(postgres_server: PostgresServer) -> None:
    async with clients(postgres_server, "ddl") as (ddl,), asking(postgres_server.url()) as source:
        await ddl.execute("BEGIN; LOCK TABLE pg_catalog.pg_extension IN ACCESS EXCLUSIVE MODE")
        snapshot = await seen(source, lambda shown: "lock timeout" in shown.statements_note)
        assert snapshot.tables is None or snapshot.limited == ()
        began = time.monotonic()
        snapshot = await seen(source, lambda shown: shown.tables)
        assert time.monotonic() - began < 5  # and not when its time comes again, every fifteen seconds
        assert source.judge(snapshot) == []


async def test_a_locked_catalog_is_no_refusal(postgres_server: PostgresServer) -> None:
    async with clients(postgres_server, "ddl") as (ddl,), asking(postgres_server.url()) as source:
        await source.poll(Focus.GLANCE)
        await ddl.execute("BEGIN; LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TimedOut, match="locked"):
            await source.poll(Focus.GLANCE)


async def test_a_role_without_connect_is_told_the_grant(postgres_server: PostgresServer) -> None:
    postgres_server.psql("CREATE DATABASE closed; REVOKE CONNECT ON DATABASE closed FROM public")
    try:
        async with asking(postgres_server.url("closed", "limited")) as source:
            error = await failure(source)
    finally:
        postgres_server.psql("DROP DATABASE closed")
    assert isinstance(error, Refused)
    assert "permission denied for database" in error.reason
    assert 'GRANT CONNECT ON DATABASE "closed"' in error.fix


async def test_we_write_nothing_and_are_guarded(postgres_server: PostgresServer) -> None:
    async with asking(postgres_server.url()) as source:
        await source.poll(Focus.GLANCE)
        assert source._link is not None
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await source._link.run("CREATE TABLE owned (i int)")
        (row,) = await source._link.run("SELECT current_setting('statement_timeout') AS t")
        assert row["t"] == "2500ms"
