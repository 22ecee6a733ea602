"""Acts carried out from the keyboard: a real container, a real session, a real process, and the record."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from textual.pilot import Pilot

from console.config import Config, RunSettings
from console.journal.entries import Entry, Kind
from console.journal.reader import read as read_journal
from console.sources.docker.source import DockerSource
from console.sources.postgres.source import PostgresSource
from console.sources.system.source import SystemSource
from screens.acting import ActScreen
from screens.app import OpsConsole
from screens.confirm import ConfirmScreen
from tests.screens.kit import screen_text, table, told, zoomed
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import PostgresServer, wheel_bindir
from tests.widgets.stage import until

LIMIT = 60.0
"""Seconds for what a real server has to do."""


pytestmark = pytest.mark.usefixtures("real_panes")


def journal() -> list[Entry]:
    """What the console has written down so far."""
    path = Path(os.environ["XDG_STATE_HOME"]) / "opsconsole" / "journal.db"
    return read_journal(path, run=None, since=None, limit=1000) if path.exists() else []


@asynccontextmanager
async def at_row(
    source: Any, filter_text: str, turns: Sequence[str] = (), config: Config | None = None
) -> AsyncIterator[tuple[Pilot[None], OpsConsole]]:
    """The console with a pane zoomed and one row of it left by a filter."""
    app = OpsConsole(config or Config(), [source], host="db-eu-1")
    async with app.run_test(size=(120, 40), notifications=False) as pilot:
        await until(pilot, lambda: app.collector.feeds and app.kinds, LIMIT)
        app.zoom(source.kind)
        await zoomed(pilot, app, source.kind)
        await pilot.press(*turns)
        await pilot.press("slash")
        await until(pilot, lambda: app.base.asking)
        for char in filter_text:
            await pilot.press({" ": "space", ":": "colon", "-": "minus"}.get(char, char))
        await pilot.press("enter")
        try:
            # rows are filtered as one types: only once the prompt has gone are keys the table's
            await until(pilot, lambda: not app.base.asking and len(table(app).rows) == 1, LIMIT)
        except AssertionError:
            raise AssertionError(screen_text(app)) from None
        yield pilot, app


async def ask(pilot: Pilot[None], app: OpsConsole, act: str) -> str:
    """Press `x` and an act's number: what the question says."""
    await pilot.press("x")
    await until(pilot, lambda: isinstance(app.screen, ActScreen))
    await pilot.press(act)
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and screen_text(app).strip(), LIMIT)
    await pilot.pause()
    return screen_text(app)


async def recorded(pilot: Pilot[None], title: str) -> Entry:
    """The whole record of one act, once it is closed; gives its end."""
    await until(pilot, lambda: journal() and journal()[-1].kind == Kind.CLOSED, LIMIT)
    entries = [entry for entry in journal() if entry.kind != "measured"]
    kinds = [entry.kind for entry in entries]
    assert kinds == [Kind.OPENED, Kind.STARTED, Kind.SPAWNED, Kind.ENDED, Kind.CLOSED]
    assert entries[0].text("title") == title
    assert entries[1].text("confirmed") == "yes"
    return entries[3]


async def test_a_container_is_restarted_by_three_keys(dockerd: Dockerd) -> None:
    """x, Enter, y; the engine has done it, the record has it, and it is said."""
    dockerd.run("acts-web", "sleep", "1000", options=["--stop-signal", "KILL"])
    try:
        before = dockerd.inspect("acts-web")["State"]["StartedAt"]
        async with at_row(DockerSource({}, host=dockerd.host), "acts-web") as (pilot, app):
            text = await ask(pilot, app, "enter")
            assert f"docker -H {dockerd.host} restart acts-web" in text
            assert f"at {dockerd.host}" in text
            await pilot.press("y")
            said = await told(pilot, app, "done: restart container acts-web, ")
            assert said.endswith("it is running")
            assert dockerd.inspect("acts-web")["State"]["StartedAt"] != before
            assert (await recorded(pilot, "Restart container acts-web")).text("status") == "ok"
            # a second time within the hour asks for more; the pane may still show it as it was in between
            await until(pilot, lambda: "exit 137" not in screen_text(app), LIMIT)
            assert "▲ already run" in await ask(pilot, app, "1")
    finally:
        dockerd.discard("acts-web")


async def test_a_stopped_container_is_started(dockerd: Dockerd) -> None:
    """Of one that has ended nothing else is offered."""
    dockerd.run("acts-batch", "true")
    try:
        await asyncio.to_thread(dockerd.cli, "wait", "acts-batch")
        async with at_row(DockerSource({}, host=dockerd.host), "acts-batch") as (pilot, app):
            await until(pilot, lambda: table(app).rows[0].container.state == "exited", LIMIT)
            text = await ask(pilot, app, "1")
            assert " start acts-batch" in text
            before = dockerd.inspect("acts-batch")["State"]["StartedAt"]
            await pilot.press("y")
            await told(pilot, app, "done: start container acts-batch, ")
            assert dockerd.inspect("acts-batch")["State"]["StartedAt"] != before
    finally:
        dockerd.discard("acts-batch")


