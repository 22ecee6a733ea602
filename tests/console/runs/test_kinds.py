"""Steps that are no shell, and acts of panes, against the real servers."""

from __future__ import annotations

import asyncio
import json
import os
import re
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from console.config import Config, DockerTarget, PostgresTarget, RedisTarget
from console.errors import GateRefused
from console.guides.model import Risk, Step, StepKind, Variable
from console.runs.acts import container_act, process_act, session_act
from console.runs.run import Status
from tests.console.runs.kit import carried_out, ended, running, started, step, text
from tests.patience import until
from tests.servers import require
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

NAME = Variable("name", "<name>")


def sql(command: str, risk: Risk = Risk.READ, variables: tuple[Variable, ...] = ()) -> Step:
    return step(command, risk, kind=StepKind.SQL, variables=variables)


def of_postgres(server: PostgresServer) -> Config:
    return Config(postgres=(PostgresTarget(url=server.url()),))


async def test_sql_reads_and_changes(postgres_server: PostgresServer, tmp_path: Path) -> None:
    nasty = 'it\'s "x"; DROP TABLE t; -- $(id) \\'
    steps = [
        sql("CREATE TABLE runs_t (a int, b text);\nINSERT INTO runs_t VALUES (1, '<name>'), (2, NULL)",
            Risk.CHANGE, (NAME,)),
        sql("SELECT a, b FROM runs_t WHERE b = '<name>' OR a = 2 ORDER BY a; SHOW search_path",
            Risk.READ, (NAME,)),
        sql("SELECT 1; SELECT nothing FROM nowhere; SELECT 3"),
        sql("DELETE FROM runs_t"),
        sql("COMMIT; DELETE FROM runs_t"),
        sql("VACUUM <table>; COMMENT ON TABLE <table> IS '<name>'; DROP TABLE <table>", Risk.DESTRUCTIVE,
            (NAME, Variable("table", "<table>"))),
    ]  # fmt: skip
    async with running(tmp_path, of_postgres(postgres_server)) as runner:
        run = await started(runner, *steps, values={"name": nasty, "table": "runs_t"})
        made = await carried_out(runner, run, 0)
        assert (made.status, list(made.lines)) == (Status.OK, ["CREATE TABLE", "INSERT 0 2"])
        read = await carried_out(runner, run, 1)
        assert [read.lines[at] for at in (0, 2, 3)] == ["a | b", f"1 | {nasty}\\", "2 |"]
        assert read.status is Status.OK
        assert "(2 rows)" in text(read)
        assert '"$user", public' in text(read)
        failed = await carried_out(runner, run, 2)
        assert (failed.status, failed.exit_code) == (Status.FAILED, 1)
        assert "nowhere" in text(failed)
        assert "42P01" in text(failed)
        for index in (3, 4):
            refused = await carried_out(runner, run, index)
            assert refused.status is Status.FAILED
            assert "read-only" in text(refused)
        assert postgres_server.psql("SELECT count(*) FROM runs_t").strip() == "2"
        gone = await carried_out(runner, run, 5)
        assert (gone.status, list(gone.lines)) == (Status.OK, ["VACUUM", "COMMENT", "DROP TABLE"])


async def test_sql_parameters_take_every_type(postgres_server: PostgresServer, tmp_path: Path) -> None:
    command = (
        "SELECT '<name>'::int + 1, 40 + <name>, date '2026-01-01' + <name>, interval '<name> days', "
        "ARRAY[<name>]::bigint[], '<name>'::numeric, <name> = ANY (ARRAY[7]) LIMIT <name>"
    )
    async with running(tmp_path, of_postgres(postgres_server)) as runner:
        run = await started(runner, sql(command, variables=(NAME,)), values={"name": "7"})
        state = await carried_out(runner, run)
        assert state.status is Status.OK, text(state)
        assert "8 | " in text(state)
        assert "2026-01-08 | 7 days" in text(state)


