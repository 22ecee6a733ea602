"""What is wrong with pods of a real cluster, in few words, and when it begins to be wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.config import Limits
from console.findings import Severity
from console.sources.kubernetes.faults import find_faults, findings
from console.sources.kubernetes.model import Fault, KubernetesSnapshot, Usage
from console.sources.kubernetes.pods import carry_restarts
from tests.console.sources.kubernetes.reading import judged, observed
from tests.console.sources.kubernetes.states import (
    READY,
    TWO,
    State,
    ago,
    app,
    condition,
    ended,
    pods_in,
    running,
    states,
    status,
    waiting,
)
from tests.console.sources.kubernetes.works import event, workload
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import node, pod

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
HOUR = 3600.0
UNREADY = [condition("PodScheduled"), condition("Ready", False, lastTransitionTime=ago(0))]
KILLED = {"lastState": ended(137, "OOMKilled", seconds=120), "restartCount": 14}


def one(kubernetes: Cluster, state: State, later: float = 0.0) -> Fault | None:
    """What is wrong with a pod that is so, so many seconds from now."""
    with pods_in(kubernetes, {"x": state}):
        return judged(kubernetes, later).get("Pod default/x")


@pytest.fixture(autouse=True)
def _nothing_left(kubernetes: Cluster) -> Iterator[None]:
    yield
    kubernetes.calls.delete("/api/v1/namespaces/default/events")


def test_a_crash_loop_says_how_it_ended_how_often_and_when(kubernetes: Cluster) -> None:
    fault = one(kubernetes, State("", status=app(waiting("CrashLoopBackOff"), **KILLED)))
    assert fault is not None
    assert fault.severity is CRITICAL
    assert fault.text.startswith("CrashLoopBackOff: exit 137 OOMKilled, 14 restarts, last ")
    assert fault.text.endswith(" ago")
    assert "memory limit" in fault.hint
    two = State("", spec={"containers": TWO}, status={
        "containerStatuses": [
            status("app", running(), ready=True),
            status("helper", waiting("CrashLoopBackOff"), lastState=ended(1, "Error"), restartCount=1),
        ]
    })  # fmt: skip
    fault = one(kubernetes, two)
    assert fault is not None
    assert fault.text.startswith("CrashLoopBackOff: exit 1 of helper, 1 restart, last ")
    assert "previous run" in fault.hint


def test_an_image_that_cannot_be_had_is_named(kubernetes: Cluster) -> None:
    told = 'failed to pull "example.com/app:1": not found'
    fault = one(kubernetes, State("", "Pending", status=app(waiting("ImagePullBackOff", told))))
    assert fault is not None
    assert (fault.severity, fault.text) == (CRITICAL, "ImagePullBackOff: example.com/app:1")
    assert "no such image" in fault.hint


def test_what_is_missing_is_told(kubernetes: Cluster) -> None:
    told = 'configmap "settings" not found'
    fault = one(kubernetes, State("", "Pending", status=app(waiting("CreateContainerConfigError", told))))
    assert fault is not None
    assert (fault.severity, fault.text) == (CRITICAL, f"CreateContainerConfigError: {told}")


def test_a_pod_that_nothing_takes_says_why_after_two_minutes(kubernetes: Cluster) -> None:
    told = "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No victims."
    why = condition("PodScheduled", False, reason="Unschedulable", message=told)
    state = State("", "Pending", status={"conditions": [why]}, node=None)
    assert one(kubernetes, state) is None
    fault = one(kubernetes, state, 400)
    assert fault is not None
    assert fault.severity is WARNING
    assert fault.text.startswith("Pending 6m4")
    assert fault.text.endswith("s: 0/3 nodes are available: 3 Insufficient cpu")
    fault = one(kubernetes, state, HOUR)
    assert fault is not None
    assert fault.severity is CRITICAL


def test_one_that_is_made_slowly_says_what_its_events_say(kubernetes: Cluster) -> None:
    state = State("", "Pending", status=app(waiting("ContainerCreating")))
    assert one(kubernetes, state) is None
    kubernetes.calls.create(event(pod("x"), "FailedMount", 'secret "tls" not found', -200))
    fault = one(kubernetes, state, 240)
    assert fault is not None
    assert fault.severity is WARNING
    assert fault.text.startswith("ContainerCreating 4m")
    assert fault.text.endswith(': secret "tls" not found')


def test_a_pod_that_is_not_ready_says_what_its_probe_said(kubernetes: Cluster) -> None:
    state = State("", status={**app(running(), started=True), "conditions": UNREADY})
    assert one(kubernetes, state, 60) is None
    told = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    kubernetes.calls.create(event(pod("x"), "Unhealthy", told, -200))
    fault = one(kubernetes, state, 240)
    assert fault is not None
    assert fault.severity is WARNING
    assert fault.text.startswith("not ready 4m")
    assert fault.text.endswith(": readiness probe failed: HTTP probe failed with statuscode: 503")
    fault = one(kubernetes, state, HOUR)
    assert fault is not None
    assert fault.severity is CRITICAL
    assert fault.text == "not ready 60m: 0 of 1 containers"


def test_restarts_of_the_last_ten_minutes_count_by_the_limit(kubernetes: Cluster) -> None:
    def restarted(count: int, seconds: float) -> State:
        last = {"lastState": ended(2, "Error", seconds=seconds), "restartCount": count}
        return State("", status={**app(running(), ready=True, **last), "conditions": READY})

    fault = one(kubernetes, restarted(9, 300))
    assert fault is not None
    # what was before the first look nobody knows
    assert fault.severity is WARNING
    assert fault.text.startswith("restarted 1x in 10m: exit 2, last 5m")
    assert one(kubernetes, restarted(9, 700)) is None


def test_restarts_are_remembered_from_value_to_value(kubernetes: Cluster) -> None:
    def restarted(count: int, seconds: float) -> State:
        last = {"lastState": ended(2, "Error", seconds=seconds), "restartCount": count}
        return State("", status={**app(running(), ready=True, **last), "conditions": READY})

    with pods_in(kubernetes, {"x": restarted(1, 400)}):
        (first,) = observed(kubernetes).pods
        for count, seconds in ((2, 200), (3, 100)):
            last = app(
                running(), ready=True, lastState=ended(2, "Error", seconds=seconds), restartCount=count
            )
            kubernetes.calls.patch("/api/v1/namespaces/default/pods/x/status", {"status": last})
            (newer,) = observed(kubernetes).pods
            first = carry_restarts(first, newer)
        seen = replace(observed(kubernetes), pods=(first,))
    assert len(first.recent) == 3
    assert carry_restarts(first, newer) == first
    (fault,) = find_faults(seen, Limits()).values()
    assert fault.severity is CRITICAL
    assert fault.text.startswith("restarted 3x in 10m: exit 2, last ")
    (fault,) = find_faults(replace(seen, time=time.time() + 350), Limits()).values()
    assert fault.severity is WARNING
    assert fault.text.startswith("restarted 2x in 10m")
    assert find_faults(replace(seen, time=time.time() + 900), Limits()) == {}


def test_one_that_failed_is_wrong_for_an_hour(kubernetes: Cluster) -> None:
    state = State("", "Failed", status=app(ended(3, "Error", seconds=300)))
    fault = one(kubernetes, state)
    assert fault is not None
    assert fault.severity is WARNING
    assert fault.text.startswith("Error: exit 3, 5m")
    assert one(kubernetes, state, HOUR) is None
    told = {"reason": "Evicted", "message": "The node was low on resource: memory."}
    fault = one(kubernetes, State("", "Failed", status=told))
    assert fault is not None
    assert fault.text.endswith(" ago: The node was low on resource: memory")
    assert fault.text.startswith("Evicted ")


def test_one_that_does_not_go_says_for_how_long(kubernetes: Cluster) -> None:
    state = State("", status={**app(running(), ready=True), "conditions": READY}, going=True)
    assert one(kubernetes, state) is None
    fault = one(kubernetes, state, 720)
    assert fault is not None
    assert fault.severity is CRITICAL
    assert fault.text == "Terminating for 12m"
    assert "finalizer" in fault.hint


def test_memory_is_judged_where_limit_and_usage_are_known(kubernetes: Cluster) -> None:
    limited = [{**TWO[0], "resources": {"limits": {"memory": "100Mi"}, "requests": {"memory": "100Mi"}}}]
    state = State(
        "", spec={"containers": limited}, status={**app(running(), ready=True), "conditions": READY}
    )
    with pods_in(kubernetes, {"x": state}):
        seen = observed(kubernetes)
    assert find_faults(seen, Limits()) == {}
    for used, level in ((80, None), (90, WARNING), (99, CRITICAL)):
        memory = used * 2.0**20
        known = replace(seen, pod_usage={("default", "x"): Usage(0.1, memory, memory_of=(("app", memory),))})
        fault = next(iter(find_faults(known, Limits()).values()), None)
        assert (fault.severity if fault else None) is level
        assert fault is None or fault.text == f"memory {used}% of 100M"


def test_a_readiness_gate_that_is_shut_is_named(kubernetes: Cluster) -> None:
    gates = {"readinessGates": [{"conditionType": "example.com/open"}, {"conditionType": "example.com/up"}]}
    told = [*UNREADY, condition("example.com/open")]
    state = State("", spec=gates, status={**app(running(), ready=True, started=True), "conditions": told})
    assert one(kubernetes, state, 60) is None
    fault = one(kubernetes, state, 240)
    assert fault is not None
    assert fault.text.startswith("not ready 4m")
    assert fault.text.endswith(": readiness gate example.com/up was never set")


def test_a_pod_on_a_node_that_is_down_says_so(kubernetes: Cluster) -> None:
    kubernetes.calls.create(node("lost", managed=False))
    down = condition("Ready", False, lastTransitionTime=ago(0), reason="x")
    told = {"conditions": [{**down, "status": "Unknown", "message": "Kubelet stopped posting node status."}]}
    kubernetes.calls.patch("/api/v1/nodes/lost/status", {"status": told})
    state = State("", status={**app(running()), "conditions": UNREADY}, node="lost")
    with pods_in(kubernetes, {"x": state}):
        seen = observed(kubernetes, 300)
        faults = find_faults(replace(seen, on_node={"lost": 1}), Limits())
    kubernetes.calls.delete("/api/v1/nodes/lost")
    by_kind = {key.kind: fault for key, fault in faults.items()}
    assert by_kind["Pod"].text.endswith(": its node lost is down")
    assert by_kind["Node"].severity is CRITICAL
    assert by_kind["Node"].text.startswith("NotReady 5m")
    assert by_kind["Node"].text.endswith(": Kubelet stopped posting node status, 1 pod on it")


def test_pods_that_fail_alike_are_one_finding(kubernetes: Cluster) -> None:
    kubernetes.calls.create(workload("Deployment", "api", replicas=20))
    alike = State("", status=app(waiting("CrashLoopBackOff"), lastState=ended(1, "Error"), restartCount=4))
    other = State("", "Pending", status=app(waiting("ErrImagePull")))
    found = {f"api-6f9-{number}": other if number == 7 else alike for number in range(20)}
    with pods_in(kubernetes, {**found, "lonely": alike}):
        for name in found:
            kubernetes.calls.patch(f"/api/v1/namespaces/default/pods/{name}", {"metadata": {
                "labels": {"pod-template-hash": "6f9"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-6f9",
                                     "uid": "1", "controller": True}],
            }})  # fmt: skip
        seen = observed(kubernetes)
    kubernetes.calls.delete("/apis/apps/v1/namespaces/default/deployments/api")
    faults = find_faults(seen, Limits())
    assert len(faults) == 21
    told = findings(KubernetesSnapshot(clusters=(replace(seen, faults=faults),)))
    assert [(one.subject, one.text.partition(", ")[0]) for one in told] == [
        ("Deployment default/api", "19 of 20 pods CrashLoopBackOff: exit 1; 1 otherwise"),
        ("Pod default/lonely", "CrashLoopBackOff: exit 1"),
    ]
    assert all(one.severity is CRITICAL and one.hint for one in told)
    twice = tuple(replace(seen, context=name, faults=faults) for name in ("eu-1", "us-1"))
    told = findings(KubernetesSnapshot(clusters=twice))
    assert {one.subject.partition(" @")[2] for one in told} == {"eu-1", "us-1"}


def test_a_cluster_that_does_not_answer_comes_first(kubernetes: Cluster) -> None:
    with pods_in(kubernetes, {"x": State("", status=app(waiting("CrashLoopBackOff"), **KILLED))}):
        seen = observed(kubernetes)
    seen = replace(seen, faults=find_faults(seen, Limits()))
    gone = replace(seen, context="eu-1", state="unreachable", trouble="nobody answers", faults={})
    told = findings(KubernetesSnapshot(clusters=(seen, gone)))
    assert [one.subject for one in told] == ["cluster eu-1", "Pod default/x @test"]
    assert told[0].text == "nobody answers"


def test_every_state_that_is_no_trouble_is_no_fault(kubernetes: Cluster) -> None:
    calm = {
        "running", "restarts-undated", "pending", "pending-on-node", "gated", "creating", "completed",
        "exit-zero-unsaid", "one-completed-ready", "init-none", "init-one", "initializing", "side-starting",
        "terminating", "completed-going", "running-unready", "two-one-ready", "side-unready", "one-completed",
        "failed-going", "lost-going",
    }  # fmt: skip
    with pods_in(kubernetes, states()):
        wrong = {key.name for key in find_faults(observed(kubernetes), Limits())}
    assert set(states()) - wrong == calm
