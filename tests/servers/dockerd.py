"""A private container engine: its own data, its own socket, no bridge and no firewall rules."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.servers import absent, require
from tests.servers.process import PrivateProcess

IMAGE = "ops-busybox"
"""The one image there is: Debian's static busybox with its applets installed."""

_DOCKERFILE = """FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
"""
_CHATTER = """i=0
while :; do
  i=$((i + 1))
  echo "$NAME request $i took $((i % 90)) ms"
  [ $((i % 20)) = 0 ] && echo "$NAME ERROR upstream timeout id=$i" >&2
  sleep 1
done"""


def programs() -> tuple[str, str, str]:
    """The paths of dockerd, docker and busybox; fails or skips as the policy for servers says."""
    found = (
        require("dockerd", "docker.io"),
        require("docker", "docker.io"),
        require("busybox", "busybox-static"),
    )
    if os.geteuid() != 0:
        absent("a private dockerd needs root")
    return found


class Dockerd(PrivateProcess):
    """One engine with its containerd."""

    start_limit = 90.0

    def __init__(self) -> None:
        self.dockerd, self.docker, self.busybox = programs()
        super().__init__("opsd")
        self.socket = self.directory / "docker.sock"

    def begin(self) -> None:
        """It starts, and has the image."""
        self.start()
        self.build()

    @property
    def host(self) -> str:
        """What DOCKER_HOST would be."""
        return f"unix://{self.socket}"

    def command(self) -> Sequence[str | Path]:
        """Nothing of it outside its directory."""
        where = self.directory
        command: list[str | Path] = [
            self.dockerd, "--data-root", where / "root", "--exec-root", where / "exec",
            "--pidfile", where / "pid", "-H", self.host, "--bridge=none", "--iptables=false",
            "--ip6tables=false", "--ip-forward=false", "--shutdown-timeout", "2",
        ]  # fmt: skip
        if setpriv := shutil.which("setpriv"):  # an aborted test run takes its engine along
            command = [setpriv, "--pdeathsig", "TERM", *command]
        return command

    def ready(self) -> bool:
        """Whether it answers a ping."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as plug:
            plug.settimeout(1.0)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = plug
            try:
                plug.connect(str(self.socket))
                connection.request("GET", "/_ping")
                return connection.getresponse().status == 200
            except OSError:
                return False

    def build(self) -> None:
        """Make the image the containers run."""
        context = self.directory / "image"
        context.mkdir()
        shutil.copy(self.busybox, context / "busybox")
        (context / "Dockerfile").write_text(_DOCKERFILE)
        self.cli("build", "--network", "none", "-t", IMAGE, str(context))

    def cli(self, *arguments: str, check: bool = True, timeout: float = 60.0) -> str:
        """What the docker command line prints for these arguments."""
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "DOCKER_BUILDKIT": "0",
            "DOCKER_CONFIG": str(self.directory / "config"),
            "HOME": str(self.directory),
        }
        done = subprocess.run(
            [self.docker, "-H", self.host, *arguments],
            env=environment, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
        return done.stdout.strip()

    def run(self, name: str, *command: str, options: Sequence[str] = ()) -> str:
        """Start a container without network; its id."""
        return self.cli(
            "run", "-d", "--network", "none", "--stop-timeout", "1", "--name", name,
            *options, IMAGE, *(command or ("sleep", "100000")),
        )  # fmt: skip

    def exhaust(self, name: str, *command: str, options: Sequence[str] = ()) -> None:
        """Run a container that ends for want of memory, and have the engine know that.

        Once in forty times it does not: the kernel's word comes after the end, or never.
        """
        for _ in range(10):
            self.run(name, *command, options=options)
            self.cli("wait", name)
            if self.inspect(name)["State"]["OOMKilled"]:
                return
            self.discard(name)
        raise AssertionError(f"{name} was not killed for want of memory")

    def inspect(self, name: str) -> dict[str, Any]:
        """All the engine knows of a container."""
        found: dict[str, Any] = json.loads(self.cli("inspect", name))[0]
        return found

    def stats(self, *names: str) -> dict[str, dict[str, str]]:
        """One look of `docker stats`, by container name."""
        text = self.cli("stats", "--no-stream", "--format", "{{json .}}", *names)
        rows = [json.loads(line) for line in text.splitlines()]
        return {row["Name"]: row for row in rows}

    def fleet(self, count: int = 30, crashing: int = 2, prefix: str = "app") -> list[str]:
        """Start containers that print a line a second, the last of them crashing again and again.

        Each has a memory limit and belongs to the compose project `shop`; the names come back.
        """
        names = [f"{prefix}-{number}" for number in range(1, count + 1)]
        for number, name in enumerate(names, 1):
            options = [
                "--memory", "64m", "-e", f"NAME={name}", "--restart", "always",
                "--label", "com.docker.compose.project=shop",
                "--label", f"com.docker.compose.service={prefix}",
            ]  # fmt: skip
            script = _CHATTER
            if number > count - crashing:
                script = 'echo "$NAME FATAL cannot reach the database"; sleep 2; exit 3'
            self.run(name, "sh", "-c", script, options=options)
        return names

    def discard(self, *names: str) -> None:
        """Remove containers, running or not; those already gone are no error."""
        if names:
            self.cli("rm", "-f", "-v", *names, check=False)

    def kill(self) -> None:
        """End the engine at once, as a crash would; containerd follows it, the containers stay."""
        if self._process is None:
            return
        super().kill()
        # an init that reaps late leaves containerd a zombie, which the next engine takes for alive
        pidfile = self.directory / "exec" / "containerd" / "containerd.pid"
        until = time.monotonic() + self.stop_limit
        with contextlib.suppress(OSError):
            status = Path("/proc", pidfile.read_text(), "stat")
            while status.read_text().rpartition(")")[2].split()[0] != "Z" and time.monotonic() < until:
                time.sleep(0.01)
        pidfile.unlink(missing_ok=True)

    def stop(self) -> None:
        """End the engine in order, its containers first."""
        if self._process is None:
            return
        self.thaw()
        if self.ready():
            ids = self.cli("ps", "-aq", check=False).split()
            self.discard(*ids)
        super().stop()

    def remove(self) -> None:
        """End everything that was started here and leave no process, mount or file behind."""
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            self.stop()
        ids = [path.name for path in (self.directory / "root" / "containers").glob("*")]
        for pid in self._leftovers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._empty_cgroups(ids)
        for target in self._mounts():
            subprocess.run(["umount", "-l", target], check=False, capture_output=True)
        super().remove()

    def _leftovers(self) -> Iterator[int]:
        """containerd and its shims: their command lines name this engine's directory."""
        mark = f"{self.directory}/".encode()
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = path.read_bytes()
            except OSError:
                continue  # it ended while we looked
            if mark in command and b"containerd" in command.partition(b"\0")[0]:
                yield int(path.parent.name)

    def _empty_cgroups(self, ids: Sequence[str]) -> None:
        """Kill what still runs in these containers' cgroups, then remove the cgroups."""
        for container in ids:
            groups = [*Path("/sys/fs/cgroup").glob(f"*/docker/{container}")]
            for group in groups:
                for line in (group / "cgroup.procs").read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(line), signal.SIGKILL)
            until = time.monotonic() + 2.0
            while groups and time.monotonic() < until:
                for group in list(groups):
                    with contextlib.suppress(OSError):
                        group.rmdir()
                        groups.remove(group)
                time.sleep(0.01)

    def _mounts(self) -> list[str]:
        """What is mounted below this engine's directory, the innermost first."""
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        targets = [line.split()[4] for line in lines]
        return sorted((t for t in targets if t.startswith(f"{self.directory}/")), key=len, reverse=True)


@pytest.fixture(scope="session")
def dockerd() -> Iterator[Dockerd]:
    """One engine for the whole of a test process."""
    with Dockerd() as engine:
        yield engine


@pytest.fixture
def own_dockerd() -> Iterator[Dockerd]:
    """An engine of the test's own, to be killed or frozen."""
    with Dockerd() as engine:
        yield engine
