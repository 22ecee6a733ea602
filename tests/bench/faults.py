"""Every server killed, frozen and restarted in turn while the console is looked at.

`python -m tests.bench.faults` freezes each for 60 s and prints what was seen; the tests do the same
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench.beside import feeder
from tests.bench.measure import at_any_moment, focused_frame, quantile
from tests.pty.consoles import real_console
from tests.pty.terminal import NotSeen, Terminal
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import DEBIAN_15, PostgresServer, wheel_bindir
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
GAP = 100.0
"""Milliseconds from key to paint, in 99 of 100."""
LINES = 20.0
"""Log lines a second, whose coming shows that the other panes keep their pace."""


class Server(Protocol):
    """What can happen to a server."""

    def kill(self) -> None:
        """End it at once."""

    def start(self) -> None:
        """Start it again."""

    def freeze(self) -> None:
        """Stop it in mid-air."""

    def thaw(self) -> None:
        """Let it go on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen of one fault: seconds until it was told, seconds until live again after the end of
    the fault, the longest pause of the log pane, and the latency of keys meanwhile (milliseconds).
    """

    server: str
    fault: str
    told: float
    back: float
    pause: float
    key_p50: float
    key_p99: float
    handles: int
    """File descriptors more than before."""

    @property
    def passes(self) -> bool:
        """Whether all of it is as promised."""
        return self.told <= TOLD and self.back <= BACK and self.pause <= PAUSE and self.key_p99 <= GAP

    def __str__(self) -> str:
        return (
            f"{self.server:10} {self.fault:8} told after {self.told:4.1f} s, back after {self.back:4.1f} s, "
            f"others paused {self.pause:4.1f} s at most, key p50 {self.key_p50:3.0f} "
            f"p99 {self.key_p99:3.0f} ms, {self.handles:+} handles"
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

    def __init__(self, terminal: Terminal, servers: Mapping[str, Server]) -> None:
        self.terminal = terminal
        self.servers = servers
        self._numbers = {name: number for number, name in enumerate(servers, 2)}

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
        self.terminal.wait_for(lambda _: all(self.state(name) == "live" for name in self.servers), 30.0)
        self.terminal.wait_for("id=[0-9a-f]{8}", 10.0)

    def handles(self) -> int:
        """Open file descriptors, once their number stays the same for a second."""
        seen, since, end = -1, 0.0, time.monotonic() + 6.0
        while time.monotonic() < end:
            now = self.terminal.usage().handles
            if now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since >= 1.0:
                break
            time.sleep(0.1)
        return seen

    def suffer(self, name: str, fault: str, seconds: float) -> Outcome:
        """One fault (`killed` or `frozen`) of one server for so many seconds, and what was seen of it."""
        self.all_live()
        before = self.handles()
        pace, server = Pace(self.terminal), self.servers[name]
        started = time.perf_counter()
        (server.kill if fault == "killed" else server.freeze)()
        try:
            told = self.until(name, "failing", TOLD + 5.0)
            keys: list[float | None] = []
            while time.perf_counter() - started < seconds:
                keys += at_any_moment(self.terminal, ("tab", "shift+tab"), 10, focused_frame)
        finally:
            (server.start if fault == "killed" else server.thaw)()
        back = self.until(name, "live", BACK + 5.0)
        pause = pace.end()
        after = self.handles()
        p50, p99 = quantile(keys, 0.5) or 0.0, quantile(keys, 0.99) or 0.0
        return Outcome(name, fault, told, back, pause, p50, p99, after - before)


@contextlib.contextmanager
def scene(directory: Path, servers: Mapping[str, Server]) -> Iterator[Scene]:
    """A console that looks at the host, these servers by kind, and a log that grows."""
    log = directory / "api.log"
    log.touch()
    kinds = ", ".join(f'"{kind}"' for kind in ("system", *servers, "logs"))
    lines = [f"sources = [{kinds}]"]
    for name, server in servers.items():
        key, address = ("host", server.host) if isinstance(server, Dockerd) else ("url", _url(server))
        lines.append(f'[[{name}]]\n{key} = "{address}"')
    lines.append(f'[logs]\nfiles = ["{log}"]\ncontainers = false\njournald = false')
    with (
        feeder("--log", str(log), "--lines", str(LINES)),
        real_console(directory, "\n".join(lines)) as terminal,
    ):
        yield Scene(terminal, servers)


def _url(server: Server) -> str:
    if isinstance(server, PostgresServer):
        return server.url()
    assert isinstance(server, RedisServer)
    return server.url


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
    return servers


def main() -> int:
    """Print what was seen of every fault; 1 when something took too long."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.faults", description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0, help="each server is frozen or gone")
    given = options.parse_args()
    good = True
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ops-faults-")))
        here = stack.enter_context(scene(directory, start_servers(stack)))
        for name in here.servers:
            for fault in ("killed", "frozen"):
                outcome = here.suffer(name, fault, given.seconds if fault == "frozen" else 10.0)
                good = good and outcome.passes
                print(f"{'ok' if outcome.passes else 'BAD':4}{outcome}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
