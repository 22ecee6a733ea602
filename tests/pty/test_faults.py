"""A server is killed or frozen while it is looked at: its pane says so, the others go on, it comes back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.servers import BACK, HANDLES, TOLD, Outcome, Scene, direct, scene
from tests.patience import BUSY
from tests.servers.dockerd import Dockerd
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import pod
from tests.servers.postgres import PostgresServer, wheel_bindir
from tests.servers.redis import RedisServer, wheel_redis

SECONDS = 6.0
"""How long a fault lasts here at least; `make faults` takes ten times as long."""


def assert_told_and_over(outcome: Outcome) -> None:
    """It was told while it lasted, others went on meanwhile, and it ended with its cause.

    What is promised to the second is measured by `make faults`: here other tests have the processors too.
    """
    assert outcome.told <= TOLD * BUSY, outcome
    assert outcome.back <= BACK * BUSY, outcome
    assert outcome.pause < outcome.lasted, outcome  # the others did not wait for its end
    assert outcome.key_p50 < 1000, outcome
    assert outcome.handles <= HANDLES, outcome


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A console that looks at the wheels' PostgreSQL and Redis."""
    with contextlib.ExitStack() as stack:
        subjects = {
            "postgres": direct("postgres", stack.enter_context(PostgresServer(wheel_bindir()))),
            "redis": direct("redis", stack.enter_context(RedisServer(wheel_redis()))),
        }
        yield stack.enter_context(scene(tmp_path_factory.mktemp("faults"), subjects))


@pytest.mark.parametrize("fault", ["killed", "frozen"])
@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_fault_is_told_hurts_nobody_else_and_ends(here: Scene, name: str, fault: str) -> None:
    assert_told_and_over(here.suffer(name, fault, SECONDS, BUSY))


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_the_engine_is_missed_and_comes_back(own_dockerd: Dockerd, tmp_path: Path, fault: str) -> None:
    own_dockerd.fleet(2, crashing=0)
    with scene(tmp_path, {"docker": direct("docker", own_dockerd)}) as console:
        assert_told_and_over(console.suffer("docker", fault, SECONDS, BUSY))


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_a_cluster_is_missed_and_comes_back(kubernetes: Cluster, tmp_path: Path, fault: str) -> None:
    kubernetes.calls.create(pod(f"pod-{fault}"))
    with scene(tmp_path, {"kubernetes": direct("kubernetes", kubernetes)}) as console:
        assert_told_and_over(console.suffer("kubernetes", fault, SECONDS, BUSY))


def test_two_frozen_servers_are_left(here: Scene) -> None:
    here.all_live()
    freezing = [subject.faults["frozen"] for subject in here.subjects.values()]
    for freeze, _ in freezing:
        freeze()
    try:
        for name in here.subjects:
            assert here.until(name, "failing", TOLD * BUSY) <= TOLD * BUSY
        here.terminal.press("q")
        assert here.terminal.wait() == 0
        assert here.terminal.family() == []
    finally:
        for _, thaw in freezing:
            thaw()
