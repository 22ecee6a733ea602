"""How rollouts stand, and what is wrong with everything that is no pod; all of it of a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.config import Limits
from console.findings import Severity
from console.sources.kubernetes.faults import find_faults, findings
from console.sources.kubernetes.model import KubernetesSnapshot, Workload
from tests.console.sources.kubernetes.reading import judged, listed, observed
from tests.console.sources.kubernetes.states import State, ago, app, ended, pods_in, waiting
from tests.console.sources.kubernetes.works import (
    autoscaler,
    claim,
    cron_job,
    endpoint_slice,
    event,
    job,
    made,
    service,
    workload,
)
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import Object, collection
from tests.servers.kubernetes.objects import node

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
UP = {
    "replicas": 3,
    "updatedReplicas": 3,
    "readyReplicas": 3,
    "availableReplicas": 3,
    "observedGeneration": 1,
}


@pytest.fixture(autouse=True)
def _nothing_left(kubernetes: Cluster) -> Iterator[None]:
    yield
    of_namespaces = (
        "api/v1:events", "api/v1:services", "api/v1:persistentvolumeclaims", "apis/apps/v1:deployments",
        "apis/apps/v1:statefulsets", "apis/apps/v1:daemonsets", "apis/apps/v1:replicasets",
        "apis/batch/v1:jobs", "apis/batch/v1:cronjobs", "apis/discovery.k8s.io/v1:endpointslices",
        "apis/autoscaling/v2:horizontalpodautoscalers",
    )  # fmt: skip
    for one in of_namespaces:
        path, _, resource = one.partition(":")
        kubernetes.calls.delete(f"/{path}/namespaces/default/{resource}")
    for resource in ("nodes", "persistentvolumes"):
        kubernetes.calls.delete(f"/api/v1/{resource}")
    # there is no controller to let go of what it protects
    for path in (
        "/api/v1/namespaces/default/persistentvolumeclaims",
        "/apis/batch/v1/namespaces/default/jobs",
    ):
        for left in kubernetes.calls.get(path)["items"]:
            kubernetes.calls.patch(f"{path}/{left['metadata']['name']}", {"metadata": {"finalizers": None}})


def said(type_: str, status: str, reason: str = "", message: str = "", seconds: float = 0) -> Object:
    """A condition of any object, that has been so for so long."""
    times = {"lastTransitionTime": ago(seconds)}
    return {"type": type_, "status": status, "reason": reason, "message": message, **times}


DEADLINE = said(
    "Progressing", "False", "ProgressDeadlineExceeded", 'ReplicaSet "x-1" has timed out progressing.'
)
DONE = said("Progressing", "True", "NewReplicaSetAvailable")
QUOTA = said("ReplicaFailure", "True", "FailedCreate", 'pods "x-1" is forbidden: exceeded quota: small')


@pytest.mark.parametrize(
    ("spec", "status", "state", "why"),
    [
        ({}, UP, "available", ""),
        ({}, {}, "progressing", "its controller has not seen the newest specification yet"),
        ({}, {**UP, "updatedReplicas": 1}, "progressing", "1 of 3 pods are of the newest template"),
        ({}, {**UP, "replicas": 4}, "progressing", "1 older pod still to go"),
        ({}, {**UP, "availableReplicas": 1}, "progressing", "1 of 3 pods are available"),
        ({}, {**UP, "availableReplicas": 1, "conditions": [DONE]}, "degraded", "1 of 3 pods are available"),
        ({}, {**UP, "availableReplicas": 1, "conditions": [DEADLINE]}, "stalled",
         "its deadline for progress is over: 1 of 3 pods are available"),
        ({}, {**UP, "updatedReplicas": 0, "conditions": [QUOTA]}, "stalled",
         'FailedCreate: pods "x-1" is forbidden: exceeded quota: small'),
        ({"paused": True}, UP, "paused", "the rollout is paused"),
        ({"replicas": 0}, {"observedGeneration": 1}, "scaled to 0", ""),
    ],
)  # fmt: skip
def test_how_a_deployment_stands(
    kubernetes: Cluster, spec: Object, status: Object, state: str, why: str
) -> None:
    made(kubernetes, workload("Deployment", "x", **{"replicas": 3, **spec}), status)
    (found,) = listed(kubernetes, "deployments")
    assert (found.state, found.why) == (state, why)
    assert found.observed == bool(status)
    stalled = {"Deployment default/x"} if state == "stalled" else set()
    faults = judged(kubernetes)
    assert set(faults) == stalled
    assert all(fault.severity is CRITICAL and fault.text == f"stalled: {why}" for fault in faults.values())


@pytest.mark.parametrize(
    ("spec", "status", "state", "why"),
    [
        ({}, {**UP, "currentRevision": "a", "updateRevision": "a"}, "available", ""),
        ({}, {"replicas": 1, "observedGeneration": 1}, "progressing",
         "1 of 3 pods are there"),
        ({}, {**UP, "availableReplicas": 2}, "degraded", "2 of 3 pods are available"),
        ({}, {**UP, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"}, "progressing",
         "1 of 3 pods are of the newest template"),
        ({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}},
         {**UP, "updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"}, "available",
         "2 pods held at the older template by partition 2"),
        ({"updateStrategy": {"type": "OnDelete"}},
         {**UP, "updatedReplicas": 0, "currentRevision": "a", "updateRevision": "b"}, "available",
         "3 pods of an older template until deleted (OnDelete)"),
    ],
)  # fmt: skip
def test_how_a_stateful_set_stands(
    kubernetes: Cluster, spec: Object, status: Object, state: str, why: str
) -> None:
    made(kubernetes, workload("StatefulSet", "x", replicas=3, serviceName="x", **spec), status)
    (found,) = listed(kubernetes, "statefulsets")
    assert (found.state, found.why) == (state, why)
    assert judged(kubernetes) == {}
    short = found.available < found.desired
    assert set(judged(kubernetes, 300)) == ({"StatefulSet default/x"} if short else set())


def test_the_server_says_when_a_status_was_written(real_kubernetes: Cluster) -> None:
    made(real_kubernetes, workload("StatefulSet", "x", replicas=3, serviceName="x"), {**UP})
    (found,) = listed(real_kubernetes, "statefulsets")
    assert found.edited >= found.created - 1
    assert found.changed >= found.created - 1


def _everywhere(**more: int) -> Object:
    four = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable")
    return {
        **dict.fromkeys((*four, "updatedNumberScheduled"), 4),
        "numberMisscheduled": 0, "observedGeneration": 1, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "state", "why"),
    [
        (_everywhere(), "available", ""),
        (_everywhere(updatedNumberScheduled=1), "progressing", "1 of 4 pods are of the newest template"),
        (_everywhere(numberAvailable=3), "degraded", "3 of 4 pods are available"),
        (_everywhere(numberAvailable=3, currentNumberScheduled=3), "degraded", "1 node without its pod"),
        (_everywhere(numberMisscheduled=2), "available", "2 pods on nodes it is not meant for"),
    ],
)
def test_how_a_daemon_set_stands(kubernetes: Cluster, status: Object, state: str, why: str) -> None:
    made(kubernetes, workload("DaemonSet", "x"), status)
    (found,) = listed(kubernetes, "daemonsets")
    assert (found.state, found.why) == (state, why)
    assert judged(kubernetes) == {}
    short = found.available < found.desired
    assert set(judged(kubernetes, 300)) == ({"DaemonSet default/x"} if short else set())


def test_a_deployment_that_is_not_available_is_wrong_and_gets_worse(kubernetes: Cluster) -> None:
    below = said("Available", "False", "MinimumReplicasUnavailable")
    made(
        kubernetes,
        workload("Deployment", "x", replicas=3),
        {**UP, "availableReplicas": 1, "conditions": [DONE, below]},
    )
    assert judged(kubernetes) == {}  # it is new
    fault = judged(kubernetes, 300)["Deployment default/x"]
    assert fault.severity is WARNING
    assert fault.text.startswith("1 of 3 pods available for 5m")
    assert judged(kubernetes, 1200)["Deployment default/x"].severity is CRITICAL


def test_pods_that_cannot_be_made_are_told_by_events(kubernetes: Cluster) -> None:
    one = workload("StatefulSet", "x", replicas=3, serviceName="x")
    made(kubernetes, one, {"replicas": 0, "observedGeneration": 1})
    kubernetes.calls.create(event(one, "FailedCreate", "create Pod x-0 failed: exceeded quota", -200))
    fault = judged(kubernetes, 240)["StatefulSet default/x"]
    assert fault.severity is CRITICAL
    assert fault.text == "its pods cannot be made: create Pod x-0 failed: exceeded quota"


def test_what_is_wrong_with_a_deployment_and_its_pods_is_one_finding(kubernetes: Cluster) -> None:
    made(kubernetes, workload("Deployment", "x", replicas=3), {**UP, "conditions": [DEADLINE]})
    crash = State("", status=app(waiting("CrashLoopBackOff"), lastState=ended(1, "Error"), restartCount=4))
    with pods_in(kubernetes, {"x-1": crash}):
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x", "uid": "1", "controller": True}
        kubernetes.calls.patch(
            "/api/v1/namespaces/default/pods/x-1", {"metadata": {"ownerReferences": [owner]}}
        )
        seen = observed(kubernetes)
    seen = replace(seen, faults=find_faults(seen, Limits()))
    (told,) = findings(KubernetesSnapshot(clusters=(seen,)))
    assert (told.subject, told.text) == ("Deployment default/x", "1 of 3 pods CrashLoopBackOff: exit 1")


def test_a_job_fails_and_a_cron_job_takes_it_back(kubernetes: Cluster) -> None:
    failed = said("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", 60)
    target = {**failed, "type": "FailureTarget"}
    cron = cron_job("nightly")
    made(kubernetes, cron, {"lastScheduleTime": ago(200), "lastSuccessfulTime": ago(90_000)})
    one = job("nightly-1")
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "1", "controller": True}
    one["metadata"]["ownerReferences"] = [owner]
    made(kubernetes, one, {"failed": 7, "startTime": ago(200), "conditions": [target, failed]})
    (found,) = listed(kubernetes, "jobs")
    assert (found.state, found.failed, found.ended > 0) == ("failed", 7, True)
    faults = judged(kubernetes)
    fault = faults["Job default/nightly-1"]
    assert fault.severity is WARNING
    assert fault.text.startswith("failed 6")
    assert fault.text.endswith("s ago: BackoffLimitExceeded, 7 failed pods")
    assert faults["CronJob default/nightly"].text.startswith("its run of 3m2")
    assert faults["CronJob default/nightly"].text.endswith("has not succeeded, the last success was 25h ago")
    failed_try = State("", "Failed", status=app(ended(1, "Error")))
    with pods_in(kubernetes, {"nightly-1-a": failed_try}):
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "nightly-1", "uid": "1", "controller": True}
        kubernetes.calls.patch(
            "/api/v1/namespaces/default/pods/nightly-1-a", {"metadata": {"ownerReferences": [owner]}}
        )
        seen = observed(kubernetes)
    seen = replace(seen, faults=find_faults(seen, Limits()))
    assert len(seen.faults) == 3
    (told,) = findings(KubernetesSnapshot(clusters=(seen,)))
    assert told.subject == "CronJob default/nightly"
    assert told.text.endswith("the last success was 25h ago: Error: exit 1")
    kubernetes.calls.patch(f"{collection(cron)}/nightly/status", {"status": {"lastSuccessfulTime": ago(0)}})
    assert judged(kubernetes) == {}


def test_nodes(kubernetes: Cluster) -> None:
    def told(name: str, *conditions: Object, cordoned: bool = False) -> None:
        kubernetes.calls.create({**node(name, managed=False), "spec": {"unschedulable": cordoned}})
        kubernetes.calls.patch(f"/api/v1/nodes/{name}/status", {"status": {"conditions": conditions}})

    well = said("Ready", "True")
    told("well", well, said("MemoryPressure", "False"), cordoned=True)
    told("down", said("Ready", "False", "KubeletNotReady", "container runtime is down"))
    told("full", well, said("DiskPressure", "True", "KubeletHasDiskPressure", seconds=300))
    told("new")
    assert set(judged(kubernetes)) == {"Node full"}
    faults = judged(kubernetes, 250)
    assert set(faults) == {"Node down", "Node full", "Node new"}
    assert faults["Node down"].severity is CRITICAL
    assert faults["Node down"].text.startswith("NotReady 4m1")
    assert faults["Node down"].text.endswith("s: container runtime is down")
    assert faults["Node full"].text.startswith("DiskPressure for 9m")


def test_services_and_what_stands_behind_them(kubernetes: Cluster) -> None:
    kubernetes.calls.create(
        service("both"), service("none"), service("empty"), service("bare", selector=None, type="ClusterIP"),
        service("off", selector={"app": "off"}),
        endpoint_slice("both-4", "both", a=True, b=None, c=False),
        {**endpoint_slice("both-6", "both", a=True, c=False), "addressType": "IPv6",
         "endpoints": [{"addresses": ["fd00::1"], "conditions": {"ready": True},
                        "targetRef": {"kind": "Pod", "name": "a"}}]},
        endpoint_slice("none-1", "none", x=False, y=False),
        {**endpoint_slice("empty-1", "empty"), "endpoints": []},
    )  # fmt: skip
    off = workload("Deployment", "off", replicas=0)
    off["spec"]["selector"] = {"matchLabels": {"app": "off"}}
    off["spec"]["template"] = {**off["spec"]["template"], "metadata": {"labels": {"app": "off"}}}
    made(kubernetes, off, {"observedGeneration": 1})
    seen = {one.name: one for one in observed(kubernetes).services}
    assert (seen["both"].ready, seen["both"].not_ready) == (2, 1)
    assert seen["both"].ports == ("80/TCP",)
    assert judged(kubernetes) == {}
    faults = judged(kubernetes, 300)
    assert set(faults) == {"Service default/none", "Service default/empty"} | (
        {"Service default/kubernetes"} & set(faults)
    )
    assert faults["Service default/none"].text == "no ready address, 2 not ready"
    assert faults["Service default/empty"].text == "no address: no pod that is up has its labels"
    unread = replace(observed(kubernetes, 300), listed=("services",))
    assert find_faults(unread, Limits()) == {}


def test_claims_and_volumes(kubernetes: Cluster) -> None:
    broken, waits = claim("broken", storageClassName="fast"), claim("waits")
    for one in (broken, waits, claim("odd"), claim("lost", volumeName="gone")):
        kubernetes.calls.create(one)
    kubernetes.calls.patch(
        "/api/v1/namespaces/default/persistentvolumeclaims/lost/status", {"status": {"phase": "Lost"}}
    )
    kubernetes.calls.create(
        event(broken, "ProvisioningFailed", 'storageclass "fast" not found', -200),
        event(waits, "WaitForFirstConsumer", "waiting", -200, warning=False),
    )
    assert set(judged(kubernetes)) == {"PersistentVolumeClaim default/lost"}
    faults = judged(kubernetes, 250)
    names = {name.rpartition("/")[2] for name in faults}
    assert names == {"broken", "odd", "lost"}
    told = faults["PersistentVolumeClaim default/broken"].text
    assert told.startswith("Pending 4m1")
    assert told.endswith('s: storageclass "fast" not found')
    assert faults["PersistentVolumeClaim default/lost"].severity is CRITICAL
    seen = observed(kubernetes)
    full = [
        replace(one, status="Bound", capacity=100.0, used=96.0) for one in seen.volumes if one.name == "odd"
    ]
    (fault,) = find_faults(replace(seen, volumes=tuple(full)), Limits()).values()
    assert (fault.severity, fault.text) == (CRITICAL, "96% of 100B used")


def test_autoscalers(kubernetes: Cluster) -> None:
    no_metrics = "the HPA was unable to compute the replica count: unable to get metrics for resource cpu"
    for name, current, *conditions in (
        ("well", 3, said("ScalingActive", "True")),
        ("blind", 3, said("ScalingActive", "False", "FailedGetResourceMetric", no_metrics)),
        ("off", 0, said("ScalingActive", "False", "ScalingDisabled")),
        ("top", 10, said("ScalingLimited", "True", "TooManyReplicas")),
        ("least", 2, said("ScalingLimited", "True", "TooFewReplicas")),
    ):
        one = autoscaler(name, "api")
        now = {"current": {"averageUtilization": 85}}
        measured = [] if name == "blind" else [{"type": "Resource", "resource": {"name": "cpu", **now}}]
        made(kubernetes, one, {
            "currentReplicas": current, "desiredReplicas": current, "currentMetrics": measured,
            "conditions": conditions,
        })  # fmt: skip
    found = {one.name: one for one in listed(kubernetes, "horizontalpodautoscalers")}
    assert found["well"].metrics == ("cpu 85%/70%",)
    assert found["blind"].metrics == ("cpu ?/70%",)
    assert (found["well"].least, found["well"].most, found["well"].target.name) == (2, 10, "api")
    assert judged(kubernetes) == {}
    faults = judged(kubernetes, 650)
    assert set(faults) == {"HorizontalPodAutoscaler default/blind", "HorizontalPodAutoscaler default/top"}
    assert faults["HorizontalPodAutoscaler default/blind"].text.startswith(
        "cannot read its metrics: the HPA was"
    )
    assert faults["HorizontalPodAutoscaler default/top"].text == (
        "at its maximum of 10 for 10m, and would go further"
    )


def test_a_workload_is_its_own(kubernetes: Cluster) -> None:
    one = workload("ReplicaSet", "x-1", replicas=2)
    one["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x", "uid": "1", "controller": True}
    ]
    made(kubernetes, one, {"replicas": 2, "observedGeneration": 1, "conditions": [QUOTA]})
    found: Workload = listed(kubernetes, "replicasets")[0]
    assert (found.state, found.images, found.selector) == (
        "stalled",
        ("example.com/app:1",),
        (("app", "some"),),
    )
    assert judged(kubernetes).keys() == {"ReplicaSet default/x-1"}, "nothing that is known tells for it"
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 2)
    well = {**counts, "observedGeneration": 1}
    made(kubernetes, workload("Deployment", "x", replicas=2), well)
    assert judged(kubernetes) == {}  # its deployment tells
