"""Many sessions of one PostgreSQL, most of them idle: `python -m tests.bench.sessions --url URL --count N`.

It ends when its standard input is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys

import asyncpg

AT_ONCE = 20
"""Connections opened side by side."""
QUERIES = 20.0
"""Statements a second, over all sessions."""


async def hold(url: str, count: int) -> None:
    """Open the sessions and let one of them after the other do a little."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def open_one(number: int) -> asyncpg.Connection:
        async with gate:
            return await asyncpg.connect(url, server_settings={"application_name": f"service-{number % 12}"})

    links = await asyncio.gather(*(open_one(number) for number in range(count)))
    for link in links[:3]:
        await link.execute("begin; select 1")
    print("ready", flush=True)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    chance = random.Random(5)
    while not ended.done():
        await chance.choice(links[3:]).fetchval("select count(*) from pg_class")
        await asyncio.sleep(1 / QUERIES)
    for link in links:
        link.terminate()


def main() -> int:
    """Parse the options and hold."""
    options = argparse.ArgumentParser()
    options.add_argument("--url", required=True)
    options.add_argument("--count", type=int, default=500)
    given = options.parse_args()
    asyncio.run(hold(given.url, given.count))
    return 0


if __name__ == "__main__":
    sys.exit(main())
