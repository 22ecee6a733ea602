"""STATUS, READY, RESTARTS, AGE and their like are what the real kubectl prints of the same objects."""

from __future__ import annotations

from console.sources.kubernetes.jobs import completions
from console.sources.kubernetes.model import Workload
from console.sources.kubernetes.quantities import restarts
from tests.console.sources.kubernetes.reading import Printed, listed
from tests.console.sources.kubernetes.states import READY, State, ago, app, ended, pods_in, running, states
from tests.console.sources.kubernetes.works import cron_job, job, made, workload
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import namespace, node

DAY = 86_400


def test_pods_are_as_kubectl_prints_them(kubernetes: Cluster) -> None:
    found = states()
    kubernetes.calls.create(namespace("states"))
    with pods_in(kubernetes, found, "states"):
        printed = Printed(kubernetes, "pods", "-A")
        pods = {pod.name: pod for pod in listed(kubernetes, "pods")}
    assert {row["NAME"] for row in printed.rows} == set(found) == set(pods)
    wrong = []
    for row in printed.rows:
        pod = pods[row["NAME"]]
        assert row["NAMESPACE"] == pod.namespace
        ours = pod.status, f"{pod.ready}/{pod.total}"
        told = row["STATUS"], row["READY"]
        ages = {restarts(pod.restarts, pod.restarted, now) for now in printed.seconds()}
        if ours != told or row["RESTARTS"] not in ages or row["AGE"] not in printed.ages(pod.created):
            wrong.append((row, ours, ages))
    assert not wrong
    assert {name: pods[name].status for name in found} == {name: one.shown for name, one in found.items()}
    assert len({(pod.status, pod.ready, pod.total, pod.restarts) for pod in pods.values()}) >= 25


AGES = (
    0, 1, 59, 61, 119, 121, 150, 180, 599, 601, 3599, 3700, 10_799, 10_801, 5 * 3600 + 180, 8 * 3600 - 1,
    8 * 3600 + 1, 47 * 3600, 2 * DAY + 1, 2 * DAY + 3 * 3600 + 9, 7 * DAY + 23 * 3600, 8 * DAY + 1, 100 * DAY,
    729 * DAY, 730 * DAY + 9, 1104 * DAY + 9, 8 * 365 * DAY - 9, 8 * 365 * DAY + 9, 20 * 365 * DAY,
)  # fmt: skip


def test_durations_are_as_kubectl_prints_them(kubernetes: Cluster) -> None:
    def restarted(seconds: float) -> State:
        last = {"lastState": ended(1, "Error", seconds=seconds), "restartCount": 3}
        return State("Running", status={**app(running(), ready=True, **last), "conditions": READY})

    kubernetes.calls.create(namespace("ages"))
    with pods_in(kubernetes, {f"age-{seconds}": restarted(seconds) for seconds in AGES}, "ages"):
        printed = Printed(kubernetes, "pods", "-n", "ages")
        pods = {pod.name: pod for pod in listed(kubernetes, "pods")}
    assert len(printed.rows) == len(AGES)
    for row in printed.rows:
        pod = pods[row["NAME"]]
        assert row["RESTARTS"] in {restarts(3, pod.restarted, now) for now in printed.seconds()}


def test_nodes_are_as_kubectl_prints_them(kubernetes: Cluster) -> None:
    def told(name: str, status: str, role: str = "", *, cordoned: bool = False) -> None:
        labels = {f"node-role.kubernetes.io/{one}": "" for one in role.split(",") if one}
        made = node(name, managed=False, **labels)
        made["spec"] = {"unschedulable": cordoned}
        kubernetes.calls.create(made)
        said: dict[str, object] = {"nodeInfo": INFO}
        if status:
            said["conditions"] = [{"type": "Ready", "status": status, "reason": "KubeletReady"}]
        kubernetes.calls.patch(f"/api/v1/nodes/{name}/status", {"status": said})

    told("up", "True", "worker,control-plane")
    told("down", "False")
    told("lost", "Unknown", cordoned=True)
    told("cordoned", "True", cordoned=True)
    told("new", "")
    printed = Printed(kubernetes, "nodes", "-o", "wide")
    nodes = {node.name: node for node in listed(kubernetes, "nodes")}
    assert {row["NAME"]: row["STATUS"] for row in printed.rows} == {
        "up": "Ready",
        "down": "NotReady",
        "lost": "NotReady,SchedulingDisabled",
        "cordoned": "Ready,SchedulingDisabled",
        "new": "Unknown",
    }
    for row in printed.rows:
        found = nodes[row["NAME"]]
        assert (found.status, found.version) == (row["STATUS"], row["VERSION"])
        assert (",".join(found.roles) or "<none>") == row["ROLES"]
        assert found.system == row["OS-IMAGE"]
        assert f"{found.kernel} ({found.architecture})" == row["KERNEL-VERSION"]
        assert found.runtime == row["CONTAINER-RUNTIME"]
        assert row["AGE"] in printed.ages(found.created)


