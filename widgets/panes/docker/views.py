"""The zoomed containers: all columns, compose projects, the engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.units import bytes_, count, percent
from widgets.draw import SEVERITY_ROLE, Line, Span, wrap
from widgets.pane import Context, View
from widgets.panes.docker import rows as shown
from widgets.panes.docker.acts import container_acts
from widgets.panes.docker.detail import describe
from widgets.panes.docker.projects import CPU, MEMORY, project_view
from widgets.panes.docker.rows import Row
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.docker.containers import DockerSnapshot


def docker_views() -> Sequence[View[Any]]:
    """Containers, compose projects, the engine."""
    return (_containers(), project_view(), _engine())


# -- containers


def _usage(
    name: str, title: str, drop: int, show: Callable[[float], Span] = shown.rate, cells: int = 6
) -> Column[Row]:
    return Column(
        name,
        title,
        lambda row: show(row.figure(name)),
        cells,
        align=">",
        drop=drop,
        sort=lambda row: row.figure(name),
    )


def _number(value: float) -> Span:
    return (count(value), "text") if math.isfinite(value) else ("-", "dim")


def _of_cpu_limit(row: Row) -> float:
    limit = row.container.cpu_limit
    return row.figure("cpu") / limit if limit else math.nan


def _of_memory_limit(row: Row) -> float:
    limit = row.container.memory_limit
    return row.figure("memory") / limit if limit else math.nan


CONTAINERS: tuple[Column[Row], ...] = (
    Column("name", "NAME", shown.name, 14, flex=3),
    Column("project", "PROJECT", lambda row: (row.container.project, "text"), 10, flex=1, drop=8),
    Column("service", "SERVICE", lambda row: (row.container.service, "text"), 10, flex=1, drop=11),
    Column("state", "STATE", shown.state, 30, flex=4),
    Column("up", "UP", shown.up, 7, align=">", drop=3, sort=lambda row: row.uptime),
    Column("restarts", "RST", shown.restarts, 5, align=">", sort=lambda row: row.container.restarts),
    Column("recent", "10M", shown.recent, 4, align=">", drop=2, sort=lambda row: row.recent),
    Column("cpu", "CPU", shown.cpu, 5, align=">", sort=lambda row: row.figure("cpu")),
    Column(
        "cpu-limit",
        "OF LIMIT",
        lambda row: (percent(_of_cpu_limit(row)), shown.cpu(row)[1]),
        8,
        align=">",
        drop=7,
        sort=_of_cpu_limit,
    ),
    Column("memory", "MEM/LIMIT", shown.memory, 11, align=">", sort=lambda row: row.figure("memory")),
    Column("memory-limit", "MEM%", shown.memory_share, 4, align=">", drop=5, sort=_of_memory_limit),
    _usage("received", "NET↓/s", 6),
    _usage("sent", "NET↑/s", 7),
    _usage("read", "READ/s", 9),
    _usage("written", "WRITE/s", 10, cells=7),
    _usage("pids", "PIDS", 11, _number, 5),
    Column("ports", "PORTS", lambda row: (" ".join(row.container.ports), "dim"), 14, flex=1, drop=13),
    Column("image", "IMAGE", lambda row: (row.container.image, "dim"), 16, flex=2, drop=12),
    Column("id", "ID", lambda row: (row.container.short_id, "dim"), 12, drop=14),
)


def _note(context: Context) -> str:
    snapshot: DockerSnapshot = context.snapshot
    engine = snapshot.engine
    parts = [f"{engine.kind} {engine.version} on {engine.name}"]
    if snapshot.statistics:
        parts.append(f"usage from {snapshot.statistics}")
    return ", ".join([*parts, *snapshot.limited])


def _log_lines(row: Row) -> tuple[str, str]:
    """The filter for its lines and no other's: `api` is no part of `api-2` here."""
    name = row.container.name.replace(".", r"\.")
    return ("logs", f"source:^{name}$")


def _containers() -> View[Row]:
    return View(
        "containers",
        "Containers",
        CONTAINERS,
        shown.rows,
        key=lambda row: row.container.id,
        severity=lambda row: row.severity,
        detail=describe,
        empty="there are no containers",
        note=_note,
        plots=(CPU, MEMORY),
        related=_log_lines,
        acts=container_acts,
    )


# -- the engine


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know of the engine."""

    name: str
    value: str
    severity: Severity = Severity.OK
    note: str = ""


def facts(context: Context) -> list[Fact]:
    """What the engine says of itself, its warnings first."""
    snapshot: DockerSnapshot = context.snapshot
    engine = snapshot.engine
    known = {finding.text: finding for finding in shown.findings_by_name(context).get("engine", ())}
    made = []
    for number, warning in enumerate(engine.warnings, 1):
        finding = known.get(warning)
        severity = finding.severity if finding else Severity.OK
        made.append(Fact(f"warning {number}", warning, severity, finding.hint if finding else ""))
    states = ", ".join(f"{number} {state}" for state, number in sorted(snapshot.counts.items()))
    said = (
        ("engine", f"{engine.kind} {engine.version}", f"API {engine.api}" if engine.api else ""),
        ("asked at", engine.host, ""),
        ("host", engine.name, f"{engine.system}, {engine.kernel}" if engine.system else engine.kernel),
        ("cores", count(engine.cpus), ""),
        ("memory", bytes_(engine.memory), ""),
        ("containers", str(len(snapshot.containers)), states),
        ("images", count(engine.images), ""),
        ("data", engine.root, f"storage driver {engine.driver}" if engine.driver else ""),
        ("cgroups", engine.cgroups, ""),
        ("usage from", snapshot.statistics or "nothing yet", "; ".join(snapshot.limited)),
    )
    return made + [Fact(name, value, Severity.OK, note) for name, value, note in said if value]


def _fact_lines(fact: Fact, context: Context, width: int) -> Sequence[Line]:
    lines: list[Line] = [((fact.name, "title"),), ()]
    lines += wrap(fact.value, width, SEVERITY_ROLE[fact.severity])
    return [*lines, *wrap(fact.note, width)] if fact.note else lines


def _engine() -> View[Fact]:
    return View(
        "engine",
        "Engine",
        (
            Column("name", "WHAT", lambda fact: (fact.name, "label"), 12),
            Column("value", "VALUE", lambda fact: (fact.value, SEVERITY_ROLE[fact.severity]), 24, flex=2),
            Column("note", "NOTE", lambda fact: (fact.note, "dim"), 20, flex=2, drop=1),
        ),
        facts,
        key=lambda fact: fact.name,
        severity=lambda fact: fact.severity,
        detail=_fact_lines,
        plots=(CPU, MEMORY),
    )
