"""This host: processors, memory, pressure, file systems, devices, network, processes, and our own cost."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from console.clock import Clock, SystemClock
from console.config import Config, Limits
from console.errors import NotFound, TimedOut
from console.findings import Finding
from console.metrics import Sample
from console.sources.base import Focus
from console.sources.system import rates
from console.sources.system.hardware import temperatures
from console.sources.system.host import (
    Counters,
    CpuShares,
    FileSystem,
    Memory,
    OomKills,
    Own,
    Pressure,
    Process,
    Swap,
    SystemSnapshot,
    Temperature,
)
from console.sources.system.host_reader import HostReader, HostReading
from console.sources.system.judge import judge
from console.sources.system.mounts import FileSystems
from console.sources.system.proc import PAGE, CpuTimes
from console.sources.system.processes import Detective, ProcessTable, Wanted
from console.sources.system.samples import counters, gauges
from console.text import clean
from console.worker import Worker

FIRST_DELTA = 0.1
"""Seconds between the two readings of the first poll, so that it has rates to show."""
SHORTEST_DELTA = 0.5
"""Seconds below which rates reach back further: ten milliseconds' ticks are no share of anything."""
STEADY = 10.0
"""Seconds the CPU is judged over."""
STEADY_LEAST = 3.0
"""Seconds that must be known before it is judged: starting up is itself a busy moment."""
SCANS = {Focus.HIDDEN: 14.9, Focus.GLANCE: 2.9, Focus.FULL: SHORTEST_DELTA}
"""Seconds at least between two scans of the processes at each focus; just short of whole polls."""
DETAILS_LIMIT = 0.4
"""Seconds command lines, users and disk bytes of processes may take."""
COUNTER_STEP = 4.9
"""Seconds between two sets of the counters for rules, of which there are many."""
SENSOR_STEP = 10.0
"""Seconds between two readings of the temperatures."""
OOM_SPAN = 600.0
"""Seconds an out-of-memory kill stays a finding."""


@dataclass(slots=True)
class _Kills:
    """Out-of-memory kills seen: the kernel's count, and when it last grew and by how much."""

    count: int | None = None
    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def update(self, count: int | None, now: float) -> OomKills:
        if count is not None and self.count is not None and count > self.count:
            self.seen.append((now, count - self.count))
        self.count = count
        while self.seen and now - self.seen[0][0] > OOM_SPAN:
            self.seen.popleft()
        if not self.seen:
            return OomKills(count)
        return OomKills(count, sum(n for _, n in self.seen), now - self.seen[-1][0])


