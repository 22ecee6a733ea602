"""A private mosquitto on a loopback port of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.servers import require
from tests.servers.process import ServerProcess

_SETTINGS = "sys_interval 1\npersistence false\nlog_dest stderr\n"


class Mosquitto(ServerProcess):
    """One broker; `settings` are further lines of mosquitto.conf, `user` and `password` who may sign in."""

    def __init__(self, settings: str = "allow_anonymous true", user: str = "", password: str = "") -> None:
        self._program = require("mosquitto", "mosquitto")
        super().__init__("opsm")
        self.directory.chmod(0o755)  # as root it becomes another user
        text = f"listener {self.port} 127.0.0.1\n{_SETTINGS}{settings}\n"
        if user:
            text += f"password_file {self.directory}/passwords\n"
            tool = require("mosquitto_passwd", "mosquitto")
            subprocess.run([tool, "-b", "-c", self.directory / "passwords", user, password], check=True)
            (self.directory / "passwords").chmod(0o644)
        (self.directory / "conf").write_text(text)

    def command(self) -> Sequence[str | Path]:
        """By its file."""
        return [self._program, "-c", self.directory / "conf"]

    def ready(self) -> bool:
        """Whether it says so: it listens a moment before."""
        return " running" in self.log


@pytest.fixture(scope="module")
def mosquitto() -> Iterator[Mosquitto]:
    """A broker anybody may ask."""
    with Mosquitto() as broker:
        yield broker
