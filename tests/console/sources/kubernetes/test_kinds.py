"""The API's bytes as values: lists in parts, lines of watches, errors, and what no good server says."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from console.errors import Refused
from console.sources.kubernetes.kinds import KINDS, identity, read_change, read_list
from console.sources.kubernetes.model import Denied
from console.sources.kubernetes.quantities import kubectl_age, quantity
from console.sources.kubernetes.status import read_status
from console.sources.kubernetes.usage import read_node_usage, read_pod_usage
from tests.console.sources.kubernetes.reading import kind, listed
from tests.console.sources.kubernetes.works import event
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import CallError
from tests.servers.kubernetes.objects import pod

PODS = kind("pods")


def read(one: dict[str, Any], resource: str = "pods") -> Any:
    data = json.dumps({"metadata": {"resourceVersion": "1"}, "items": [one]}).encode()
    (item,) = read_list(kind(resource), "test", data).items
    return item


@pytest.mark.parametrize("resource", [one.resource for one in KINDS])
def test_every_kind_is_where_a_real_server_has_it(kubernetes: Cluster, resource: str) -> None:
    asked = kind(resource)
    answer = kubernetes.calls.get(f"{asked.path}/{resource}?limit=1")
    found = read_list(asked, "test", json.dumps(answer).encode())
    assert found.version == answer["metadata"]["resourceVersion"]
    assert len(found.items) == len(answer["items"])
    resources = {one["name"]: one for one in kubernetes.calls.get(asked.path)["resources"]}
    assert resources[resource]["namespaced"] == asked.namespaced


@pytest.mark.parametrize("resource", [one.resource for one in KINDS])
def test_an_object_that_says_nothing_is_read(resource: str) -> None:
    bare = read(
        {"metadata": {"name": "x", "namespace": "n", "creationTimestamp": None, "labels": None}}, resource
    )
    assert identity(bare)[1].endswith("x")
    nothing = read({"metadata": {"name": "x"}, "spec": {}, "status": {}}, resource)
    assert identity(nothing)[1].endswith("x")


def test_lists_come_in_parts_and_watches_in_lines(kubernetes: Cluster) -> None:
    kubernetes.calls.create(*(pod(f"part-{number}") for number in range(3)))
    path = "/api/v1/namespaces/default/pods"
    names: list[str] = []
    token = ""
    while True:
        answer = kubernetes.calls.get(f"{path}?limit=2&continue={token}")
        part = read_list(PODS, "test", json.dumps(answer).encode())
        names += [one.name for one in part.items]
        token = part.next
        if not token:
            break
    assert names == ["part-0", "part-1", "part-2"]
    kubernetes.calls.patch(f"{path}/part-1", {"metadata": {"labels": {"app": "x"}}})
    kubernetes.calls.delete(f"{path}/part-0")
    lines = kubernetes.calls.watch(path, part.version)
    found = [read_change(PODS, "test", json.dumps(line).encode()) for line in lines]
    assert (found[0].what, found[0].item.name) == ("MODIFIED", "part-1")
    assert (found[-1].what, found[-1].item.name) == ("DELETED", "part-0")
    assert found[0].item.labels == (("app", "x"),)
    assert found[0].version == lines[0]["object"]["metadata"]["resourceVersion"]
    kubernetes.calls.delete(path)


def test_bookmarks_and_errors_of_a_watch() -> None:
    bookmark = {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "77"}}}
    assert read_change(PODS, "test", json.dumps(bookmark).encode()) == ("BOOKMARK", None, "77")
    gone = {
        "type": "ERROR",
        "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"},
    }
    what, status, _ = read_change(PODS, "test", json.dumps(gone).encode())
    assert (what, status.code, status.reason, str(status)) == (
        "ERROR",
        410,
        "Expired",
        "410 Expired: too old",
    )


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b'{"type":"NEW","object":{"metadata":{}}}', b"\xff\xfe{}"]
)
def test_what_is_no_line_of_a_watch_is_refused(line: bytes) -> None:
    with pytest.raises(Refused) as told:
        read_change(PODS, "test", line)
    assert "pods" in str(told.value)


@pytest.mark.parametrize("data", [b"", b"<html>", b'{"items":[{"metadata":{"name":7}}]}', b"\xff"])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        read_list(PODS, "test", data)
    with pytest.raises(Refused):
        read_node_usage(data)


def test_an_error_of_the_api_is_read_whatever_stands_in_between(kubernetes: Cluster) -> None:
    with kubernetes.calls_of(kubernetes.limited) as calls, pytest.raises(CallError) as told:
        calls.get("/api/v1/pods")
    said = str(told.value).partition(": ")[2].encode()
    assert read_status(said).code == 403
    assert str(Denied("list", "deployments", "default")) == "may not list deployments in namespace default"
    assert str(read_status(b"gateway timeout", 504)) == "504: gateway timeout"


def test_text_of_a_cluster_is_clean_and_without_secrets() -> None:
    told = "line\nwith \x1b[31mcolour\x1b[0m, password=hunter2 and \u202egnp.exe"
    container = {"name": "a", "state": {"waiting": {"reason": "Bad\x07", "message": told}}}
    found = read({
        "metadata": {"name": "x\x1b", "namespace": "n\n", "labels": {"a\t": "b\r"}},
        "spec": {"containers": [{"name": "a", "image": "i\x00"}]},
        "status": {"phase": "Pending", "message": told, "containerStatuses": [container]},
    })  # fmt: skip
    text = repr(found)
    assert "hunter2" not in text
    assert not any(char in found.containers[0].message for char in "\x1b\n\u202e")
    assert (found.name, found.status, found.containers[0].image) == ("x␛", "Bad␇", "i␀")
    assert found.labels == (("a ", "b "),)


def test_an_event_is_read_by_either_api(real_kubernetes: Cluster) -> None:
    real_kubernetes.calls.create(event(pod("x"), "BackOff", "back-off restarting failed container", 90))
    series = {"count": 7, "lastObservedTime": "2026-01-01T00:00:07.000000Z"}
    real_kubernetes.calls.create({
        "apiVersion": "events.k8s.io/v1", "kind": "Event",
        "metadata": {"name": "newer", "namespace": "default"},
        "eventTime": "2026-01-01T00:00:00.000000Z", "series": series, "reportingController": "scheduler",
        "reportingInstance": "one", "action": "Scheduling", "reason": "FailedScheduling", "type": "Warning",
        "note": "0/3 nodes are available", "regarding": {"kind": "Pod", "name": "x", "namespace": "default"},
    })  # fmt: skip
    older, newer = sorted(listed(real_kubernetes, "events"), key=lambda one: one.reason)
    assert (older.reason, older.count, older.by, older.type) == ("BackOff", 3, "test", "Warning")
    assert older.last - older.first == 30
    assert (newer.reason, newer.count, newer.by) == ("FailedScheduling", 7, "scheduler")
    assert newer.last - newer.first == 7
    assert older.key == newer.key == read(pod("x")).key
    answer = real_kubernetes.calls.get("/apis/events.k8s.io/v1/namespaces/default/events")
    same = read_list(kind("events"), "test", json.dumps(answer).encode()).items
    assert sorted(same, key=lambda one: one.reason) == [older, newer]


def test_usage_is_read_of_the_metrics_api() -> None:
    """Its server needs kubelets that measure; what it answers is documented."""
    pods = {
        "kind": "PodMetricsList",
        "items": [
            {
                "metadata": {"name": "x", "namespace": "n"},
                "timestamp": "2026-01-01T00:00:00Z",
                "window": "15s",
                "containers": [
                    {"name": "a", "usage": {"cpu": "250n", "memory": "1Ki"}},
                    {"name": "b", "usage": {"cpu": "1500m", "memory": "1024Ki"}},
                ],
            }
        ],
    }
    found = read_pod_usage(json.dumps(pods).encode())[("n", "x")]
    assert found.cpu == pytest.approx(1.50000025)
    assert (found.memory, found.time) == (1025 * 1024, 1_767_225_600)
    assert dict(found.memory_of) == {"a": 1024.0, "b": 1024.0 * 1024}
    nodes = {"items": [{"metadata": {"name": "one"}, "usage": {"cpu": "2", "memory": "3Gi"}}]}
    assert read_node_usage(json.dumps(nodes).encode())["one"].memory == 3 * 2**30
    assert read_pod_usage(b'{"items":null}') == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("1", 1), ("250m", 0.25), ("1.5", 1.5), (".5", 0.5), ("100n", 1e-7), ("3u", 3e-6),
        ("2k", 2000),
        ("1Ki", 1024), ("1.5Gi", 1.5 * 2**30), ("12E", 12e18), ("1e3", 1000), ("1E3", 1000), ("5e-1", 0.5),
        ("-1", -1), ("1Ei", 2.0**60),
    ],
)  # fmt: skip
def test_quantities(text: str, value: float) -> None:
    assert quantity(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "x", "1 Gi", "1Gb", "--1", "1e", "9" * 100, "1e9999", "1e999"])
def test_what_is_no_quantity_is_unknown(text: str) -> None:
    assert math.isnan(quantity(text))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(math.nan, "<unknown>"), (-2, "<invalid>"), (-1.5, "0s"), (119.9, "119s"), (120, "2m")],
)  # fmt: skip
def test_ages_at_their_edges(seconds: float, text: str) -> None:
    assert kubectl_age(seconds) == text
