"""The streams of the containers an engine told of: opened, reopened at a restart, let go of."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.logs.files import FIRST_LINES
from console.logs.forms import Cri, DockerJson
from console.logs.origin import Kind, Origin, Origins
from console.logs.streams import FileStream, Stream

if TYPE_CHECKING:
    from console.sources.logs.containers import ContainerLog, ContainerLogs
    from console.sources.logs.engine import EngineStream

MAX_STREAMS = 32
"""Containers read through the engine's API at most: each takes a thread and a connection."""


class ContainerStreams:
    """`found` is called on the event loop, everything else in the thread that reads."""

    def __init__(self, origins: Origins) -> None:
        self.left_out = 0
        """Containers that are not followed because MAX_STREAMS are already."""
        self._origins = origins
        self._wanted: dict[int, tuple[ContainerLogs, Sequence[ContainerLog]]] = {}
        self._changed = False
        self._started = time.time()
        self._files: dict[str, FileStream] = {}
        self._asked: dict[str, EngineStream] = {}

    def found(self, number: int, engine: ContainerLogs, logs: Sequence[ContainerLog]) -> None:
        """These are the containers of an engine now."""
        self._wanted[number] = (engine, logs)
        self._changed = True

    def streams(self, kept: int, journal: bool) -> Mapping[str, Stream]:
        """The streams to read, by container. `kept` as for Origins; `journal`: whether it is followed."""
        if self._changed:
            self._changed = False
            self._line_up(journal)
        wanted = {log.id for _, logs in self._wanted.values() for log in logs}
        streams: dict[str, Stream] = {**self._files, **self._asked}
        for key, stream in list(streams.items()):
            if key not in wanted and stream.ended:
                del streams[key]
                stream.close()
                self._origins.release(stream.origin, kept)
                self._files.pop(key, None)
                self._asked.pop(key, None)
        return streams

    def close(self) -> None:
        """Close all streams."""
        streams: list[Stream] = [*self._files.values(), *self._asked.values()]
        for stream in streams:
            stream.close()
        self._files.clear()
        self._asked.clear()

    def _line_up(self, journal: bool) -> None:
        self.left_out = 0
        for engine, logs in self._wanted.values():
            for log in logs:
                if log.driver == "none" or (log.driver == "journald" and journal):
                    continue  # nothing there, or the journal has it
                asked = self._asked.get(log.id)
                if asked is not None and asked.ended and log.running:
                    asked.reopen()
                elif asked is None and log.id not in self._files:
                    self._open(engine, log)

    def _open(self, engine: ContainerLogs, log: ContainerLog) -> None:
        if not log.path and len(self._asked) >= MAX_STREAMS:
            self.left_out += 1
            return
        origin = self._origins.add(log.name, Kind.CONTAINER, log.where, apart=log.id[:12])
        if not log.path:
            self._asked[log.id] = _engine_stream(engine, log, origin)
            return
        form = Cri if log.driver == "k8s-file" else DockerJson
        # the output of a container that began while we look is all news
        lines = None if log.created >= self._started else FIRST_LINES
        self._files[log.id] = FileStream(log.path, origin, form(origin), lines)


def _engine_stream(engine: ContainerLogs, log: ContainerLog, origin: Origin) -> EngineStream:
    from console.sources.logs.engine import EngineStream  # an engine answered: its SDK is loaded already

    return EngineStream(engine.client, log.id, log.terminal, origin)
