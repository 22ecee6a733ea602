"""What the clusters' pane puts before its reader, at every size it may get."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from console.errors import UsageError
from console.filters import parse
from console.findings import Severity
from console.sources.kubernetes.faults import findings
from console.sources.kubernetes.model import Context as Known
from console.sources.kubernetes.model import Event, Fault, KubernetesSnapshot, Pod, Ref, Usage
from console.text import clean
from tests.widgets.panes.kube_values import (
    BAD_CLUSTER,
    BAD_HOUR,
    CALM,
    CONNECTING,
    EMPTY,
    FAULTS,
    HOSTILE,
    MANY,
    NO_METRICS,
    NOW,
    OOM,
    TWO,
    VOLUMES,
    ClustersOf,
    cluster,
    context,
    crowd,
    moved,
    named,
    node,
    ordered,
    pod,
    snapshot,
    workload,
)
from widgets.columns import Column, draw_row, layout, needs_of
from widgets.draw import ROLES, Line, line_width
from widgets.pane import View
from widgets.pane_drawing import draw_pane, title_spans
from widgets.panes.kubernetes import lines as said
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.pane import KubernetesPane
from widgets.table import Table

SIZES = [(36, 2), (36, 4), (40, 10), (52, 20), (76, 5), (78, 6), (110, 8), (158, 46), (230, 60)]
PANE = KubernetesPane()
VALUES = {
    "calm": CALM,
    "wrong": BAD_HOUR,
    "two": TWO,
    "connecting": CONNECTING,
    "empty": EMPTY,
    "no-metrics": NO_METRICS,
    "hostile": HOSTILE,
    "many": MANY,
    "none": snapshot(),
}
ALL = pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())


def text(lines: Sequence[Line]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


def roles(lines: Sequence[Line]) -> set[str]:
    return {role for line in lines for _, role in line}


def drawn(value: KubernetesSnapshot, width: int = 110, height: int = 24) -> str:
    return text(draw_pane(PANE, context(value), width, height))


def title(value: KubernetesSnapshot) -> str:
    return text([tuple(title_spans(PANE, context(value), 3))])


def line_of(lines: str, name: str) -> str:
    return next(line for line in lines.splitlines() if name in line)


def view(name: str) -> View[Any]:
    return next(each for each in PANE.views() if each.id == name)


def row(name: str, value: KubernetesSnapshot, /, **fields: str) -> Any:
    """The row of a view whose cells are these."""
    there = view(name)
    cells = {column.id: column for column in there.columns}
    return next(
        each
        for each in there.rows(context(value))
        if all(cells[column].text(each) == wanted for column, wanted in fields.items())
    )


def cell(name: str, column: str, each: Any) -> str:
    return next(one for one in view(name).columns if one.id == column).text(each)


def detail(name: str, value: KubernetesSnapshot, /, **fields: str) -> str:
    there = view(name)
    assert there.detail is not None
    return text(there.detail(row(name, value, **fields), context(value), 100))


def filtered(name: str, value: KubernetesSnapshot, words: str) -> list[Any]:
    """The rows of a view that a table shows for a filter."""
    there = view(name)
    table: Table[Any] = Table(there.columns, there.key, there.severity)
    table._all = there.rows(context(value))
    table.filter = parse(words)
    table._arrange()
    return list(table.rows)


# -- the overview


@ALL
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_keeps_to_its_room(value: KubernetesSnapshot, width: int, height: int) -> None:
    lines = draw_pane(PANE, context(value), width, height)
    assert 0 < len(lines) <= height
    assert all(line_width(line) <= width for line in lines)
    assert roles(lines) <= set(ROLES)
    assert all(clean(part) == part for line in lines for part, _ in line)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("value", [CALM, EMPTY], ids=["calm", "empty"])
def test_a_healthy_cluster_is_a_calm_pane(value: KubernetesSnapshot, width: int, height: int) -> None:
    assert roles(draw_pane(PANE, context(value), width, height)).isdisjoint({"warn", "crit"})
    assert "fault" not in title(value)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("value", [BAD_HOUR, TWO, MANY], ids=["wrong", "two", "many"])
def test_nothing_wrong_is_below_the_fold_unannounced(
    value: KubernetesSnapshot, width: int, height: int
) -> None:
    lines = drawn(value, width, height)
    clusters = shown.clusters(context(value))
    wrong = len(said.troubles(clusters)) + len(said.state_findings(clusters))
    seen = sum(len(re.findall("[✖▲] (?![+])", line)) for line in lines.splitlines())
    assert seen >= 1
    if seen < wrong:
        assert f"+{wrong - seen} more" in lines


@pytest.mark.parametrize("value", [BAD_HOUR, TWO], ids=["one", "two"])
def test_few_lines_keep_what_the_nodes_carry(value: KubernetesSnapshot) -> None:
    shown_lines = drawn(value, 78, 4).splitlines()
    assert any("nodes 3/4" in line and "cpu 46%" in line for line in shown_lines)
    assert "nodes 3/4" in drawn(value, 36, 2)


def test_the_worst_comes_first_with_why() -> None:
    lines = drawn(BAD_HOUR).splitlines()
    assert lines[0].startswith("✖ node node-4")
    assert "Kubelet stopped posting" in lines[0]
    crashed = line_of("\n".join(lines), OOM.name)
    assert "CrashLoopBackOff" in crashed
    assert "exit 137 OOMKilled" in crashed
    marks = [line[0] for line in lines if line[:1] in "✖▲"]
    assert marks == sorted(marks, reverse=True)


def test_pods_of_one_workload_that_fail_alike_are_one_line() -> None:
    lines = drawn(BAD_HOUR)
    assert "3 pods ImagePullBackOff" in line_of(lines, "shop/web ")
    assert "0abcd" not in lines


def test_what_is_said_of_folded_pods_is_so_of_all_of_them() -> None:
    """The header and the pane speak of the same pods; no figure is of one of them only."""
    pods = [
        named("web", f"{n}abcd", status="CrashLoopBackOff", ready=0, restarts=7 + n, created=NOW - 600)
        for n in range(2)
    ]
    web = workload("Deployment", "web")
    faults = {
        each.key: Fault(Severity.CRITICAL, f"CrashLoopBackOff: exit 1, {each.restarts} restarts, last 9s ago",
                        "look", "CrashLoopBackOff: exit 1", web.key, 3)
        for each in pods
    }  # fmt: skip
    seen = cluster(pods=pods, workloads=(web,), faults=faults)
    assert [one.text for one in findings(snapshot(seen))] == ["2 of 3 pods CrashLoopBackOff: exit 1"]
    line = line_of(drawn(snapshot(seen)), "shop/web")
    assert "2 of 3 pods CrashLoopBackOff" in line
    assert "exit 1, 15 restarts" in line
    other = named("web", "9abcd", status="Running", ready=0)
    slow = Fault(Severity.WARNING, "not ready 5m: 503", "look", "not ready", web.key, 3)
    seen = cluster(pods=(*pods, other), workloads=(web,), faults={**faults, other.key: slow})
    assert "exit 1, 15 restarts; 1 otherwise" in line_of(drawn(snapshot(seen), 130), "shop/web")
    slower = replace(slow, text="not ready 6m: 503")
    both = (replace(other, name="web-1"), replace(other, name="web-2"))
    seen = cluster(pods=both, workloads=(web,), faults={both[0].key: slow, both[1].key: slower})
    assert "2 of 3 pods not ready" in line_of(drawn(snapshot(seen)), "shop/web")
    assert "2 of 3 pods not ready" in drawn(snapshot(seen), 78, 4)


def test_a_word_that_is_as_it_should_be_is_not_drawn_as_wrong() -> None:
    one = named("pay", "x1", ready=0)
    fault = Fault(Severity.CRITICAL, "not ready 12m: readiness probe failed", "look", "not ready")
    value = snapshot(cluster(pods=(one,), faults={one.key: fault}))
    line = line_of(drawn(value), one.name)
    assert "not ready 12m: readiness probe failed" in line
    assert "Running" not in line


def test_the_title_counts_pods_and_what_is_wrong() -> None:
    assert title(CALM).endswith("pods 20")
    assert "pods 25  10 faults" in title(BAD_HOUR)
    one = dict(list(FAULTS.items())[:1])
    assert title(snapshot(replace(cluster(), faults=one))).endswith("pods 20  1 fault")
    spans = dict(PANE.headline(context(BAD_HOUR)))
    assert spans["10 faults"] == "crit"


def test_two_contexts_are_told_apart_by_name_and_by_colour() -> None:
    assert "eu-1 25  10 faults" in title(TWO)
    assert "us-1 20 stale" in title(TWO)
    one, other = shown.clusters(context(TWO))
    assert one.tag == ("eu-1", "hue-1")
    assert other.tag == ("us-1", "hue-2")
    assert line_of(drawn(TWO), "node node-4").startswith("✖ eu-1")
    assert shown.clusters(context(CALM))[0].tag[0] == ""
    five = [replace(cluster(), context=f"c-{n}") for n in range(5)]
    assert [seen.hue for seen in shown.clusters(context(snapshot(*five)))][3:] == ["hue-4", "hue-1"]


def test_a_cluster_that_does_not_answer_says_since_when_and_why() -> None:
    lines = drawn(TWO)
    assert re.search(r"✖ us-1 stale since \d\d:\d\d:\d\d", lines)
    assert "connection refused; tried again" in lines
    refused = replace(
        BAD_CLUSTER, state="refused", trouble="401 Unauthorized; log in again", failing_since=NOW
    )
    assert "eu-1 refused since" in drawn(snapshot(refused))
    silent = replace(cluster(), state="unreachable", trouble="no route to host", failing_since=NOW)
    assert "✖ eu-1 no answer since" in drawn(snapshot(silent))
    assert "connecting to https://eu-1.example:6443" in drawn(CONNECTING)
    assert "crit" not in roles(draw_pane(PANE, context(CONNECTING), 110, 24))
    assert "connecting" in title(CONNECTING)


def test_what_may_not_be_seen_is_one_dim_line() -> None:
    lines = draw_pane(PANE, context(NO_METRICS), 110, 24)
    told = next(line for line in lines if "may not list nodes in all namespaces, 1 more" in text([line]))
    assert {role for part, role in told if part.strip()} == {"dim"}
    above = replace(NO_METRICS, limited=("eu-1: may not list nodes in all namespaces",))
    assert drawn(above).count("may not list") == 1


def test_what_the_nodes_carry_is_measured_against_what_they_have() -> None:
    lines = drawn(CALM, 110, 10)
    assert "14 of 32, 60% requested" in lines
    assert "54.0G of 124G, 65% requested" in lines
    assert "┼" in lines
    assert "60% requested" in drawn(NO_METRICS)


def test_nodes_that_are_not_measured_do_not_make_others_look_idle() -> None:
    busy = Usage(7.9 * 0.97, 30.0 * (1 << 30), NOW)
    one = cluster(nodes=tuple(node(n) for n in (1, 2, 3)), node_usage={"node-2": busy, "gone": busy})
    assert said.load_of(one, "cpu").share == pytest.approx(0.97)
    assert said.load_of(one, "cpu").allocatable == pytest.approx(3 * 7.9)
    assert "7.7 of 7.9 on 1 of 3 nodes" in drawn(snapshot(one))
    assert " nodes, " not in drawn(CALM)
    assert math.isnan(said.load_of(replace(one, node_usage={}), "cpu").share)


def test_workloads_on_their_way_and_warnings_stand_below() -> None:
    lines = drawn(BAD_HOUR, 110, 30)
    assert "2/3" in line_of(lines, "shop/checkout")
    assert line_of(lines, "warnings in 1h").startswith("warnings in 1h  BackOff ×41  Failed ×12")
    old = Event(cluster="eu-1", namespace="shop", about=Ref("Pod", "x"), type="Warning", reason="Old",
                count=9, last=NOW - 4000)  # fmt: skip
    assert "warnings" not in drawn(snapshot(cluster(events=(old,))))


def test_a_calm_cluster_counts_its_namespaces_and_workloads() -> None:
    lines = drawn(CALM, 110, 24)
    assert re.search(r"shop +18 +\d+m +[\d.]+G", lines)
    assert "3/3" in line_of(lines, "shop/cart")


def test_a_fault_without_an_object_is_told_all_the_same() -> None:
    """The object may have gone since it was judged."""
    gone = replace(cluster(), faults=FAULTS)
    assert "hpa shop/api" in drawn(snapshot(gone))
    assert OOM.name in drawn(snapshot(gone))


def test_names_clouds_make_are_cut_to_what_tells_them_apart() -> None:
    arn = "arn:aws:eks:eu-west-1:1234:cluster/"
    assert shown.short_names([f"{arn}shop", "gke_project_europe-west1_erp", "kind-x"]) == [
        "shop",
        "erp",
        "kind-x",
    ]
    assert shown.short_names([f"{arn}shop", "gke_p_z_shop"]) == [f"{arn}shop", "gke_p_z_shop"]


# -- zoomed


@ALL
@pytest.mark.parametrize("width", [78, 120, 160, 240])
def test_every_view_draws_rows_and_details(value: KubernetesSnapshot, width: int) -> None:
    here = context(value)
    for each in PANE.views():
        found = each.rows(here)
        assert len({each.key(one) for one in found}) == len(found)
        some = [*found[:40], *found[-3:]]
        widths = layout(each.columns, width, needs_of(each.columns, some, {}))
        lines: list[Line] = [tuple(draw_row(widths, one)) for one in some]
        assert all(line_width(line) <= width for line in lines)
        for one in some[:12]:
            assert each.detail is not None
            told = each.detail(one, here, width)
            assert roles([*lines, *told]) <= set(ROLES)
            assert all(clean(part) == part for line in told for part, _ in line)
            assert each.severity is not None
            assert each.severity(one) in Severity
        assert each.note is not None
        assert "\n" not in each.note(here)


@pytest.mark.parametrize("name", [each.id for each in PANE.views()])
def test_every_view_can_be_sorted_by_every_column(name: str) -> None:
    found = view(name).rows(context(TWO))
    for column in view(name).columns:
        assert len(column.order(found, True)) == len(found)


def test_a_pod_says_what_kubectl_says_and_what_it_takes() -> None:
    api = row("pods", BAD_HOUR, name=OOM.name)
    told = {column.id: column.text(api) for column in view("pods").columns}
    assert told["ready"] == "1/2"
    assert told["status"] == "CrashLoopBackOff"
    assert told["restarts"] == "9 (4m20s ago)"
    assert told["why"] == "api: exit 137 OOMKilled, 9 restarts"
    assert told["owner"] == "deploy/api"
    assert told["cpu-request"] == "72%", (
        "of the requests of both containers, without the one that only begins"
    )
    assert told["memory-limit"] == "-", "a container without a limit leaves the pod without one"
    assert told["context"] == ""
    assert "app=api" in told["labels"]
    done = row("pods", BAD_HOUR, status="Completed")
    assert cell("pods", "owner", done) == "cj/report"
    assert cell("pods", "controller", done) == "job/report-28812"
    assert view("pods").severity(done) is Severity.OK  # type: ignore[misc]


def test_a_workload_is_marked_for_what_is_wrong_with_its_pods() -> None:
    """The header calls it by its name: it is found in its view, on top, and stays with `F`."""
    there = view("workloads")
    api = row("workloads", BAD_HOUR, name="api", kind="Deployment")
    assert there.severity is not None
    assert there.severity(api) is Severity.CRITICAL
    assert cell("workloads", "why", api) == "1 of 4 pods CrashLoopBackOff: exit 137 OOMKilled"
    assert "api" not in {each.workload.name for each in said.short_of(shown.clusters(context(BAD_HOUR)))}


def test_a_pending_claim_says_more_than_that_it_is_pending() -> None:
    fault = Fault(Severity.WARNING, "Pending 2m27s: no event says why", "look at its storage class")
    value = snapshot(cluster(volumes=(VOLUMES[1],), faults={VOLUMES[1].key: fault}))
    assert cell("volumes", "why", row("volumes", value, name="data-db-2")) == "2m27s: no event says why"


def test_figures_near_their_limit_stand_out_and_missing_ones_are_explained() -> None:
    full = replace(CALM.clusters[0], pod_usage={
        key: replace(usage, memory=511.0 * (1 << 20)) for key, usage in CALM.clusters[0].pod_usage.items()
    })  # fmt: skip
    first = row("pods", snapshot(full), ns="shop", status="Running")
    assert shown.share_span(first, "memory", "limit") == ("100%", "crit")
    assert shown.share_span(first, "memory", "request") == ("200%", "text")
    bare = row("pods", NO_METRICS, name=OOM.name)
    assert cell("pods", "cpu", bare) == "-"
    note = view("pods").note
    assert note is not None
    assert "no usage: there is no metrics server" in note(context(NO_METRICS))
    assert "may not list nodes in all namespaces" in note(context(NO_METRICS))
    assert "us-1: https://us-1.example:6443: connection refused" in note(context(TWO))


def test_only_columns_with_something_to_say_take_room() -> None:
    """The context stands in the table when there are several; why, when something is wrong."""
    for value, there in ((CALM, False), (TWO, True)):
        found = view("pods").rows(context(value))
        widths = layout(view("pods").columns, 200, needs_of(view("pods").columns, found, {}))
        ids = {column.id for column, _ in widths}
        assert ("context" in ids) == there
        assert ("why" in ids) == there
        assert "labels" not in ids


def columns_at(name: str, value: KubernetesSnapshot, cells: int) -> dict[str, int]:
    """The columns of a view in so many cells, each with its width."""
    found = view(name).rows(context(value))
    widths = layout(view(name).columns, cells, needs_of(view(name).columns, found, {}))
    return {column.id: width for column, width in widths}


def test_why_a_pod_is_wrong_stays_longer_than_its_restarts_and_its_age() -> None:
    for cells in range(36, 240):
        there = columns_at("pods", BAD_HOUR, cells)
        assert "why" in there or not {"restarts", "age"} & there.keys(), cells
    assert columns_at("pods", BAD_HOUR, 78)["why"] >= 16


def test_a_schedule_is_whole_with_its_time_zone_or_stands_in_the_details_only() -> None:
    zoned = "15 6 * * * America/Los_Angeles"
    workloads = tuple(
        replace(each, schedule=zoned) if each.kind == "CronJob" else each for each in BAD_CLUSTER.workloads
    )
    value = snapshot(replace(BAD_CLUSTER, workloads=workloads))
    widths = [columns_at("workloads", value, cells).get("schedule") for cells in range(60, 240)]
    assert {width is None or width >= len(zoned) for width in widths} == {True}
    assert widths[-1]
    assert zoned in detail("workloads", value, kind="CronJob")


@pytest.mark.parametrize("name", ["pods", "nodes"])
def test_usage_that_no_cluster_measures_takes_no_room(name: str) -> None:
    """While a metrics server only does not answer, or one cluster has one, the columns stay."""
    there = view(name).absent
    assert there is not None
    never = replace(NO_METRICS.clusters[0], unmeasured=(name,))
    one = replace(NO_METRICS, clusters=(never,))
    ids = {column.id for column in view(name).columns}
    absent = set(there(context(one)))
    assert {"cpu", "memory"} < absent < ids
    without = [column for column in view(name).columns if column.id not in absent]
    drawn = [column.span(row)[0] for column in without for row in view(name).rows(context(one))]
    assert drawn.count("-") < len(drawn) / len(without), "none is a dash in all rows"
    assert not there(context(NO_METRICS))
    assert not there(context(replace(one, clusters=(never, BAD_CLUSTER))))
    bare = replace(BAD_CLUSTER, pods=(), nodes=())
    assert set(there(context(replace(one, clusters=(never, bare))))) == absent
    assert not there(context(replace(one, clusters=(bare,))))


def test_a_filter_looks_at_pods_anew_that_are_no_longer_the_same() -> None:
    looked: list[str] = []

    def cell(row: Any) -> Any:
        looked.append(row.pod.name)
        return row.pod.name

    pods = view("pods")
    columns = [replace(column, cell=cell) if column.id == "name" else column for column in pods.columns]
    table: Table[Any] = Table(columns, pods.key, pods.severity, made_of=pods.made_of)
    table.filter = parse("crash")

    def chosen(pods_now: Sequence[Pod], faults: Any = None) -> list[str]:
        """Who is let through, of pods in a snapshot that is new each time."""
        looked.clear()
        value = replace(CALM.clusters[0], pods=tuple(pods_now), faults=faults or {})
        table._all = pods.rows(context(replace(CALM, clusters=(value,))))
        table._arrange()
        return [row.pod.name for row in table.rows]

    one, *others = CALM.clusters[0].pods
    assert chosen([one, *others]) == []
    assert len(looked) == len(others) + 1
    assert chosen([one, *others]) == []
    assert looked == []
    assert chosen([replace(one, status="CrashLoopBackOff"), *others]) == [one.name]
    assert looked == [one.name]
    assert chosen(others) == []
    assert chosen(others, {others[0].key: Fault(Severity.WARNING, "crashed lately")}) == [others[0].name]
    assert looked == [others[0].name]
    table.filter, table._judged = parse("restarts:7"), {}
    assert chosen([one, *others]) == []
    later = [replace(one, restarts=7, restarted=1.0), *others]
    assert chosen(later) == [one.name], "figures are looked at each time"


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("ns:monitoring", 1),
        ("ns:^jobs$ status:completed", 1),
        ("status:backoff", 4),
        ("app=db", 3),
        ("labels:app=db", 3),
        ("!ns:shop", 2),
        ("OOMKilled", 1),
        ("node:^node-2$ deploy/api", 2),
        ("owner:sts/db", 3),
        ("restarts:9", 1),
        ("4m20s", 0),
    ],
)
def test_pods_are_found_by_namespace_status_label_and_owner(words: str, count: int) -> None:
    """Words that name no column are looked for in names, labels and reasons, not among figures."""
    assert len(filtered("pods", BAD_HOUR, words)) == count


def test_a_filter_asks_thousands_of_rows_for_the_columns_it_names_only() -> None:
    asked: list[str] = []

    def watched(column: Column[Any]) -> Column[Any]:
        def cell(row: Any) -> Any:
            asked.append(column.id)
            return column.cell(row)

        return replace(column, cell=cell)

    columns = [watched(column) for column in view("pods").columns]
    table: Table[Any] = Table(columns, view("pods").key)
    table._all = view("pods").rows(context(crowd(200, 5)))
    table.filter = parse("ns:team-01")
    table._arrange()
    assert asked == ["ns"] * 200
    assert len(table.rows) == 5


def test_what_stands_behind_a_service_is_not_blamed_for_its_load_balancer() -> None:
    web = row("services", CALM, name="web").object
    fault = Fault(Severity.WARNING, "no load balancer has given it an address for 60m")
    one = row("services", snapshot(cluster(services=(web,), faults={web.key: fault})), name="web")
    behind = next(each for each in view("services").columns if each.id == "behind")
    assert behind.cell(one) == ("3/3", "text")
    assert cell("services", "why", one) == fault.text


def test_the_owner_and_its_pods_lead_to_each_other() -> None:
    pods, workloads = view("pods"), view("workloads")
    assert pods.jump is not None
    assert workloads.jump is not None
    up = pods.jump(row("pods", TWO, name=OOM.name, context="eu-1"))
    assert up is not None
    assert up.view == "workloads"
    (api,) = filtered("workloads", TWO, up.filter_text)
    assert api.workload.name == "api"
    down = workloads.jump(api)
    assert down is not None
    found = filtered("pods", TWO, down.filter_text)
    assert len(found) == 4
    assert {each.pod.cluster for each in found} == {"eu-1"}
    assert OOM in [each.pod for each in found]
    job = pods.jump(row("pods", BAD_HOUR, status="Completed"))
    assert job is not None
    assert [each.workload.kind for each in filtered("workloads", BAD_HOUR, job.filter_text)] == ["CronJob"]
    for kind in ("CronJob", "Job"):
        down = workloads.jump(row("workloads", BAD_HOUR, kind=kind))
        assert down is not None
        assert [each.pod.status for each in filtered("pods", BAD_HOUR, down.filter_text)] == ["Completed"]


def test_a_pod_that_no_known_workload_controls_leads_to_its_node() -> None:
    seen = shown.clusters(context(CALM))[0]
    jump = view("pods").jump
    assert jump is not None
    for owner in (None, Ref("Kafka", "events"), Ref("Node", "node-1")):
        place = jump(shown.PodRow(pod("alone", owner=owner), seen, None))
        assert place is not None
        assert [each.node.name for each in filtered(place.view, CALM, place.filter_text)] == ["node-1"]
    assert jump(shown.PodRow(pod("alone", owner=None, node=""), seen, None)) is None


@pytest.mark.parametrize("name", ["nodes", "events", "services", "autoscalers", "contexts"])
def test_jumps_of_other_views_find_what_they_mean(name: str) -> None:
    there = view(name)
    assert there.jump is not None
    for each in there.rows(context(TWO)):
        place = there.jump(each)
        if place is not None:
            assert filtered(place.view, TWO, place.filter_text), (name, place)


def test_its_log_and_its_command() -> None:
    pods = view("pods")
    api = row("pods", TWO, name=OOM.name)
    assert pods.related is not None
    assert pods.related(api) == ("logs", f"source:^shop/{OOM.name}(/|$)")
    assert pods.command is not None
    assert pods.command(api) == f"kubectl --context eu-1 -n shop get pod {OOM.name} -o yaml"
    odd = replace(cluster(), context="a b;$(rm)")
    assert pods.command(view("pods").rows(context(snapshot(odd)))[0]).startswith(
        "kubectl --context 'a b;$(rm)' -n"
    )
    for each in PANE.views():
        assert each.command is not None
        assert each.command(each.rows(context(TWO))[0]).startswith("kubectl --context ")


def test_commands_name_a_file_that_kubectl_would_not_find_and_no_context_in_a_pod() -> None:
    file = ("--kubeconfig", "/etc/shop/my clusters.yaml", "--context", "eu-1")
    for options, begin in (
        (file, "kubectl --kubeconfig '/etc/shop/my clusters.yaml' --context eu-1 "),
        ((), "kubectl "),
    ):
        contexts = (replace(TWO.contexts[0], options=options), *TWO.contexts[1:])
        value = replace(CALM, contexts=contexts)
        for each in PANE.views():
            command = each.command
            assert command is not None
            for one in each.rows(context(value))[:1]:
                told = command(one)
                assert told.startswith(begin)
                assert options or "context" not in told.removesuffix("cluster-info")
                assert told in detail_of(each, one, value)


def detail_of(there: View[Any], one: Any, value: KubernetesSnapshot) -> str:
    assert there.detail is not None
    return text(there.detail(one, context(value), 200))


def test_the_detail_of_a_pod_explains_before_it_lists() -> None:
    told = detail("pods", BAD_HOUR, name=OOM.name)
    order = ["CrashLoopBackOff, api: exit 137", "raise its memory limit", "events", "BackOff ×41 in 20m",
             "container api ─", "waiting: CrashLoopBackOff", "OOMKilled, exit 137, 4m20s ago",
             "sidecar container proxy", "init container wait-for-db", "request 512M", "conditions",
             "ContainersNotReady",
             "rs/api-6f9c8d7b5 ← deploy/api", "app=api", "kubectl --context eu-1"]  # fmt: skip
    places = [told.index(words) for words in order]
    assert places == sorted(places)
    assert told.index("Scheduled") < told.index("BackOff ×41"), "the newest event is the last"


def test_the_detail_of_a_workload_has_its_rollout_and_its_pods() -> None:
    told = detail("workloads", BAD_HOUR, name="web", kind="Deployment")
    assert told.index("rollout stalled") < told.index("3 of 3 pods ImagePullBackOff")
    assert "1 of 3" in told
    assert "ProgressDeadlineExceeded" in told
    assert "pods 4" in told
    assert told.index("0abcd") < told.index("77qzz"), "the wrong ones first"
    assert "15 6 * * *" in detail("workloads", BAD_HOUR, kind="CronJob")
    assert "1 of 1" in detail("workloads", BAD_HOUR, kind="Job")
    api = detail("workloads", BAD_HOUR, name="api", kind="Deployment")
    assert "rs           api-6f9c8d7b5" in api


def test_the_detail_of_a_node_has_its_room_and_its_pods_by_memory() -> None:
    told = detail("nodes", BAD_HOUR, name="node-3")
    assert told.index("DiskPressure True") < told.index("Ready True")
    assert "kubelet has disk pressure" in told
    assert "7900m allocatable" in told
    assert "20.0G" not in told
    fine = detail("nodes", CALM, name="node-2")
    figures = [float(found) for found in re.findall(r"m +([\d.]+)M +Running", fine)]
    assert len(figures) >= 4
    assert figures == sorted(figures, reverse=True)
    assert "no: cordoned" in detail("nodes", BAD_HOUR, name="node-4")


def test_the_detail_of_a_service_has_the_pods_behind_it() -> None:
    told = detail("services", BAD_HOUR, name="api")
    assert "3 ready, 1 not ready" in told
    assert OOM.name in told
    assert "web-" not in told
    assert "front" in told
    assert "leads to     web, api" in detail("services", BAD_HOUR, name="front")


def test_a_context_is_watched_beside_the_others_or_no_longer() -> None:
    here, choose = context(TWO), view("contexts").choose
    source = here.feed.source
    assert isinstance(source, ClustersOf)
    assert choose is not None
    assert choose(row("contexts", TWO, name="staging"), here) == "watching staging too"
    assert choose(row("contexts", TWO, name="us-1"), here) == "no longer watching us-1"
    assert source.used == [["eu-1", "us-1", "staging"], ["eu-1"]]
    with pytest.raises(UsageError, match="only context watched"):
        choose(row("contexts", CALM, name="eu-1"), context(CALM))


def test_contexts_of_clouds_are_found_by_their_short_names() -> None:
    long = "arn:aws:eks:eu-west-1:1234:cluster/shop"
    value = KubernetesSnapshot(
        clusters=(moved(BAD_CLUSTER, long), cluster("us-1")), contexts=(Known(long, "shop", "ops", "", "f"),)
    )
    assert len(filtered("pods", value, shown.exactly(context="shop"))) == 25


def test_a_filter_for_exactly_a_value_takes_no_part_of_it_for_a_pattern() -> None:
    dots = snapshot(cluster(pods=(named("a.b", "x1"), named("aXb", "x2"))))
    (found,) = filtered("pods", dots, shown.exactly(name=named("a.b", "x1").name))
    assert found.pod == ordered((named("a.b", "x1"),))[0]


def test_nothing_of_a_client_is_loaded_to_draw() -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from widgets.panes.kubernetes.pane import KubernetesPane; KubernetesPane().views()\n"
        "heavy = ('kubernetes', 'aiohttp', 'console.sources.kubernetes.source')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_it_says_how_it_is_configured() -> None:
    assert "KUBECONFIG" in text([((part, "text"),) for part in PANE.settings().values()])
