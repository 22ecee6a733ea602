"""The kernel's files under /proc, read and parsed; counters as they stand there, no rates.

Formats: proc(5) and the kernel's Documentation/admin-guide/iostats.rst and accounting/psi.rst.
The parsers take bytes and are pure, so that kernels other than this one can be tried as text.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import msgspec

from console.text import decode

TICKS = os.sysconf("SC_CLK_TCK")
"""Clock ticks a second, the unit of CPU times in /proc."""
PAGE = os.sysconf("SC_PAGE_SIZE")
"""Bytes a page, the unit of resident sizes and swap counters in /proc."""
SECTOR = 512
"""Bytes a sector in /proc/diskstats, whatever the device's own sectors are."""


def read(path: str) -> bytes:
    """The whole of a file of /proc. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # sequence files hand out a page or so a call, so an answer shorter than asked is not the end
        parts = []
        while part := os.read(descriptor, 1 << 16):
            parts.append(part)
    finally:
        os.close(descriptor)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def read_short(path: str, size: int = 4096) -> bytes:
    """A small file of /proc or /sys in one call: for those the kernel makes in one piece. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


class CpuTimes(msgspec.Struct, frozen=True):
    """Clock ticks since boot of one core (`cpu0`) or of all (`cpu`), by what they were spent on.

    The kernel counts guests' time in user and nice as well, so these eight add up to all of it.
    """

    name: str
    user: int
    nice: int
    system: int
    idle: int
    iowait: int = 0
    irq: int = 0
    softirq: int = 0
    steal: int = 0


class Stat(msgspec.Struct, frozen=True):
    """What /proc/stat says: times of all cores together, then of each, and a few counts."""

    total: CpuTimes
    cores: tuple[CpuTimes, ...]
    boot_time: int
    """Seconds since the epoch."""
    forks: int
    running: int
    blocked: int
    switches: int


def parse_stat(data: bytes) -> Stat:
    """/proc/stat; fields that old kernels lack are 0."""
    cores: list[CpuTimes] = []
    counts = {b"btime": 0, b"processes": 0, b"procs_running": 0, b"procs_blocked": 0, b"ctxt": 0}
    for line in data.split(b"\n"):
        if line.startswith(b"cpu"):
            name, *ticks = line.split()[:9]
            cores.append(CpuTimes(name.decode(), *map(int, ticks)))
        elif not line.startswith((b"intr", b"softirq")):
            key, _, value = line.partition(b" ")
            if key in counts:
                counts[key] = int(value)
    return Stat(
        cores[0],
        tuple(cores[1:]),
        counts[b"btime"],
        counts[b"processes"],
        counts[b"procs_running"],
        counts[b"procs_blocked"],
        counts[b"ctxt"],
    )


def parse_meminfo(data: bytes) -> dict[str, int]:
    """/proc/meminfo in bytes by its own names; plain counts (HugePages_Total) as they are."""
    sizes: dict[str, int] = {}
    for line in data.split(b"\n"):
        words = line.split()
        if len(words) >= 2:
            sizes[words[0][:-1].decode()] = int(words[1]) * (1024 if len(words) > 2 else 1)
    return sizes


class VmStat(msgspec.Struct, frozen=True):
    """Of /proc/vmstat: pages swapped in and out and processes killed for memory, since boot."""

    swapped_in: int = 0
    swapped_out: int = 0
    oom_kills: int | None = None
    """None before Linux 4.13, which does not count them."""


def parse_vmstat(data: bytes) -> VmStat:
    """/proc/vmstat; looks its few names up instead of splitting some two hundred lines."""

    def value(name: bytes) -> int | None:
        start = data.find(b"\n" + name + b" ")
        if start < 0:
            return None
        start += len(name) + 2
        end = data.find(b"\n", start)
        return int(data[start : end if end >= 0 else None])

    return VmStat(value(b"pswpin") or 0, value(b"pswpout") or 0, value(b"oom_kill"))


class Stall(msgspec.Struct, frozen=True):
    """One line of a pressure file: shares (0 to 1) of the last 10, 60, 300 s, and seconds since boot."""

    avg10: float
    avg60: float
    avg300: float
    total: float


