"""The console before 5,000 pods of a real API server, 100 of which change each second:
`python -m tests.bench.pods`.

There is no kubelet: what the pods and nodes are, is written into their status.
"""

from __future__ import annotations

import multiprocessing
import re
import signal
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.bench.measure import Figures, at_any_moment, cursor_row, quantile
from tests.pty.consoles import real_console
from tests.pty.terminal import Terminal
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import Calls, Object
from tests.servers.kubernetes.objects import namespace, node, pod

PODS, NODES, SPACES, APPS = 5_000, 100, 10, 25
CHANGES = 100
"""Pods that change each second."""
FIRST_TABLE = 3.0
"""Seconds from the start until the pods stand in their table."""
GONE = 1.0
"""Seconds until a deleted pod is off the screen."""
DELETED = 5
"""Pods that are deleted, one after the other."""
KEY_LIMIT = 50.0
KEYS = 150
START = 60.0
SETTLE = 5.0
CONFIG = 'sources = ["kubernetes"]\n'


@dataclass(frozen=True, slots=True)
class Crowded:
    """What was measured; `figures` are for the budgets beside the peers."""

    first_table: float | None
    gone: float | None
    changes: float
    figures: Figures

    @property
    def passes(self) -> bool:
        """Whether the first table, the deleted pods and the keys are within their limits."""
        keys = self.figures.loaded_p99
        return (
            self.first_table is not None and self.first_table <= FIRST_TABLE
            and self.gone is not None and self.gone <= GONE
            and keys is not None and keys <= KEY_LIMIT
        )  # fmt: skip

    def __str__(self) -> str:
        def said(value: float | None, digits: int = 2) -> str:
            return "never" if value is None else f"{value:.{digits}f}"

        word, figures = "ok" if self.passes else "NOT", self.figures
        return (
            f"{word:>4}  {PODS:,} pods on {NODES} nodes, {self.changes:.0f} changes/s: first table "
            f"{said(self.first_table)} s, a deleted pod gone in {said(self.gone)} s at most, "
            f"key p50 {said(figures.loaded_p50, 0)} p99 {said(figures.loaded_p99, 0)} ms, "
            f"CPU {said(figures.cpu_percent, 1)} %, memory {said(figures.pss_mb, 0)} MB, "
            f"{said(figures.kb_per_second, 1)} KB/s"
        )


def crowded(steady: float = 10.0) -> Crowded:
    """The real console on the real server's pods."""
    with tempfile.TemporaryDirectory() as name, Cluster() as cluster:
        _fill(cluster)
        env = {"XDG_STATE_HOME": name, "HOME": name, "KUBECONFIG": str(cluster.kubeconfig())}
        with (
            _changing(cluster) as told,
            real_console(Path(name), CONFIG, size=(160, 50), env=env) as terminal,
        ):
            return _watched(terminal, cluster, told, steady)


def _watched(terminal: Terminal, cluster: Cluster, told: Connection, steady: float) -> Crowded:
    painted = terminal.watch(lambda t: t.filled() >= 20).wait(START)
    terminal.press(*":pods", "enter")
    table = terminal.watch(lambda t: re.search(r"(?m)^.*\bNAMESPACE\b.*\n.*\bspace-\d", t.text)).wait(START)
    time.sleep(SETTLE)
    with terminal.undrawn():
        before, began, written = terminal.usage(), time.perf_counter(), len(terminal.raw)
        told.send("count")
        counted = told.recv()
        time.sleep(steady)
        told.send("count")
        changes = told.recv() - counted
        took, after = time.perf_counter() - began, terminal.usage()
        written = len(terminal.raw) - written
    keys = at_any_moment(terminal, ("down", "up"), KEYS, cursor_row)
    gone = [_deleted(terminal, cluster, number) for number in range(DELETED)]
    figures = Figures(
        first_paint=None if painted is None else painted - terminal.started,
        ready=None if table is None else table - terminal.started,
        cpu_percent=100 * (after.cpu - before.cpu) / took,
        pss_mb=after.pss / 2**20,
        kb_per_second=written / took / 1024,
        loaded_p50=quantile(keys, 0.5),
        loaded_p99=quantile(keys, 0.99),
    )
    known = [seconds for seconds in gone if seconds is not None]
    slowest = max(known) if len(known) == len(gone) else None
    return Crowded(figures.ready, slowest, changes / took, figures)


