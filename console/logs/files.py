"""The log files that patterns name: found again every few seconds, each followed by its name."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Callable, Iterator, Sequence

from console.errors import TooWide
from console.files import matching
from console.logs.forms import Cri, Form, Plain
from console.logs.origin import Kind, Origin, Origins
from console.logs.streams import FileStream
from console.logs.tail import is_archive

LOOK_EVERY = 5.0
"""Seconds between two looks for new files."""
LOOK_LIMIT = 1.0
"""Seconds a look may take, shared by the patterns: lines wait meanwhile."""
REST = 20
"""A look that took long is not repeated before so many times what it took."""
MAX_FILES = 200
"""Files followed at most; of more the ones written last."""
RECENT = 86_400.0
"""Seconds: of many files that one pattern names, those not written for longer are left alone."""
FIRST_LINES = 100
"""Lines of a file shown at the start."""
USUAL = (
    "/var/log/syslog",
    "/var/log/messages",
    "/var/log/postgresql/*.log",
    "/var/lib/pgsql/data/log/*.log",
    "/var/log/nginx/*.log",
    "/var/log/redis/*.log",
)
"""Followed without being asked, where they are there and readable."""
JOURNALED = ("/var/log/syslog", "/var/log/messages")
"""What the journal has as well."""
_VAGUE = frozenset(
    ("access", "error", "current", "output", "out", "main", "log", "stdout", "stderr", "console")
)


class Files:
    """The files of some patterns. Used in one thread.

    `expected` files were asked for: one that is missing or unreadable is told.
    """

    def __init__(self, patterns: Sequence[str], origins: Origins, expected: bool) -> None:
        self.patterns = tuple(os.path.expanduser(pattern) for pattern in patterns)
        self.streams: dict[str, FileStream] = {}
        self.missing: tuple[str, ...] = ()
        """Patterns that name no file now."""
        self.wide: tuple[str, ...] = ()
        """Patterns that go through more directories than there is time for: some files were not found."""
        self.left_out = 0
        """Files beyond MAX_FILES."""
        self._origins = origins
        self.expected = expected
        self._started = time.time()
        self._next_look = 0.0
        self._first = True

    def look(self, now: float, kept: int) -> None:
        """Find new files and let go of ended ones, when it is time to (monotonic seconds)."""
        if now < self._next_look:
            return
        began = time.monotonic()
        found = self._find()
        self._next_look = now + max(LOOK_EVERY, REST * (time.monotonic() - began))
        for path in found[:MAX_FILES]:
            if path not in self.streams:
                self.streams[path] = self._follow(path)
        self.left_out = len(found) - min(len(found), MAX_FILES)
        for path, stream in list(self.streams.items()):
            if stream.ended:
                stream.close()
                self._origins.release(stream.origin, kept)
                del self.streams[path]
        self._first = False

    def close(self) -> None:
        """Close all files."""
        for stream in self.streams.values():
            stream.close()
        self.streams.clear()

    def _find(self) -> list[str]:
        """The files to follow, the ones written last first."""
        found: dict[str, float] = {}
        missing, wide = [], []
        for pattern in self.patterns:
            paths: list[tuple[str, float]] = []
            try:
                for one in _matches(pattern, LOOK_LIMIT / len(self.patterns)):
                    paths.append(one)  # noqa: PERF402 what was found before it took too long counts
            except TooWide:
                wide.append(pattern)
            if not paths and pattern not in wide:
                missing.append(pattern)
            newest = max((mtime for _, mtime in paths), default=0.0)
            oldest = min(newest, time.time() - RECENT)
            found.update((path, mtime) for path, mtime in paths if mtime >= oldest)
        self.missing, self.wide = tuple(missing), tuple(wide)
        return sorted(found, key=lambda path: -found[path])

    def _follow(self, path: str) -> FileStream:
        name, apart = short_name(path)
        origin = self._origins.add(name, Kind.FILE, path, self.expected, apart)
        # a file that came while we look is all news; one that was there before has a history
        news = not self._first and _changed(path) >= self._started
        return FileStream(path, origin, form_of(path)(origin), None if news else FIRST_LINES)


def _matches(pattern: str, limit: float) -> Iterator[tuple[str, float]]:
    """Existing files a pattern names with the time of their last write, without archives; see `matching`."""
    if not glob.has_magic(pattern):
        if os.path.exists(pattern):
            yield os.path.abspath(pattern), _changed(pattern)
        return
    for path in matching(pattern, limit):
        if not is_archive(path) and os.path.isfile(path):
            yield os.path.abspath(path), _changed(path)


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def form_of(path: str) -> Callable[[Origin], Form]:
    """The form of a file's lines, by where it lies: kubelet writes containers' output in its own."""
    return Cri if path.startswith(("/var/log/pods/", "/var/log/containers/")) else Plain


def short_name(path: str) -> tuple[str, str]:
    """A short name for a log file, and what to put before it when it is taken."""
    directory, base = os.path.split(path)
    parent = os.path.basename(directory)
    if path.startswith("/var/log/pods/"):  # .../namespace_pod_uid/container/0.log
        pod = os.path.basename(os.path.dirname(directory)).split("_")
        return parent, pod[1] if len(pod) > 2 else pod[0]
    if path.startswith("/var/log/containers/"):  # pod_namespace_container-id.log
        pod_name, _, rest = base.partition("_")
        return rest.partition("_")[2].rpartition("-")[0] or base, pod_name
    if not base:  # a directory where a file was meant
        return path, ""
    stem = base.removesuffix(".log") or base
    return (f"{parent}/{stem}", "") if stem in _VAGUE and parent else (stem, parent)