def parse_pressure(data: bytes) -> dict[str, Stall]:
    """A file of /proc/pressure by `some` and `full`; `full` is missing where the kernel has none."""
    stalls: dict[str, Stall] = {}
    for line in data.decode().splitlines():
        kind, *pairs = line.split()
        values = {key: float(value) for key, _, value in (pair.partition("=") for pair in pairs)}
        stalls[kind] = Stall(
            values["avg10"] / 100, values["avg60"] / 100, values["avg300"] / 100, values["total"] / 1e6
        )
    return stalls


class DiskCounters(msgspec.Struct, frozen=True):
    """One block device of /proc/diskstats since boot: operations, bytes, seconds."""

    number: str
    """Major and minor device number as in mountinfo: `8:1`."""
    name: str
    reads: int
    read_bytes: int
    read_time: float
    writes: int
    written_bytes: int
    write_time: float
    busy_time: float
    """Seconds with at least one request out."""
    queue_time: float
    """Seconds of all requests added up; its rate is the average queue length."""


def parse_diskstats(data: bytes) -> list[DiskCounters]:
    """/proc/diskstats without the devices nothing was ever read from or written to."""
    disks = []
    for line in data.decode(errors="replace").splitlines():
        words = line.split()
        if len(words) < 14:
            continue
        values = [int(word) for word in words[3:14]]
        if values[0] == values[4] == 0:
            continue
        disks.append(
            DiskCounters(
                f"{words[0]}:{words[1]}",
                words[2],
                values[0],
                values[2] * SECTOR,
                values[3] / 1000,
                values[4],
                values[6] * SECTOR,
                values[7] / 1000,
                values[9] / 1000,
                values[10] / 1000,
            )
        )
    return disks


class NetCounters(msgspec.Struct, frozen=True):
    """One interface of /proc/net/dev since it came up, received (rx) and sent (tx)."""

    name: str
    rx_bytes: int
    rx_packets: int
    rx_errors: int
    rx_drops: int
    tx_bytes: int
    tx_packets: int
    tx_errors: int
    tx_drops: int


def parse_netdev(data: bytes) -> list[NetCounters]:
    """/proc/net/dev without the interfaces nothing ever passed through."""
    interfaces = []
    for line in data.split(b"\n")[2:]:
        name, colon, rest = line.rpartition(b":")  # an alias has a colon in its name: eth0:1
        words = rest.split()
        if not colon or len(words) < 16:
            continue
        v = [int(word) for word in words[:12]]
        if v[0] or v[8]:
            interfaces.append(
                NetCounters(decode(name.strip(), 32), v[0], v[1], v[2], v[3], v[8], v[9], v[10], v[11])
            )
    return interfaces


class ProcessTimes(NamedTuple):
    """Of /proc/PID/stat; a NamedTuple because hundreds are made at every scan."""

    pid: int
    name: bytes
    """As the kernel has it: at most 15 bytes, set by the process itself, not clean."""
    state: str
    ppid: int
    kernel: bool
    """A thread of the kernel: it has no command line."""
    ticks: int
    """User and system time since its start."""
    nice: int
    threads: int
    started: int
    """Ticks after boot."""
    rss: int
    """Bytes resident."""


_KERNEL_THREAD = 0x00200000  # PF_KTHREAD of the kernel's sched.h


def parse_process(pid: int, data: bytes) -> ProcessTimes:
    """/proc/PID/stat. The name may itself hold blanks and brackets, so it ends at the last bracket."""
    opening, closing = data.find(b"("), data.rfind(b")")
    v = data[closing + 2 :].split(None, 22)
    return ProcessTimes(
        pid,
        data[opening + 1 : closing],
        v[0].decode(),
        int(v[1]),
        bool(int(v[6]) & _KERNEL_THREAD),
        int(v[11]) + int(v[12]),
        int(v[16]),
        int(v[17]),
        int(v[19]),
        int(v[21]) * PAGE,
    )


def list_processes(proc: str = "/proc") -> list[ProcessTimes]:
    """Every process there is; those that end while it looks are left out."""
    found = []
    for entry in os.listdir(proc):
        if entry.isdecimal():
            try:
                found.append(parse_process(int(entry), read_short(f"{proc}/{entry}/stat")))
            except (OSError, ValueError, IndexError):
                continue  # it ended between the listing and the reading
    return found
