"""The output of pods in the log source: what was there, what comes, over a restart, and why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.config import LogSettings
from console.errors import SourceError, UsageError
from console.logs.streams import Wanted
from console.sources.base import Focus
from console.sources.kubernetes import pod_logs
from console.sources.kubernetes.connection import ApiError
from console.sources.kubernetes.model import Key
from console.sources.kubernetes.source import KubernetesSource
from console.sources.logs import asked
from console.sources.logs.source import LogSource
from tests.console.sources.following import Following
from tests.patience import PATIENCE
from tests.servers.kubernetes import Cluster
from tests.servers.kubernetes.calls import Object
from tests.servers.kubernetes.kwok import Kwok
from tests.servers.kubernetes.objects import node, pod

WEB = Key("test", "Pod", "default", "web")


@pytest.fixture(scope="module")
def web(kubernetes: Cluster, kwok: Kwok) -> Cluster:
    """A cluster with a pod that runs, and one of two containers."""
    two: Sequence[Object] = [{"name": name, "image": "example.com/app:1"} for name in ("app", "proxy")]
    kubernetes.calls.create(node("n1"))
    kubernetes.calls.create(pod("web", node="n1"), pod("pair", node="n1", containers=two))
    for name in ("web", "pair"):
        kubernetes.until(
            f"/api/v1/namespaces/default/pods/{name}",
            lambda one: one.get("status", {}).get("phase") == "Running",
        )
    return kubernetes


@asynccontextmanager
async def cluster_source(config: Path) -> AsyncIterator[KubernetesSource]:
    """A source that has read what there is."""
    source = KubernetesSource((), {"KUBECONFIG": str(config)})
    try:
        read = False
        while not read:
            try:
                read = bool((await source.poll(Focus.FULL)).clusters[0].pods)
            except SourceError:
                pass  # the client is loaded for the first time
            await asyncio.sleep(0.1)  # a poll waits for nobody: what is read comes meanwhile
        yield source
    finally:
        await source.close()


@asynccontextmanager
async def log_source(wanted: Sequence[Wanted], directory: Path) -> AsyncIterator[Following]:
    """The log source with these lines and no others."""
    settings = LogSettings(files=(str(directory / "none-*.log"),), containers=False, journald=False)
    source = LogSource(settings, journal=())
    source.follow(wanted)
    try:
        yield Following(source)
    finally:
        await source.close()


def names(wanted: Sequence[Wanted]) -> list[str]:
    """What the origins are called."""
    return [one.name for one in wanted]


async def test_what_was_written_and_what_comes(web: Cluster, kwok: Kwok, tmp_path: Path) -> None:
    kwok.say("begun", "listening on :8080")
    async with cluster_source(web.kubeconfig()) as source:
        wanted = source.outputs(WEB)
        assert names(wanted) == ["default/web"]
        assert wanted[0].where == "pod default/web, container app, context test"
        async with log_source(wanted, tmp_path) as logs:
            await logs.until(lambda _: "listening on :8080" in logs.texts)
            kwok.say("ERROR out of \x1b[31mluck")
            await logs.until(lambda _: "ERROR out of luck" in logs.texts)
            assert logs.texts.count("begun") == 1
            (origin,) = [one for one in (logs.last.origins if logs.last else ()) if one.name == "default/web"]
            assert origin.errors == 1
            logs.source.follow(source.outputs(WEB))  # asked for again, it goes on as it is
            kwok.say("one more")
            await logs.until(lambda _: "one more" in logs.texts)
            assert logs.texts.count("listening on :8080") == 1


async def test_each_container_has_a_name_of_its_own(web: Cluster) -> None:
    async with cluster_source(web.kubeconfig()) as source:
        pair = WEB._replace(name="pair")
        assert names(source.outputs(pair)) == ["default/pair/app", "default/pair/proxy"]
        assert names(source.outputs(pair, "proxy", previous=True)) == ["default/pair/proxy/before"]
        assert source.outputs(pair, "nobody") == []
        assert source.outputs(WEB._replace(name="gone")) == []
        assert source.outputs(WEB._replace(cluster="other")) == []


async def test_over_a_restart_of_the_server_nothing_is_lost_or_doubled(
    web: Cluster, kwok: Kwok, tmp_path: Path
) -> None:
    async with (
        cluster_source(web.kubeconfig()) as source,
        log_source(source.outputs(WEB), tmp_path) as logs,
    ):
        kwok.say("before")
        await logs.until(lambda _: "before" in logs.texts)
        web.kill()
        kwok.say("meanwhile")
        await logs.until(lambda last: any("cannot be reached" in one.problem for one in last.origins))
        web.restart()
        await logs.until(lambda _: "meanwhile" in logs.texts, 60.0)
        kwok.say("after")
        await logs.until(lambda last: "after" in logs.texts and not any(o.problem for o in last.origins))
        said = ["before", "meanwhile", "after"]
        assert [text for text in logs.texts if text in said] == said


def _api(status: int, message: str) -> ApiError:
    return ApiError(status, "", message)


@pytest.mark.parametrize(
    ("error", "waits", "problem", "fix"),
    [
        (_api(400, 'container "app" in pod "web" is waiting to start: trying and failing to pull image'),
         "ImagePullBackOff", "it is waiting: ImagePullBackOff", "pull secret"),
        (_api(400, 'container "app" in pod "web" is waiting to start: CreateContainerConfigError'),
         "", "it is waiting: CreateContainerConfigError", "config map"),
        (_api(400, 'previous terminated container "app" in pod "web" not found'),
         "", "no previous container: app has not run before", "l shows"),
        (_api(403, "no"), "", "may not get pods/log", "kubectl auth can-i get pods/log"),
        (_api(404, 'pods "web" not found'), "", "the pod is gone", "look at"),
        (_api(500, "disk I/O error"), "", "no output: disk I/O error", "events of its pod"),
    ],
)  # fmt: skip
def test_why_there_is_none_is_said_with_what_to_do(
    error: ApiError, waits: str, problem: str, fix: str
) -> None:
    told = pod_logs._told(error, "app", waits)
    assert problem in told[0]
    assert fix in told[1]


async def test_pods_by_label_join_and_leave(
    web: Cluster, kwok: Kwok, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "LEAVING", 0.0)
    path = "/api/v1/namespaces/default/pods"
    web.calls.create(*(pod(name, node="n1", labels={"app": name}) for name in ("cart", "till")))
    async with cluster_source(web.kubeconfig()) as source, log_source([], tmp_path) as logs:
        logs.source.select(source.selection("app in (cart,shelf),!canary", "default"))

        async def writers(*expected: str) -> set[str]:
            """Who has written a line, once those expected have, and then one more."""

            async def until(condition: Callable[[], bool]) -> None:
                while not condition():
                    await source.poll(Focus.FULL)
                    await logs.poll()
                    await asyncio.sleep(0.05)

            def wrote(line: str) -> set[str]:
                return {one.source.partition("/")[2] for one in logs.lines if one.text == line}

            def followed() -> set[str]:
                origins = logs.last.origins if logs.last is not None else ()
                return {one.name.partition("/")[2] for one in origins if not one.problem}

            async with asyncio.timeout(2 * PATIENCE):  # a pod is made, started, followed, and heard
                await until(lambda: followed() >= set(expected))
                for line in (first := f"first {expected}"), f"second {expected}":
                    kwok.say(line)
                    await until(lambda line=line: wrote(line) >= set(expected))  # type: ignore[misc]  # a bound value in a lambda
            return wrote(first)

        assert await writers("cart") == {"cart"}
        web.calls.create(pod("cart-2", node="n1", labels={"app": "cart"}))
        assert await writers("cart", "cart-2") == {"cart", "cart-2"}
        web.calls.delete(f"{path}/cart")
        web.calls.patch(f"{path}/till", {"metadata": {"labels": {"app": "shelf"}}})
        assert await writers("cart-2", "till") == {"cart-2", "till"}
        with pytest.raises(UsageError, match="no label's value"):
            source.selection("app=-")


async def test_pods_of_a_workload_are_meant_as_they_come_and_go(web: Cluster) -> None:
    own: list[Object] = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "shelf-1", "uid": "2", "controller": True}
    ]
    above = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "shelf", "uid": "1", "controller": True}]
    template = {
        "metadata": {"labels": {"app": "shelf"}},
        "spec": {"containers": [{"name": "a", "image": "a"}]},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "shelf"}}, "template": template}
    place = "/api/v1/namespaces/default/pods"
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shelf", "namespace": "default"},
    }
    controller = {"name": "shelf-1", "namespace": "default", "ownerReferences": above}

    def owned(name: str) -> Object:
        made = pod(name, node="n1", labels={"app": "shelf"})
        made["metadata"]["ownerReferences"] = own
        return made

    web.calls.create(
        {**deployment, "spec": spec},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": controller, "spec": spec},
        owned("shelf-1-a"),
        pod("shelf-1-b", node="n1", labels={"app": "shelf"}),  # by its labels only
    )
    async with cluster_source(web.kubeconfig()) as source:
        meant = source.belonging(Key("test", "Deployment", "default", "shelf"))
        assert meant.text == "deployment/shelf default"

        async def until(condition: Callable[[], bool]) -> None:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await source.poll(Focus.FULL)
                    await asyncio.sleep(0.05)

        def subjects() -> list[str]:
            return [str(key) for key in meant.subjects()]

        await until(lambda: subjects() == ["default/shelf-1-a"])
        web.calls.delete(f"{place}/shelf-1-a")
        web.calls.create(owned("shelf-1-c"))
        await until(lambda: subjects() == ["default/shelf-1-c"])
        none = source.belonging(Key("gone", "Deployment", "default", "shelf"))
        assert not none.subjects()


async def test_why_there_is_none(web: Cluster, tmp_path: Path) -> None:
    path = web.allow(web.limited, verbs="get,list,watch", resources="pods")
    try:
        async with (
            cluster_source(web.kubeconfig(web.limited)) as source,
            log_source(source.outputs(WEB), tmp_path) as logs,
        ):
            await logs.until(
                lambda last: any(
                    one.problem == "may not get pods/log" and "can-i" in one.fix for one in last.origins
                )
            )
    finally:
        web.calls.delete(path)
