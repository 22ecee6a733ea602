"""Live evidence: what real servers, asked by a real collector, say to the items of a checklist."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from console.collector import Collector
from console.config import Config, Limits, LogSettings
from console.errors import NotFound
from console.guides.model import Objective
from console.runs.evidence import Evidence, answer, topics_of
from console.sources.base import Source
from console.sources.docker.source import DockerSource
from console.sources.logs.source import LogSource
from console.sources.postgres.source import PostgresSource
from console.sources.redis.judge import ENOUGH_LOOKUPS
from console.sources.system.source import SystemSource
from tests.console.sources.asking_redis import asking as asking_redis
from tests.patience import PATIENCE, until
from tests.servers.dockerd import Dockerd, dockerd
from tests.servers.postgres import PostgresServer, frozen
from tests.servers.redis import RedisServer

__all__ = ["dockerd"]


@asynccontextmanager
async def asked(*sources: Source[Any], times: int = 1) -> AsyncIterator[Collector]:
    """A collector that has polled its sources so many times."""
    collector = Collector(sources)
    try:
        for _ in range(times):
            await collector.once()
        yield collector
    finally:
        await collector.stop()


def say(
    collector: Collector,
    title: str,
    limits: Limits | None = None,
    objectives: Sequence[Objective] = (),
    later: float = 0.0,
) -> Evidence | None:
    now = collector.clock.monotonic() + later
    config = Config(limits=limits or Limits())
    return answer(title, collector.feeds, collector.history, config, now, objectives)


def told(collector: Collector, title: str, **more: Any) -> Evidence:
    found = say(collector, title, **more)
    assert found is not None
    return found


def goal(name: str, op: str, value: float, breach: bool = False) -> Objective:
    return Objective(name=name, op=op, value=value, unit="%", line=1, breach=breach)


@contextmanager
def statement(server: PostgresServer, sql: str) -> Iterator[None]:
    """A session that runs a statement."""
    process = subprocess.Popen([*server.psql_command(), "-c", sql], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()
        # the server would go on with it, before the eyes of other tests
        server.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'psql' AND pid <> pg_backend_pid()"
        )


# -- which items are for the panes


@pytest.mark.parametrize(
    ("title", "measures"),
    [
        ("All services running and healthy", ["containers"]),
        ("Check that all containers are up", ["containers"]),
        ("System resources within normal ranges", ["resources"]),
        ("Verify CPU, memory and disk usage", ["cpu", "memory", "disk"]),
        ("Check database connections", ["connections"]),
        ("Database connection pool below limit", ["connections"]),
        ("Check database connectivity", ["database"]),
        ("PostgreSQL is up", ["database"]),
        ("Check replication status", ["replication"]),
        ("Redis replication is healthy", ["redis_replication"]),
        ("Look for slow queries", ["queries"]),
        ("No long-running transactions", ["queries"]),
        ("Check cache hit rate", ["redis_hit"]),
        ("Database buffer cache hit ratio", ["database_hit"]),
        ("Redis memory usage below 80 %", ["redis_memory"]),
        ("Redis is running", ["redis_up"]),
        ("No errors in the last 15 minutes", ["errors"]),
        ("Review the error logs", ["errors"]),
        ("Check system load", ["load"]),
        ("Check uptime", ["uptime"]),
        ("Restart all services", []),
        ("Increase database connections", []),
        ("Clean up disk space", []),
        ("Backup of the database is healthy", []),
        ("Look for memory leaks", []),
        ("Notify the team that services are running", []),
        ("Ring the harbour master", []),
        ("", []),
    ],
)
def test_items_are_matched_by_their_words(title: str, measures: list[str]) -> None:
    assert [one.measure.__name__ for one in topics_of(title)] == measures


async def test_an_item_nobody_can_answer_has_no_evidence() -> None:
    async with asked(SystemSource()) as collector:
        assert say(collector, "Berth board looked at") is None
        assert say(collector, "Redis is running") is None
        assert say(collector, "CPU and database connections") is None  # half an answer is none


# -- the host


async def test_host_resources_with_limits_and_objectives() -> None:
    wide = Limits(cpu=(9, 9), memory=(2, 2), disk=(2, 2), load=(999, 999), iowait=(2, 2), inodes=(2, 2))
    async with asked(SystemSource(Limits()), times=2) as collector:
        part = told(collector, "CPU and memory usage", limits=wide)
        assert part.good
        assert part.source == "system"
        assert 0 <= part.age < 5
        assert part.text.count("limit 200%") == 1
        tight = told(collector, "Memory usage", limits=Limits(memory=(0.0, 0.0001)))
        assert not tight.good
        assert told(collector, "Memory usage", objectives=[goal("Memory Usage", "<", 101)]).good
        wrong = told(collector, "Memory usage", objectives=[goal("Memory Usage", "<", 0.001)])
        assert not wrong.good
        assert "guide: < 0.001%" in wrong.text
        assert told(collector, "Memory usage", objectives=[goal("Memory", ">", 100, breach=True)]).good
        assert not told(collector, "Memory usage", objectives=[goal("Memory", ">", 0, breach=True)]).good
        assert told(collector, "Host uptime").good


async def test_what_is_old_or_never_came_is_never_good() -> None:
    collector = Collector([SystemSource()])
    never = told(collector, "Host uptime")
    assert (never.good, never.age) == (False, float("inf"))
    assert "not read yet" in never.text
    await collector.once()
    assert told(collector, "Host uptime").good
    late = told(collector, "Host uptime", later=300)
    assert not late.good
    assert late.age >= 300
    assert "not read lately" in late.text
    assert "host up" in late.text
    await collector.stop()


async def test_evidence_is_kept_with_its_value_and_time() -> None:
    async with asked(SystemSource()) as collector:
        found = told(collector, "Host uptime")
        kept = found.kept()
        assert (kept.text, kept.source, kept.good) == (found.text, "system", True)
        assert kept.time.endswith("+00:00")


# -- PostgreSQL


async def test_database_connections_and_their_limit(postgres_server: PostgresServer) -> None:
    async with asked(PostgresSource(postgres_server.url(), name="orders")) as collector:
        found = told(collector, "Check database connections")
        assert found.good
        assert "sessions" in found.text
        assert "limit 80%" in found.text
        assert found.source == "orders"
        assert not told(collector, "Check database connections", limits=Limits(connections=(0.001, 0.9))).good
        tight = [goal("Database Connections", "<", 0.01)]
        assert not told(collector, "Check database connections", objectives=tight).good
        assert told(collector, "Database is up").good
        assert told(collector, "No blocked queries").good


async def test_a_long_statement_is_seen(postgres_server: PostgresServer) -> None:
    async with asked(PostgresSource(postgres_server.url(), name="orders")) as collector:
        with statement(postgres_server, "select pg_sleep(60)"):
            others = "select string_agg(query, ' ') from pg_stat_activity where pid <> pg_backend_pid()"
            await until(lambda: "pg_sleep(60)" in postgres_server.psql(others))
            await collector.once()
            quick = Limits(query=(0.0001, 900), transaction=(900, 900))
            found = told(collector, "Look for slow queries", limits=quick)
            assert not found.good
            assert found.text.startswith("longest statement")
            patient = Limits(query=(900, 900), transaction=(900, 900))
            assert told(collector, "Look for slow queries", limits=patient).good


async def test_replication_without_a_standby_is_not_good(postgres_server: PostgresServer) -> None:
    async with asked(PostgresSource(postgres_server.url(), name="orders")) as collector:
        found = told(collector, "Check replication status")
        assert (found.good, found.text) == (False, "no standby is connected")


async def test_a_server_that_freezes_is_no_green_any_more(own_postgres: PostgresServer) -> None:
    source = PostgresSource(own_postgres.url(), name="orders")
    async with asked(source) as collector:
        assert told(collector, "Check database connections").good
        source.deadline = 0.5
        with frozen(own_postgres):
            await collector.once()
            found = told(collector, "Check database connections")
        assert not found.good
        assert "no answer" in found.text
        assert "sessions" in found.text  # what was seen last, and how long ago
        assert " ago: " in found.text
        assert found.findings
        own_postgres.kill()
        await collector.once()
        assert not told(collector, "PostgreSQL is up").good


# -- Redis


async def test_redis_memory_hits_and_presence(redis_server: RedisServer) -> None:
    async with asking_redis(redis_server.url) as (source, _), asked(source) as collector:
        assert told(collector, "Redis is running").good
        assert told(collector, "Redis memory usage").good
        assert not told(collector, "Redis memory usage", limits=Limits(redis_memory=(0.0, 0.5))).good
        assert "idle" in told(collector, "Check cache hit rate").text
        with redis_server.connect() as client:
            async with asyncio.timeout(PATIENCE):
                while (missed := told(collector, "Check cache hit rate")).text.startswith("cache idle"):
                    for number in range(ENOUGH_LOOKUPS):  # in every interval, wherever it begins
                        client.get(f"missing:{number}")
                    await asyncio.sleep(0.05)
                    await collector.once()
        assert not missed.good  # what the pane calls critical ticks nothing
        assert "cache hit 0%" in missed.text
        redis_server.kill()
        await collector.once()
        found = told(collector, "Redis is running")
        assert not found.good
        assert "ago: " in found.text


# -- logs


async def test_errors_of_the_period_that_was_watched(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("2026-01-01 INFO begun\n")
    settings = LogSettings(files=(str(path),), containers=False, journald=False)
    async with asked(LogSource(settings, journal=()), times=2) as collector:
        hour = told(collector, "No errors in the last hour")
        assert not hour.good  # nobody watched for an hour
        assert "of 1h" in hour.text
        with path.open("a") as file:
            file.write("ERROR crane offline\nERROR crane offline\n")
        await until_errors(collector, 2)
        found = told(collector, "No errors in the logs")
        assert not found.good
        assert found.text.startswith("2 errors in the last")


async def until_errors(collector: Collector, count: int) -> None:
    for _ in range(100):
        await collector.once()
        if collector.feeds["logs"].snapshot.errors >= count:
            return
    raise AssertionError("the errors were not read")


# -- containers


async def test_all_services_running_and_healthy(dockerd: Dockerd) -> None:
    source = DockerSource({}, host=dockerd.host)
    async with asked(source) as collector:
        names = ["evidence-a", "evidence-b"]
        try:
            for name in names:
                dockerd.run(name, "sleep", "600", options=("--restart", "always"))
            await collector.once()
            found = told(collector, "All services running and healthy")
            assert "running" in found.text
            dockerd.cli("stop", "-t", "0", "evidence-b")
            await until_text(collector, "evidence-b exited")
            found = told(collector, "All services running and healthy")
            assert not found.good
        finally:
            dockerd.discard(*names)


async def until_text(collector: Collector, text: str) -> None:
    for _ in range(100):
        await collector.once()
        if text in told(collector, "All services running and healthy").text:
            return
    raise AssertionError(told(collector, "All services running and healthy").text)


async def test_an_engine_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.sources.docker import engines

    monkeypatch.setattr(engines, "usual_sockets", lambda env: [str(tmp_path / "docker.sock")])
    async with asked(DockerSource({"HOME": str(tmp_path)})) as collector:
        reading = collector.feeds["docker"].reading
        assert reading is not None
        assert isinstance(reading.error, NotFound)
        found = told(collector, "All services running and healthy")
        assert not found.good
        assert found.text.startswith("docker: ")
