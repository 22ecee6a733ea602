"""A real cluster on the screen: what is created is seen, what breaks stands first, what is deleted goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.sources.kubernetes.source import KubernetesSource
from screens.app import OpsConsole
from screens.commands import choices, run_command
from tests.screens.kit import console, footer, pane_text, screen_text, table, told, zoomed
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import namespace, node, pod
from tests.widgets.stage import until

pytestmark = pytest.mark.usefixtures("real_panes")
LIMIT = 60.0


async def test_a_cluster_from_the_first_list_to_a_pod_that_goes(kubernetes: Cluster) -> None:
    calls = kubernetes.calls
    calls.create(namespace("shop"), node("one", managed=False), pod("api", node="one", namespace="shop"))
    calls.create(pod("web", node="one", namespace="shop"))
    pods = "/api/v1/namespaces/shop/pods"
    given: list[Any] = [KubernetesSource((), {"KUBECONFIG": str(kubernetes.kubeconfig(context="eu-1"))})]
    async with console(given, (140, 40)) as (pilot, app):
        await until(pilot, lambda: "pods 2" in pane_text(app, "kubernetes"), LIMIT)
        run_command(app, "pods shop")
        await zoomed(pilot, app, "kubernetes")
        await until(pilot, lambda: len(table(app).rows) == 2, LIMIT)
        calls.patch(f"{pods}/web/status", {"status": {"phase": "Failed", "reason": "Evicted"}})
        await until(pilot, lambda: table(app).rows[0].pod.name == "web" and table(app).rows[0].fault, LIMIT)
        assert "Evicted" in screen_text(app)
        await pilot.press("F")
        assert table(app).counts == (1, 2)
        await pilot.press("enter")
        await until(pilot, lambda: "kubectl --context eu-1 -n shop get pod web" in screen_text(app))
        calls.delete(f"{pods}/web?gracePeriodSeconds=0")
        await until(pilot, lambda: "gone: this is the last that was seen of it" in screen_text(app), LIMIT)
        await pilot.press("escape", "escape", "F")
        await until(pilot, lambda: [row.pod.name for row in table(app).rows] == ["api"], LIMIT)


def beside_a_dead_one(cluster: Cluster) -> list[Any]:
    """A source of two contexts, of which the current one is not there."""
    files: list[Path] = [
        cluster.kubeconfig(context="us-2", url="https://127.0.0.1:1"),
        cluster.kubeconfig(context="eu-1"),
    ]
    return [KubernetesSource((), {"KUBECONFIG": ":".join(map(str, files))})]


def under_cursor(app: OpsConsole) -> str:
    """The context whose row has the cursor."""
    row = table(app).current
    return row.known.name if row is not None else ""


async def test_a_current_context_that_is_dead_is_left_by_the_view_of_contexts(kubernetes: Cluster) -> None:
    async with console(beside_a_dead_one(kubernetes), (180, 40)) as (pilot, app):
        await until(pilot, lambda: "no answer" in pane_text(app, "kubernetes"), LIMIT)
        shown = pane_text(app, "kubernetes")
        assert "kubectl --context us-2 cluster-info" in shown
        assert ":pods @eu-1 for another context" in shown
        assert "by itself" not in shown
        run_command(app, "contexts")
        await zoomed(pilot, app, "kubernetes")
        await until(pilot, lambda: [row.known.name for row in table(app).rows] == ["us-2", "eu-1"])
        assert "no answer since" in screen_text(app)
        assert "u watch or not" in footer(app)
        await pilot.press("down", "u")
        await told(pilot, app, "watching eu-1 too")

        def state(name: str) -> str:
            return next(
                (r.seen.cluster.state for r in table(app).rows if r.known.name == name and r.seen), ""
            )

        await until(pilot, lambda: (state("us-2"), state("eu-1")) == ("unreachable", "live"), LIMIT)
        assert "no answer since" not in screen_text(app)
        feed = app.collector.feeds["kubernetes"]
        assert [one.subject for one in feed.findings][:1] == ["cluster us-2"]
        # the last that answers stays: what was known of it would stand there for ever
        app.clear_notifications()
        await until(pilot, lambda: under_cursor(app) == "eu-1")
        await pilot.press("u")
        await told(pilot, app, "eu-1 stays as long as us-2 does not answer: watch one that answers first")
        kubernetes.freeze()
        try:
            await until(pilot, lambda: "none of us-2, eu-1 answers" in screen_text(app), LIMIT)
            assert (state("us-2"), state("eu-1")) == ("unreachable", "stale")
            faults = [one.subject for one in feed.findings]
            assert faults[0] == "kubernetes"
            assert not any(one.startswith("cluster") for one in faults), "the same fault is counted once"
        finally:
            kubernetes.thaw()
        await until(pilot, lambda: (state("us-2"), state("eu-1")) == ("unreachable", "live"), LIMIT)


async def test_a_current_context_that_is_dead_is_left_by_a_command(kubernetes: Cluster) -> None:
    kubernetes.calls.create(namespace("bank"), pod("ledger", namespace="bank"))
    async with console(beside_a_dead_one(kubernetes), (140, 40)) as (pilot, app):
        await until(pilot, lambda: "no answer" in pane_text(app, "kubernetes"), LIMIT)
        run_command(app, "pods @eu-11")
        await told(pilot, app, "there is no context 'eu-11' (did you mean eu-1?)")
        assert "pods @eu-1" in choices(app)
        run_command(app, "pods bank @eu-1")
        await told(pilot, app, "watching eu-1 too")
        await until(pilot, lambda: [row.pod.name for row in table(app).rows] == ["ledger"], LIMIT)
