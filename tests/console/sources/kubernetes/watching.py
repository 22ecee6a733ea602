"""A source that watches real clusters, for tests: what it shows until something holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias
from unittest import mock

from console.config import KubernetesTarget
from console.errors import SourceError, TimedOut
from console.sources.base import Focus
from console.sources.kubernetes import connection
from console.sources.kubernetes.model import Cluster as Shown
from console.sources.kubernetes.model import KubernetesSnapshot, Pod
from console.sources.kubernetes.source import KubernetesSource

Seen: TypeAlias = KubernetesSnapshot | SourceError


@asynccontextmanager
async def watching(*files: Path, targets: Sequence[KubernetesTarget] = ()) -> AsyncIterator[KubernetesSource]:
    """A source of these kubeconfig files, closed at the end and then without a task of its own."""
    before = asyncio.all_tasks()
    source = KubernetesSource(targets, {"KUBECONFIG": ":".join(map(str, files))})
    try:
        yield source
    finally:
        # cut off amid a handshake, asyncio leaves a socket open: not because the machine is slow
        with mock.patch.object(connection, "SENDING_LIMIT", 3.0):
            await source.close()
    assert asyncio.all_tasks() == before


async def look(source: KubernetesSource) -> Seen:
    """What one poll gives, a deadline that passed on a busy machine too, as the collector takes it."""
    try:
        async with asyncio.timeout(source.deadline):
            return await source.poll(Focus.FULL)
    except SourceError as error:
        return error
    except TimeoutError:
        return TimedOut(f"no answer within {source.deadline:g} s")


async def until(source: KubernetesSource, holds: Callable[[Seen], object], seconds: float = 60.0) -> Seen:
    """Poll until what is seen is so. AssertionError with what was seen at last."""
    end = time.monotonic() + seconds
    while True:
        seen = await look(source)
        if holds(seen):
            return seen
        assert time.monotonic() < end, seen
        await asyncio.sleep(0.05)


async def shown(source: KubernetesSource, holds: Callable[[Shown], object], seconds: float = 60.0) -> Shown:
    """The same of the one cluster there is, while it lives."""

    def one(seen: Seen) -> bool:
        return (
            isinstance(seen, KubernetesSnapshot)
            and seen.clusters[0].state == "live"
            and bool(holds(seen.clusters[0]))
        )

    seen = await until(source, one, seconds)
    assert isinstance(seen, KubernetesSnapshot)
    return seen.clusters[0]


def names(cluster: Shown) -> list[str]:
    """The pods, by name."""
    return [pod.name for pod in cluster.pods]


def named(cluster: Shown, name: str) -> Pod | None:
    """One pod."""
    return next((pod for pod in cluster.pods if pod.name == name), None)
