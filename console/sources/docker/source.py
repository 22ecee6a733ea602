"""Docker and podman: the containers of an engine, kept by its events, measured by the kernel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from console.config import Config, Limits
from console.findings import Finding, by_severity
from console.metrics import Sample, labels
from console.secrets import redact_url
from console.sources.base import Focus
from console.sources.docker.container_faults import find_faults
from console.sources.docker.containers import DockerSnapshot
from console.sources.docker.engine_watch import EngineWatch
from console.text import clean
from console.worker import Worker

DETAILED = 100
"""Containers up to which all samples are recorded; of more only CPU and memory."""


class DockerSource:
    """One container engine."""

    kind = "docker"
    deadline = 3.0
    cadence: Mapping[Focus, float] = {Focus.HIDDEN: 5.0, Focus.GLANCE: 1.0, Focus.FULL: 1.0}

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        name: str = "docker",
        host: str = "",
        context: str = "",
        limits: Limits | None = None,
    ) -> None:
        self.name = clean(name, 60)
        stated = host or context or env.get("DOCKER_HOST", "")
        self.target = clean(redact_url(stated), 200) if stated else "the usual sockets"
        self.limits = limits or Limits()
        """When a figure is judged wrong; guides may change it while it runs."""
        self._watch = EngineWatch(host, context, env)
        self._worker = Worker(f"engine {self.name}")
        self._closed = False

    @property
    def address(self) -> tuple[str, str]:
        """Host and context that lead to the engine that was asked; both empty: the environment does."""
        return self._watch.address

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[DockerSource]:
        """The configured engines, or the one that environment, context and the usual sockets lead to."""
        if not config.docker:
            return [cls(env, limits=config.limits)]
        return [
            cls(
                env,
                name=target.name or target.context or "docker",
                host=target.host,
                context=target.context,
                limits=config.limits,
            )
            for target in config.docker
        ]

    async def poll(self, focus: Focus) -> DockerSnapshot:
        """The containers now. Raises NotFound, Refused, Unreachable, TimedOut."""
        return await self._worker.call(self._ask, focus)

    def _ask(self, focus: Focus) -> DockerSnapshot:
        try:
            snapshot = self._watch.poll(focus)
            self.target = snapshot.engine.host
            return snapshot
        finally:
            if self._closed:  # while this was under way: what it opened is closed here
                self._watch.drop()

    async def close(self) -> None:
        """Hang up; the threads end by themselves within a request's limit."""
        self._closed = True
        self._watch.drop()
        self._worker.stop()

    def samples(self, snapshot: DockerSnapshot) -> Iterable[Sample]:
        """cadvisor's names, of containers measured in this poll only; sums and states by engine."""
        engine = labels(engine=self.name)
        for state, count in snapshot.counts.items():
            yield Sample("opsconsole_containers", count, labels(engine=self.name, state=state))
        if snapshot.usage:
            if not math.isnan(snapshot.cpu):
                yield Sample("opsconsole_containers_cpu_cores", snapshot.cpu, engine)
            yield Sample("opsconsole_containers_memory_bytes", snapshot.memory, engine)
        detailed = len(snapshot.containers) <= DETAILED
        for container in snapshot.containers:
            usage = snapshot.usage.get(container.id)
            if usage is None or usage.time != snapshot.monotonic:
                continue
            own = container.metric_labels
            yield Sample("container_cpu_usage_seconds_total", usage.cpu_seconds, own)
            yield Sample("container_memory_working_set_bytes", usage.memory, own)
            if not detailed:
                continue
            if not math.isnan(usage.received_bytes):
                yield Sample("container_network_receive_bytes_total", usage.received_bytes, own)
                yield Sample("container_network_transmit_bytes_total", usage.sent_bytes, own)
            if snapshot.listed:  # they change rarely: a point each half minute is enough
                yield Sample("container_spec_memory_limit_bytes", container.memory_limit, own)
                if container.started:
                    yield Sample("container_start_time_seconds", container.started.timestamp(), own)

    def judge(self, snapshot: DockerSnapshot) -> Sequence[Finding]:
        """Containers that crash, are unhealthy, ended badly or stand at their limits; worst first."""
        return by_severity(find_faults(snapshot, self.limits))
