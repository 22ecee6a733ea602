"""Kubernetes' objects as tests make them: no more said of each than must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.servers.kubernetes.calls import Object

MANAGED = "kwok.x-k8s.io/node"
"""The annotation of the nodes that kwok plays."""


def node(name: str, managed: bool = True, **labels: str) -> Object:
    """A node: kwok makes a managed one ready, and no test can make that one anything else."""
    annotations = {MANAGED: "fake"} if managed else {}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": annotations,
            "labels": {"kubernetes.io/hostname": name, **labels},
        },
    }


def namespace(name: str) -> Object:
    """A namespace; no controller is there to remove it for good."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def pod(
    name: str,
    namespace: str = "default",
    node: str | None = None,
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> Object:
    """A pod of one container, placed on a node by the test, since no scheduler is there; else it pends."""
    containers = [{"name": "app", "image": "example.com/app:1"}]
    placed = {"nodeName": node} if node else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {})},
        "spec": {"containers": containers, **placed, **spec},
    }


def role(name: str, verbs: str, resources: str, groups: str) -> Object:
    """A cluster role of one rule; words are parted by commas, the group of pods is empty."""
    rule = {"verbs": verbs.split(","), "resources": resources.split(","), "apiGroups": groups.split(",")}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [rule],
    }


def binding(role: Object, subject: Mapping[str, str], namespace: str = "") -> Object:
    """Who has a cluster role: in one namespace, or in all."""
    name = role["metadata"]["name"]
    within = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": name, **within},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [dict(subject)],
    }
