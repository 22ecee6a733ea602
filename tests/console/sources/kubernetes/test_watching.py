"""Clusters are watched: what changes arrives, what breaks heals, what is forbidden is said."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from console.collector import CLOSE_LIMIT
from console.config import KubernetesTarget
from console.errors import NotFound, Refused, SourceError, TimedOut, Unreachable, UsageError
from console.findings import Severity
from console.sources.base import Focus
from console.sources.kubernetes import connection, kinds, measuring, reflector, watch
from console.sources.kubernetes import source as kubernetes_source
from console.sources.kubernetes.kinds import KINDS, Changed, Kind, Listed
from console.sources.kubernetes.model import Denied, Key, KubernetesSnapshot
from console.sources.kubernetes.shelves import PodShelf
from console.sources.kubernetes.source import KubernetesSource
from tests.console.sources.kubernetes.watching import look, named, names, shown, until, watching
from tests.patience import BUSY, PATIENCE
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.objects import namespace, node, pod
from tests.servers.proxy import Proxy

PODS = "/api/v1/namespaces/default/pods"
SERVICES = "/api/v1/namespaces/default/services"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"


@pytest.fixture
def cluster(kubernetes: Cluster) -> Iterator[Cluster]:
    """The module's cluster with one node and two pods, and without what the test has made."""
    kubernetes.calls.create(node("one", managed=False), pod("a", node="one"), pod("b"))
    yield kubernetes
    kubernetes.calls.delete("/api/v1/nodes")
    kubernetes.calls.delete(PODS)


