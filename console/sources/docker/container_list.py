"""The list of containers, kept by events: what must be asked again, and what happened lately."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from console.sources.docker.container_facts import JSON, from_inspection, from_listing
from console.sources.docker.containers import RESTART_WINDOW, Container
from console.sources.docker.engine_events import Event

_ENDING = ("", "2", "3", "9", "15", "SIGINT", "SIGQUIT", "SIGKILL", "SIGTERM", "INT", "QUIT", "KILL", "TERM")
"""Signals meant to end a container; others, such as HUP, are messages."""


@dataclass(slots=True)
class _Past:
    """What the events told of one container."""

    restarted: list[float] = field(default_factory=list)
    exit_code: int | None = None
    ended: bool = False
    stopped: bool = False
    oom: bool = False
    """A process inside was killed for want of memory since the last start."""
    oom_ended: bool = False
    """The last end was one of those."""


class ContainerList:
    """Containers by id, and those of which more must be asked."""

    def __init__(self) -> None:
        self.containers: dict[str, Container] = {}
        self.changes = 0
        """Grows with every change, so that what is made of the list need not be made again."""
        self._stale: dict[str, None] = {}
        self._past: dict[str, _Past] = {}
        self._newest = 0.0
        self._told_until = 0.0

    def expect_repeats(self) -> None:
        """Call before events that may tell again what is known: up to the newest known none is taken."""
        self._told_until = self._newest

    def relist(self, entries: Iterable[JSON]) -> None:
        """Take a full list: others are gone, new and changed ones are to be inspected."""
        listed: dict[str, Container] = {}
        for entry in entries:
            container = from_listing(entry)
            if container is not None:
                listed[container.id] = container
        for gone in [*self.containers.keys() - listed.keys(), *self._past.keys() - listed.keys()]:
            self._forget(gone)
        # those that look wrong are inspected first, so that a thousand healthy ones hide none
        for container in sorted(listed.values(), key=_looks_well):
            known = self.containers.get(container.id)
            if known is None or _differs(known, container):
                self._put(container if known is None else _updated(known, container))
                self._stale[container.id] = None

    def apply(self, events: Iterable[Event]) -> bool:
        """Take what happened; whether a container appeared that is not in the list."""
        unknown = False
        for event in events:
            if event.time <= self._told_until:
                continue
            self._newest = max(self._newest, event.time)
            if event.action in ("destroy", "remove"):
                self._forget(event.container)
                continue
            self._remember(self._past.setdefault(event.container, _Past()), event)
            if event.container in self.containers:
                self._stale[event.container] = None
            else:
                unknown = True
        return unknown

    def stale(self, most: int) -> list[str]:
        """The containers to inspect now, at most so many."""
        return list(self._stale)[:most]

    def mark(self, containers: Iterable[str]) -> None:
        """Have these inspected again."""
        self._stale.update(dict.fromkeys(containers))

    def inspected(
        self, identity: str, data: JSON | None, placed: Callable[[datetime], datetime] | None = None
    ) -> None:
        """Take an inspection; None when the container is gone.

        `placed` gives the times in it as they would be had the engine's clock never been set.
        """
        self._stale.pop(identity, None)
        container = from_inspection(data) if data is not None else None
        if container is None or container.id != identity:
            self._forget(identity)
            return
        if placed is not None:
            container = _placed(container, placed)
        self._put(container)

    def postpone(self, identity: str) -> None:
        """Do without an inspection until something happens or the next full list asks for it."""
        self._stale.pop(identity, None)

    def _put(self, container: Container) -> None:
        past, before = self._past.get(container.id), self.containers.get(container.id)
        self.containers[container.id] = _with_past(container, past, before)
        self.changes += 1

    def _forget(self, identity: str) -> None:
        if self.containers.pop(identity, None) is not None:
            self.changes += 1
        self._stale.pop(identity, None)
        self._past.pop(identity, None)

    def _remember(self, past: _Past, event: Event) -> None:
        action = event.action
        if action == "start":
            if past.ended and not past.stopped:
                past.restarted = [t for t in past.restarted if t > event.time - RESTART_WINDOW]
                past.restarted.append(event.time)
            past.ended = past.stopped = past.oom = False
        elif action in ("die", "died"):
            past.ended = True
            past.exit_code = event.exit_code
            past.oom_ended = past.oom
        elif action == "oom":
            if past.ended:  # engines tell the end first at times
                past.oom_ended = True
            else:
                past.oom = True
        elif action == "stop" or (action == "kill" and event.signal.upper() in _ENDING):
            past.stopped = True

    @property
    def counts(self) -> Mapping[str, int]:
        """Containers by state."""
        counts: dict[str, int] = {}
        for container in self.containers.values():
            counts[container.state] = counts.get(container.state, 0) + 1
        return counts


def _looks_well(container: Container) -> bool:
    return container.state == "running" and container.health != "unhealthy"


def _differs(known: Container, listed: Container) -> bool:
    """Whether the list shows what the last inspection did not know."""
    return (
        known.state != listed.state
        or known.name != listed.name
        or (listed.health != "" and known.health != listed.health)
        or (listed.exit_code is not None and known.exit_code != listed.exit_code)
        or not known.inspected
    )


def _updated(known: Container, listed: Container) -> Container:
    health = listed.health or (known.health if listed.running else "")
    return replace(known, name=listed.name, state=listed.state, health=health)


def _placed(container: Container, placed: Callable[[datetime], datetime]) -> Container:
    """The container with its times placed."""
    times = (container.created, container.started, container.finished)
    moved = tuple(time and placed(time) for time in times)
    if moved == times:
        return container
    created, started, finished = moved
    return replace(container, created=created, started=started, finished=finished)


def _with_past(container: Container, past: _Past | None, before: Container | None) -> Container:
    """The container with what its inspection does not tell: engines forget the last end at the next start."""
    code, oom = container.exit_code, container.oom_killed
    if container.state == "running" and container.finished is not None:
        if past is not None and past.exit_code is not None:
            code, oom = past.exit_code, oom or past.oom or past.oom_ended
        elif before is not None:
            code, oom = before.exit_code, oom or before.oom_killed
    elif past is not None:
        oom = oom or past.oom or (past.oom_ended and container.state in ("exited", "restarting", "dead"))
    restarted = tuple(past.restarted) if past is not None else ()
    stopped = past.stopped if past is not None else False
    if (code, oom, restarted, stopped) == (container.exit_code, container.oom_killed, (), False):
        return container
    return replace(container, exit_code=code, oom_killed=oom, restarted=restarted, stopped=stopped)
