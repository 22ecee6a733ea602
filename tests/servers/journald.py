"""A private systemd journal: journald itself, in a mount namespace where /run is a directory of ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.servers import absent, require

START_LIMIT = 60.0
_SCRIPT = 'mount --make-rprivate / && mount --bind "$0" /run && exec "$1"'


class Journald:
    """One journal daemon that writes into a directory of its own; needs root for the namespace."""

    def __init__(self) -> None:
        self._daemon = require("/lib/systemd/systemd-journald", "systemd")
        self._unshare = require("unshare", "util-linux")
        self.journalctl = require("journalctl", "systemd")
        if os.geteuid() != 0:
            absent("a private journald needs root")
        self._run = Path(tempfile.mkdtemp(prefix="opsj", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        self._plug = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def command(self) -> tuple[str, ...]:
        """journalctl, reading this journal."""
        return (self.journalctl, "--directory", str(self.directory))

    @property
    def directory(self) -> Path:
        """Where the journal's files are."""
        return next((self._run / "log" / "journal").iterdir())

    def send(self, message: str | bytes, priority: int = 6, identifier: str = "app") -> None:
        """Write one record, as a service does through the native socket."""
        data = message.encode() if isinstance(message, str) else message
        fields = f"PRIORITY={priority}\nSYSLOG_IDENTIFIER={identifier}\nMESSAGE\n".encode()
        self._plug.send(fields + len(data).to_bytes(8, "little") + data + b"\n")

    def _start(self) -> None:
        (self._run / "systemd" / "journal").mkdir(parents=True)
        (self._run / "log" / "journal").mkdir(parents=True)
        settings = self._run / "systemd" / "journald.conf.d"
        settings.mkdir()
        (settings / "test.conf").write_text("[Journal]\nRateLimitBurst=0\nReadKMsg=no\nRuntimeMaxUse=64M\n")
        command: list[str | Path] = [self._unshare, "-m", "sh", "-c", _SCRIPT, self._run, self._daemon]
        if setpriv := shutil.which("setpriv"):  # an aborted test run takes its journal along
            command = [setpriv, "--pdeathsig", "TERM", *command]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + START_LIMIT
        while True:
            with contextlib.suppress(OSError):
                self._plug.connect(str(self._run / "systemd" / "journal" / "socket"))
                if list((self._run / "log" / "journal").glob("*/*.journal")):
                    return
            assert self._process.poll() is None, "journald ended"
            assert time.monotonic() < until, "journald does not start"
            time.sleep(0.02)

    def _stop(self) -> None:
        self._plug.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_LIMIT)
        shutil.rmtree(self._run, ignore_errors=True)


@pytest.fixture(scope="session")
def journald() -> Iterator[Journald]:
    """A journal for the whole session."""
    with Journald() as server:
        yield server
