"""A real cluster in a real terminal: what befalls it is said in words, and heals by itself."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.pty.consoles import real_console
from tests.pty.terminal import Terminal
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import namespace, node, pod

SLOW = 90.0
"""Seconds for what takes the server itself some: a restart, a token it has taken a moment ago."""


@contextmanager
def console(place: Path, *configs: Path, more: str = "") -> Iterator[Terminal]:
    """A console that looks at the contexts of these files and at nothing else."""
    tables = [f'[[kubernetes]]\nkubeconfig = "{config}"\n{more}' for config in configs]
    config = "\n".join(['sources = ["kubernetes", "logs"]', *tables, "[logs]", "journald = false",
                        "containers = false", f'files = ["{place}/none.log"]'])  # fmt: skip
    with real_console(place, config, size=(150, 40), env={"HOME": str(place)}) as terminal:
        terminal.wait_for("1-2 pane")
        yield terminal


@pytest.fixture(scope="module")
def cluster(kubernetes: Cluster) -> Cluster:
    """A cluster with two namespaces and a pod in each."""
    kubernetes.calls.create(namespace("shop"), namespace("payments"), node("n1", managed=False))
    kubernetes.calls.create(pod("api-1", "shop"), pod("ledger-1", "payments"))
    return kubernetes


def test_a_forgotten_past_is_read_anew(cluster: Cluster, tmp_path: Path) -> None:
    """The server has forgotten the version that was watched: 410."""
    with console(tmp_path, cluster.kubeconfig()) as terminal:
        terminal.press(*":pods", "enter")
        terminal.wait_for(r"shop +api-1")
        cluster.compact()
        cluster.calls.create(pod("after", "shop"))
        terminal.wait_for(r"shop +after", SLOW)
        terminal.wait_for(lambda t: "stale" not in t.text, SLOW)
        assert "api-1" in terminal.text
        cluster.calls.delete("/api/v1/namespaces/shop/pods/after")
        terminal.wait_for(lambda t: "after" not in t.text)


def test_a_forbidden_namespace_is_said_and_shows_once_it_is_allowed(cluster: Cluster, tmp_path: Path) -> None:
    bound = cluster.allow(cluster.limited, namespace="shop")
    try:
        config = cluster.kubeconfig(cluster.limited)
        with console(tmp_path, config, more='namespaces = ["shop", "payments"]') as terminal:
            terminal.press(*":pods", "enter")
            terminal.wait_for(r"shop +api-1")
            terminal.wait_for(r"may not list pods.* and \d+ more in namespace payments")
            assert "ledger-1" not in terminal.text
            second, given = cluster.allow(cluster.limited, namespace="payments"), time.monotonic()
            try:
                granted = terminal.watch(lambda t: re.search(r"payments +ledger-1", t.text))
                # a right holds from the moment on that the server's own cache knows it
                while time.monotonic() < given + PATIENCE and granted.wait(1.0) is None:
                    terminal.press("ctrl+r")
                terminal.wait_for(r"payments +ledger-1", 1.0)
                terminal.wait_for(lambda t: "may not list pods" not in t.text, SLOW)
            finally:
                cluster.calls.delete(second)
    finally:
        cluster.calls.delete(bound)


def test_a_token_that_expires_is_said_and_the_next_one_heals(cluster: Cluster, tmp_path: Path) -> None:
    first = cluster.account("robot", seconds=12)
    bound = cluster.allow(first)
    try:
        helper = cluster.helper(first)
        with console(tmp_path, cluster.kubeconfig(helper.user)) as terminal:
            terminal.press(*":pods", "enter")
            terminal.wait_for(r"shop +api-1")
            # taken for ten seconds more, once it has been taken
            terminal.wait_for("token of user .* has expired", SLOW)
            assert "api-1" in terminal.text, "what was known stays"
            helper.give(cluster.account("robot").token, 3600)
            terminal.wait_for(lambda t: "has expired" not in t.text, SLOW)
            cluster.calls.create(pod("renewed", "shop"))
            terminal.wait_for(r"shop +renewed", SLOW)
            cluster.calls.delete("/api/v1/namespaces/shop/pods/renewed")
    finally:
        cluster.calls.delete(bound)


def test_two_contexts_at_once(cluster: Cluster, own_kubernetes: Cluster, tmp_path: Path) -> None:
    """Each row says whose it is; when one is gone the other goes on."""
    own_kubernetes.calls.create(namespace("shop"), pod("api-1", "shop"))
    configs = cluster.kubeconfig(context="eu-1"), own_kubernetes.kubeconfig(context="us-2")
    with console(tmp_path, *configs) as terminal:
        terminal.wait_for(lambda t: "eu-1" in t.text and "us-2" in t.text)
        terminal.press(*":pods", "enter")
        terminal.wait_for(r"eu-1 +shop +api-1")
        terminal.wait_for(r"us-2 +shop +api-1")
        own_kubernetes.kill()
        terminal.wait_for(r"us-2.* cannot be reached")
        cluster.calls.create(pod("still", "shop"))
        terminal.wait_for(r"eu-1 +shop +still")
        own_kubernetes.restart()
        terminal.wait_for(lambda t: "cannot be reached" not in t.text, SLOW)
        cluster.calls.delete("/api/v1/namespaces/shop/pods/still")


def test_the_lines_and_the_text_of_a_pod(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.kwok() as kwok, console(tmp_path, cluster.kubeconfig()) as terminal:
        cluster.calls.create(node("n2"), pod("web", "shop", node="n2", labels={"app": "web"}))
        kwok.say("ERROR upstream timeout")
        terminal.press(*":pods shop", "enter")
        terminal.wait_for(r"shop +web +1/1 +Running")
        terminal.press("/", *" name:^web$", "enter")
        terminal.wait_for(r"name:\^web\$ 1 of")
        terminal.press("D")
        terminal.wait_for("creationTimestamp:")
        terminal.press("q")
        terminal.wait_for(lambda t: "creationTimestamp:" not in t.text)
        terminal.press("l")
        terminal.wait_for("ERROR upstream timeout")
        kwok.say("ERROR once more")
        terminal.wait_for("ERROR once more")
        terminal.press(*":logs app=web,!canary shop", "enter")
        terminal.wait_for(r'/selector:"app=web,!canary sh[\s\S]* shop/web ERROR once more')
