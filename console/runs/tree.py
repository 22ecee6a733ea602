"""Everything a process has started, found in /proc and ended. Standard library only, for the supervisor."""

from __future__ import annotations

import ctypes
import os
import signal

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends. Raises OSError where Linux cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def stat_of(pid: int) -> tuple[int, str, int] | None:
    """Parent, state letter and start time (clock ticks since boot) of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            # the name in parentheses may hold anything, parentheses too
            fields = stream.read().rpartition(b")")[2].split()
        return int(fields[1]), fields[0].decode(), int(fields[19])
    except (OSError, IndexError, ValueError):
        return None


def name_of(pid: int) -> str:
    """The short name of a process; empty when it is gone."""
    try:
        with open(f"/proc/{pid}/comm", "rb") as stream:
            return stream.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def descendants(root: int) -> list[int]:
    """The living processes below one, zombies left out, parents before their children."""
    if root == os.getpid() and not has_children():
        return []
    children: dict[int, list[int]] = {}
    states: dict[int, str] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := stat_of(int(entry))) is not None:
            children.setdefault(stat[0], []).append(int(entry))
            states[int(entry)] = stat[1]
    found: list[int] = []
    queue = [root]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return [pid for pid in found if states[pid] not in "ZX"]


def has_children() -> bool:
    """Whether this process has any child, zombies among them: without one it has no descendants either."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def signal_all(root: int, number: signal.Signals) -> list[int]:
    """Send a signal to everything below a process; the pids that were there."""
    pids = descendants(root)
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            pass  # gone meanwhile, or another user's (sudo): told as a survivor when it stays
    return pids
