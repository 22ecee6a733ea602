"""Workloads and their pods lead to each other by who owns whom, not by how they are called."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from console.filters import parse
from console.sources.kubernetes.model import KubernetesSnapshot, Ref
from tests.widgets.panes.kube_values import cluster, context, pod, snapshot, workload
from tests.widgets.panes.test_kubernetes import cell, detail, filtered, row, view
from widgets.table import Table


def bare(name: str, owner: Ref) -> Any:
    """A pod whose labels do not tell its owner."""
    return pod(name, owner=owner, labels=(("app", "x"),))


NAMES = snapshot(
    cluster(
        pods=[
            bare("web-6f9-aaaaa", Ref("ReplicaSet", "web-6f9")),
            bare("web-7d4-bbbbb", Ref("ReplicaSet", "web-7d4")),
            bare("web-admin-5c5-ccccc", Ref("ReplicaSet", "web-admin-5c5")),
            bare("pay-1-ddddd", Ref("ReplicaSet", "pay-1")),
            bare("db.x-1-eeeee", Ref("Job", "db.x-1")),
            bare("db.x-backup-1-fffff", Ref("Job", "db.x-backup-1")),
            bare("dbax-1-ggggg", Ref("Job", "dbax-1")),
        ],
        workloads=(
            workload("CronJob", "db.x"),
            workload("CronJob", "db.x-backup"),
            workload("CronJob", "dbax"),
            workload("Deployment", "web"),
            workload("Deployment", "web-admin"),
            workload("Job", "db.x-1", owner=Ref("CronJob", "db.x")),
            workload("Job", "db.x-backup-1", owner=Ref("CronJob", "db.x-backup")),
            workload("Job", "dbax-1", owner=Ref("CronJob", "dbax")),
            workload("ReplicaSet", "pay-1", owner=Ref("Rollout", "pay")),
            workload("ReplicaSet", "web-6f9", owner=Ref("Deployment", "web")),
            workload("ReplicaSet", "web-7d4", owner=Ref("Deployment", "web")),
            workload("ReplicaSet", "web-admin-5c5", owner=Ref("Deployment", "web-admin")),
        ),
    )
)
OWN = {
    ("Deployment", "web"): ["web-6f9-aaaaa", "web-7d4-bbbbb"],
    ("Deployment", "web-admin"): ["web-admin-5c5-ccccc"],
    ("CronJob", "db.x"): ["db.x-1-eeeee"],
    ("CronJob", "dbax"): ["dbax-1-ggggg"],
    ("Job", "db.x-1"): ["db.x-1-eeeee"],
    ("ReplicaSet", "pay-1"): ["pay-1-ddddd"],
}
EACH = pytest.mark.parametrize(("kind", "name"), OWN)


def _row(kind: str, name: str, value: KubernetesSnapshot = NAMES) -> Any:
    return row("workloads", value, kind=kind, name=name)


@EACH
def test_a_workload_leads_to_its_pods_and_to_no_neighbours(kind: str, name: str) -> None:
    jump = view("workloads").jump
    assert jump is not None
    place = jump(_row(kind, name))
    assert place is not None
    found = [each.pod.name for each in filtered("pods", NAMES, place.filter_text)]
    assert found == OWN[kind, name]


@EACH
def test_its_log_is_that_of_its_pods_and_of_no_neighbours(kind: str, name: str) -> None:
    workloads = view("workloads")
    assert workloads.related is not None
    assert workloads.writers is not None
    here = _row(kind, name)
    asked = sorted(key.name for key in workloads.writers(here, context(NAMES)))  # type: ignore[attr-defined]  # a row of workloads
    assert asked == OWN[kind, name]
    _, words = workloads.related(here)
    lets_through = parse(words).match
    names = [each.name for each in NAMES.clusters[0].pods]
    sources = [f"shop/{name}{rest}" for name in names for rest in ("", "/app", "/app/before")]
    found = {source.split("/")[1] for source in sources if lets_through({"source": source, "text": ""})}
    assert sorted(found) == OWN[kind, name]
    assert not lets_through({"source": f"shop/{OWN[kind, name][0]}x", "text": ""})


@EACH
def test_its_detail_lists_its_pods(kind: str, name: str) -> None:
    told = detail("workloads", NAMES, kind=kind, name=name)
    assert f"pods {len(OWN[kind, name])}" in told
    assert all(name in told for name in OWN[kind, name])


def test_a_filter_by_owner_finds_pods_without_the_label_of_deployments() -> None:
    assert len(filtered("pods", NAMES, "owner:^deploy/web$")) == 2
    assert "rs/web-6f9 ← deploy/web" in detail("pods", NAMES, name="web-6f9-aaaaa")
    assert "rs/pay-1 ← rollout/pay" in detail("pods", NAMES, name="pay-1-ddddd")


def test_a_filter_by_owner_finds_pods_once_their_replica_sets_are_known() -> None:
    """Nothing of the pods themselves has changed."""
    pods = view("pods")
    table: Table[Any] = Table(pods.columns, pods.key, pods.severity, made_of=pods.made_of)
    table.filter = parse("owner:^deploy/web$")
    found = []
    for workloads in ((), NAMES.clusters[0].workloads):
        now = snapshot(replace(NAMES.clusters[0], workloads=workloads))
        table._all = pods.rows(context(now))
        table._arrange()
        found.append(len(table.rows))
    assert found == [0, 2]


def test_a_pod_leads_to_a_row_that_is_there() -> None:
    jump = view("pods").jump
    assert jump is not None
    for each in view("pods").rows(context(NAMES)):
        place = jump(each)
        assert place is not None
        (above,) = filtered(place.view, NAMES, place.filter_text)
        assert each.pod.name in OWN.get((above.workload.kind, above.workload.name), [each.pod.name])


def test_replica_sets_stand_among_workloads_only_where_no_deployment_has_them() -> None:
    sets = [each for each in view("workloads").rows(context(NAMES)) if each.workload.kind == "ReplicaSet"]
    assert [each.workload.name for each in sets] == ["pay-1"]
    assert cell("workloads", "kind", sets[0]) == "ReplicaSet"


def test_a_filter_for_many_pods_stays_one_that_is_searched_at_once() -> None:
    own = Ref("ReplicaSet", "web-6f9")
    many = snapshot(
        cluster(
            pods=[bare(f"web-6f9-{n:05}", own) for n in range(200)],
            workloads=(workload("Deployment", "web"),
                       workload("ReplicaSet", "web-6f9", owner=Ref("Deployment", "web"))),
        )
    )  # fmt: skip
    related = view("workloads").related
    assert related is not None
    _, words = related(_row("Deployment", "web", many))
    assert len(words) < 1000
    assert not parse(words).error
    assert re.search(r"web-6f9-00", words)