async def test_a_cancelled_statement_ends_on_the_server(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with running(tmp_path, of_postgres(postgres_server)) as runner:
        run = await started(runner, sql("SELECT pg_sleep(60), 'runs-cancel'"))
        await runner.begin(run, 0, runner.preview(run, 0).confirm())
        query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%runs-can%' AND state = 'active'"
        await until(lambda: _count(postgres_server, query) == 2)  # it, and the one that asks
        await runner.cancel(run, 0)
        state = await ended(run)
        assert state.status is Status.CANCELLED
        assert _count(postgres_server, query) == 1


def _count(server: PostgresServer, query: str) -> int:
    return int(server.psql(query).strip())


async def test_a_session_is_ended_and_a_later_one_with_its_pid_is_not(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    words = [*postgres_server.psql_command(), "-c", "SELECT pg_sleep(60) /* victim */"]
    victim = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    find = "SELECT pid || ' ' || backend_start FROM pg_stat_activity WHERE query LIKE '%vic' || 'tim%'"
    await until(lambda: postgres_server.psql(find).strip())
    pid, _, since = postgres_server.psql(find).strip().partition(" ")
    start = datetime.fromisoformat(since.replace(" ", "T") + ":00" if since[-3] in "+-" else since)
    async with running(tmp_path, of_postgres(postgres_server)) as runner:
        other = session_act(int(pid), "terminate", start.replace(year=2020), url=postgres_server.url())
        run = await runner.act(other, runner.propose(other).confirm(yes=True))
        await until(lambda: run.ended)
        assert "had ended already" in text(run.states[0])
        assert victim.returncode is None
        act = session_act(int(pid), "terminate", start, url=postgres_server.url(), server="shop")
        assert "pg_terminate_backend" in runner.propose(act).command
        run = await runner.act(act, runner.propose(act).confirm(yes=True))
        await until(lambda: run.ended)
        assert run.states[0].status is Status.OK, text(run.states[0])
        assert b"terminating connection" in (await victim.communicate())[1]


async def test_redis_commands(redis_server: RedisServer, tmp_path: Path) -> None:
    nasty = "a b\n\"'; FLUSHALL"
    steps = [
        step('SET "k <name>" <name>\nGET "k <name>"\nLRANGE nothing 0 -1\nINFO server',
             Risk.CHANGE, kind=StepKind.REDIS, variables=[NAME]),
        step("GET", kind=StepKind.REDIS),
        step("MONITOR", kind=StepKind.REDIS),
        step("MONITOR", kind=StepKind.REDIS, background=True),
    ]  # fmt: skip
    config = Config(redis=(RedisTarget(url=redis_server.url),))
    async with running(tmp_path, config) as runner:
        run = await started(runner, *steps, values={"name": nasty})
        state = await carried_out(runner, run, 0)
        assert state.status is Status.OK, text(state)
        assert "OK" in state.lines
        assert "redis_version" in text(state)
        assert redis_server.connect().get(f"k {nasty}") in (nasty, nasty.encode())
        assert "wrong number of arguments" in text(await carried_out(runner, run, 1))
        assert "does not end by itself" in text(await carried_out(runner, run, 2))
        await runner.begin(run, 3, runner.preview(run, 3).confirm())
        await until(lambda: "OK" in text(run.states[3]))
        redis_server.connect().set("watched", "1")
        await until(lambda: "watched" in text(run.states[3]))
        await runner.cancel(run, 3)
        assert (await ended(run, 3)).status is Status.OK


async def test_mongosh_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with running(tmp_path, env={"PATH": "/nonexistent", "HOME": str(tmp_path)}) as runner:
        run = await started(runner, step("db.stats()", kind=StepKind.MONGO))
        state = await carried_out(runner, run)
        assert (state.status, "mongosh is not installed here" in state.why) == (Status.FAILED, True)


async def test_mongosh_gets_its_script_by_input(tmp_path: Path) -> None:
    program = tmp_path / "mongosh"
    program.write_text('#!/bin/sh\necho args: $*\ncat "$4"\n')
    program.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path),
           "MONGODB_URI": "mongodb://app:s3cretpw@db/x"}  # fmt: skip
    async with running(tmp_path, env=env) as runner:
        run = await started(
            runner,
            step('db.x.find({a: "<name>"})', kind=StepKind.MONGO, variables=[NAME]),
            values={"name": '"'},
        )
        state = await carried_out(runner, run)
        assert state.lines[0] == "args: --quiet --nodb --file /dev/stdin"
        assert 'db.x.find({a: "\\""})' in state.lines
        assert "s3cretpw" not in text(state)


