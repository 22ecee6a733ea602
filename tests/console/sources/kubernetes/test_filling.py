"""How full claims are, by kubelets that the real API server asks for us; the kubelets are the test's own."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psutil
import pytest

from console.findings import Severity
from console.sources.base import Focus
from console.sources.kubernetes import filling, watch
from console.sources.kubernetes.filling import Fill, read_fills
from console.sources.kubernetes.model import Cluster as Shown
from console.sources.kubernetes.model import KubernetesSnapshot, Volume
from console.sources.kubernetes.samples import samples
from tests.console.sources.kubernetes.watching import look, names, shown, until, watching
from tests.servers import absent
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import Object
from tests.servers.kubernetes.objects import node, pod

CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
GIB = 1 << 30


class Kubelet:
    """What stands where a node's kubelet is: it answers the summary, or what the test has it answer."""

    def __init__(self, address: str, certificate: str, key: str) -> None:
        self.status = 200
        self.body: bytes | None = None
        """Instead of the summary."""
        self.used: dict[str, int] = {}
        """Bytes by claim."""
        self.asked: list[str] = []
        self.goes_on = threading.Event()
        self.goes_on.set()
        kubelet = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kubelet.asked.append(self.path)
                kubelet.goes_on.wait(30)
                body = kubelet.summary() if kubelet.body is None else kubelet.body
                self.send_response(kubelet.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 its name there
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = int(self.server.server_address[1])

    def summary(self) -> bytes:
        """As the API of kubelets is documented, and with what is of no interest here."""
        volumes = [
            {
                "time": "2026-01-01T00:00:00Z",
                "availableBytes": 10 * GIB - used,
                "capacityBytes": 10 * GIB,
                "usedBytes": used,
                "inodesFree": 900,
                "inodes": 1000,
                "inodesUsed": 100,
                "name": "data",
                "pvcRef": {"name": claim, "namespace": "default"},
            }
            for claim, used in self.used.items()
        ]
        token = {"usedBytes": 12288, "capacityBytes": GIB, "inodesUsed": 9, "name": "kube-api-access"}
        said = {
            "node": {"nodeName": "one", "fs": {"usedBytes": 1, "capacityBytes": 2}},
            "pods": [
                {
                    "podRef": {"name": "db", "namespace": "default", "uid": "1"},
                    "startTime": "2026-01-01T00:00:00Z",
                    "volume": [*volumes, token],
                },
                {"podRef": {"name": "web", "namespace": "default", "uid": "2"}},
            ],
        }
        return json.dumps(said).encode()


def own_address() -> str:
    """One of this host that is not loopback: the API server passes nothing on to that."""
    known = (one for several in psutil.net_if_addrs().values() for one in several)
    found = [one.address for one in known if one.family is socket.AF_INET]
    usable = [address for address in found if not address.startswith(("127.", "169.254."))]
    return usable[0] if usable else absent("this host has no address but loopback")


@contextmanager
def kubelet_of(cluster: Cluster, name: str) -> Iterator[Kubelet]:
    """A node with a kubelet that answers."""
    keys = cluster.server.keys
    address = own_address()
    kubelet = Kubelet(address, str(keys.certificate), str(keys.key))
    thread = threading.Thread(target=kubelet.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        cluster.calls.create(node(name, managed=False))
        status = {
            "addresses": [{"type": "InternalIP", "address": address}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.port}},
        }
        cluster.calls.patch(f"/api/v1/nodes/{name}/status", {"status": status})
        yield kubelet
    finally:
        kubelet.goes_on.set()
        kubelet.server.shutdown()
        thread.join()
        kubelet.server.server_close()


def using(name: str, node: str, *claims: str) -> Object:
    """A pod on a node that mounts claims."""
    volumes = [{"name": one, "persistentVolumeClaim": {"claimName": one}} for one in claims]
    return pod(name, node=node, volumes=volumes)


@pytest.fixture
def cluster(kubernetes: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The module's cluster with two bound claims, asked often, and without what the test has made."""
    monkeypatch.setattr(watch, "VOLUMES_EVERY", 0.1)
    calls = kubernetes.calls
    for name in ("data", "logs"):
        calls.create({
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Gi"}}},
        })  # fmt: skip
        bound = {"phase": "Bound", "capacity": {"storage": "8Gi"}, "accessModes": ["ReadWriteOnce"]}
        calls.patch(f"{CLAIMS}/{name}/status", {"status": bound})
    yield kubernetes
    calls.delete("/api/v1/namespaces/default/pods")
    calls.delete("/api/v1/nodes")
    for name in ("data", "logs"):
        calls.patch(f"{CLAIMS}/{name}", {"metadata": {"finalizers": None}})
    calls.delete(CLAIMS)


def claim(now: Shown, name: str) -> Volume:
    """One claim."""
    return next(one for one in now.volumes if one.name == name)


def used(now: Shown) -> dict[str, float | None]:
    """Bytes by claim, None where that is unknown."""
    known = {one.name: one.used for one in now.volumes if not math.isnan(one.used)}
    return {name: known.get(name) for name in ("data", "logs")}


async def test_a_claim_that_is_nearly_full_is_a_fault(cluster: Cluster) -> None:
    with kubelet_of(cluster, "one") as kubelet, kubelet_of(cluster, "two") as idle:
        kubelet.used = {"data": int(9.6 * GIB), "logs": 2 * GIB}
        cluster.calls.create(using("db", "one", "data", "logs"), pod("web", node="two"))
        async with watching(cluster.kubeconfig()) as source:
            seen = await shown(source, lambda now: used(now)["data"] is not None)
            assert used(seen) == {"data": int(9.6 * GIB), "logs": 2 * GIB}
            assert claim(seen, "data").capacity == 10 * GIB  # the kubelet's word, not the claim's
            fault = seen.faults[claim(seen, "data").key]
            assert (fault.severity, fault.text) == (Severity.CRITICAL, "96% of 10.0G used")
            assert claim(seen, "logs").key not in seen.faults
            snapshot = await look(source)
            assert isinstance(snapshot, KubernetesSnapshot)
            labels = (("namespace", "default"), ("node", "one"), ("persistentvolumeclaim", "logs"))
            found = {one.name: one.value for one in samples(snapshot) if one.labels == labels}
            assert found == {
                "kubelet_volume_stats_used_bytes": 2 * GIB,
                "kubelet_volume_stats_capacity_bytes": 10 * GIB,
                "kubelet_volume_stats_inodes_used": 100,
                "kubelet_volume_stats_inodes": 1000,
            }
            assert not snapshot.limited
        assert set(kubelet.asked) == {"/stats/summary"}
        assert not idle.asked


async def test_what_has_not_changed_stays_the_very_same(cluster: Cluster) -> None:
    with kubelet_of(cluster, "one") as kubelet:
        kubelet.used = {"data": GIB, "logs": GIB}
        cluster.calls.create(using("db", "one", "data", "logs"))
        async with watching(cluster.kubeconfig()) as source:
            first = await shown(source, lambda now: used(now)["data"])
            rounds = len(kubelet.asked)
            again = await shown(source, lambda _: len(kubelet.asked) > rounds + 2)
            assert again.volumes is first.volumes
            kubelet.used = {"data": 2 * GIB, "logs": GIB}
            then = await shown(source, lambda now: used(now)["data"] == 2 * GIB)
            assert claim(then, "logs") is claim(first, "logs")
            cluster.calls.delete("/api/v1/namespaces/default/pods/db")
            await shown(source, lambda now: used(now) == {"data": None, "logs": None})


async def test_without_the_right_it_is_said_once_and_no_figure_shown(cluster: Cluster) -> None:
    reader = cluster.account("reader")
    cluster.allow(reader, resources="pods,persistentvolumeclaims,nodes")
    said = "test: may not get nodes/proxy, how full volumes are is not shown"
    with kubelet_of(cluster, "one") as kubelet:
        kubelet.used = {"data": GIB}
        cluster.calls.create(using("db", "one", "data"))
        async with watching(cluster.kubeconfig(reader)) as source:
            seen = await until(
                source, lambda now: isinstance(now, KubernetesSnapshot) and said in now.limited
            )
            assert isinstance(seen, KubernetesSnapshot)
            assert seen.limited.count(said) == 1
            assert used(seen.clusters[0]) == {"data": None, "logs": None}
            assert not kubelet.asked
            cluster.allow(reader, verbs="get", resources="nodes/proxy")
            await shown(source, lambda now: used(now)["data"] == GIB)
            snapshot = await look(source)
            assert isinstance(snapshot, KubernetesSnapshot)
            assert said not in snapshot.limited


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"{}"), (500, b"{}"), (401, b"Unauthorized"), (200, b"<html>"), (200, b"[]")]
)
async def test_a_kubelet_that_does_not_say_it_leaves_it_unknown(
    cluster: Cluster, status: int, body: bytes
) -> None:
    with kubelet_of(cluster, "one") as one, kubelet_of(cluster, "two") as two:
        one.used, two.used = {"data": GIB}, {"logs": GIB}
        cluster.calls.create(using("db", "one", "data"), using("log", "two", "logs"))
        async with watching(cluster.kubeconfig()) as source:
            await shown(source, lambda now: used(now) == {"data": GIB, "logs": GIB})
            one.status, one.body = status, body
            await shown(source, lambda now: used(now) == {"data": None, "logs": GIB})
            snapshot = await look(source)
            assert isinstance(snapshot, KubernetesSnapshot)
            assert not snapshot.limited
            one.status, one.body = 200, None
            await shown(source, lambda now: used(now) == {"data": GIB, "logs": GIB})


