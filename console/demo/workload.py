"""The demo's workload: a small shop with a lock jam, a cache too small, and a worker that crashes.

Started by the guardian; reads its orders as one line of JSON, ends at the end of its input.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from console.demo.shop import Shop

AGAIN = 2.0
"""Seconds until a job whose session was ended (by somebody trying the console) begins again."""
CRASH_EVERY = 4.0
"""Seconds between two starts of the worker that crashes."""
VALUE = "x" * 4096
HOT_KEYS, COLD_KEYS, FULL = 600, 6000, 1700
"""Products looked up often, all there are, and more than the cache has room for."""

WORKER = r"""
say() { printf '%s %-5s payments[%s] %s\n' "$1" "$2" "$$" "$3"; }
say "$1" INFO "starting, attempt $2"
say "$1" INFO 'connecting to ledger.internal:8443'
say "$1" ERROR 'connect ledger.internal:8443: certificate has expired'
say "$1" FATAL 'cannot reach the ledger, giving up'
exit 3
"""
"""A process of its own that starts, complains and dies; `sh` costs a millisecond."""


async def main() -> None:
    """Set up, say `ready`, keep going until the input ends."""
    orders = json.loads(sys.stdin.readline())
    shop = Shop(orders["postgres"], orders["password"])
    cache = Redis.from_url(orders["redis"], decode_responses=True, socket_timeout=None)
    logs = Path(orders["logs"])
    await shop.create()
    jobs: list[Callable[[], Awaitable[None]]] = [shop.traffic, shop.jam, shop.report, shop.forgotten]
    jobs += [lambda: lookups(cache), lambda: consumer(cache), lambda: sorting(cache)]
    jobs += [lambda: crashing(logs / "payments.log"), lambda: requests(logs / "api.log")]
    tasks = [asyncio.create_task(_kept(job)) for job in jobs]
    await shop.jammed.wait()
    print("ready", flush=True)
    await _end_of_input()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    await reader.read()


async def _kept(job: Callable[[], Awaitable[None]]) -> None:
    """Run a job, and again whenever it fails."""
    while True:
        try:
            await job()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, RedisError, OSError):
            await asyncio.sleep(AGAIN)


async def lookups(cache: Redis) -> None:
    """Look-ups of which many miss, and writes into a cache that is full, so that keys are evicted."""
    fill = cache.pipeline(transaction=False)
    for number in range(HOT_KEYS):
        fill.set(f"product:{number}", VALUE)
    for number in range(FULL - HOT_KEYS):
        fill.set(f"product:{number}:page", VALUE, ex=600)
    await fill.execute()
    while True:
        batch = cache.pipeline(transaction=False)
        for _ in range(8):
            batch.get(f"product:{random.randrange(HOT_KEYS)}")
        for _ in range(5):
            number = random.randrange(COLD_KEYS)
            batch.get(f"product:{number}")
            batch.set(f"product:{number}:page", VALUE, ex=600)
        await batch.execute()
        await asyncio.sleep(0.25)


async def consumer(cache: Redis) -> None:
    """A client that waits for work that never comes."""
    while True:
        await cache.blpop(["jobs:mail"], timeout=0)


async def sorting(cache: Redis) -> None:
    """A command that belongs into the slow log, now and then."""
    numbers = [random.random() for _ in range(20_000)]
    while True:
        if not await cache.exists("ranking"):  # it may have been evicted
            await cache.rpush("ranking", *numbers)
        await cache.sort("ranking", start=0, num=1)
        await asyncio.sleep(10)


async def crashing(log: Path) -> None:
    """Start the worker that crashes, write what it says, and that it ended."""
    attempt = 0
    while True:
        attempt += 1
        with log.open("ab") as output:
            worker = await asyncio.create_subprocess_exec(
                "/bin/sh", "-c", WORKER, "payments", _now(), str(attempt), stdout=output, stderr=output
            )
            status = await worker.wait()
            line = f"{_now()} WARN  supervisor payments[{worker.pid}] exited with status {status}\n"
            os.write(output.fileno(), line.encode())
        await asyncio.sleep(CRASH_EVERY)


async def requests(log: Path) -> None:
    """An access log with a failure now and then."""
    with log.open("a", buffering=1) as output:
        for number in range(1_000_000_000):
            took = random.expovariate(1 / 40)
            if number % 9 == 8:
                text = f"ERROR api POST /checkout 503 {took + 2000:.0f}ms lock wait: request {number}"
            else:
                text = f"INFO  api GET /products/{random.randrange(COLD_KEYS)} 200 {took:.0f}ms"
            output.write(f"{_now()} {text}\n")
            await asyncio.sleep(0.5)


def _now() -> str:
    return datetime.now().astimezone().isoformat(sep=" ", timespec="milliseconds")


if __name__ == "__main__":
    asyncio.run(main())
