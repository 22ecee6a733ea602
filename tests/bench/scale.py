"""The console alone before 1,000 containers and 500 sessions: `python -m tests.bench.scale`.

The sessions are real; of the containers the processes and control groups are, the engine is not
(see `tests.bench.crowd`). Pods are not part of it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.beside import feeder, ready
from tests.bench.load import LINES, OPERATIONS, engine_missing
from tests.bench.measure import Figures, measure
from tests.bench.peers import CONSOLE, Program, console
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import DEBIAN_15, PostgresServer, wheel_bindir
from tests.servers.redis import RedisServer, wheel_redis

CONTAINERS, SESSIONS = 1000, 500
SETTLE = 45.0
"""Seconds until every container was described to the console once: it takes them a few at a time."""
FACTOR = 2.0
"""By how much every budget is relaxed for this load."""


def template() -> dict[str, object]:
    """What a real engine says of itself and of one of its containers."""
    with Dockerd() as engine:
        engine.fleet(1, crashing=0)
        return {
            "version": _told(engine, "/version"),
            "info": _told(engine, "/info"),
            "list": _told(engine, "/containers/json?all=1")[0],
            "inspect": engine.inspect("app-1"),
        }


def _told(engine: Dockerd, path: str) -> Any:
    """The engine's own JSON."""
    with contextlib.closing(http.client.HTTPConnection("localhost")) as connection:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(engine.socket))
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())


def measured(steady: float, keys: int, settle: float = SETTLE) -> tuple[Figures, list[str]]:
    """The figures of one run, and what could not be had on this machine."""
    notes: list[str] = []
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ops-scale-", dir="/tmp")))
        bindir = DEBIAN_15 if DEBIAN_15.exists() else wheel_bindir()
        settings = {"max_connections": str(SESSIONS + 50), "shared_buffers": "64MB"}
        postgres = stack.enter_context(PostgresServer(bindir, settings=settings))
        redis = stack.enter_context(RedisServer(shutil.which("redis-server") or wheel_redis()))
        log = directory / "api.log"
        log.touch()
        lines = [f'[[postgres]]\nurl = "{postgres.url()}"', f'[[redis]]\nurl = "{redis.url}"',
                 f'[logs]\nfiles = ["{log}"]\ncontainers = false\njournald = false']  # fmt: skip
        if missing := engine_missing():
            notes.append(missing)
        else:
            file, plug = directory / "template.json", directory / "engine.sock"
            file.write_text(json.dumps(template()))
            crowd = ["tests.bench.crowd", "--template", str(file), "--socket", str(plug)]
            stack.enter_context(ready(*crowd, "--count", str(CONTAINERS)))
            lines.append(f'[[docker]]\nhost = "unix://{plug}"')
        url = ["--url", postgres.url(), "--count", str(SESSIONS)]
        stack.enter_context(ready("tests.bench.sessions", *url))
        stack.enter_context(
            feeder("--log", str(log), "--lines", str(LINES), "--redis", str(redis.socket),
                   "--operations", str(OPERATIONS))
        )  # fmt: skip
        subject = Program(
            CONSOLE, console(directory, "\n".join(lines)), "!starting …|connecting|waiting for the first",
            ("tab", "shift+tab"),
        )  # fmt: skip
        figures = measure(subject, {}, settle=settle, steady=steady, keys=keys, servers_cpu=lambda: 0.0)
        return figures, notes


def main() -> int:
    """Print the figures of one run."""
    figures, notes = measured(10.0, 40)
    print(f"{CONTAINERS} containers (engine not real), {SESSIONS} sessions, {os.cpu_count()} cores")
    print(figures, *notes, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
