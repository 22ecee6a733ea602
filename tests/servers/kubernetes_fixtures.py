"""Kubernetes for tests: clusters cost half a gigabyte and three seconds each, so a module shares one.

Where there is no real one, kmock plays it, and what asks more than kmock has is skipped.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.servers import absent, is_built, required
from tests.servers.building import KUBERNETES
from tests.servers.kubernetes import Cluster, etcd
from tests.servers.kubernetes.kwok import Kwok

if TYPE_CHECKING:
    from tests.servers.kubernetes.emulated import EmulatedCluster

CLUSTERS = {"kubernetes", "own_kubernetes"}
"""The fixtures that give one or the other."""


@functools.cache
def emulates() -> bool:
    """Whether kmock plays the clusters: nothing real is here, nor does the gate demand it."""
    return not required() and not (etcd.is_there() and is_built(KUBERNETES))


def some_cluster() -> Cluster:
    """A real cluster, or the next best thing."""
    return played_cluster() if emulates() else Cluster()


def played_cluster() -> EmulatedCluster:
    """One that kmock plays."""
    # it brings in kmock and aiohttp, of which nobody else has need
    from tests.servers.kubernetes.emulated import EmulatedCluster

    return EmulatedCluster()


@pytest.fixture(scope="module")
def kubernetes() -> Iterator[Cluster]:
    """A cluster shared by the tests of a module: freeze it, restart it, but leave it as it answers."""
    with some_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def real_kubernetes(kubernetes: Cluster) -> Cluster:
    """The module's cluster for what kmock does and does otherwise; what it does not do says so itself."""
    if emulates():
        absent("kmock plays the cluster, which is not enough here: make kubernetes (it needs Go)")
    return kubernetes


@pytest.fixture(scope="module")
def kwok(kubernetes: Cluster) -> Iterator[Kwok]:
    """The module's cluster has kubelets: nodes annotated for them are ready, and pods on these run."""
    with kubernetes.kwok() as player:
        yield player


@pytest.fixture
def own_kubernetes() -> Iterator[Cluster]:
    """A cluster of the test's own, to be killed."""
    with some_cluster() as cluster:
        yield cluster


@pytest.fixture
def emulated() -> Iterator[EmulatedCluster]:
    """A cluster of the test's own that kmock plays, whatever is there: to be told what to answer."""
    with played_cluster() as cluster:
        yield cluster
