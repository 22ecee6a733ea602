"""A server is killed or frozen while it is looked at: its pane says so, the others go on, it comes back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.faults import BACK, PAUSE, TOLD, Scene, Server, scene
from tests.servers.dockerd import Dockerd
from tests.servers.postgres import PostgresServer, wheel_bindir
from tests.servers.redis import RedisServer, wheel_redis

SECONDS = 6.0
"""How long a fault lasts here; `make faults` takes ten times as long."""
HANDLES = 3
"""File descriptors a recovery may leave open more than before: a spare connection of a pool."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A console that looks at the wheels' PostgreSQL and Redis."""
    with contextlib.ExitStack() as stack:
        servers: dict[str, Server] = {
            "postgres": stack.enter_context(PostgresServer(wheel_bindir())),
            "redis": stack.enter_context(RedisServer(wheel_redis())),
        }
        yield stack.enter_context(scene(tmp_path_factory.mktemp("faults"), servers))


@pytest.mark.parametrize("fault", ["killed", "frozen"])
@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_fault_is_told_hurts_nobody_else_and_ends(here: Scene, name: str, fault: str) -> None:
    outcome = here.suffer(name, fault, SECONDS)
    assert outcome.told <= TOLD, outcome
    assert outcome.back <= BACK, outcome
    assert outcome.pause <= PAUSE, outcome
    assert outcome.handles <= HANDLES, outcome
    # figures in milliseconds are the bench's business: here it only must not hang
    assert outcome.key_p99 < 1000, outcome


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_the_engine_is_missed_and_comes_back(own_dockerd: Dockerd, tmp_path: Path, fault: str) -> None:
    own_dockerd.fleet(2, crashing=0)
    with scene(tmp_path, {"docker": own_dockerd}) as console:
        outcome = console.suffer("docker", fault, SECONDS)
        assert outcome.told <= TOLD, outcome
        assert outcome.back <= BACK, outcome
        assert outcome.pause <= PAUSE, outcome
        assert outcome.handles <= HANDLES, outcome


def test_two_frozen_servers_are_left_at_once(here: Scene) -> None:
    here.all_live()
    for server in here.servers.values():
        server.freeze()
    try:
        for name in here.servers:
            assert here.until(name, "failing", TOLD) <= TOLD
        here.terminal.press("q")
        assert here.terminal.wait(3.0) == 0
        assert here.terminal.family() == []
    finally:
        for server in here.servers.values():
            server.thaw()
