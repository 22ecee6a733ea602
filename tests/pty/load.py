"""A host under a known load: 30 containers, PostgreSQL under pgbench, Redis under look-ups, a growing log.

    with Load(directory) as load:
        Terminal([*program(), "--config", load.config])

`python -m tests.pty.load` starts it, prints the configuration's path and keeps it up until its
input ends, for pictures. Everything is steady, so that what a console shows can be foretold.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from tests.servers import require
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import DEBIAN_15, PostgresServer
from tests.servers.process import Entered
from tests.servers.redis import RedisServer, wheel_redis

MEGA = 1 << 20
CONTAINERS = 30
BURNER_CORES = 0.5
"""The CPU limit of a container that would take a whole core."""
HOARD = 64 * MEGA
"""Bytes held by a container that may hold twice as many."""
TPS = 100
"""Transactions a second of pgbench, as a mean: it begins them at random moments."""
SESSIONS = 26
"""Sessions of the database without those that look at it."""
LOOKUPS, HITS = 200, 150
"""Commands a second to Redis, and how many of them find their key."""
EVICTING = 20
"""Writes a second into a full Redis: each evicts about one key."""
REDIS_MEMORY = 16 * MEGA
REDIS_CLIENTS = 10
DISK_FILLED = 0.9
LINES, ERROR_EACH = 50, 10
"""Log lines a second, and of how many one is an error."""

CAST: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "burner": (("--cpus", str(BURNER_CORES)), ("sh", "-c", "while :; do :; done")),
    "hoarder": (
        ("--memory", "128m", "--tmpfs", "/hoard:size=80m"),
        ("sh", "-c", f"dd if=/dev/zero of=/hoard/x bs=1M count={HOARD // MEGA}; exec sleep 100000"),
    ),
    "crasher": (("--restart", "always"), ("sh", "-c", "echo 'FATAL cannot reach the ledger'; exit 3")),
    "sick": (
        ("--health-cmd", "echo no route to shop; false", "--health-interval", "1s", "--health-retries", "1"),
        ("sleep", "100000"),
    ),
    "finished": ((), ("true",)),
}
"""Containers with something to tell: options and command; the others sleep."""
GREEDY = ("--memory", "16m"), ("dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=48")
"""One more, that ends for want of memory."""


def steadily(rate: float, act: Callable[[int], None], stop: threading.Event) -> None:
    """Call `act` with 0, 1, 2, ... `rate` times a second; what was late is made up for."""
    start = time.monotonic()
    for number in itertools.count():
        if stop.wait(max(0.0, start + number / rate - time.monotonic())):
            return
        act(number)


class Load(Entered):
    """The servers, what keeps them busy, and the configuration that names them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "opsconsole.toml"
        self.log = directory / "shop.log"
        self.disk = directory / "full"
        self.disk_mounted = False
        self.written: list[tuple[float, bool]] = []
        """The log's lines: when (monotonic seconds), and whether it was an error."""
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._ends = contextlib.ExitStack()

    def remove(self) -> None:
        """End everything that was started."""
        self._stop.set()
        for thread in self._threads:
            thread.join(5.0)
        self._ends.close()

    def begin(self) -> None:
        """All servers, and what keeps them busy."""
        bindir = Path(require(str(DEBIAN_15 / "postgres"), "postgresql-15")).parent
        require(str(bindir / "pgbench"), "postgresql-15")
        self.engine = self._ends.enter_context(Dockerd())
        self.postgres = self._ends.enter_context(
            # small enough that some blocks are read and not found
            PostgresServer(bindir, settings={"max_connections": "60", "shared_buffers": "4MB"})
        )
        settings = {"maxmemory": str(REDIS_MEMORY), "maxmemory-policy": "volatile-lru"}
        self.redis = self._ends.enter_context(RedisServer(wheel_redis(), settings=settings))
        with ThreadPoolExecutor(3) as pool:
            for part in [pool.submit(f) for f in (self._containers, self._database, self._cache)]:
                part.result()
        self._run(LINES, self._write)
        self._disk()
        self.config.write_text(self._configuration())
        self.config.chmod(0o600)

    def _configuration(self) -> str:
        return (
            f'[[docker]]\nhost = "{self.engine.host}"\n'
            f'[[postgres]]\nurl = "{self.postgres.url("bench")}"\n'
            f'[[redis]]\nurl = "{self.redis.url}"\n'
            f'[logs]\nfiles = ["{self.log}"]\njournald = false\n'
            # a busy machine is no matter here, whoever else keeps it busy; its load is always told
            "[limits]\ncpu = [inf, inf]\ncpu_pressure = [inf, inf]\npressure = [inf, inf]\n"
            "iowait = [inf, inf]\nsteal = [inf, inf]\nload = [0.001, inf]\nidle_in_transaction = [1, 300]\n"
        )

    def _disk(self) -> None:
        """A file system filled to nine tenths, where this machine lets us mount one."""
        image = self.directory / "disk.img"
        with image.open("wb") as file:
            file.truncate(64 * MEGA)
        self.disk.mkdir()
        steps = [
            ["mkfs.ext4", "-q", "-m", "0", str(image)],
            ["mount", "-o", "loop", str(image), str(self.disk)],
        ]
        for step in steps:
            try:
                subprocess.run(step, check=True, capture_output=True, timeout=60)
            except (OSError, subprocess.CalledProcessError):
                return
        self._ends.callback(subprocess.run, ["umount", "-l", str(self.disk)], check=False, timeout=60)
        room = os.statvfs(self.disk)
        with (self.disk / "filling").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, int(room.f_bavail * room.f_frsize * DISK_FILLED))
        self.disk_mounted = True

    def _run(self, rate: float, act: Callable[[int], None]) -> None:
        thread = threading.Thread(target=steadily, args=(rate, act, self._stop), daemon=True)
        thread.start()
        self._threads.append(thread)

    # -- containers

    def _containers(self) -> None:
        cast = {f"app-{number}": ((), ("sleep", "100000")) for number in range(1, CONTAINERS - len(CAST))}
        with ThreadPoolExecutor(3) as pool:
            made = [pool.submit(self.engine.exhaust, "greedy", *GREEDY[1], options=GREEDY[0])]
            for name, (options, command) in {**CAST, **cast}.items():
                made.append(pool.submit(self._container, name, command, options))
            for container in made:
                container.result()

    def _container(self, name: str, command: Sequence[str], options: Sequence[str]) -> None:
        self.engine.run(name, *command, options=options)

    # -- database

    def _database(self) -> None:
        server = self.postgres
        server.psql("CREATE DATABASE bench")
        server.psql(
            "CREATE TABLE stock (id int PRIMARY KEY); INSERT INTO stock VALUES (1), (2)", database="bench"
        )
        server.tool("pgbench", "-i", "-q", "-s", "2", *server.place, "bench")
        clients = 4
        bench = subprocess.Popen(
            [server.bindir / "pgbench", "-n", "-N", "-c", str(clients), "-j", "1", "-R", str(TPS),
             "-T", "100000", *server.place, "bench"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._ends.callback(kill, bench)
        # who holds, who waits for it, and who waits for that one
        self._session("root", "BEGIN; DELETE FROM stock WHERE id = 1;")
        self._until("state = 'idle in transaction'", 1)
        self._session("middle", "BEGIN; DELETE FROM stock WHERE id = 2; DELETE FROM stock WHERE id = 1;")
        self._until("wait_event_type = 'Lock'", 1)
        self._session("last", "DELETE FROM stock WHERE id = 2;")
        self._session("forgotten", "BEGIN; SELECT 1;")
        for number in range(SESSIONS - clients - 4):
            self._session(f"idler-{number}", "SELECT 1;")
        self._until("wait_event_type = 'Lock'", 2)
        self._until("datname = 'bench'", SESSIONS)

    def _session(self, name: str, sql: str) -> None:
        environment = {"PGAPPNAME": name, "LC_ALL": "C"}
        session = subprocess.Popen(
            self.postgres.psql_command("bench"), env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._ends.callback(kill, session)
        assert session.stdin is not None
        session.stdin.write(sql.encode() + b"\n")
        session.stdin.flush()

    def _until(self, condition: str, count: int) -> None:
        until = time.monotonic() + 60.0
        question = f"SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND {condition}"
        while int(self.postgres.psql(question)) < count:
            assert time.monotonic() < until, f"never {count} sessions with {condition}"
            time.sleep(0.05)

    # -- cache

    def _cache(self) -> None:
        client = self.redis.connect()
        self._ends.callback(client.close)
        filling = client.pipeline(transaction=False)
        for number in range(100):
            filling.set(f"product:{number}", "x" * 1000)
        for number in range(2 * REDIS_MEMORY // 10_000):
            filling.set(f"page:{number}", "x" * 10_000, ex=100_000)
        filling.execute()
        for _ in range(REDIS_CLIENTS):
            idle = self.redis.connect()
            self._ends.callback(idle.close)
            idle.ping()
        self._run(10.0, lambda number: self._look_up(client.pipeline(transaction=False), number))
        waiter = self._ends.enter_context(socket.socket(socket.AF_UNIX))
        waiter.connect(str(self.redis.socket))
        waiter.sendall(b"BLPOP jobs 0\r\n")  # for work that never comes

    def _look_up(self, pipe: Any, number: int) -> None:
        """A tenth of a second's commands."""
        for index in range(LOOKUPS // 10):
            pipe.get(f"product:{index}" if index < HITS // 10 else f"nothing:{index}")
        for index in range(EVICTING // 10):
            pipe.set(f"more:{number}:{index}", "x" * 10_000, ex=100_000)
        with contextlib.suppress(RedisError):
            pipe.execute()

    # -- log

    def _write(self, number: int) -> None:
        failed = number % ERROR_EACH == 0
        text = (
            f"ERROR checkout failed: upstream timeout id={number}"
            if failed
            else f"INFO  order {number} taken"
        )
        stamp = datetime.now().astimezone().isoformat(sep=" ", timespec="milliseconds")
        with self.log.open("a") as file:
            self.written.append((time.monotonic(), failed))
            file.write(f"{stamp} {text}\n")


def kill(process: subprocess.Popen[Any]) -> None:
    """End a program of ours and wait for it."""
    if process.stdin is not None:
        process.stdin.close()
    process.kill()
    process.wait(10)


def main() -> int:
    """Keep the load up until the input ends."""
    with tempfile.TemporaryDirectory(prefix="ops-load-") as directory:
        start = time.monotonic()
        with Load(Path(directory)) as load:
            print(load.config, f"{time.monotonic() - start:.1f} s", flush=True)
            sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