async def test_a_container_is_restarted(dockerd: Dockerd, tmp_path: Path) -> None:
    dockerd.run("runs-web", "sleep", "1000", options=["--stop-signal", "KILL"])
    try:
        before = dockerd.inspect("runs-web")
        act = container_act("runs-web", before["Id"], "restart", host=dockerd.host)
        config = Config(docker=(DockerTarget(host=dockerd.host),))
        async with running(tmp_path, config) as runner:
            preview = runner.propose(act)
            assert preview.command == f"docker -H {dockerd.host} restart runs-web"
            assert preview.risk is Risk.CHANGE
            with pytest.raises(GateRefused, match="a change"):
                await runner.act(act, preview.confirm())
            run = await runner.act(act, preview.confirm(yes=True))
            await until(lambda: run.ended)
            assert run.states[0].status is Status.OK, text(run.states[0])
        assert dockerd.inspect("runs-web")["State"]["StartedAt"] != before["State"]["StartedAt"]
    finally:
        dockerd.discard("runs-web")


async def test_a_process_is_ended_and_another_with_its_pid_is_not(tmp_path: Path) -> None:
    victim = await asyncio.create_subprocess_exec("sleep", "60")
    since = psutil.Process(victim.pid).create_time()
    async with running(tmp_path) as runner:
        other = process_act(victim.pid, since - 100, "KILL", name="sleep")
        preview = runner.propose(other)
        with pytest.raises(GateRefused, match="destructive"):
            await runner.act(other, preview.confirm(yes=True))
        run = await runner.act(other, preview.confirm(name="sleep"))
        await until(lambda: run.ended)
        assert "another process by now" in text(run.states[0])
        assert victim.returncode is None
        act = process_act(victim.pid, since, "TERM")
        run = await runner.act(act, runner.propose(act).confirm(yes=True))
        assert await victim.wait() == -15
        await until(lambda: run.ended)
        assert run.states[0].status is Status.OK


def test_the_console_and_the_first_process_are_not_for_ending() -> None:
    for pid in (0, 1, os.getpid()):
        with pytest.raises(GateRefused):
            process_act(pid, 0.0, "TERM")


async def test_http_lines_run_as_they_are(tmp_path: Path) -> None:
    require("curl", "curl")
    got: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(re.findall(rb"(?i)content-length: (\d+)", head)[0]) if b"ength" in head else 0
        got.append(await reader.readexactly(size))
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 5\r\nConnection: close\r\n\r\nbusy\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    nasty = 'it\'s "down"; $(touch HACKED)\n`x`'
    async with running(tmp_path) as runner, server:
        run = await started(
            runner, step(f"curl -s -w '%{{http_code}}\\n' {url}"), step(f"curl -fsS {url}"),
            step(f'curl -s -d \'{{"text": "<name>"}}\' {url}', Risk.CHANGE, variables=[NAME]),
            values={"name": nasty},
        )  # fmt: skip
        assert list((await carried_out(runner, run, 0)).lines) == ["busy", "503"]
        assert ((await carried_out(runner, run, 1)).status, run.states[1].exit_code) == (Status.FAILED, 22)
        await carried_out(runner, run, 2)
    assert json.loads(got[2]) == {"text": nasty}
    assert "HACKED" not in os.listdir(run.target.directory)
