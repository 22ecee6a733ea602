"""What the pane and its zoom views say of one container."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.findings import Finding, Severity
from console.sources.docker.containers import age
from console.units import bytes_, percent
from widgets.draw import SEVERITY_ROLE, Span, sparkline
from widgets.pane import Context

if TYPE_CHECKING:
    from console.sources.docker.containers import Container, DockerSnapshot, Usage

STEPS = (0.5, 0.1)
"""Steady cores from which a container stands before idler ones: steps, so that rows seldom change places."""
SPARK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Row:
    """One container with what is wrong with it."""

    container: Container
    usage: Usage | None
    findings: Sequence[Finding]
    context: Context

    @property
    def severity(self) -> Severity:
        """How wrong it is."""
        return max((finding.severity for finding in self.findings), default=Severity.OK)

    @property
    def state_severity(self) -> Severity:
        """How wrong its state is, apart from what it uses."""
        found = (f.severity for f in self.findings if f.figure != "usage")
        return max(found, default=Severity.OK)

    @property
    def snapshot(self) -> DockerSnapshot:
        """The snapshot the row is of."""
        snapshot: DockerSnapshot = self.context.snapshot
        return snapshot

    def figure(self, name: str) -> float:
        """A field of its usage; not-a-number while nothing was measured."""
        value: float = getattr(self.usage, name) if self.usage is not None else math.nan
        return value

    @property
    def recent(self) -> int:
        """Restarts within ten minutes."""
        return self.container.recent_restarts(self.snapshot.time)

    @property
    def uptime(self) -> float:
        """Seconds it has been running; not-a-number when it is not."""
        container = self.container
        if not container.running or container.started is None:
            return math.nan
        return max(0.0, (self.snapshot.time - container.started).total_seconds())


def rows(context: Context) -> list[Row]:
    """All containers: the wrong ones first, then the busy ones, then in the snapshot's order."""
    snapshot: DockerSnapshot = context.snapshot
    found = findings_by_name(context)
    usage = snapshot.usage
    made = [Row(c, usage.get(c.id), found.get(c.name, ()), context) for c in snapshot.containers]
    made.sort(key=_order)
    return made


def findings_by_name(context: Context) -> Mapping[str, Sequence[Finding]]:
    """The findings of the newest good reading by their subject, worst first."""
    found: dict[str, list[Finding]] = {}
    for finding in context.findings:
        found.setdefault(finding.subject, []).append(finding)
    return found


def _order(row: Row) -> tuple[int, int]:
    # of two that are as wrong the one that is down goes before the one that uses much
    severity = -2 * row.severity - (row.state_severity == row.severity) if row.findings else 0
    # a container that ended as it should is behind those that run
    if not row.container.running and not severity:
        return (severity, len(STEPS) + 1)
    cpu = row.usage.cpu_steady if row.usage is not None else math.nan
    step = next((index for index, cores in enumerate(STEPS) if cpu >= cores), len(STEPS))
    return (severity, step)


def name(row: Row) -> Span:
    """Its name, with weight when something is wrong with it."""
    return (row.container.name, "strong" if row.findings else "text")


def state(row: Row) -> Span:
    """How it is, what a reader needs first: exit code and OOM before everything else."""
    container, role = row.container, SEVERITY_ROLE[row.state_severity]
    if container.state == "restarting":
        return (f"{ended(container)}, restarting", role)
    if container.state == "exited":
        if not row.state_severity:
            role = "dim"
        return (f"{ended(container)}{_ago(row)}", role)
    if container.state == "created" and container.error:
        return (f"no start: {container.error}", role)
    if container.state != "running":
        return (container.state, role if row.state_severity else "dim")
    if container.health == "unhealthy":
        return (f"unhealthy: {container.health_output}" if container.health_output else "unhealthy", role)
    if row.state_severity:
        end = f"{ended(container)}, " if container.exit_code is not None else ""
        if row.recent:
            times = f"{row.snapshot.perhaps_more(container)}{row.recent}"
            return (f"{end}{times} restart{'s' if row.recent > 1 else ''} in 10m", role)
        return (row.findings[0].text, role)
    if row.severity:  # what it uses: said here too, since its column may have had to go
        return (row.findings[0].text, SEVERITY_ROLE[row.severity])
    return (container.health or "running", "text")


