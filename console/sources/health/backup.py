"""Backups: whether the newest is young, large and whole enough, and whether there are as many as wanted."""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import signal
import stat
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from console.amounts import against, clock_time, judged, seconds, size, span_limit
from console.errors import TimedOut, TooWide, UsageError
from console.files import matching
from console.findings import Severity
from console.metrics import Labels, Sample, labels
from console.sources.health.examination import Condition, Examination, Examined, Version
from console.sources.health.points import Points, failed
from console.sources.health.probe import Outcome
from console.text import clean
from console.units import bytes_, counted, duration
from console.worker import Worker

if TYPE_CHECKING:
    from console.probe_local import BackupSettings

MOST = 20_000
"""Files of one series that are looked at."""
SETTLED = 20.0
"""Seconds without a change after which a file is taken for finished, when it was not seen before."""
SETTLED_CHANGED = 120.0
"""The same for one that was seen to change."""
COMPARED = 14
"""Older files whose median size the newest is held against."""
LEASED = 8
"""Of the newest, so many are asked whether they are being written."""
DIRECTORIES = 2000
"""Directories within one backup that are looked at."""
FIRST_ANSWER = 1.5
"""Seconds a look waits for a file to be read through: one look at everything is to show it."""
FUTURE = 300.0
"""Seconds a file may be younger than the clock before that is told."""


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    modified: int
    """Nanoseconds since 1970."""
    size: int
    inode: int
    """-1 for a directory."""
    open: bool | None = None
    """Whether somebody has it open for writing; None where the kernel does not say."""

    @property
    def version(self) -> Version:
        return self.path, self.modified, self.size, self.inode

    @property
    def name(self) -> str:
        return clean(os.path.basename(self.path), 120)

    def age(self, now: datetime) -> float:
        return now.timestamp() - self.modified / 1e9


@dataclass(frozen=True, slots=True)
class _Seen:
    files: list[_File]
    """Newest first."""
    free: int | None
    """Bytes the file system has left for us."""
    denied: str = ""
    """A directory that may not be read."""