async def test_a_kubelet_that_hangs_holds_nobody_up(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "LIMIT", 0.5)
    with kubelet_of(cluster, "one") as one, kubelet_of(cluster, "two") as two:
        one.used, two.used = {"data": GIB}, {"logs": GIB}
        one.goes_on.clear()
        cluster.calls.create(using("db", "one", "data"), using("log", "two", "logs"))
        async with watching(cluster.kubeconfig()) as source:
            await shown(source, lambda now: used(now) == {"data": None, "logs": GIB})
            one.goes_on.set()
            await shown(source, lambda now: used(now) == {"data": GIB, "logs": GIB})


async def test_of_more_nodes_than_a_round_has_each_has_its_turn(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "A_ROUND", 1)
    with kubelet_of(cluster, "one") as one, kubelet_of(cluster, "two") as two:
        one.used, two.used = {"data": GIB}, {"logs": GIB}
        cluster.calls.create(using("db", "one", "data"), using("log", "two", "logs"))
        async with watching(cluster.kubeconfig()) as source:
            await shown(source, lambda now: used(now) == {"data": GIB, "logs": GIB})
            two.used = {"logs": 2 * GIB}
            await shown(source, lambda now: used(now) == {"data": GIB, "logs": 2 * GIB})
            assert abs(len(one.asked) - len(two.asked)) <= 1


