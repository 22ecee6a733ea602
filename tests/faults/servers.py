"""F4: every server killed, frozen and restarted in turn, and its network made bad, while it is looked at.

`python -m tests.faults.servers` freezes each for 60 s and prints what was seen; the tests do the same
for a few seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from tests.bench.beside import feeder
from tests.bench.measure import at_any_moment, focused_frame, quantile
from tests.pty.consoles import real_console
from tests.pty.terminal import NotSeen, Terminal
from tests.servers.building import KUBERNETES
from tests.servers.dockerd import Dockerd
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import node, pod
from tests.servers.postgres import DEBIAN_15, PostgresServer, wheel_bindir
from tests.servers.process import Server
from tests.servers.proxy import FAULTS, Proxy
from tests.servers.redis import RedisServer, wheel_redis

INTERVAL, DEADLINE = 1.0, 3.0
"""Seconds between two polls of a pane in view, and that one may take."""
SLACK = 1.0
"""Seconds for drawing, and for a machine that does other things too."""
TOLD = INTERVAL + DEADLINE + SLACK
"""Seconds within which a pane says that its server is gone."""
BACK = 10.0
"""Seconds within which a pane is live again after its server is."""
PAUSE = 1.2 * INTERVAL + SLACK
"""Seconds the log pane may stand still: its own cadence and a fifth more."""
GAP_P99, GAP = 100.0, 500.0
"""Milliseconds from key to paint, in 99 of 100 and ever: no less than the event loop was away."""
HANDLES = 3
"""File descriptors a recovery may leave open more than before: a spare connection of a pool."""
LINES = 20.0
"""Log lines a second, whose coming shows that the other panes keep their pace."""
KILLED = 10.0
"""Seconds a killed server stays away, and a network is bad."""
MAY_PASS = ("bandwidth",)
"""Faults that are none as long as the answers are small: over a thin line they come in time."""
MAY_COME_LATE = (*MAY_PASS, "latency")
"""The same of a server whose news come by themselves: two seconds late they are news all the same."""

Fault: TypeAlias = tuple[Callable[[], None], Callable[[], None]]
"""How it begins and how it ends."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A server as a console is told of it: the lines of its configuration, and what can befall it."""

    config: str
    faults: Mapping[str, Fault]
    may_pass: tuple[str, ...] = MAY_PASS


def direct(kind: str, server: Server) -> Subject:
    """A server asked without anything between."""
    if isinstance(server, Cluster):
        address = f'kubeconfig = "{server.kubeconfig()}"'
    elif isinstance(server, Dockerd):
        address = f'host = "{server.host}"'
    elif isinstance(server, PostgresServer):
        address = f'url = "{server.url()}"'
    else:
        assert isinstance(server, RedisServer)
        address = f'url = "{server.url}"'
    faults: dict[str, Fault] = {
        "killed": (server.kill, server.start),
        "frozen": (server.freeze, server.thaw),
    }
    return Subject(f"[[{kind}]]\n{address}", faults)


