"""The key figures of all panes at one moment: what is kept around a step that changes something."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from console.history import History
from console.units import bytes_, count, percent

OLDEST = 30.0
"""Seconds before the moment asked for, beyond which a value says nothing about it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: where it comes from, how several sources of it are taken together, how it is shown."""

    metric: str
    together: Callable[[Iterable[float]], float]
    show: Callable[[float], str]
    labels: frozenset[tuple[str, str]] = frozenset()


FIGURES: Mapping[str, Figure] = {
    "cpu": Figure("opsconsole_cpu_ratio", max, percent),
    "memory": Figure("opsconsole_memory_used_ratio", max, percent),
    "load": Figure("node_load1", max, "{:.2f}".format),
    "net in": Figure("opsconsole_network_receive_bytes_per_second", sum, bytes_),
    "containers": Figure("opsconsole_containers", sum, count, frozenset({("state", "running")})),
    "sessions": Figure("opsconsole_pg_connections", sum, count),
    "blocked": Figure("opsconsole_pg_blocked", sum, count),
    "tx/s": Figure("opsconsole_pg_tps", sum, count),
    "cache hit": Figure("opsconsole_redis_hit_ratio", min, percent),
    "ops/s": Figure("opsconsole_redis_ops", sum, count),
    "errors/min": Figure("opsconsole_log_errors_last_minute", sum, count),
}
"""By the words they are shown under; ratios from 0 to 1, bytes a second, counts."""


def figures_at(history: History, moment: float) -> dict[str, float]:
    """The figures as they were at a moment (monotonic seconds); those nobody measured then are left out."""
    return {
        name: value
        for name, figure in FIGURES.items()
        if math.isfinite(value := _value(history, figure, moment))
    }


def _value(history: History, figure: Figure, moment: float) -> float:
    found: list[float] = []
    for labels in history.find(figure.metric):
        if not figure.labels <= set(labels):
            continue
        points = [p for p in history.since(figure.metric, labels, moment - OLDEST) if p[0] <= moment]
        if points and math.isfinite(points[-1][1]):
            found.append(points[-1][1])
    return figure.together(found) if found else math.nan


def shown(name: str, value: float) -> str:
    """A figure as people read it."""
    figure = FIGURES.get(name)
    return figure.show(value) if figure else count(value)
