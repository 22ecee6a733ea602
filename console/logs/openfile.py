"""One file of a log, held open: its identity, how far it was read, and what is there to read."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from console.logs.splitter import Splitter

HEAD_BYTES = 256
"""Bytes at a file's start that tell it from another."""
LAST_BYTES = 64
"""Bytes before the place read up to that must still be there, or the file was written anew."""
TAIL_BYTES = 256 * 1024
"""How far back the newest lines are looked for in a file met for the first time."""
_BLOCK = 1024 * 1024

Identity = tuple[int, int]
"""Device and inode: of one file only while it is held open, since inodes are used again."""


class NotAFile(OSError):
    """The path names a directory, a device or a pipe."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file was read, so that it is known again by its content under any name and inode."""

    identity: Identity
    offset: int
    head: bytes
    last: bytes
    mtime_ns: int


class OpenFile:
    """A regular file open for reading; every method may raise OSError."""

    __slots__ = (
        "backlog", "fd", "grown", "head", "identity", "idle_since", "last", "mtime_ns", "offset", "splitter",
    )  # fmt: skip

    def __init__(self, path: str, line_bytes: int) -> None:
        # without O_NONBLOCK opening a pipe that nobody writes to would wait for ever
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        status = os.fstat(self.fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(self.fd)
            raise NotAFile(0, "not a regular file", path)
        self.identity: Identity = (status.st_dev, status.st_ino)
        self.mtime_ns = status.st_mtime_ns
        """When it was last written, as of the last look."""
        self.offset = 0
        self.head = self.last = b""
        self.splitter = Splitter(line_bytes)
        self.backlog = 0
        """Bytes that were there when the file was met: history, not news."""
        self.grown = 0.0
        """When something new was read last (monotonic seconds)."""
        self.idle_since = 0.0
        """When a file that lost its name had nothing new for the first time (monotonic seconds)."""

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.fd)

    def status(self) -> os.stat_result:
        """Size and times now."""
        status = os.fstat(self.fd)
        self.mtime_ns = status.st_mtime_ns
        return status

    @property
    def drained(self) -> bool:
        """Whether everything there is was read."""
        return self.offset >= self.status().st_size

    @property
    def known(self) -> Position:
        """How far it was read."""
        return Position(self.identity, self.offset, self.head, self.last, self.mtime_ns)

    def resume(self, position: Position) -> bool:
        """Go on where a file with this very content was left; False when this is another one."""
        if not position.offset:
            return self.identity == position.identity
        self.offset, self.head, self.last = position.offset, position.head, position.last
        if self.status().st_size >= self.offset and not self.rewritten():
            return True
        self.restart()
        return False

    def restart(self) -> None:
        """Read from the start, as after a truncation."""
        self.offset = self.backlog = 0
        self.head = self.last = b""

    def rewritten(self) -> bool:
        """Whether what was read is no longer there: truncated and grown again, or replaced."""
        if not self.offset:
            return False
        at = self.offset - len(self.last)
        return (
            os.pread(self.fd, len(self.last), at) != self.last
            or os.pread(self.fd, len(self.head), 0) != self.head
        )

    def read(self, limit: int) -> bytes:
        """The next bytes, at most `limit`; empty at the end."""
        if not self.offset:
            self._skip_hole()
        data = os.pread(self.fd, limit, self.offset)
        if data:
            self.offset += len(data)
            self.last = data[-LAST_BYTES:]
            if len(self.head) < HEAD_BYTES:
                self.head = os.pread(self.fd, min(HEAD_BYTES, self.offset), 0)
        return data

    def _skip_hole(self) -> None:
        # a writer that does not append goes on at its old offset after a truncation: zeros before it
        if os.pread(self.fd, 1, 0) != b"\0":
            return
        try:
            self.offset = os.lseek(self.fd, 0, os.SEEK_DATA)
        except OSError:
            return  # nothing but hole so far
        while (block := os.pread(self.fd, _BLOCK, self.offset)) and not block.strip(b"\0"):
            self.offset += len(block)
        self.offset += len(block) - len(block.lstrip(b"\0"))

    def seek_tail(self, lines: int) -> None:
        """Skip all but the last lines; they are backlog."""
        size = self.status().st_size
        start = max(0, size - TAIL_BYTES)
        data = os.pread(self.fd, size - start, start)
        at = len(data) - 1  # the line end of the last line begins no line after it
        for _ in range(lines):
            at = data.rfind(b"\n", 0, max(0, at))
            if at < 0:
                break
        if at < 0 and start:  # the first line of the piece began before it
            at = data.find(b"\n") if b"\n" in data else len(data) - 1
        self._jump(start + at + 1)
        self.backlog = size

    def skip_to(self, target: int, count_up_to: int) -> tuple[int, int]:
        """Go forward to the first line that begins at or after `target`; lines and bytes left out.

        Lines are counted when there are at most `count_up_to` bytes of them, else given as 0.
        """
        begin, lines = self.offset, 0
        if target - begin <= count_up_to:
            for at in range(begin, target, _BLOCK):
                lines += os.pread(self.fd, min(_BLOCK, target - at), at).count(b"\n")
        block = os.pread(self.fd, _BLOCK, target)
        end = block.find(b"\n")
        self._jump(target + (end + 1 if end >= 0 else len(block)))
        return (lines + (end >= 0) if target - begin <= count_up_to else 0), self.offset - begin

    def _jump(self, offset: int) -> None:
        self.offset = offset
        self.head = os.pread(self.fd, min(HEAD_BYTES, offset), 0)
        self.last = os.pread(self.fd, min(LAST_BYTES, offset), offset - min(LAST_BYTES, offset))
        self.splitter = Splitter(self.splitter.limit)
