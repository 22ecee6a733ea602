"""Kubernetes for tests: clusters cost half a gigabyte and three seconds each, so a module shares one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.kwok import Kwok


@pytest.fixture(scope="module")
def kubernetes() -> Iterator[Cluster]:
    """A cluster shared by the tests of a module: freeze it, restart it, but leave it as it answers."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def kwok(kubernetes: Cluster) -> Iterator[Kwok]:
    """The module's cluster has kubelets: nodes annotated for them are ready, and pods on these run."""
    with kubernetes.kwok() as player:
        yield player


@pytest.fixture
def own_kubernetes() -> Iterator[Cluster]:
    """A cluster of the test's own, to be killed."""
    with Cluster() as cluster:
        yield cluster
