"""Workloads as tests make them: there is no controller, so their status is what the test says."""

from __future__ import annotations

from typing import Any

from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import Object, collection

LABELS = {"app": "some"}
TEMPLATE = {
    "metadata": {"labels": LABELS},
    "spec": {"containers": [{"name": "app", "image": "example.com/app:1"}]},
}


def workload(kind: str, name: str, namespace: str = "default", **spec: Any) -> Object:
    """A deployment, replica set, stateful set or daemon set."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": LABELS}, "template": TEMPLATE, **spec},
    }


def job(name: str, namespace: str = "default", **spec: Any) -> Object:
    """A job."""
    template = {**TEMPLATE, "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": template, **spec},
    }


def cron_job(name: str, namespace: str = "default", **spec: Any) -> Object:
    """A cron job that is due every night."""
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": job("", "")["spec"]}, **spec},
    }


def made(cluster: Cluster, one: Object, status: Object) -> None:
    """Make one whose controller says this of it."""
    cluster.calls.create(one)
    if status:
        path = f"{collection(one)}/{one['metadata']['name']}/status"
        cluster.calls.patch(path, {"status": status})
