"""Figures of the live panes as answers to a checklist: each with its limit, and whether it is within it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from console.config import Limits
from console.findings import Finding, Limit, Severity
from console.guides.model import Objective
from console.units import bytes_, count, counted, duration, percent

if TYPE_CHECKING:
    from console.logs.snapshot import LogSnapshot
    from console.sources.docker.containers import Container, DockerSnapshot
    from console.sources.postgres.model import PostgresSnapshot
    from console.sources.redis.model import RedisSnapshot
    from console.sources.system.host import SystemSnapshot

ENOUGH_BLOCKS = 100
"""Blocks below which a hit rate says nothing."""
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Part:
    """One thing measured: what is shown of it, and whether it is well."""

    text: str
    good: bool
    findings: tuple[Finding, ...] = ()
    known: bool = True
    """Whether anything was measured; what is not known is not good either."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What figures are held against: the configuration's limits and the guide's objectives."""

    limits: Limits
    objectives: Sequence[Objective] = ()
    period: float = 60.0
    """Seconds a question about the past asks for."""
    watched: float = 0.0
    """Seconds the source has been watched."""
    now: float = 0.0
    """When the snapshot was taken, monotonic seconds."""


def ratio(label: str, value: float, scale: Scale, limit: str, about: str) -> Part:
    """A share of something; `limit` names the configuration's, `about` is what objectives are called."""
    found = [one for one in scale.objectives if one.unit == "%" and re.search(about, one.name, re.IGNORECASE)]
    if math.isnan(value):
        return Part(f"{label} not measured yet", good=False)
    if found:
        wrong = [one for one in found if not _holds(one, value * 100)]
        one = (wrong or found)[0]
        return Part(f"{label} {percent(value)} (guide: {_goal(one)} {one.value:g}%)", good=not wrong)
    return _limited(label, value, scale.limits.limit(limit), percent)


def _limited(label: str, value: float, limit: Limit, show: Callable[[float], str]) -> Part:
    severity = limit.judge(value)
    return Part(f"{label} {show(value)} (limit {show(limit.crossed(value))})", good=severity is Severity.OK)


_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit, "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit, ">=": lambda value, limit: value >= limit,
    "=": lambda value, limit: value == limit, "==": lambda value, limit: value == limit,
}  # fmt: skip
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _holds(one: Objective, value: float) -> bool:
    """Whether a value is as an objective wants it; one that states a breach must not come true."""
    compare = _OPERATORS.get(one.op)
    return compare is not None and compare(value, one.value) is not one.breach


def _goal(one: Objective) -> str:
    return _TURNED.get(one.op, one.op) if one.breach else one.op


def cpu(snapshot: SystemSnapshot, scale: Scale) -> Iterator[Part]:
    """CPU over ten seconds, as the host's findings judge it."""
    shares = snapshot.steady or snapshot.cpu
    yield ratio("cpu", shares.busy, scale, "cpu", r"\bcpu\b")


def memory(snapshot: SystemSnapshot, scale: Scale) -> Iterator[Part]:
    """Memory that is not available."""
    yield ratio(
        "memory", snapshot.memory.used_ratio, scale, "memory", r"^(?:system |server |host )?(?:memory|ram)\b"
    )


def swap(snapshot: SystemSnapshot, scale: Scale) -> Iterator[Part]:
    """Swap in use."""
    if snapshot.swap.total:
        yield ratio("swap", snapshot.swap.used / snapshot.swap.total, scale, "swap", r"\bswap\b")
    else:
        yield Part("no swap", good=True)


def disk(snapshot: SystemSnapshot, scale: Scale) -> Iterator[Part]:
    """The fullest file system; one that does not answer is not well."""
    silent = [one for one in snapshot.filesystems if one.silent_since or one.error]
    for one in silent:
        yield Part(f"{one.mount} does not answer", good=False)
    known = [one for one in snapshot.filesystems if not math.isnan(one.used_ratio)]
    if known:
        fullest = max(known, key=lambda one: one.used_ratio)
        yield ratio(f"disk {fullest.mount}", fullest.used_ratio, scale, "disk", r"\bdisk\b|\bstorage\b")
    elif not silent:
        yield Part("no file system measured", good=False)


