"""Commands of kubectl in items and steps, answered by what is known of clusters, given as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.collector import Collector
from console.config import Config, Limits
from console.findings import Finding, Severity
from console.guides.model import Guide, Kind, Procedure, Risk
from console.metrics import Sample, labels
from console.runs import kubectl
from console.runs.evidence import answer, topics_of
from console.runs.measures import Part, Scale
from console.runs.run import Run, Status
from console.runs.watch import HOLD, Verdict, Watch
from console.sources.base import Focus
from console.sources.kubernetes.model import (
    Cluster,
    Context,
    Denied,
    Fault,
    KubernetesSnapshot,
    Node,
    Pod,
    Service,
    Workload,
)
from tests.console.runs.kit import manual, running, step
from tests.console.sources.asking import StepClock

SCALE = Scale(Limits())
READ = ("pods", "nodes", "deployments", "services", "endpointslices", "jobs")


def pod(name: str, namespace: str = "shop", **more: Any) -> Pod:
    given = {"status": "Running", "phase": "Running", "ready": 1, "total": 1, **more}
    return Pod(cluster="live", namespace=namespace, name=name, **given)


def deployment(name: str, state: str = "available", **more: Any) -> Workload:
    return Workload(cluster="live", kind="Deployment", namespace="shop", name=name, state=state, **more)


def node(name: str, status: str = "Ready") -> Node:
    return Node(cluster="live", name=name, status=status)


def cluster(**more: Any) -> Cluster:
    given: dict[str, Any] = {
        "context": "live", "state": "live", "listed": READ,
        "pods": (
            pod("api-1", labels=labels(app="api", tier="web")), pod("api-2", labels=labels(app="api")),
            pod("db-0", labels=labels(app="db")), pod("dns", "kube-system"), pod("lone", "default"),
        ),
        "workloads": (deployment("api"), deployment("web")),
        "nodes": (node("n1"), node("n2")),
        **more,
    }  # fmt: skip
    return Cluster(**given)


def snapshot(*clusters: Cluster, namespace: str = "") -> KubernetesSnapshot:
    found = clusters or (cluster(),)
    contexts = tuple(
        Context(one.context, "c", "u", namespace, "config", watched=True, current=True) for one in found
    )
    return KubernetesSnapshot(clusters=found, contexts=contexts)


def said(command: str, seen: KubernetesSnapshot | None = None) -> Part:
    asked = kubectl.read(command)
    assert asked is not None, command
    parts = list(kubectl.measure(asked, seen or snapshot(), SCALE))
    assert len(parts) == 1
    return parts[0]


CRASH = Fault(Severity.CRITICAL, "CrashLoopBackOff (exit 1) of app", "look at its logs", "CrashLoopBackOff")


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("kubectl get pods -n shop", "3 pods, all running and ready"),
        ("kubectl -n shop get po -o wide", "3 pods, all running and ready"),
        ("kubectl --namespace=shop get pod", "3 pods, all running and ready"),
        ("kubectl get pods -nshop", "3 pods, all running and ready"),
        ("kubectl get pods", "1 pod, running and ready"),
        ("kubectl get pods -A", "5 pods, all running and ready"),
        ("kubectl get pods --all-namespaces -n shop", "5 pods, all running and ready"),
        ("kubectl get pods --context live -n kube-system", "1 pod, running and ready"),
        ("kubectl get pods -n shop -l app=api", "2 pods, all running and ready"),
        ("kubectl get pods -n shop -l 'app in (api, db),tier!=web'", "2 pods, all running and ready"),
        ("kubectl get pods -n shop -l 'app,!tier'", "2 pods, all running and ready"),
        ("kubectl get pods -n shop --selector app==db", "1 pod, running and ready"),
        ("kubectl get pods api-1 db-0 -n shop", "2 pods, all running and ready"),
        ("kubectl get pod/api-1 -n shop", "1 pod, running and ready"),
        ("kubectl get nodes", "2 nodes, all ready"),
        ("kubectl get node n1", "1 node, ready"),
        ("kubectl -n shop get deploy", "2 deployments, all available"),
        ("kubectl get deployments.apps web -n shop", "1 deployment, available"),
        ("kubectl rollout status deployment/api -n shop", "1 deployment, available"),
        ("kubectl rollout status deploy api --timeout=60s -n shop", "1 deployment, available"),
    ],
)
def test_what_a_command_lists_is_well(command: str, text: str) -> None:
    assert said(command) == Part(text, good=True)


def test_what_is_wrong_is_counted_with_what_it_is() -> None:
    bad = (pod("api-1", status="CrashLoopBackOff", ready=0), pod("api-2", status="CrashLoopBackOff", ready=0))
    seen = snapshot(cluster(pods=(*bad, pod("db-0")), faults={one.key: CRASH for one in bad}))
    part = said("kubectl get pods -n shop", seen)
    assert (part.text, part.good) == ("2 of 3 pods: CrashLoopBackOff", False)
    assert [one.subject for one in part.findings] == ["Pod shop/api-1", "Pod shop/api-2"]
    assert said("kubectl get pods db-0 -n shop", seen).good


def test_several_things_wrong_are_each_counted() -> None:
    pods = (pod("a", status="Error", phase="Failed"), pod("b", status="Pending", phase="Pending"), pod("c"))
    restarted = Fault(Severity.WARNING, "restarted 3 times", gist="restarted: OOMKilled")
    seen = snapshot(cluster(pods=pods, faults={pods[0].key: CRASH, pods[2].key: restarted}))
    text = said("kubectl get pods -n shop", seen).text
    assert text == "3 of 3 pods: 1 Error, 1 Pending, 1 restarted: OOMKilled"


def test_a_pod_that_is_still_starting_has_no_fault_and_is_no_green() -> None:
    seen = snapshot(cluster(pods=(pod("a", status="ContainerCreating", phase="Pending", ready=0), pod("b"))))
    part = said("kubectl get pods -n shop", seen)
    assert (part.text, part.good) == ("1 of 2 pods: ContainerCreating", False)


def test_pods_that_have_done_their_work_are_well() -> None:
    done = pod("job-1", status="Completed", phase="Succeeded", ready=0)
    seen = snapshot(cluster(pods=(pod("a"), pod("b"), done)))
    assert said("kubectl get pods -n shop", seen) == Part(
        "3 pods: 2 running and ready, 1 completed", good=True
    )


def test_a_rollout_that_goes_on_is_not_over() -> None:
    why = "1 of 3 pods are of the newest template"
    seen = snapshot(cluster(workloads=(deployment("api", "progressing", why=why), deployment("web"))))
    part = said("kubectl rollout status deployment/api -n shop", seen)
    assert (part.text, part.good) == (f"1 of 1 deployment: api: {why}", False)
    assert said("kubectl get deploy -n shop", seen).text == "2 deployments: 1 progressing, 1 available"


def test_a_node_that_is_down_is_named() -> None:
    nodes = (node("n1"), node("n2", "NotReady"))
    fault = Fault(Severity.CRITICAL, "NotReady for 5m")
    part = said("kubectl get nodes", snapshot(cluster(nodes=nodes, faults={nodes[1].key: fault})))
    assert (part.text, part.good) == ("1 of 2 nodes: n2: NotReady for 5m", False)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("kubectl get pods -n empty", "no pod in empty"),
        ("kubectl get pods -A -l app=none", "no pod"),
        ("kubectl get pods api-1 gone -n shop", "no pod gone in shop"),
    ],
)
def test_nothing_that_matches_is_not_well(command: str, text: str) -> None:
    assert said(command) == Part(text, good=False)


def test_the_namespace_is_the_context_s() -> None:
    assert said("kubectl get pods", snapshot(namespace="shop")).text == "3 pods, all running and ready"


@pytest.mark.parametrize(
    ("command", "more", "text"),
    [
        ("kubectl get pods -n shop", {"listed": ("nodes",)}, "pods not read yet"),
        ("kubectl get svc -n shop", {"listed": ("services",)}, "endpointslices not read yet"),
        ("kubectl get pods -n other", {"namespaces": ("shop",)}, "namespace other is not watched"),
        ("kubectl get pods -A", {"namespaces": ("shop",)}, "only shop is watched"),
        ("kubectl get pods -n shop", {"state": "stale", "trouble": "no answer"}, "no answer"),
        ("kubectl get nodes", {"denied": (Denied("list", "nodes"),)}, "may not list nodes in all namespaces"),
        (
            "kubectl get pods -n shop",
            {"denied": (Denied("list", "pods"),)},
            "may not list pods in all namespaces",
        ),
        (
            "kubectl get pods -n shop",
            {"denied": (Denied("list", "pods", "shop"),)},
            "may not list pods in namespace shop",
        ),
        ("kubectl get pods --context test", {}, "context test is not watched"),
    ],
)  # fmt: skip
def test_what_was_not_read_is_not_known(command: str, more: dict[str, Any], text: str) -> None:
    assert said(command, snapshot(cluster(**more))) == Part(text, good=False, known=False)


def test_where_only_the_context_s_namespace_may_be_listed_it_is_known() -> None:
    narrow = cluster(namespaces=("shop",), denied=(Denied("list", "pods"),))
    assert said("kubectl get pods", snapshot(narrow, namespace="shop")).good


def test_of_several_contexts_one_must_be_named() -> None:
    seen = snapshot(cluster(), cluster(context="test", pods=(pod("x", "default", status="Pending"),)))
    part = said("kubectl get pods", seen)
    assert (part.good, part.known) == (False, False)
    assert "2 contexts are watched" in part.text
    assert said("kubectl --context=live get pods", seen).good
    assert said("kubectl get pods --context test", seen).text == "1 of 1 pod: Pending"


def test_services_are_well_without_a_fault() -> None:
    one = Service(cluster="live", namespace="shop", name="api")
    assert said("kubectl get svc -n shop", snapshot(cluster(services=(one,)))) == Part(
        "1 service, well", good=True
    )


@pytest.mark.parametrize(
    "command",
    [
        "kubectl delete pod api-1 -n shop",
        "kubectl apply -f x.yaml",
        "kubectl exec -n shop api-1 -- ls",
        "kubectl logs -n shop api-1",
        "kubectl describe pod api-1",
        "kubectl get pods -o json",
        "kubectl get pods -o custom-columns=N:.metadata.name",
        "kubectl get pods -n shop | grep -v Running",
        "kubectl get pods && kubectl get nodes",
        "kubectl get pods\nkubectl get nodes",
        "kubectl get pods -n $NAMESPACE",
        "kubectl get pods -n <namespace>",
        "kubectl get pods -n",
        "kubectl get pods --kubeconfig other",
        "kubectl get pods --field-selector status.phase=Failed",
        "kubectl get pods api-1 -A",
        "kubectl get pods api-1 -l app=api",
        "kubectl get svc -l app=api",
        "kubectl get pods -l 'app='(",
        "kubectl get pods 'unclosed",
        "kubectl get secrets",
        "kubectl get",
        "kubectl rollout restart deployment/api",
        "kubectl rollout status job/x",
        "kubectl",
        "KUBECONFIG=other kubectl get pods",
        "ssh n1 kubectl get pods",
        "Run kubectl get pods and look",
    ],
)
def test_other_commands_are_no_question_for_the_pane(command: str) -> None:
    assert kubectl.read(command) is None
    assert topics_of(command) == ()


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("All services are running: kubectl get pods -n shop", ["kubernetes"]),
        ("Run kubectl get pods -A.", ["kubernetes"]),
        ("The nodes are ready (kubectl get nodes)", ["kubernetes"]),
        ("Check disk space and kubectl get nodes", ["kubernetes", "system"]),
        ("kubectl logs: no errors in the logs", []),
        ("kubectl get pods -n shop -l app=" + "x" * 400 + " | cat", []),
    ],
)
def test_items_name_commands_among_their_words(title: str, kinds: list[str]) -> None:
    assert [one.kind for one in topics_of(title)] == kinds


class Pane:
    """A source that says what it is told to."""

    name = kind = "kubernetes"
    target = "a cluster"
    deadline = 1.0

    def __init__(self, said: KubernetesSnapshot) -> None:
        self.cadence: Mapping[Focus, float] = dict.fromkeys(Focus, 1.0)
        self.said = said

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[Pane]:
        return ()

    async def poll(self, focus: Focus) -> KubernetesSnapshot:
        return self.said

    def samples(self, snapshot: KubernetesSnapshot) -> Sequence[Sample]:
        return ()

    def judge(self, snapshot: KubernetesSnapshot) -> Sequence[Finding]:
        return ()

    async def close(self) -> None:
        pass


async def held(watch: Watch, run: Run, collector: Collector, clock: StepClock) -> list[Verdict]:
    """What follows when the answers have held."""
    await collector.once()
    watch.look(run, collector)
    clock.passed += HOLD + 0.1
    await collector.once()
    return watch.look(run, collector)


async def test_items_and_steps_are_ticked_and_lose_the_tick(tmp_path: Path) -> None:
    clock, pane = StepClock(), Pane(snapshot())
    collector, watch = Collector([pane], clock=clock), Watch(Config())
    steps = (
        manual("Run kubectl get pods -n shop"),
        step("kubectl get nodes"),
        step("kubectl delete pod api-1", Risk.READ),
        step("sudo kubectl get nodes"),
    )
    procedure = Procedure(id="p", title="Morning", kind=Kind.CHECKLIST, line=1, end_line=9, steps=steps)
    guide = Guide(path="g.md", name="g", title="G", digest="0" * 64, procedures=(procedure,))
    try:
        async with running(tmp_path) as runner:
            run = await runner.start(guide, procedure, {})
            verdicts = await held(watch, run, collector, clock)
            assert [(one.index, one.tick, one.evidence.text) for one in verdicts] == [
                (0, True, "3 pods, all running and ready"),
                (1, True, "2 nodes, all ready"),
            ]
            for one in verdicts:
                await runner.tick(
                    run, one.index, one.evidence.text, evidence=one.evidence.kept(), automatic=True
                )
            assert run.states[1].status is Status.TICKED
            pane.said = snapshot(replace(cluster(), nodes=()))
            verdicts = await held(watch, run, collector, clock)
            assert [(one.index, one.tick, one.evidence.text) for one in verdicts] == [(1, False, "no node")]
    finally:
        await collector.stop()


async def test_what_is_not_known_has_no_age() -> None:
    pane = Pane(snapshot(cluster(listed=())))
    collector = Collector([pane])
    try:
        await collector.once()
        now = collector.clock.monotonic()
        found = answer("kubectl get nodes", collector.feeds, collector.history, Config(), now)
    finally:
        await collector.stop()
    assert found is not None
    assert (found.text, found.good, found.time) == ("nodes not read yet", False, None)
    assert found.age == float("inf")
