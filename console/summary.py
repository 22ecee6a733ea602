"""One line of figures for a source, from the samples of two polls: what `status` shows of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from console.history import History
from console.units import bytes_, count, counted, percent


def summary(kind: str, history: History) -> str:
    """The leading figures of a source; empty for a kind of somebody else's, or where nothing is known."""
    figures = FIGURES.get(kind)
    return " · ".join(figures(history)) if figures else ""


def latest(history: History, name: str, **where: str) -> float:
    """The newest values of a metric, added up over the matching label sets; not-a-number without any."""
    values = [
        history.since(name, found, -math.inf)[-1][1]
        for found in history.find(name)
        if set(where.items()) <= set(found)
    ]
    return sum(values) if values else math.nan


def rate(history: History, name: str) -> float:
    """The newest increase a second of a counter, added up over its label sets; not-a-number before two."""
    rates = [
        points[-1][1] for found in history.find(name) if (points := history.rate(name, found, -math.inf))
    ]
    return sum(rates) if rates else math.nan


def _system(history: History) -> Iterator[str]:
    yield f"cpu {percent(latest(history, 'opsconsole_cpu_ratio'))}"
    total = latest(history, "node_memory_MemTotal_bytes")
    used = total - latest(history, "node_memory_MemAvailable_bytes")
    yield f"memory {bytes_(used)} of {bytes_(total)}"
    yield f"load {latest(history, 'node_load1'):.2f}"


def _alerts(history: History) -> Iterator[str]:
    counts = {
        dict(found)["state"]: history.since("opsconsole_alerts", found, -math.inf)[-1][1]
        for found in history.find("opsconsole_alerts")
    }
    told = [f"{count(number)} {state}" for state, number in counts.items() if number]
    yield ", ".join(told) or "no rules"


def _docker(history: History) -> Iterator[str]:
    running = latest(history, "opsconsole_containers", state="running")
    total = latest(history, "opsconsole_containers")
    yield f"{count(running)} of {count(total)} containers running"


def _kubernetes(history: History) -> Iterator[str]:
    running = latest(history, "opsconsole_kubernetes_pods", status="Running")
    total = latest(history, "opsconsole_kubernetes_pods")
    if math.isfinite(total):
        yield f"{count(running if math.isfinite(running) else 0)} of {count(total)} pods running"
    if nodes := len(list(history.find("kube_node_info"))):  # who sees none may not be allowed to
        yield counted(nodes, "node")


def _postgres(history: History) -> Iterator[str]:
    sessions = latest(history, "opsconsole_pg_connections")
    yield f"{count(sessions)} of {count(latest(history, 'opsconsole_pg_connections_allowed'))} sessions"
    speed = latest(history, "opsconsole_pg_tps")
    if math.isfinite(speed):  # two polls of one look are too near for a rate
        yield f"{count(speed)} tx/s"


def _redis(history: History) -> Iterator[str]:
    hits, misses = (rate(history, f"redis_keyspace_{what}_total") for what in ("hits", "misses"))
    if math.isfinite(hits + misses):  # not after a single poll
        yield f"hit {percent(hits / (hits + misses))}" if hits + misses > 0 else "hit idle"
    limit = latest(history, "redis_memory_max_bytes")
    used = bytes_(latest(history, "redis_memory_used_bytes"))
    yield f"memory {used} of {bytes_(limit)}" if limit > 0 else f"memory {used}"
    speed = rate(history, "redis_commands_processed_total")
    if math.isfinite(speed):
        yield f"{count(speed)} ops/s"


def _logs(history: History) -> Iterator[str]:
    speed = latest(history, "opsconsole_log_lines_per_second")
    if math.isfinite(speed):  # not after a single poll
        yield f"{count(round(speed, 1))} lines/s"
    errors = latest(history, "opsconsole_log_errors_last_minute")
    # of one look: lines without a time, and those before the files' ends, were not seen
    yield f"at least {counted(round(errors), 'error')} in the last minute" if errors > 0 else "no errors seen"


def _health(history: History) -> Iterator[str]:
    well = latest(history, "probe_success")
    total = len(list(history.find("probe_success")))
    if total:  # the others have not been asked to the end yet; what is slow does not fail
        yield f"{count(total - well)} of {count(total)} asked so far fail"


FIGURES: Mapping[str, Callable[[History], Iterator[str]]] = {
    "system": _system,
    "docker": _docker,
    "kubernetes": _kubernetes,
    "postgres": _postgres,
    "redis": _redis,
    "logs": _logs,
    "health": _health,
    "alerts": _alerts,
}
