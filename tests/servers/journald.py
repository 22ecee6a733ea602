"""A private systemd journal: journald itself, in a mount namespace where /run is a directory of ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.servers import absent, require
from tests.servers.process import PrivateProcess

_SCRIPT = 'mount --make-rprivate / && mount --bind "$0" /run && exec "$1"'


class Journald(PrivateProcess):
    """One journal daemon that writes into a directory of its own; needs root for the namespace."""

    def __init__(self) -> None:
        self._daemon = require("/lib/systemd/systemd-journald", "systemd")
        self._unshare = require("unshare", "util-linux")
        self.journalctl = require("journalctl", "systemd")
        if os.geteuid() != 0:
            absent("a private journald needs root")
        super().__init__("opsj")
        self._plug = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._run = self.directory / "run"
        (self._run / "systemd" / "journal").mkdir(parents=True)
        (self._run / "log" / "journal").mkdir(parents=True)
        settings = self._run / "systemd" / "journald.conf.d"
        settings.mkdir()
        (settings / "test.conf").write_text("[Journal]\nRateLimitBurst=0\nReadKMsg=no\nRuntimeMaxUse=64M\n")

    @property
    def reader(self) -> tuple[str, ...]:
        """journalctl, reading this journal."""
        return (self.journalctl, "--directory", str(self.journal))

    @property
    def journal(self) -> Path:
        """Where the journal's files are."""
        return next((self._run / "log" / "journal").iterdir())

    def send(self, message: str | bytes, priority: int = 6, identifier: str = "app") -> None:
        """Write one record, as a service does through the native socket."""
        data = message.encode() if isinstance(message, str) else message
        fields = f"PRIORITY={priority}\nSYSLOG_IDENTIFIER={identifier}\nMESSAGE\n".encode()
        self._plug.send(fields + len(data).to_bytes(8, "little") + data + b"\n")

    def command(self) -> Sequence[str | Path]:
        """In a mount namespace of its own."""
        command: list[str | Path] = [self._unshare, "-m", "sh", "-c", _SCRIPT, self._run, self._daemon]
        if setpriv := shutil.which("setpriv"):  # an aborted test run takes its journal along
            command = [setpriv, "--pdeathsig", "TERM", *command]
        return command

    def ready(self) -> bool:
        """Whether it listens and has a file."""
        with contextlib.suppress(OSError):
            self._plug.connect(str(self._run / "systemd" / "journal" / "socket"))
            return any((self._run / "log" / "journal").glob("*/*.journal"))
        return False

    def remove(self) -> None:
        """End it, its directory, and what is connected to it."""
        self._plug.close()
        super().remove()


@pytest.fixture(scope="session")
def journald() -> Iterator[Journald]:
    """A journal for the whole session."""
    with Journald() as server:
        yield server
