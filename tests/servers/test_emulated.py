"""The cluster that kmock plays does what tests of a real one build on; all of it runs on any machine."""

from __future__ import annotations

import threading
from pathlib import Path

import kmock
import pytest

from tests.console.sources.kubernetes.states import HELD
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import CallError, Object
from tests.servers.kubernetes.emulated import EmulatedCluster
from tests.servers.kubernetes.emulator import refusal
from tests.servers.kubernetes.objects import namespace, node, pod
from tests.servers.kubernetes_fixtures import emulates

PODS = "/api/v1/namespaces/default/pods"


def version(one: Object) -> str:
    """The version of an object or of a list."""
    return str(one["metadata"]["resourceVersion"])


def test_a_watch_goes_on_from_a_version_and_each_change_has_one(emulated: EmulatedCluster) -> None:
    calls = emulated.calls
    calls.create(pod("a"), node("n", managed=False))
    seen = version(calls.get(PODS))
    calls.create(pod("b"), pod("elsewhere", "other"))
    calls.patch(f"{PODS}/a/status", {"status": {"phase": "Failed"}, "spec": {"nodeName": "x"}})
    calls.delete(f"{PODS}/b")
    events = calls.watch(PODS, seen)
    told = [(one["type"], one["object"]["metadata"]["name"]) for one in events]
    assert told == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
    versions = [int(version(one["object"])) for one in events]
    assert [int(seen), *versions] == sorted({int(seen), *versions})
    assert version(calls.get(f"{PODS}/a")) == str(versions[1])
    assert "nodeName" not in calls.get(f"{PODS}/a")["spec"]
    assert calls.watch(PODS, version(calls.get("/api/v1/pods"))) == []


def test_what_the_server_says_of_an_object(emulated: EmulatedCluster) -> None:
    calls = emulated.calls
    calls.create({**pod("a"), "status": {"phase": "Running"}})
    made = calls.get(f"{PODS}/a")
    assert made["status"] == {"phase": "Pending"}
    assert made["metadata"].keys() >= {"uid", "creationTimestamp", "generation"}
    calls.patch(f"{PODS}/a", {"spec": {"nodeName": "x"}, "status": {"phase": "Failed"}})
    changed = calls.get(f"{PODS}/a")
    assert (changed["metadata"]["generation"], changed["status"]["phase"]) == (2, "Pending")
    first, second = (
        calls.post("/api/v1/namespaces/default/events", {"metadata": {"generateName": "a."}})
        for _ in range(2)
    )
    assert first["metadata"]["name"] != second["metadata"]["name"]
    calls.create(namespace("shop"))
    for again, status in ((pod("a"), 409), (namespace("shop"), 409)):
        with pytest.raises(CallError, match=str(status)):
            calls.create(again)
    for path in ("/api/v1/nothings", f"{PODS}/nobody", f"{PODS}/a/log", "/apis/metrics.k8s.io/v1beta1/pods"):
        with pytest.raises(CallError, match="404"):
            calls.get(path)


def test_what_is_held_stays_until_it_is_let_go(emulated: EmulatedCluster) -> None:
    calls = emulated.calls
    held = pod("held")
    held["metadata"]["finalizers"] = [HELD]
    calls.create(held, pod("free"))
    calls.delete(PODS)
    (left,) = calls.get(PODS)["items"]
    assert left["metadata"]["deletionTimestamp"].endswith("Z")
    calls.patch(f"{PODS}/held", {"metadata": {"finalizers": None}})
    assert calls.get(PODS)["items"] == []


def test_a_list_in_parts_and_what_is_forgotten(emulated: EmulatedCluster) -> None:
    calls = emulated.calls
    calls.create(*(pod(name) for name in "dbace"), pod("a", "another"))
    names, token, parts = [], "", 0
    while token or not parts:
        part = calls.get(f"/api/v1/pods?limit=2&continue={token}")
        names += [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in part["items"]]
        token, parts = part["metadata"].get("continue", ""), parts + 1
    assert (names, parts) == ([("another", "a"), *(("default", name) for name in "abcde")], 3)
    first = calls.get(f"{PODS}?limit=2")["metadata"]
    emulated.compact()
    (event,) = calls.watch(PODS, first["resourceVersion"])
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    with pytest.raises(CallError, match="410"):
        calls.get(f"{PODS}?limit=2&continue={first['continue']}")
    assert calls.watch(PODS, version(calls.get(PODS))) == []


def test_it_is_killed_and_frozen_and_keeps_what_it_knew(emulated: EmulatedCluster) -> None:
    emulated.calls.create(pod("kept"))
    emulated.kill()
    with pytest.raises(ConnectionRefusedError):
        emulated.calls.get(PODS)
    emulated.start()
    emulated.freeze()
    late: list[Object] = []
    asks = threading.Thread(target=lambda: late.append(emulated.calls.get(f"{PODS}/kept")))
    asks.start()
    asks.join(0.3)
    assert not late
    emulated.thaw()
    asks.join(30)
    assert late[0]["metadata"]["name"] == "kept"


def test_a_script_refuses_until_it_ends(emulated: EmulatedCluster) -> None:
    calls = emulated.calls
    calls.create(pod("a"))
    forbidden = refusal(403, "Forbidden", "pods is forbidden")
    with emulated.refusing(forbidden, kmock.action.LIST, kmock.namespace("hidden")):
        assert calls.get(PODS)["items"]
        for _ in range(2):
            with pytest.raises(CallError, match="403"):
                calls.get("/api/v1/namespaces/hidden/pods")
    assert calls.get("/api/v1/namespaces/hidden/pods")["items"] == []


@pytest.mark.parametrize("demanded", ["CI", "OPSCONSOLE_REQUIRE_SERVERS"])
def test_kmock_plays_only_where_nothing_real_is_and_nothing_demands_it(
    demanded: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("CI", "OPSCONSOLE_REQUIRE_SERVERS", "KUBEBUILDER_ASSETS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert emulates.__wrapped__()
    monkeypatch.setenv(demanded, "true" if demanded == "CI" else "1")
    assert not emulates.__wrapped__()
    with pytest.raises(pytest.fail.Exception, match="make kubernetes"):
        Cluster()


@pytest.mark.parametrize("frozen", [False, True])
def test_nothing_is_left(emulated: EmulatedCluster, frozen: bool) -> None:
    emulated.calls.create(pod("a"))
    if frozen:
        emulated.freeze()
    emulated.remove()
    assert not emulated.directory.exists()
    assert "kmock" not in {thread.name for thread in threading.enumerate()}
