"""The lines of the system pane from five lines of room on: a meter for each thing that can be full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.findings import Severity
from console.text import pad
from console.units import bytes_, percent
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, bar_char, fit, meter, sparkline
from widgets.pane import Context
from widgets.panes.system.columns import latency

if TYPE_CHECKING:
    from console.sources.system.host import FileSystem, SystemSnapshot

LABEL, VALUE = 6, 6
"""Cells of a row's name with its mark, and of its value with the blank behind it."""
TAIL = 16
"""Cells of the words at the end of a row, with the blank before them."""
CORES_BESIDE = 16
"""Cores whose small bars share a line with what the time goes to; more have lines of their own."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the pane: how wrong it is, how dearly it is kept, and where it stands."""

    severity: Severity
    rank: int
    """The lower, the longer it stays when room runs out."""
    place: int
    """The order from top to bottom among rows of one severity."""
    line: Line


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of a row's parts, the same for all rows of a pane so that meters stand below each other."""

    meter: int
    past: int
    """Of the sparkline; 0 where there is no room."""
    rest: int
    """Everything behind the meter."""

    @classmethod
    def of(cls, width: int) -> Grid:
        """The parts of a row of `width` cells."""
        room = max(6, width - LABEL - VALUE - TAIL)
        bar = room if room < 16 else min(24, room // 2)
        past = min(40, room - bar - 1) if room >= 16 else 0
        return cls(bar, past, max(0, width - LABEL - VALUE - bar - 1))


def meter_rows(context: Context, width: int, height: int) -> list[Row]:
    """A row each for CPU, memory, swap, disks, devices, network, load, pressure, temperature."""
    grid = Grid.of(width)
    rows = [_cpu_row(context, grid), *_core_rows(context, width), _memory_row(context, grid)]
    if context.snapshot.swap.total:
        rows.append(_swap_row(context, grid))
    rows += disk_rows(context, grid, 1 if height < 14 else 3)
    rows += _device_rows(context, grid, 1 if height < 20 else 2)
    rows += [_network_row(context, width), _load_row(context), *_pressure_rows(context)]
    rows += _temperature_rows(context)
    return rows


def _metered(
    name: str,
    severity: Severity,
    order: tuple[int, int],
    ratio: float,
    behind: Sequence[Span],
    grid: Grid,
    limit: float | None = None,
) -> Row:
    """Name, mark, value, meter with its limit, and what stands behind; `order` is rank and place."""
    role = SEVERITY_ROLE[severity]
    line: Line = (
        (pad(name, LABEL - 1), "label"),
        (SEVERITY_MARK[severity], role),  # a share takes four of its five cells: a blank follows
        (f"{pad(percent(ratio), VALUE - 1, '>')} ", role),
        *meter(ratio, grid.meter, limit, role if severity else ""),
        (" ", "text"),
        *behind,
    )
    return Row(severity, *order, line)


def _past(context: Context, series: str, grid: Grid) -> list[Span]:
    """The last two minutes of a ratio, where there is room."""
    if not grid.past:
        return []
    return [sparkline(context.buckets(context.points(series), grid.past), grid.past, high=1.0), (" ", "text")]


def _cpu_row(context: Context, grid: Grid) -> Row:
    snapshot: SystemSnapshot = context.snapshot
    limit = context.limit("cpu")
    severity = limit.judge(snapshot.steady.busy) if snapshot.steady else Severity.OK
    tail: list[Span] = [("iowait ", "dim"), (pad(percent(snapshot.cpu.iowait), 4, ">"), "text")]
    behind = [*_past(context, "opsconsole_cpu_ratio", grid), *tail]
    return _metered("cpu", severity, (0, 0), snapshot.cpu.busy, behind, grid, limit.warning)


def _core_rows(context: Context, width: int) -> list[Row]:
    """A small bar a core, and what the time goes to; many cores take a line or two."""
    snapshot: SystemSnapshot = context.snapshot
    cpu = snapshot.cpu
    bars = "".join(bar_char(core.busy) for core in snapshot.cores)
    shares: list[Span] = []
    for name, value in (("user", cpu.user + cpu.nice), ("sys", cpu.system + cpu.irq), ("steal", cpu.steal)):
        if name != "steal" or value >= 0.005:
            shares += [(f"{name} ", "dim"), (f"{pad(percent(value), 4, '>')} ", "text")]
    if len(bars) <= CORES_BESIDE:
        line: Line = ((pad("cores", LABEL), "label"), (f"{bars:{VALUE - 1}} ", "accent"), *shares)
        return [Row(Severity.OK, 8, 1, line)]
    cells = max(8, width - LABEL)
    if len(bars) > 2 * cells:  # hundreds of cores: one bar for a few neighbours, that of the busiest
        group = -(-len(bars) // (2 * cells))
        bars = "".join(max(bars[at : at + group]) for at in range(0, len(bars), group))
    parts = [bars[at : at + cells] for at in range(0, len(bars), cells)]
    return [
        Row(Severity.OK, 8, 1, ((pad("" if index else "cores", LABEL), "label"), (part, "accent")))
        for index, part in enumerate(parts)
    ]


def _memory_row(context: Context, grid: Grid) -> Row:
    memory, limit = context.snapshot.memory, context.limit("memory")
    behind = _past(context, "opsconsole_memory_used_ratio", grid)
    behind += [(pad(bytes_(memory.available), 5, ">"), "text"), (" available", "dim")]
    severity = limit.judge(memory.used_ratio)
    return _metered("mem", severity, (1, 2), memory.used_ratio, behind, grid, limit.warning)


def _swap_row(context: Context, grid: Grid) -> Row:
    swap, limit = context.snapshot.swap, context.limit("swap")
    if swap.in_rate + swap.out_rate >= 1:  # what moves now says more than what was used before
        behind: list[Span] = [(f"in {bytes_(swap.in_rate)}/s out {bytes_(swap.out_rate)}/s", "text")]
    else:
        behind = _past(context, "opsconsole_swap_used_ratio", grid)
        behind += [(pad(bytes_(swap.total - swap.used), 5, ">"), "text"), (" free", "dim")]
    severity = limit.judge(swap.used_ratio)
    return _metered("swap", severity, (5, 3), swap.used_ratio, behind, grid, limit.warning)


def disk_rows(context: Context, grid: Grid, count: int) -> list[Row]:
    """The fullest file systems; the wrong ones whatever their number."""
    limit = context.limit("disk")
    known = [
        (disk_severity(context, disk), disk)
        for disk in context.snapshot.filesystems
        if math.isfinite(disk.used_ratio) and not disk.readonly
    ]
    known.sort(key=lambda pair: (-pair[0], -pair[1].used_ratio))
    wrong = sum(1 for severity, _ in known if severity)
    rows = []
    for index, (severity, disk) in enumerate(known[: max(count, wrong)]):
        free = f"{pad(bytes_(disk.available), 6, '>')} free"
        room = max(4, min(40, grid.rest - len(free)))
        name = fit(((disk.mount, "strong" if severity else "text"),), room)
        behind = [*name, (free, SEVERITY_ROLE[severity] if severity else "dim")]
        order = (2 if index == 0 else 9 + index, 4 + index)
        rows.append(_metered("disk", severity, order, disk.used_ratio, behind, grid, limit.warning))
    return rows


def disk_severity(context: Context, disk: FileSystem) -> Severity:
    """How wrong the room left on a file system is; one that is read-only cannot fill up."""
    return Severity.OK if disk.readonly else context.limit("disk").judge(disk.used_ratio)


def _device_rows(context: Context, grid: Grid, count: int) -> list[Row]:
    devices = sorted(context.snapshot.devices, key=lambda device: (-device.utilisation, device.name))
    rows = []
    for index, device in enumerate(devices[:count]):
        rates: list[Span] = [
            (" r", "dim"),
            (pad(bytes_(device.read_rate), 6, ">"), "text"),
            (" w", "dim"),
            (f"{pad(bytes_(device.write_rate), 6, '>')}/s", "text"),
        ]
        used = 18
        if grid.rest >= used + 14:
            rates.append((pad(latency(device.latency), 6, ">"), "text"))
            used += 6
        behind = [*fit(((device.label, "text"),), max(3, min(12, grid.rest - used))), *rates]
        order = (6 if index == 0 else 14, 10 + index)
        rows.append(_metered("io", Severity.OK, order, device.utilisation, behind, grid))
    return rows


def _network_row(context: Context, width: int) -> Row:
    cells = min(24, (width - LABEL - 24) // 2)
    spans: list[Span] = []
    for arrow, rate, name in zip("↓↑", context.snapshot.network, ("receive", "transmit"), strict=True):
        spans += [(f"{arrow}", "dim"), (pad(f"{bytes_(rate)}/s", 8, ">"), "text"), (" ", "text")]
        if cells >= 6:
            points = context.points(f"opsconsole_network_{name}_bytes_per_second")
            spans += [sparkline(context.buckets(points, cells), cells), ("  ", "text")]
    return Row(Severity.OK, 3, 12, ((pad("net", LABEL), "label"), *spans))


def _load_row(context: Context) -> Row:
    one, five, fifteen = context.snapshot.load
    cores = max(1, len(context.snapshot.cores))
    severity = context.limit("load").judge(five / cores)
    spans: list[Span] = [
        (pad("load", LABEL), "label"),
        (f"{one:5.2f} {five:5.2f} {fifteen:5.2f}  ", SEVERITY_ROLE[severity]),
        (f"{five / cores:.2f}", "text"),
        (" a core over 5 min", "dim"),
    ]
    return Row(Severity.OK, 4, 13, tuple(spans))


def _pressure_rows(context: Context) -> list[Row]:
    """Shares of the last ten seconds in which tasks were stalled."""
    pressures = context.snapshot.pressures
    if not pressures:
        return []
    spans: list[Span] = [(pad("psi", LABEL), "label")]
    for pressure in pressures:
        share = pressure.some.avg10
        limit = context.limit("cpu_pressure" if pressure.name == "cpu" else "pressure")
        role = SEVERITY_ROLE[limit.judge(share)]
        spans += [(f"{pressure.name} ", "dim"), (f"{pad(percent(share), 4, '>')}  ", role)]
    return [Row(Severity.OK, 9, 14, tuple(spans))]


def _temperature_rows(context: Context) -> list[Row]:
    sensors = context.snapshot.temperatures
    if not sensors:
        return []
    hottest = sensors[0]
    role = SEVERITY_ROLE[context.limit("temperature").judge(hottest.celsius)]
    line: Line = (
        (pad("temp", LABEL), "label"),
        (f"{hottest.celsius:3.0f} °C ", role),
        (hottest.label, "dim"),
    )
    return [Row(Severity.OK, 7, 15, line)]
