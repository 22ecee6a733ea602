"""What the Kubernetes pane says to a command of kubectl that only looks: whether all it would list is well.

Only what is understood to its last word counts: another verb, a pipe, an unknown flag or a blank that is
still to be filled in makes it no question for the pane.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from console.findings import Finding
from console.runs.measures import Part, Scale
from console.units import counted

if TYPE_CHECKING:
    from console.sources.kubernetes.model import (
        Autoscaler,
        Cluster,
        Fault,
        KubernetesSnapshot,
        Node,
        Pod,
        Service,
        Volume,
        Workload,
    )

    Object: TypeAlias = Pod | Workload | Node | Service | Volume | Autoscaler

NAMED = re.compile(r"(?<![\w/-])kubectl(?![\w/-])")
"""Where a text speaks of kubectl."""


@dataclass(frozen=True, slots=True)
class _Resource:
    """What kubectl calls a kind of objects, and the field of a cluster that holds them."""

    kind: str
    noun: str
    field: str
    words: tuple[str, ...]
    needs: tuple[str, ...] = ()
    """Other resources without which nobody can say that these are well."""
    namespaced: bool = True
    labelled: bool = True

    @property
    def name(self) -> str:
        """As the API calls it."""
        return self.words[0]


_RESOURCES = (
    _Resource("Pod", "pod", "pods", ("pods", "pod", "po")),
    _Resource("Node", "node", "nodes", ("nodes", "node", "no"), namespaced=False),
    _Resource("Deployment", "deployment", "workloads", ("deployments", "deployment", "deploy")),
    _Resource("ReplicaSet", "replica set", "workloads", ("replicasets", "replicaset", "rs")),
    _Resource("StatefulSet", "stateful set", "workloads", ("statefulsets", "statefulset", "sts")),
    _Resource("DaemonSet", "daemon set", "workloads", ("daemonsets", "daemonset", "ds")),
    _Resource("Job", "job", "workloads", ("jobs", "job")),
    _Resource("CronJob", "cron job", "workloads", ("cronjobs", "cronjob", "cj")),
    _Resource("Service", "service", "services", ("services", "service", "svc"), ("endpointslices",),
              labelled=False),
    _Resource("PersistentVolumeClaim", "claim", "volumes",
              ("persistentvolumeclaims", "persistentvolumeclaim", "pvc"), ("events",), labelled=False),
    _Resource("PersistentVolume", "volume", "volumes", ("persistentvolumes", "persistentvolume", "pv"),
              namespaced=False, labelled=False),
    _Resource("HorizontalPodAutoscaler", "autoscaler", "autoscalers",
              ("horizontalpodautoscalers", "horizontalpodautoscaler", "hpa"), labelled=False),
)  # fmt: skip
_BY_WORD = {word: one for one in _RESOURCES for word in one.words}
_ROLLED = ("Deployment", "StatefulSet", "DaemonSet")
_ROLLED_OUT = ("available", "scaled to 0")

_FLAGS = {
    "-n": "namespace", "--namespace": "namespace", "-l": "selector", "--selector": "selector",
    "--context": "context", "-o": "output", "--output": "output", "--timeout": "", "--sort-by": "",
}  # fmt: skip
"""Flags that take a value; those that say nothing of which objects are meant are read over."""
_SWITCHES = ("-w", "--watch", "--watch=true", "--watch=false", "--show-labels", "--no-headers")
_SHELL = re.compile(r"[=$|;&\n]|\b(?:sudo|ssh|exec)\b")
"""Before a command: that it is another user's, host's or configuration's kubectl."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_CONTEXT = re.compile(r"[\w.:/@-]+")
_SET = re.compile(r"(\S+)\s+(in|notin)\s*\(([^()]*)\)")
_PAIR = re.compile(r"(!?)([\w./-]+)(?:\s*(==?|!=)\s*([\w.-]*))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Need:
    """One demand of a selector on a label: that it has one of the values, or (`not_`) that it has none."""

    label: str
    values: tuple[str, ...] | None
    """None: any value."""
    not_: bool = False

    def met(self, labels: dict[str, str]) -> bool:
        """Whether these labels are as it wants them."""
        found = labels.get(self.label)
        has = found is not None and (self.values is None or found in self.values)
        return has is not self.not_


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command asks for."""

    wanted: tuple[tuple[_Resource, str], ...]
    """Resources, each with a name or, for all of them, none."""
    context: str = ""
    namespace: str = ""
    everywhere: bool = False
    needs: tuple[_Need, ...] = ()
    rollout: bool = False
    """Asks whether rollouts are over."""


@lru_cache(maxsize=256)
def read(text: str) -> Asked | None:
    """The command at the end of a text; None where it is none that only looks, or not understood whole."""
    match = NAMED.search(text)
    if match is None:
        return None
    before, command = text[: match.start()].strip(), text[match.end() :].strip()
    if before:
        # prose ends as prose does
        command = command.rstrip(".:;,")
        command = command.removesuffix(")") if before.endswith("(") else command
    if "\n" in command or _SHELL.search(before):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    found = _flags(words)
    if found is None:
        return None
    flags, args = found
    if before and any("/" not in one for one in args[2:]):
        return None  # `run kubectl get pods and see`: names, or more prose
    return _asked(flags, args)


def _flags(words: Sequence[str]) -> tuple[dict[str, str], list[str]] | None:
    """Flags by what they are, and what is left; None when one is not known here."""
    flags: dict[str, str] = {}
    args: list[str] = []
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=")
        if word in ("-A", "--all-namespaces", "--all-namespaces=true"):
            flags["everywhere"] = "yes"
        elif word in _SWITCHES:
            continue
        elif name in _FLAGS:
            flags[_FLAGS[name]] = value if equals else next(left, "")
        elif word[:2] in ("-n", "-l", "-o") and len(word) > 2:
            flags[_FLAGS[word[:2]]] = word[2:]
        elif word.startswith("-"):
            return None
        else:
            args.append(word)
    return flags, args


def _asked(flags: dict[str, str], args: Sequence[str]) -> Asked | None:
    rollout = list(args[:2]) == ["rollout", "status"]
    if not rollout and args[:1] != ["get"]:
        return None
    wanted = _wanted(args[2:] if rollout else args[1:])
    needs = _needs(flags["selector"]) if "selector" in flags else ()
    namespace, context, everywhere = flags.get("namespace"), flags.get("context"), "everywhere" in flags
    if (
        not wanted
        or needs is None
        or (namespace is not None and not _NAME.fullmatch(namespace))
        or (context is not None and not _CONTEXT.fullmatch(context))
        or flags.get("output", "wide") != "wide"
        or (rollout and (everywhere or any(one.kind not in _ROLLED for one, _ in wanted)))
        or (needs and not all(one.labelled for one, _ in wanted))
        or (any(name for _, name in wanted) and (everywhere or needs))  # kubectl refuses these itself
    ):
        return None
    return Asked(wanted, context or "", namespace or "", everywhere, needs, rollout)


def _wanted(args: Sequence[str]) -> tuple[tuple[_Resource, str], ...]:
    """`pods,svc`, `pods a b`, `deploy/a svc/b`; nothing where one of the words is not known."""
    if not args:
        return ()
    pairs: list[tuple[str, str]] = []
    if "/" in args[0]:
        pairs = [(one.partition("/")[0], one.partition("/")[2] or "?") for one in args]
    else:
        pairs = [(one, name) for one in args[0].split(",") for name in args[1:] or ("",)]
    known: list[tuple[_Resource, str]] = []
    for word, name in pairs:
        plain = re.sub(r"\.(?:v1\.)?(?:apps|batch)$", "", word.lower())
        resource = _BY_WORD.get(plain)
        if resource is None or (name and not _NAME.fullmatch(name)):
            return ()
        known.append((resource, name))
    return tuple(dict.fromkeys(known))


def _needs(selector: str) -> tuple[_Need, ...] | None:
    needs: list[_Need] = []
    for one in re.split(r",(?![^()]*\))", selector):
        if match := _SET.fullmatch(one.strip()):
            values = tuple(value.strip() for value in match[3].split(","))
            needs.append(_Need(match[1], values, match[2] == "notin"))
        elif (match := _PAIR.fullmatch(one.strip())) and not (match[1] and match[3]):
            wanted = (match[4],) if match[3] else None
            needs.append(_Need(match[2], wanted, bool(match[1]) or match[3] == "!="))
        else:
            return None
    return tuple(needs)


def measure(asked: Asked, snapshot: KubernetesSnapshot, _scale: Scale) -> Iterator[Part]:
    """Whether all that the command lists is well, and that it lists something."""
    clusters = [one for one in snapshot.clusters if asked.context in ("", one.context)]
    if len(clusters) != 1:
        if asked.context or not clusters:
            why = f"context {asked.context} is not watched" if asked.context else "no context is watched"
        else:
            why = f"{len(clusters)} contexts are watched: --context says which is meant"
        yield Part(why, good=False, known=False)
        return
    cluster = clusters[0]
    own = next((one.namespace for one in snapshot.contexts if one.name == cluster.context), "") or "default"
    for resource in dict.fromkeys(one for one, _ in asked.wanted):
        namespace = asked.namespace or own
        if why := _unread(cluster, resource, "" if asked.everywhere else namespace, own):
            yield Part(why, good=False, known=False)
        else:
            names = [name for one, name in asked.wanted if one is resource and name]
            yield _judged(cluster, resource, namespace, names, asked)


def _unread(cluster: Cluster, resource: _Resource, namespace: str, own: str) -> str:
    """Why it is not known what there is (no namespace: in all of them); empty when it is."""
    if cluster.state != "live":
        return cluster.trouble or f"{cluster.context} is {cluster.state}"
    if resource.namespaced and cluster.namespaces and namespace not in cluster.namespaces:
        watched = ", ".join(cluster.namespaces)
        return f"namespace {namespace} is not watched" if namespace else f"only {watched} is watched"
    for name in (resource.name, *resource.needs):
        for no in cluster.denied:
            # where all namespaces may not be listed, the context's own is read instead
            narrowed = resource.namespaced and not no.namespace and namespace == own
            here = not resource.namespaced or not namespace or no.namespace in ("", namespace)
            if no.resource == name and no.verb == "list" and here and not narrowed:
                return str(no)
        if name not in cluster.listed:
            return f"{name} not read yet"
    return ""


def _judged(
    cluster: Cluster, resource: _Resource, namespace: str, names: Sequence[str], asked: Asked
) -> Part:
    where = f" in {namespace}" if resource.namespaced and not asked.everywhere else ""
    found: list[Object] = [
        one
        for one in getattr(cluster, resource.field)
        if one.key.kind == resource.kind
        and (not where or one.key.namespace == namespace)
        and (not names or one.name in names)
        and (not asked.needs or all(need.met(dict(one.labels)) for need in asked.needs))
    ]
    if missing := [name for name in names if name not in {one.name for one in found}]:
        return Part(f"no {resource.noun} {', '.join(missing[:3])}{where}", good=False)
    if not found:
        return Part(f"no {resource.noun}{where}", good=False)
    faults = cluster.faults
    wrong = {one.key: why for one in found if (why := _wrong(one, faults.get(one.key), asked.rollout))}
    total = counted(len(found), resource.noun)
    if not wrong:
        words = Counter(map(_word, found))
        if len(words) > 1:
            return Part(f"{total}: " + ", ".join(f"{n} {word}" for word, n in words.most_common()), good=True)
        return Part(f"{total}, {'all ' if len(found) > 1 else ''}{next(iter(words))}", good=True)
    reasons = Counter(wrong.values()).most_common()
    text = ", ".join(why if len(reasons) == 1 else f"{n} {why}" for why, n in reasons[:3])
    text += f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    findings = tuple(
        Finding(fault.severity, f"{resource.kind} {key}", fault.text, fault.hint)
        for key in wrong
        if (fault := faults.get(key)) is not None
    )
    return Part(f"{len(wrong)} of {total}: {text}", good=False, findings=findings[:3])


def _wrong(one: Object, fault: Fault | None, rollout: bool) -> str:
    """Why an object is not well, or not yet; empty when it is."""
    status = _status(one)
    if one.key.kind == "Pod":
        settled = getattr(one, "well", False) or getattr(one, "phase", "") in ("Failed", "Succeeded")
        if fault is None and settled and not getattr(one, "deleted", 0.0):
            return ""
        if status != "Running":
            return status
        return (fault.gist or fault.text) if fault is not None else "not ready"
    if fault is not None:
        return f"{one.name}: {fault.text}"
    if rollout and status not in _ROLLED_OUT:
        return f"{one.name}: {getattr(one, 'why', '') or status}"
    return ""


def _status(one: Object) -> str:
    return str(getattr(one, "state", "") or getattr(one, "status", ""))


_WORDS: dict[str, Callable[[str], str]] = {
    "Pod": lambda status: {"Running": "running and ready", "Completed": "completed"}.get(status, status),
    "Node": lambda status: "ready" if status == "Ready" else status,
}


def _word(one: Object) -> str:
    """In a word, an object that is well."""
    status = _status(one)
    return _WORDS.get(one.key.kind, str.lower)(status) or "well"
