"""Follows a log by its name through everything that happens to log files, losing and doubling nothing.

What a poll may find, and what is done:

- the file grew: the new bytes are read;
- the name stands for another file (rename and create): the old file stays open until it is quiet,
  since its writer may go on for a while; files that came and went between two polls are found
  beside it, in order of their last write;
- the file is shorter, or other bytes stand where it was read (copytruncate): it is read from its
  start, after a mark, because lines may have been lost between the copy and the truncation;
- another file with the same inode: cannot be mistaken while the old one is held open, and is told by
  its content when it was not;
- a line has no end yet: once its file is quiet it is shown as far as it goes;
- more was written than can be shown: the excess is skipped, counted and marked.
"""

from __future__ import annotations

import os
import re
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from console.logs.openfile import Identity, OpenFile, Position
from console.logs.splitter import LINE_BYTES
from console.units import bytes_

GRACE = 30.0
"""Seconds without growth after which a file that lost its name is closed."""
QUIET = 1.5
"""Seconds without growth after which a line without its end is shown: often a program's last words."""
OPEN_LIMIT = 8
"""Files of one log held open at most."""
SKIP_ABOVE = 128 * 1024 * 1024
"""Bytes behind the end of a file above which the excess is skipped."""
SKIP_KEEPS = 16 * 1024 * 1024
"""Bytes before the end of a file that are read after a skip."""
COUNT_LIMIT = 256 * 1024 * 1024
"""Skipped bytes up to which the lines in them are counted."""

TRIES = 10
"""Looks at a directory in one poll while its names change."""
RETRY = 5.0
"""Seconds between two tries to open what cannot be read."""

