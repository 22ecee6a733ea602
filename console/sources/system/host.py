"""What one look at this host gives: the values of the system pane, typed, frozen and clean."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from console.sources.base import Snapshot
from console.sources.system.proc import DiskCounters, NetCounters, Stall, Stat, VmStat

NAN = float("nan")


class CpuShares(msgspec.Struct, frozen=True):
    """What a core, or all of them together, spent an interval on: shares of it from 0 to 1."""

    name: str
    """`cpu` for all together, `cpu0` and so on for one."""
    user: float
    nice: float
    system: float
    iowait: float
    irq: float
    """Hardware and software interrupts."""
    steal: float
    idle: float

    @property
    def busy(self) -> float:
        """The share neither idle nor waiting for a disk; time stolen by the hypervisor is busy."""
        return self.user + self.nice + self.system + self.irq + self.steal


class Memory(msgspec.Struct, frozen=True):
    """Bytes of memory as /proc/meminfo counts them."""

    total: int
    free: int
    available: int
    """What programs could still get without swapping: the kernel's own estimate."""
    buffers: int
    cached: int
    """Page cache and reclaimable slab; shared memory, which cannot be dropped, is in it as well."""
    shared: int
    """Shared memory and tmpfs."""
    dirty: int

    @property
    def used(self) -> int:
        """Bytes not available: what is gone for good until somebody gives it back."""
        return self.total - self.available

    @property
    def used_ratio(self) -> float:
        """Share of memory not available, 0 to 1."""
        return self.used / self.total if self.total else NAN


class Swap(msgspec.Struct, frozen=True):
    """Swap space in bytes, and what moves, in bytes a second."""

    total: int
    used: int
    in_rate: float
    out_rate: float

    @property
    def used_ratio(self) -> float:
        """Share of swap used, 0 to 1; not a number without swap."""
        return self.used / self.total if self.total else NAN


class Pressure(msgspec.Struct, frozen=True):
    """Stalls for one resource (cpu, memory, io): some task waited, or all tasks did (full)."""

    name: str
    some: Stall
    full: Stall | None
    """None where the kernel has none: cpu before Linux 5.13."""


class FileSystem(msgspec.Struct, frozen=True):
    """One mounted file system; sizes in bytes. Usage is not known while `silent_since` is set."""

    device: str
    mount: str
    fstype: str
    number: str
    """Major and minor device number, `8:1`; with it the block device is found."""
    total: int = 0
    used: int = 0
    available: int = 0
    """What ordinary users can still write: without the blocks kept for root."""
    files: int = 0
    """Inodes there are; 0 where the file system makes them as it goes."""
    files_free: int = 0
    readonly: bool = False
    turned_readonly: bool = False
    """It was writable, or should be, and the kernel or somebody has made it read-only."""
    silent_since: datetime | None = None
    """When the question was asked that is still, or was again, without an answer."""
    error: str = ""
    """What the kernel said instead of the figures."""

    @property
    def used_ratio(self) -> float:
        """Share of the blocks ordinary users may have, as `df` counts it, 0 to 1."""
        usable = self.used + self.available
        return self.used / usable if usable else NAN

    @property
    def files_ratio(self) -> float:
        """Share of the inodes used, 0 to 1; not a number where there is no fixed number of them."""
        return (self.files - self.files_free) / self.files if self.files else NAN


class Device(msgspec.Struct, frozen=True):
    """One block device over the interval."""

    name: str
    number: str
    label: str
    """The name people know it by: the volume's for device-mapper, otherwise the same as `name`."""
    read_rate: float
    """Bytes a second."""
    write_rate: float
    """Bytes a second."""
    reads: float
    """Operations a second."""
    writes: float
    """Operations a second."""
    read_latency: float
    """Seconds a read took on average, with its time in the queue; not a number without reads."""
    write_latency: float
    """Seconds a write took on average, with its time in the queue; not a number without writes."""
    utilisation: float
    """Share of the interval with at least one request out, 0 to 1; a fast disk at 1 may take more."""
    queue: float
    """Requests out on average."""

    @property
    def latency(self) -> float:
        """Seconds an operation took on average; not a number without any."""
        reads = self.reads * self.read_latency if self.reads else 0.0
        writes = self.writes * self.write_latency if self.writes else 0.0
        operations = self.reads + self.writes
        return (reads + writes) / operations if operations else NAN


