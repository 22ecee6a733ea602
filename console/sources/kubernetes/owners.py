"""Whose the objects of a cluster are: pods of workloads, replica sets of deployments, jobs of cron jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Key, Pod, Ref, Workload

HASH = "pod-template-hash"
"""The label by which a deployment tells the pods of its replica sets apart; their names end with it."""


class Owners:
    """What controls what, by the owner references of a cluster's workloads.

    Nothing is looked through before somebody asks; then each answer takes a part of a microsecond.
    """

    __slots__ = ("_direct", "_tops", "workloads")

    def __init__(self, workloads: tuple[Workload, ...]) -> None:
        self.workloads = workloads
        self._direct: dict[tuple[str, str, str], Ref | None] | None = None
        """What controls each workload, by its kind, namespace and name."""
        self._tops: dict[tuple[str, Ref], Ref] = {}
        """What was found, by namespace and what controls a pod: its siblings are asked for next."""

    def top(self, pod: Pod) -> Ref | None:
        """The uppermost workload that is known of those that control a pod: of a replica set its deployment,
        of a job its cron job. None where nothing controls it.
        """
        owner = pod.owner
        if owner is None:
            return None
        place = (pod.namespace, owner)
        found = self._tops.get(place)
        if found is not None:
            return found
        known, direct = self._known(), (owner.kind, pod.namespace, owner.name)
        if direct not in known:
            return _guessed(pod, owner)
        above = known[direct]
        found = self._tops[place] = above if above and self.knows(above, pod.namespace) else owner
        return found

    def has(self, workload: Key, pod: Pod) -> bool:
        """Whether a pod is one of a workload's."""
        if pod.owner is None or pod.namespace != workload.namespace:
            return False
        return (workload.kind, workload.name) in (pod.owner, self.top(pod))

    def above(self, one: Workload) -> Ref | None:
        """The workload that controls this one; None where nothing does, or something that is not read."""
        owner = one.owner
        return owner if owner is not None and self.knows(owner, one.namespace) else None

    def knows(self, ref: Ref, namespace: str) -> bool:
        """Whether a workload is among those that are known."""
        return (ref.kind, namespace, ref.name) in self._known()

    def _known(self) -> dict[tuple[str, str, str], Ref | None]:
        if self._direct is None:
            self._direct = {(one.kind, one.namespace, one.name): one.owner for one in self.workloads}
        return self._direct


def _guessed(pod: Pod, owner: Ref) -> Ref:
    """The same by its name: replica sets come later than pods, or may not be listed."""
    if owner.kind == "ReplicaSet":
        stem, _, tail = owner.name.rpartition("-")
        if stem and (HASH, tail) in pod.labels:
            return owner._replace(kind="Deployment", name=stem)
    return owner
