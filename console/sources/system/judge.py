"""What is wrong with a host, by the configured limits: findings with the value and the limit.

CPU is judged over ten seconds, not over one poll: a busy second is work, not a fault.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence

from console.config import Limits
from console.findings import Finding, Limit, Severity, by_severity
from console.sources.system.host import FileSystem, SystemSnapshot
from console.units import bytes_, percent

ZOMBIES = Limit(20, 200)
"""Processes that have ended and that nobody has waited for; each keeps a process id."""
UNINTERRUPTIBLE = Limit(10, 50)
"""Processes waiting in the kernel at once; a few for a moment are normal on busy disks."""


def judge(snapshot: SystemSnapshot, limits: Limits) -> Sequence[Finding]:
    """What is wrong in a snapshot, worst first."""
    found = [
        *_disks(snapshot, limits),
        *_oom(snapshot),
        *_memory(snapshot, limits),
        *_cpu(snapshot, limits),
        *_pressure(snapshot, limits),
        *_temperatures(snapshot, limits),
        *_processes(snapshot),
    ]
    return by_severity(found)


def _over(
    subject: str, what: str, value: float, limit: Limit, hint: str, figure: str = ""
) -> Iterator[Finding]:
    """A finding on a ratio that is past its limit."""
    severity = limit.judge(value)
    if severity:
        text = f"{percent(value)} {what} (limit {percent(limit.crossed(value))})"
        yield Finding(severity, subject, text, hint, figure)


def _cpu(snapshot: SystemSnapshot, limits: Limits) -> Iterator[Finding]:
    steady, cores = snapshot.steady, max(1, len(snapshot.cores))
    if steady is not None:
        top = snapshot.processes[0] if snapshot.processes else None
        busiest = f"{top.name} ({top.pid}) takes {percent(top.cpu)} of a core" if top else ""
        yield from _over("cpu", "busy", steady.busy, limits.limit("cpu"), busiest, "busy")
        slow = "a device is slow or overloaded: see latency and utilisation under Devices"
        yield from _over("cpu", "waiting for disks", steady.iowait, limits.limit("iowait"), slow)
        stolen = "the hypervisor gives this guest too little: move it, or give it more"
        yield from _over("cpu", "stolen", steady.steal, limits.limit("steal"), stolen)
    limit, load = limits.limit("load"), snapshot.load[1]
    severity = limit.judge(load / cores)
    if severity:
        text = f"{load:.1f} over 5 min, {load / cores:.1f} a core (limit {limit.crossed(load / cores):g})"
        yield Finding(severity, "load", text, "too much runs at once, or waits for disks (state D)")


def _memory(snapshot: SystemSnapshot, limits: Limits) -> Iterator[Finding]:
    memory, limit = snapshot.memory, limits.limit("memory")
    largest = max(snapshot.processes, key=lambda process: process.rss, default=None)
    hint = f"{largest.name} ({largest.pid}) holds {bytes_(largest.rss)}" if largest else ""
    what = f"used, {bytes_(memory.available)} available"
    yield from _over("memory", what, memory.used_ratio, limit, hint, "used")
    bounds = snapshot.confinement
    if bounds is not None and bounds.memory_limit and bounds.memory_limit < memory.total:
        what = f"of {bytes_(bounds.memory_limit)} used"
        hint = "this console runs in a control group with a memory limit of its own"
        yield from _over("memory of the group", what, bounds.memory_used / bounds.memory_limit, limit, hint)
    swap = snapshot.swap
    hint = "memory was short; slow only while pages move in and out"
    yield from _over("swap", "used", swap.used_ratio, limits.limit("swap"), hint, "used")


def _oom(snapshot: SystemSnapshot) -> Iterator[Finding]:
    kills = snapshot.oom
    if kills.recent:
        killed = "1 process" if kills.recent == 1 else f"{kills.recent} processes"
        minutes = math.floor(kills.seconds_ago / 60)
        when = f"{minutes} min ago" if minutes else "just now"
        text = f"{killed} killed for want of memory, {when}"
        hint = "the host was short, or a container at its limit: dmesg names them"
        yield Finding(Severity.CRITICAL, "oom", text, hint)


def _disks(snapshot: SystemSnapshot, limits: Limits) -> Iterator[Finding]:
    for disk in snapshot.filesystems:
        if disk.silent_since is not None:
            since = f"{disk.silent_since.astimezone():%H:%M:%S}"
            hint = (
                f"its server or driver is gone ({disk.fstype} from {disk.device}): umount -l frees the path"
            )
            yield Finding(Severity.CRITICAL, disk.mount, f"no answer since {since}", hint)
        elif disk.error:
            hint = f"mount it anew ({disk.fstype} from {disk.device})"
            yield Finding(Severity.CRITICAL, disk.mount, disk.error, hint)
        elif disk.turned_readonly:
            hint = "after an error the kernel does so: dmesg, then fsck and mount -o remount,rw"
            yield Finding(Severity.CRITICAL, disk.mount, "has become read-only", hint)
        if not disk.readonly:
            yield from _fullness(disk, limits)


def _fullness(disk: FileSystem, limits: Limits) -> Iterator[Finding]:
    what = f"used, {bytes_(disk.available)} free"
    path = shlex.quote(disk.mount)  # the line is there to be copied
    hint = f"du -xh --max-depth=2 {path} | sort -h shows what takes it"
    yield from _over(disk.mount, what, disk.used_ratio, limits.limit("disk"), hint, "used")
    hint = f"many small files: du --inodes -x --max-depth=2 {path} | sort -n"
    yield from _over(disk.mount, "of inodes used", disk.files_ratio, limits.limit("inodes"), hint)


def _pressure(snapshot: SystemSnapshot, limits: Limits) -> Iterator[Finding]:
    hints = {
        "cpu": "more wants to run than there are cores",
        "memory": "tasks wait for memory to be freed: something must shrink or move",
        "io": "tasks wait for disks: see Devices",
    }
    for pressure in snapshot.pressures:
        hint = hints.get(pressure.name, "")
        share = pressure.some.avg10
        limit = limits.limit("cpu_pressure" if pressure.name == "cpu" else "pressure")
        yield from _over(f"{pressure.name} pressure", "of 10 s stalled", share, limit, hint)


def _temperatures(snapshot: SystemSnapshot, limits: Limits) -> Iterator[Finding]:
    for sensor in snapshot.temperatures:
        limit = limits.limit("temperature")
        severity, crossed = limit.judge(sensor.celsius), limit.crossed(sensor.celsius)
        if sensor.celsius >= sensor.critical:  # the hardware knows better; false without a limit of its own
            severity, crossed = Severity.CRITICAL, sensor.critical
        if severity:
            text = f"{sensor.celsius:.0f} °C (limit {crossed:.0f})"
            yield Finding(severity, sensor.label, text, "fans, dust, or a load it was not cooled for")


def _processes(snapshot: SystemSnapshot) -> Iterator[Finding]:
    counts = snapshot.counts
    severity = ZOMBIES.judge(counts.zombies)
    if severity:
        hint = f"{counts.negligent} does not wait for its children: restart it"
        text = f"{counts.zombies} ended and not waited for (limit {ZOMBIES.crossed(counts.zombies):g})"
        yield Finding(severity, "zombies", text, hint)
    severity = UNINTERRUPTIBLE.judge(counts.uninterruptible)
    if severity:
        crossed = UNINTERRUPTIBLE.crossed(counts.uninterruptible)
        text = f"{counts.uninterruptible} stuck in the kernel (limit {crossed:g})"
        yield Finding(
            severity, "state D", text, "mostly a disk or a network file system that does not answer"
        )
