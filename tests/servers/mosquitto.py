"""A private mosquitto on a loopback port of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.servers import require
from tests.servers.ports import free_port

START_LIMIT = 10.0
_SETTINGS = "sys_interval 1\npersistence false\nlog_dest stderr\n"


class Mosquitto:
    """One broker; `settings` are further lines of mosquitto.conf, `user` and `password` who may sign in."""

    def __init__(self, settings: str = "allow_anonymous true", user: str = "", password: str = "") -> None:
        self._program = require("mosquitto", "mosquitto")
        self.directory = Path(tempfile.mkdtemp(prefix="opsm", dir="/tmp"))
        self.directory.chmod(0o755)  # as root it becomes another user
        self.port = free_port()
        text = f"listener {self.port} 127.0.0.1\n{_SETTINGS}{settings}\n"
        if user:
            text += f"password_file {self.directory}/passwords\n"
            tool = require("mosquitto_passwd", "mosquitto")
            subprocess.run([tool, "-b", "-c", self.directory / "passwords", user, password], check=True)
            (self.directory / "passwords").chmod(0o644)
        (self.directory / "conf").write_text(text)
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
    def address(self) -> str:
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
                [self._program, "-c", self.directory / "conf"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + START_LIMIT
        while " running" not in (said := (self.directory / "log").read_text(errors="replace")):
            assert self._process.poll() is None, f"mosquitto ended:\n{said}"
            assert time.monotonic() < until, f"mosquitto does not start:\n{said}"
            time.sleep(0.02)

    def remove(self) -> None:
        """End it and remove its files."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def mosquitto() -> Iterator[Mosquitto]:
    """A broker anybody may ask."""
    with Mosquitto() as broker:
        yield broker
