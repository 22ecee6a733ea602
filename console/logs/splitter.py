"""Bytes as they come to whole lines, however long and wherever they were cut."""

from __future__ import annotations

import re

from console.units import bytes_

LINE_BYTES = 8192
"""Bytes kept of one line; what is longer ends with a mark that says how much was cut."""

_LAST_LETTER = re.compile(rb"[\xc0-\xff][\x80-\xbf]{0,3}\Z")


class Splitter:
    """Keeps the unfinished line between two pieces, never more than `limit` bytes of it."""

    __slots__ = ("_cut", "_partial", "limit")

    def __init__(self, limit: int = LINE_BYTES) -> None:
        self.limit = limit
        self._partial = b""
        self._cut = 0
        """Bytes of the unfinished line that were thrown away."""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ended in this piece, without their line ends."""
        first, *rest = data.split(b"\n")
        if not rest:
            self._continue(first)
            return []
        self._continue(first)
        lines = self.flush() or [b""]
        self._continue(rest.pop())
        if len(data) > self.limit and rest and max(map(len, rest)) > self.limit:
            rest = [line if len(line) <= self.limit else self._shortened(line) for line in rest]
        return lines + rest

    def flush(self) -> list[bytes]:
        """The unfinished line, when its end has come or will not come any more."""
        if not self._partial:
            return []
        line = _marked(self._partial, self._cut) if self._cut else self._partial
        self._partial, self._cut = b"", 0
        return [line]

    def _continue(self, data: bytes) -> None:
        line = self._partial + data
        if len(line) > self.limit:
            self._cut += len(line) - self.limit
            line = line[: self.limit]
        self._partial = line

    def _shortened(self, line: bytes) -> bytes:
        return _marked(line[: self.limit], len(line) - self.limit)


def _marked(line: bytes, cut: int) -> bytes:
    return _LAST_LETTER.sub(b"", line) + f" … +{bytes_(cut)} cut".encode()
