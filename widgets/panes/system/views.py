"""The zoomed system pane's views of cores and file systems, and the list of all views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.metrics import labels
from console.units import bytes_, bytes_per_second, count, percent
from widgets.draw import SEVERITY_ROLE, Line, Span, sparkline, wrap
from widgets.pane import Context, Plot, View
from widgets.panes.system.columns import CPU_PLOT, bar, curves, figure, share
from widgets.panes.system.flows import device_plot, device_view, network_view
from widgets.panes.system.gauges import host_view, pressure_view
from widgets.panes.system.processes import process_views
from widgets.plot import PlotSpec
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.system.host import CpuShares, FileSystem, SystemSnapshot


def system_views() -> Sequence[View[Any]]:
    """Processes, their tree, cores, disks, devices, network, pressure, and the host itself."""
    return (
        *process_views(),
        _cpu_view(),
        _disk_view(),
        device_view(),
        network_view(),
        pressure_view(),
        host_view(),
    )


# -- CPU by core


@dataclass(frozen=True, slots=True)
class _Core:
    shares: CpuShares
    past: str


def _cores(context: Context) -> list[_Core]:
    snapshot: SystemSnapshot = context.snapshot
    rows = []
    for shares in (snapshot.cpu, *snapshot.cores):
        if shares.name == "cpu":
            points = context.points("opsconsole_cpu_ratio")
        else:
            points = context.points("opsconsole_core_cpu_ratio", labels(cpu=shares.name[3:]))
        past, _ = sparkline(context.buckets(points, 30), 30, high=1.0)
        rows.append(_Core(shares, past))
    return rows


def _cpu_view() -> View[Any]:
    def core(name: str, title: str, drop: int = 0) -> Column[Any]:
        return figure(name, title, share, 6, drop, of=lambda row: row.shares)

    def name(row: _Core) -> str:
        return row.shares.name[3:] or "all"

    def number(row: _Core) -> int:
        return int(row.shares.name[3:] or -1)

    load = Plot(
        PlotSpec("load", lambda value: f"{value:.2f}"),
        curves(("1 min", "node_load1"), ("5 min", "node_load5"), ("15 min", "node_load15")),
    )
    return View(
        "cpu",
        "CPU",
        (
            Column("core", "CORE", name, 5, sort=number),
            core("busy", "BUSY"),
            bar(lambda row: row.shares.busy, 7),
            core("user", "USER"),
            core("system", "SYSTEM"),
            core("iowait", "IOWAIT"),
            core("steal", "STEAL", 1),
            core("nice", "NICE", 4),
            core("irq", "IRQ", 3),
            core("idle", "IDLE", 5),
            Column("past", "LAST 2 MIN", lambda row: (row.past, "past"), 30, align=">", drop=6),
        ),
        _cores,
        key=lambda row: row.shares.name,
        note=_load_note,
        plots=(CPU_PLOT, load),
    )


def _load_note(context: Context) -> str:
    snapshot: SystemSnapshot = context.snapshot
    one, five, fifteen = snapshot.load
    cores = max(1, len(snapshot.cores))
    group = snapshot.confinement
    limit = (
        f", of which this console's group may use {group.cpu_limit:g}" if group and group.cpu_limit else ""
    )
    loads = f"load {one:.2f} {five:.2f} {fifteen:.2f}"
    return f"{loads} on {cores} cores{limit}; {five / cores:.2f} a core over 5 min"


# -- file systems


@dataclass(frozen=True, slots=True)
class _Disk:
    disk: FileSystem
    severity: Severity
    limit: float


def _disks(context: Context) -> list[_Disk]:
    """The file systems, those without an answer first, then the fullest."""
    warning = context.limit("disk").warning
    rows = [_Disk(disk, _severity(context, disk), warning) for disk in context.snapshot.filesystems]
    return sorted(rows, key=lambda row: -row.disk.used_ratio if row.disk.total else -2.0)


def _severity(context: Context, disk: FileSystem) -> Severity:
    if disk.silent_since is not None or disk.error or disk.turned_readonly:
        return Severity.CRITICAL
    if disk.readonly:
        return Severity.OK
    return max(context.limit("disk").judge(disk.used_ratio), context.limit("inodes").judge(disk.files_ratio))


def _state(row: _Disk) -> Span:
    disk = row.disk
    if disk.silent_since is not None:
        return (f"no answer since {disk.silent_since.astimezone():%H:%M:%S}", "crit")
    if disk.error:
        return (disk.error, "crit")
    if disk.turned_readonly:
        return ("has become read-only", "crit")
    return ("read-only", "dim") if disk.readonly else ("", "dim")


def _size(value: int) -> Span:
    return (bytes_(value), "text") if value else ("-", "dim")


def _disk_view() -> View[Any]:
    def disk(name: str, title: str, drop: int = 0, shown: Callable[[Any], Span | str] = _size) -> Column[Any]:
        return figure(name, title, shown, 6, drop, of=lambda row: row.disk)

    return View(
        "disks",
        "Disks",
        (
            Column("mount", "MOUNT", lambda row: (row.disk.mount, "strong"), 16, flex=2),
            disk("used_ratio", "FULL", shown=percent),
            bar(
                lambda row: row.disk.used_ratio,
                5,
                lambda row: row.limit,
                lambda row: SEVERITY_ROLE[row.severity] if row.severity else "",
            ),
            disk("total", "SIZE", 3),
            disk("used", "USED", 4),
            disk("available", "FREE"),
            disk("files_ratio", "INODES", 1, percent),
            Column("fstype", "TYPE", lambda row: (row.disk.fstype, "dim"), 8, drop=6),
            Column("device", "DEVICE", lambda row: (row.disk.device, "dim"), 14, flex=1, drop=7),
            Column("state", "STATE", _state, 12, flex=1, drop=2),
        ),
        _disks,
        key=lambda row: row.disk.mount,
        severity=lambda row: row.severity,
        detail=_describe,
        plots=(
            device_plot("read", "read_bytes_per_second", bytes_per_second),
            device_plot("written", "written_bytes_per_second", bytes_per_second),
        ),
    )


def _describe(row: _Disk, context: Context, width: int) -> Sequence[Line]:
    disk = row.disk
    used = f"{bytes_(disk.used)} of {bytes_(disk.total)}: {percent(disk.used_ratio)} of what users may have"
    kept = disk.total - disk.used - disk.available
    inodes = f"{count(disk.files - disk.files_free)} of {count(disk.files)}, {percent(disk.files_ratio)}"
    facts = [
        ("mount", disk.mount),
        ("device", f"{disk.device}  ({disk.number}, {disk.fstype})"),
        ("used", used),
        ("free", f"{bytes_(disk.available)}, and {bytes_(kept)} kept for root"),
        ("inodes", inodes if disk.files else "made as they are needed"),
        ("state", _state(row)[0] or "writable"),
    ]
    lines: list[Line] = [((name.ljust(10), "label"), (text, "text")) for name, text in facts]
    for finding in context.findings:
        if finding.subject == disk.mount:
            lines += [(), ((finding.text, SEVERITY_ROLE[finding.severity]),), *wrap(finding.hint, width - 2)]
    return lines
