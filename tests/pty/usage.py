"""What a tree of processes has used and holds, read from /proc by psutil."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU in seconds since the start (with children that ended), memory in bytes, and counts."""

    cpu: float = 0.0
    pss: int = 0
    rss: int = 0
    handles: int = 0
    threads: int = 0
    processes: int = 0


def tree(pid: int) -> list[psutil.Process]:
    """A process and its living descendants."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree, with that of children which ended and were waited for."""
    total = 0.0
    for process in tree(pid):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def usage(pid: int) -> Usage:
    """Everything about the tree; the memory part costs some milliseconds a process."""
    pss = rss = handles = threads = processes = 0
    for process in tree(pid):
        with contextlib.suppress(psutil.Error):
            memory = process.memory_full_info()
            pss += memory.pss
            rss += memory.rss
            handles += process.num_fds()
            threads += process.num_threads()
            processes += 1
    return Usage(cpu_seconds(pid), pss, rss, handles, threads, processes)