INFO = {
    "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "containerd://2.1.4",
    "kernelVersion": "6.12.41", "kubeProxyVersion": "", "kubeletVersion": "v1.36.3", "machineID": "",
    "operatingSystem": "linux", "osImage": "Debian GNU/Linux 13", "systemUUID": "",
}  # fmt: skip


def test_workloads_are_as_kubectl_prints_them(kubernetes: Cluster) -> None:
    kubernetes.calls.create(namespace("work"))
    for kind, spec, status in (
        ("Deployment", {"replicas": 5}, {"replicas": 5, "readyReplicas": 3, "availableReplicas": 2}),
        ("StatefulSet", {"replicas": 3, "serviceName": "x"}, {"replicas": 3, "readyReplicas": 2}),
        ("ReplicaSet", {"replicas": 4}, {"replicas": 4, "readyReplicas": 1}),
        ("DaemonSet", {}, {"desiredNumberScheduled": 7, "currentNumberScheduled": 6, "numberReady": 5,
                           "numberAvailable": 4, "updatedNumberScheduled": 3, "numberMisscheduled": 1}),
    ):  # fmt: skip
        made(kubernetes, workload(kind, "some", "work", **spec), status)
    for name, spec in (
        ("three", {"completions": 3}),
        ("queue", {"parallelism": 4}),
        ("one", {"parallelism": 1}),
    ):
        made(kubernetes, job(name, "work", **spec), {"active": 1, "startTime": ago(200)})
    made(
        kubernetes,
        job("held", "work", suspend=True),
        {"conditions": [{"type": "Suspended", "status": "True"}]},
    )
    made(kubernetes, cron_job("nightly", "work", timeZone="Europe/Berlin"), {"lastScheduleTime": ago(4000)})

    def shown(resource: str) -> list[Workload]:
        return sorted(listed(kubernetes, resource), key=lambda found: found.name)

    (row,), (found,) = Printed(kubernetes, "deployments", "-n", "work").rows, shown("deployments")
    assert (row["READY"], row["UP-TO-DATE"], row["AVAILABLE"]) == ("3/5", "0", "2")
    assert (f"{found.ready}/{found.desired}", found.updated, found.available) == ("3/5", 0, 2)
    (row,), (found,) = Printed(kubernetes, "statefulsets", "-n", "work").rows, shown("statefulsets")
    assert row["READY"] == f"{found.ready}/{found.desired}" == "2/3"
    (row,), (found,) = Printed(kubernetes, "replicasets", "-n", "work").rows, shown("replicasets")
    assert (row["DESIRED"], row["CURRENT"], row["READY"]) == ("4", "4", "1")
    assert (found.desired, found.replicas, found.ready) == (4, 4, 1)
    (row,), (found,) = Printed(kubernetes, "daemonsets", "-n", "work").rows, shown("daemonsets")
    ours = found.desired, found.replicas, found.ready, found.updated, found.available
    columns = "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE"
    assert tuple(row[name] for name in columns) == tuple(map(str, ours))
    assert found.misscheduled == 1
    jobs = Printed(kubernetes, "jobs", "-n", "work").rows
    assert [row["COMPLETIONS"] for row in jobs] == [completions(found) for found in shown("jobs")]
    assert [row["STATUS"].lower() for row in jobs] == ["suspended", "running", "running", "running"]
    assert [found.state for found in shown("jobs")] == ["suspended", "running", "running", "running"]
    printed = Printed(kubernetes, "cronjobs", "-n", "work")
    (row,), (found,) = printed.rows, shown("cronjobs")
    assert found.schedule == f"{row['SCHEDULE']} {row['TIMEZONE']}"
    assert row["LAST SCHEDULE"] in printed.ages(found.last_run)
