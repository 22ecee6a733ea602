"""The process table: who uses how much since the last scan, with names that cost little to know.

What every process gives cheaply (/proc/PID/stat) is read at every scan. Command line, user and
disk bytes are asked only for the rows that are shown, and in a thread of their own: reading them
waits for a lock of the process, and a process stuck in the kernel may hold it for ever.
"""

from __future__ import annotations

import pwd
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from console.secrets import redact_arguments
from console.sources.system.host import NAN, Process, ProcessCounts
from console.sources.system.proc import TICKS, ProcessTimes, read_short
from console.sources.system.rates import per_second
from console.text import clean, decode

COMMAND_LIMIT = 4096
"""Bytes read of a command line."""
FRESH = 30.0
"""Seconds a command line and user are taken as known; both can change under a running process."""

BUDGET = 0.2
"""Seconds after which no further process is asked within one turn."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A process something is to be found out about."""

    pid: int
    identity: bool
    """Command line and user."""
    io: bool
    """Bytes read and written."""


@dataclass(frozen=True, slots=True)
class Details:
    """What was found out about a process; None is not asked, or not allowed."""

    command: str | None = None
    user: str | None = None
    io: tuple[int, int] | None = None
    denied: bool = False
    """Its bytes may be read by root only."""


class Detective:
    """Finds out what needs a lock of the process; meant for a thread of its own."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._users: dict[int, str] = {}
        self.asking = 0
        """The process being asked right now: the one to name when the answer does not come."""

    def find_out(self, wanted: Sequence[Wanted]) -> dict[int, Details]:
        """The details of each process that is still there, as far as the time allows."""
        found, until = {}, time.monotonic() + BUDGET
        for want in wanted:
            if time.monotonic() > until:
                break  # thousands of new processes: the others' turn is next time
            self.asking = want.pid
            try:
                found[want.pid] = self._ask(want)
            except OSError:
                continue  # it has ended
        self.asking = 0
        return found

    def _ask(self, want: Wanted) -> Details:
        command = user = io = None
        denied = False
        directory = f"{self._proc}/{want.pid}"
        if want.identity:
            command = _command(self._read(f"{directory}/cmdline"))
            user = self._user(_effective_user(self._read(f"{directory}/status")))
        if want.io:
            try:
                io = _io(self._read(f"{directory}/io"))
            except PermissionError:
                denied = True
        return Details(command, user, io, denied)

    def _read(self, path: str) -> bytes:
        return read_short(path, COMMAND_LIMIT)

    def _user(self, uid: int) -> str:
        name = self._users.get(uid)
        if name is None:
            try:
                name = clean(pwd.getpwuid(uid).pw_name, 64)
            except KeyError:
                name = str(uid)
            self._users[uid] = name
        return name


def _command(data: bytes) -> str:
    # arguments end with NUL; a process that has set its own title may leave blanks behind instead
    words = data.rstrip(b"\0 ").decode("utf-8", "replace").split("\0")
    return clean(redact_arguments(words), COMMAND_LIMIT)


def _effective_user(status: bytes) -> int:
    start = status.index(b"\nUid:")
    return int(status[start + 5 : status.index(b"\n", start + 5)].split()[1])


def _io(data: bytes) -> tuple[int, int]:
    values = dict(line.split(b": ") for line in data.split(b"\n") if line)
    return int(values[b"read_bytes"]), int(values[b"write_bytes"])


class _Known:
    """What is remembered of one process between scans."""

    __slots__ = (
        "command", "cpu", "drawn", "io", "io_rates", "io_time", "learnt", "name", "row", "times", "user",
    )  # fmt: skip

    def __init__(self, times: ProcessTimes) -> None:
        self.times = times
        self.name = decode(times.name, 64)
        self.cpu = NAN
        self.command = ""
        self.user = "root" if times.kernel else ""
        self.learnt = float("inf" if times.kernel else "-inf")
        self.io: tuple[int, int] | None = None
        self.io_time = 0.0
        self.io_rates = (NAN, NAN)
        self.row: Process | None = None
        self.drawn: tuple[object, ...] = ()


class ProcessTable:
    """All processes between two scans; gives rows for those worth showing, and counts of all."""

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._time: float | None = None
        self.counts = ProcessCounts()

    @property
    def scanned(self) -> float:
        """When the newest scan was, on the monotonic clock; minus infinity before the first."""
        return self._time if self._time is not None else float("-inf")

    def update(self, times: Iterable[ProcessTimes], now: float, uptime: float) -> None:
        """Take a scan made at `now` (monotonic), `uptime` seconds after boot."""
        elapsed = None if self._time is None else now - self._time
        newest = {} if elapsed is None else self._known
        born_after = (uptime - (elapsed or 0.0)) * TICKS
        known: dict[int, _Known] = {}
        for new in times:
            entry = newest.get(new.pid)
            if entry is None or entry.times.started != new.started:
                entry = _Known(new)
                if elapsed and new.started >= born_after - 1:
                    entry.cpu = new.ticks / TICKS / elapsed  # all it ever used was in this interval
            else:
                if elapsed:
                    entry.cpu = max(0, new.ticks - entry.times.ticks) / TICKS / elapsed
                if new.name != entry.times.name:  # it became another program
                    entry.name, entry.learnt = decode(new.name, 64), float("-inf")
                entry.times = new
            known[new.pid] = entry
        self._known, self._time = known, now
        self.counts = self._count()

    def _count(self) -> ProcessCounts:
        states = Counter(entry.times.state for entry in self._known.values())
        parents = Counter(e.times.ppid for e in self._known.values() if e.times.state == "Z")
        negligent = ""
        if parents:
            pid = parents.most_common(1)[0][0]
            parent = self._known.get(pid)
            negligent = f"{parent.name if parent else '?'} ({pid})"
        return ProcessCounts(
            len(self._known),
            sum(entry.times.threads for entry in self._known.values()),
            states["R"],
            states["D"],
            states["Z"],
            states["T"] + states["t"],
            negligent,
        )

    def top(self, by_cpu: int = 20, by_memory: int = 10) -> list[int]:
        """The process ids with the most CPU, and those with the most memory; the busiest first."""
        entries = self._known.values()
        busiest = sorted((entry for entry in entries if entry.cpu > 0), key=_busy)[:by_cpu]
        largest = sorted(entries, key=lambda entry: -entry.times.rss)[:by_memory]
        return [entry.times.pid for entry in sorted({*busiest, *largest}, key=_busy)]

    def all(self) -> list[int]:
        """Every process id, the one with the most CPU first."""
        return [entry.times.pid for entry in sorted(self._known.values(), key=_busy)]

    def wanted(self, pids: Iterable[int], now: float, io: bool) -> list[Wanted]:
        """What has to be found out before these rows can be drawn in full: first what waits longest."""
        found = []
        for pid in pids:
            entry = self._known[pid]
            identity = now - entry.learnt > FRESH
            disk = io and not entry.times.kernel
            if identity or disk:
                found.append(Wanted(pid, identity, disk))
        # not all of thousands are asked in one turn, and each has to come to its own
        found.sort(key=lambda want: (not want.identity, self._known[want.pid].io_time))
        return found

    def learn(self, details: dict[int, Details], now: float) -> None:
        """Take what was found out."""
        for pid, detail in details.items():
            entry = self._known.get(pid)
            if entry is None:
                continue
            if detail.command is not None and detail.user is not None:
                entry.command, entry.user, entry.learnt = detail.command, detail.user, now
            if detail.denied:
                entry.io_time = now
            if detail.io is not None:
                if entry.io is not None and now > entry.io_time:
                    elapsed = now - entry.io_time
                    entry.io_rates = (
                        per_second(detail.io[0], entry.io[0], elapsed),
                        per_second(detail.io[1], entry.io[1], elapsed),
                    )
                entry.io, entry.io_time = detail.io, now

    def forget_io(self) -> None:
        """Bytes a second are not asked any more: show none rather than old ones."""
        for entry in self._known.values():
            entry.io, entry.io_rates = None, (NAN, NAN)

    def rows(self, pids: Iterable[int], boot_time: float) -> tuple[Process, ...]:
        """The rows of these processes; those in which nothing changed are the same objects as before."""
        return tuple(self._row(self._known[pid], boot_time) for pid in pids)

    def _row(self, entry: _Known, boot_time: float) -> Process:
        times = entry.times
        command = entry.command or f"[{entry.name}]"
        # the clock may be set: an idle row must not keep a start that nobody else would find
        drawn = (times, boot_time, entry.cpu, entry.user, command, entry.io_rates)
        if entry.row is None or drawn != entry.drawn:
            entry.drawn = drawn
            entry.row = Process(
                times.pid,
                times.ppid,
                entry.user,
                times.state,
                entry.name,
                command,
                times.kernel,
                times.nice,
                times.threads,
                datetime.fromtimestamp(boot_time + times.started / TICKS, UTC),
                entry.cpu,
                times.ticks / TICKS,
                times.rss,
                *entry.io_rates,
            )
        return entry.row


def _busy(entry: _Known) -> tuple[float, float]:
    # processes whose CPU is not known yet come after all whose is
    return (-entry.cpu if entry.cpu == entry.cpu else 1.0, -entry.times.ticks)
