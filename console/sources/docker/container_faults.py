"""What is wrong with containers, as findings whose subject is the container's name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from console.config import Limits
from console.findings import Finding, Limit, Severity
from console.sources.docker.containers import Container, DockerSnapshot, Usage, age
from console.text import clip
from console.units import bytes_, percent

EXIT_WINDOW = 3600.0
"""Seconds a failed end stays a finding of a container that nobody expects to be running."""
OUTPUT_CELLS = 30
"""Cells of a probe's output or an engine's error in a finding."""
_BY_SIGNAL = (129, 130, 137, 143)
"""Exit codes of HUP, INT, KILL and TERM: what a container gives that was stopped on purpose."""
_HINTS = {
    125: "the engine could not start it: docker inspect shows the error",
    126: "its command cannot be executed: check the file's mode and format",
    127: "its command was not found: check image, entrypoint and PATH",
    134: "it aborted (SIGABRT): its last log lines say why",
    137: "killed (SIGKILL): a stop that took too long, or out of memory unseen by the engine: dmesg",
    139: "segmentation fault: look for a core dump, try the previous image",
    143: "ended by SIGTERM: somebody or something stopped it",
}
_OOM_HINT = "OOM killed: raise the memory limit or find the leak"
_LOG_HINT = "its last log lines say why"


def find_faults(snapshot: DockerSnapshot, limits: Limits) -> Iterator[Finding]:
    """Everything wrong in a snapshot, in no order."""
    restarts = limits.limit("container_restarts")
    memory, cpu = limits.limit("container_memory"), limits.limit("container_cpu")
    for container in snapshot.containers:
        if not _plainly_well(container):
            finding = state_fault(container, snapshot.time, restarts, snapshot.perhaps_more(container))
            if finding is not None:
                yield finding
        if container.memory_limit or container.cpu_limit:
            usage = snapshot.usage.get(container.id)
            if usage is not None:
                yield from _usage_faults(container, usage, memory, cpu)
    for warning in snapshot.engine.warnings:
        # others, such as missing swap accounting, are how the host was set up: the engine's view has them
        if "encryption" in warning or "insecure" in warning.lower() or "root access" in warning:
            yield Finding(Severity.WARNING, "engine", warning, "bind its API to a Unix socket, or use TLS")


def _plainly_well(container: Container) -> bool:
    """Whether nothing of it needs a closer look: so it is with most of a thousand."""
    return (
        container.state == "running"
        and container.health != "unhealthy"
        and not container.restarts
        and not container.restarted
        and not container.oom_killed
    )


def state_fault(container: Container, now: datetime, restarts: Limit, least: str = "") -> Finding | None:
    """What is wrong with a container's state; the worst of it, since one cause shows in several ways.

    `least` stands before the number of its recent restarts.
    """
    recent = container.recent_restarts(now)
    if container.state == "restarting":
        times = f", {least}{recent} restart{'s' if recent != 1 else ''} in 10m" if recent else ""
        return _found(Severity.CRITICAL, container, f"restarting, {_end(container)}{times}")
    if container.state == "dead":
        return _found(Severity.CRITICAL, container, "dead", "docker rm it; the engine could not remove it")
    if container.state == "created":
        if not container.error:
            return None
        told = clip(container.error, OUTPUT_CELLS)
        return _found(Severity.CRITICAL, container, f"could not start: {told}", container.error)
    if container.state == "exited":
        return _ended(container, now)
    if container.health == "unhealthy":
        told = f": {clip(container.health_output, OUTPUT_CELLS)}" if container.health_output else ""
        hint = "docker inspect shows its health log; check what the probe asks"
        return _found(Severity.CRITICAL, container, f"unhealthy{told}", hint)
    level = restarts.judge(recent) if recent else Severity.OK
    if level:
        end = "" if container.exit_code is None else f", {_end(container)}"
        return _found(level, container, f"restarted {least}{recent}x in 10m{end}")
    if container.oom_killed and container.exit_code is None:
        return _found(Severity.WARNING, container, "a process inside was OOM killed", _OOM_HINT)
    if container.state == "paused":
        return _found(Severity.WARNING, container, "paused", "docker unpause when it is to go on")
    return None


def _ended(container: Container, now: datetime) -> Finding | None:
    """A container that is not running: wrong when it failed, and lately, or when it was to be kept up."""
    code = container.exit_code
    if not code or container.stopped:
        return None
    ago = container.ended_ago(now)
    seconds = ago.total_seconds() if ago is not None else 0.0
    recent = seconds < EXIT_WINDOW
    when = f" {age(seconds)} ago" if ago is not None else ""
    kept_up = container.policy not in ("no", "")
    if container.policy == "on-failure" and 0 < container.max_retries <= container.restarts:
        text = f"gave up after {container.restarts} restarts, {_end(container)}"
        return _found(Severity.CRITICAL, container, text)
    if container.oom_killed and (recent or kept_up):
        return _found(Severity.CRITICAL, container, f"{_end(container)}{when}")
    if code in _BY_SIGNAL and kept_up:
        # the engine would have started it again: somebody stopped it, and may have forgotten it
        hint = "it was stopped on purpose: start it again when it is to run"
        return _found(Severity.WARNING, container, f"stopped{when}", hint) if recent else None
    if kept_up or recent:
        level = Severity.CRITICAL if kept_up else Severity.WARNING
        return _found(level, container, f"{_end(container)}{when}")
    return None


def _usage_faults(container: Container, usage: Usage, memory: Limit, cpu: Limit) -> Iterator[Finding]:
    if container.memory_limit:
        share = usage.memory / container.memory_limit
        if level := memory.judge(share):
            text = f"memory {percent(share)} of {bytes_(container.memory_limit)}"
            yield Finding(level, container.name, text, "raise the memory limit or find the leak", "usage")
    if container.cpu_limit:
        share = usage.cpu_steady / container.cpu_limit
        if level := cpu.judge(share):
            struck = f", throttled {percent(usage.throttled)}" if usage.throttled > 0 else ""
            text = f"CPU {percent(share)} of its {container.cpu_limit:g} cores{struck}"
            yield Finding(
                level, container.name, text, "raise the CPU limit, or see what it works on", "usage"
            )


def _end(container: Container) -> str:
    if container.exit_code is None:
        return "exit ?"
    return f"exit {container.exit_code}" + (" OOM" if container.oom_killed else "")


def _found(severity: Severity, container: Container, text: str, hint: str = "") -> Finding:
    if not hint:
        hint = _OOM_HINT if container.oom_killed else _HINTS.get(container.exit_code or 0, _LOG_HINT)
    return Finding(severity, container.name, text, hint)