COMPRESSED = (".gz", ".xz", ".zst", ".bz2", ".lz4", ".zip", ".Z")
_ROTATED = re.compile(r"[.\-_](?:\d{1,5}|\d{4}-?\d\d-?\d\d(?:[-_.T]?\d+)*|old|bak|prev)$")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of one log in order, or a mark that stands for what is missing at this place.

    Empty when something was read that does not end a line yet.
    """

    lines: list[bytes]
    mark: str = ""
    skipped: int = 0
    """Lines known to be left out."""
    written: float | None = None
    """For lines that were there before we looked: when the file was last written (epoch seconds)."""


class Sibling(NamedTuple):
    """A file of a log as its directory lists it; sorted from the oldest to the newest."""

    current: bool
    mtime_ns: int
    age: int
    path: str
    identity: Identity

    @property
    def key(self) -> tuple[Identity, int]:
        """Which file in which state, under whatever name."""
        return (self.identity, self.mtime_ns)


def is_archive(path: str) -> bool:
    """Whether a name looks like a rotated or compressed log, and not like a log itself."""
    return path.endswith(COMPRESSED) or _ROTATED.search(path) is not None


def archive_age(base: str, name: str) -> int | None:
    """Orders the readable archives of a log named `base`, rising to the newest; None for other files.

    `app.log.2` is older than `app.log.1`, and `app.log-20251119` than `app.log-20251120`.
    """
    if name == base:
        return 0
    stem, suffix = os.path.splitext(base)
    if name.startswith(base):
        rest = name[len(base) :]
    elif suffix and name.startswith(stem) and name.endswith(suffix):
        rest = name[len(stem) : -len(suffix)]
    else:
        return None
    if not _ROTATED.fullmatch(rest):
        return None
    digits = re.sub(r"\D", "", rest)
    number = int(digits or 1)
    return -number if len(digits) < 6 else number - (1 << 62)


class Tail:
    """One log, followed by its name. Used in one thread; every file operation may block.

    `lines` is how many of the newest lines to begin with; None begins at the start of the file.
    `records`: a part of a line means nothing, so that none is given before its end.
    `positions` are those of an earlier Tail of this path: then it goes on where that one stopped.
    """

    def __init__(
        self,
        path: str,
        lines: int | None = None,
        positions: tuple[Position, ...] = (),
        line_bytes: int = LINE_BYTES,
        records: bool = False,
    ) -> None:
        self.path = os.path.abspath(path)
        self.problem = ""
        """Why it cannot be read now; empty when it can."""
        self.denied = False
        """Whether the problem is a permission."""
        self._lines = lines
        self._line_bytes = line_bytes
        self._records = records
        self._files: list[OpenFile] = []
        """Oldest first; the last is the one the name stood for when last looked."""
        self._named = False
        """Whether the name stands for a file at all."""
        self._met = bool(positions)
        self._closed: deque[Position] = deque(positions, maxlen=2 * OPEN_LIMIT)
        self._past: set[tuple[Identity, int]] = set()
        """Identity and time of the archives that were there already at the last rotation."""
        self._next_look = 0.0

    @property
    def gone(self) -> bool:
        """Whether the name stands for nothing and all that was open is read and closed."""
        return self._met and not self._named and not self._files

    def positions(self) -> tuple[Position, ...]:
        """How far everything was read, for a Tail that goes on later. Call before `close`."""
        return (*self._closed, *(file.known for file in self._files))

    def close(self) -> None:
        """Let go of every file."""
        for file in self._files:
            file.close()
        self._files.clear()

    def read(self, limit: int, now: float) -> list[Piece]:
        """The next lines, from about `limit` bytes; nothing when there is nothing new.

        `now` is monotonic seconds.
        """
        pieces: list[Piece] = []
        try:
            if now >= self._next_look:
                self._look(pieces, now)
            self._read(limit, now, pieces)
        except OSError as error:  # a disk or a mount that fails: begun anew later
            self._fail(error, now)
            self._closed.extend(file.known for file in self._files)
            self.close()
        return pieces

    def _fail(self, error: OSError, now: float) -> None:
        self.denied = isinstance(error, PermissionError)
        self.problem = "permission denied" if self.denied else (error.strerror or "cannot be read")
        self._next_look = now + RETRY

    def _look(self, pieces: list[Piece], now: float) -> None:
        """See what the name stands for now, and open what is new."""
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            self._named = False
            self.problem = "" if self._met else "no such file"
            return
        except OSError as error:
            self._fail(error, now)
            return
        self._named = True
        if self._files and self._files[-1].identity == (status.st_dev, status.st_ino):
            return
        try:
            if self._met:
                self._line_up(pieces)
            else:
                self._meet()
        except FileNotFoundError:
            return  # renamed just now
        except OSError as error:
            self._fail(error, now)
        else:
            self.problem, self.denied = "", False
        for file in self._files[:-1]:
            file.idle_since = file.idle_since or now

    def _meet(self) -> None:
        file = OpenFile(self.path, self._line_bytes)
        self._files, self._met = [file], True
        self._past = _past(self._siblings())
        if self._lines is not None:
            file.seek_tail(self._lines)

    def _line_up(self, pieces: list[Piece]) -> None:
        """Open all files of this log that hold something unread, in the order they were written.

        While names change under our eyes nothing is done: what is open stays open until they rest.
        """
        for _ in range(TRIES):
            siblings = self._siblings()
            if _past(siblings) == _past(self._siblings()) and self._open_unread(siblings, pieces):
                self._past = _past(siblings)
                break
        while len(self._files) > OPEN_LIMIT and self._files[0].drained:
            self._close(self._files[0], pieces)

    def _open_unread(self, siblings: list[Sibling], pieces: list[Piece]) -> bool:
        """False when a name changed its meaning meanwhile: then everything must be looked at again."""
        held = {file.identity for file in self._files}
        newest = max((position.mtime_ns for position in self._closed), default=0)
        if self._files:
            newest = self._files[-1].status().st_mtime_ns
        # of several positions in one file the furthest counts
        positions = sorted(self._closed, key=lambda position: -position.offset)
        seen = any(sibling.identity in held for sibling in siblings)
        opened: list[OpenFile] = []
        for sibling in siblings:
            current = sibling.path == self.path
            if sibling.identity in held or (not current and sibling.key in self._past):
                continue
            try:
                file = _open(sibling, self._line_bytes)
            except OSError:
                if not current:
                    continue
                self._files += opened
                raise
            if file is None:
                for other in opened:
                    other.close()
                return False
            resumed = any(file.resume(position) for position in positions)
            seen = seen or resumed
            if current or resumed or sibling.mtime_ns >= newest:
                opened.append(file)
            else:
                file.close()
        if not seen and (len(opened) > 1 or not self._files):
            # the file read last is gone, and others came after it: some may have come and gone too
            pieces.append(Piece([], "rotated away: lines may be missing"))
        self._files += opened
        return True

    def _siblings(self) -> list[Sibling]:
        """This log and its readable archives, oldest first, the log itself last."""
        directory, base = os.path.split(self.path)
        found: list[Sibling] = []
        with os.scandir(directory) as entries:
            for entry in entries:
                age = archive_age(base, entry.name)
                if age is None:
                    continue
                try:
                    status = entry.stat()
                except OSError:
                    continue
                last = entry.name == base
                found.append(
                    Sibling(last, status.st_mtime_ns, age, entry.path, (status.st_dev, status.st_ino))
                )
        return sorted(found)

    def _read(self, limit: int, now: float, pieces: list[Piece]) -> None:
        for file in list(self._files):
            taken = self._read_file(file, limit, pieces)
            limit -= taken
            if taken:
                file.grown = now
            elif now - file.grown >= QUIET and not self._records:
                pieces += _begun(file)
            if limit <= 0:
                return
            if self._named and file is self._files[-1]:
                continue
            if taken or not file.idle_since:
                file.idle_since = now
            elif now - file.idle_since > GRACE:
                self._close(file, pieces)

    def _read_file(self, file: OpenFile, limit: int, pieces: list[Piece]) -> int:
        """Read one file, noticing truncation and excess; the bytes taken."""
        status = file.status()
        if status.st_size < file.offset or (status.st_size > file.offset and file.rewritten()):
            self._closed.append(file.known)
            pieces += _lines(file.splitter.flush())
            pieces.append(Piece([], "truncated: lines written just before may be missing"))
            file.restart()
        if status.st_size - file.offset > SKIP_ABOVE:
            pieces += _lines(file.splitter.flush())
            pieces.append(_skip(file, status.st_size))
        written = status.st_mtime if file.offset < file.backlog else None
        data = file.read(limit)
        if data:  # a piece even when no line ended: there may be more to read
            pieces.append(Piece(file.splitter.feed(data), written=written))
        return len(data)

    def _close(self, file: OpenFile, pieces: list[Piece]) -> None:
        pieces += _lines(file.splitter.flush())
        self._closed.append(file.known)
        self._files.remove(file)
        file.close()


def _open(sibling: Sibling, line_bytes: int) -> OpenFile | None:
    """The file a listing named; None when its name stands for another one by now."""
    try:
        file = OpenFile(sibling.path, line_bytes)
    except FileNotFoundError:
        return None
    if file.identity == sibling.identity:
        return file
    file.close()
    return None


def _lines(lines: list[bytes]) -> list[Piece]:
    return [Piece(lines)] if lines else []


def _begun(file: OpenFile) -> list[Piece]:
    lines = file.splitter.begin()
    if not lines:
        return []
    # the time is needed only here, where something is shown at last
    return [Piece(lines, written=file.status().st_mtime if file.offset <= file.backlog else None)]


def _past(siblings: list[Sibling]) -> set[tuple[Identity, int]]:
    return {sibling.key for sibling in siblings}


def _skip(file: OpenFile, size: int) -> Piece:
    lines, skipped = file.skip_to(size - SKIP_KEEPS, COUNT_LIMIT)
    what = f"{lines:,} lines ({bytes_(skipped)})" if lines else bytes_(skipped)
    return Piece([], f"{what} skipped: written faster than they can be shown", lines)
