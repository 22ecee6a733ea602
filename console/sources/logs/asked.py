"""Streams that somebody asked for while the console runs, such as the output of a pod."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from console.logs.origin import Kind, Origins
from console.logs.streams import Stream, Wanted

MOST = 32
"""Streams at once; of more the one asked for first is left."""
LINGER = 30.0
"""Seconds that one which has ended is kept, with why nothing came of it."""


class AskedStreams:
    """`ask` is called on the event loop, everything else in the thread that reads."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins
        self._wanted: dict[str, Wanted] = {}
        self._streams: dict[str, Stream] = {}
        self._ended: dict[str, float] = {}
        """When those that have ended were seen to have (monotonic seconds)."""

    def ask(self, wanted: Sequence[Wanted]) -> None:
        """Follow these too; those that are followed already go on."""
        asked = {one.id: one for one in wanted}
        merged = {key: one for key, one in self._wanted.items() if key not in asked} | asked
        # a new one: the thread that reads may be going through the old one
        self._wanted = dict(list(merged.items())[-MOST:])

    @property
    def any(self) -> bool:
        """Whether anybody has asked for something."""
        return bool(self._wanted)

    def streams(self, kept: int) -> Mapping[str, Stream]:
        """The streams to read, by what they are known by; `kept` as for Origins."""
        wanted, now = self._wanted, time.monotonic()
        for key, one in wanted.items():
            if key not in self._streams and key not in self._ended:
                self._streams[key] = one.open(self._origins.add(one.name, Kind.CONTAINER, one.where))
        for key, stream in list(self._streams.items()):
            if stream.ended:
                self._ended.setdefault(key, now)
            if key not in wanted or now - self._ended.get(key, now) > LINGER:
                del self._streams[key]
                stream.close()
                self._origins.release(stream.origin, kept)
        self._ended = {key: since for key, since in self._ended.items() if key in wanted}
        return self._streams

    def close(self) -> None:
        """Close all of them."""
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()
