"""Streams that somebody asked for while the console runs, such as the output of a pod."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.logs.origin import Kind, Origins
from console.logs.streams import Stream, Wanted

MOST = 32
"""Streams at once; of more the one asked for first is left."""


class AskedStreams:
    """`ask` is called on the event loop, everything else in the thread that reads."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins
        self._wanted: dict[str, Wanted] = {}
        self._streams: dict[str, Stream] = {}

    def ask(self, wanted: Sequence[Wanted]) -> None:
        """Follow these too; those that are followed already go on."""
        merged = {key: one for key, one in self._wanted.items() if key not in {w.id for w in wanted}}
        merged |= {one.id: one for one in wanted}
        self._wanted = dict(list(merged.items())[-MOST:])

    @property
    def any(self) -> bool:
        """Whether anybody has asked for something."""
        return bool(self._wanted)

    def streams(self, kept: int) -> Mapping[str, Stream]:
        """The streams to read, by what they are known by; `kept` as for Origins."""
        wanted = self._wanted
        for key, one in wanted.items():
            if key not in self._streams:
                self._streams[key] = one.open(self._origins.add(one.name, Kind.CONTAINER, one.where))
        for key in self._streams.keys() - wanted.keys():
            stream = self._streams.pop(key)
            stream.close()
            self._origins.release(stream.origin, kept)
        return self._streams

    def close(self) -> None:
        """Close all of them."""
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()
