"""What judging one object needs of the others of its cluster."""

from __future__ import annotations

from functools import cached_property

from console.config import Limits
from console.findings import Severity
from console.sources.kubernetes.model import Cluster, Event, Key, Pod, Workload
from console.text import clip

STARTING = 120.0
"""Seconds in which whatever is new may not be ready yet."""
WAITED = 600.0
"""Seconds after which what should have come right by itself has not."""
EVENT_WINDOW = 3600.0
"""Seconds an event explains something; the API keeps them an hour."""


TOLD_CELLS = 90
"""Cells of what the cluster says in a fault; all of it stands in the details."""


def told_by(message: str) -> str:
    """What the cluster says, as part of a sentence."""
    return clip(message.rstrip(". "), TOLD_CELLS)


def patience(seconds: float) -> Severity:
    """How wrong it is that something is not ready for so long."""
    if seconds < STARTING:
        return Severity.OK
    return Severity.WARNING if seconds < WAITED else Severity.CRITICAL


class Around:
    """One cluster while it is judged; what is looked up is built when first asked for.

    Most of the time nothing is wrong, and nothing is built.
    """

    def __init__(self, cluster: Cluster, limits: Limits) -> None:
        self.cluster = cluster
        self.now = cluster.time
        self.limits = limits

    @cached_property
    def workloads(self) -> dict[Key, Workload]:
        """By what each is known by."""
        return {one.key: one for one in self.cluster.workloads}

    @cached_property
    def nodes_down(self) -> frozenset[str]:
        """Names of nodes that are not ready."""
        return frozenset(one.name for one in self.cluster.nodes if not one.status.startswith("Ready"))

    @cached_property
    def _events(self) -> dict[Key, list[Event]]:
        found: dict[Key, list[Event]] = {}
        for event in reversed(self.cluster.events):
            found.setdefault(event.key, []).append(event)
        return found

    def said(self, key: Key, *reasons: str) -> Event | None:
        """The newest event about an object that has one of these reasons and is not too old."""
        for event in self._events.get(key, ()):
            if event.reason in reasons and event.last > self.now - EVENT_WINDOW:
                return event
        return None

    def hears_of(self, namespace: str) -> bool:
        """Whether the events of a namespace are known, so that one that is not there was never said."""
        cluster = self.cluster
        # where all namespaces may not be listed, those that are watched are read one by one
        everywhere = "" if namespace not in cluster.namespaces else namespace
        forbidden = {no.namespace for no in cluster.denied if no.resource == "events"}
        return "events" in cluster.listed and not forbidden & {everywhere, namespace}

    def top_owner(self, pod: Pod) -> Key | None:
        """The workload that a pod is of: of a replica set its deployment, of a job its cron job."""
        owner = self.cluster.owners.top(pod)
        return Key(pod.cluster, owner.kind, pod.namespace, owner.name) if owner is not None else None
