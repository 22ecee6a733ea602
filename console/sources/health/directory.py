"""Directories: how much is in them, how fast it grows, and how old the oldest file is."""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from console.amounts import against, judged, limit, size_limit, span_limit
from console.errors import TimedOut, UsageError
from console.findings import Limit, Severity
from console.metrics import Labels, Sample, labels
from console.sources.health.points import Points, failed
from console.sources.health.probe import Outcome
from console.text import clean
from console.units import bytes_, count, counted, duration
from console.worker import Worker

if TYPE_CHECKING:
    from console.probe_local import DirectorySettings

SHARE = 0.5
"""Of the timeout one look walks; a larger tree is gone on with by the next."""
FIRST_ANSWER = 1.5
"""Seconds the first look walks: one look at everything is to show it."""
MOST = 5_000_000
"""Entries of one walk; whoever has more is told so."""
LINKS = 200_000
"""Files with several names that are remembered, so that each counts once."""
HOUR, DAY = 3600.0, 86400.0
LEAST = {HOUR: 600.0, DAY: 4 * 3600.0}
"""Seconds that must be known before growth in so long is told."""
STEP = 60.0
"""Seconds between two sizes that are remembered."""


@dataclass(slots=True)
class Tally:
    """What a walk has counted by now."""

    size: int = 0
    """Bytes on the disk, as `du` counts them."""
    apparent: int = 0
    """Bytes the files say they have."""
    files: int = 0
    directories: int = 0
    oldest: float | None = None
    """Modification time of the oldest file."""
    oldest_name: str = ""
    denied: str = ""
    """A directory below that may not be read."""
    unread: int = 0
    """How many of these there were."""
    elsewhere: int = 0
    """Mounted file systems that were not entered."""
    more: bool = False
    """Whether it was ended before all was counted."""
    seen: set[tuple[int, int]] = field(default_factory=set)