def ended(container: Container) -> str:
    """`exit 137 OOM`."""
    code = "?" if container.exit_code is None else str(container.exit_code)
    return f"exit {code}" + (" OOM" if container.oom_killed else "")


def _ago(row: Row) -> str:
    ago = row.container.ended_ago(row.snapshot.time)
    return f", {age(ago.total_seconds())} ago" if ago is not None else ""


def cpu(row: Row) -> Span:
    """Share of one core."""
    value = row.figure("cpu")
    if not math.isfinite(value):
        return ("-", "dim")
    limit = row.container.cpu_limit
    severity = Severity.OK
    if limit:
        severity = row.context.limit("container_cpu").judge(row.figure("cpu_steady") / limit)
    return (percent(value), SEVERITY_ROLE[severity] if value >= 0.005 else "dim")


def memory(row: Row) -> Span:
    """Bytes, of the limit if there is one."""
    value = row.figure("memory")
    if not math.isfinite(value):
        return ("-", "dim")
    if not row.container.memory_limit:
        return (bytes_(value), "text")
    return (f"{bytes_(value)}/{bytes_(row.container.memory_limit)}", _memory_role(row, value))


def used(row: Row) -> Span:
    """Bytes; how near they are to the limit is told by the role."""
    text, role = memory(row)
    return (text.partition("/")[0], role)


def memory_share(row: Row) -> Span:
    """Share of its memory limit; a dash without one."""
    if not row.container.memory_limit:
        return ("-", "dim")
    value = row.figure("memory")
    return (percent(value / row.container.memory_limit), _memory_role(row, value))


def _memory_role(row: Row, value: float) -> str:
    share = value / row.container.memory_limit
    return SEVERITY_ROLE[row.context.limit("container_memory").judge(share)]


def restarts(row: Row) -> Span:
    """Restarts by its policy since somebody started it."""
    count = row.container.restarts
    if not count:
        return ("0", "dim")
    return (str(count), SEVERITY_ROLE[row.context.limit("container_restarts").judge(row.recent)])


def recent(row: Row) -> Span:
    """Restarts within ten minutes."""
    count = row.recent
    return (
        (
            f"{row.snapshot.perhaps_more(row.container)}{count}",
            SEVERITY_ROLE[row.context.limit("container_restarts").judge(count)],
        )
        if count
        else ("0", "dim")
    )


def up(row: Row) -> Span:
    """How long it has been running."""
    value = row.uptime
    return (age(value), "text") if math.isfinite(value) else ("-", "dim")


def rate(value: float) -> Span:
    """Bytes a second; a dash where it is not known."""
    if math.isnan(value):
        return ("-", "dim")
    return (bytes_(value), "text") if value >= 1 else ("0", "dim")


def network(row: Row) -> Span:
    """Bytes a second in and out, all its networks together."""
    received, sent = row.figure("received"), row.figure("sent")
    if math.isnan(received):
        return ("-", "dim")
    return (f"{rate(received)[0]}/{rate(sent)[0]}", "text" if received + sent >= 1 else "dim")


def past(row: Row, cells: int) -> Span:
    """Its CPU in the last two minutes, as bars up to its limit or one core."""
    context = row.context
    points = context.rates("container_cpu_usage_seconds_total", row.container.metric_labels, SPARK_SECONDS)
    bars = context.buckets(points, cells, SPARK_SECONDS)
    return sparkline(bars, cells, high=max(row.container.cpu_limit or 1.0, *(v for v in bars if v == v), 0.0))
