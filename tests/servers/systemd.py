"""A private systemd: the real one as the first process of namespaces of its own, with units of ours."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import pytest

from tests.servers import absent, require

START_LIMIT = 60.0
_ENTER = 'echo $$ > "$0/cgroup.procs" && exec unshare --mount --pid --cgroup --fork --kill-child "$@"'
"""Into a control group of its own first, so that the namespace shows this one and no other."""
_BOOT = """set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd,xattr cgroup /sys/fs/cgroup/systemd
fi
mkdir -p /run/systemd/system /run/lock
export container=tests SYSTEMD_UNIT_PATH="$0/units"
exec "$1" --system --unit=nothing.target --log-target=console --show-status=no
"""


class Systemd:
    """One systemd; `bin` is a directory whose `systemctl` asks it."""

    def __init__(self) -> None:
        self._daemon = require("/lib/systemd/systemd", "systemd")
        self._enter = require("nsenter", "util-linux")
        self._systemctl = require("systemctl", "systemd")
        if os.geteuid() != 0:
            absent("a private systemd needs root")
        base = Path("/sys/fs/cgroup")
        self._group = (base if (base / "cgroup.controllers").exists() else base / "systemd") / (
            f"ops-systemd-{os.getpid()}"
        )
        self.directory = Path(tempfile.mkdtemp(prefix="opsu", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None

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
    def bin(self) -> Path:
        """To stand first in PATH."""
        return self.directory / "bin"

    def unit(self, name: str, text: str) -> None:
        """Write a unit, without the dependencies units have by default."""
        path = self.directory / "units" / name
        path.write_text(f"[Unit]\nDefaultDependencies=no\nDescription={name}\n{text}\n")
        self.systemctl("daemon-reload")

    def systemctl(self, *arguments: str, check: bool = True) -> str:
        """What systemctl prints."""
        done = subprocess.run(
            [self.bin / "systemctl", *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        if check:
            assert done.returncode == 0, f"systemctl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def until(self, name: str, word: str, key: str = "ActiveState") -> None:
        """Wait until a unit says this of itself."""
        until = time.monotonic() + START_LIMIT
        while (told := self.systemctl("show", "--value", "-p", key, name).strip()) != word:
            assert time.monotonic() < until, f"{name} is {told}, not {word}"
            time.sleep(0.02)

    def _start(self) -> None:
        for below in ("units", "bin"):
            (self.directory / below).mkdir()
        (self.directory / "units" / "nothing.target").write_text("[Unit]\nDefaultDependencies=no\n")
        self._group.mkdir()
        boot = ("sh", "-c", _BOOT, str(self.directory), self._daemon)
        command = ["sh", "-c", _ENTER, str(self._group), *boot]
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START_LIMIT
        while not self._answers():
            said = (self.directory / "log").read_text(errors="replace")
            assert self._process.poll() is None, f"systemd ended:\n{said}"
            assert time.monotonic() < until, f"systemd does not answer:\n{said}"
            time.sleep(0.05)

    def _answers(self) -> bool:
        assert self._process is not None
        try:
            (first,) = psutil.Process(self._process.pid).children()
        except (psutil.Error, ValueError):
            return False
        script = f'#!/bin/sh\nexec {self._enter} -t {first.pid} -m -p {self._systemctl} "$@"\n'
        (self.bin / "systemctl").write_text(script)
        (self.bin / "systemctl").chmod(0o755)
        return bool(self.systemctl("is-system-running", check=False).strip() in ("running", "degraded"))

    def _stop(self) -> None:
        if self._process is not None:
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self._process.pid).children():
                    os.kill(child.pid, signal.SIGKILL)  # the first of a namespace takes all others along
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self._process.kill()
            self._process.wait()
        until = time.monotonic() + 5
        while self._group.exists() and time.monotonic() < until:
            for at, _, _ in os.walk(self._group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(at)  # control groups: their files go with them
            time.sleep(0.01)
        subprocess.run(["rm", "-rf", self.directory], check=False)


@pytest.fixture(scope="session")
def systemd() -> Iterator[Systemd]:
    """One systemd for the whole session."""
    with Systemd() as manager:
        yield manager
