"""The logs pane: the newest lines of all sources, and above them the errors that scrolled away."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.findings import Severity
from console.logs.levels import Level
from console.units import count
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span
from widgets.pane import Context, Pane, View
from widgets.panes.logs.rows import of_moment
from widgets.panes.logs.views import views
from widgets.panes.logs.words import columns_for, one_row

if TYPE_CHECKING:
    from console.logs.snapshot import LogSnapshot

PINNED_SHARE = 4
"""One row in so many shows an error that has scrolled out of sight."""
PINNED_LEAST = 5
"""Rows below which there is room for the newest lines only."""
SEARCHED_BACK = 5000
"""Lines looked through for such errors."""


class LogsPane(Pane):
    """Newest lines at the bottom; errors of the last minute stay in view above them."""

    kind = "logs"
    title = "Logs"
    least = 2

    def headline(self, context: Context) -> Sequence[Span]:
        """Lines a second, and what of the last minute was wrong."""
        snapshot = of_moment(context)
        errors, warnings = snapshot.errors, snapshot.warnings
        spans: list[Span] = []
        if math.isfinite(snapshot.rate):
            spans.append((f"{count(round(snapshot.rate))}/s", "text"))
        least = "" if snapshot.whole else "≥"
        if errors:
            severity = max(context.limit("errors_per_minute").judge(errors), Severity.WARNING)
            word = "error" if errors == 1 else "errors"
            spans.append((f"  {least}{count(errors)} {word}/min", SEVERITY_ROLE[severity]))
        if warnings:
            spans.append((f"  {least}{count(warnings)} warn/min", "text" if errors else "warn"))
        if snapshot.behind:
            spans.append(("  reading behind", "warn"))
        return spans

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """Sources in trouble, errors out of sight, the newest lines."""
        snapshot = of_moment(context)
        troubles = _troubles(context)[: max(1, height // 4)] if height >= PINNED_LEAST else []
        room = height - len(troubles)
        newest = snapshot.newest
        if not newest:
            return [*troubles, ((_silence(snapshot), "dim"),)]
        columns = columns_for(snapshot.origins, width, context.time.timestamp())
        pinned = _pinned(snapshot, newest, room)
        lines: list[Line] = []
        if pinned:
            lines = [one_row(line, columns) for line in snapshot.buffer.picked(pinned)]
            lines.append((("─" * width, "frame"),))
        tail = snapshot.buffer.lines(newest - (room - len(lines)) + 1, newest + 1)
        return [*troubles, *lines, *(one_row(line, columns) for line in tail)]

    def views(self) -> Sequence[View[Any]]:
        """The lines, and the sources they come from."""
        return views()

    def settings(self) -> Mapping[str, str]:
        """Which files, and what else."""
        return {
            "files": '[logs]\nfiles = ["/var/log/app/*.log"]',
            "more": "containers = true\njournald = true",
        }


def _pinned(snapshot: LogSnapshot, newest: int, room: int) -> list[int]:
    """The last errors of this minute above the lines that will be shown, oldest first."""
    most = min(room // PINNED_SHARE, snapshot.errors)
    if room < PINNED_LEAST or not most:
        return []
    upper = newest - room + most + 2  # the rows they and their rule take, the newest lines lose
    below = snapshot.buffer.entries(upper, newest + 1)
    seen = sum(1 for _, _, code, _ in below if Level.ERROR <= code <= Level.FATAL)
    found: list[int] = []
    place: int | None = upper
    while len(found) < min(most, snapshot.errors - seen):
        place = snapshot.buffer.seek(place or 0, -1, Level.ERROR, SEARCHED_BACK)
        if place is None:
            break
        found.insert(0, place)
    return found


def _troubles(context: Context) -> list[Line]:
    """What is wrong with the sources themselves; errors in the lines are seen in the lines."""
    snapshot: LogSnapshot = context.snapshot
    lines: list[Line] = []
    mark = SEVERITY_MARK[Severity.WARNING]
    for origin in snapshot.origins:
        told = origin.gap or (origin.problem if origin.expected else "")
        if told:
            lines.append(
                (
                    (f"{mark} ", "warn"),
                    (origin.name, "strong"),
                    (f" {told}", "warn"),
                    (f"  {origin.fix}", "dim"),
                )
            )
    wrong = [
        *((pattern, " names no file") for pattern in snapshot.missing),
        *((pattern, " goes through too many directories") for pattern in snapshot.wide),
    ]
    lines += [((f"{mark} ", "warn"), (pattern, "strong"), (told, "warn")) for pattern, told in wrong]
    return lines


def _silence(snapshot: LogSnapshot) -> str:
    """What no lines at all mean."""
    followed = len(snapshot.origins)
    what = f"{followed} sources, no line yet" if followed != 1 else "one source, no line yet"
    return "; ".join((what, *snapshot.notes))
