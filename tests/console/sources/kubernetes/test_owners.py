"""Whose a pod is: by owner references as far as workloads are known, by names where they are not yet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.config import Limits
from console.findings import Severity
from console.sources.kubernetes.faults import find_faults, findings
from console.sources.kubernetes.model import Cluster, KubernetesSnapshot, Pod, Ref, Workload

DAY = 86_400.0


def owned(name: str, owner: Ref | None, **fields: object) -> Pod:
    """A pod that crashes, without a label by which its owner could be told."""
    made = {"status": "CrashLoopBackOff", "phase": "Running", "total": 1, "created": 1.0} | fields
    return Pod(cluster="eu", namespace="shop", name=name, owner=owner, **made)  # type: ignore[arg-type]  # fields of several types


def workload(kind: str, name: str, owner: Ref | None = None, **fields: object) -> Workload:
    """One of three pods."""
    made = {"desired": 3, "created": 1.0} | fields
    return Workload(cluster="eu", namespace="shop", kind=kind, name=name, owner=owner, **made)  # type: ignore[arg-type]  # as above


DEPLOYMENT = workload("Deployment", "web")
OF_DEPLOYMENT = workload("ReplicaSet", "web-1", Ref("Deployment", "web"))
OF_ROLLOUT = workload("ReplicaSet", "pay-1", Ref("Rollout", "pay"))
CRON = workload("CronJob", "db")
JOB = workload("Job", "db-28812", Ref("CronJob", "db"))
CLUSTER = Cluster(
    context="eu", time=DAY, workloads=(DEPLOYMENT, OF_DEPLOYMENT, OF_ROLLOUT, CRON, JOB), state="live"
)
HASHED = (("pod-template-hash", "7d4"),)


@pytest.mark.parametrize(
    ("pod", "top"),
    [
        (owned("a", Ref("ReplicaSet", "web-1")), Ref("Deployment", "web")),
        (owned("a", Ref("ReplicaSet", "pay-1")), Ref("ReplicaSet", "pay-1")),
        (owned("a", Ref("Job", "db-28812")), Ref("CronJob", "db")),
        (owned("a", Ref("Job", "once")), Ref("Job", "once")),
        (owned("a", Ref("ReplicaSet", "new-7d4"), labels=HASHED), Ref("Deployment", "new")),
        (owned("a", Ref("ReplicaSet", "new-7d4")), Ref("ReplicaSet", "new-7d4")),
        (owned("a", Ref("Kafka", "events")), Ref("Kafka", "events")),
        (owned("a", None), None),
    ],
)
def test_the_uppermost_workload_that_is_known(pod: Pod, top: Ref | None) -> None:
    assert CLUSTER.owners.top(pod) == top


def test_no_object_of_another_namespace_is_an_owner() -> None:
    pod = replace(owned("a", Ref("ReplicaSet", "web-1")), namespace="other")
    assert CLUSTER.owners.top(pod) == Ref("ReplicaSet", "web-1")


def test_a_copy_knows_its_own_workloads_and_keeps_what_it_knows_of_the_same() -> None:
    assert replace(CLUSTER, time=2 * DAY).owners is CLUSTER.owners
    fewer = replace(CLUSTER, workloads=(OF_DEPLOYMENT,))
    assert fewer.owners.top(owned("a", Ref("ReplicaSet", "web-1"))) == Ref("ReplicaSet", "web-1")
    assert fewer == replace(CLUSTER, workloads=(OF_DEPLOYMENT,))


def test_pods_without_the_label_are_one_finding_of_their_deployment() -> None:
    pods = tuple(owned(f"web-1-{n}", Ref("ReplicaSet", "web-1")) for n in range(2))
    made = replace(CLUSTER, pods=pods)
    made = replace(made, faults=find_faults(made, Limits()))
    (finding,) = findings(KubernetesSnapshot(clusters=(made,)))
    assert finding.subject == "Deployment shop/web"
    assert finding.text.startswith("2 of 3 pods")


@pytest.mark.parametrize(("owner", "judged"), [("Rollout", True), ("Deployment", False)])
def test_a_replica_set_is_judged_where_nothing_that_is_read_speaks_for_it(owner: str, judged: bool) -> None:
    stalled = workload("ReplicaSet", "x", Ref(owner, "web"), state="stalled", why="FailedCreate: quota")
    made = replace(CLUSTER, workloads=(DEPLOYMENT, stalled))
    fault = find_faults(made, Limits()).get(stalled.key)
    assert (fault is not None) == judged
    assert fault is None or fault.severity is Severity.CRITICAL