class BackupProbe:
    """Looks at the files of one series; what was read through stays known until the file changes."""

    kind = "backup"

    def __init__(self, settings: BackupSettings, env: Mapping[str, str]) -> None:
        if not settings.path:
            raise UsageError("path is missing", 'write path = "/backups/orders-*.sql.gz"')
        self.target = clean(settings.path, 200)
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._settings = settings
        self._max_age = span_limit(settings.max_age)
        self._rate = size(settings.rate)
        self._worker = Worker("backup files")
        self._before: dict[str, _File] = {}
        self._examination: Examination | None = None

    async def ask(self, now: datetime) -> Outcome:
        """Look at the files, and read the newest through when it is not known yet."""
        try:
            seen = await self._worker.call(_look, self._settings.path)
        except TimedOut:
            fix = "its file system hangs: see mount and dmesg"
            return failed(f"the last look at {self.target} has not come back", fix)
        except TooWide as error:
            return failed(error.reason, error.fix)
        finally:
            self._worker.stop()
        if seen.denied and not seen.files:
            return failed(f"permission denied on {seen.denied}", "run as a user that may read it")
        growing = [file for file in seen.files[:8] if self._grows(file, now)]
        finished = [file for file in seen.files if file not in growing]
        self._before = {file.path: file for file in seen.files[:8]}
        points = Points()
        self._count(points, seen, finished, now)
        if not finished:
            self._nothing(points, growing)
            return points.outcome()
        newest = finished[0]
        self._judge_age(points, newest, growing, now)
        self._judge_size(points, newest, finished[1:], seen.free)
        self._judge_number(points, finished, now)
        self._tell(points, await self._examined(newest), newest)
        return points.outcome()

    def close(self) -> None:
        """Read no further; never waits."""
        self._worker.stop()
        if self._examination is not None:
            self._examination.stop()
            self._examination = None  # whoever asks again begins anew

    def _grows(self, file: _File, now: datetime) -> bool:
        """Whether it is being written: open for it, or changed a moment ago where nobody can tell."""
        if file.open is not None:
            return file.open
        before = self._before.get(file.path)
        changed = before is not None and before.version != file.version
        return 0 <= file.age(now) < (SETTLED_CHANGED if changed else SETTLED)

    def _count(self, points: Points, seen: _Seen, finished: list[_File], now: datetime) -> None:
        def sample(name: str, value: float) -> None:
            points.samples.append(Sample(name, value, self.labels))

        sample("backup_files", len(finished))
        if finished:
            sample("backup_newest_timestamp_seconds", finished[0].modified / 1e9)
            sample("backup_newest_size_bytes", finished[0].size)
            sample("backup_oldest_timestamp_seconds", finished[-1].modified / 1e9)
            sample("backup_size_bytes", sum(file.size for file in finished))
            points.detail(
                "newest", f"{finished[0].name}, {_when(finished[0], now)}, {bytes_(finished[0].size)}"
            )
            points.detail("oldest", f"{finished[-1].name}, {_when(finished[-1], now)}")
            points.detail("all of them", f"{len(finished)}, {bytes_(sum(file.size for file in finished))}")
        if seen.free is not None:
            points.detail("free there", bytes_(seen.free))

    def _nothing(self, points: Points, growing: list[_File]) -> None:
        if growing:
            file = growing[0]
            points.say(Severity.WARNING, f"the first, {file.name}, is being written, {bytes_(file.size)} now")
        else:
            points.say(
                Severity.CRITICAL, f"no file matches {self.target}", "did the job run? is the path right?"
            )

    def _judge_age(self, points: Points, newest: _File, growing: list[_File], now: datetime) -> None:
        age = newest.age(now)
        severity = judged(age, self._max_age)
        if age < -FUTURE:
            told = f"{newest.name} is dated {duration(-age)} in the future"
            points.say(Severity.WARNING, told, "the clock of this host or of its writer is wrong")
        elif severity is Severity.OK:
            told = f"{newest.name}, {duration(max(age, 0))} old, {bytes_(newest.size)}"
            points.say(severity, told)
        else:
            told = f"the newest is {duration(age)} old{against(age, self._max_age, 's')}: {newest.name}"
            # one on its way is no backup yet, but somebody is at it
            severity = Severity.WARNING if growing else severity
            points.say(severity, told, "see the log of the job that writes it")
        if growing:
            file = growing[0]
            points.say(points.severity, f"{file.name} is being written, {bytes_(file.size)} so far")
            points.detail("in progress", f"{file.name}, {bytes_(file.size)}")

    def _judge_size(self, points: Points, newest: _File, older: list[_File], free: int | None) -> None:
        if not newest.size:
            points.say(Severity.CRITICAL, f"{newest.name} is empty", "see the log of the job that writes it")
            return
        if free is not None and free < newest.size:
            told = f"{bytes_(free)} free there, and the newest has {bytes_(newest.size)}"
            points.say(Severity.WARNING, f"no room for another: {told}", "make room before the next one")
        sizes = [file.size for file in older[:COMPARED] if file.size]
        if len(sizes) < 2:
            return
        usual = statistics.median(sizes)
        points.detail("usual size", f"{bytes_(usual)}, the median of {len(sizes)} older ones")
        if newest.size < usual * self._settings.shrink:
            told = (
                f"{newest.name} has {bytes_(newest.size)}, less than {self._settings.shrink:.0%} of the usual"
            )
            points.say(Severity.WARNING, f"{told} {bytes_(usual)}", "compare it with the one before")

    def _judge_number(self, points: Points, finished: list[_File], now: datetime) -> None:
        if len(finished) < self._settings.keep:
            told = f"{counted(len(finished), 'file')}, {self._settings.keep} wanted"
            points.say(Severity.WARNING, told, "is more removed than should be?")
        bound, age = seconds(self._settings.oldest), finished[-1].age(now)
        if bound and age > bound:
            told = f"the oldest is {duration(age)} old (limit {duration(bound)}): none is removed any more"
            points.say(Severity.WARNING, told, "see the job that removes old ones")

    async def _examined(self, newest: _File) -> Examined | None:
        if not self._settings.verify or not newest.size or newest.inode < 0:
            return None
        if self._examination is None or self._examination.version != newest.version:
            if self._examination is not None:
                self._examination.stop()
            self._examination = Examination(newest.version, self._rate)
        return await self._examination.wait(FIRST_ANSWER)

    def _tell(self, points: Points, examined: Examined | None, newest: _File) -> None:
        if examined is None:
            return
        condition, share = examined.condition, f"{examined.share:.0%}"
        if condition in (Condition.WHOLE, Condition.BROKEN):
            value = float(condition is Condition.WHOLE)
            points.samples.append(Sample("backup_verified", value, self.labels))
        if condition is Condition.BROKEN:
            points.say(Severity.CRITICAL, f"{newest.name}: {examined.text}", "make another one now")
        elif condition is Condition.WHOLE:
            points.say(Severity.OK, f"whole ({examined.text})")
        elif condition is Condition.PARTIAL:
            points.say(Severity.OK, f"read to {share}, no damage so far")
        elif condition is Condition.CHECKING:
            points.say(Severity.OK, f"being read through, {share} by now")
        else:
            points.say(Severity.OK, f"not verified: {examined.text}")
        points.detail("verified", f"{condition.value}: {examined.text or share}")