class Interface(msgspec.Struct, frozen=True):
    """One network interface over the interval, each figure a second; totals since it came up."""

    name: str
    kind: str
    """`physical`, `virtual`, `inner` (a bridge or what hangs on one), `loopback` or `down`."""
    rx_rate: float
    tx_rate: float
    rx_packets: float
    tx_packets: float
    rx_errors: float
    tx_errors: float
    rx_drops: float
    tx_drops: float
    rx_bytes_total: int
    tx_bytes_total: int
    errors_total: int
    drops_total: int


class Temperature(msgspec.Struct, frozen=True):
    """One sensor in degrees Celsius; `critical` is the hardware's own limit where it states one."""

    label: str
    celsius: float
    critical: float = NAN


class Process(msgspec.Struct, frozen=True):
    """One process over the interval."""

    pid: int
    ppid: int
    user: str
    state: str
    """One letter as in ps: R running, S sleeping, D uninterruptible, Z zombie, T stopped, I idle."""
    name: str
    command: str
    """The full command line; the name in brackets where there is none."""
    kernel: bool
    nice: int
    threads: int
    started: datetime
    cpu: float
    """Share of one core; above 1 with several threads."""
    cpu_time: float
    """Seconds of CPU since its start."""
    rss: int
    """Bytes resident."""
    read_rate: float = NAN
    """Bytes a second from disk; not a number where it was not asked or may not be read."""
    write_rate: float = NAN
    """Bytes a second to disk; not a number where it was not asked or may not be read."""


class ProcessCounts(msgspec.Struct, frozen=True):
    """How many processes there are, by state."""

    total: int = 0
    threads: int = 0
    running: int = 0
    uninterruptible: int = 0
    """Waiting in the kernel where no signal reaches them, mostly for a disk."""
    zombies: int = 0
    stopped: int = 0
    negligent: str = ""
    """The parent of most zombies, as name and process id; empty without any."""


class OomKills(msgspec.Struct, frozen=True):
    """Processes the kernel killed for want of memory."""

    since_boot: int | None
    """None where the kernel does not count them."""
    recent: int = 0
    """Seen by this console within the last ten minutes."""
    seconds_ago: float = NAN
    """Since the newest of the recent ones was seen."""


class Own(msgspec.Struct, frozen=True):
    """What the console itself costs."""

    cpu: float
    """Share of one core."""
    rss: int
    pss: int
    """Bytes with shared pages counted by their share; at most ten seconds old."""
    threads: int


class Confinement(msgspec.Struct, frozen=True):
    """The control group this console runs in, where it limits anything: a container, a slice."""

    memory_limit: int | None
    memory_used: int
    """Bytes without the inactive file cache, which is given back first."""
    cpu_limit: float | None
    """Cores."""


class Counters(msgspec.Struct, frozen=True):
    """The counters behind the rates, as the kernel states them, for the samples."""

    stat: Stat
    vmstat: VmStat
    disks: tuple[DiskCounters, ...]
    interfaces: tuple[NetCounters, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSnapshot(Snapshot):
    """This host over one interval."""

    hostname: str
    kernel: str
    boot_time: datetime
    uptime: float
    interval: float
    """Seconds the shares and rates stand for."""
    cpu: CpuShares
    cores: tuple[CpuShares, ...]
    steady: CpuShares | None
    """All cores over about the last ten seconds, what is judged; None while it is not known yet."""
    load: tuple[float, float, float]
    memory: Memory
    swap: Swap
    pressures: tuple[Pressure, ...]
    """Empty where the kernel measures none."""
    filesystems: tuple[FileSystem, ...]
    devices: tuple[Device, ...]
    interfaces: tuple[Interface, ...]
    temperatures: tuple[Temperature, ...] = ()
    processes: tuple[Process, ...] = ()
    """By CPU, the busiest first; only the top ones unless `complete`."""
    complete: bool = False
    """Whether `processes` holds every process."""
    counts: ProcessCounts = field(default_factory=ProcessCounts)
    oom: OomKills = field(default_factory=lambda: OomKills(None))
    own: Own
    confinement: Confinement | None = None
    counters: Counters = field(repr=False)

    @property
    def network(self) -> tuple[float, float]:
        """Bytes a second received and sent, over what leaves the host, nothing counted twice.

        The physical interfaces; without any (in a container) the virtual ones.
        """
        outer = [i for i in self.interfaces if i.kind == "physical"]
        outer = outer or [i for i in self.interfaces if i.kind == "virtual"]
        return sum(i.rx_rate for i in outer), sum(i.tx_rate for i in outer)
