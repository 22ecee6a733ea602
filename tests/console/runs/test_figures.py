"""The key figures kept around a change: of real sources, at the moment asked for and no other."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from console.collector import Collector
from console.config import Config, Limits, LogSettings, RedisTarget
from console.history import History
from console.metrics import Sample, labels
from console.runs.figures import FIGURES, OLDEST, figures_at, shown
from console.sources.base import Source
from console.sources.docker.source import DockerSource
from console.sources.logs.source import LogSource
from console.sources.postgres.source import PostgresSource
from console.sources.redis.source import RedisSource
from console.sources.system.source import SystemSource
from tests.patience import PATIENCE
from tests.servers.dockerd import Dockerd, dockerd
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

__all__ = ["dockerd"]


async def test_every_figure_comes_from_a_real_source(
    postgres_server: PostgresServer, redis_server: RedisServer, dockerd: Dockerd
) -> None:
    (cached,) = RedisSource.discover(Config(redis=(RedisTarget(name="cache", url=redis_server.url),)), {})
    sources: list[Source[Any]] = [
        SystemSource(Limits()), PostgresSource(postgres_server.url(), name="orders"), cached,
        DockerSource({}, host=dockerd.host),
        LogSource(LogSettings(files=(), containers=False, journald=False), journal=()),
    ]  # fmt: skip
    collector = Collector(sources)
    cache = redis_server.connect()
    cache.set("there", "1")
    dockerd.run("figures-a", "sleep", "600")
    try:
        found: dict[str, float] = {}
        async with asyncio.timeout(PATIENCE):
            while set(found) != set(FIGURES):  # rates are between two looks
                for _ in range(200):
                    cache.get("there")
                await collector.once()
                found = figures_at(collector.history, collector.clock.monotonic())
                await asyncio.sleep(0.1)
        assert 0 <= found["cpu"] <= 1
        assert 0 < found["memory"] < 1
        assert found["containers"] >= 1
        assert found["sessions"] >= 1
        assert found["cache hit"] > 0.5
        assert all(shown(name, value) != "-" for name, value in found.items())
        assert figures_at(collector.history, collector.clock.monotonic() - 3600) == {}
    finally:
        dockerd.discard("figures-a")
        await collector.stop()


def history(*points: tuple[float, str, float, str]) -> History:
    made = History()
    for time, name, value, server in points:
        made.add(time, [Sample(name, value, labels(server=server))])
    return made


def test_a_figure_is_the_last_one_before_the_moment() -> None:
    made = history(*((float(at), "node_load1", at / 100, "") for at in range(100, 200, 5)))
    assert figures_at(made, 150.0) == {"load": 1.5}
    assert figures_at(made, 149.0) == {"load": 1.45}
    assert figures_at(made, 99.0) == {}
    assert figures_at(made, 195 + OLDEST) == {"load": 1.95}
    assert figures_at(made, 196 + OLDEST) == {}


def test_several_sources_are_taken_together() -> None:
    made = history(
        (10, "opsconsole_pg_connections", 26, "a"), (10, "opsconsole_pg_connections", 4, "b"),
        (10, "opsconsole_redis_hit_ratio", 0.9, "a"), (10, "opsconsole_redis_hit_ratio", 0.2, "b"),
        (10, "opsconsole_cpu_ratio", 0.3, "a"), (10, "opsconsole_cpu_ratio", math.nan, "b"),
    )  # fmt: skip
    assert figures_at(made, 12.0) == {"sessions": 30, "cache hit": 0.2, "cpu": 0.3}


def test_only_running_containers_are_counted() -> None:
    made = History()
    for state, count in (("running", 3.0), ("exited", 5.0)):
        made.add(1.0, [Sample("opsconsole_containers", count, labels(engine="e", state=state))])
    assert figures_at(made, 2.0) == {"containers": 3.0}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("cpu", 0.345, "34%"), ("load", 1.5, "1.50"), ("net in", 2048, "2.0K"), ("sessions", 26, "26"),
     ("of another version", 1234, "1.2k")],
)  # fmt: skip
def test_figures_for_people(name: str, value: float, text: str) -> None:
    assert shown(name, value) == text
