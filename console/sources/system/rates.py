"""From counters read twice to shares and rates over the time between; pure.

Shares of CPU are of the ticks counted, which on an idle, tickless kernel is the same as of the
time passed but adds up to 1 exactly. A counter that fell (a reset, a device re-attached) counts
from zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.sources.system.host import NAN, CpuShares, Device, Interface
from console.sources.system.proc import CpuTimes, DiskCounters, NetCounters
from console.text import clean


def per_second(after: float, before: float, elapsed: float) -> float:
    """The rate of a counter; not a number over no time."""
    if elapsed <= 0:
        return NAN
    return (after - before if after >= before else after) / elapsed


def cpu_shares(after: CpuTimes, before: CpuTimes) -> CpuShares:
    """What the ticks between two readings went to; not a number when none passed."""
    user = after.user - before.user
    nice = after.nice - before.nice
    system = after.system - before.system
    idle = max(0, after.idle - before.idle)  # idle and iowait are known to step back a little
    iowait = max(0, after.iowait - before.iowait)
    irq = after.irq - before.irq + after.softirq - before.softirq
    steal = max(0, after.steal - before.steal)
    ticks = user + nice + system + idle + iowait + irq + steal
    if ticks <= 0 or min(user, nice, system, irq) < 0:
        return CpuShares(after.name, NAN, NAN, NAN, NAN, NAN, NAN, NAN)
    return CpuShares(
        after.name,
        user / ticks,
        nice / ticks,
        system / ticks,
        iowait / ticks,
        irq / ticks,
        steal / ticks,
        idle / ticks,
    )


def core_shares(after: Iterable[CpuTimes], before: Iterable[CpuTimes]) -> tuple[CpuShares, ...]:
    """Each core's shares; a core that has just come online is left out until the next time."""
    known = {core.name: core for core in before}
    return tuple(cpu_shares(core, known[core.name]) for core in after if core.name in known)


def devices(
    after: Iterable[DiskCounters],
    before: Mapping[str, DiskCounters],
    elapsed: float,
    labels: Mapping[str, str],
) -> tuple[Device, ...]:
    """Each block device's rates; one that has just appeared is left out until the next time.

    `labels` holds the names people know devices by.
    """
    found = []
    for new in after:
        old = before.get(new.name)
        if old is None:
            continue
        reads = per_second(new.reads, old.reads, elapsed)
        writes = per_second(new.writes, old.writes, elapsed)
        read_time = per_second(new.read_time, old.read_time, elapsed)
        write_time = per_second(new.write_time, old.write_time, elapsed)
        found.append(
            Device(
                clean(new.name, 64),
                new.number,
                clean(labels.get(new.name, new.name), 128),
                per_second(new.read_bytes, old.read_bytes, elapsed),
                per_second(new.written_bytes, old.written_bytes, elapsed),
                reads,
                writes,
                read_time / reads if reads else NAN,
                write_time / writes if writes else NAN,
                min(1.0, per_second(new.busy_time, old.busy_time, elapsed)),
                per_second(new.queue_time, old.queue_time, elapsed),
            )
        )
    return tuple(found)


def interfaces(
    after: Iterable[NetCounters],
    before: Mapping[str, NetCounters],
    elapsed: float,
    kinds: Mapping[str, str],
) -> tuple[Interface, ...]:
    """Each interface's rates; one that has just appeared is left out until the next time.

    `kinds` says what each interface is (see Interface).
    """
    found = []
    for new in after:
        old = before.get(new.name)
        if old is None:
            continue
        found.append(
            Interface(
                new.name,
                kinds.get(new.name, "virtual"),
                per_second(new.rx_bytes, old.rx_bytes, elapsed),
                per_second(new.tx_bytes, old.tx_bytes, elapsed),
                per_second(new.rx_packets, old.rx_packets, elapsed),
                per_second(new.tx_packets, old.tx_packets, elapsed),
                per_second(new.rx_errors, old.rx_errors, elapsed),
                per_second(new.tx_errors, old.tx_errors, elapsed),
                per_second(new.rx_drops, old.rx_drops, elapsed),
                per_second(new.tx_drops, old.tx_drops, elapsed),
                new.rx_bytes,
                new.tx_bytes,
                new.rx_errors + new.tx_errors,
                new.rx_drops + new.tx_drops,
            )
        )
    return tuple(found)
