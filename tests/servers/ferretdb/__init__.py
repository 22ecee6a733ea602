"""A private FerretDB on a loopback port of its own: it speaks MongoDB's protocol and keeps all in SQLite."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.servers import built
from tests.servers.building import FERRETDB
from tests.servers.ports import free_port

START_LIMIT = 30.0
"""Seconds it may take to listen."""


class FerretDB:
    """One server; `user` and `password` are who may sign in, and `replica_set` the name it says it is of."""

    def __init__(self, user: str = "", password: str = "", replica_set: str = "") -> None:
        self._program = built(FERRETDB, "ferretdb")
        self.directory = Path(tempfile.mkdtemp(prefix="opsferret", dir="/tmp"))
        (self.directory / "data").mkdir()
        self.port = free_port()
        self._options = [f"--repl-set-name={replica_set}"] if replica_set else []
        if user:
            self._options += [
                "--test-enable-new-auth",
                "--setup-database=admin",
                f"--setup-username={user}",
                f"--setup-password={password}",
            ]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def where(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens."""
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._program,
                    "--handler=sqlite",
                    f"--sqlite-url=file:{self.directory}/data/",
                    f"--state-dir={self.directory}",
                    f"--listen-addr=127.0.0.1:{self.port}",
                    "--debug-addr=-",
                    "--telemetry=disable",
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )
        until = time.monotonic() + START_LIMIT
        while not self._listens():
            said = (self.directory / "log").read_text(errors="replace")
            assert self._process.poll() is None, f"ferretdb ended:\n{said}"
            assert time.monotonic() < until, f"ferretdb does not start:\n{said}"
            time.sleep(0.02)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: sockets stay open and nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        os.kill(self.pid, signal.SIGCONT)

    def connections(self) -> int:
        """Established connections to it, as the kernel has them."""
        local = f"0100007F:{self.port:04X}"
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return sum(line.split()[1] == local and line.split()[3] == "01" for line in lines)

    def remove(self) -> None:
        """Kill it and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def ferretdb() -> Iterator[FerretDB]:
    """A server anybody may ask."""
    with FerretDB() as server:
        yield server
