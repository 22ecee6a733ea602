"""Readings of the last hour or so, kept small, so that a reader can step back through time."""

from __future__ import annotations

import pickle  # reads back only what this process wrote, from its own memory
import zlib
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from typing import Any

from console.sources.base import Reading

STEP = 5.0
"""Seconds between two kept readings of one source."""
MAX_BYTES = 6_000_000
"""Bytes of compressed readings kept of all sources together."""


@dataclass(frozen=True, slots=True)
class _Kept:
    monotonic: float
    data: bytes


class Past:
    """Compressed readings by source; the oldest of all leave when the bytes run out."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._kept: dict[str, deque[_Kept]] = {}

    def add(self, reading: Reading[Any]) -> None:
        """Keep a reading unless one of the last `STEP` seconds is kept already."""
        if reading.snapshot is not None and not reading.snapshot.kept:
            return
        kept = self._kept.setdefault(reading.source, deque())
        if kept and reading.monotonic - kept[-1].monotonic < STEP:
            return
        data = zlib.compress(pickle.dumps(reading, protocol=pickle.HIGHEST_PROTOCOL), level=1)
        kept.append(_Kept(reading.monotonic, data))
        self.nbytes += len(data)
        while self.nbytes > self.max_bytes:
            oldest = min((k for k in self._kept.values() if k), key=lambda k: k[0].monotonic)
            self.nbytes -= len(oldest.popleft().data)

    def at(self, source: str, monotonic: float) -> Reading[Any] | None:
        """The newest reading kept of a source at or before a time; None when there is none."""
        kept = self._kept.get(source)
        if not kept:
            return None
        index = bisect_right(kept, monotonic, key=lambda entry: entry.monotonic)
        if not index:
            return None
        reading: Reading[Any] = pickle.loads(zlib.decompress(kept[index - 1].data))  # noqa: S301 own bytes
        return reading

    @property
    def oldest(self) -> float:
        """The time of the oldest reading kept (monotonic seconds); infinity when there is none."""
        return min((kept[0].monotonic for kept in self._kept.values() if kept), default=float("inf"))
