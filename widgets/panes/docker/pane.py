"""The containers on the overview: exit code, OOM and restarts first, then what they take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.text import width as cells
from console.units import bytes_, percent
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, line_width, spread
from widgets.pane import Context, Pane, View, flowing, wrong_lines
from widgets.panes.docker import rows as shown
from widgets.panes.docker.rows import Row
from widgets.table import Column, small_table

if TYPE_CHECKING:
    from console.sources.docker.containers import DockerSnapshot

BRIEF = 5
"""Lines below which there is no table: what is wrong, or a few sums."""
PAST = 12
"""Cells of a container's last two minutes."""
NARROWEST, WORDS = 13, 24
"""Cells of a state: at least, and those that say all of `exit 137 OOM, restarting`."""
LIMITS = 60
"""Cells from which a container's memory stands beside its limit: below, its state needs the room more."""
BUSY = 0.005
"""Of a core: who takes less is not named where there is room for few."""
NAMED = 4
"""Containers named where there is no table."""
_STATES: Mapping[str, str] = {
    "restarting": "crit",
    "dead": "crit",
    "paused": "warn",
    "exited": "dim",
    "created": "dim",
}
"""States the title names beside those that run, with their roles."""

_COLUMNS: tuple[Column[Row], ...] = (
    Column("cpu", "CPU", shown.cpu, 5, align=">", drop=1),
    Column("memory", "MEM/LIMIT", shown.memory, 11, align=">", drop=2),
    Column("restarts", "RST", shown.restarts, 4, align=">", drop=3),
    Column("up", "UP", shown.up, 7, align=">", drop=4),
    Column("past", "CPU 2 MIN", lambda row: shown.past(row, PAST), PAST, drop=5),
    Column("network", "NET IN/OUT", shown.network, 11, align=">", drop=6),
    Column("image", "IMAGE", lambda row: (row.container.image, "dim"), 14, flex=1, drop=7),
)

_USED: Column[Row] = Column("memory", "MEM", shown.used, 5, align=">", drop=2)
"""Memory where there is no room for its limit, but for the colour that says how near it is."""
LEAST = 3
"""CPU, memory and restarts: the columns, by their `drop`, that a long state leaves their room to."""


def columns(rows: Sequence[Row], width: int) -> tuple[Column[Row], ...]:
    """The columns for these rows: the names get what they need, at most a third of the room."""
    longest = max((cells(row.container.name) for row in rows), default=4)
    name = max(8, min(longest, width // 3))
    rest = _COLUMNS if width >= LIMITS else (_COLUMNS[0], _USED, *_COLUMNS[2:])
    beside = sum(1 + column.width for column in rest if column.drop <= LEAST) + 3
    state = max(NARROWEST, min(WORDS, width - name - beside))
    return (
        Column("name", "NAME", shown.name, name),
        Column("state", "STATE", shown.state, state, flex=1),
        *rest,
    )


class DockerPane(Pane):
    """A table of containers, the wrong ones first; sums below it when there is room."""

    kind = "docker"
    title = "Containers"
    least = 2

    def headline(self, context: Context) -> Sequence[Span]:
        """How many there are, and how many of them are not as they should be."""
        snapshot: DockerSnapshot = context.snapshot
        spans: list[Span] = [(str(len(snapshot.containers)), "text")]
        ill = sum(1 for container in snapshot.containers if container.health == "unhealthy")
        if ill:
            spans.append((f", {ill} unhealthy", "crit"))
        for state, role in _STATES.items():
            count = snapshot.counts.get(state, 0)
            if count:
                spans.append((f", {count} {state}", role))
        return spans

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """The table, the wrong ones first; in very little room only what is wrong, and sums."""
        snapshot: DockerSnapshot = context.snapshot
        others = [
            f for name, found in shown.findings_by_name(context).items() if name == "engine" for f in found
        ]
        if height < BRIEF:
            return self._brief(context, width, height)
        lines = wrong_lines(others, width, max(1, height // 4))
        rows = shown.rows(context)
        if not rows:
            return [*lines, (("no containers", "dim"), (f" on {snapshot.engine.name}", "dim"))]
        room = height - len(lines)
        if len(rows) + 2 <= room:
            table = small_table(columns(rows, width), rows, width, room - 1, lambda row: row.severity)
            return [*lines, *table, self._sums(context, width)]
        return [*lines, *self._table(rows, width, room)]

    def views(self) -> Sequence[View[Any]]:
        """Containers, compose projects, the engine."""
        from widgets.panes.docker.views import docker_views  # not needed before the pane is zoomed

        return docker_views()

    def settings(self) -> Mapping[str, str]:
        """Environment or configuration."""
        return {
            "environment": "DOCKER_HOST=unix:///run/user/1000/podman/podman.sock",
            "configuration": '[[docker]]\nhost = "unix:///var/run/docker.sock"\n# or: context = "prod"',
        }

    def _table(self, rows: Sequence[Row], width: int, height: int) -> list[Line]:
        """As many rows as there is room for; the last line says how many of the others are wrong."""
        lines = small_table(columns(rows, width), rows, width, height, lambda row: row.severity)
        left = rows[height - 2 :]
        wrong = sum(1 for row in left if row.findings)
        if wrong:
            level = max(row.severity for row in left)
            text = f"{SEVERITY_MARK[level]} +{wrong} more that are wrong"
            lines[-1] = ((text, SEVERITY_ROLE[level]), (f", +{len(left) - wrong} more", "dim"))
        return lines

    def _brief(self, context: Context, width: int, height: int) -> list[Line]:
        """What is wrong in half of the lines at most; then sums, and who takes most."""
        wrong = [finding for finding in context.findings if finding.severity is not Severity.OK]
        lines = [*flowing(wrong, width, max(1, height // 2)), self._sums(context, width, "")]
        busy = [row for row in shown.rows(context) if row.figure("cpu") >= BUSY]
        busy.sort(key=lambda row: -row.figure("cpu"))
        if busy:
            told = "  ".join(f"{row.container.name} {shown.cpu(row)[0]}" for row in busy[:NAMED])
            lines.append((("top  ", "label"), (told, "text")))
        return lines[:height]

    def _sums(self, context: Context, width: int, lead: str = "  ") -> Line:
        """What all of them take of the host, below the names of a table."""
        snapshot: DockerSnapshot = context.snapshot
        engine = snapshot.engine
        busy = f"{snapshot.cpu:.1f}" if math.isfinite(snapshot.cpu) else "-"
        cores = f"{busy} of {engine.cpus} cores" if engine.cpus else percent(snapshot.cpu)
        memory = bytes_(snapshot.memory) + (f" of {bytes_(engine.memory)}" if engine.memory else "")
        left: list[Span] = [
            (f"{lead}cpu ", "label"), (cores, "text"), ("  mem ", "label"), (memory, "text"),
        ]  # fmt: skip
        right: list[Span] = [(f"{engine.kind} {engine.version}", "dim")]
        if line_width(left) + line_width(right) + 2 > width:
            return tuple(left)
        return spread(left, right, width)
