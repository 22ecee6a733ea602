"""Containers together: sums over all of them, and by compose project."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.findings import Severity
from console.metrics import labels
from console.units import bytes_, count, percent
from widgets.draw import SEVERITY_ROLE, Line, Span
from widgets.pane import Context, Plot, View
from widgets.panes.docker import rows as shown
from widgets.panes.docker.rows import Row
from widgets.plot import Curve, PlotSpec
from widgets.table import Column

NO_PROJECT = "(no project)"


def cores(value: float) -> str:
    """CPU in cores: `0.42`, `12.0`."""
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}"


def _sum(title: str, metric: str, unit: Callable[[float], str]) -> Plot:
    def curves(context: Context, span: float) -> Sequence[Curve]:
        return [Curve("", context.points(metric, labels(engine=context.feed.source.name), span))]

    return Plot(PlotSpec(title, unit), curves)


CPU = _sum("cpu, cores", "opsconsole_containers_cpu_cores", cores)
MEMORY = _sum("memory", "opsconsole_containers_memory_bytes", bytes_)


@dataclass(frozen=True, slots=True)
class Project:
    """The containers of one compose project together."""

    name: str
    rows: Sequence[Row]

    @property
    def severity(self) -> Severity:
        """How wrong its worst container is."""
        return max((row.severity for row in self.rows), default=Severity.OK)

    @property
    def running(self) -> int:
        """Containers that run."""
        return sum(1 for row in self.rows if row.container.state == "running")

    @property
    def services(self) -> int:
        """Services they belong to; none for a container that compose did not start."""
        return len({row.container.service for row in self.rows} - {""})

    @property
    def wrong(self) -> int:
        """Containers something is wrong with."""
        return sum(1 for row in self.rows if row.severity)

    def total(self, name: str) -> float:
        """The sum of a figure over those measured; not-a-number when none is."""
        known = [value for value in (row.figure(name) for row in self.rows) if math.isfinite(value)]
        return math.fsum(known) if known else math.nan

    @property
    def restarts(self) -> int:
        """Restarts of all of them within ten minutes."""
        return sum(row.recent for row in self.rows)


def projects(context: Context) -> list[Project]:
    """The compose projects by name; containers of none come last, together."""
    grouped: dict[str, list[Row]] = {}
    for row in shown.rows(context):
        grouped.setdefault(row.container.project, []).append(row)
    return [
        Project(name or NO_PROJECT, grouped[name])
        for name in sorted(grouped, key=lambda name: (not name, name))
    ]


def _wrong(project: Project) -> Span:
    if not project.wrong:
        return ("", "dim")
    worst = project.rows[0]  # rows stand by wrongness
    return (f"{worst.container.name}: {shown.state(worst)[0]}", SEVERITY_ROLE[project.severity])


def _restarts(project: Project) -> Span:
    return (str(project.restarts), "text" if project.restarts else "dim")


def _project_sum(name: str, title: str, unit: Callable[[float], str], drop: int = 0) -> Column[Project]:
    def cell(project: Project) -> Span:
        value = project.total(name)
        return (unit(value), "text") if math.isfinite(value) else ("-", "dim")

    return Column(name, title, cell, 6, align=">", drop=drop, sort=lambda project: project.total(name))


PROJECTS: tuple[Column[Project], ...] = (
    Column("name", "PROJECT", lambda project: (project.name, "strong"), 14, flex=2),
    Column(
        "running",
        "UP",
        lambda project: f"{project.running}/{len(project.rows)}",
        7,
        align=">",
        sort=lambda project: project.running,
    ),
    Column("services", "SERVICES", lambda project: str(project.services), 8, align=">", drop=4),
    Column("restarts", "RST 10M", _restarts, 7, align=">", drop=2, sort=lambda project: project.restarts),
    _project_sum("cpu", "CPU", percent),
    _project_sum("memory", "MEM", bytes_),
    _project_sum("received", "NET↓/s", bytes_, 3),
    _project_sum("sent", "NET↑/s", bytes_, 3),
    _project_sum("pids", "PIDS", count, 5),
    Column("wrong", "WORST", _wrong, 20, flex=4, drop=1),
)


def _project_lines(project: Project, context: Context, width: int) -> Sequence[Line]:
    lines: list[Line] = [((project.name, "title"),), ()]
    for row in project.rows:
        text, role = shown.state(row)
        lines.append(
            (
                (f"{row.container.service or row.container.name:<24.24} ", "strong"),
                (f"{shown.cpu(row)[0]:>5} {shown.memory(row)[0]:>11}  ", "text"),
                (text, role),
            )
        )
    return lines


def project_view() -> View[Project]:
    """The compose projects, each with its worst container."""
    return View(
        "projects",
        "Projects",
        PROJECTS,
        projects,
        key=lambda project: project.name,
        severity=lambda project: project.severity,
        detail=_project_lines,
        empty="there are no containers",
        plots=(CPU, MEMORY),
    )