def _when(file: _File, now: datetime) -> str:
    return clock_time(datetime.fromtimestamp(file.modified / 1e9, UTC), now)


def _look(pattern: str) -> _Seen:
    """The files of a series, newest first, and what room is left; may hang with its file system."""
    pattern = os.path.expanduser(pattern)
    found = list(islice(_files(pattern), MOST))
    found.sort(key=lambda file: -file.modified)
    found[:LEASED] = [replace(file, open=_open_for_writing(file)) for file in found[:LEASED]]
    where = _certain(pattern)
    try:
        system = os.statvfs(found[0].path if found else where)
        free = system.f_bavail * system.f_frsize
    except OSError:
        free = None
    return _Seen(found, free, "" if os.access(where, os.R_OK | os.X_OK) else clean(where, 200))


def _certain(pattern: str) -> str:
    """The deepest directory that every match lies in, as far down as it exists."""
    while glob.has_magic(pattern) or not os.path.isdir(pattern):
        pattern = os.path.dirname(pattern) or "."
        if pattern in ("/", "."):
            break
    return pattern


def _files(pattern: str) -> Iterator[_File]:
    for path in matching(pattern):
        try:
            status = os.stat(path)
        except OSError:
            continue  # removed since, or a link to nowhere
        if stat.S_ISREG(status.st_mode):
            yield _File(path, status.st_mtime_ns, status.st_size, status.st_ino)
        elif stat.S_ISDIR(status.st_mode) and "**" not in pattern:
            yield _directory(path, status.st_mtime_ns)


def _directory(path: str, modified: int) -> _File:
    """A backup that is a directory: the newest time and the size of what is in it; not read through."""
    total = 0
    for at, _, names in islice(os.walk(path), DIRECTORIES):
        for name in names:
            try:
                status = os.lstat(os.path.join(at, name))
            except OSError:
                continue
            total += status.st_size
            modified = max(modified, status.st_mtime_ns)
    return _File(path, modified, total, -1)


def _open_for_writing(file: _File) -> bool | None:
    """Whether a writer is at a file: the kernel grants a read lease only where there is none (fcntl(2))."""
    if file.inode < 0:
        return None
    try:
        handle = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # a writer that comes just now is told to wait by this signal, which does nothing, not by SIGIO
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        # other users' files and some file systems have no leases
        return True if error.errno == errno.EAGAIN else None
    finally:
        os.close(handle)
    return False