async def test_what_the_gate_refuses_leaves_no_trace(dockerd: Dockerd) -> None:
    """Read-only: the container runs on as it was, and nothing was begun."""
    dockerd.run("acts-safe", "sleep", "1000")
    try:
        before = dockerd.inspect("acts-safe")["State"]
        config = Config(runs=RunSettings(read_only=True))
        async with at_row(DockerSource({}, host=dockerd.host), "acts-safe", config=config) as (pilot, app):
            assert "✖ refused: only reading is allowed here" in await ask(pilot, app, "enter")
            await pilot.press("y", "enter")
            await until(pilot, lambda: isinstance(app.screen, ActScreen))
        assert dockerd.inspect("acts-safe")["State"] == before
        assert not journal()
    finally:
        dockerd.discard("acts-safe")


async def test_an_idle_session_is_ended(postgres_server: PostgresServer) -> None:
    """It is offered that only, at the server the row came from; the session is gone."""
    victim = await asyncpg.connect(postgres_server.url(), server_settings={"application_name": "acts-idle"})
    try:
        await victim.execute("BEGIN")
        pid = await victim.fetchval("SELECT pg_backend_pid()")
        source = PostgresSource(postgres_server.url(), name="orders")
        async with at_row(source, "app:acts-idle") as (pilot, app):
            text = await ask(pilot, app, "1")
            assert f"Terminate session {pid} of orders" in str(app.screen.query_one(".window")._border_title)
            assert "idle in transaction" in text
            assert "pg_terminate_backend" in text
            await pilot.press("y")
            said = await told(pilot, app, f"done: terminate session {pid} of orders, ")
            assert said.endswith("signalled; the session has ended")
            assert (await recorded(pilot, f"Terminate session {pid} of orders")).text("status") == "ok"
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await victim.fetchval("SELECT 1")
    finally:
        victim.terminate()


async def test_a_session_is_ended_when_all_connections_are_taken() -> None:
    """Over the connection the console has: nobody can make another, and that is when somebody has to go."""
    with PostgresServer(wheel_bindir(), settings={"max_connections": "10"}) as server:
        server.psql("CREATE ROLE watcher LOGIN; CREATE ROLE app LOGIN; CREATE ROLE plain LOGIN")
        server.psql("GRANT pg_monitor, pg_signal_backend TO watcher; GRANT pg_monitor TO plain")
        room = 10 - int(server.psql("SHOW superuser_reserved_connections"))
        others = [await _session(server, f"acts-hog-{number}") for number in range(room - 1)]
        try:
            source = PostgresSource(server.url(user="watcher"), name="orders")
            async with at_row(source, "app:acts-hog-0") as (pilot, app):
                with pytest.raises(asyncpg.TooManyConnectionsError):
                    await _session(server, "acts-late")
                await ask(pilot, app, "1")
                await pilot.press("y")
                await told(pilot, app, "signalled; the session has ended")
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                await others[0].fetchval("SELECT 1")
            others[0] = await _session(server, "acts-hog-9")
            source = PostgresSource(server.url(user="plain"), name="orders")
            async with at_row(source, "app:acts-hog-9") as (pilot, app):
                await ask(pilot, app, "1")
                await pilot.press("y")
                await until(pilot, lambda: "GRANT pg_signal_backend TO this role" in screen_text(app), LIMIT)
                assert "all connections of" in screen_text(app)
                await until(pilot, lambda: journal()[-1].kind == Kind.CLOSED, LIMIT)
                assert journal()[-1].text("status") == "failed"
            assert await others[0].fetchval("SELECT 1") == 1
        finally:
            for one in others:
                one.terminate()


async def _session(server: PostgresServer, name: str) -> asyncpg.Connection:
    return await asyncpg.connect(server.url(user="app"), server_settings={"application_name": name})


async def test_a_statement_is_cancelled(postgres_server: PostgresServer) -> None:
    """And its session lives on."""
    victim = await asyncpg.connect(postgres_server.url(), server_settings={"application_name": "acts-busy"})
    try:
        statement = asyncio.create_task(victim.execute("SELECT pg_sleep(120)"))
        source = PostgresSource(postgres_server.url(), name="orders")
        async with at_row(source, "app:acts-busy state:active") as (pilot, app):
            assert "pg_cancel_backend" in await ask(pilot, app, "enter")
            await pilot.press("y")
            await told(pilot, app, "signalled; the statement has ended")
        with pytest.raises(asyncpg.QueryCanceledError):
            await statement
        assert await victim.fetchval("SELECT 1") == 1
    finally:
        victim.terminate()


@pytest.mark.parametrize(
    ("act", "keys", "code"), [("1", ["y"], -15), ("2", [*"sleep", "enter"], -9)], ids=["TERM", "KILL"]
)
async def test_a_process_is_ended(act: str, keys: list[str], code: int) -> None:
    """TERM by `y`, KILL by its name; nothing before that."""
    victim = await asyncio.create_subprocess_exec("sleep", "86399")
    try:
        async with at_row(SystemSource(), "sleep 86399") as (pilot, app):
            text = await ask(pilot, app, act)
            assert f"kill -{'TERM' if act == '1' else 'KILL'} {victim.pid}" in text
            await pilot.press("enter")
            await pilot.pause()
            assert victim.returncode is None
            await pilot.press(*keys)
            assert await asyncio.wait_for(victim.wait(), LIMIT) == code
            await told(pilot, app, f"SIG{'TERM' if act == '1' else 'KILL'} sent; it has ended")
    finally:
        if victim.returncode is None:
            victim.kill()
            await victim.wait()
