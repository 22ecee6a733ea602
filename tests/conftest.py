"""Fixtures any test may ask for by name."""

import gc
import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.dockerd import dockerd, own_dockerd
from tests.servers.kubernetes_fixtures import (
    CLUSTERS,
    emulated,
    emulates,
    kubernetes,
    kwok,
    own_kubernetes,
    real_kubernetes,
)
from tests.servers.postgres_fixtures import own_postgres, postgres_bindir, postgres_server
from tests.servers.redis_fixtures import redis_binary, redis_server

__all__ = [
    "dockerd",
    "emulated",
    "kubernetes",
    "kwok",
    "own_dockerd",
    "own_kubernetes",
    "own_postgres",
    "postgres_bindir",
    "postgres_server",
    "real_kubernetes",
    "redis_binary",
    "redis_server",
]

# both cores are busy while the whole suite runs: how long an example takes says nothing then
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# told to end, the suite takes its servers with it
signal.signal(signal.SIGTERM, signal.default_int_handler)

# a console keeps what it has loaded out of garbage collections; here that would be every test's
freeze, gc.freeze = gc.freeze, lambda: None


@pytest.fixture(autouse=True, scope="module")
def _tidied() -> None:
    """What a module finds costs its collections nothing, nor what is timed in it."""
    gc.collect()
    freeze()


LONGEST = ("pty", "faults", "screens", "widgets")
"""The folders whose modules wait most: begun first, so that no worker is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules that take longest in front, each in its own order."""

    def rank(item: pytest.Item) -> int:
        return next((at for at, name in enumerate(LONGEST) if name in item.path.parts), len(LONGEST))

    items.sort(key=rank)


EMULATED = ("cluster", "emulated by kmock")
"""What a test has among its properties that had a cluster which is none."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Mark the tests whose cluster kmock plays for want of a real one."""
    if CLUSTERS & set(getattr(item, "fixturenames", ())) and emulates():
        item.user_properties.append(EMULATED)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line that clusters were played."""
    ended = [one for how in ("passed", "failed") for one in terminalreporter.stats.get(how, ())]
    count = sum(EMULATED in map(tuple, one.user_properties) for one in ended)
    if count:
        tests = "1 test" if count == 1 else f"{count} tests"
        terminalreporter.write_line(
            f"{tests} had a cluster emulated by kmock: a real one needs etcd and, with Go, make kubernetes"
        )
