"""What can be done to a container, by its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from console.errors import GateRefused
from console.runs.acts import Act, container_act
from widgets.pane import Context
from widgets.panes.docker.rows import Row

if TYPE_CHECKING:
    from console.sources.docker.source import DockerSource

VERBS: Mapping[str, Sequence[str]] = {
    "running": ("restart", "stop"),
    "restarting": ("restart", "stop"),
    "paused": ("restart", "stop"),
    "created": ("start",),
    "exited": ("start",),
}
"""What makes sense in which state, the most usual first; a container on its way out is left alone."""


def container_acts(row: Row, context: Context) -> Sequence[Act]:
    """Restart and stop what runs, start what does not. Raises GateRefused."""
    source = cast("DockerSource", context.feed.source)
    container, engine = row.container, row.snapshot.engine
    verbs = VERBS.get(container.state)
    if verbs is None:
        raise GateRefused(f"{container.name} is {container.state}: nothing can be done to it")
    host, where = source.address
    health = f", {container.health}" if container.health else ""
    about = (
        f"container {container.name}, {container.status(row.snapshot.time)}{health}",
        f"id {container.short_id}, image {container.image}",
        f"on {engine.name}, {engine.kind} {engine.version} at {engine.host}",
    )
    return [
        container_act(container.name, container.id, verb, host=host, context=where, about=about)
        for verb in verbs
    ]