class SystemSource:
    """The host this console runs on. `proc`, `sys` and `filesystems` stand in for it in tests."""

    kind = "system"
    deadline = 3.0
    cadence: Mapping[Focus, float] = {Focus.HIDDEN: 5.0, Focus.GLANCE: 1.0, Focus.FULL: 1.0}

    def __init__(
        self,
        limits: Limits | None = None,
        clock: Clock | None = None,
        proc: str = "/proc",
        sys: str = "/sys",
        filesystems: FileSystems | None = None,
    ) -> None:
        host = os.uname()
        self.name = "system"
        self.target = clean(host.nodename, 128)
        self._kernel = clean(f"{host.sysname} {host.release}", 128)
        self.limits = limits or Limits()
        """When a figure is judged wrong; guides may change it while it runs."""
        self._clock: Clock = clock or SystemClock()
        self._reader = HostReader(proc, sys)
        self._reading_worker = Worker("host counters")
        self._detective = Detective(proc)
        self._detective_worker = Worker("process details")
        self._filesystems = filesystems or FileSystems(f"{proc}/self/mountinfo")
        self._table = ProcessTable()
        self._rows: tuple[Process, ...] = ()
        self._complete = False
        self._denied = 0
        self._stuck_on = 0
        """The process that does not give its command line; 0: none is known."""
        self._suspect = 0
        """The one that was being asked when a turn took too long."""
        self._newer: HostReading | None = None
        self._older: HostReading | None = None
        self._times: deque[tuple[float, CpuTimes]] = deque()
        self._kills = _Kills()
        self._counters_due = float("-inf")
        self._sys = sys
        self._sensors_worker = Worker("sensors")
        self._sensors_due = float("-inf")
        self._sensing: asyncio.Task[None] | None = None
        self._temperatures: tuple[Temperature, ...] = ()

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[SystemSource]:
        """The one host there is."""
        return [cls(config.limits)]

    async def poll(self, focus: Focus) -> SystemSnapshot:
        """Read the host once; the first time twice, a moment apart. Raises NotFound without /proc."""
        try:
            first = self._newer is None
            if first:
                await self._prime()
            scan = first or time.monotonic() - self._table.scanned >= SCANS[focus]
            new = await self._reading_worker.call(self._reader.read, scan)
        except OSError as failure:
            fix = "only Linux with /proc mounted can be shown"
            raise NotFound(f"no /proc to read: {failure.strerror}", fix) from failure
        old = self._baseline(new)
        self._sense(new.time)
        await self._update_processes(new, focus)
        filesystems = await self._filesystems.look(self._clock.now())
        return self._snapshot(new, old, filesystems)

    async def _prime(self) -> None:
        """The first of two readings; what is asked elsewhere gets the time between to answer."""
        first = await self._reading_worker.call(self._reader.read, True)
        self._times.append((first.time, first.stat.total))
        self._table.update(first.processes or (), first.time, first.uptime)
        await self._filesystems.look(self._clock.now())
        await asyncio.sleep(max(0.0, first.time + FIRST_DELTA - time.monotonic()))
        self._newer = first

    def _baseline(self, new: HostReading) -> HostReading:
        """The earlier reading to compare with: the newest that is not too near."""
        newer = self._newer or new
        if self._older is not None and new.time - newer.time < SHORTEST_DELTA:
            return self._older
        self._older, self._newer = newer, new
        return newer

    async def _update_processes(self, new: HostReading, focus: Focus) -> None:
        complete = focus is Focus.FULL
        if new.processes is not None:
            self._table.update(new.processes, new.time, new.uptime)
        elif complete == self._complete:
            return  # the rows of the last scan stand
        if self._complete and not complete:
            self._table.forget_io()
        self._complete = complete
        shown = self._table.all() if complete else self._table.top()
        wanted = self._table.wanted(shown, new.time, io=complete)
        if wanted:
            await self._find_out(wanted)
        self._rows = self._table.rows(shown, new.stat.boot_time)

    async def _find_out(self, wanted: list[Wanted]) -> None:
        try:
            async with asyncio.timeout(DETAILS_LIMIT):
                details = await self._detective_worker.call(self._detective.find_out, wanted)
        except (TimeoutError, TimedOut):
            asking = self._detective.asking
            # one turn may take long on a busy machine; two on the same process are its own doing
            self._stuck_on = asking if asking == self._suspect else 0
            self._suspect = asking
            return  # names stand in for command lines
        self._stuck_on = self._suspect = 0
        denied = sum(detail.denied for detail in details.values())
        # even root is denied a few, of other security domains; that much is no limited view
        self._denied = denied if denied > len(details) / 10 else 0
        self._table.learn(details, time.monotonic())

    def _steady(self, new: HostReading) -> CpuShares | None:
        """All cores over about ten seconds; None until enough of them have passed."""
        times = self._times
        while len(times) > 1 and new.time - times[1][0] >= STEADY:
            times.popleft()
        since, before = times[0]
        times.append((new.time, new.stat.total))
        return rates.cpu_shares(new.stat.total, before) if new.time - since >= STEADY_LEAST else None

    def _sense(self, now: float) -> None:
        """Have the sensors read when it is time; nobody waits, because a driver may take a second."""
        if now >= self._sensors_due and (self._sensing is None or self._sensing.done()):
            self._sensors_due = now + SENSOR_STEP
            self._sensing = asyncio.create_task(self._read_sensors(), name="sensors")

    async def _read_sensors(self) -> None:
        try:
            self._temperatures = await self._sensors_worker.call(temperatures, self._sys)
        except TimedOut:
            pass  # after a restart of the polls: the call of before is still out

    def _limited(self) -> Iterator[str]:
        if self._filesystems.hidden_processes:
            yield "other users' processes are hidden (hidepid): run as root, or join the group of its gid="
        if self._denied and self._complete:
            yield f"disk bytes of {self._denied} processes: run as root (CAP_SYS_PTRACE) to see them"
        if self._stuck_on:
            yield f"command lines: process {self._stuck_on} is stuck in the kernel and does not give its own"
        if self._filesystems.stuck:
            yield "file systems: one of the local ones does not answer; the figures are old"

    def _snapshot(
        self, new: HostReading, old: HostReading, filesystems: tuple[FileSystem, ...]
    ) -> SystemSnapshot:
        elapsed = new.time - old.time
        return SystemSnapshot(
            limited=tuple(self._limited()),
            hostname=self.target,
            kernel=self._kernel,
            boot_time=datetime.fromtimestamp(new.stat.boot_time, UTC),
            uptime=new.uptime,
            interval=elapsed,
            cpu=rates.cpu_shares(new.stat.total, old.stat.total),
            cores=rates.core_shares(new.stat.cores, old.stat.cores),
            steady=self._steady(new),
            load=new.load,
            memory=_memory(new.memory),
            swap=_swap(new, old),
            pressures=tuple(
                Pressure(name, stalls["some"], stalls.get("full"))
                for name, stalls in new.pressures.items()
                if "some" in stalls
            ),
            filesystems=filesystems,
            devices=rates.devices(new.disks, {d.name: d for d in old.disks}, elapsed, self._reader.labels),
            interfaces=rates.interfaces(
                new.interfaces, {i.name: i for i in old.interfaces}, elapsed, self._reader.kinds
            ),
            temperatures=self._temperatures,
            processes=self._rows,
            complete=self._complete,
            counts=self._table.counts,
            oom=self._kills.update(new.vmstat.oom_kills, new.time),
            own=Own((new.own_cpu - old.own_cpu) / elapsed, new.own_rss, new.own_pss, new.own_threads),
            confinement=self._reader.confinement,
            counters=Counters(new.stat, new.vmstat, new.disks, new.interfaces),
        )

    def samples(self, snapshot: SystemSnapshot) -> Iterable[Sample]:
        """The numbers of a snapshot by node_exporter's names; counters only every few seconds."""
        found = [sample for sample in gauges(snapshot) if sample.value == sample.value]
        now = time.monotonic()
        if now >= self._counters_due:
            self._counters_due = now + COUNTER_STEP
            found.extend(counters(snapshot))
        return found

    def judge(self, snapshot: SystemSnapshot) -> Sequence[Finding]:
        """What is wrong with the host by the configured limits, worst first."""
        return judge(snapshot, self.limits)

    async def close(self) -> None:
        """Let the threads go and end the children; never waits for a hanging mount."""
        self._reading_worker.stop()
        self._detective_worker.stop()
        self._sensors_worker.stop()
        if self._sensing is not None:
            self._sensing.cancel()
        await self._filesystems.close()


def _memory(sizes: Mapping[str, int]) -> Memory:
    free, buffers = sizes.get("MemFree", 0), sizes.get("Buffers", 0)
    cached = sizes.get("Cached", 0) + sizes.get("SReclaimable", 0)
    shared = sizes.get("Shmem", 0)
    # before Linux 3.14 the kernel gives no estimate of its own
    available = sizes.get("MemAvailable", free + buffers + cached - shared)
    total = sizes.get("MemTotal", 0)
    return Memory(total, free, available, buffers, cached, shared, sizes.get("Dirty", 0))


def _swap(new: HostReading, old: HostReading) -> Swap:
    elapsed, total = new.time - old.time, new.memory.get("SwapTotal", 0)
    return Swap(
        total,
        total - new.memory.get("SwapFree", 0),
        rates.per_second(new.vmstat.swapped_in, old.vmstat.swapped_in, elapsed) * PAGE,
        rates.per_second(new.vmstat.swapped_out, old.vmstat.swapped_out, elapsed) * PAGE,
    )
