"""A host's numbers under the names, labels and units of Prometheus' node_exporter.

What it has no name for, because it is derived, starts with `opsconsole_`.
"""

from __future__ import annotations

from collections.abc import Iterator

from console.metrics import Sample, labels
from console.sources.system.host import SystemSnapshot
from console.sources.system.proc import TICKS

_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def gauges(snapshot: SystemSnapshot) -> Iterator[Sample]:
    """What is drawn over time, and the counters there are few of: wanted of every poll."""
    for span, value in zip(("1", "5", "15"), snapshot.load, strict=True):
        yield Sample(f"node_load{span}", value)
    memory, swap = snapshot.memory, snapshot.swap
    yield Sample("node_memory_MemTotal_bytes", float(memory.total))
    yield Sample("node_memory_MemFree_bytes", float(memory.free))
    yield Sample("node_memory_MemAvailable_bytes", float(memory.available))
    yield Sample("node_memory_Buffers_bytes", float(memory.buffers))
    yield Sample("node_memory_Shmem_bytes", float(memory.shared))
    yield Sample("node_memory_Dirty_bytes", float(memory.dirty))
    yield Sample("node_memory_SwapTotal_bytes", float(swap.total))
    yield Sample("node_memory_SwapFree_bytes", float(swap.total - swap.used))
    yield Sample("opsconsole_cpu_ratio", snapshot.cpu.busy)
    yield Sample("opsconsole_cpu_iowait_ratio", snapshot.cpu.iowait)
    yield Sample("opsconsole_cpu_steal_ratio", snapshot.cpu.steal)
    for core in snapshot.cores:
        yield Sample("opsconsole_core_cpu_ratio", core.busy, labels(cpu=core.name[3:]))
    yield Sample("opsconsole_memory_used_ratio", memory.used_ratio)
    if swap.total:
        yield Sample("opsconsole_swap_used_ratio", swap.used_ratio)
    received, sent = snapshot.network
    yield Sample("opsconsole_network_receive_bytes_per_second", received)
    yield Sample("opsconsole_network_transmit_bytes_per_second", sent)
    for device in snapshot.devices:
        where = labels(device=device.name)
        yield Sample("opsconsole_disk_read_bytes_per_second", device.read_rate, where)
        yield Sample("opsconsole_disk_written_bytes_per_second", device.write_rate, where)
        yield Sample("opsconsole_disk_busy_ratio", device.utilisation, where)
    for interface in snapshot.interfaces:
        where = labels(device=interface.name)
        yield Sample("opsconsole_interface_receive_bytes_per_second", interface.rx_rate, where)
        yield Sample("opsconsole_interface_transmit_bytes_per_second", interface.tx_rate, where)
    for pressure in snapshot.pressures:
        yield Sample("opsconsole_pressure_ratio", pressure.some.avg10, labels(resource=pressure.name))
    yield Sample("opsconsole_process_cpu_ratio", snapshot.own.cpu)
    yield Sample("opsconsole_process_pss_bytes", float(snapshot.own.pss))


def counters(snapshot: SystemSnapshot) -> Iterator[Sample]:
    """The counters since boot and what changes slowly: wanted every few seconds, for rules."""
    yield from _kernel(snapshot)
    yield from _file_systems(snapshot)
    for disk in snapshot.counters.disks:
        where = labels(device=disk.name)
        yield Sample("node_disk_reads_completed_total", float(disk.reads), where)
        yield Sample("node_disk_read_bytes_total", float(disk.read_bytes), where)
        yield Sample("node_disk_read_time_seconds_total", disk.read_time, where)
        yield Sample("node_disk_writes_completed_total", float(disk.writes), where)
        yield Sample("node_disk_written_bytes_total", float(disk.written_bytes), where)
        yield Sample("node_disk_write_time_seconds_total", disk.write_time, where)
        yield Sample("node_disk_io_time_seconds_total", disk.busy_time, where)
        yield Sample("node_disk_io_time_weighted_seconds_total", disk.queue_time, where)
    for net in snapshot.counters.interfaces:
        where = labels(device=net.name)
        yield Sample("node_network_receive_bytes_total", float(net.rx_bytes), where)
        yield Sample("node_network_receive_packets_total", float(net.rx_packets), where)
        yield Sample("node_network_receive_errs_total", float(net.rx_errors), where)
        yield Sample("node_network_receive_drop_total", float(net.rx_drops), where)
        yield Sample("node_network_transmit_bytes_total", float(net.tx_bytes), where)
        yield Sample("node_network_transmit_packets_total", float(net.tx_packets), where)
        yield Sample("node_network_transmit_errs_total", float(net.tx_errors), where)
        yield Sample("node_network_transmit_drop_total", float(net.tx_drops), where)


def _kernel(snapshot: SystemSnapshot) -> Iterator[Sample]:
    stat, vmstat = snapshot.counters.stat, snapshot.counters.vmstat
    for core in stat.cores:
        for mode in _MODES:
            where = labels(cpu=core.name[3:], mode=mode)
            yield Sample("node_cpu_seconds_total", getattr(core, mode) / TICKS, where)
    yield Sample("node_boot_time_seconds", float(stat.boot_time))
    yield Sample("node_procs_running", float(stat.running))
    yield Sample("node_procs_blocked", float(stat.blocked))
    yield Sample("node_forks_total", float(stat.forks))
    yield Sample("node_context_switches_total", float(stat.switches))
    yield Sample("node_vmstat_pswpin", float(vmstat.swapped_in))
    yield Sample("node_vmstat_pswpout", float(vmstat.swapped_out))
    if vmstat.oom_kills is not None:
        yield Sample("node_vmstat_oom_kill", float(vmstat.oom_kills))
    for pressure in snapshot.pressures:
        name = f"node_pressure_{pressure.name}"
        yield Sample(f"{name}_waiting_seconds_total", pressure.some.total)
        if pressure.full is not None:
            yield Sample(f"{name}_stalled_seconds_total", pressure.full.total)
    for sensor in snapshot.temperatures:
        yield Sample("node_hwmon_temp_celsius", sensor.celsius, labels(sensor=sensor.label))


def _file_systems(snapshot: SystemSnapshot) -> Iterator[Sample]:
    for disk in snapshot.filesystems:
        where = labels(device=disk.device, fstype=disk.fstype, mountpoint=disk.mount)
        failed = disk.silent_since is not None or disk.error != ""
        yield Sample("node_filesystem_device_error", float(failed), where)
        yield Sample("node_filesystem_readonly", float(disk.readonly), where)
        if failed:
            continue
        yield Sample("node_filesystem_size_bytes", float(disk.total), where)
        yield Sample("node_filesystem_free_bytes", float(disk.total - disk.used), where)
        yield Sample("node_filesystem_avail_bytes", float(disk.available), where)
        yield Sample("node_filesystem_files", float(disk.files), where)
        yield Sample("node_filesystem_files_free", float(disk.files_free), where)