@pytest.fixture
def statuses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What reflectors are answered instead of what they asked for, as it comes."""
    seen: list[int] = []
    real = reflector.Reflector._refused

    def refused(self: reflector.Reflector, error: connection.ApiError) -> float:
        seen.append(error.status)
        return real(self, error)

    monkeypatch.setattr(reflector.Reflector, "_refused", refused)
    return seen


async def test_what_is_created_changed_and_deleted_arrives(cluster: Cluster) -> None:
    async with watching(cluster.kubeconfig()) as source:
        first = await until(
            source,
            lambda seen: isinstance(seen, KubernetesSnapshot) and "1 node ready, 2 pods" in seen.well[0][1],
        )
        assert isinstance(first, KubernetesSnapshot)
        (seen,) = first.clusters
        assert (seen.state, names(seen), [one.name for one in seen.nodes]) == ("live", ["a", "b"], ["one"])
        assert first.well[0][0] == "test"
        assert first.well[0][1].startswith(f"{seen.version}, 0 of 1 node ready, 2 pods")
        assert seen.version.startswith("v1.")
        assert "pods" in seen.listed
        assert seen.on_node == {"one": 1}
        kept = seen.pods[0]
        cluster.calls.create(pod("c"))
        seen = await shown(source, lambda now: names(now) == ["a", "b", "c"])
        assert seen.pods[0] is kept
        cluster.calls.patch(f"{PODS}/c/status", {"status": {"phase": "Failed", "reason": "Evicted"}})
        await shown(source, lambda now: (found := named(now, "c")) and found.status == "Evicted")
        cluster.calls.delete(f"{PODS}/a?gracePeriodSeconds=0")
        seen = await shown(source, lambda now: names(now) == ["b", "c"])
        assert seen.on_node == {}


async def test_a_change_that_cannot_be_read_is_said_and_ends_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Changed:
        raise RecursionError

    real = kinds.read_change
    async with watching(cluster.kubeconfig()) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])
        monkeypatch.setattr(reflector, "LASTING", 1)
        monkeypatch.setattr(reflector, "read_change", broken)
        cluster.calls.create(pod("c"))
        said = "test: pods: cannot be read: RecursionError"
        await until(source, lambda seen: isinstance(seen, KubernetesSnapshot) and said in seen.limited)
        monkeypatch.setattr(reflector, "read_change", real)
        cluster.calls.create(pod("d"))
        await shown(source, lambda now: names(now) == ["a", "b", "c", "d"])
        cluster.calls.create(pod("e"))  # a watch that brings something has healed
        await shown(source, lambda now: names(now) == ["a", "b", "c", "d", "e"])
        await until(source, lambda seen: isinstance(seen, KubernetesSnapshot) and said not in seen.limited)


async def test_nothing_is_made_anew_while_nothing_changes(cluster: Cluster) -> None:
    async with watching(cluster.kubeconfig()) as source:
        before = await shown(source, lambda now: len(now.listed) == 15)
        after = await shown(source, lambda now: now.time > before.time)
        assert before.pods is after.pods


async def test_restarts_are_counted_as_they_come(cluster: Cluster) -> None:
    restarting = Key("test", "Pod", "default", "a")
    async with watching(cluster.kubeconfig()) as source:
        await shown(source, lambda now: names(now) == ["a", "b"] and "pods" in now.listed)
        for count in range(1, 4):
            when = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            ended = {"exitCode": 2, "reason": "Error", "startedAt": when, "finishedAt": when}
            app = {
                "name": "app", "image": "i", "imageID": "i", "ready": True, "restartCount": count,
                "state": {"running": {"startedAt": when}}, "lastState": {"terminated": ended},
            }  # fmt: skip
            status = {"phase": "Running", "containerStatuses": [app]}
            cluster.calls.patch(f"{PODS}/a/status", {"status": status})
        seen = await shown(source, lambda now: (found := named(now, "a")) and found.restarts == 3)
        fault = seen.faults[restarting]
        assert fault.severity is Severity.CRITICAL
        assert fault.text.startswith("restarted 3x in 10m: exit 2")
        # a list anew knows no more of it than the last one, and what was remembered stays
        (watched,) = source._watches.values()
        watched._reflectors[0]._version = ""
        watched._watch_anew()
        cluster.calls.create(pod("c"))
        seen = await shown(source, lambda now: names(now) == ["a", "b", "c"])
        assert seen.faults[restarting].text.startswith("restarted 3x in 10m")


async def test_kinds_of_which_nothing_is_heard_are_no_trouble(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_order = reflector.WATCH_TIME[1] < connection.QUIET_LIMIT
    monkeypatch.setattr(connection, "QUIET_LIMIT", 0.4)  # as if something on the way cut what is quiet
    monkeypatch.setattr(reflector, "STANDING", 0.1)
    monkeypatch.setattr(reflector, "BACKOFF", (0.1, 0.2))
    watches, real = Counter[str](), connection.Connection.watch

    def counted(self: connection.Connection, path: str) -> AsyncGenerator[list[bytes], None]:
        watches[path.partition("?")[0]] += 1
        return real(self, path)

    monkeypatch.setattr(connection.Connection, "watch", counted)
    async with watching(cluster.kubeconfig()) as source:
        seen = await until(source, lambda _: watches["/apis/apps/v1/deployments"] > reflector.LASTING + 1)
        assert isinstance(seen, KubernetesSnapshot)
        assert seen.limited == ()
        cluster.calls.create(pod("c"))
        await shown(source, lambda now: names(now) == ["a", "b", "c"])
    assert in_order, "the server itself ends a watch before it is taken for dead"


async def test_watches_cut_off_with_their_network_go_on_with_it(cluster: Cluster) -> None:
    """What is sent while the network is gone never arrives, and no end of a connection is heard of."""
    with Proxy(int(cluster.url.rpartition(":")[2])) as proxy:
        async with watching(cluster.kubeconfig(url=f"https://127.0.0.1:{proxy.port}")) as source:
            await shown(source, lambda now: names(now) == ["a", "b"])
            proxy.suffer("timeout")
            cluster.calls.create(pod("c"))
            await until(source, lambda seen: isinstance(seen, TimedOut), 5.0)
            proxy.forget()
            await shown(source, lambda now: names(now) == ["a", "b", "c"], 10.0)


class Forgetful:
    """In place of a connection: lists are empty, and of every watch the version is forgotten at once."""

    def __init__(self, stands: float = 0.0) -> None:
        self.lists: list[float] = []
        self.stands = stands
        """Seconds that the first watch lasts before it is."""

    async def get(self, path: str) -> bytes:
        self.lists.append(time.monotonic())
        return b'{"metadata": {"resourceVersion": "1"}, "items": []}'

    async def watch(self, path: str) -> AsyncGenerator[list[bytes], None]:
        yield []
        stands, self.stands = self.stands, 0.0
        await asyncio.sleep(stands)
        yield [b'{"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}']


@asynccontextmanager
async def reflecting(server: Forgetful) -> AsyncIterator[reflector.Reflector]:
    """A reflector of pods at work."""
    alive, reading = asyncio.Event(), reflector.Reading("test")
    alive.set()
    asked: Any = server
    one = reflector.Reflector(KINDS[0], asked, reading, PodShelf(), alive=alive, progress=asyncio.Event().set)
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        reading.stop()


async def test_a_version_that_is_forgotten_at_once_is_not_listed_in_a_circle() -> None:
    server = Forgetful()
    async with asyncio.timeout(20), reflecting(server) as one:
        while not one.trouble:  # noqa: ASYNC110  # it has no event of its own
            await asyncio.sleep(0.01)
        assert one.trouble == "pods: its version is forgotten at once"
    assert len(server.lists) == reflector.LASTING
    apart = [later - before for before, later in pairwise(server.lists)]
    assert apart[0] >= 0.5
    assert apart[1] >= 1.0


async def test_a_version_that_is_forgotten_in_the_end_is_listed_anew_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reflector, "STANDING", 0.1)
    server = Forgetful(stands=0.6)
    async with asyncio.timeout(20), reflecting(server):
        while len(server.lists) < 2:  # noqa: ASYNC110  # it has no event of its own
            await asyncio.sleep(0.01)
    assert server.lists[1] - server.lists[0] < 0.6 + 0.5, "a pause was added to the time it stood"


async def test_a_list_of_several_pages(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reflector, "PAGE", 2)
    cluster.calls.create(*(pod(f"c{number}") for number in range(5)))
    async with watching(cluster.kubeconfig()) as source:
        await shown(source, lambda now: len(now.pods) == 7 and "pods" in now.listed)


async def test_a_list_whose_version_is_forgotten_between_two_pages_begins_anew(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, statuses: list[int]
) -> None:
    monkeypatch.setattr(reflector, "PAGE", 2)
    cluster.calls.create(pod("c"), pod("d"))
    old = cluster.calls.get("/api/v1/pods?limit=2")["metadata"]["continue"]
    cluster.compact()
    real, forgotten = reflector.Reading.page, False

    async def forget(self: reflector.Reading, kind: Kind, data: bytes) -> Listed:
        nonlocal forgotten
        listed = await real(self, kind, data)
        if kind.resource == "pods" and listed.next and not forgotten:
            forgotten = True
            return listed._replace(next=old)
        return listed

    monkeypatch.setattr(reflector.Reading, "page", forget)
    async with watching(cluster.kubeconfig()) as source:
        await shown(source, lambda now: names(now) == ["a", "b", "c", "d"] and "pods" in now.listed)
    assert 410 in statuses


async def test_a_forgotten_version_is_listed_anew_and_nothing_vanishes_meanwhile(
    cluster: Cluster, statuses: list[int]
) -> None:
    async with watching(cluster.kubeconfig()) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])
        compacted = asyncio.create_task(asyncio.to_thread(cluster.compact))
        fewest = 2

        def back(seen: object) -> bool:
            nonlocal fewest
            if isinstance(seen, KubernetesSnapshot):
                fewest = min(fewest, len(seen.clusters[0].pods))
            return 410 in statuses and isinstance(seen, KubernetesSnapshot)

        await until(source, back)
        await compacted
        cluster.calls.create(pod("c"))
        await shown(source, lambda now: names(now) == ["a", "b", "c"])
        assert fewest == 2


async def test_a_killed_server_is_said_and_comes_back(cluster: Cluster) -> None:
    async with watching(cluster.kubeconfig()) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])
        cluster.kill()
        error = await until(source, lambda seen: isinstance(seen, SourceError))
        assert isinstance(error, Unreachable)
        assert "cannot be reached: connect" in error.reason or "broke" in error.reason
        await asyncio.to_thread(cluster.restart)
        cluster.calls.create(pod("c"))
        await shown(source, lambda now: names(now) == ["a", "b", "c"])


async def test_a_frozen_server_is_said_and_comes_back(cluster: Cluster) -> None:
    async with watching(cluster.kubeconfig()) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])
        cluster.freeze()
        error = await until(source, lambda seen: isinstance(seen, SourceError))
        assert isinstance(error, TimedOut)
        assert "does not answer" in error.reason
        cluster.thaw()
        cluster.calls.create(pod("c"))
        await shown(source, lambda now: names(now) == ["a", "b", "c"])


async def test_a_frozen_server_does_not_hold_up_the_end(cluster: Cluster) -> None:
    cluster.freeze()
    try:
        async with watching(cluster.kubeconfig()) as source:
            assert isinstance(await look(source), TimedOut)
            async with asyncio.timeout(CLOSE_LIMIT * BUSY):
                await source.close()
    finally:
        cluster.thaw()


async def test_a_plugin_that_takes_its_time_is_waited_for_and_ended(cluster: Cluster, tmp_path: Path) -> None:
    helper = cluster.helper(cluster.account("slow"))
    file = cluster.kubeconfig(helper.user)
    said = json.loads(file.read_text())
    begun = tmp_path / "begun"
    said["users"][0]["user"]["exec"] |= {"command": "sh", "args": ["-c", f"echo $$ > {begun}; sleep 60"]}
    file.write_text(json.dumps(said))
    async with watching(file) as source:
        error = await until(source, lambda seen: isinstance(seen, TimedOut) and "plugin" in seen.fix)
        assert isinstance(error, TimedOut)
        assert error.fix == "it waits for the credential plugin sh"
    plugin = Path(f"/proc/{begun.read_text().strip()}")
    while plugin.exists():  # noqa: ASYNC110, ASYNC240  # there is no event of another process's end
        await asyncio.sleep(0.01)


async def test_two_clusters_one_of_which_is_gone(cluster: Cluster, own_kubernetes: Cluster) -> None:
    own_kubernetes.calls.create(pod("elsewhere"))
    files = (cluster.kubeconfig(context="eu-1"), own_kubernetes.kubeconfig(context="us-1"))
    targets = (KubernetesTarget(context="eu-1"), KubernetesTarget(context="us-1"))
    async with watching(*files, targets=targets) as source:

        def both(seen: object) -> bool:
            return isinstance(seen, KubernetesSnapshot) and [names(one) for one in seen.clusters] == [
                ["a", "b"],
                ["elsewhere"],
            ]

        seen = await until(source, both)
        assert isinstance(seen, KubernetesSnapshot)
        assert [(one.name, one.watched, one.current) for one in seen.contexts] == [
            ("eu-1", True, True),
            ("us-1", True, False),
        ]
        assert {found.cluster for found in seen.clusters[1].pods} == {"us-1"}
        own_kubernetes.kill()
        seen = await until(
            source, lambda now: isinstance(now, KubernetesSnapshot) and now.clusters[1].state == "stale"
        )
        assert isinstance(seen, KubernetesSnapshot)
        gone = seen.clusters[1]
        assert (seen.clusters[0].state, names(gone)) == ("live", ["elsewhere"])
        assert gone.failing_since > 0
        assert gone.trouble
        assert [found.subject for found in source.judge(seen)][:1] == ["cluster us-1"]


async def test_another_context_is_watched_while_it_runs(cluster: Cluster) -> None:
    files = (cluster.kubeconfig(context="eu-1"), cluster.kubeconfig(context="us-1"))
    async with watching(*files) as source:
        await shown(source, lambda now: now.context == "eu-1")
        source.use(["us-1"])
        await shown(source, lambda now: now.context == "us-1" and names(now) == ["a", "b"])
        source.use(["us-1", "eu-1"])
        await until(source, lambda seen: isinstance(seen, KubernetesSnapshot) and len(seen.clusters) == 2)
        with pytest.raises(UsageError, match=r"there is no context eu-2 \(did you mean eu-1\?\)"):
            source.use(["eu-2"])


async def test_each_namespace_is_asked_by_itself_and_a_forbidden_one_is_said(cluster: Cluster) -> None:
    cluster.calls.create(namespace("hidden"))
    cluster.allow(cluster.limited, namespace="default")
    target = KubernetesTarget(namespaces=("default", "hidden"))
    async with watching(cluster.kubeconfig(cluster.limited), targets=[target]) as source:
        seen = await shown(source, lambda now: Denied("list", "pods", "hidden") in now.denied)
        assert names(seen) == ["a", "b"]
        assert "pods" not in seen.listed
        assert not any(one.namespace == "default" for one in seen.denied)
        snapshot = await look(source)
        assert isinstance(snapshot, KubernetesSnapshot)
        (said,) = [one for one in snapshot.limited if one.startswith("test: may not list pods, ")]
        grant = snapshot.remedies[said]
        assert grant.startswith("ask for list and watch on pods, deployments, ")
        assert grant.endswith(": kubectl --context test auth can-i list pods -n hidden")


async def test_a_right_that_is_granted_shows(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reflector, "ASK_AGAIN", 0.2)
    reader = cluster.account("reads-pods")
    cluster.allow(reader, resources="pods", groups="")
    async with watching(cluster.kubeconfig(reader)) as source:
        seen = await shown(source, lambda now: Denied("list", "nodes") in now.denied and now.pods)
        assert names(seen) == ["a", "b"]
        seen = await shown(source, lambda now: now.metrics)
        assert seen.metrics == "not allowed: may not list pods.metrics.k8s.io in all namespaces"
        assert seen.unmeasured == ("pods", "nodes")
        snapshot = await look(source)
        assert isinstance(snapshot, KubernetesSnapshot)
        assert "test: may not list nodes, persistentvolumes" in snapshot.limited
        assert snapshot.remedies["test: may not list nodes, persistentvolumes"] == (
            "ask for list and watch on nodes, persistentvolumes: kubectl --context test auth can-i list nodes"
        )
        cluster.allow(reader, resources="nodes")
        seen = await shown(source, lambda now: "nodes" in now.listed)
        assert Denied("list", "nodes") not in seen.denied
        assert [one.name for one in seen.nodes] == ["one"]


async def test_who_may_not_list_all_namespaces_sees_that_of_the_context(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reflector, "ASK_AGAIN", 2.0)
    team = cluster.account("team")
    cluster.allow(team, namespace="default")
    async with watching(cluster.kubeconfig(team, namespace="default")) as source:
        seen = await shown(source, lambda now: names(now) == ["a", "b"] and "pods" in now.listed)
        assert seen.namespaces == ("default",)
        snapshot = await look(source)
        assert isinstance(snapshot, KubernetesSnapshot)
        (said,) = [one for one in snapshot.limited if one.endswith("only those in default are shown")]
        assert snapshot.remedies[said].endswith(" auth can-i list pods -A")
        cluster.calls.create(pod("c"))
        await shown(source, lambda now: names(now) == ["a", "b", "c"])
        cluster.allow(team)
        seen = await shown(source, lambda now: now.namespaces == ())
        assert names(seen) == ["a", "b", "c"]


async def test_an_expired_token_is_renewed_by_its_plugin(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "REFUSED_PACE", 1.0)
    reader = cluster.account("renews", seconds=9)  # once taken, it is for ten seconds
    cluster.allow(reader)
    helper = cluster.helper(reader)
    async with watching(cluster.kubeconfig(helper.user)) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])
        error = await until(source, lambda seen: isinstance(seen, SourceError))
        assert isinstance(error, Refused)
        assert error.reason.endswith("the token of user test-user has expired or is not known")
        assert error.fix == "log in by cat, its credential plugin, in a shell"
        helper.give(cluster.account("renews").token, 3600)
        cluster.calls.create(pod("c"))
        await shown(source, lambda now: names(now) == ["a", "b", "c"])


async def test_a_token_that_says_when_it_ends_is_renewed_before(
    cluster: Cluster, statuses: list[int]
) -> None:
    reader = cluster.account("foresees", seconds=8)
    cluster.allow(reader)
    helper = cluster.helper(reader, seconds=8)
    async with watching(cluster.kubeconfig(helper.user)) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])
        helper.give(cluster.account("foresees").token, 3600)
        (watched,) = source._watches.values()
        await until(source, lambda seen: watched._connection._generation == 2)
        assert isinstance(await look(source), KubernetesSnapshot)
    assert 401 not in statuses


async def test_a_certificate_that_has_ended(cluster: Cluster) -> None:
    gone = cluster.certified("ended", "system:masters", seconds=-60)
    async with watching(cluster.kubeconfig(gone)) as source:
        error = await until(source, lambda seen: isinstance(seen, Refused))
        assert "the certificate of user test-user has expired" in str(error)


async def test_certificates_given_as_data_leave_no_file(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    file = cluster.kubeconfig()
    said = json.loads(file.read_text())
    for part in (said["clusters"][0]["cluster"], said["users"][0]["user"]):
        for key in ("certificate-authority", "client-certificate", "client-key"):
            if key in part:
                part[f"{key}-data"] = base64.b64encode(Path(part.pop(key)).read_bytes()).decode()  # noqa: ASYNC240
    file.write_text(json.dumps(said))
    async with watching(file) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])
        assert list(scratch.iterdir()) == []
        (watched,) = source._watches.values()
        await watched._connection.renew()  # the client keeps no path of files that are gone
        cluster.calls.create(pod("c"))
        await shown(source, lambda now: names(now) == ["a", "b", "c"])
    assert list(scratch.iterdir()) == []


async def test_an_object_far_larger_than_a_line_usually_is(cluster: Cluster) -> None:
    async with watching(cluster.kubeconfig()) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])
        large: dict[str, Any] = pod("large")
        large["spec"]["containers"][0]["env"] = [{"name": "TEXT", "value": "x" * 900_000}]
        cluster.calls.create(large)
        await shown(source, lambda now: named(now, "large"))


async def test_metrics_that_are_absent_or_silent_are_told_apart(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "USAGE_EVERY", 0.2)
    async with watching(cluster.kubeconfig()) as source:
        seen = await shown(source, lambda now: now.metrics == "no metrics server")
        assert seen.unmeasured == ("pods", "nodes")
        cluster.calls.post(API_SERVICES, metrics_api("nobody"))
        try:
            seen = await shown(source, lambda now: now.metrics == "the metrics server does not answer")
            assert not seen.unmeasured, "it may answer soon"
        finally:
            cluster.calls.delete(f"{API_SERVICES}/v1beta1.metrics.k8s.io")
        await shown(source, lambda now: now.metrics == "no metrics server")


async def test_usage_is_not_shown_once_it_is_measured_no_more(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The metrics server takes questions and never answers, while the API server does."""
    monkeypatch.setattr(watch, "USAGE_EVERY", 0.2)
    monkeypatch.setattr(measuring, "LIMIT", 0.5)
    items = [{"metadata": {"namespace": "default", "name": "a"}, "containers": [{"usage": {"cpu": "250m"}}]}]
    async with watching(cluster.kubeconfig()) as source, measured(cluster, items) as goes_on:
        seen = await shown(source, lambda now: now.pod_usage)
        assert (seen.pod_usage["default", "a"].cpu, seen.metrics) == (0.25, "")
        goes_on.clear()
        seen = await shown(source, lambda now: not now.pod_usage)
        assert (seen.node_usage, seen.metrics) == ({}, "the metrics server does not answer")
        goes_on.set()
        await shown(source, lambda now: now.pod_usage and not now.metrics)