def load(snapshot: SystemSnapshot, scale: Scale) -> Iterator[Part]:
    """The load of five minutes, per core."""
    cores = max(1, len(snapshot.cores))
    yield _limited("load a core", snapshot.load[1] / cores, scale.limits.limit("load"), "{:.2f}".format)


def uptime(snapshot: SystemSnapshot, _scale: Scale) -> Iterator[Part]:
    """How long the host has been up; that it answers is what makes it good."""
    yield Part(f"host up {duration(snapshot.uptime)}", good=True)


def resources(snapshot: SystemSnapshot, scale: Scale) -> Iterator[Part]:
    """All of the host's resources at once."""
    for measure in (cpu, memory, disk, load):
        yield from measure(snapshot, scale)


def containers(snapshot: DockerSnapshot, _scale: Scale) -> Iterator[Part]:
    """Whether every container that should run does, and is healthy."""
    wanted = [one for one in snapshot.containers if not _done(one)]
    wrong = [one for one in wanted if _ailing(one)]
    running = sum(one.state == "running" for one in wanted)
    checked = sum(one.health == "healthy" for one in wanted)
    text = f"{running} of {counted(len(wanted), 'container')} running"
    if checked:
        text += f", {checked} healthy"
    if wrong:
        text += "; " + ", ".join(f"{one.name} {_ailing(one)}" for one in wrong[:3])
        text += f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    yield Part(text, good=bool(wanted) and not wrong)


def _done(one: Container) -> bool:
    """Whether it had one thing to do and has done it."""
    return (
        one.state == "exited"
        and one.exit_code == 0
        and one.policy in ("no", "on-failure")
        and not one.stopped
    )


def _ailing(one: Container) -> str:
    """What is wrong with a container, empty when nothing is."""
    if one.state != "running":
        return f"{one.state} {one.exit_code}" if one.state == "exited" and one.exit_code else one.state
    return one.health if one.health in ("unhealthy", "starting") else ""


def connections(snapshot: PostgresSnapshot, scale: Scale) -> Iterator[Part]:
    """Client sessions of those allowed."""
    share = snapshot.connections / snapshot.allowed
    label = f"{snapshot.connections} of {snapshot.allowed} sessions,"
    yield ratio(label, share, scale, "connections", r"connection|session")


def database(snapshot: PostgresSnapshot, _scale: Scale) -> Iterator[Part]:
    """That the server answers, as what, since when."""
    role = "standby" if snapshot.standby else "primary"
    yield Part(f"PostgreSQL {snapshot.server.version} answers, {role}", good=True)


def queries(snapshot: PostgresSnapshot, scale: Scale) -> Iterator[Part]:
    """The statement and the transaction that have been going on longest."""
    longest, oldest = snapshot.longest_query, snapshot.longest_transaction
    for label, since, limit in (
        ("longest statement", longest.query_since if longest else None, "query"),
        ("longest transaction", oldest.transaction_since if oldest else None, "transaction"),
    ):
        seconds = snapshot.age(since)
        if seconds is None:
            yield Part(f"no {label.partition(' ')[2]} running", good=True)
        else:
            yield _limited(label, seconds, scale.limits.limit(limit), duration)


def locks(snapshot: PostgresSnapshot, scale: Scale) -> Iterator[Part]:
    """Sessions that wait for a lock."""
    yield _limited("waiting for locks", snapshot.waiting, scale.limits.limit("blocked"), count)


def database_hit(snapshot: PostgresSnapshot, scale: Scale) -> Iterator[Part]:
    """Blocks found in shared buffers, of the last minute."""
    recent = snapshot.recent or snapshot.rates
    if recent is None or recent.hit is None or recent.blocks < ENOUGH_BLOCKS:
        yield Part("database cache idle: next to nothing was read", good=True)
    else:
        yield ratio("database cache hit", recent.hit, scale, "cache_hit", r"cache hit|hit rat")


