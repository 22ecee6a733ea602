"""Hundreds of expressions at random, measured against the real Prometheus."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from console.alerts.promql import MemoryStore
from tests.console.alerts.promql.compared import difference, question, range_difference
from tests.console.alerts.promql.grammar import SEEDS
from tests.console.alerts.promql.world import stored, world
from tests.servers.prometheus import Prometheus


@pytest.fixture(scope="module")
def server() -> Iterator[Prometheus]:
    with Prometheus() as found:
        found.write(world())
        yield found


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return stored(world())


@settings(max_examples=200, derandomize=True)
@given(chance=SEEDS.map(random.Random))
def test_an_expression_has_prometheus_value(
    server: Prometheus, store: MemoryStore, chance: random.Random
) -> None:
    text, at = question(chance)
    assert not difference(server, store, text, at), f"{text}\nat {at}"


@settings(max_examples=40, derandomize=True)
@given(chance=SEEDS.map(random.Random))
def test_a_range_has_prometheus_values(server: Prometheus, store: MemoryStore, chance: random.Random) -> None:
    text, at = question(chance)
    assert not range_difference(server, store, text, at), f"{text}\nfrom {at}"
