"""Where in the pane an object stands, by its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widgets.pane import Jump
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.rows import Seen

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Key

WORKLOAD_KINDS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob")
"""Kinds that stand among the workloads."""


def place_of(seen: Seen, key: Key) -> Jump | None:
    """Where an object stands in this pane; None where its kind has no view."""
    if key.kind == "Pod":
        return Jump("pods", shown.exactly(context=seen.tag[0], ns=key.namespace, name=key.name))
    if key.kind == "Node":
        return Jump("nodes", shown.exactly(context=seen.tag[0], name=key.name))
    if key.kind == "HorizontalPodAutoscaler":
        return Jump("autoscalers", shown.exactly(context=seen.tag[0], ns=key.namespace, name=key.name))
    views = {"Service": "services", "Ingress": "services", "PersistentVolume": "volumes",
             "PersistentVolumeClaim": "volumes"} | dict.fromkeys(WORKLOAD_KINDS, "workloads")  # fmt: skip
    if key.kind not in views:
        return None
    place = shown.exactly(context=seen.tag[0], kind=key.kind, ns=key.namespace, name=key.name)
    return Jump(views[key.kind], place)
