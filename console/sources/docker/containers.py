"""What is known of containers and their engine, as plain values; loads no driver."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from console.metrics import Labels, labels
from console.sources.base import Snapshot
from console.units import duration

RESTART_WINDOW = 600.0
"""Seconds within which restarts are counted as recent."""
STATES = ("running", "restarting", "paused", "created", "removing", "exited", "dead")
"""The states of an engine; podman's own words are translated into these."""


def age(seconds: float) -> str:
    """How long ago, in steps that let a screen stand still: `42s`, `3m`, `5h03m`, `12d4h`."""
    if seconds < 60:
        return f"{max(0, int(seconds))}s"
    return f"{int(seconds // 60)}m" if seconds < 3600 else duration(seconds)


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """One container as its engine describes it; changes only when something happened to it."""

    id: str
    name: str
    image: str
    state: str
    """One of STATES."""
    inspected: bool = False
    """Whether the fields below were asked for already; the list alone has only what is above."""
    health: str = ""
    """starting, healthy, unhealthy; empty without a health check, and while it does not run."""
    health_output: str = ""
    """What the last failing probe printed."""
    exit_code: int | None = None
    """Of the last end; None while it never ended or the end was not seen."""
    oom_killed: bool = False
    """The last end, or the death of a process inside, was for want of memory."""
    stopped: bool = False
    """Somebody stopped or killed it; known only when it happened while the engine's events reach back."""
    error: str = ""
    """Why the engine could not start it."""
    restarts: int = 0
    """Restarts by its policy since somebody last started it."""
    restarted: tuple[float, ...] = ()
    """When the policy restarted it lately (epoch seconds of the engine's clock)."""
    policy: str = "no"
    """Restart policy: no, on-failure, always, unless-stopped."""
    max_retries: int = 0
    """Restarts after which on-failure gives up; 0: never."""
    created: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    pid: int = 0
    """Process id of its first process on the engine's host; 0 when none runs."""
    memory_limit: int = 0
    """Bytes; 0: none."""
    cpu_limit: float = 0.0
    """Cores; 0: none."""
    project: str = ""
    """Compose project."""
    service: str = ""
    """Compose service."""
    command: str = ""
    ports: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    host_network: bool = False
    """It uses the host's interfaces, which say nothing of this container."""
    variables: tuple[str, ...] = ()
    """Names of its environment variables; values are never kept, since they hold the secrets."""
    labels: tuple[str, ...] = ()
    """`name=value`."""
    metric_labels: Labels = ()

    @property
    def short_id(self) -> str:
        """The twelve digits people know it by."""
        return self.id[:12]

    @property
    def running(self) -> bool:
        """Whether it has processes now."""
        return self.state in ("running", "paused")

    def recent_restarts(self, now: datetime) -> int:
        """Restarts by its policy within the last ten minutes, at the engine's time `now`."""
        since = now.timestamp() - RESTART_WINDOW
        seen = sum(1 for moment in self.restarted if moment > since)
        if self.created is not None and self.created.timestamp() > since:
            return max(seen, self.restarts)  # all of them are recent, seen or not
        return seen

    def ended_ago(self, now: datetime) -> timedelta | None:
        """Time since its last end; None when it never ended."""
        return now - self.finished if self.finished else None

    def status(self, now: datetime) -> str:
        """State for people: `up 3m`, `exit 137 OOM 4m ago`, `restarting, exit 1`."""
        if self.state == "running" and self.started:
            return f"up {age((now - self.started).total_seconds())}"
        if self.state in ("exited", "dead", "restarting") and self.exit_code is not None:
            ended = f"exit {self.exit_code}" + (" OOM" if self.oom_killed else "")
            if self.state == "restarting":
                return f"restarting, {ended}"
            ago = self.ended_ago(now)
            return f"{ended} {age(ago.total_seconds())} ago" if ago else ended
        return self.state


class Usage(msgspec.Struct, frozen=True):
    """What a container takes: rates over `interval` seconds up to `time`; not-a-number where unknown."""

    time: float
    """Monotonic seconds of this console."""
    interval: float = 0.0
    """Seconds the rates cover; 0 while there was only one reading."""
    cpu: float = math.nan
    """Cores busy: 1.0 is one core."""
    cpu_steady: float = math.nan
    """The same, smoothed over about 15 s: what limits are judged by."""
    throttled: float = math.nan
    """Share of the scheduler's periods in which its CPU limit stopped it."""
    memory: float = math.nan
    """Bytes without the page cache that can go at once (usage minus inactive file pages)."""
    received: float = math.nan
    """Bytes a second, all networks together."""
    sent: float = math.nan
    """Bytes a second, all networks together."""
    read: float = math.nan
    """Bytes a second from block devices."""
    written: float = math.nan
    """Bytes a second to block devices."""
    pids: float = math.nan
    cpu_seconds: float = math.nan
    """CPU time since its start."""
    received_bytes: float = math.nan
    sent_bytes: float = math.nan


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """The engine itself."""

    kind: str
    """docker or podman."""
    name: str
    """Host name it gives itself."""
    version: str
    api: str = ""
    system: str = ""
    kernel: str = ""
    cpus: int = 0
    memory: int = 0
    """Bytes of its host."""
    root: str = ""
    """Directory of its data, on its host."""
    driver: str = ""
    """Storage driver."""
    cgroups: str = ""
    """Version and driver of the control groups."""
    images: int = 0
    warnings: tuple[str, ...] = ()
    host: str = ""
    """Where it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerSnapshot(Snapshot):
    """An engine's containers, ordered by name (api-2 before api-10), and what they take."""

    engine: Engine
    containers: tuple[Container, ...]
    usage: Mapping[str, Usage] = field(default_factory=dict)
    """By container id; none for those not running or not measured yet."""
    time: datetime
    """The engine's clock at this reading: what ages are counted from."""
    monotonic: float = 0.0
    """Monotonic seconds of this reading; a Usage of the same time was measured in this poll."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Containers by state; states without any are left out."""
    statistics: str = ""
    """Where usage comes from: `cgroup files`, `engine API`, or both."""
    listed: bool = False
    """Whether the whole list was asked in this poll, rather than kept by events."""
    watched: float = math.inf
    """Seconds its events have been followed: what was before, an engine remembers the last 256 of."""

    @property
    def cpu(self) -> float:
        """Cores busy with all containers measured; not-a-number before anything was."""
        known = [usage.cpu for usage in self.usage.values() if usage.cpu == usage.cpu]  # not NaN
        return sum(known) if known or not self.usage else math.nan

    def perhaps_more(self, container: Container) -> str:
        """`≥` where it may have been restarted more often within ten minutes than anything tells."""
        unseen = container.restarts > container.recent_restarts(self.time)
        return "≥" if unseen and self.watched < RESTART_WINDOW else ""

    @property
    def memory(self) -> float:
        """Bytes in use by all containers measured."""
        return sum(usage.memory for usage in self.usage.values() if usage.memory == usage.memory)


def metric_labels(name: str, image: str, identity: str) -> Labels:
    """The labels of a container's samples, as cadvisor has them, with the short id."""
    return labels(name=name, image=image, id=identity[:12])
