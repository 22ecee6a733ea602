"""Workloads as tests make them: there is no controller, so their status is what the test says."""

from __future__ import annotations

from typing import Any

from tests.console.sources.kubernetes.states import ago
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import Object, collection

LABELS = {"app": "some"}
TEMPLATE: Object = {
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


def event(about: Object, reason: str, message: str, seconds: float = 0, *, warning: bool = True) -> Object:
    """An event about an object, so many seconds ago; in the future where that is negative."""
    meta = about["metadata"]
    namespace = meta.get("namespace", "default")
    involved = {"kind": about["kind"], "name": meta["name"], "namespace": meta.get("namespace", "")}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{meta['name']}.", "namespace": namespace},
        "involvedObject": involved,
        "type": "Warning" if warning else "Normal",
        "reason": reason,
        "message": message,
        "firstTimestamp": ago(seconds + 30),
        "lastTimestamp": ago(seconds),
        "count": 3,
        "source": {"component": "test"},
    }


def service(name: str, namespace: str = "default", **spec: Any) -> Object:
    """A service of whatever has the labels of the workloads here."""
    ports = [{"port": 80, "name": "web"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": LABELS, "ports": ports, **spec},
    }


def endpoint_slice(name: str, of: str, namespace: str = "default", **pods: bool | None) -> Object:
    """A slice of a service's endpoints: pods, and whether each is ready."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": of}},
        "addressType": "IPv4",
        "ports": [],
        "endpoints": [
            {
                "addresses": [f"10.1.0.{at + 1}"],
                "conditions": {} if ready is None else {"ready": ready},
                "targetRef": {"kind": "Pod", "name": pod, "namespace": namespace},
            }
            for at, (pod, ready) in enumerate(pods.items())
        ],
    }


def claim(name: str, namespace: str = "default", **spec: Any) -> Object:
    """A claim of a gibibyte."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec,
        },
    }  # fmt: skip


def autoscaler(name: str, of: str, namespace: str = "default") -> Object:
    """An autoscaler of a deployment, by its CPU."""
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": of},
            "minReplicas": 2,
            "maxReplicas": 10,
            "metrics": [{"type": "Resource", "resource": cpu}],
        },
    }