def replication(snapshot: PostgresSnapshot, scale: Scale) -> Iterator[Part]:
    """Standbys and how far they are behind; that there are none is not well."""
    limit = scale.limits.limit("replication_lag")
    if snapshot.recovery is not None:
        lag = snapshot.recovery.lag
        if lag is None:
            yield Part("this standby has replayed nothing yet", good=False)
        else:
            yield _limited("this standby is behind", lag, limit, duration)
        return
    if not snapshot.standbys:
        yield Part("no standby is connected", good=False)
    for one in snapshot.standbys:
        behind = one.replay_lag or 0.0
        part = _limited(f"standby {one.name or one.client} behind", behind, limit, duration)
        yield part if one.state == "streaming" else Part(f"{part.text}, {one.state}", good=False)


def redis_up(snapshot: RedisSnapshot, _scale: Scale) -> Iterator[Part]:
    """That the server answers, and how fast."""
    text = f"{snapshot.server.product} {snapshot.server.version} answers in {snapshot.latency * 1000:.1f} ms"
    yield Part(text, good=True)


def redis_memory(snapshot: RedisSnapshot, scale: Scale) -> Iterator[Part]:
    """Memory of maxmemory, or of the host where there is none."""
    taken = f"redis memory {bytes_(snapshot.memory.used)},"
    yield ratio(taken, snapshot.memory.share, scale, "redis_memory", r"redis memory|cache memory")


def redis_hit(snapshot: RedisSnapshot, scale: Scale) -> Iterator[Part]:
    """Look-ups of the last interval that found their key; as many are enough as for the pane's finding."""
    from console.sources.redis.judge import ENOUGH_LOOKUPS

    interval = snapshot.interval
    if interval is None or interval.hit_ratio is None or interval.lookups < ENOUGH_LOOKUPS:
        since = snapshot.totals.hit_ratio
        known = f", {percent(since)} since its start" if since is not None else ""
        yield Part(f"cache idle now{known}", good=True)
    else:
        yield ratio("cache hit", interval.hit_ratio, scale, "redis_hit", r"cache hit|hit rat")


def redis_replication(snapshot: RedisSnapshot, scale: Scale) -> Iterator[Part]:
    """The link to the master, or the replicas; nothing where neither is."""
    state, limit = snapshot.replication, scale.limits.limit("replication_lag")
    if state.master and not state.link_up:
        yield Part(f"link to {state.master} down for {duration(state.link_down)}", good=False)
    elif state.master:
        yield Part(f"replica of {state.master}, link up", good=not state.syncing)
    for one in state.replicas:
        part = _limited(f"replica {one.address} behind", max(0.0, one.lag), limit, duration)
        yield part if one.state == "online" else Part(f"{part.text}, {one.state}", good=False)


def errors(snapshot: LogSnapshot, scale: Scale) -> Iterator[Part]:
    """Messages of level error or worse in the period asked for; good only where all of it was watched."""
    from console.logs.levels import Level

    period = min(scale.period, HOUR)
    if scale.period <= 60:
        found, watched = snapshot.errors, snapshot.whole
    else:
        since = [counts for start, counts in snapshot.hour if start >= scale.now - period]
        found = sum(counts[Level.ERROR] + counts[Level.FATAL] for counts in since)
        watched = scale.watched >= scale.period
    text = f"{counted(found, 'error')} in the last {duration(period)}"
    if snapshot.skipped:
        text += f"; {counted(snapshot.skipped, 'line')} left out"
    if not watched:
        text += f"; watched for {duration(min(scale.watched, period))} of {duration(scale.period)}"
    if snapshot.missing:
        text += f"; {snapshot.missing[0]} names no file"
    if snapshot.wide:
        text += f"; not all files of {snapshot.wide[0]} are followed"
    yield Part(text, good=not (found or snapshot.skipped or snapshot.missing or snapshot.wide) and watched)


Measure: TypeAlias = Callable[..., Iterable[Part]]
"""What is measured of a snapshot; its type follows from the kind of source that is named beside it."""
