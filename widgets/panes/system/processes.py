"""The zoomed system pane's views of processes: by what they use, and as a tree."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.text import pad
from console.units import bytes_, duration, percent
from widgets.draw import Line, Span, wrap
from widgets.pane import Context, View
from widgets.panes.system.acts import process_acts
from widgets.panes.system.columns import CPU_PLOT, MEMORY_PLOT, figure, itself, rate
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.system.host import Process, SystemSnapshot

STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting in the kernel, for a disk as a rule; no signal reaches it",
    "Z": "ended; its parent has not waited for it",
    "T": "stopped by a signal",
    "t": "stopped by a debugger",
    "I": "idle thread of the kernel",
    "X": "dead",
}
"""What the letters of ps mean."""
TREE_CELLS = 36
"""Cells a tree is indented at most; deeper levels stay there."""
BELOW = {"": "", "├─ ": "│  ", "└─ ": "   "}
"""What leads the lines below a branch, by what leads the branch itself."""


def process_views() -> Sequence[View[Any]]:
    """Every process by CPU, and all of them below their parents."""
    plots = (CPU_PLOT, MEMORY_PLOT)
    return (
        View(
            "processes",
            "Processes",
            process_columns(itself),
            lambda context: context.snapshot.processes,
            key=_key,
            detail=describe,
            note=_note,
            plots=plots,
            sort="cpu",
            acts=process_acts,
        ),
        View(
            "tree",
            "Tree",
            process_columns(lambda branch: branch.process, lambda branch: branch.indent),
            lambda context: tree(context.snapshot.processes),
            key=lambda branch: _key(branch.process),
            detail=lambda branch, context, width: describe(branch.process, context, width),
            note=_note,
            acts=lambda branch, context: process_acts(branch.process, context),
        ),
    )


def _key(process: Process) -> tuple[int, float]:
    return (process.pid, process.started.timestamp())


def _note(context: Context) -> str:
    counts = context.snapshot.counts
    parts = [
        f"{counts.total} processes",
        f"{counts.threads} threads",
        f"{counts.running} running",
        f"{counts.uninterruptible} waiting in the kernel (D)",
        f"{counts.zombies} ended and not waited for (Z)",
    ]
    if not context.snapshot.complete:
        parts.append("the top ones only, until all are read")
    return ", ".join(parts)


def process_columns(
    of: Callable[[Any], Process], indent: Callable[[Any], str] = lambda row: ""
) -> tuple[Column[Any], ...]:
    """The columns of a process; `of` finds it in a row, `indent` leads its command line."""

    def of_process(
        name: str, title: str, shown: Callable[[Any], Span | str], cells: int, drop: int = 0
    ) -> Column[Any]:
        return figure(name, title, shown, cells, drop, of)

    return (
        of_process("pid", "PID", str, 7),
        Column("user", "USER", lambda row: of(row).user, 10, drop=2),
        Column("state", "S", lambda row: _state(of(row)), 1, drop=1),
        of_process("cpu", "CPU", _cpu, 5),
        of_process("rss", "MEM", bytes_, 5),
        of_process("read_rate", "READ/s", rate, 7, 4),
        of_process("write_rate", "WRITE/s", rate, 8, 3),
        of_process("threads", "THR", str, 4, 7),
        of_process("nice", "NI", str, 3, 9),
        of_process("cpu_time", "TIME", duration, 7, 6),
        of_process("started", "START", _start, 8, 8),
        of_process("ppid", "PPID", str, 7, 10),
        Column("command", "COMMAND", lambda row: _command(of(row), indent(row)), 32, flex=1),
    )


def _cpu(value: float) -> Span:
    return (percent(value), "text" if value > 0 else "dim")


def _state(process: Process) -> Span:
    return (process.state, "warn" if process.state in "DZ" else "strong" if process.state == "R" else "dim")


def _start(started: datetime) -> str:
    return started.astimezone().strftime("%d %H:%M")


def _command(process: Process, indent: str) -> Span:
    return (indent + process.command, "dim" if process.kernel else "text")


@dataclass(frozen=True, slots=True)
class Branch:
    """A process in the tree, with the lines that lead to it."""

    process: Process
    indent: str


def tree(processes: Sequence[Process]) -> list[Branch]:
    """The processes below their parents, children by process id; those without a parent are roots.

    Parents and children are read a moment apart, so a child may name a parent that is gone, and a
    reused process id could even make a ring: what no root leads to becomes a root itself.
    """
    by_pid = {process.pid: process for process in processes}
    children: dict[int, list[Process]] = {}
    roots = []
    for process in sorted(processes, key=lambda process: process.pid):
        if process.ppid in by_pid and process.ppid != process.pid:
            children.setdefault(process.ppid, []).append(process)
        else:
            roots.append(process)
    branches: list[Branch] = []
    seen: set[int] = set()

    for root in (*roots, *processes):
        # a stack of its own: a chain of forks may be deeper than Python's
        stack = [(root, "", "")]
        while stack:
            process, lead, elbow = stack.pop()
            if process.pid in seen:
                continue
            seen.add(process.pid)
            branches.append(Branch(process, lead + elbow))
            below = children.get(process.pid, [])
            deeper = lead + BELOW[elbow] if len(lead) < TREE_CELLS else lead
            stack += [(child, deeper, "└─ " if child is below[-1] else "├─ ") for child in reversed(below)]
    return branches


def describe(process: Process, context: Context, width: int) -> list[Line]:
    """Everything about one process: command line whole, parents, children, what it uses."""
    snapshot: SystemSnapshot = context.snapshot
    by_pid = {other.pid: other for other in snapshot.processes}
    parent = by_pid.get(process.ppid)
    age = (context.time - process.started).total_seconds()
    started = process.started.astimezone()
    facts: list[tuple[str, str]] = [
        ("process", f"{process.pid}  {process.name}"),
        ("user", process.user or "not known"),
        ("state", f"{process.state}  {STATES.get(process.state, 'not known')}"),
        ("parent", f"{process.ppid}  {parent.command if parent else ''}"),
        ("started", f"{started:%Y-%m-%d %H:%M:%S}, {duration(age)} ago"),
        ("cpu", f"{percent(process.cpu)} of a core, {duration(process.cpu_time)} since it started"),
        (
            "memory",
            f"{bytes_(process.rss)} resident, {percent(process.rss / snapshot.memory.total)} of the host",
        ),
        ("disk", _disk(process)),
        ("threads", str(process.threads)),
        ("nice", str(process.nice)),
    ]
    lines: list[Line] = []
    for name, text in facts:
        for index, part in enumerate(wrap(text, max(10, width - 10))):
            lines.append(((pad(name if index == 0 else "", 10), "label"), *part))
    lines += [(), (("command line", "label"),), *wrap(process.command, max(10, width - 2))]
    children = [other for other in snapshot.processes if other.ppid == process.pid]
    if children:
        lines += [(), ((f"children  {len(children)}", "label"),)]
        for child in sorted(children, key=lambda child: child.pid):
            lines.append(
                ((f"{child.pid:>8} ", "dim"), (f"{percent(child.cpu):>5} ", "text"), (child.command, "text"))
            )
    return lines


def _disk(process: Process) -> str:
    if math.isnan(process.read_rate):
        return "not known: needs root, or another second"
    return f"reads {bytes_(process.read_rate)}/s, writes {bytes_(process.write_rate)}/s"
