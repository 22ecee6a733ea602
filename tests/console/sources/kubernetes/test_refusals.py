"""A server that will not: what kmock refuses by a script is said in words, and over once it ends."""

from __future__ import annotations

import kmock
import pytest

from console.config import KubernetesTarget
from console.errors import Refused
from console.sources.kubernetes import reflector, watch
from console.sources.kubernetes.model import Denied, KubernetesSnapshot
from tests.console.sources.kubernetes.watching import Seen, look, names, shown, until, watching
from tests.servers.kubernetes.emulated import EmulatedCluster
from tests.servers.kubernetes.emulator import refusal
from tests.servers.kubernetes.objects import namespace, node, pod

PODS = "v1/pods"


def forbidden(verb: str, resource: str, namespace: str = "") -> kmock.KubernetesError:
    """As RBAC words it."""
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    no = f'{resource} is forbidden: User "team" cannot {verb} resource "{resource}" in API group ""{where}'
    return refusal(403, "Forbidden", no)


def limited(seen: Seen) -> tuple[str, ...]:
    """What is said not to be seen."""
    return seen.limited if isinstance(seen, KubernetesSnapshot) else ()


@pytest.fixture
def cluster(emulated: EmulatedCluster, monkeypatch: pytest.MonkeyPatch) -> EmulatedCluster:
    """One with a node and a pod in each of two namespaces; what it refuses is soon asked again."""
    monkeypatch.setattr(reflector, "ASK_AGAIN", 0.2)
    monkeypatch.setattr(reflector, "BACKOFF", (0.05, 0.1))
    monkeypatch.setattr(watch, "REFUSED_PACE", 0.2)
    emulated.calls.create(namespace("hidden"), node("one", managed=False))
    emulated.calls.create(pod("a"), pod("b", "hidden"))
    return emulated


async def test_a_forbidden_namespace_is_said_and_shows_once_it_is_allowed(cluster: EmulatedCluster) -> None:
    target = KubernetesTarget(namespaces=("default", "hidden"))
    refused = forbidden("list", "pods", "hidden")
    async with watching(cluster.kubeconfig(), targets=[target]) as source:
        with cluster.refusing(refused, kmock.action.LIST, kmock.resource(PODS), kmock.namespace("hidden")):
            seen = await shown(source, lambda now: Denied("list", "pods", "hidden") in now.denied)
            assert names(seen) == ["a"]
            said = "test: may not list pods in namespace hidden"
            await until(source, lambda now: said in limited(now))
        # a look may fall between the list that came and the word that it did
        await shown(source, lambda now: names(now) == ["a", "b"] and now.denied == ())


async def test_what_was_refused_is_asked_for_again_at_once_when_wanted(
    cluster: EmulatedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reflector, "ASK_AGAIN", 3600.0)
    async with watching(cluster.kubeconfig()) as source:
        with cluster.refusing(forbidden("list", "pods"), kmock.action.LIST, kmock.resource(PODS)):
            await shown(source, lambda now: any(no.resource == "pods" for no in now.denied))
        source.hurry()
        # a look may fall between the list that came and the word that it did
        await shown(source, lambda now: names(now) == ["a", "b"] and now.denied == ())


async def test_who_may_not_list_all_namespaces_sees_that_of_the_context(cluster: EmulatedCluster) -> None:
    refused = forbidden("list", "pods")
    async with watching(cluster.kubeconfig()) as source:
        with cluster.refusing(refused, "/api/v1/pods"):
            seen = await shown(source, lambda now: names(now) == ["a"] and "pods" in now.listed)
            assert "test: may not list pods in all namespaces, only those in default are shown" in limited(
                await look(source)
            )
            assert [one.name for one in seen.nodes] == ["one"]
        await shown(source, lambda now: names(now) == ["a", "b"])


async def test_credentials_that_are_refused_are_said_and_what_was_known_stays(
    cluster: EmulatedCluster,
) -> None:
    async with watching(cluster.kubeconfig()) as source:
        await shown(source, lambda now: names(now) == ["a", "b"])
        with cluster.refusing(refusal(401, "Unauthorized", "Unauthorized"), kmock.method.GET):
            error = await until(source, lambda seen: isinstance(seen, Refused))
            assert isinstance(error, Refused)
            assert error.reason.endswith("the certificate of user test-user has expired or is not known")
        cluster.calls.create(pod("c"))
        await shown(source, lambda now: names(now) == ["a", "c", "b"])


async def test_versions_that_are_forgotten_at_once_leave_what_lists_bring(cluster: EmulatedCluster) -> None:
    with cluster.refusing(refusal(410, "Expired", "too old"), kmock.action.WATCH, kmock.resource(PODS)):
        async with watching(cluster.kubeconfig()) as source:
            await shown(source, lambda now: names(now) == ["a", "b"])
            cluster.calls.create(pod("c"))
            await shown(source, lambda now: names(now) == ["a", "c", "b"])
            cluster.calls.delete("/api/v1/namespaces/default/pods/c")
            await shown(source, lambda now: names(now) == ["a", "b"])


@pytest.mark.parametrize(("status", "reason"), [(500, "InternalError"), (429, "TooManyRequests")])
async def test_a_resource_that_is_not_answered_leaves_the_others(
    cluster: EmulatedCluster, status: int, reason: str
) -> None:
    refused = refusal(status, reason, "etcdserver: request timed out")
    async with watching(cluster.kubeconfig()) as source:
        said = f"test: pods: the server answers {status} {reason}"
        with cluster.refusing(refused, kmock.action.LIST, kmock.resource(PODS)):
            await until(source, lambda seen: said in limited(seen))
            seen = await shown(source, lambda now: now.nodes)
            assert (names(seen), [one.name for one in seen.nodes]) == ([], ["one"])
        await shown(source, lambda now: names(now) == ["a", "b"])
        cluster.calls.create(pod("c"))  # a watch that brings something has healed
        await until(source, lambda seen: isinstance(seen, KubernetesSnapshot) and not seen.limited)
