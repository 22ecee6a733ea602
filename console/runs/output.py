"""What a step writes, on its way to the spool: masked, bounded, and never holding the step up.

Up to a rate everything is masked and kept as it comes. A flood is held in a ring of raw bytes, of
which the newest are masked now and then; what fell out between is counted and said in its place.
"""

from __future__ import annotations

import time

from console.masks import Masks, MaskStream
from console.runs.spool import SpoolWriter

RATE = 4 << 20
"""Bytes a second that are masked; as much again at once after a quiet time."""
RING = 1 << 20
"""Bytes held unmasked, in memory only."""
QUIET = 0.2
"""Seconds without output after which a line that has not ended is shown."""
SLICE = 1 << 17
"""Bytes masked in one go."""


class Output:
    """Takes raw bytes and writes the spool."""

    def __init__(self, directory: str, masks: Masks) -> None:
        self.taken = 0
        """Bytes the step has written."""
        self.error = ""
        """Why the spool could not be written; the step goes on all the same."""
        self._masks = masks
        self._stream = MaskStream(masks)
        self._spool = SpoolWriter(directory)
        self._ring = bytearray()
        self._lost = 0
        self._gap = 0
        self._allowed = float(RATE)
        self._last = 0.0
        self._taken = 0.0
        self._open = False
        """Something was written that may have left the beginning of a line behind."""

    @property
    def dropped(self) -> int:
        """Bytes of the step's output that are not on disk."""
        return self._lost + self._spool.dropped

    def take(self, data: bytes) -> None:
        """Accept what was read; costs no more than a copy."""
        self.taken += len(data)
        self._taken, self._open = time.monotonic(), True
        self._ring += data
        if (over := len(self._ring) - RING) > 0:
            # up to a line's end, so that no half of a secret stays
            end = self._ring.find(b"\n", over - 1)
            cut = end + 1 if end >= 0 else len(self._ring)
            del self._ring[:cut]
            self._gap += cut
            self._lost += cut

    def due(self, now: float) -> float:
        """Seconds until there is something to flush."""
        if not self._ring:
            return QUIET if self._open else 3600.0
        return 0.0 if self._allowed >= SLICE or now - self._last > 0.1 else 0.05

    def flush(self, now: float) -> None:
        """Mask and write a little of what waits, within the rate."""
        self._allowed = min(float(RATE), self._allowed + (now - self._last) * RATE) if self._last else RATE
        self._last = now
        if not self._ring and self._open and now - self._taken >= QUIET:
            self._open = False
            self._write(self._stream.idle())  # a prompt has no line end
        while self._ring and self._allowed >= min(SLICE, len(self._ring)):
            self._close_gap()
            piece = bytes(self._ring[:SLICE])
            del self._ring[:SLICE]
            self._allowed -= len(piece)
            self._write(self._stream.feed(piece))

    def _close_gap(self) -> None:
        if self._gap:
            gap, self._gap = self._gap, 0
            self._write(self._stream.finish())
            self._write(f"\n... {gap:,} bytes not kept ...\n".encode())
            self._stream = MaskStream(self._masks)

    def close(self) -> None:
        """Write the rest."""
        self._close_gap()
        self._write(self._stream.feed(bytes(self._ring)))
        self._ring.clear()
        self._write(self._stream.finish())
        try:
            self._spool.close()
        except OSError as error:
            self.error = f"its output was not kept: {error.strerror}"

    def _write(self, data: bytes) -> None:
        if self.error:
            self._lost += len(data)
            return
        try:
            self._spool.write(data)
        except OSError as error:
            self.error = f"its output was not kept from here on: {error.strerror}"
