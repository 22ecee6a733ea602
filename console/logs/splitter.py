"""Bytes as they come to whole lines, however long and wherever they were cut."""

from __future__ import annotations

import re

from console.units import bytes_

LINE_BYTES = 8192
"""Bytes kept of one line; what is longer ends with a mark that says how much was cut."""

UNFINISHED = " … unfinished".encode()
"""Ends the part of a line that is shown before the line's end came."""
RESUMED = "  … ".encode()
"""Begins the rest of such a line; indented, so that it counts as a part of the same message."""

_LAST_LETTER = re.compile(rb"[\xc0-\xff][\x80-\xbf]{0,3}\Z")


class Splitter:
    """Keeps the unfinished line between two pieces, never more than `limit` bytes of it."""

    __slots__ = ("_begun", "_cut", "_partial", "limit")

    def __init__(self, limit: int = LINE_BYTES) -> None:
        self.limit = limit
        self._partial = b""
        self._cut = 0
        """Bytes of the unfinished line that were thrown away."""
        self._begun = False
        """Whether the beginning of the unfinished line was given already."""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ended in this piece, without their line ends."""
        first, *rest = data.split(b"\n")
        if not rest:
            self._continue(first)
            return []
        self._continue(first)
        begun = self._begun
        lines = self.flush() or ([] if begun else [b""])
        self._continue(rest.pop())
        if len(data) > self.limit and rest and max(map(len, rest)) > self.limit:
            rest = [line if len(line) <= self.limit else self._shortened(line) for line in rest]
        return lines + rest

    def flush(self) -> list[bytes]:
        """The unfinished line, when its end has come or will not come any more."""
        line = _marked(self._partial, self._cut) if self._cut else self._partial
        if self._begun:
            line = line.rstrip(b"\r") and RESUMED + line
        self._partial, self._cut, self._begun = b"", 0, False
        return [line] if line else []

    def begin(self) -> list[bytes]:
        """What there is of the unfinished line, marked; its rest will come as a line of its own."""
        held = _held(self._partial)
        if len(held) == len(self._partial):
            return []
        self._partial = self._partial.removesuffix(held)
        lines = self.flush()  # none, where nothing but carriage returns came since the last time
        self._partial, self._begun = held, True
        return [line + UNFINISHED for line in lines]

    def _continue(self, data: bytes) -> None:
        line = self._partial + data
        if len(line) > self.limit:
            self._cut += len(line) - self.limit
            line = line[: self.limit]
        self._partial = line

    def _shortened(self, line: bytes) -> bytes:
        return _marked(line[: self.limit], len(line) - self.limit)


def _held(line: bytes) -> bytes:
    """The end of an unfinished line that cannot be shown alone: half a letter, half a line end."""
    if line.endswith(b"\r"):
        return b"\r"
    last = _LAST_LETTER.search(line)
    try:
        line[last.start() if last else len(line) :].decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return line[-(error.end - error.start) :]
    return b""


def _marked(line: bytes, cut: int) -> bytes:
    return _LAST_LETTER.sub(b"", line) + f" … +{bytes_(cut)} cut".encode()