def _deleted(terminal: Terminal, cluster: Cluster, number: int) -> float | None:
    """Seconds from the deletion of a pod that is in view until it no longer is."""
    name = f"app-{number}-{PODS - APPS + number}"
    terminal.press("/", *name, "enter")
    terminal.wait_for(rf"/{name} 1 of", 10.0)
    space = f"space-{(PODS - APPS + number) % SPACES}"
    watch = terminal.watch(lambda t: not re.search(rf"(?m)^.*space-\d+ +{name}\b", t.text))
    began = time.perf_counter()
    cluster.calls.delete(f"/api/v1/namespaces/{space}/pods/{name}")
    seen = watch.wait(10.0)
    terminal.unwatch(watch)
    terminal.press("escape")  # the filter is taken back
    terminal.wait_for(lambda t: f"/{name}" not in t.text, 10.0)
    return None if seen is None else seen - began


def _fill(cluster: Cluster) -> None:
    calls = cluster.calls
    calls.create(*(namespace(f"space-{number}") for number in range(SPACES)))
    calls.create(*(node(f"node-{number}", managed=False) for number in range(NODES)))
    calls.many(lambda number: calls.patch(f"/api/v1/nodes/node-{number}/status", _ready()), range(NODES))
    made = [_pod(number) for number in range(PODS)]
    calls.create(*made)
    calls.many(lambda one: calls.patch(_path(one), _running(0)), made)


def _pod(number: int) -> Object:
    app = f"app-{number % APPS}"
    wanted = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}
    return pod(
        f"{app}-{number}",
        f"space-{number % SPACES}",
        node=f"node-{number % NODES}",
        labels={"app": app, "tier": "web"},
        containers=[{"name": "app", "image": f"example.com/{app}:1", "resources": wanted}],
    )


def _path(one: Object) -> str:
    return f"/api/v1/namespaces/{one['metadata']['namespace']}/pods/{one['metadata']['name']}/status"


def _ready() -> Object:
    room = {"cpu": "16", "memory": "64Gi", "pods": "110"}
    said = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    return {"status": {"conditions": [said], "capacity": room, "allocatable": room}}


def _running(restarts: int) -> Object:
    """The status of a pod that runs, after so many restarts."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    container: dict[str, Any] = {
        "name": "app", "image": "example.com/app:1", "imageID": "", "ready": True, "started": True,
        "restartCount": restarts, "state": {"running": {"startedAt": now}},
    }  # fmt: skip
    conditions = [{"type": word, "status": "True"} for word in ("PodScheduled", "ContainersReady", "Ready")]
    return {"status": {"phase": "Running", "podIP": "10.1.2.3", "startTime": now, "conditions": conditions,
                       "containerStatuses": [container]}}  # fmt: skip


@contextmanager
def _changing(cluster: Cluster) -> Iterator[Connection]:
    """Pods change meanwhile, from a process of its own; it tells how many have."""
    ours, theirs = multiprocessing.Pipe()
    user = cluster.limited
    cluster.allow(user, verbs="get,patch,update")
    keys = cluster.server.keys
    process = multiprocessing.get_context("spawn").Process(
        target=_change, args=(cluster.server.port, str(keys.issuer), user.token, theirs), daemon=True
    )
    process.start()
    try:
        assert ours.poll(START), "what changes the pods did not begin"
        ours.recv()
        yield ours
    finally:
        process.kill()
        process.join()


def _change(port: int, issuer: str, token: str, told: Connection) -> None:
    calls = Calls(port, ssl.create_default_context(cafile=issuer), token)
    began, done = time.monotonic(), 0
    told.send("ready")
    while True:
        due = int((time.monotonic() - began) * CHANGES)
        for number in range(done, min(due, done + CHANGES)):
            # every pod in turn, but those that are deleted
            one = number * 37 % (PODS - APPS)
            calls.patch(_path(_pod(one)), _running(number // (PODS - APPS) + (number % 50 == 0)))
        done = min(due, done + CHANGES)
        while told.poll(0.02):
            told.recv()
            told.send(done)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end, it leaves nothing behind
    found = crowded()
    print(found)
    sys.exit(not found.passes)
