"""A host at one moment, made by hand: what each of the five sources would have read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from console.config import Config, Limits, LogSettings
from console.findings import Finding
from console.history import History
from console.logs.buffer import Buffer
from console.logs.levels import Level
from console.logs.origin import Kind, OriginState
from console.logs.snapshot import LogSnapshot
from console.metrics import Sample
from console.sources.base import Focus, Snapshot
from console.sources.docker.containers import Container, DockerSnapshot, Engine, Usage, metric_labels
from console.sources.docker.source import DockerSource
from console.sources.health.source import HealthSource
from console.sources.logs.source import LogSource
from console.sources.postgres.source import PostgresSource
from console.sources.redis.model import Clients, Interval, Keyspace, RedisSnapshot, Totals
from console.sources.redis.source import RedisSource
from console.sources.system.host import (
    CpuShares,
    Device,
    FileSystem,
    Interface,
    Memory,
    Own,
    Process,
    ProcessCounts,
    Swap,
    SystemSnapshot,
)
from console.sources.system.source import SystemSource
from tests.console.sources import postgres_values, redis_values
from tests.console.sources.calm_host import CALM, ROOT
from tests.console.sources.health.values import bad_hour
from tests.widgets.fakes import START, StillClock

MB, GB = 1 << 20, 1 << 30


@dataclass(slots=True)
class StillSource:
    """A real source's way to judge and to count, over a snapshot made by hand."""

    real: Any
    name: str
    target: str
    snapshot: Snapshot
    kind: str = ""
    deadline: float = 2.0
    cadence: Mapping[Focus, float] = field(default_factory=lambda: dict.fromkeys(Focus, 30.0))

    def __post_init__(self) -> None:
        self.kind = self.real.kind

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[StillSource]:
        """Nothing is found by itself."""
        return ()

    @property
    def address(self) -> tuple[str, str]:
        """Where an engine is found."""
        found: tuple[str, str] = self.real.address
        return found

    async def poll(self, focus: Focus) -> Snapshot:
        """The same again."""
        return self.snapshot

    def samples(self, snapshot: Any) -> Iterable[Sample]:
        """As the real source counts."""
        found: Iterable[Sample] = self.real.samples(snapshot)
        return found

    def judge(self, snapshot: Any) -> Sequence[Finding]:
        """As the real source judges."""
        found: Sequence[Finding] = self.real.judge(snapshot)
        return found

    async def close(self) -> None:
        """Nothing is open."""


def still_sources() -> list[StillSource]:
    """The five, in a bad hour."""
    docker = DockerSource({}, limits=Limits())
    postgres = PostgresSource("", name="orders@db", env={})
    redis = RedisSource("cache", [], limits=Limits())
    logs = LogSource(LogSettings(files=("/none",)), limits=Limits())
    return [
        StillSource(SystemSource(), "db-eu-1", "db-eu-1", _host()),
        StillSource(docker, "docker", "unix:///var/run/docker.sock", _containers()),
        StillSource(postgres, "orders@db", "postgresql://db:5432/orders", postgres_values.BUSY),
        StillSource(redis, "cache", "redis://cache:6379/0", _cache()),
        StillSource(logs, "logs", "2 files", _log()),
    ]


def still_health(now: float) -> StillSource:
    """Probes in the same hour."""
    return StillSource(HealthSource([]), "health", "9 probes", bad_hour(now))


def history_of(sources: Iterable[StillSource], clock: StillClock) -> History:
    """Two minutes of every source's samples up to now: gauges in waves, counters rising."""
    history = History()
    for ago in range(120, -1, -1):
        for source in sources:
            samples = source.samples(source.snapshot)
            history.add(clock.monotonic() - ago, [_earlier(sample, ago) for sample in samples])
    return history


def _earlier(sample: Sample, ago: int) -> Sample:
    if sample.name.endswith("_total"):
        gone = sum(0.004 * sample.value * (1.2 + math.sin(second / 9)) for second in range(ago))
        return replace(sample, value=sample.value - gone)
    return replace(sample, value=sample.value * (0.8 + 0.2 * math.cos(ago / 11)))