@asynccontextmanager
async def measured(cluster: Cluster, items: list[Any]) -> AsyncIterator[asyncio.Event]:
    """A metrics server that the API server asks, and which measures this while the event is set."""
    keys, goes_on = cluster.server.keys, asyncio.Event()
    goes_on.set()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.certificate, keys.key)

    asked: dict[asyncio.Task[Any] | None, asyncio.StreamWriter] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked[asyncio.current_task()] = writer
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                if b"/pods" in request.split()[1]:
                    await goes_on.wait()
                body = json.dumps({"items": items}).encode()
                said = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
                writer.write(f"{said}\r\n\r\n".encode() + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    spec = {"type": "ExternalName", "externalName": "127.0.0.1", "ports": [{"port": port}]}
    named = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "measures"}, "spec": spec}
    cluster.calls.post(SERVICES, named)
    cluster.calls.post(API_SERVICES, metrics_api("measures", port))
    try:
        yield goes_on
    finally:
        cluster.calls.delete(f"{API_SERVICES}/v1beta1.metrics.k8s.io")
        cluster.calls.delete(f"{SERVICES}/measures")
        goes_on.set()
        server.close()
        for writer in asked.values():
            writer.transport.abort()
        await asyncio.gather(*filter(None, asked))
        await server.wait_closed()


