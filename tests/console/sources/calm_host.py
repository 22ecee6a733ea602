"""A host with nothing wrong, as a snapshot to change one thing of."""

from __future__ import annotations

from datetime import UTC, datetime

from console.sources.system.host import Counters, CpuShares, FileSystem, Memory, Own, Swap, SystemSnapshot
from console.sources.system.proc import CpuTimes, Stat, VmStat
from tests.copies import replace

G = 1 << 30
IDLE = CpuShares("cpu", 0.05, 0.0, 0.05, 0.0, 0.0, 0.0, 0.9)
ROOT = FileSystem("/dev/vda", "/", "ext4", "254:0", 100 * G, 40 * G, 60 * G, 1000, 900)
CALM = SystemSnapshot(
    hostname="db-eu-1",
    kernel="Linux 6.1",
    boot_time=datetime(2026, 1, 1, tzinfo=UTC),
    uptime=1000.0,
    interval=1.0,
    cpu=IDLE,
    cores=(replace(IDLE, name="cpu0"), replace(IDLE, name="cpu1")),
    steady=IDLE,
    load=(0.1, 0.2, 0.3),
    memory=Memory(16 * G, 4 * G, 8 * G, G, 3 * G, G, 0),
    swap=Swap(0, 0, 0.0, 0.0),
    pressures=(),
    filesystems=(ROOT,),
    devices=(),
    interfaces=(),
    own=Own(0.01, 1, 1, 3),
    counters=Counters(Stat(CpuTimes("cpu", 1, 1, 1, 1), (), 0, 0, 0, 0, 0), VmStat(), (), ()),
)
"""A host with nothing wrong."""
