"""What is wrong with objects made by hand: states that take hours, or controllers, to come about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from console.config import Limits
from console.findings import Severity
from console.sources.kubernetes.faults import find_faults, findings
from console.sources.kubernetes.folding import by_owner, fold
from console.sources.kubernetes.model import (
    Autoscaler,
    Cluster,
    Condition,
    Container,
    Denied,
    Event,
    Fault,
    Key,
    KubernetesSnapshot,
    Pod,
    Ref,
    Service,
    Usage,
    Volume,
    Workload,
)
from console.sources.kubernetes.schedules import overdue_from

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
NOW = datetime(2026, 6, 10, 12, tzinfo=UTC).timestamp()
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
LISTED = ("pods", "events", "endpointslices", "persistentvolumeclaims", "horizontalpodautoscalers")


def cluster(**fields: Any) -> Cluster:
    """One that is read whole."""
    return Cluster(context="test", state="live", time=NOW, **{"listed": LISTED, **fields})


def only(**fields: Any) -> Fault | None:
    """What is wrong in a cluster with one thing at most that is."""
    found = find_faults(cluster(**fields), Limits())
    assert len(found) <= 1
    return next(iter(found.values()), None)


def workload(kind: str = "StatefulSet", **fields: Any) -> Workload:
    """One of three pods that is old, and has been so for two hours."""
    made: dict[str, Any] = {
        "cluster": "test", "kind": kind, "namespace": "shop", "name": "db", "desired": 3, "state": "degraded",
        "created": NOW - 9 * DAY, "changed": NOW - 2 * HOUR, "edited": NOW - 9 * DAY,
    } | fields  # fmt: skip
    return Workload(**made)


def event(about: Ref, reason: str, message: str, seconds: float) -> Event:
    """An event, so many seconds ago."""
    return Event(
        cluster="test", namespace="shop", about=about, reason=reason, message=message, last=NOW - seconds
    )


def pod(name: str, **fields: Any) -> Pod:
    """One that runs, of the stateful set."""
    made: dict[str, Any] = {
        "cluster": "test", "namespace": "shop", "name": name, "status": "Running", "phase": "Running",
        "ready": 1, "total": 1, "created": NOW - DAY, "owner": Ref("StatefulSet", "db"),
        "containers": (Container(name="app", state="running", ready=True),),
    } | fields  # fmt: skip
    return Pod(**made)


def crashing(name: str, restarts: int) -> Pod:
    """One in a crash loop."""
    one = Container(
        name="app", state="waiting", reason="CrashLoopBackOff", restarts=restarts, last_exit_code=1
    )
    return pod(name, status="CrashLoopBackOff", ready=0, restarts=restarts, containers=(one,))


# -- workloads


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (workload(replicas=0, state="progressing"), "0 of 3 pods available for 120m"),
        (workload(replicas=2, available=2), "2 of 3 pods available for 120m"),
        (workload("ReplicaSet", replicas=0, state="progressing"), "0 of 3 pods available for 120m"),
        (workload("Deployment", replicas=0, state="progressing"), "0 of 3 pods available for 120m"),
        (workload("DaemonSet", replicas=3, available=1), "1 of 3 pods available for 120m"),
        (workload("DaemonSet", replicas=1, available=1, why="2 nodes without its pod"),
         "2 nodes without its pod for 120m"),
        (workload(state="progressing", observed=False, changed=0.0, why="its controller has not seen it"),
         "0 of 3 pods available for 9d: its controller has not seen it"),
    ],
)  # fmt: skip
def test_a_workload_without_its_pods_is_wrong(one: Workload, text: str) -> None:
    fault = only(workloads=(one,))
    assert fault is not None
    assert (fault.severity, fault.text) == (CRITICAL, text)
    assert fault.hint


@pytest.mark.parametrize(
    ("one", "level"),
    [
        (workload(changed=NOW - MINUTE), None),
        (workload(edited=NOW - MINUTE), CRITICAL),
        (workload(edited=NOW - MINUTE, observed=False, state="progressing"), None),
        (workload(changed=NOW - 3 * MINUTE), WARNING),
        (workload(changed=NOW - 11 * MINUTE), CRITICAL),
        (workload(changed=NOW - 11 * MINUTE, settling=600.0), None),
        (workload(available=3, state="progressing"), None),
        (workload(desired=0, state="scaled to 0"), None),
    ],
)
def test_it_is_wrong_only_when_that_takes_longer_than_usual(one: Workload, level: Severity | None) -> None:
    fault = only(workloads=(one,))
    assert (fault.severity if fault else None) is level


def test_a_replica_set_is_judged_by_its_deployment_where_that_is_read() -> None:
    one, above = workload("ReplicaSet", owner=Ref("Deployment", "db")), workload("Deployment", available=3)
    assert only(workloads=(one, above)) is None
    assert only(workloads=(one,)) is not None


def test_that_pods_cannot_be_made_is_known_as_long_as_its_event_is_kept() -> None:
    """Controllers try again after up to a quarter of an hour."""
    one = workload(replicas=2, available=2)
    refused = event(Ref("StatefulSet", "db"), "FailedCreate", "exceeded quota: small", 50 * MINUTE)
    fault = only(workloads=(one,), events=(refused,))
    assert fault is not None
    assert (fault.severity, fault.text) == (CRITICAL, "its pods cannot be made: exceeded quota: small")
    fault = only(workloads=(replace(one, replicas=3),), events=(refused,))
    assert fault is not None
    assert fault.text == "2 of 3 pods available for 120m", "they have been made since"


def judged(seen: Cluster) -> Cluster:
    """With what is wrong in it."""
    return replace(seen, faults=find_faults(seen, Limits()))


def told(seen: Cluster) -> list[tuple[str, str]]:
    """The findings: subject and text."""
    return [(one.subject, one.text) for one in findings(KubernetesSnapshot(clusters=(seen,)))]


def test_pods_that_do_not_run_explain_that_they_are_missing() -> None:
    short = workload(replicas=3, available=1)
    seen = judged(cluster(workloads=(short,), pods=(crashing("db-0", 7), crashing("db-1", 5), pod("db-2"))))
    assert short.key in seen.faults
    assert told(seen) == [("StatefulSet shop/db", "2 of 3 pods CrashLoopBackOff: exit 1")]
    (one,) = fold(seen)
    assert (one.count, one.status, one.restarts, one.fault.of) == (2, "CrashLoopBackOff", 12, 3)


def test_pods_that_run_do_not_explain_that_others_are_missing() -> None:
    full = Container(name="app", state="running", ready=True, memory_limit=100.0)
    seen = judged(cluster(
        workloads=(workload(replicas=1, available=1),),
        pods=(pod("db-0", containers=(full,), tightest=100.0),),
        pod_usage={("shop", "db-0"): Usage(0.1, 99.0, memory_of=(("app", 99.0),))},
    ))  # fmt: skip
    assert told(seen) == [
        ("StatefulSet shop/db", "1 of 3 pods available for 120m; 1 of 3 pods memory near its limit")
    ]


def test_what_keeps_pods_from_being_made_is_said_beside_what_is_wrong_with_the_others() -> None:
    refused = event(Ref("StatefulSet", "db"), "FailedCreate", "exceeded quota: small", MINUTE)
    seen = judged(cluster(workloads=(workload(replicas=1),), pods=(crashing("db-0", 7),), events=(refused,)))
    assert told(seen) == [(
        "StatefulSet shop/db",
        "its pods cannot be made: exceeded quota: small; 1 of 3 pods CrashLoopBackOff: exit 1",
    )]  # fmt: skip


def test_a_workload_is_as_bad_as_the_worst_that_is_its_own() -> None:
    well = workload("CronJob", name="nightly", state="scheduled")
    job = Key("test", "Job", "shop", "nightly-1")
    seen = judged(cluster(workloads=(workload(replicas=3, available=2, changed=NOW - 3 * MINUTE), well),
                          pods=(crashing("db-0", 7),)))  # fmt: skip
    failed = Fault(WARNING, "failed 5m ago: BackoffLimitExceeded", owner=well.key)
    seen = replace(seen, faults={**seen.faults, job: failed})
    found = by_owner(seen)
    assert found[Key("test", "StatefulSet", "shop", "db")].severity is CRITICAL
    assert found[Key("test", "StatefulSet", "shop", "db")].text == told(seen)[0][1]
    assert found[well.key].text == "Job nightly-1 failed 5m ago: BackoffLimitExceeded"
    alone = by_owner(replace(seen, faults={k: v for k, v in seen.faults.items() if k.kind == "Pod"}))
    (fault,) = alone.values()
    assert (fault.severity, fault.text) == (CRITICAL, "1 of 3 pods CrashLoopBackOff: exit 1")


# -- jobs


def cron_job(**fields: Any) -> Workload:
    """One that is due every night in UTC, and is not at work."""
    made: dict[str, Any] = {
        "name": "nightly", "state": "scheduled", "schedule": "0 3 * * * UTC", "strategy": "Forbid",
        "desired": 0, "created": NOW - 10 * DAY, "edited": 0.0, "changed": 0.0,
    } | fields  # fmt: skip
    return workload("CronJob", **made)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (cron_job(), "it has never run, though one was due since"),
        (cron_job(schedule="0 3 * * *"), "it has never run, though one was due since"),
        (cron_job(schedule="@daily UTC"), "it has never run, though one was due since"),
        (cron_job(last_run=NOW - 9 * DAY, last_success=NOW - 9 * DAY + 60),
         "its last run was 9d ago, though one was due since"),
        (cron_job(active=1, state="running", last_run=NOW - 2 * DAY - 9 * HOUR),
         "its run of 2d9h ago still goes on, and holds back the next"),
    ],
)  # fmt: skip
def test_a_cron_job_whose_runs_do_not_begin_is_wrong(one: Workload, text: str) -> None:
    fault = only(workloads=(one,))
    assert fault is not None
    assert (fault.severity, fault.text) == (WARNING, text)


@pytest.mark.parametrize(
    "one",
    [
        cron_job(state="suspended"),
        cron_job(created=NOW - 8 * HOUR),
        cron_job(edited=NOW - 8 * HOUR),
        cron_job(schedule="0 3 * * 0 UTC", created=NOW - 2 * DAY),
        cron_job(schedule="0 3 * * *", created=NOW - 20 * HOUR),
        cron_job(schedule="0 3 * * * Nowhere/Atall"),
        cron_job(schedule="@every 1h"),
        cron_job(schedule="a b"),
        cron_job(last_run=NOW - 9 * HOUR, last_success=NOW - 9 * HOUR + 60),
        cron_job(active=1, state="running", last_run=NOW - 9 * HOUR),
        cron_job(active=1, state="running", last_run=NOW - 2 * DAY, strategy="Allow"),
    ],
)
def test_it_is_wrong_only_when_that_is_certain(one: Workload) -> None:
    assert only(workloads=(one,)) is None


@pytest.mark.parametrize(
    ("schedule", "certain"),
    [
        ("0 3 * * * UTC", datetime(2026, 6, 2, 4, tzinfo=UTC)),
        ("0 3 * * * Europe/Berlin", datetime(2026, 6, 2, 2, tzinfo=UTC)),
        ("0 3 * * *", datetime(2026, 6, 3, 18, tzinfo=UTC)),
        ("*/5 * * * *", datetime(2026, 6, 1, 16, 35, tzinfo=UTC)),
    ],
)
def test_without_a_time_zone_a_run_is_due_when_it_is_by_every_clock(schedule: str, certain: datetime) -> None:
    since = datetime(2026, 6, 1, 13, 30, tzinfo=UTC).timestamp()
    assert datetime.fromtimestamp(overdue_from(schedule, since), UTC) == certain


def test_nights_that_are_longer_or_shorter_prove_nothing() -> None:
    """At 02:30 in Berlin: left out on 29 March 2026; cron and controllers make it up differently."""
    since = datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp()
    found = overdue_from("30 2 * * * Europe/Berlin", since)
    assert datetime.fromtimestamp(found, UTC) == datetime(2026, 3, 31, 1, 30, tzinfo=UTC)


def test_a_job_of_something_else_than_a_cron_job_is_its_own() -> None:
    job = workload("Job", name="step-1", state="failed", owner=Ref("Workflow", "step"), why="x", desired=1)
    fault = only(workloads=(job,))
    assert fault is not None
    assert fault.owner is None


# -- pods


def test_memory_is_judged_container_by_container() -> None:
    """The kernel kills by container: room that another has left does not help."""
    small = Container(name="proxy", state="running", ready=True, memory_limit=100.0)
    large = Container(name="app", state="running", ready=True, memory_limit=10_000.0)
    free = replace(large, name="helper", memory_limit=0.0)
    for containers in ((small, large), (small, free)):
        one = pod("db-0", containers=containers, ready=2, total=2, tightest=100.0)
        usage = Usage(0.1, 599.0, memory_of=(("proxy", 99.0), (containers[1].name, 500.0)))
        fault = only(pods=(one,), pod_usage={("shop", "db-0"): usage})
        assert fault is not None
        assert (fault.severity, fault.text) == (CRITICAL, "memory of proxy 99% of 100B")
        usage = replace(usage, memory_of=(("proxy", 50.0), (containers[1].name, 549.0)))
        assert only(pods=(one,), pod_usage={("shop", "db-0"): usage}) is None


def test_a_readiness_gate_that_is_shut_is_named() -> None:
    gate = "target-health.example/web"
    unready = Condition(type="Ready", status="False", reason="ReadinessGatesNotReady", since=NOW - 5 * MINUTE)
    shut = Condition(type=gate, status="False", message="Target is in the process of being registered")
    one = pod("db-0", gates=(gate,), conditions=(unready, shut))
    fault = only(pods=(one,))
    assert fault is not None
    assert fault.severity is WARNING
    assert fault.text == (
        f"not ready 5m: readiness gate {gate} is False: Target is in the process of being registered"
    )
    fault = only(pods=(replace(one, conditions=(unready,)),))
    assert fault is not None
    assert fault.text == f"not ready 5m: readiness gate {gate} was never set"
    assert only(pods=(replace(one, conditions=(replace(unready, since=NOW - MINUTE), shut)),)) is None


# -- claims, services, autoscalers


CLAIM = Volume(cluster="test", kind="PersistentVolumeClaim", namespace="shop", name="data", status="Pending",
               storage_class="fast", created=NOW - HOUR)  # fmt: skip
ABOUT = Ref("PersistentVolumeClaim", "data")


def test_a_pending_claim_is_wrong_only_where_its_events_are_known() -> None:
    fault = only(volumes=(CLAIM,))
    assert fault is not None
    assert (fault.severity, fault.text) == (WARNING, "Pending 60m: no event says why")
    assert "storage class fast" in fault.hint
    assert only(volumes=(CLAIM,), listed=("persistentvolumeclaims",)) is None
    everywhere, elsewhere = Denied("list", "events"), Denied("list", "events", "other")
    assert only(volumes=(CLAIM,), denied=(everywhere,)) is None
    assert only(volumes=(CLAIM,), denied=(Denied("list", "events", "shop"),)) is None
    assert only(volumes=(CLAIM,), denied=(elsewhere,)) is not None
    assert only(volumes=(CLAIM,), denied=(everywhere,), namespaces=("shop",)) is not None
    waits = event(ABOUT, "WaitForFirstConsumer", "waiting for first consumer", MINUTE)
    assert only(volumes=(CLAIM,), events=(waits,)) is None
    outside = event(ABOUT, "ExternalProvisioning", "Waiting for ebs.csi.aws.com", MINUTE)
    fault = only(volumes=(CLAIM,), events=(outside,))
    assert fault is not None
    assert fault.text == "Pending 60m: Waiting for ebs.csi.aws.com"


def test_a_service_without_its_load_balancer_is_wrong() -> None:
    one = Service(cluster="test", namespace="shop", name="web", type="LoadBalancer", ready=2,
                  selector=(("app", "web"),), created=NOW - HOUR)  # fmt: skip
    fault = only(services=(one,))
    assert fault is not None
    assert (fault.severity, fault.text) == (
        WARNING,
        "no load balancer has given it an address for 60m",
    )
    failed = event(Ref("Service", "web"), "SyncLoadBalancerFailed", "no quota", MINUTE)
    fault = only(services=(one,), events=(failed,), listed=())
    assert fault is not None
    assert fault.text.endswith("for 60m: no quota")
    for calm in ({"external": ("203.0.113.7",)}, {"type": "ClusterIP"}, {"edited": NOW - MINUTE}):
        assert only(services=(replace(one, **calm),)) is None


def test_an_autoscaler_without_a_target_or_a_status_says_so() -> None:
    missing = (
        'the HPA controller was unable to get the target\'s current scale: deployments.apps "web" not found'
    )
    shut = Condition(type="AbleToScale", status="False", reason="FailedGetScale", message=missing,
                     since=NOW - HOUR)  # fmt: skip
    one = Autoscaler(cluster="test", namespace="shop", name="web", target=Ref("Deployment", "web"), most=9,
                     created=NOW - 2 * HOUR, conditions=(shut,))  # fmt: skip
    fault = only(autoscalers=(one,))
    assert fault is not None
    assert "metrics server" not in fault.hint
    assert "there is no Deployment web" in fault.hint
    fault = only(autoscalers=(replace(one, conditions=()),))
    assert fault is not None
    assert (fault.severity, fault.text) == (WARNING, "it has no status after 120m: nobody acts on it")
    assert only(autoscalers=(replace(one, conditions=(), created=NOW - 5 * MINUTE),)) is None
