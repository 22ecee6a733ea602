"""The limits of the control group this console runs in, version 1 and 2.

In a container /proc/meminfo still shows the whole host; what is left to us is what the group has
left. Every group up to the root may limit, so the tightest counts (kernel's
Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst).
"""

from __future__ import annotations

from collections.abc import Iterator

from console.sources.system.host import Confinement
from console.sources.system.proc import read_short

UNLIMITED = 1 << 60
"""Version 1 writes "no limit" as the largest multiple of a page."""


def read_confinement(proc: str = "/proc", sys: str = "/sys") -> Confinement | None:
    """The limits that hold here; None where nothing is limited or no group can be read."""
    try:
        groups = _groups(read_short(f"{proc}/self/cgroup"))
    except OSError:
        return None
    root = f"{sys}/fs/cgroup"
    memory = _tightest(_memory(root, groups))
    cpu = _tightest((limit, "") for limit in _cpu(root, groups))
    if memory is None and cpu is None:
        return None
    return Confinement(
        int(memory[0]) if memory else None,
        _used(memory[1]) if memory else 0,
        cpu[0] if cpu else None,
    )


def _groups(data: bytes) -> dict[str, str]:
    """/proc/self/cgroup: controller to path; version 2 under the empty name."""
    found = {}
    for line in data.decode(errors="surrogateescape").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def _upwards(path: str) -> Iterator[str]:
    # inside a container the group's own path may not be visible: its root then stands for it
    while path not in ("", "/"):
        yield path
        path = path.rpartition("/")[0]
    yield ""


def _number(path: str) -> float | None:
    try:
        return float(read_short(path).split()[0])
    except (OSError, ValueError, IndexError):  # missing, or "max"
        return None


def _memory(root: str, groups: dict[str, str]) -> Iterator[tuple[float, str]]:
    for path in _upwards(groups.get("memory", "/")):
        limit = _number(f"{root}/memory{path}/memory.limit_in_bytes")
        if limit is not None and limit < UNLIMITED:
            yield limit, f"{root}/memory{path}"
    for path in _upwards(groups.get("", "/")):
        limit = _number(f"{root}{path}/memory.max")
        if limit is not None:
            yield limit, f"{root}{path}"


def _cpu(root: str, groups: dict[str, str]) -> Iterator[float]:
    for path in _upwards(groups.get("cpu", "/")):
        quota = _number(f"{root}/cpu{path}/cpu.cfs_quota_us")
        period = _number(f"{root}/cpu{path}/cpu.cfs_period_us")
        if quota is not None and period and quota > 0:
            yield quota / period
    for path in _upwards(groups.get("", "/")):
        try:
            quota_text, period_text = read_short(f"{root}{path}/cpu.max").split()
        except (OSError, ValueError):
            continue
        if quota_text != b"max":
            yield int(quota_text) / int(period_text)


def _tightest(limits: Iterator[tuple[float, str]]) -> tuple[float, str] | None:
    return min(limits, default=None)


def _used(directory: str) -> int:
    usage = _number(f"{directory}/memory.current") or _number(f"{directory}/memory.usage_in_bytes") or 0.0
    try:
        stat = dict(line.split() for line in read_short(f"{directory}/memory.stat", 16384).splitlines())
    except (OSError, ValueError):
        stat = {}
    # version 1 counts the groups below only in the total_ figures
    inactive = stat.get(b"total_inactive_file", stat.get(b"inactive_file", b"0"))
    return max(0, int(usage) - int(inactive))
