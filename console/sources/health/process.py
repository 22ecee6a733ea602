"""Processes: whether as many run as should, since when, and what they take."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.amounts import against, judged, rising, size_limit
from console.errors import UsageError
from console.findings import Severity
from console.metrics import Labels, Sample, labels
from console.secrets import redact_arguments
from console.sources.health.patterns import Pattern
from console.sources.health.points import Points
from console.sources.health.probe import Outcome
from console.text import clean
from console.units import bytes_, counted, duration, percent
from console.worker import Worker

if TYPE_CHECKING:
    from console.probe_local import ProcessSettings

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
COMM = 15
"""Bytes the kernel keeps of a process' name."""
HOUR = 3600.0
COMMAND_LIMIT = 4096
"""Bytes of a command line that are looked at."""


@dataclass(frozen=True, slots=True)
class Found:
    """One process of the group; times in seconds, `descriptors` None where it may not be seen."""

    pid: int
    started: float
    """Seconds since boot."""
    user: float
    system: float
    resident: int
    threads: int
    descriptors: int | None
    descriptor_limit: int | None
    command: str


class ProcessProbe:
    """One group of processes, by name or by command line."""

    kind = "process"

    def __init__(self, settings: ProcessSettings, env: Mapping[str, str]) -> None:
        if bool(settings.process) == bool(settings.cmdline):
            raise UsageError("it is not said which process", 'write process = "nginx", or cmdline = "regex"')
        self._regex = Pattern(settings.cmdline, "cmdline") if settings.cmdline else None
        if settings.max and settings.max < settings.min:
            raise UsageError("max is below min", "write max = 0 for any number")
        self.target = clean(settings.process or settings.cmdline, 200)
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._settings = settings
        self._memory, self._cpu = size_limit(settings.memory), rising(settings.cpu)
        self._descriptors, self._restarts = rising(settings.descriptors), rising(settings.restarts)
        self._worker = Worker("processes")
        self._before: dict[tuple[int, float], Found] = {}
        self._before_at: float | None = None
        self._leader: tuple[int, float] | None = None
        self._begun: deque[float] = deque(maxlen=1000)
        """Monotonic times at which another oldest process was seen."""
        self._spent = [0.0, 0.0]
        """CPU seconds in user and system mode, of all there ever were while we looked."""

    async def ask(self, now: datetime) -> Outcome:
        """Look at all processes once."""
        try:
            found, uptime = await self._worker.call(self._look)
        finally:
            self._worker.stop()
        moment = time.monotonic()
        points = Points()
        self._judge_number(points, found, uptime)
        busy = self._cores(found, moment)
        restarts = self._seen_restarts(found, moment)
        self._samples(points, found, now.timestamp() - uptime, restarts)
        if found:
            self._judge(points, found, busy)
        if severity := judged(restarts, self._restarts):
            told = f"{counted(restarts, 'restart')} within an hour{against(restarts, self._restarts, '')}"
            points.say(severity, told, "see its log for why it ends")
        return points.outcome()

    def _judge_number(self, points: Points, found: list[Found], uptime: float) -> None:
        number, least, most = len(found), self._settings.min, self._settings.max
        if number < least:
            wanted = f"{number} running, {least} wanted" if number else "it does not run"
            points.say(Severity.CRITICAL, wanted if least > 1 else "it does not run", "start it; see its log")
        elif most and number > most:
            pids = ", ".join(str(one.pid) for one in found[:5])
            points.say(
                Severity.WARNING, f"{number} running, {most} at most", f"which are too many of {pids}?"
            )
        else:
            since = f", the oldest for {duration(uptime - found[0].started)}" if found else ""
            points.say(Severity.OK, f"{counted(number, 'process').replace('processs', 'processes')}{since}")

    def _judge(self, points: Points, found: list[Found], busy: float | None) -> None:
        resident = sum(one.resident for one in found)
        told = f"{bytes_(resident)} of memory"
        severity = judged(resident, self._memory)
        points.say(severity, told + (against(resident, self._memory, "B") if severity else ""))
        if busy is not None:
            severity = judged(busy, self._cpu)
            points.say(severity, f"{busy:.2f} cores" + (against(busy, self._cpu, "") if severity else ""))
        fullest = _fullest(found)
        if fullest is not None:
            ratio, one = fullest
            used = f"{one.descriptors} of {one.descriptor_limit}"
            if severity := judged(ratio, self._descriptors):
                told = f"process {one.pid} has {used} files open ({percent(ratio)})"
                points.say(severity, told, "raise LimitNOFILE, or find what it does not close")
            points.detail("files open", f"{used}, process {one.pid}")
        elif all(one.descriptors is None for one in found):
            points.detail("files open", "not seen: run as root or as their user")
        oldest = found[0]
        points.detail("oldest", f"process {oldest.pid}: {oldest.command}")
        points.detail("threads", str(sum(one.threads for one in found)))

    def _cores(self, found: list[Found], moment: float) -> float | None:
        """Cores kept busy since the last look; the first time it is not known."""
        known, since = self._before, self._before_at
        spent = [0.0, 0.0]
        for one in found:
            before = known.get((one.pid, one.started))
            # of one that began since, all is new; of the first look nothing was seen
            if before is not None or since is not None:
                spent[0] += one.user - (before.user if before else 0.0)
                spent[1] += one.system - (before.system if before else 0.0)
        self._spent = [total + new for total, new in zip(self._spent, spent, strict=True)]
        self._before, self._before_at = {(one.pid, one.started): one for one in found}, moment
        return None if since is None or moment - since < 0.5 else sum(spent) / (moment - since)

    def _seen_restarts(self, found: list[Found], moment: float) -> int:
        """How often within an hour the oldest process was another, younger one than before."""
        leader = (found[0].pid, found[0].started) if found else None
        if leader is not None:
            if self._leader is not None and leader[1] > self._leader[1]:
                self._begun.append(moment)
            self._leader = leader
        while self._begun and moment - self._begun[0] > HOUR:
            self._begun.popleft()
        return len(self._begun)

    def _samples(self, points: Points, found: list[Found], boot: float, restarts: int) -> None:
        """The names of process-exporter, under the group's name."""

        def sample(name: str, value: float, **more: str) -> None:
            pairs = labels(**dict(self.labels), groupname=self.name, **more)
            points.samples.append(Sample(f"namedprocess_namegroup_{name}", value, pairs))

        sample("num_procs", len(found))
        sample("cpu_seconds_total", self._spent[0], mode="user")
        sample("cpu_seconds_total", self._spent[1], mode="system")
        sample("restarts_seen", restarts)
        if not found:
            return
        sample("oldest_start_time_seconds", boot + found[0].started)
        sample("memory_bytes", sum(one.resident for one in found), memtype="resident")
        sample("num_threads", sum(one.threads for one in found))
        if all(one.descriptors is not None for one in found):
            sample("open_filedesc", sum(one.descriptors or 0 for one in found))
        if (fullest := _fullest(found)) is not None:
            sample("worst_fd_ratio", fullest[0])

    def _look(self) -> tuple[list[Found], float]:
        """The processes of the group, oldest first, and the seconds since boot."""
        with open("/proc/uptime", "rb") as file:
            uptime = float(file.read().split()[0])
        found = [one for pid in _pids() if (one := self._read(pid)) is not None]
        return sorted(found, key=lambda one: (one.started, one.pid)), uptime

    def _read(self, pid: int) -> Found | None:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                head, _, rest = file.read().rpartition(b")")
            comm, fields = head.partition(b"(")[2], rest.split()
            words = _command(pid)
            if fields[0] in b"ZX" or not self._matches(comm, words):
                return None
            descriptors = _open_files(pid)
            return Found(
                pid=pid,
                started=int(fields[19]) / TICK,
                user=int(fields[11]) / TICK,
                system=int(fields[12]) / TICK,
                resident=int(fields[21]) * PAGE,
                threads=int(fields[17]),
                descriptors=descriptors,
                descriptor_limit=None if descriptors is None else _open_files_limit(pid),
                command=clean(redact_arguments(words) if words else f"[{os.fsdecode(comm)}]", 200),
            )
        except (OSError, IndexError, ValueError):
            return None  # it ended while we looked

    def _matches(self, comm: bytes, words: list[str]) -> bool:
        if self._regex is not None:
            return bool(words) and self._regex.search(" ".join(words))
        wanted = self._settings.process
        if words and _base(words[0]) == wanted:
            return True
        if comm != os.fsencode(wanted)[:COMM]:
            return False
        # a name that fills the kernel's room may go on: the command line has the rest
        return (
            len(os.fsencode(wanted)) <= COMM or not words or any(_base(word) == wanted for word in words[:2])
        )


def _pids() -> Iterator[int]:
    own = os.getpid()
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != own:
            yield int(name)


def _base(word: str) -> str:
    # titles as servers set them: `nginx: master process`, `sshd: ana [priv]`, `-bash`
    return word.split(" ", 1)[0].rstrip(":").rpartition("/")[2].lstrip("-")


def _command(pid: int) -> list[str]:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        data = file.read(COMMAND_LIMIT)
    return [os.fsdecode(word) for word in data.rstrip(b"\0").split(b"\0")] if data else []


def _open_files(pid: int) -> int | None:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:
        return None


def _open_files_limit(pid: int) -> int | None:
    with open(f"/proc/{pid}/limits", "rb") as file:
        found = re.search(rb"Max open files\s+(\d+)", file.read())
    return int(found[1]) if found else None


def _fullest(found: list[Found]) -> tuple[float, Found] | None:
    """The process nearest to its open-files limit, and the share it has used."""
    known = [
        (one.descriptors / one.descriptor_limit, one)
        for one in found
        if one.descriptors and one.descriptor_limit
    ]
    return max(known, key=lambda pair: pair[0], default=None)
