"""The private cluster is a real one: who may ask, what has ended, is forgotten, or outlives a crash."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from tests.servers.building import KUBERNETES
from tests.servers.kubernetes import Cluster, etcd
from tests.servers.kubernetes.apiserver import ApiServer
from tests.servers.kubernetes.calls import CallError, collection
from tests.servers.kubernetes.kwok import Kwok
from tests.servers.kubernetes.objects import namespace, node, pod
from tests.servers.kubernetes.users import User

KINDS = ("Pod", "Endpoints", "Deployment", "CronJob", "Ingress", "NetworkPolicy")
PODS = "/api/v1/namespaces/default/pods"


def refused(cluster: Cluster, user: User, path: str = PODS) -> int:
    """The status of the refusal; 0 where there is none."""
    with cluster.calls_of(user) as calls:
        try:
            calls.get(path)
        except CallError as error:
            return error.status
    return 0


def test_kubectl_finds_its_version_and_its_nodes(kubernetes: Cluster) -> None:
    kubernetes.calls.create(node("bare", managed=False))
    versions = json.loads(kubernetes.kubectl("version", "-o", "json"))
    for one in ("serverVersion", "clientVersion"):
        assert re.fullmatch(
            r"v1\.\d+\.\d+", versions[one]["gitVersion"]
        )  # built without it says v0.0.0-master
    assert kubernetes.kubectl("get", "nodes", "-o", "name") == "node/bare\n"
    kubernetes.calls.delete("/api/v1/nodes/bare")


def test_a_pod_runs_on_a_node_that_kwok_plays(kubernetes: Cluster, kwok: Kwok) -> None:
    kubernetes.calls.create(node("played"), pod("runs", node="played"), pod("pends"))
    kubernetes.until(f"{PODS}/runs", lambda found: found["status"]["phase"] == "Running")
    assert kubernetes.calls.get(f"{PODS}/pends")["status"]["phase"] == "Pending"
    conditions = kubernetes.calls.get("/api/v1/nodes/played")["status"]["conditions"]
    assert {one["type"]: one["status"] for one in conditions}["Ready"] == "True"
    failed = {"status": {"phase": "Failed", "reason": "Evicted"}}
    kubernetes.calls.patch(f"{PODS}/runs/status", failed)
    assert "Evicted" in kubernetes.kubectl("get", "pods", "runs")


def test_what_a_container_has_written(kubernetes: Cluster, kwok: Kwok) -> None:
    kubernetes.calls.create(node("writes"), pod("written", node="writes"))
    kubernetes.until(f"{PODS}/written", lambda found: found["status"]["phase"] == "Running")
    kwok.say("one", "two")
    assert kubernetes.kubectl("logs", "written", "--tail=2") == "one\ntwo\n"


def test_a_right_is_of_one_namespace_until_it_is_taken_away(kubernetes: Cluster) -> None:
    kubernetes.calls.create(namespace("other"))
    for user in (kubernetes.account("reader"), kubernetes.limited, kubernetes.certified("somebody")):
        assert refused(kubernetes, user) == 403
        binding = kubernetes.allow(user, resources="pods", groups="", namespace="default")
        until_refused(kubernetes, user, 0)
        assert refused(kubernetes, user, "/api/v1/namespaces/other/pods") == 403
        assert refused(kubernetes, user, "/api/v1/namespaces/default/services") == 403
        kubernetes.calls.delete(binding)
        until_refused(kubernetes, user, 403)


def until_refused(cluster: Cluster, user: User, status: int, seconds: float = 30.0) -> None:
    """Wait for that: the server learns of rights and forgets tokens in its own time."""
    end = time.monotonic() + seconds
    while refused(cluster, user) != status:
        assert time.monotonic() < end, f"still {refused(cluster, user)}"
        time.sleep(0.05)


def test_who_has_ended_is_unknown(kubernetes: Cluster) -> None:
    assert refused(kubernetes, kubernetes.account("late", seconds=-1)) == 401
    assert refused(kubernetes, kubernetes.certified("lasting", "system:masters")) == 0
    brief = kubernetes.certified("brief", "system:masters", seconds=2)
    until_refused(kubernetes, brief, 401)


def test_a_helper_gives_the_token_of_the_time(kubernetes: Cluster) -> None:
    user = kubernetes.requested("helped")
    kubernetes.allow(user)
    helper = kubernetes.helper(user)
    kubernetes.kubectl("get", "pods", user=helper.user)
    helper.give("ended", 3600)
    with pytest.raises(AssertionError, match="Unauthorized"):
        kubernetes.kubectl("get", "pods", user=helper.user)


def test_what_was_compacted_is_gone(kubernetes: Cluster) -> None:
    calls, pods = kubernetes.calls, "/api/v1/namespaces/past/pods"
    calls.create(namespace("past"))
    calls.create(*(pod(f"past-{number}", "past") for number in range(3)))
    part = calls.get(f"{pods}?limit=1")["metadata"]
    assert calls.watch(pods, part["resourceVersion"]) == []
    kubernetes.compact()
    (event,) = calls.watch(pods, part["resourceVersion"])
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    with pytest.raises(CallError, match="410"):
        calls.get(f"{pods}?limit=1&continue={part['continue']}")


def test_a_frozen_server_says_nothing_until_it_is_thawed(kubernetes: Cluster) -> None:
    kubernetes.freeze()
    try:
        with pytest.raises(AssertionError, match=r"(?i)timeout|deadline"):
            kubernetes.kubectl("get", "nodes", "--request-timeout=500ms")
    finally:
        kubernetes.thaw()
    kubernetes.kubectl("get", "nodes")


def test_a_killed_server_comes_back_with_all_it_knew(kubernetes: Cluster) -> None:
    kubernetes.calls.create(pod("kept"))
    kubernetes.kill()
    with pytest.raises(ConnectionRefusedError):
        kubernetes.calls.get(PODS)
    kubernetes.restart()
    assert kubernetes.calls.get(f"{PODS}/kept")["metadata"]["name"] == "kept"


def test_a_collection_is_named_as_the_server_names_it(kubernetes: Cluster) -> None:
    known = {
        (one["kind"], f"{path}/{one['name']}")
        for path in ("/api/v1", "/apis/apps/v1", "/apis/batch/v1", "/apis/networking.k8s.io/v1")
        for one in kubernetes.calls.get(path)["resources"]
        if "/" not in one["name"] and "create" in one["verbs"] and one["kind"] in KINDS
    }
    assert len(known) == len(KINDS)
    for kind, path in known:
        version = "/".join(path.split("/")[2:-1])
        assert collection({"apiVersion": version, "kind": kind, "metadata": {}}) == path


def test_programs_made_elsewhere_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    for name in ("kubectl", "etcd"):
        (tmp_path / name).touch(0o755)
    assert KUBERNETES.path("kubectl") == tmp_path / "kubectl"
    assert KUBERNETES.path("kwok") == KUBERNETES.directory / "kwok"
    assert etcd.program() == str(tmp_path / "etcd")


def test_nothing_is_left(own_kubernetes: Cluster) -> None:
    processes = (own_kubernetes.server, own_kubernetes.etcd)
    with own_kubernetes.kwok() as player:
        pids = [one.pid for one in (*processes, player)]
    own_kubernetes.freeze()
    own_kubernetes.remove()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not any(one.directory.exists() for one in (*processes, player))
    assert not own_kubernetes.etcd.data.exists()


def test_nothing_is_left_of_one_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiServer, "command", lambda self: [KUBERNETES.path("kube-apiserver"), "--wrong"])
    cluster = Cluster()
    with pytest.raises(RuntimeError, match="unknown flag: --wrong"), cluster:
        pytest.fail("it started")
    assert not cluster.directory.exists()
    assert not cluster.etcd.directory.exists()
    assert not cluster.etcd.data.exists()
