"""Numbers as kube-state-metrics names them: well-known rules evaluate on those of a real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.alerts.live_store import HistoryStore
from console.alerts.promql import Vector, evaluate, parse
from console.history import History
from console.metrics import Labels, Sample
from console.sources.kubernetes.model import KubernetesSnapshot, Pod
from console.sources.kubernetes.samples import ALL_PODS, Made, samples
from tests.console.sources.kubernetes.reading import observed
from tests.console.sources.kubernetes.states import READY, State, ago, app, ended, pods_in, running, waiting
from tests.console.sources.kubernetes.works import autoscaler, claim, cron_job, job, made, workload
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import node

OFFSET = 1_700_000_000.0
LIMITED = [{
    "name": "app", "image": "example.com/app:1",
    "resources": {"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
}]  # fmt: skip


@pytest.fixture(scope="module")
def snapshot(kubernetes: Cluster) -> Iterator[KubernetesSnapshot]:
    """A cluster with something of everything."""
    kubernetes.calls.create(node("one", managed=False))
    conditions = [{"type": "Ready", "status": "Unknown", "lastTransitionTime": ago(400)}]
    room = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "10Gi"}
    told = {"conditions": conditions, "allocatable": room, "capacity": room}
    kubernetes.calls.patch("/api/v1/nodes/one/status", {"status": told})
    made(kubernetes, workload("Deployment", "api", replicas=3), {
        "replicas": 3, "updatedReplicas": 3, "readyReplicas": 1, "availableReplicas": 1,
        "observedGeneration": 1,
        "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
    })  # fmt: skip
    made(kubernetes, workload("StatefulSet", "db", replicas=2, serviceName="db"), {"replicas": 2})
    made(kubernetes, workload("DaemonSet", "agent"), {
        "desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 2, "numberMisscheduled": 1,
    })  # fmt: skip
    failed = {"status": "True", "reason": "BackoffLimitExceeded"}
    both = [{"type": "FailureTarget", **failed}, {"type": "Failed", **failed}]
    made(kubernetes, job("import"), {"failed": 4, "startTime": ago(600), "conditions": both})
    made(kubernetes, cron_job("nightly", suspend=True), {"lastScheduleTime": ago(3600)})
    made(kubernetes, autoscaler("api", "api"), {"currentReplicas": 10, "desiredReplicas": 10})
    kubernetes.calls.create(claim("data"))
    killed = {"lastState": ended(137, "OOMKilled"), "restartCount": 4}
    well = {**app(running(), ready=True), "conditions": READY}
    found = {
        "crash": State("", status=app(waiting("CrashLoopBackOff"), **killed)),
        "well": State("", spec={"containers": LIMITED}, status=well),
        "waits": State("", "Pending", node=None),
    }
    with pods_in(kubernetes, found):
        yield KubernetesSnapshot(clusters=(observed(kubernetes),))


def listed_samples(snapshot: KubernetesSnapshot, made: Made | None = None) -> list[Sample]:
    """All of them at once."""
    return list(samples(snapshot, made))


def named(found: list[Sample], name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """Values of a metric by some of its labels."""
    return {
        tuple(dict(one.labels).get(label, "") for label in labels): one.value
        for one in found
        if one.name == name
    }


def test_pods_have_the_series_of_kube_state_metrics(snapshot: KubernetesSnapshot) -> None:
    found = listed_samples(snapshot)
    assert len({(one.name, one.labels) for one in found}) == len(found)
    assert all(list(one.labels) == sorted(one.labels) for one in found)
    phases = named(found, "kube_pod_status_phase", "pod", "phase")
    assert {key for key, value in phases.items() if value} == {
        ("crash", "Running"), ("well", "Running"), ("waits", "Pending"),
    }  # fmt: skip
    assert len(phases) == 15
    ready = named(found, "kube_pod_status_ready", "pod", "condition")
    assert ready == {("well", "true"): 1, ("well", "false"): 0, ("well", "unknown"): 0}
    assert named(found, "kube_pod_container_status_restarts_total", "pod", "container") == {
        ("crash", "app"): 4, ("well", "app"): 0,
    }  # fmt: skip
    reasons = named(found, "kube_pod_container_status_waiting_reason", "pod", "reason")
    assert reasons == {("crash", "CrashLoopBackOff"): 1}
    last = named(found, "kube_pod_container_status_last_terminated_reason", "pod", "reason")
    assert last == {("crash", "OOMKilled"): 1}
    requests = named(found, "kube_pod_container_resource_requests", "resource", "unit", "node")
    assert requests == {("cpu", "core", "one"): 0.25, ("memory", "byte", "one"): 64 * 2.0**20}
    limits = named(found, "kube_pod_container_resource_limits", "resource")
    assert limits == {("memory",): 128 * 2.0**20}
    counts = named(found, "opsconsole_kubernetes_pods", "namespace", "status")
    assert counts == {
        ("default", "CrashLoopBackOff"): 1, ("default", "Running"): 1, ("default", "Pending"): 1,
    }  # fmt: skip


def test_others_have_theirs(snapshot: KubernetesSnapshot) -> None:
    found = listed_samples(snapshot)

    def value(name: str) -> float:
        (number,) = [one.value for one in found if one.name == name]
        return number

    assert value("kube_deployment_spec_replicas") == 3
    assert value("kube_deployment_status_replicas_available") == 1
    assert value("kube_deployment_status_replicas_unavailable") == 2
    assert value("kube_deployment_metadata_generation") == value("kube_deployment_status_observed_generation")
    assert value("kube_statefulset_replicas") == 2
    assert value("kube_daemonset_status_number_misscheduled") == 1
    assert value("kube_job_status_failed") == 4
    assert named(found, "kube_job_failed", "condition") == {("true",): 1, ("false",): 0, ("unknown",): 0}
    assert value("kube_cronjob_spec_suspend") == 1
    assert value("kube_cronjob_status_last_schedule_time") > 0
    assert value("kube_horizontalpodautoscaler_spec_max_replicas") == 10
    assert value("kube_horizontalpodautoscaler_status_current_replicas") == 10
    phases = named(found, "kube_persistentvolumeclaim_status_phase", "phase")
    assert phases == {("Pending",): 1, ("Bound",): 0, ("Lost",): 0}
    ready = named(found, "kube_node_status_condition", "condition", "status")
    assert ready == {("Ready", "true"): 0, ("Ready", "false"): 0, ("Ready", "unknown"): 1}
    room = named(found, "kube_node_status_allocatable", "resource", "unit")
    assert room[("cpu", "core")] == 4
    assert room[("memory", "byte")] == 8 * 2.0**30


RULES = {
    'max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m]) >= 1': {"crash"},
    'increase(kube_pod_container_status_restarts_total[10m]) > 0': set(),
    'sum by (pod) (max by (namespace, pod) (kube_pod_status_phase{phase=~"Pending|Unknown|Failed"}) '
    '* on (namespace, pod) group_left(owner_kind) topk by (namespace, pod) (1, '
    'max by (namespace, pod, owner_kind) (kube_pod_owner{owner_kind!="Job"}))) > 0': {"waits"},
    "kube_deployment_spec_replicas > kube_deployment_status_replicas_available": {"api"},
    'kube_deployment_status_condition{condition="Progressing", status="false"} != 0': {"api"},
    'kube_node_status_condition{condition="Ready",status="true"} == 0': {"one"},
    'kube_job_failed{condition="true"} > 0': {"import"},
    "kube_daemonset_status_number_misscheduled > 0": {"agent"},
    "kube_horizontalpodautoscaler_status_current_replicas "
    "== kube_horizontalpodautoscaler_spec_max_replicas": {"api"},
}  # fmt: skip
"""Conditions of well-known rules for Kubernetes, and what they hold for here."""


@pytest.mark.parametrize("expression", RULES)
def test_well_known_rules_hold_for_what_is_wrong(snapshot: KubernetesSnapshot, expression: str) -> None:
    history = History()
    for time in range(0, 301, 15):
        history.add(time, samples(snapshot), "kubernetes")
    value = evaluate(parse(expression), HistoryStore(history, OFFSET), 300 + OFFSET)
    assert isinstance(value, Vector)
    assert {_subject(element.labels) for element in value.elements} == RULES[expression]


def _subject(labels: Labels) -> str:
    known = dict(labels)
    kinds = "pod", "deployment", "daemonset", "job_name", "horizontalpodautoscaler", "node"
    return next(known[kind] for kind in kinds if kind in known)


def test_clusters_are_told_apart_where_there_are_several(snapshot: KubernetesSnapshot) -> None:
    (cluster,) = snapshot.clusters
    assert not any(label == "cluster" for one in samples(snapshot) for label, _ in one.labels)
    both = KubernetesSnapshot(clusters=(cluster, replace(cluster, context="other")))
    found = listed_samples(both)
    assert {dict(one.labels)["cluster"] for one in found} == {"test", "other"}
    assert len({(one.name, one.labels) for one in found}) == len(found)
    assert all(list(one.labels) == sorted(one.labels) for one in found)


def test_of_very_many_pods_only_those_that_are_not_well_have_series(snapshot: KubernetesSnapshot) -> None:
    (cluster,) = snapshot.clusters
    by_name: dict[str, Pod] = {pod.name: pod for pod in cluster.pods}
    well = [replace(by_name["well"], name=f"well-{number}") for number in range(ALL_PODS)]
    lately = replace(by_name["well"], name="lately", restarts=1, restarted=cluster.time - 60)
    many = replace(cluster, pods=(*well, by_name["crash"], lately))
    found = listed_samples(KubernetesSnapshot(clusters=(many,)))
    assert {pod for (pod,) in named(found, "kube_pod_info", "pod")} == {"crash", "lately"}
    counts = named(found, "opsconsole_kubernetes_pods", "status")
    assert counts == {("Running",): ALL_PODS + 1, ("CrashLoopBackOff",): 1}


def test_what_has_not_changed_is_not_made_again(snapshot: KubernetesSnapshot) -> None:
    made: Made = {}
    first = listed_samples(snapshot, made)
    (cluster,) = snapshot.clusters
    newer = replace(cluster.pods[0], restarts=9)
    second = listed_samples(
        KubernetesSnapshot(clusters=(replace(cluster, pods=(newer, *cluster.pods[1:])),)), made
    )
    assert second == listed_samples(
        KubernetesSnapshot(clusters=(replace(cluster, pods=(newer, *cluster.pods[1:])),))
    )
    same = {id(one) for one in first} & {id(one) for one in second}
    assert len(first) - len(same) < len(first) / 2
    assert len(made) == len(cluster.pods) + len(cluster.workloads) + 3
