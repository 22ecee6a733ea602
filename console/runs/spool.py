"""A step's output on disk: written by its supervisor in bounded pieces, read by offset.

A spool is a directory of files named by where they begin (`out.000000000000000`). The first is kept
for good, of the later ones the newest; what lay between is dropped, and a reader is told how much.
Standard library only: the supervisor must start quickly.
"""

from __future__ import annotations

import os

HEAD = 4 << 20
"""Bytes of the beginning that are kept."""
PIECE = 4 << 20
"""Bytes of one later file; of these the newest two are kept."""
KEPT_PIECES = 2
_PREFIX = "out."


def pieces(directory: str) -> list[tuple[int, str]]:
    """The files of a spool as (first byte, path), in order; empty where there is none."""
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    found = [name for name in names if name.startswith(_PREFIX) and name[len(_PREFIX) :].isdigit()]
    return sorted((int(name[len(_PREFIX) :]), os.path.join(directory, name)) for name in found)


class SpoolWriter:
    """Appends to a spool. Its files are the user's own to read (0600)."""

    def __init__(self, directory: str, head: int = HEAD, piece: int = PIECE) -> None:
        self.written = 0
        """Bytes given so far."""
        self.dropped = 0
        """Bytes of them that are no longer on disk."""
        self._directory = directory
        self._piece = piece
        self._room = head
        self._later: list[tuple[str, int]] = []
        self._handle = self._open()

    def write(self, data: bytes) -> None:
        """Append, beginning a new file where the present one is full. Raises OSError (disk full)."""
        view = memoryview(data)
        while view:
            if not self._room:
                self._turn()
            count = os.write(self._handle, view[: self._room])
            self._room -= count
            self.written += count
            view = view[count:]

    def _turn(self) -> None:
        os.close(self._handle)
        self._handle = self._open()
        self._room = self._piece
        self._later.append((self._path(self.written), self._piece))
        if len(self._later) > KEPT_PIECES:
            path, size = self._later.pop(0)
            os.unlink(path)
            self.dropped += size

    def _path(self, offset: int) -> str:
        return os.path.join(self._directory, f"{_PREFIX}{offset:015d}")

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(self._path(self.written), flags, 0o600)

    def close(self) -> None:
        """Write nothing more; what there is reaches the disk."""
        os.fsync(self._handle)
        os.close(self._handle)


def read(directory: str, offset: int, limit: int) -> tuple[bytes, int, int]:
    """At most `limit` bytes from an offset on, the offset to go on from, and bytes skipped before them."""
    for start, path in pieces(directory):
        try:
            size = os.stat(path).st_size
            if offset >= start + size:
                continue
            begin = max(offset, start)
            with open(path, "rb") as stream:
                stream.seek(begin - start)
                data = stream.read(limit)
        except FileNotFoundError:
            continue  # dropped while we looked; the next one stands further on
        return data, begin + len(data), begin - offset
    return b"", offset, 0


def end_of(directory: str) -> int:
    """The offset behind the last byte there is."""
    for start, path in reversed(pieces(directory)):
        try:
            return start + os.stat(path).st_size
        except FileNotFoundError:
            continue
    return 0
