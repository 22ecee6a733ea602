"""Acts of panes: what is shown of them, and what is said of how they went, against real servers."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import asyncpg
import psutil
import pytest

from console.config import Config, PostgresTarget
from console.guides.model import StepKind
from console.runs.acts import Act, container_act, process_act, session_act
from console.runs.run import Status, StepState
from console.runs.runner import Runner
from tests.console.runs.kit import carried_out, running, started, step, text
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import PostgresServer


async def done(runner: Runner, act: Act) -> StepState:
    """Confirm an act, and wait for its end."""
    preview = runner.propose(act)
    run = await runner.act(act, preview.confirm(yes=True, name=preview.name))
    return await runner.ended(run, 0)


@asynccontextmanager
async def session(server: PostgresServer) -> AsyncIterator[tuple[asyncpg.Connection, int, datetime]]:
    """A session, with what tells it from others."""
    connection = await asyncpg.connect(server.url())
    query = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    try:
        pid, began = await connection.fetchrow(query)
        yield connection, pid, began
    finally:
        connection.terminate()


async def test_a_cancelled_statement_leaves_its_session(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """And it is said that the statement has ended."""
    async with session(postgres_server) as (victim, pid, began), running(tmp_path) as runner:
        statement = asyncio.create_task(victim.execute("SELECT pg_sleep(60)"))
        act = session_act(pid, "cancel", began, url=postgres_server.url(), server="orders")
        assert act.step.title == f"Cancel the statement of session {pid} of orders"
        state = await done(runner, act)
        assert (state.status, state.lines[-1]) == (Status.OK, "signalled; the statement has ended")
        with pytest.raises(asyncpg.QueryCanceledError):
            await statement
        assert await victim.fetchval("SELECT 1") == 1


async def test_a_role_that_may_not_is_told_what_is_missing(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """One sentence, no traceback, and the session lives."""
    async with session(postgres_server) as (victim, pid, began), running(tmp_path) as runner:
        postgres_server.psql("GRANT pg_monitor TO limited")
        try:
            act = session_act(pid, "terminate", began, url=postgres_server.url(user="limited"))
            state = await done(runner, act)
        finally:
            postgres_server.psql("REVOKE pg_monitor FROM limited")
        assert state.status is Status.FAILED
        assert state.lines[-1].startswith("ERROR: the server refused: ")
        assert state.lines[-1].endswith("GRANT pg_signal_backend TO this role")
        assert "Traceback" not in text(state)
        assert await victim.fetchval("SELECT 1") == 1


async def test_a_paused_container_is_stopped_and_one_that_is_gone_is_told(
    dockerd: Dockerd, tmp_path: Path
) -> None:
    """Nothing of another container with its name is touched."""
    identity = dockerd.run("acts-paused", "sleep", "1000", options=["--stop-signal", "KILL"])
    try:
        dockerd.cli("pause", "acts-paused")
        act = container_act("acts-paused", identity, "stop", host=dockerd.host)
        async with running(tmp_path) as runner:
            state = await done(runner, act)
            assert (state.status, list(state.lines)) == (Status.OK, ["it was paused", "it is exited"])
            dockerd.discard("acts-paused")
            dockerd.run("acts-paused", "sleep", "1000")
            state = await done(runner, act)
            assert state.lines[-1] == "ERROR: container acts-paused is not there any more"
            assert dockerd.inspect("acts-paused")["State"]["Status"] == "running"
    finally:
        dockerd.discard("acts-paused")


async def test_what_does_not_end_is_not_said_to_have_ended(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """A process that takes TERM for nothing, and a session whose process stands still."""
    deaf = await asyncio.create_subprocess_exec(
        "sh", "-c", "trap '' TERM; echo ready; sleep 60 & wait; wait", stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert deaf.stdout is not None
    await deaf.stdout.readline()
    async with session(postgres_server) as (_, pid, began), running(tmp_path) as runner:
        os.kill(pid, signal.SIGSTOP)
        try:
            started_at = psutil.Process(deaf.pid).create_time()
            states = await asyncio.gather(
                done(runner, process_act(deaf.pid, started_at, "TERM")),
                done(runner, session_act(pid, "terminate", began, url=postgres_server.url())),
            )
        finally:
            os.kill(pid, signal.SIGCONT)
            os.killpg(deaf.pid, signal.SIGKILL)
        said = [state.lines[-1] for state in states]
        assert said == ["SIGTERM sent; it goes on", "signalled; the session goes on"]
    await deaf.communicate()


async def test_an_address_left_empty_is_not_that_of_the_environment(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """As in the pane: with `[[postgres]]` and no URL it is PG*, whatever DATABASE_URL says."""
    env = {
        **os.environ, "PGHOST": str(postgres_server.socket_dir), "PGPORT": str(postgres_server.port),
        "PGUSER": "postgres", "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    }  # fmt: skip
    for targets, status in (((PostgresTarget(url=""),), Status.OK), ((), Status.FAILED)):
        directory = tmp_path / status.value
        directory.mkdir()
        async with running(directory, Config(postgres=targets), env=env) as runner:
            run = await started(runner, step("SELECT 1", kind=StepKind.SQL))
            state = await carried_out(runner, run)
            assert state.status is status, text(state)
    async with session(postgres_server) as (victim, pid, began), running(tmp_path, env=env) as runner:
        state = await done(runner, session_act(pid, "terminate", began, url=""))
        assert state.status is Status.OK, text(state)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await victim.fetchval("SELECT 1")


def test_a_name_that_cannot_be_typed_is_not_asked_for() -> None:
    """A process names itself: then its number confirms."""
    for name, typed in (("redis-server", "redis-server"), ("", "4711"), ("\x1b[2J", "4711"),
                        ("naïve", "4711"), (" sleep ", "4711"), ("kworker/0:1", "kworker/0:1")):  # fmt: skip
        assert process_act(4711, 0.0, "KILL", name=name).name == typed


def test_a_password_in_an_address_is_not_shown() -> None:
    """Neither of an engine nor of a server; both are what they are for who carries it out."""
    act = container_act("web", "f" * 64, "stop", host="tcp://ops:s3cret@db-1:2375")
    assert act.step.command == "docker -H 'tcp://ops:***@db-1:2375' stop web"
    assert act.task["host"] == "tcp://ops:s3cret@db-1:2375"
    other = session_act(7, "cancel", datetime.fromisoformat("2026-03-04T12:00:00.25+00:00"),
                        url="postgresql://ops:s3cret@db-1/shop", about=("session 7",))  # fmt: skip
    assert "s3cret" not in f"{other.step} {other.target} {other.about}"
    assert "pid = 7 AND backend_start = '2026-03-04T12:00:00.250000+00:00'" in other.step.command