async def test_nothing_is_asked_while_nobody_looks(cluster: Cluster) -> None:
    with kubelet_of(cluster, "one") as kubelet:
        kubelet.used = {"data": GIB}
        cluster.calls.create(using("db", "one", "data"))
        async with watching(cluster.kubeconfig()) as source:

            async def hidden(name: str) -> Shown:
                cluster.calls.create(pod(name))
                while True:
                    now = (await source.poll(Focus.HIDDEN)).clusters[0]
                    if name in names(now):
                        return now
                    await asyncio.sleep(0.02)

            await shown(source, lambda now: used(now)["data"] == GIB)
            await hidden("a")  # a round that had begun is over
            rounds, kubelet.used = len(kubelet.asked), {"data": 2 * GIB}
            assert used(await hidden("b"))["data"] == GIB
            assert len(kubelet.asked) == rounds
            await shown(source, lambda now: used(now)["data"] == 2 * GIB)


def test_a_summary_is_read_as_documented() -> None:
    ref = {"name": "data", "namespace": "shop"}
    said = {"pods": [{"volume": [{"pvcRef": ref, "usedBytes": 5}, {"pvcRef": ref}]}, {"volume": None}]}
    (found,) = read_fills("one", json.dumps(said).encode()).items()
    assert found[0] == ("shop", "data")
    assert (found[1].used, found[1].node) == (5.0, "one")
    assert found[1].capacity is Fill().capacity  # so that what is unknown equals itself
    assert read_fills("one", b'{"pods": null}') == {}