def metrics_api(service: str, port: int = 443) -> Any:
    """Who answers for the metrics API."""
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": {"namespace": "default", "name": service, "port": port},
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        },
    }


async def test_a_certificate_nobody_knows(cluster: Cluster) -> None:
    file = cluster.kubeconfig()
    said = json.loads(file.read_text())
    del said["clusters"][0]["cluster"]["certificate-authority"]
    file.write_text(json.dumps(said))
    async with watching(file) as source:
        error = await until(source, lambda seen: isinstance(seen, Refused))
        assert "its certificate is not trusted" in str(error)
        said["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
        file.write_text(json.dumps(said))
    async with watching(file) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])


async def test_nothing_to_watch() -> None:
    source = KubernetesSource((), {})
    with pytest.raises(NotFound, match="no cluster: no KUBECONFIG"):
        await source.poll(Focus.GLANCE)
    await source.close()


async def test_a_kubeconfig_that_is_mended_heals_by_itself(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new token written into it, or another server, needs no restart."""
    monkeypatch.setattr(kubernetes_source, "FILES_EVERY", 0.2)
    right = cluster.kubeconfig()
    file = cluster.kubeconfig(url="https://127.0.0.1:1")
    async with watching(file) as source:
        seen = await until(
            source, lambda one: isinstance(one, SourceError) and "cannot be reached" in str(one)
        )
        assert "127.0.0.1:1" in str(seen)
        file.write_text(right.read_text())
        await shown(source, lambda one: one.nodes or one.pods)


async def test_a_pod_that_has_gone_has_itself_shown(cluster: Cluster) -> None:
    """At once where somebody looks closely; what only changes keeps the pace."""
    woken = asyncio.Event()
    async with watching(cluster.kubeconfig()) as source:
        source.wake = woken.set
        await shown(source, lambda now: names(now) == ["a", "b"])
        cluster.calls.patch(f"{PODS}/a", {"metadata": {"labels": {"seen": "yes"}}})
        await shown(source, lambda now: any(("seen", "yes") in one.labels for one in now.pods))
        assert not woken.is_set()
        cluster.calls.delete(f"{PODS}/b")
        async with asyncio.timeout(PATIENCE):
            await woken.wait()
        seen = await look(source)
        assert isinstance(seen, KubernetesSnapshot)
        assert names(seen.clusters[0]) == ["a"]
