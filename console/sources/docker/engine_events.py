"""What happens to containers, as the engine tells it: one thread that reads, and what it read."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from console.sources.docker.container_facts import identity, mapping, number

WANTED = (
    "create",
    "start",
    "restart",
    "die",
    "died",
    "stop",
    "kill",
    "oom",
    "pause",
    "unpause",
    "rename",
    "update",
    "health_status",
    "destroy",
    "remove",
)
"""Actions that change what is shown; `died` and `remove` are podman's. Without the filter every probe
of every health check would send three more."""
MAX_WAITING = 20_000
"""Events kept between two polls; of more the oldest are dropped, and the whole list is asked again."""
MAX_LINE = 1_000_000
"""Bytes of one event: more is no event, and the stream is given up."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a container."""

    container: str
    action: str
    time: float
    """Epoch seconds of the engine's clock."""
    exit_code: int | None = None
    signal: str = ""


def parse(line: bytes) -> Event | None:
    """An event out of one line of the stream; None for anything else."""
    try:
        data = json.loads(line)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    actor = mapping(data, "Actor")
    container = identity(actor) or identity(data)
    action = data.get("Action") or data.get("status")
    if not container or not isinstance(action, str):
        return None
    told = mapping(actor, "Attributes")
    code = told.get("exitCode", told.get("containerExitCode"))
    time = number(data, "timeNano") / 1e9 or float(number(data, "time"))
    return Event(
        container,
        action.partition(":")[0],
        time,
        int(code) if isinstance(code, str) and code.lstrip("-").isdecimal() and len(code) < 12 else None,
        str(told.get("signal", ""))[:20],
    )


class EventStream:
    """Reads events in a daemon thread until the stream ends or is closed.

    `chunks` blocks in that thread only; `hang_up` makes it return from the thread of the caller.
    """

    def __init__(self, chunks: Iterator[bytes], hang_up: Callable[[], None], name: str = "events") -> None:
        self._chunks = chunks
        self._hang_up = hang_up
        self._waiting: deque[Event] = deque(maxlen=MAX_WAITING)
        self.overrun = False
        """Whether events were dropped since the last `drain`."""
        self._thread = threading.Thread(target=self._read, name=name, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether events still come in."""
        return self._thread.is_alive()

    def drain(self) -> list[Event]:
        """The events since the last call, in their order."""
        self.overrun = False
        events: list[Event] = []
        try:
            while True:
                events.append(self._waiting.popleft())
        except IndexError:
            return events

    def close(self, wait: float = 0.0) -> None:
        """Hang up; the thread ends at once. `wait` are seconds to wait for that."""
        self._hang_up()
        if wait:
            self._thread.join(wait)

    def _read(self) -> None:
        rest = b""
        for chunk in self._chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                event = parse(line) if line else None
                if event is not None:
                    self.overrun = self.overrun or len(self._waiting) == MAX_WAITING
                    self._waiting.append(event)
            if len(rest) > MAX_LINE:
                self._hang_up()
                return
