"""`:pods payments @eu-1` and its like: a view of the clusters, a namespace, a context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from console.errors import OpsError
from console.nearest import did_you_mean
from console.text import clean

if TYPE_CHECKING:
    from screens.app import OpsConsole

WORDS: Mapping[str, tuple[str, str]] = {
    "pods": ("pods", ""),
    "pod": ("pods", ""),
    "po": ("pods", ""),
    "workloads": ("workloads", ""),
    "deployments": ("workloads", "Deployment"),
    "deploy": ("workloads", "Deployment"),
    "statefulsets": ("workloads", "StatefulSet"),
    "sts": ("workloads", "StatefulSet"),
    "daemonsets": ("workloads", "DaemonSet"),
    "ds": ("workloads", "DaemonSet"),
    "replicasets": ("workloads", "ReplicaSet"),
    "rs": ("workloads", "ReplicaSet"),
    "jobs": ("workloads", "Job"),
    "cronjobs": ("workloads", "CronJob"),
    "cj": ("workloads", "CronJob"),
    "nodes": ("nodes", ""),
    "no": ("nodes", ""),
    "events": ("events", ""),
    "ev": ("events", ""),
    "services": ("services", "Service"),
    "svc": ("services", "Service"),
    "ingresses": ("services", "Ingress"),
    "ing": ("services", "Ingress"),
    "volumes": ("volumes", ""),
    "pvc": ("volumes", "pvc"),
    "pv": ("volumes", "pv"),
    "autoscalers": ("autoscalers", ""),
    "hpa": ("autoscalers", ""),
    "contexts": ("contexts", ""),
    "ctx": ("contexts", ""),
}
"""The view, and the kind in it, of each word."""
OFFERED = (
    "pods",
    "workloads",
    "deployments",
    "nodes",
    "events",
    "services",
    "volumes",
    "autoscalers",
    "contexts",
)
"""Those the prompt completes to."""
TAKES = f"[NAMESPACE] [@CONTEXT], a view of the clusters; also {', '.join(OFFERED[1:])}"
"""What belongs to them, in words."""
FREE = ("nodes", "contexts")
"""Views of what is in no namespace."""
LISTED = 8
"""Names an error lists."""


def choices(app: OpsConsole) -> list[str]:
    """What the prompt completes to: the views, and the pods of each namespace and context."""
    if "kubernetes" not in app.kinds:
        return []
    context, *_ = app.scene.context("kubernetes")
    found = [*OFFERED]
    if context is not None and context.feed.known is not None:
        found += [f"pods {name}" for name in namespaces(context.snapshot)]
        found += [f"pods @{each.name}" for each in context.feed.known.contexts]
    return found


def show(app: OpsConsole, word: str, rest: str) -> None:
    """The view a word stands for, filtered to a namespace and to a context, which is then watched."""
    view, kind = WORDS[word]
    there, *_ = app.scene.context("kubernetes")
    if there is None or there.feed.known is None:
        app.zoom("kubernetes", view=view)  # it says why there is nothing yet
        return
    known = there.feed.known
    place = read_place(app, word, rest, known, there.snapshot, free=view if view in FREE else "")
    if place is None:
        return
    namespace, context = place
    if context and not use(app, known, context):
        return
    from widgets.panes.kubernetes.rows import exactly, short_names

    before = [each.context for each in known.clusters]
    after = [*before, context] if context and context not in before else before
    tag = dict(zip(after, short_names(after), strict=True)).get(context, "") if len(after) > 1 else ""
    name = {"name": context} if view == "contexts" else {"context": tag}
    app.zoom("kubernetes", exactly(**name, kind=kind, ns=namespace), view)


def read_place(
    app: OpsConsole, word: str, rest: str, known: Any, snapshot: Any, free: str = ""
) -> tuple[str, str] | None:
    """Namespace and context of a command; None where they cannot be meant, which is told.

    `known` are the contexts, which are known before there is a `snapshot`. `free` is the name of what is in
    no namespace.
    """
    namespace, context, wrong = _read(rest)
    if wrong:
        app.tell(
            f":{word} takes [NAMESPACE] [@CONTEXT], and {clean(wrong, 40)!r} is one word too many", "error"
        )
        return None
    if namespace and free:
        app.tell(f"{free} are in no namespace: :{word} takes [@CONTEXT]", "error")
        return None
    if (
        namespace
        and snapshot is not None
        and namespace not in (seen := namespaces(snapshot))
        and not (context and not watched(known, context))
    ):
        app.tell(f"nothing is seen in a namespace {clean(namespace, 63)!r}{_meant(namespace, seen)}", "error")
        return None
    return namespace, context


def _read(rest: str) -> tuple[str, str, str]:
    """Namespace, context, and the word that is one too many."""
    names = [word for word in rest.split() if not word.startswith("@")]
    contexts = [word[1:] for word in rest.split() if word.startswith("@")]
    wrong = [*names[1:], *(f"@{each}" for each in contexts[1:])]
    return next(iter(names), ""), next(iter(contexts), ""), next(iter(wrong), "")


def use(app: OpsConsole, there: Any, context: str) -> bool:
    """Watch a context beside the others, where it is not watched yet; whether it can be."""
    known = [each.name for each in there.contexts]
    before = [each.context for each in there.clusters]
    if context in before:
        return True
    if context not in known:
        app.tell(f"there is no context {clean(context, 80)!r}{_meant(context, known)}", "error")
        return False
    if app.paused:
        app.tell(f"{context} was not watched then: p goes on", "error")
        return False
    from widgets.panes.kubernetes.contexts import use_contexts

    found, *_ = app.scene.context("kubernetes")
    if found is None:
        return False
    try:
        use_contexts(found, [*before, context])
    except OpsError as error:
        app.tell(str(error), "error")
        return False
    app.tell(f"watching {context} too")
    app.action_refresh_now()
    return True


def watched(known: Any, context: str) -> bool:
    """Whether a context is among those that are watched."""
    return any(each.context == context for each in known.clusters)


def _meant(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = did_you_mean(word, names)
    if near or not names:
        return near
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f": there are {', '.join(names[:LISTED])}{more}"


def namespaces(snapshot: Any) -> list[str]:
    """The namespaces anything is known in."""
    found: set[str] = set()
    for cluster in snapshot.clusters if snapshot is not None else ():
        found.update(cluster.namespaces)
        for objects in (cluster.pods, cluster.workloads, cluster.services):
            found.update({each.namespace for each in objects})
    return sorted(found)
