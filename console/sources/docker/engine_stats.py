"""Statistics by the engine's API, for engines whose control groups cannot be read from here.

Every answer costs the engine and this console about a millisecond, and some engines keep one waiting
for a second, so a few threads ask for a few containers at a time and nobody waits for them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from console.errors import SourceError
from console.sources.docker.cgroups import Totals
from console.sources.docker.container_usage import totals_of
from console.sources.docker.engine_api import CALL_LIMIT, EngineClient

THREADS = 4
AT_ONCE = 8
"""Containers asked for between two polls, at most."""


class StatsByApi:
    """Asks for the statistics of containers in daemon threads; frozen engines end them by their deadline."""

    def __init__(self, connect: Callable[[], EngineClient]) -> None:
        self._connect = connect
        self._wanted: deque[str] = deque()
        self._under_way: set[str] = set()
        self._found: deque[tuple[str, Totals]] = deque(maxlen=1000)
        self._lock = threading.Condition()
        self._open = True
        self._threads: list[threading.Thread] = []

    def want(self, containers: Sequence[str]) -> list[str]:
        """Ask for these when their turn comes; those taken, since not all are while others wait."""
        with self._lock:
            pending = self._under_way.union(self._wanted)
            taken = [container for container in containers if container not in pending]
            taken = taken[: max(0, AT_ONCE - len(self._wanted))]
            self._wanted.extend(taken)
            while len(self._threads) < min(THREADS, len(containers)):
                thread = threading.Thread(target=self._run, name="container statistics", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._lock.notify_all()
        return taken

    def take(self) -> list[tuple[str, Totals]]:
        """The answers since the last call."""
        found = []
        while self._found:
            found.append(self._found.popleft())
        return found

    def close(self) -> None:
        """Let the threads end after the call each is in; never waits."""
        with self._lock:
            self._open = False
            self._wanted.clear()
            self._lock.notify_all()

    def _next(self) -> str | None:
        with self._lock:
            while self._open and not self._wanted:
                self._lock.wait()
            if not self._open:
                return None
            container = self._wanted.popleft()
            self._under_way.add(container)
            return container

    def _run(self) -> None:
        client: EngineClient | None = None
        while (container := self._next()) is not None:
            try:
                client = client or self._connect()
                client.allow(CALL_LIMIT)
                totals = totals_of(client.stats(container) or {})
                if totals is not None:
                    self._found.append((container, totals))
            except SourceError:
                if client is not None:
                    client.close()
                client = None  # the poll says what is wrong; here the next container is tried
            finally:
                with self._lock:
                    self._under_way.discard(container)
        if client is not None:
            client.close()
