"""Measures containers: from control groups where the engine is local, else through its API."""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from console.sources.base import Focus
from console.sources.docker.cgroups import Files, Hierarchies, find_hierarchies, locate, measure
from console.sources.docker.container_usage import UsageBook
from console.sources.docker.containers import Container, Usage

if TYPE_CHECKING:
    from console.sources.docker.engine_stats import StatsByApi

AT_ONCE = 100
"""Containers measured in one poll, at most: of a thousand the busiest always, the others in turn."""
LEADING = 40
"""Containers with the most CPU that are measured in every poll."""
BY_API_AT_ONCE = 8
"""Containers asked of the engine in one poll, at most: each costs it and us a millisecond."""
BY_API_HIDDEN = 2
"""The same while nobody looks."""
FILES = "cgroup files"
API = "engine API"


class ContainerMeter:
    """The usage of containers; belongs to one thread."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._book = UsageBook()
        self._hierarchies: Hierarchies | None = None
        self._files: dict[str, tuple[int, bool, Files | None]] = {}
        self._asked: dict[str, float] = {}
        self._by_api: StatsByApi | None = None

    @property
    def usage(self) -> Mapping[str, Usage]:
        """The newest usage by container id."""
        return self._book.usage

    @property
    def ways(self) -> tuple[str, ...]:
        """How containers are measured now: FILES, API, both, or none yet."""
        found = {FILES if files is not None else API for _, _, files in self._files.values()}
        return tuple(sorted(found))

    def measure(
        self, running: Sequence[Container], focus: Focus, connect_stats: Callable[[], StatsByApi]
    ) -> float:
        """Measure those whose turn it is; the time of the readings (monotonic seconds)."""
        now = time.monotonic()
        self._forget_ended(running)
        local: list[Container] = []
        remote: list[Container] = []
        for container in running:
            if container.pid:
                (remote if self._located(container) is None else local).append(container)
        for container in self._turn(local, AT_ONCE):
            self._asked[container.id] = now
            self._read(container, now)
        if remote:
            most = BY_API_HIDDEN if focus is Focus.HIDDEN else BY_API_AT_ONCE
            self._ask(remote, most, now, connect_stats)
        elif self._by_api is not None:
            self.close()
        return now

    def close(self) -> None:
        """End the threads that ask the engine, if there are any; never waits."""
        by_api, self._by_api = self._by_api, None
        if by_api is not None:
            by_api.close()

    def restart(self) -> None:
        """Begin anew after an outage: rates over a time nothing is known of would mislead."""
        self.close()
        self._book.clear()
        self._asked.clear()

    def _located(self, container: Container) -> Files | None:
        limited = container.cpu_limit > 0
        known = self._files.get(container.id)
        if known is not None and known[0] == container.pid and known[1] == limited:
            return known[2]
        if self._hierarchies is None:
            self._hierarchies = find_hierarchies(Path(self._proc, "self", "mountinfo").read_text())
        files = locate(
            container.id,
            container.pid,
            self._hierarchies,
            self._proc,
            host_network=container.host_network,
            cpu_limited=limited,
        )
        self._files[container.id] = (container.pid, limited, files)
        return files

    def _read(self, container: Container, now: float) -> None:
        files = self._files[container.id][2]
        assert files is not None
        try:
            self._book.add(container.id, measure(files, time.monotonic()), now)
        except OSError:
            self._files.pop(container.id)  # it ended a moment ago: the events will tell
            self._book.forget(container.id)

    def _ask(
        self,
        containers: Sequence[Container],
        most: int,
        now: float,
        connect_stats: Callable[[], StatsByApi],
    ) -> None:
        if self._by_api is None:
            self._by_api = connect_stats()
        for container, totals in self._by_api.take():
            self._book.add(container, totals, now)
        taken = self._by_api.want([container.id for container in self._turn(containers, most)])
        self._asked.update(dict.fromkeys(taken, now))

    def _turn(self, containers: Sequence[Container], most: int) -> Sequence[Container]:
        """The containers to measure now: the busiest, then those that waited longest."""
        if len(containers) <= most:
            return containers
        usage = self._book.usage

        def cpu(container: Container) -> float:
            found = usage.get(container.id)
            return found.cpu if found is not None and found.cpu == found.cpu else 0.0

        def waited(container: Container) -> float:
            return self._asked.get(container.id, -math.inf)

        leading = heapq.nlargest(min(LEADING, most // 2), containers, key=cpu)
        chosen = {container.id: container for container in leading}
        rest = (container for container in containers if container.id not in chosen)
        for container in heapq.nsmallest(most - len(chosen), rest, key=waited):
            chosen[container.id] = container
        return list(chosen.values())

    def _forget_ended(self, running: Sequence[Container]) -> None:
        if len(self._files) == len(running) and all(container.id in self._files for container in running):
            return
        ids = {container.id for container in running}
        self._book.keep(ids)
        for gone in self._files.keys() - ids:
            del self._files[gone]
        for gone in self._asked.keys() - ids:
            del self._asked[gone]