class DirectoryProbe:
    """Walks one tree, a while at a time, and remembers its sizes for a day."""

    kind = "directory"

    def __init__(self, settings: DirectorySettings, env: Mapping[str, str]) -> None:
        if not settings.path:
            raise UsageError("path is missing", 'write path = "/var/spool/app"')
        self.target = clean(settings.path, 200)
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._path = os.path.expanduser(settings.path)
        self._size, self._files = size_limit(settings.size), limit(settings.files)
        self._oldest = span_limit(settings.oldest)
        self._growth = {HOUR: size_limit(settings.hourly), DAY: size_limit(settings.daily)}
        self._worker = Worker("directory")
        self._walk: Iterator[Tally] | None = None
        self._tally = Tally()
        self._whole: Tally | None = None
        self._sizes: deque[tuple[float, int]] = deque()
        """Monotonic seconds and bytes of the last day."""

    async def ask(self, now: datetime) -> Outcome:
        """Walk on, and judge the newest whole count; before the first, what is counted by now."""
        span = FIRST_ANSWER if self._whole is None and self._walk is None else self.timeout * SHARE
        try:
            tally, whole = await self._worker.call(self._step, span)
        except TimedOut:
            fix = "its file system hangs: see mount and dmesg"
            return failed(f"the last look at {self.target} has not come back", fix)
        except FileNotFoundError:
            return failed(f"{self.target} is not there", "make it, or correct path")
        except OSError as error:
            return failed(f"{self.target}: {error.strerror}", "run as a user that may read it")
        finally:
            self._worker.stop()
        points = Points()
        if whole:
            self._whole = tally
            self._remember(tally.size)
        shown = self._whole or tally
        self._judge(points, shown, now, self._whole is not None)
        if not whole:
            points.detail("walking", f"{count(tally.files)} files by now; it goes on with the next look")
        return points.outcome()

    def _step(self, span: float) -> tuple[Tally, bool]:
        """Go on with the walk for a while; the count and whether it is whole."""
        until = time.monotonic() + span
        self._walk = self._walk or walk(self._path)
        try:
            for tally in self._walk:
                self._tally = tally
                if time.monotonic() >= until:
                    return tally, False
        except OSError:
            self._walk = None
            raise
        self._walk = None
        return self._tally, True

    def _remember(self, size: int) -> None:
        now = time.monotonic()
        if not self._sizes or now - self._sizes[-1][0] >= STEP:
            self._sizes.append((now, size))
        while self._sizes and now - self._sizes[0][0] > DAY + STEP:
            self._sizes.popleft()

    def growth(self, span: float, now: float) -> float | None:
        """Bytes a span of so many seconds brings, by what was seen of it; None: too little was."""
        since = next(((at, size) for at, size in self._sizes if now - at <= span), None)
        if since is None or now - since[0] < LEAST[span]:
            return None
        grown = self._sizes[-1][1] - since[1]
        return grown * span / (now - since[0])

    def _judge(self, points: Points, tally: Tally, now: datetime, whole: bool) -> None:
        told = f"{bytes_(tally.size)} in {counted(tally.files, 'file')}"
        points.say(Severity.OK, told if whole else f"at least {told}: still counting")
        if whole:
            points.samples.append(Sample("directory_size_bytes", tally.size, self.labels))
            points.samples.append(Sample("directory_files", tally.files, self.labels))
        if tally.more:
            told = f"more than {count(MOST)} entries, which is as far as is counted"
            points.say(Severity.WARNING, told, "watch a directory below it")
        if tally.unread:
            what = f"{counted(tally.unread, 'directory')} below may not be read, as {tally.denied}"
            what = what.replace("directorys", "directories")
            points.say(Severity.WARNING, what, "run as a user that may read it")
        if whole or (self._size and self._size.rising):
            self._bound(points, tally.size, self._size, "B", f"{bytes_(tally.size)} in it")
        if whole or (self._files and self._files.rising):
            self._bound(points, tally.files, self._files, "", counted(tally.files, "file"))
        self._judge_oldest(points, tally, now, whole)
        for span, word in ((HOUR, "an hour"), (DAY, "a day")):
            grown = self.growth(span, time.monotonic())
            if grown is not None:
                told = (
                    f"grows by {bytes_(grown)} an hour" if span == HOUR else f"grows by {bytes_(grown)} a day"
                )
                self._bound(points, grown, self._growth[span], "B", told)
                points.detail(f"growth in a {word}", bytes_(grown))
        points.detail("apparent size", bytes_(tally.apparent))
        points.detail("directories", count(tally.directories))
        if tally.elsewhere:
            points.detail("not entered", f"{counted(tally.elsewhere, 'mounted file system')}")

    def _judge_oldest(self, points: Points, tally: Tally, now: datetime, whole: bool) -> None:
        if tally.oldest is None:
            return
        age = now.timestamp() - tally.oldest
        if whole:
            points.samples.append(Sample("directory_oldest_timestamp_seconds", tally.oldest, self.labels))
        told = f"the oldest file is {duration(max(age, 0.0))} old"
        name = clean(tally.oldest_name, 120)
        points.detail("oldest", f"{name}, {duration(max(age, 0.0))} old")
        self._bound(points, age, self._oldest, "s", told, f"what should take {name} away?")

    def _bound(
        self, points: Points, value: float, bound: Limit | None, unit: str, told: str, fix: str = ""
    ) -> None:
        if severity := judged(value, bound):
            points.say(severity, told + against(value, bound, unit), fix)


def walk(root: str) -> Iterator[Tally]:
    """Count a tree, a tally handed out after each directory; the last is whole.

    Raises OSError when its root cannot be read.
    Links are not followed, mounted file systems not entered, and a file of several names counts once.
    """
    status = os.stat(root)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(20, "not a directory")
    tally, device, waiting, entries = Tally(), status.st_dev, [root], 0
    first = True
    while waiting and entries < MOST:
        at = waiting.pop()
        try:
            with os.scandir(at) as found:
                for entry in found:
                    entries += 1
                    _take(tally, entry, device, waiting)
        except FileNotFoundError:
            if first:
                raise
        except OSError:
            if first:
                raise
            tally.unread += 1
            tally.denied = clean(at, 200)
        first = False
        yield tally
    tally.seen.clear()
    tally.more = bool(waiting)
    yield tally


def _take(tally: Tally, entry: os.DirEntry[str], device: int, waiting: list[str]) -> None:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return  # removed since
    if stat.S_ISDIR(status.st_mode):
        if status.st_dev == device:
            tally.directories += 1
            tally.size += status.st_blocks * 512
            waiting.append(entry.path)
        else:
            tally.elsewhere += 1
        return
    if status.st_nlink > 1:
        mark = (status.st_dev, status.st_ino)
        if mark in tally.seen:
            return
        if len(tally.seen) < LINKS:
            tally.seen.add(mark)
    tally.files += 1
    tally.size += status.st_blocks * 512
    tally.apparent += status.st_size
    if tally.oldest is None or status.st_mtime < tally.oldest:
        tally.oldest, tally.oldest_name = status.st_mtime, entry.path
