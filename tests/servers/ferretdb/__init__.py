"""A private FerretDB on a loopback port of its own: it speaks MongoDB's protocol and keeps all in SQLite."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.servers import built
from tests.servers.building import FERRETDB
from tests.servers.process import ServerProcess


class FerretDB(ServerProcess):
    """One server; `user` and `password` are who may sign in, and `replica_set` the name it says it is of."""

    def __init__(self, user: str = "", password: str = "", replica_set: str = "") -> None:
        self._program = built(FERRETDB, "ferretdb")
        super().__init__("opsferret")
        (self.directory / "data").mkdir()
        self._options = [f"--repl-set-name={replica_set}"] if replica_set else []
        if user:
            self._options += [
                "--test-enable-new-auth",
                "--setup-database=admin",
                f"--setup-username={user}",
                f"--setup-password={password}",
            ]

    def command(self) -> Sequence[str | Path]:
        """All in SQLite, and no word home."""
        return [
            self._program,
            "--handler=sqlite",
            f"--sqlite-url=file:{self.directory}/data/",
            f"--state-dir={self.directory}",
            f"--listen-addr={self.address}",
            "--debug-addr=-",
            "--telemetry=disable",
            *self._options,
        ]

    def ready(self) -> bool:
        """Whether it listens."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def connections(self) -> int:
        """Established connections to it, as the kernel has them."""
        local = f"0100007F:{self.port:04X}"
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return sum(line.split()[1] == local and line.split()[3] == "01" for line in lines)


@pytest.fixture(scope="module")
def ferretdb() -> Iterator[FerretDB]:
    """A server anybody may ask."""
    with FerretDB() as server:
        yield server
