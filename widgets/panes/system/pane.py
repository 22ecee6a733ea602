"""The host on the overview: processors, memory, disks, network, pressure and who uses them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.findings import Finding, Severity
from console.text import clip, pad
from console.units import bytes_, duration, percent
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, line_width, sparkline
from widgets.pane import Context, Pane, View, flowing
from widgets.panes.system.rows import Row, meter_rows
from widgets.table import Column, small_table

if TYPE_CHECKING:
    from console.sources.system.host import Process, SystemSnapshot

METERED = {("cpu", "busy"), ("memory", "used"), ("swap", "used")}
"""Findings that a meter of the pane shows by itself: subject and figure."""
BRIEF = 5
"""Lines below which everything is said in a few words."""

PROCESS_COLUMNS: tuple[Column[Process], ...] = (
    Column("pid", "PID", lambda row: (str(row.pid), "dim"), 7, align=">", drop=2),
    Column("cpu", "CPU", lambda row: percent(row.cpu), 4, align=">"),
    Column("rss", "MEM", lambda row: bytes_(row.rss), 5, align=">"),
    Column("user", "USER", lambda row: (row.user, "dim"), 9, drop=1),
    Column("command", "COMMAND", lambda row: _short(row), 8, flex=1),
)
"""The few columns of the list of processes on the overview."""


class SystemPane(Pane):
    """CPU, memory, swap, disks, devices, network, load, pressure, temperatures and top processes."""

    kind = "system"
    title = "System"
    least = 2

    def headline(self, context: Context) -> Sequence[Span]:
        """Cores, memory and time since boot."""
        snapshot: SystemSnapshot = context.snapshot
        cores = len(snapshot.cores)
        memory, up = bytes_(snapshot.memory.total), duration(snapshot.uptime)
        return [(f"{cores} core{'s' if cores != 1 else ''}  {memory}  up {up}", "dim")]

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """Rows by wrongness; the processes that use most take what room is left."""
        if height < BRIEF:
            return _brief(context, width, height)
        rows = [*_finding_rows(context), *meter_rows(context, width, height)]
        busiest = _busiest(context.snapshot.processes)
        # from nine lines on, some of them are for the processes; never at the cost of what is wrong
        wrong = sum(1 for row in rows if row.severity)
        room = height if height < 9 or not busiest else max(wrong, 6, height * 11 // 20)
        lines = _place(rows, min(height, room))
        left = height - len(lines)
        if busiest and left >= 2:
            lines += small_table(PROCESS_COLUMNS, busiest[: left - 1], width, left)
        return lines

    def views(self) -> Sequence[View[Any]]:
        """Processes, their tree, cores, disks, devices, network, pressure, and the host itself."""
        from widgets.panes.system.views import system_views  # not needed before a pane is zoomed

        return system_views()


def _short(process: Process) -> str:
    # the directory of the program would take all the room; the zoomed table has it
    program, blank, arguments = process.command.partition(" ")
    return program.rpartition("/")[2] + blank + arguments if program.startswith("/") else process.command


def _busiest(processes: Sequence[Process]) -> list[Process]:
    """Processes by CPU, those that use none by memory; idle threads of the kernel are no news."""
    shown = [process for process in processes if process.cpu > 0 or not process.kernel]
    return sorted(shown, key=lambda process: (-round(process.cpu, 3), -process.rss))


def _place(rows: Sequence[Row], height: int) -> list[Line]:
    """The rows that fit, the wrong ones first; when even those do not fit, the last line counts them."""
    kept = sorted(rows, key=lambda row: (-row.severity, row.rank))
    hidden = [row for row in kept[height:] if row.severity]
    kept = sorted(kept[:height], key=lambda row: (-row.severity, row.place))
    lines = [row.line for row in kept]
    if hidden and lines:
        count = len(hidden) + 1
        lines[-1] = ((f"+{count} more that are wrong: ! lists them", "warn"),)
    return lines


def _finding_rows(context: Context) -> list[Row]:
    """What is wrong and no meter shows."""
    disks = {disk.mount for disk in context.snapshot.filesystems}
    rows: list[Row] = []
    for finding in context.findings:
        if _metered(finding, disks):
            continue
        role = SEVERITY_ROLE[finding.severity]
        mark = (f"{SEVERITY_MARK[finding.severity]} ", role)
        line: Line = (mark, (f"{finding.subject} ", "strong"), (finding.text, role))
        rows.append(Row(finding.severity, len(rows) - 100, len(rows) - 100, line))
    return rows


def _metered(finding: Finding, disks: set[str]) -> bool:
    return (finding.subject, finding.figure) in METERED or (
        finding.subject in disks and finding.figure == "used"
    )


# -- below five lines: everything in a few words


def _brief(context: Context, width: int, height: int) -> list[Line]:
    """What is wrong and no figure below shows, in half of the lines at most; then the figures."""
    severities = {finding.subject: finding.severity for finding in reversed(context.findings)}
    wrong = [finding for finding in context.findings if not _metered(finding, set())]
    lines = flowing(wrong, width, max(1, height // 2))
    lines += [_in_a_word(context, width, severities), _what_flows(context, width)]
    busiest = [process for process in context.snapshot.processes[:4] if process.cpu >= 0.005]
    if busiest:
        named = "  ".join(f"{process.name} {percent(process.cpu)}" for process in busiest)
        lines.append((("top  ", "label"), (named, "text")))
    return lines[:height]


def _in_a_word(context: Context, width: int, severities: dict[str, Severity]) -> Line:
    """CPU, memory, load and swap; a mark and a colour for each that is wrong."""
    snapshot: SystemSnapshot = context.snapshot

    def value(name: str, text: str, subject: str) -> list[Span]:
        severity = severities.get(subject, Severity.OK)
        mark = SEVERITY_MARK[severity].strip()
        return [(f"{name} ", "label"), (mark + text, SEVERITY_ROLE[severity])]

    cells = 24 if width >= 90 else 12 if width >= 60 else 6
    points = context.buckets(context.points("opsconsole_cpu_ratio"), cells)
    spans = value("cpu", pad(percent(snapshot.cpu.busy), 4, ">"), "cpu")
    spans += [(" ", "text"), sparkline(points, cells, high=1.0)]
    spans += value("  mem", pad(percent(snapshot.memory.used_ratio), 4, ">"), "memory")
    # it is judged over five minutes, and what is marked is what was judged
    judged = severities.get("load", Severity.OK) > Severity.OK
    spans += value("  load 5m" if judged else "  load", f"{snapshot.load[1 if judged else 0]:.2f}", "load")
    if snapshot.swap.total:
        spans += value("  swap", percent(snapshot.swap.used_ratio), "swap")
    if line_width(spans) + 14 <= width:
        spans += [("  iowait ", "label"), (percent(snapshot.cpu.iowait), "text")]
    return tuple(spans)


def _what_flows(context: Context, width: int) -> Line:
    """The fullest disk, the network, the busiest device."""
    snapshot: SystemSnapshot = context.snapshot
    spans: list[Span] = []
    disks = [d for d in snapshot.filesystems if math.isfinite(d.used_ratio) and not d.readonly]
    fullest = max(disks, key=lambda disk: disk.used_ratio, default=None)
    if fullest is not None:
        name = clip(fullest.mount, max(6, width // 5))
        role = SEVERITY_ROLE[context.limit("disk").judge(fullest.used_ratio)]
        spans += [("disk ", "label"), (f"{name} ", "text"), (percent(fullest.used_ratio), role)]
    received, sent = snapshot.network
    spans += [("  net ", "label"), (f"↓ {bytes_(received)}/s ↑ {bytes_(sent)}/s", "text")]
    device = max(snapshot.devices, key=lambda device: device.utilisation, default=None)
    if device is not None:
        spans += [("  io ", "label"), (f"{device.label} {percent(device.utilisation)}", "text")]
    return tuple(spans)