def _host() -> SystemSnapshot:
    shares = [(0.61, 0.09, 0.02), (0.22, 0.05, 0.3), (0.12, 0.03, 0.01), (0.87, 0.11, 0.0)]
    cores = tuple(_cpu(f"cpu{i}", *each) for i, each in enumerate(shares))
    return replace(
        CALM,
        uptime=40 * 86400.0,
        cpu=_cpu("cpu", 0.455, 0.07, 0.08),
        cores=cores,
        steady=_cpu("cpu", 0.455, 0.07, 0.08),
        load=(3.1, 2.4, 1.9),
        memory=Memory(16 * GB, GB, 6 * GB, GB // 2, 5 * GB, GB, 0),
        swap=Swap(4 * GB, GB, 2048.0, 0.0),
        filesystems=(
            ROOT,
            FileSystem("/dev/vdb", "/var", "xfs", "254:16", 200 * GB, 182 * GB, 18 * GB, 1000, 900),
            FileSystem("nas:/data", "/data", "nfs4", "0:40", silent_since=START - timedelta(seconds=40)),
        ),
        devices=(Device("vda", "254:0", "vda", 2e6, 1e6, 20.0, 10.0, 0.002, 0.0001, 0.4, 1.5),),
        interfaces=(
            Interface("eth0", "physical", 2.2e6, 3e5, 900.0, 800.0, 0.0, 0.0, 1.0, 0.0, 10**9, 10**8, 0, 7),
        ),
        processes=(
            _process(4711, "postgres", 0.98, "postgres: orders app 10.0.0.7(5050) UPDATE"),
            _process(812, "redis", 0.31, "redis-server *:6379"),
            _process(2204, "www", 0.12, "python -m shop.api --workers 4"),
            _process(1, "root", 0.0, "/sbin/init"),
        ),
        complete=True,
        counts=ProcessCounts(181, 420, 3, 1, 0, 0),
        own=Own(0.011, 80 * MB, 58 * MB, 5),
    )


def _cpu(name: str, user: float, system: float, iowait: float) -> CpuShares:
    return CpuShares(name, user, 0.0, system, iowait, 0.0, 0.0, 1.0 - user - system - iowait)


def _process(pid: int, user: str, cpu: float, command: str) -> Process:
    started = START - timedelta(hours=9)
    name = command.split()[0].rstrip(":")
    return Process(pid, 1, user, "S", name, command, False, 0, 2, started, cpu, 900.0, pid << 16, 1e5, 2e5)


def _containers() -> DockerSnapshot:
    ended = {"started": START - timedelta(minutes=9), "finished": START - timedelta(minutes=4), "pid": 0}
    listed = (
        _container(1, "api-1", project="shop", service="api", health="healthy"),
        _container(2, "api-2", project="shop", service="api", health="unhealthy", health_output="timeout"),
        _container(
            3, "api-3", project="shop", service="api", state="restarting", exit_code=137, oom_killed=True,
            restarts=9, policy="always", restarted=(START.timestamp() - 60,) * 4, **ended,
        ),
        _container(4, "batch", state="exited", exit_code=42, **ended),
        _container(5, "cache", memory_limit=100 * MB, cpu_limit=0.5),
        _container(6, "worker-2", project="shop", service="worker", memory_limit=0),
    )  # fmt: skip
    figures = {1: (0.041, 212), 2: (0.02, 190), 5: (0.48, 97), 6: (0.002, 80)}
    usage = {
        each.id: Usage(0.0, 1.0, cpu, cpu, 0.0, memory * MB, 1e6, 2e5, 0.0, 4096.0, 3, cpu * 3600, 4e9, 8e8)
        for each in listed
        for cpu, memory in [figures.get(int(each.id, 16), (0.0, 0))]
        if each.running
    }
    return DockerSnapshot(
        engine=Engine(
            kind="docker",
            name="db-eu-1",
            version="28.1",
            api="1.49",
            cpus=4,
            memory=16 * GB,
            host="unix:///var/run/docker.sock",
        ),
        containers=listed,
        usage=usage,
        time=START,
        counts={"running": 4, "restarting": 1, "exited": 1},
        statistics="cgroup files",
    )


def _container(number: int, name: str, **fields: Any) -> Container:
    identity, image = f"{number:064x}", f"shop/{name.split('-')[0]}:1.2"
    made: dict[str, Any] = {
        "id": identity, "name": name, "image": image, "state": "running", "inspected": True,
        "created": START - timedelta(days=2), "started": START - timedelta(hours=7), "pid": 100 + number,
        "memory_limit": 512 * MB, "metric_labels": metric_labels(name, image, identity),
    } | fields  # fmt: skip
    return Container(**made)


def _cache() -> RedisSnapshot:
    return redis_values.snapshot(
        memory=redis_values.memory(used=91 * MB, policy="allkeys-lru"),
        interval=Interval(1.0, Totals(71, 29, commands=1240, evicted=40, net_in=10**5, net_out=10**6)),
        totals=Totals(hits=970_000, misses=30_000, commands=9_000_000, evicted=1200, net_in=10**9),
        clients=Clients(48, 1, 10_000, 0),
        keyspace=(Keyspace("db0", 91_400, 80_000, 610.0), Keyspace("db1", 12, 0, 0.0)),
        persistence=redis_values.persistence(changes=412),
        ops=1240.0,
    )


def _log() -> LogSnapshot:
    buffer, names = Buffer(), ["api", "db"]
    buffer.origins = names
    lines = [
        (0, Level.INFO, "GET /orders/{n} 200 in {n} ms"),
        (1, Level.NONE, "LOG:  duration: {n}.201 ms  statement: select * from orders where id = {n}"),
        (0, Level.WARN, "upstream slow: {n} ms id={n}"),
        (0, Level.INFO, "POST /orders 201 in 31 ms"),
        (0, Level.ERROR, "upstream timeout id={n}"),
    ]
    for n in range(200):
        origin, level, text = lines[n % 7 % 5]
        buffer.extend([(START.timestamp() - 200 + n, origin, int(level), text.format(n=600 + n))])
    minute = (12, 0, 20, 0, 8, 8, 0)
    origins = tuple(
        OriginState(name, Kind.FILE, f"/var/log/{name}.log", lines=100, levels=minute, minute=minute)
        for name in names
    )
    return LogSnapshot(
        buffer=buffer,
        newest=buffer.newest,
        taken=4,
        rate=3.5,
        minute=(24, 0, 40, 0, 16, 16, 0),
        origins=origins,
    )
