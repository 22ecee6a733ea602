"""A package a pane, with the pane itself in its `pane.py`; `pane_for` finds the pane of a source's kind.

Nothing of a pane is loaded before it is asked for: the first paint needs no more than the titles.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from widgets.pane import Pane

TITLES = {
    "system": "System",
    "docker": "Containers",
    "kubernetes": "Kubernetes",
    "postgres": "Database",
    "redis": "Cache",
    "logs": "Logs",
    "health": "Health",
    "alerts": "Alerts",
}
"""The panes of this project, in the order of the overview, by what people call them."""

BUILT_IN = {
    "system": "widgets.panes.system.pane:SystemPane",
    "docker": "widgets.panes.docker.pane:DockerPane",
    "kubernetes": "widgets.panes.kubernetes.pane:KubernetesPane",
    "postgres": "widgets.panes.postgres.pane:PostgresPane",
    "redis": "widgets.panes.redis.pane:RedisPane",
    "logs": "widgets.panes.logs.pane:LogsPane",
    "alerts": "widgets.panes.alerts.pane:AlertsPane",
    "health": "widgets.panes.health.pane:HealthPane",
}
"""Where each of them is."""


def pane_for(kind: str) -> Pane:
    """The pane of a kind; sources of other packages register theirs as `opsconsole.panes`.

    A kind without a pane, or with one that cannot be loaded, gets one that lists findings and numbers.
    """
    from widgets.boundary import DrawingFailedError, attempt
    from widgets.panes.plain import PlainPane

    try:
        return attempt(_load, kind) or PlainPane(kind)
    except DrawingFailedError as failure:
        return PlainPane(kind, str(failure))


def _load(kind: str) -> Pane | None:
    if kind in BUILT_IN:
        module, _, name = BUILT_IN[kind].partition(":")
        made: Pane = getattr(import_module(module), name)()
        return made
    from importlib.metadata import entry_points  # 10 ms that only other packages' panes need

    for entry in entry_points(group="opsconsole.panes", name=kind):
        found: Pane = entry.load()()
        return found
    return None
