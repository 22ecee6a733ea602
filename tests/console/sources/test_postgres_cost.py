"""What looking costs: the console's own processor time a poll, with many sessions."""

from __future__ import annotations

import time

from console.sources.base import Focus
from tests.console.sources.asking_postgres import asking, clients
from tests.servers.postgres import PostgresServer, wheel_bindir

POLLS = 20
FEW, MANY = 0.004, 0.012
"""Seconds of processor time a poll may take with few and with 150 sessions; measured: 0.0006 and 0.0015."""


async def test_polls_are_cheap() -> None:
    with PostgresServer(wheel_bindir(), settings={"max_connections": "200"}) as server:
        for sessions, allowed in ((26, FEW), (150, MANY)):
            names = [f"app {number}" for number in range(sessions)]
            async with clients(server, *names), asking(server.url()) as source:
                snapshot = await source.poll(Focus.GLANCE)
                began = time.process_time()
                for _ in range(POLLS):
                    snapshot = await source.poll(Focus.GLANCE)
                    source.judge(snapshot)
                    list(source.samples(snapshot))
                assert snapshot.connections == sessions + 1
                assert (time.process_time() - began) / POLLS < allowed
