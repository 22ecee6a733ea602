"""The demo's shop database: what it holds, and the sessions that have something to show."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import asyncpg

SETUP = """
CREATE TABLE stock (item int PRIMARY KEY, name text NOT NULL, left_over int NOT NULL);
INSERT INTO stock SELECT n, 'item ' || n, 100 FROM generate_series(1, 500) n;
CREATE TABLE orders (id bigserial PRIMARY KEY, item int NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE events (id bigserial, kind text, payload text);
INSERT INTO events (kind, payload)
    SELECT (ARRAY['view', 'cart', 'pay'])[1 + n % 3], repeat('x', 80) FROM generate_series(1, 20000) n;
ANALYZE;
"""
ROLES = """
CREATE EXTENSION pg_stat_statements;
CREATE ROLE shop LOGIN PASSWORD '{password}';
CREATE ROLE console LOGIN PASSWORD '{password}' IN ROLE pg_monitor, pg_signal_backend;
GRANT ALL ON SCHEMA public TO shop;
"""
JAM = 45.0
"""Seconds the lock at the root of the jam is held."""
PAUSE = 4.0
"""Seconds between two jams."""
REPORT = 25.0
"""Seconds the slow report runs: it sleeps, so that it costs the host nothing."""


class Shop:
    """Connections to the shop, each with the name of the application it plays."""

    def __init__(self, admin_url: str, password: str) -> None:
        self._admin_url = admin_url
        self._password = password
        whole = admin_url.replace("/postgres?", "/shop?")
        self._owner_url = whole
        self._url = f"postgresql://shop:{password}@{whole.partition('@')[2]}"
        self.jammed = asyncio.Event()

    async def create(self) -> None:
        """The database, its role, and the console's, which may look and end sessions, nothing else."""
        admin = await asyncpg.connect(self._admin_url)
        await admin.execute("CREATE DATABASE shop")
        await admin.close()
        owner = await asyncpg.connect(self._owner_url)
        await owner.execute(ROLES.format(password=self._password))
        await owner.close()
        shop = await self._connect("setup")
        await shop.execute(SETUP)
        await shop.close()

    async def _connect(self, application: str) -> Any:
        settings = {"application_name": application, "statement_timeout": "0"}
        return await asyncpg.connect(self._url, server_settings=settings, statement_cache_size=20)

    async def traffic(self) -> None:
        """Orders at a quiet pace; one in ten is rolled back, one a second scans without an index."""
        session = await self._connect("web")
        try:
            for number in range(1_000_000_000):
                item = random.randint(100, 500)
                try:
                    async with session.transaction():
                        await session.execute(
                            "UPDATE stock SET left_over = left_over - 1 WHERE item = $1", item
                        )
                        await session.execute("INSERT INTO orders (item) VALUES ($1)", item)
                        if number % 10 == 0:
                            raise _OutOfStock
                except _OutOfStock:
                    pass
                if number % 4 == 0:
                    await session.fetchval("SELECT count(*) FROM events WHERE kind = 'pay'")
                await asyncio.sleep(0.25)
        finally:
            session.terminate()

    async def jam(self) -> None:
        """A tree of blocked sessions: checkout <- warehouse <- two others, for most of each minute."""
        names = ("checkout", "warehouse", "invoices", "returns")
        sessions = [await self._connect(name) for name in names]
        waiting: list[asyncio.Future[str]] = []
        take = "UPDATE stock SET left_over = left_over - 1 WHERE item = $1"
        try:
            while True:
                checkout, warehouse, invoices, returns = sessions
                await checkout.execute("BEGIN")
                await checkout.execute(take, 1)
                await warehouse.execute("BEGIN")
                await warehouse.execute(take, 2)
                waiting = [asyncio.ensure_future(warehouse.execute(take, 1))]
                waiting += [asyncio.ensure_future(s.execute(take, 2)) for s in (invoices, returns)]
                self.jammed.set()
                await asyncio.sleep(JAM)
                await checkout.execute("COMMIT")
                await waiting[0]
                await warehouse.execute("COMMIT")
                await asyncio.gather(*waiting)
                await asyncio.sleep(PAUSE)
        finally:
            for session in sessions:
                session.terminate()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def report(self) -> None:
        """A slow query, again and again."""
        session = await self._connect("nightly-report")
        query = "SELECT kind, count(*), pg_sleep($1 / 3) FROM events GROUP BY kind ORDER BY 2 DESC"
        try:
            while True:
                await session.fetch(query, REPORT)
                await asyncio.sleep(PAUSE)
        finally:
            session.terminate()

    async def forgotten(self) -> None:
        """A transaction somebody left open."""
        session = await self._connect("psql")
        gone = asyncio.Event()
        session.add_termination_listener(lambda _: gone.set())
        try:
            await session.execute("BEGIN")
            await session.fetchval("SELECT name FROM stock WHERE item = 7")
            await gone.wait()
        finally:
            session.terminate()


class _OutOfStock(Exception):
    """What rolls an order back."""