@contextlib.contextmanager
def behind(kind: str, server: Server) -> Iterator[Subject]:
    """A server with a proxy before it, by TCP where it has that."""
    may_pass: tuple[str, ...] = MAY_PASS
    if isinstance(server, Cluster):
        proxy = Proxy(server.server.port)
        address = f'kubeconfig = "{server.kubeconfig(url=f"https://127.0.0.1:{proxy.port}")}"'
        may_pass = MAY_COME_LATE
    elif isinstance(server, Dockerd):
        proxy = Proxy(server.socket)
        address = f'host = "unix://{proxy.path}"'
    elif isinstance(server, PostgresServer):
        proxy = Proxy(server.port)
        address = f'url = "postgresql://postgres@127.0.0.1:{proxy.port}/"'
    else:
        assert isinstance(server, RedisServer)
        proxy = Proxy(server.port)
        address = f'url = "redis://127.0.0.1:{proxy.port}"'
    with proxy:
        faults: dict[str, Fault] = {name: (partial(proxy.suffer, name), proxy.recover) for name in FAULTS}
        yield Subject(f"[[{kind}]]\n{address}", faults, may_pass)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen of one fault: seconds until it was told, seconds until live again after the end of
    the fault, the longest pause of the log pane, the latency of keys meanwhile (milliseconds), and how
    many seconds the fault lasted.
    """

    server: str
    fault: str
    told: float
    back: float
    pause: float
    key_p50: float
    key_p99: float
    key_max: float
    handles: int
    """File descriptors more than before."""
    threads: int
    """Threads more than before."""
    lasted: float
    may_pass: tuple[str, ...] = MAY_PASS
    """Faults that need not be told."""

    @property
    def passes(self) -> bool:
        """Whether all of it is as promised."""
        told = self.told <= TOLD or self.fault in self.may_pass
        left = self.handles > HANDLES or self.threads > 0
        keys = self.key_p99 <= GAP_P99 and self.key_max <= GAP
        return told and not left and keys and self.back <= BACK and self.pause <= PAUSE

    def __str__(self) -> str:
        told = f"told after {self.told:4.1f} s" if self.told < float("inf") else "not noticed      "
        return (
            f"{self.server:9} {self.fault:10} {told}, back after {self.back:4.1f} s, "
            f"others paused {self.pause:4.1f} s at most, key p50 {self.key_p50:3.0f} p99 {self.key_p99:3.0f} "
            f"max {self.key_max:3.0f} ms, {self.handles:+} handles, {self.threads:+} threads"
        )


class Pace:
    """Watches the newest line of the log pane: how long it stood still at most."""

    def __init__(self, terminal: Terminal) -> None:
        self._newest = -1
        self._since = time.perf_counter()
        self._longest = 0.0
        self._watch = terminal.watch(self._look)
        self._terminal = terminal

    def _look(self, terminal: Terminal) -> bool:
        numbers = [int(number, 16) for number in re.findall(r"id=([0-9a-f]{8})", terminal.text)]
        newest, now = max(numbers, default=-1), time.perf_counter()
        if newest > self._newest:
            if self._newest >= 0:
                self._longest = max(self._longest, now - self._since)
            self._newest, self._since = newest, now
        return False

    def end(self) -> float:
        """The longest standstill, with the one that lasts; infinite when no line was ever seen."""
        self._terminal.unwatch(self._watch)
        if self._newest < 0:
            return float("inf")
        return max(self._longest, time.perf_counter() - self._since)


class Scene:
    """A console that looks at some servers, and what may happen to them."""

    def __init__(self, terminal: Terminal, subjects: Mapping[str, Subject]) -> None:
        self.terminal = terminal
        self.subjects = subjects
        self._numbers = {name: number for number, name in enumerate(subjects, 2)}

    def state(self, name: str) -> str:
        """What the title of a pane on the overview says: `failing`, `waiting` or `live`."""
        title = re.search(rf"[─━] {self._numbers[name]} (\w+[^─━╮┓]*)", self.terminal.text)
        if title is None or re.search("connecting|starting", title[1]):
            return "waiting"
        return "failing" if re.search("stale|refused|no answer|not found", title[1]) else "live"

    def until(self, name: str, wanted: str, limit: float) -> float:
        """Seconds until a pane's title says this; infinite when it does not within `limit`."""
        started = time.perf_counter()
        try:
            self.terminal.wait_for(lambda _: self.state(name) == wanted, limit)
        except NotSeen:
            return float("inf")
        return time.perf_counter() - started

    def all_live(self) -> None:
        """Wait until every server's pane is. Raises NotSeen."""
        self.terminal.wait_for(lambda _: all(self.state(name) == "live" for name in self.subjects), 30.0)
        self.terminal.wait_for("id=[0-9a-f]{8}", 30.0)

    def held(self) -> tuple[int, int]:
        """Open file descriptors and threads, once their numbers stay the same for a second."""
        seen, since, end = (-1, -1), 0.0, time.monotonic() + 6.0
        while time.monotonic() < end:
            used = self.terminal.usage()
            if (used.handles, used.threads) != seen:
                seen, since = (used.handles, used.threads), time.monotonic()
            elif time.monotonic() - since >= 1.0:
                break
            time.sleep(0.1)
        return seen

    def suffer(self, name: str, fault: str, seconds: float, busy: float = 1.0) -> Outcome:
        """One fault of one server for so many seconds, or until it is told, and what was seen of it.

        `busy`: how many times longer than promised a state is waited for.
        """
        self.all_live()
        before = self.held()
        pace, (begin, end) = Pace(self.terminal), self.subjects[name].faults[fault]
        started = time.perf_counter()
        begin()
        try:
            told = self.until(name, "failing", TOLD * busy + 1.0)
            keys: list[float | None] = []
            while time.perf_counter() - started < seconds:
                keys += at_any_moment(self.terminal, ("tab", "shift+tab"), 10, focused_frame)
        finally:
            end()
        lasted = time.perf_counter() - started
        back = self.until(name, "live", BACK * busy + 5.0)
        pause = pace.end()
        handles, threads = self.held()
        p50, p99, most = (quantile(keys, share) or 0.0 for share in (0.5, 0.99, 1.0))
        left = handles - before[0], threads - before[1]
        may_pass = self.subjects[name].may_pass
        return Outcome(name, fault, told, back, pause, p50, p99, most, *left, lasted, may_pass)


