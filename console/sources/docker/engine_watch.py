"""Watches one engine from a thread: connection, list, events, measurements, and a snapshot of them."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from console.errors import Refused, SourceError
from console.sources.base import Focus
from console.sources.docker.container_facts import JSON, engine_of, moment
from console.sources.docker.container_list import ContainerList
from console.sources.docker.container_meter import API, BY_API_AT_ONCE, ContainerMeter
from console.sources.docker.containers import RESTART_WINDOW, Container, DockerSnapshot, Engine
from console.sources.docker.engine_clock import EngineClock
from console.sources.docker.engines import OF_CONTEXT, USUAL, Endpoint, existing, find_endpoints
from console.sources.docker.sdk import load_sdk

if TYPE_CHECKING:
    from console.sources.docker.engine_api import EngineClient
    from console.sources.docker.engine_events import EventStream
    from console.sources.docker.engine_stats import StatsByApi

POLL_LIMIT = 2.6
"""Seconds all requests of one poll may take together."""
LIST_EVERY = 30.0
"""Seconds between two full lists: events may be lost, the list is the truth."""
INFO_EVERY = 60.0
"""Seconds between two looks at the engine itself, which cost it some milliseconds."""
INSPECTED_AT_ONCE = 64
"""Containers inspected in one poll, at most; a thousand new ones take some polls."""
INSPECT_LIMIT = 1.0
"""Seconds of one poll spent on inspecting, at most."""


def _by_name(container: Container) -> tuple[list[tuple[int, str]], str]:
    """Names as people order them: api-2 before api-10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", container.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], container.id


