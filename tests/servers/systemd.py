"""A private systemd: the real one as the first process of namespaces of its own, with units of ours."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from tests.servers import absent, require
from tests.servers.process import PrivateProcess

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


class Systemd(PrivateProcess):
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
        super().__init__("opsu")

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
        until = time.monotonic() + self.start_limit
        while (told := self.systemctl("show", "--value", "-p", key, name).strip()) != word:
            assert time.monotonic() < until, f"{name} is {told}, not {word}"
            time.sleep(0.02)

    def start(self, until: Callable[[], object] | None = None) -> None:
        """In a control group of its own."""
        for below in ("units", "bin"):
            (self.directory / below).mkdir()
        (self.directory / "units" / "nothing.target").write_text("[Unit]\nDefaultDependencies=no\n")
        self._group.mkdir()
        super().start(until)

    def command(self) -> Sequence[str | Path]:
        """Into the group, then into the namespaces, then itself."""
        boot = ("sh", "-c", _BOOT, str(self.directory), self._daemon)
        return ["sh", "-c", _ENTER, str(self._group), *boot]

    def ready(self) -> bool:
        """Whether it has come up; then `bin` has the systemctl that asks it."""
        try:
            (first,) = psutil.Process(self.pid).children()
        except (psutil.Error, ValueError):
            return False
        script = f'#!/bin/sh\nexec {self._enter} -t {first.pid} -m -p {self._systemctl} "$@"\n'
        (self.bin / "systemctl").write_text(script)
        (self.bin / "systemctl").chmod(0o755)
        return bool(self.systemctl("is-system-running", check=False).strip() in ("running", "degraded"))

    def kill(self) -> None:
        """The first of its namespace is killed, which takes all others along."""
        if self._process is not None:
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self.pid).children():
                    os.kill(child.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        super().kill()

    def remove(self) -> None:
        """Its control groups go, too."""
        self.kill()
        until = time.monotonic() + 5
        while self._group.exists() and time.monotonic() < until:
            for at, _, _ in os.walk(self._group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(at)  # control groups: their files go with them
            time.sleep(0.01)
        super().remove()


@pytest.fixture(scope="session")
def systemd() -> Iterator[Systemd]:
    """One systemd for the whole session."""
    with Systemd() as manager:
        yield manager
