"""The views of the zoomed clusters, the most useful first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from widgets.pane import View
from widgets.panes.kubernetes.autoscalers import autoscaler_view
from widgets.panes.kubernetes.contexts import context_view
from widgets.panes.kubernetes.events import event_view
from widgets.panes.kubernetes.nodes import node_view
from widgets.panes.kubernetes.pods import pod_view
from widgets.panes.kubernetes.services import service_view
from widgets.panes.kubernetes.volumes import volume_view
from widgets.panes.kubernetes.workloads import workload_view


def kubernetes_views() -> Sequence[View[Any]]:
    """Pods, workloads, nodes, events, services, volumes, autoscalers, contexts."""
    return (
        pod_view(),
        workload_view(),
        node_view(),
        event_view(),
        service_view(),
        volume_view(),
        autoscaler_view(),
        context_view(),
    )
