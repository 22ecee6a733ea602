"""Series such as exporters give, with all that goes wrong with them; the same at every call."""

from __future__ import annotations

import math
import random

from console.alerts.promql import MemoryStore
from console.metrics import Labels, labels
from tests.servers.prometheus import Written

BEGIN = 1_700_000_000_123
"""Milliseconds of the first scrape."""
SPAN = 50 * 60_000
"""Milliseconds from there to the last."""
BOUNDS = ("0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf")

Samples = list[tuple[int, float | None]]


def world() -> list[Written]:
    """Counters with resets, gauges, NaN, gaps, stale markers, late starts, histograms."""
    chance = random.Random(20_26)
    found: list[Written] = []
    for job in ("api", "db"):
        for instance in ("a:1", "b:1", "c:2"):
            for code in ("200", "500"):
                pairs = labels(job=job, instance=instance, code=code)
                found.append(("requests_total", pairs, _counter(chance)))
            pairs = labels(job=job, instance=instance)
            found.append(("errors_total", pairs, _counter(chance, rare=True)))
            found.append(("temperature", pairs, _gauge(chance)))
            found.append(("flat", pairs, [(at, 7.0) for at in _times(chance)]))
            found.append(("ended", pairs, _ended(chance)))
            info = labels(job=job, instance=instance, version=chance.choice(("v1", "v2")))
            found.append(("build_info", info, [(at, 1.0) for at in _times(chance)]))
        found.append(("limit", labels(job=job), [(at, 5.0) for at in _times(chance)]))
        for path in ("/", "/login"):
            found.extend(_histogram(chance, labels(job=job, path=path)))
    found.append(("strange", labels(job="api"), _strange(chance)))
    return found


def stored(series: list[Written]) -> MemoryStore:
    """The same series in a store of ours."""
    store = MemoryStore()
    for name, pairs, samples in series:
        for at, value in samples:
            if value is None:
                store.stale(name, pairs, at / 1000)
            else:
                store.add(name, pairs, at / 1000, value)
    return store


def _times(chance: random.Random) -> list[int]:
    """Scrapes every 15 or 30 s, some of them late, some of them missing, beginning somewhere."""
    step = chance.choice((15_000, 30_000))
    start = BEGIN + chance.choice((0, 0, 0, chance.randrange(SPAN // 2)))
    wanders = chance.random() < 0.5
    misses = chance.choice((0.0, 0.05, 0.3))
    return [
        at + (chance.randrange(900) if wanders else 0)
        for at in range(start, BEGIN + SPAN, step)
        if chance.random() >= misses
    ]


def _counter(chance: random.Random, rare: bool = False) -> Samples:
    value = chance.choice((0.0, float(chance.randrange(10_000))))
    found: Samples = []
    for at in _times(chance):
        if chance.random() < 0.03:
            value = 0.0
        if not rare or chance.random() < 0.1:
            value += chance.choice((1.0, chance.random() * 100, float(chance.randrange(50))))
        found.append((at, value))
    return found


def _gauge(chance: random.Random) -> Samples:
    value = chance.uniform(-20, 60)
    found: Samples = []
    for at in _times(chance):
        value += chance.gauss(0, 2)
        found.append((at, math.nan if chance.random() < 0.01 else value))
    return found


def _ended(chance: random.Random) -> Samples:
    """Ends with a stale marker, and comes back after a while; more than once."""
    found: Samples = []
    there = True
    for at in _times(chance):
        if there and chance.random() < 0.05:
            found.append((at, None))
            there = False
        elif there or chance.random() < 0.1:
            there = True
            found.append((at, float(chance.randrange(100))))
    return found


def _strange(chance: random.Random) -> Samples:
    """The ends of the floats; none below the smallest normal one, whose logarithm Go gets wrong."""
    values = (math.inf, -math.inf, math.nan, 0.0, -0.0, 1e300, -1e300, 2.3e-308, 1e-9, 123456789.125)
    return [(at, chance.choice(values)) for at in _times(chance)]


def _histogram(chance: random.Random, pairs: Labels) -> list[Written]:
    counts = [0.0] * len(BOUNDS)
    written: list[Samples] = [[] for _ in BOUNDS]
    for at in _times(chance):
        for _ in range(chance.randrange(20)):
            place = min(int(chance.expovariate(0.5)), len(BOUNDS) - 1)
            counts[place] += 1
        total = 0.0
        for place, count in enumerate(counts):
            total += count
            if chance.random() > 0.01:  # a bucket that is missing now and then makes counts fall
                written[place].append((at, total))
    return [
        ("latency_seconds_bucket", tuple(sorted((*pairs, ("le", bound)))), samples)
        for bound, samples in zip(BOUNDS, written, strict=True)
    ]
