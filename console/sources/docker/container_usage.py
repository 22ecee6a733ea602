"""Rates of containers out of two readings of their counters, and counters out of the engine's answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from console.sources.docker.cgroups import NAN, Totals
from console.sources.docker.container_facts import JSON, mapping, moment, sequence
from console.sources.docker.containers import Usage

STEADY = 15.0
"""Seconds over which CPU is smoothed before it is judged: one busy second is no finding."""
SHORTEST = 0.25
"""Seconds between two readings, at least: a limit of CPU lets a container run for parts of 0.1 s."""


class UsageBook:
    """The newest counters and rates of each container."""

    def __init__(self) -> None:
        self._last: dict[str, Totals] = {}
        self._usage: dict[str, Usage] = {}

    @property
    def usage(self) -> Mapping[str, Usage]:
        """The newest usage by container id; a copy."""
        return dict(self._usage)

    def get(self, container: str) -> Usage | None:
        """The newest usage of one container."""
        return self._usage.get(container)

    def add(self, container: str, totals: Totals, time: float) -> None:
        """Take a reading of counters; `time` is the console's own clock."""
        before = self._last.get(container)
        if before is not None and totals.time < before.time + SHORTEST:
            return  # an engine may give one reading twice, a reader may ask for a poll between two others
        if before is not None and totals.cpu < before.cpu:
            before = None  # it was started anew: its counters began at zero
        steady = self._usage[container].cpu_steady if before is not None else NAN
        self._last[container] = totals
        self._usage[container] = _usage(before, totals, time, steady)

    def keep(self, containers: Iterable[str]) -> None:
        """Forget all but these."""
        kept = set(containers)
        for container in [known for known in self._usage if known not in kept]:
            self.forget(container)

    def forget(self, container: str) -> None:
        """Forget one container; its next reading begins anew."""
        self._last.pop(container, None)
        self._usage.pop(container, None)

    def clear(self) -> None:
        """Forget all: the next rates would span a time nothing is known of."""
        self._last.clear()
        self._usage.clear()


def _usage(before: Totals | None, after: Totals, time: float, steady: float) -> Usage:
    if before is None:
        return Usage(
            time,
            memory=after.memory,
            pids=after.pids,
            cpu_seconds=after.cpu,
            received_bytes=after.received,
            sent_bytes=after.sent,
        )
    interval = after.time - before.time

    def rate(new: float, old: float) -> float:
        return (new - old) / interval if new >= old else NAN

    cpu = rate(after.cpu, before.cpu)
    if math.isnan(steady):
        steady = cpu
    elif not math.isnan(cpu):
        steady += (cpu - steady) * -math.expm1(-interval / STEADY)
    periods = after.periods - before.periods
    struck = (after.throttled - before.throttled) / periods if periods > 0 else NAN
    return Usage(
        time,
        interval,
        cpu,
        steady,
        struck,
        after.memory,
        rate(after.received, before.received),
        rate(after.sent, before.sent),
        rate(after.read, before.read),
        rate(after.written, before.written),
        after.pids,
        after.cpu,
        after.received,
        after.sent,
    )


def totals_of(stats: JSON) -> Totals | None:
    """The counters in an answer of the engine's statistics API; None when it has none.

    The interval is that of the answers' own `read` times. It is what `system_cpu_usage` divided by
    the online CPUs measures, only finer than its 10 ms, and podman's system_cpu_usage is no such sum.
    Memory is usage minus inactive file pages: `total_inactive_file` of cgroup v1, `inactive_file` of
    v2. All networks are added up; block I/O kinds are written `Read` by v1 and `read` by v2.
    """
    read_at = moment(stats, "read")
    cpu = mapping(stats, "cpu_stats")
    total = _figure(mapping(cpu, "cpu_usage"), "total_usage")
    if read_at is None or math.isnan(total):
        return None
    throttling = mapping(cpu, "throttling_data")
    read, written = _block_io(stats)
    received = sent = NAN
    if networks := mapping(stats, "networks"):
        each = [network for network in networks.values() if isinstance(network, dict)]
        received = sum(_figure(network, "rx_bytes") for network in each)
        sent = sum(_figure(network, "tx_bytes") for network in each)
    return Totals(
        read_at.timestamp(),
        total / 1e9,
        _figure(throttling, "periods"),
        _figure(throttling, "throttled_periods"),
        _memory(mapping(stats, "memory_stats")),
        received,
        sent,
        read,
        written,
        _figure(mapping(stats, "pids_stats"), "current"),
    )


def _figure(data: JSON, key: str) -> float:
    value = data.get(key)
    return float(value) if isinstance(value, int | float) else NAN


def _memory(memory: JSON) -> float:
    usage, detail = _figure(memory, "usage"), mapping(memory, "stats")
    inactive = _figure(detail, "total_inactive_file" if "total_inactive_file" in detail else "inactive_file")
    return usage - inactive if inactive < usage else usage


def _block_io(stats: JSON) -> tuple[float, float]:
    sums = {"read": 0.0, "write": 0.0}
    entries: Any = sequence(mapping(stats, "blkio_stats"), "io_service_bytes_recursive")
    for entry in entries:
        if isinstance(entry, dict):
            kind = str(entry.get("op", "")).lower()
            if kind in sums:
                sums[kind] += _figure(entry, "value")
    return sums["read"], sums["write"]
