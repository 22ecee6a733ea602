"""Which containers write logs, and where their output can be read: asked of the engine, seldom.

Everything here blocks and belongs in a thread of its own; files and streams are read elsewhere.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.errors import NotFound, SourceError, Unreachable, once
from console.sources.docker.container_facts import identity, mapping, moment, state_of, text
from console.sources.docker.engines import Endpoint, existing, find_endpoints, forbidden, missing, start_hint
from console.sources.docker.sdk import load_sdk

if TYPE_CHECKING:
    from console.sources.docker.engine_events import Event, EventStream
    from console.sources.logs.engine import LogClient

LIST_EVERY = 60.0
"""Seconds between two full lists: events tell of changes, the list is the truth."""
RETRY = 10.0
"""Seconds between two tries to reach an engine."""
INSPECT_LIMIT = 0.5
"""Seconds spent on inspecting in one look; many new containers take several."""
KNOCK_LIMIT = 1.0
"""Seconds a local engine may take to accept a connection."""
MAX_CONTAINERS = 1000
"""Containers followed at most."""
_LIVE = ("running", "restarting", "paused")
_FILE_DRIVERS = ("json-file", "k8s-file")


@dataclass(frozen=True, slots=True)
class ContainerLog:
    """One container's output: a file readable here, or the engine's stream."""

    id: str
    name: str
    driver: str
    path: str = ""
    """The log file; empty when it cannot be read here."""
    terminal: bool = False
    created: float = 0.0
    """Epoch seconds of the engine's clock."""
    running: bool = True

    @property
    def where(self) -> str:
        """How it is read, for people."""
        return self.path or "engine API"


class ContainerLogs:
    """One engine's containers."""

    def __init__(self, host: str, context: str, env: Mapping[str, str]) -> None:
        self._host, self._context, self._env = host, context, env
        self.note = ""
        """Why there is no engine; empty while there is one."""
        self.expected = bool(host or context)
        self._client: LogClient | None = None
        self._events: EventStream | None = None
        self._known: dict[str, ContainerLog] = {}
        self._running: dict[str, bool] = {}
        self._changed = False
        self._next_try = self._next_list = 0.0
        self._closed = False

    @property
    def reached(self) -> bool:
        """Whether the engine answers."""
        return self._client is not None

    def look(self, *, again: bool = False) -> list[ContainerLog] | None:
        """The containers whose output to follow; None when nothing is known anew.

        `again`: nobody waited for what the last look found, so this one tells it.
        """
        now = time.monotonic()
        try:
            client = self._connected(now)
            if client is None:
                return None
            client.allow(INSPECT_LIMIT * 3)
            if not self._update(client, now) and not again:
                return None
            return [self._current(log) for log in self._known.values()]
        except SourceError as error:
            self.note = "" if isinstance(error, NotFound) and not self.expected else once(str(error))
            self.drop()
            self._next_try = now + RETRY
            return None
        finally:
            if self._closed:
                self.drop()

    def client(self) -> LogClient:
        """The connection for streams; used by their threads. Raises SourceError without one."""
        client = self._client
        if client is None:
            raise NotFound("the engine is not reachable")
        return client

    def drop(self) -> None:
        """Close what is open."""
        events, self._events = self._events, None
        client, self._client = self._client, None
        if events is not None:
            events.close()
        if client is not None:
            client.close()

    def close(self) -> None:
        """Close for good; a look under way closes what it opens."""
        self._closed = True
        self.drop()

    def _connected(self, now: float) -> LogClient | None:
        if self._client is not None or now < self._next_try or self._closed:
            return self._client
        endpoints = existing(find_endpoints(self._host, self._context, self._env))
        self._client = self._first(endpoints)
        self.note, self._next_list = "", 0.0
        return self._client

    def _first(self, endpoints: list[Endpoint]) -> LogClient:
        """The first engine that answers. Raises the first one's error when none does."""
        load_sdk()  # once there is an engine, not before
        from console.sources.logs.engine import LogClient

        failure: SourceError | None = None
        for endpoint in endpoints:
            try:
                _knock(endpoint)
                return LogClient(endpoint)
            except SourceError as error:
                failure = failure or error
        assert failure is not None  # `existing` gives one at least
        raise failure

    def _update(self, client: LogClient, now: float) -> bool:
        """Bring what is known up to date; False when nothing changed."""
        events = self._events
        if events is None or not events.alive or events.overrun:
            if events is not None:
                events.close()
            _knock(client.endpoint)
            self._events = client.events(time.time() - 1)
            self._next_list = 0.0
        else:
            self._apply(events.drain())
        listed = now >= self._next_list
        if listed:
            self._list(client, now)
        changed, self._changed = listed or self._changed, False
        wanted = [key for key, running in self._running.items() if running and key not in self._known]
        for key in wanted[:MAX_CONTAINERS]:
            if time.monotonic() > now + INSPECT_LIMIT:
                break  # the rest at the next look
            found = self._inspect(client, key)
            if found is None:
                del self._running[key]
            else:
                self._known[key], changed = found, True
        return changed

    def _apply(self, events: Sequence[Event]) -> None:
        """What the engine told; a container that lived for a moment only is wanted too."""
        for event in events:
            if event.action in ("start", "restart"):
                self._running[event.container] = self._changed = True
            elif event.action in ("die", "died") and event.container in self._known:
                self._running[event.container] = False
            elif event.action in ("destroy", "remove"):
                self._running.pop(event.container, None)
                self._changed = self._known.pop(event.container, None) is not None or self._changed

    def _list(self, client: LogClient, now: float) -> None:
        self._next_list = now + LIST_EVERY
        self._running = {
            key: state_of(text(entry, "State")) in _LIVE
            for entry in client.containers()
            if (key := identity(entry))
        }
        for key in self._known.keys() - self._running.keys():
            del self._known[key]

    def _current(self, log: ContainerLog) -> ContainerLog:
        return replace(log, running=self._running.get(log.id, False))

    def _inspect(self, client: LogClient, key: str) -> ContainerLog | None:
        told = client.inspect(key)
        if told is None:
            return None
        driver = text(mapping(mapping(told, "HostConfig"), "LogConfig"), "Type", 40)
        path = told.get("LogPath")
        if not isinstance(path, str) or driver not in _FILE_DRIVERS or not _readable(path):
            path = ""
        name = text(told, "Name", 80).lstrip("/") or key[:12]
        created = moment(told, "Created")
        return ContainerLog(
            key,
            name,
            driver,
            path,
            mapping(told, "Config").get("Tty") is True,
            created.timestamp() if created else 0.0,
        )


def _knock(endpoint: Endpoint) -> None:
    """Raise SourceError unless somebody listens.

    The SDK forgets a socket that cannot connect, and it stays open until garbage is collected.
    """
    if not endpoint.socket:
        return
    with socket.socket(socket.AF_UNIX) as plug:
        plug.settimeout(KNOCK_LIMIT)
        try:
            plug.connect(endpoint.socket)
        except PermissionError:
            raise forbidden(endpoint) from None
        except FileNotFoundError:
            raise missing(endpoint) from None
        except OSError as error:
            told = error.strerror or "no answer"
            raise Unreachable(f"{endpoint.shown}: {told}", start_hint(endpoint)) from None


def _readable(path: str) -> bool:
    # a path of another host, or of a virtual machine, names nothing here
    return os.path.isabs(path) and os.access(path, os.R_OK)
