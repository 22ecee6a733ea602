"""A bad network between the console and its servers: late, thin, silent, cut, half closed.

All three servers suffer at once, each behind a proxy; another Redis and the host are asked beside them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from console.collector import Collector, Feed
from console.config import Config, DockerTarget, PostgresTarget, RedisTarget
from console.sources.base import Focus, State
from console.sources.docker.source import DockerSource
from console.sources.postgres.source import PostgresSource
from console.sources.redis.source import RedisSource
from console.sources.system.source import SystemSource
from tests.console.sources.smooth import watched
from tests.patience import PATIENCE, until
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import PostgresServer, wheel_bindir
from tests.servers.proxy import FAULTS, Proxy
from tests.servers.redis import RedisServer, wheel_redis

LASTS = 5.0
"""Seconds each fault lasts at least."""
LATE = 2.5
"""Of its cadence: what the polls of the others may be apart, as a mean; were one to wait for those that
suffer, it would be more than their deadline."""


@dataclass(frozen=True)
class Place:
    """The proxies, by the kind of source that looks through them, and a Redis looked at directly."""

    proxies: Mapping[str, Proxy]
    beside: RedisServer

    def sources(self) -> list[Any]:
        """All sources: those behind proxies, and those that must not suffer with them."""
        behind = Config(
            postgres=(
                PostgresTarget(url=f"postgresql://postgres@127.0.0.1:{self.proxies['postgres'].port}/"),
            ),
            redis=(RedisTarget(url=f"redis://127.0.0.1:{self.proxies['redis'].port}"),),
            docker=(DockerTarget(host=f"unix://{self.proxies['docker'].path}"),),
        )
        direct = Config(redis=(RedisTarget(name="beside", url=self.beside.url),))
        return [
            *PostgresSource.discover(behind, {}),
            *RedisSource.discover(behind, {}),
            *DockerSource.discover(behind, {}),
            *RedisSource.discover(direct, {}),
            SystemSource(),
        ]


@pytest.fixture(scope="module")
def place(dockerd: Dockerd) -> Iterator[Place]:
    """The servers with a proxy before each."""
    dockerd.run("behind-a-proxy")
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer(wheel_bindir()))
        redis, beside = (stack.enter_context(RedisServer(wheel_redis())) for _ in range(2))
        targets: dict[str, int | Path] = {
            "postgres": postgres.port,
            "redis": redis.port,
            "docker": dockerd.socket,
        }
        proxies = {kind: stack.enter_context(Proxy(target)) for kind, target in targets.items()}
        yield Place(proxies, beside)
    dockerd.discard("behind-a-proxy")


def is_live(feed: Feed) -> bool:
    """Whether its newest reading is a good one."""
    return feed.state is State.LIVE


def is_told(feed: Feed, fault: str, began: float) -> bool:
    """Whether a pane would say of its source what is true of it since then.

    Over a thin line small answers come in time, and what came anew is true as well.
    """
    if feed.state is State.STALE:
        assert feed.snapshot is not None, "the last values are gone"
        assert feed.reading is not None
        assert feed.reading.error is not None
        assert feed.reading.error.reason
        return True
    anew = feed.good is not None and feed.good.monotonic - feed.good.duration > began
    return fault == "bandwidth" and anew


def held() -> dict[str, int]:
    """What a source may leave behind in this process, those of the proxies counted too."""
    return {
        "file descriptors": len(os.listdir("/proc/self/fd")),
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
    }


async def calm() -> dict[str, int]:
    """What is held once it stays the same for a second."""
    before, since = held(), time.monotonic()
    end = since + PATIENCE
    while time.monotonic() - since < 1.0:
        assert time.monotonic() < end, f"never the same: {held()}"
        await asyncio.sleep(0.05)
        if held() != before:
            before, since = held(), time.monotonic()
    return before


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_bad_network_is_told_hurts_nobody_else_and_ends(place: Place, fault: str) -> None:
    collector = Collector(place.sources())
    feeds: dict[str, Feed] = {feed.source.kind: feed for feed in collector.feeds.values()}
    feeds["redis"] = collector.feeds["redis"]
    polled: dict[str, list[float]] = {"beside": [], "system": []}

    def note(feed: Feed) -> None:
        polled.get(feed.source.name, []).append(time.monotonic())

    for name in collector.feeds:
        collector.look(name, Focus.GLANCE)
    collector.start()
    try:
        for feed in collector.feeds.values():
            await until(partial(is_live, feed))
        before = await calm()
        collector.listen(note)
        async with watched() as watch:
            began = time.monotonic()
            for proxy in place.proxies.values():
                proxy.suffer(fault)
            for kind in place.proxies:
                feed = feeds[kind]
                # what is under way may yet succeed late; then comes a pause, then one that fails: seven
                # seconds at worst, and as long again for what a busy machine does meanwhile
                worst = feed.source.cadence[Focus.GLANCE] + 2 * feed.source.deadline
                await until(partial(is_told, feed, fault, began), began + 2 * worst - time.monotonic())
            await asyncio.sleep(max(0.0, began + LASTS - time.monotonic()))
            for times in polled.values():
                assert len(times) > 1, times
                assert (times[-1] - times[0]) / (len(times) - 1) <= LATE, times
            for proxy in place.proxies.values():
                proxy.recover()
            for kind in place.proxies:
                await until(partial(is_live, feeds[kind]))
            after = await calm()
        watch.assert_smooth()
        assert {what: count - before[what] for what, count in after.items() if count > before[what]} == {
            "tasks": 1,  # those that watch
            "threads": 1,
        }
    finally:
        for proxy in place.proxies.values():
            proxy.recover()
        await collector.stop()
