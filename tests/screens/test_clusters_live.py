"""A real cluster on the screen: what is created is seen, what breaks stands first, what is deleted goes."""

from __future__ import annotations

from typing import Any

import pytest

from console.sources.kubernetes.source import KubernetesSource
from screens.commands import run_command
from tests.screens.kit import console, pane_text, screen_text, table, zoomed
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