@contextlib.contextmanager
def scene(directory: Path, subjects: Mapping[str, Subject]) -> Iterator[Scene]:
    """A console that looks at the host, these servers by kind, and a log that grows."""
    log = directory / "api.log"
    log.touch()
    kinds = ", ".join(f'"{kind}"' for kind in ("system", *subjects, "logs"))
    config = [
        f"sources = [{kinds}]",
        *(subject.config for subject in subjects.values()),
        f'[logs]\nfiles = ["{log}"]\ncontainers = false\njournald = false',
    ]
    with (
        feeder("--log", str(log), "--lines", str(LINES)),
        real_console(directory, "\n".join(config)) as terminal,
    ):
        yield Scene(terminal, subjects)


def start_servers(stack: contextlib.ExitStack) -> dict[str, Server]:
    """The servers this machine has, each private."""
    servers: dict[str, Server] = {}
    if os.geteuid() == 0 and shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        engine = stack.enter_context(Dockerd())
        engine.fleet(5, crashing=0)
        servers["docker"] = engine
    bindir = DEBIAN_15 if DEBIAN_15.exists() else wheel_bindir()
    servers["postgres"] = stack.enter_context(PostgresServer(bindir))
    binary = shutil.which("redis-server") or wheel_redis()
    servers["redis"] = stack.enter_context(RedisServer(binary))
    if KUBERNETES.built:
        servers["kubernetes"] = stack.enter_context(populated())
    return servers


@contextlib.contextmanager
def populated() -> Iterator[Cluster]:
    """A cluster of a node and two pods that pend."""
    with Cluster() as cluster:
        cluster.calls.create(node("n1", managed=False), pod("one"), pod("two"))
        yield cluster


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ops-faults-") as directory:
        yield Path(directory)


def outcomes(seconds: float) -> Iterator[Outcome]:
    """Each server killed and frozen, then each with a bad network before it."""
    with contextlib.ExitStack() as stack:
        servers = start_servers(stack)
        subjects = {kind: direct(kind, server) for kind, server in servers.items()}
        with _directory() as directory, scene(directory, subjects) as here:
            for kind in subjects:
                yield here.suffer(kind, "killed", KILLED)
                yield here.suffer(kind, "frozen", seconds)
        subjects = {kind: stack.enter_context(behind(kind, server)) for kind, server in servers.items()}
        with _directory() as directory, scene(directory, subjects) as here:
            for kind in subjects:
                for fault in FAULTS:
                    yield here.suffer(kind, fault, KILLED)


def main() -> int:
    """Print what was seen of every fault; 1 when something took too long."""
    options = argparse.ArgumentParser(prog="python -m tests.faults.servers", description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0, help="each server is frozen")
    good = True
    for outcome in outcomes(options.parse_args().seconds):
        good = good and outcome.passes
        print(f"{'ok' if outcome.passes else 'BAD':4}{outcome}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
