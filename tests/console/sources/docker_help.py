"""What the tests of container engines share: asking one, and waiting for what it is to show."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from console.config import Limits
from console.findings import Finding
from console.sources.base import Focus
from console.sources.docker.containers import Container, DockerSnapshot
from console.sources.docker.source import DockerSource
from tests.patience import PATIENCE
from tests.servers.dockerd import Dockerd


@contextlib.asynccontextmanager
async def asking(engine: Dockerd, limits: Limits | None = None) -> AsyncIterator[DockerSource]:
    source = DockerSource({}, host=engine.host, limits=limits)
    try:
        yield source
    finally:
        await source.close()


async def until(
    source: DockerSource,
    seen: Callable[[DockerSnapshot], bool],
    focus: Focus = Focus.GLANCE,
    limit: float = PATIENCE,
) -> DockerSnapshot:
    """Poll until the snapshot shows it."""
    end = time.monotonic() + limit
    while True:
        snapshot = await source.poll(focus)
        if seen(snapshot):
            return snapshot
        assert time.monotonic() < end, snapshot
        await asyncio.sleep(0.05)


def named(snapshot: DockerSnapshot, name: str) -> Container:
    return next(container for container in snapshot.containers if container.name == name)


def has(snapshot: DockerSnapshot, name: str) -> bool:
    return any(container.name == name for container in snapshot.containers)


def about(source: DockerSource, snapshot: DockerSnapshot, name: str) -> Finding | None:
    return next((finding for finding in source.judge(snapshot) if finding.subject == name), None)


def engine_threads() -> list[str]:
    names = ("container events", "container statistics", "engine docker")
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(names)]


async def gone(what: Callable[[], Any], limit: float = PATIENCE) -> None:
    """Wait until nothing of it is left."""
    end = time.monotonic() + limit
    while left := what():
        assert time.monotonic() < end, left
        await asyncio.sleep(0.02)
