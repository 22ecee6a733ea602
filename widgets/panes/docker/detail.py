"""Everything about one container."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.sources.docker.containers import age
from console.units import bytes_, count, duration, percent
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, wrap
from widgets.facts import Fact, fact_lines
from widgets.pane import Context
from widgets.panes.docker import rows as shown
from widgets.panes.docker.rows import Row
from widgets.plot import Curve, PlotSpec, draw_plot

if TYPE_CHECKING:
    from console.sources.docker.containers import Container

PLOT_HEIGHT = 8
PLOT_SECONDS = 600.0


def describe(row: Row, context: Context, width: int) -> Sequence[Line]:
    """What is wrong with it and what mends it, its state, what it takes, and how it was made."""
    container = row.container
    lines: list[Line] = [((container.name, "title"), (f"  {container.short_id}", "dim")), ()]
    for finding in row.findings:
        role = SEVERITY_ROLE[finding.severity]
        lines += wrap(f"{SEVERITY_MARK[finding.severity]} {finding.text}", width, role)
        lines += wrap(f"  {finding.hint}", width, "text") if finding.hint else []
    if row.findings:
        lines.append(())
    lines += fact_lines(_state(row) + _usage(row), width)
    lines += [(), *_plots(row, context, width), ()]
    lines += fact_lines(_made(container), width)
    if not container.inspected:
        lines.append((("the rest is asked of the engine in a moment", "dim"),))
    return lines


def _state(row: Row) -> list[Fact]:
    container, now = row.container, row.snapshot.time
    recent = f"{row.snapshot.perhaps_more(container)}{row.recent}"
    restarts = f"{container.restarts} since it was last started, {recent} within 10 minutes"
    policy = container.policy
    if container.policy == "on-failure" and container.max_retries:
        policy += f", {container.max_retries} times at most"
    text, role = shown.state(row)
    return [
        ("state", text, role),
        ("health", container.health, "crit" if container.health == "unhealthy" else "text"),
        ("last probe", container.health_output, "text"),
        ("last end", _end(container, now), "text"),
        ("error", container.error, "crit"),
        ("restarts", restarts, shown.restarts(row)[1]),
        ("policy", policy, "text"),
        ("started", _moment(container.started, now) if container.running else "", "text"),
        ("created", _moment(container.created, now), "text"),
        ("process", str(container.pid or ""), "text"),
    ]


def _end(container: Container, now: datetime) -> str:
    if container.exit_code is None and container.finished is None:
        return ""
    by_hand = ", stopped by somebody" if container.stopped else ""
    when = _moment(container.finished, now)
    return f"{shown.ended(container)}{by_hand}" + (f", {when}" if when else "")


def _moment(time: datetime | None, now: datetime) -> str:
    if time is None:
        return ""
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}, {age((now - time).total_seconds())} ago"


def _usage(row: Row) -> list[Fact]:
    usage, container = row.usage, row.container
    if usage is None:
        return []

    def each(*values: tuple[str, float]) -> str:
        known = [f"{name} {bytes_(value)}/s" for name, value in values if math.isfinite(value)]
        return "  ".join(known)

    cpu: Span = shown.cpu(row)
    limit = f" of {container.cpu_limit:g} cores allowed" if container.cpu_limit else " of one core, no limit"
    struck = f", its limit struck in {percent(usage.throttled)} of the time" if usage.throttled > 0 else ""
    share = f", {shown.memory_share(row)[0]} of it" if container.memory_limit else ", no limit"
    span = f" (over {duration(usage.interval)})" if usage.interval > 3 else ""
    network = each(("in", usage.received), ("out", usage.sent))
    return [
        ("cpu", f"{cpu[0]}{limit}{struck}{span}", cpu[1]),
        ("memory", f"{shown.memory(row)[0]}{share}", shown.memory(row)[1]),
        ("network", "the host's" if container.host_network else network, "text"),
        ("disks", each(("read", usage.read), ("written", usage.written)), "text"),
        ("processes", count(usage.pids) if math.isfinite(usage.pids) else "", "text"),
    ]


def _plots(row: Row, context: Context, width: int) -> list[Line]:
    """CPU and memory of the last ten minutes."""
    own, container = row.container.metric_labels, row.container
    cpu = context.rates("container_cpu_usage_seconds_total", own, PLOT_SECONDS)
    memory = context.points("container_memory_working_set_bytes", own, PLOT_SECONDS)
    if not memory:
        return []
    plots = (
        (PlotSpec("cpu", percent, limit=container.cpu_limit or None), cpu),
        (PlotSpec("memory", bytes_, limit=float(container.memory_limit) or None), memory),
    )
    lines: list[Line] = []
    for spec, points in plots:
        curves = [Curve("", points)]
        lines += draw_plot(spec, curves, min(width, 100), PLOT_HEIGHT, context.now, PLOT_SECONDS)
    return lines


def _made(container: Container) -> list[Fact]:
    variables = ", ".join(container.variables)
    service = f"{container.project} / {container.service}" if container.project else ""
    facts = [
        ("image", container.image, "text"),
        ("command", container.command, "text"),
        ("project", service, "text"),
        ("networks", ", ".join(container.networks), "text"),
        ("id", container.id, "dim"),
    ]
    facts += [("port" if not index else "", port, "text") for index, port in enumerate(container.ports)]
    facts += [("mount" if not index else "", mount, "text") for index, mount in enumerate(container.mounts)]
    facts += [("label" if not index else "", label, "dim") for index, label in enumerate(container.labels)]
    facts.append(("variables", f"{variables} (values are not kept)" if variables else "", "dim"))
    return facts