class EngineWatch:
    """One engine. All methods block and belong to one thread, but `drop` may come from another."""

    def __init__(self, host: str, context: str, env: Mapping[str, str]) -> None:
        self._host = host
        self._context = context
        self._env = env
        self.endpoint: Endpoint | None = None
        """The engine that answered once; from then on no other is asked."""
        self._client: EngineClient | None = None
        self._stream: EventStream | None = None
        self._engine: Engine | None = None
        self._clock = EngineClock()
        self._list = ContainerList()
        self._meter = ContainerMeter()
        self._list_due = self._info_due = self._events_due = 0.0
        self._denied: dict[str, str] = {}
        """What a proxy before the engine does not let through, with what it costs."""
        self._sorted: tuple[int, tuple[Container, ...]] = (-1, ())
        self._followed: float | None = None
        """When its events were first followed, on the monotonic clock."""

    @property
    def address(self) -> tuple[str, str]:
        """Host and context that lead to this engine, also when another becomes the default meanwhile."""
        if self._host or self._context or self.endpoint is None:
            return self._host, self._context
        origin = self.endpoint.origin
        if origin == USUAL:
            return self.endpoint.host, ""
        # the certificates for a DOCKER_HOST come from the environment as it does
        return "", origin.removeprefix(OF_CONTEXT) if origin.startswith(OF_CONTEXT) else ""

    def poll(self, focus: Focus) -> DockerSnapshot:
        """The containers now. Raises SourceError and then has nothing open."""
        try:
            client = self._connected()
            engine = self._look(client)
            listed = self._update(client, engine)
            containers = self._ordered()
            running = [container for container in containers if container.running]
            measured = self._meter.measure(running, focus, self._statistics)
            return self._snapshot(engine, containers, measured, listed)
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Close all that is open; what is known stays, so that the next connection asks for changes."""
        stream, self._stream = self._stream, None
        client, self._client = self._client, None
        if stream is not None:
            stream.close()
        if client is not None:
            client.close()
        self._meter.close()

    def _connected(self) -> EngineClient:
        if self._client is not None:
            self._client.allow(POLL_LIMIT)
            self._client.ping()
        else:
            self._client = self._connect()
            self._list_due = self._info_due = 0.0
            self._meter.restart()
        return self._client

    def _connect(self) -> EngineClient:
        """The first engine that answers. Raises the first one's error when none does."""
        if self.endpoint is not None:
            tried = [self.endpoint]
        else:
            tried = existing(find_endpoints(self._host, self._context, self._env))
        load_sdk()  # once there is an engine, not before
        from console.sources.docker.engine_api import EngineClient

        failure: SourceError | None = None
        for endpoint in tried:
            try:
                client = EngineClient(endpoint)
            except SourceError as error:
                failure = failure or error
                continue
            self.endpoint = endpoint
            client.allow(POLL_LIMIT)
            return client
        assert failure is not None
        raise failure

    def _statistics(self) -> StatsByApi:
        from console.sources.docker.engine_api import EngineClient
        from console.sources.docker.engine_stats import StatsByApi

        endpoint = self.endpoint
        assert endpoint is not None
        return StatsByApi(lambda: EngineClient(endpoint))

    def _look(self, client: EngineClient) -> Engine:
        """The engine itself, asked when it is due."""
        now = time.monotonic()
        if self._engine is None or now >= self._info_due or self._clock.doubtful:
            info = self._info(client)
            self._engine = engine_of(client.version, info, client.endpoint.shown)
            self._clock.learn(moment(info, "SystemTime"))
            self._info_due = now + INFO_EVERY
        return self._engine

    def _info(self, client: EngineClient) -> JSON:
        """What the engine says of itself; nothing when a proxy before it denies that."""
        try:
            self._denied.pop("info", None)
            return client.info()
        except Refused:
            self._denied["info"] = "the engine denies /info: allow it, to see its host's cores and memory"
            return {}

    def _update(self, client: EngineClient, engine: Engine) -> bool:
        """Bring the list up to date; whether the whole list was asked."""
        now = time.monotonic()
        unknown = self._follow(client)
        listed = unknown or now >= self._list_due
        if listed:
            self._list.relist(client.containers())
            self._list_due = now + LIST_EVERY
            if engine.kind == "podman":  # its list is silent on health, and its older versions' events too
                self._list.mark([c.id for c in self._list.containers.values() if c.health])
        self._inspect(client, now + INSPECT_LIMIT)
        return listed

    def _inspect(self, client: EngineClient, until: float) -> None:
        from console.sources.docker.engine_api import Failed

        for container in self._list.stale(INSPECTED_AT_ONCE):
            try:
                self._list.inspected(container, client.inspect(container), self._clock.placed_date)
            except Failed:  # half-removed containers are like that, and must not take the others down
                self._list.postpone(container)
            if time.monotonic() > until:
                break

    def _follow(self, client: EngineClient) -> bool:
        """Take what happened since the last poll; whether a container appeared that is not in the list.

        A stream that ended is opened anew, after the engine was asked what it remembers of the time
        within which restarts count; and the whole list is due, at every poll when there are no events.
        """
        stream = self._stream
        if stream is not None and stream.alive and not stream.overrun:
            happened = stream.drain()
            return self._list.apply([replace(e, time=self._clock.placed_now(e.time)) for e in happened])
        if stream is not None:
            stream.close()
        self._list_due = 0.0
        if "events" in self._denied and time.monotonic() < self._events_due:
            return False
        now = self._clock.theirs
        try:
            self._stream = client.events(now)
        except Refused:
            self._denied["events"] = "the engine denies /events: allow it, to see restarts as they happen"
            self._events_due = time.monotonic() + INFO_EVERY
            return False
        self._denied.pop("events", None)
        if self._followed is None:
            self._followed = time.monotonic()
        self._list.expect_repeats()
        past = client.past_events(now - RESTART_WINDOW, now)
        unknown = self._list.apply([replace(e, time=self._clock.placed(e.time)) for e in past])
        self._list.expect_repeats()
        return unknown

    def _ordered(self) -> tuple[Container, ...]:
        changes, containers = self._sorted
        if changes != self._list.changes:
            containers = tuple(sorted(self._list.containers.values(), key=_by_name))
            self._sorted = (self._list.changes, containers)
        return containers

    def _snapshot(
        self, engine: Engine, containers: tuple[Container, ...], measured: float, listed: bool
    ) -> DockerSnapshot:
        limited = list(self._denied.values())
        usage, ways = self._meter.usage, self._meter.ways
        if API in ways and sum(1 for c in containers if c.running) > BY_API_AT_ONCE:
            limited.append(f"measured through the engine's API, {BY_API_AT_ONCE} containers at a time")
        return DockerSnapshot(
            engine=engine,
            containers=containers,
            usage=usage,
            time=self._clock.date,
            monotonic=measured,
            counts=self._list.counts,
            statistics=" and ".join(ways),
            listed=listed,
            watched=0.0 if self._followed is None else time.monotonic() - self._followed,
            limited=tuple(limited),
        )
