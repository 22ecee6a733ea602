"""F4 of a cluster: its API server killed and frozen, and the network to it made bad, while it is watched.

`python -m tests.faults.kubernetes` freezes it for 60 s and prints what was seen; the test does the same for a
few seconds. Nothing is drawn here: what a console shows of it is what a collector knows.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from console.collector import Collector, Feed
from console.sources.base import Focus, State
from console.sources.kubernetes.source import KubernetesSource
from tests.faults.servers import BACK, KILLED, MAY_PASS, TOLD, Fault
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import pod
from tests.servers.proxy import FAULTS, Proxy

LIMIT = 30.0
"""Seconds until something is given up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds until a fault was told, and from its end until a pod made then was seen; infinite if never."""

    fault: str
    told: float
    back: float
    said: str

    @property
    def passes(self) -> bool:
        """Whether both are as promised of every source."""
        return (self.told <= TOLD or self.fault in MAY_PASS) and self.back <= BACK

    def __str__(self) -> str:
        told = f"told after {self.told:4.1f} s" if self.told < LIMIT else "not noticed      "
        return f"{self.fault:10} {told}, back after {self.back:4.1f} s  {self.said}"


async def harm(cluster: Cluster, frozen: float, killed: float = KILLED) -> AsyncIterator[Outcome]:
    """Everything in turn; a cluster of the caller's own, which is as before afterwards."""
    file = cluster.kubeconfig()
    yield await _suffer(cluster, file, "killed", (cluster.kill, cluster.server.start), killed)
    yield await _suffer(cluster, file, "frozen", (cluster.freeze, cluster.thaw), frozen)
    with Proxy(cluster.server.port) as proxy:
        file = cluster.kubeconfig(url=f"https://127.0.0.1:{proxy.port}")
        for name in FAULTS:
            yield await _suffer(cluster, file, name, (partial(proxy.suffer, name), proxy.recover), killed)


async def _suffer(cluster: Cluster, file: Path, name: str, fault: Fault, lasts: float) -> Outcome:
    begin, end = fault
    collector = Collector([KubernetesSource((), {"KUBECONFIG": str(file)})])
    collector.look("kubernetes", Focus.FULL)
    collector.start()
    feed = collector.feeds["kubernetes"]
    mark = f"after-{name.replace('_', '-')}"
    try:
        await _until(lambda: feed.state is State.LIVE and "pods" in feed.snapshot.clusters[0].listed)
        await asyncio.to_thread(begin)
        begun = time.monotonic()
        told = await _until(lambda: feed.state is not State.LIVE, max(lasts, TOLD))
        said = str(feed.reading.error) if feed.reading and feed.reading.error else ""
        await asyncio.sleep(max(0.0, lasts - (time.monotonic() - begun)))
        await asyncio.to_thread(end)
        await asyncio.to_thread(cluster.calls.create, pod(mark))
        return Outcome(name, told, await _until(partial(_sees, feed, mark)), said)
    finally:
        await collector.stop()


def _sees(feed: Feed, mark: str) -> bool:
    return feed.state is State.LIVE and any(one.name == mark for one in feed.snapshot.clusters[0].pods)


async def _until(holds: Callable[[], bool], limit: float = LIMIT) -> float:
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > limit:
            return float("inf")
        await asyncio.sleep(0.02)
    return time.monotonic() - begun


async def _print(frozen: float) -> bool:
    passed = True
    with Cluster() as cluster:
        async for outcome in harm(cluster, frozen):
            passed &= outcome.passes
            print("ok  " if outcome.passes else "FAIL", outcome, flush=True)
    return passed


def main() -> int:
    """Print what was seen; 1 when something was not as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frozen", type=float, default=60.0, help="seconds the server stands still")
    return int(not asyncio.run(_print(parser.parse_args().frozen)))


if __name__ == "__main__":
    raise SystemExit(main())
