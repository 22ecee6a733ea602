"""Readings of the last hour or so, kept small, so that a reader can step back through time."""

from __future__ import annotations

import pickle  # reads back only what this process wrote, from its own memory
import zlib
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.sources.base import Reading

STEP = 5.0
"""Seconds between two kept readings of one source."""
MAX_BYTES = 6_000_000
"""Bytes of compressed readings kept of all sources together."""

LARGE = 10_000
"""Bytes of a compressed reading that take some milliseconds to make."""

RATE = 5_000.0
"""Bytes a second that one source may take: a larger one is kept less often, so that the past of the others
stays as long.
"""


@dataclass(frozen=True, slots=True)
class _Kept:
    monotonic: float
    time: datetime
    good: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Then:
    """What was known of a source at a moment: its newest reading, its newest good one, and since when
    it had been failing.
    """

    reading: Reading[Any] | None = None
    good: Reading[Any] | None = None
    failing_since: datetime | None = None


class Past:
    """Compressed readings by source; the oldest of all leave when the bytes run out.

    Failures are kept as well, so that what was down never looks up when stepped back to.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._kept: dict[str, deque[_Kept]] = {}

    def add(self, reading: Reading[Any], always: bool = False) -> None:
        """Keep a reading unless one of the last `STEP` seconds, or of a large one's share, is kept already.

        One with which a source fails or recovers is kept in any case; `always` keeps any.
        """
        if self.wants(reading, always):
            self.put(reading, pack(reading))

    def wants(self, reading: Reading[Any], always: bool = False) -> bool:
        """Whether `add` keeps this reading."""
        if reading.snapshot is not None and not reading.snapshot.kept:
            return False
        kept = self._kept.get(reading.source)
        if not kept:
            return True
        last, good = kept[-1], reading.error is None
        step = max(STEP, len(last.data) / RATE)
        recent = reading.monotonic - last.monotonic < step and last.good == good and not always
        return not recent and reading.monotonic > last.monotonic

    def large(self, source: str) -> bool:
        """Whether the newest reading of a source was so large that `pack` is better done in a thread."""
        kept = self._kept.get(source)
        return len(kept[-1].data) > LARGE if kept else False

    def put(self, reading: Reading[Any], data: bytes) -> None:
        """Keep a reading that was packed meanwhile; nothing where it could not be, or newer ones are kept."""
        kept = self._kept.setdefault(reading.source, deque())
        if not data or (kept and reading.monotonic <= kept[-1].monotonic):
            return
        kept.append(_Kept(reading.monotonic, reading.time, reading.error is None, data))
        self.nbytes += len(data)
        while self.nbytes > self.max_bytes:
            oldest = min((k for k in self._kept.values() if k), key=lambda k: k[0].monotonic)
            self.nbytes -= len(oldest.popleft().data)

    def at(self, source: str, monotonic: float) -> Then:
        """What was known of a source at a time (monotonic seconds), as far as it was kept."""
        kept = self._kept.get(source, deque())
        newest = bisect_right(kept, monotonic, key=lambda entry: entry.monotonic) - 1
        good, since = newest, None
        while good >= 0 and not kept[good].good:
            since = kept[good].time
            good -= 1
        last_good = _load(kept[good]) if good >= 0 else None
        reading = last_good if good == newest else _load(kept[newest])
        return Then(reading, last_good, since)

    @property
    def oldest(self) -> float:
        """The time of the oldest reading kept (monotonic seconds); infinity when there is none."""
        return min((kept[0].monotonic for kept in self._kept.values() if kept), default=float("inf"))


def pack(reading: Reading[Any]) -> bytes:
    """A reading as it is kept; empty where it cannot be, as another package's may not. For any thread."""
    try:
        dumped = pickle.dumps(reading, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception:  # noqa: BLE001 whatever another package's snapshot may raise
        return b""  # what cannot be pickled cannot be stepped back to; the present is not affected
    return zlib.compress(dumped, level=1)


def _load(kept: _Kept) -> Reading[Any]:
    reading: Reading[Any] = pickle.loads(zlib.decompress(kept.data))  # noqa: S301 own bytes
    return reading
