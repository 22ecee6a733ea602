"""Pods that are meant by their labels or for what controls them, those to come too, and their lines."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

from console.logs.streams import Wanted
from console.sources.kubernetes.model import Key, Pod
from console.sources.kubernetes.selectors import Selector

if TYPE_CHECKING:
    from console.metrics import Labels
    from console.sources.kubernetes.watch import ClusterWatch


Watches: TypeAlias = "Callable[[], Mapping[str, ClusterWatch]]"
"""Gives the clusters that are watched now, by context."""


class _Pods:
    """Pods of the clusters that are watched, and their lines."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches

    def outputs(self, subject: Hashable) -> Sequence[Wanted]:
        """The lines of the containers of a pod that have begun."""
        key = cast("Key", subject)
        watch = self._watches().get(key.cluster)
        return watch.outputs(key.namespace, key.name, begun=True) if watch is not None else []


class OwnPods(_Pods):
    """The pods of one workload."""

    def __init__(self, workload: Key, watches: Watches) -> None:
        super().__init__(watches)
        self.workload = workload
        place = f"@{workload.cluster}" if len(watches()) > 1 else ""
        self.text = " ".join(
            filter(None, (f"{workload.kind.lower()}/{workload.name}", workload.namespace, place))
        )
        """What it is, as kubectl writes it, and where."""

    def subjects(self) -> Sequence[Hashable]:
        """The pods, those that run before those that do not, and the youngest first."""
        watch = self._watches().get(self.workload.cluster)
        if watch is None:
            return []
        owners = watch.owners
        return _in_order(pod for pod in watch.pods if owners.has(self.workload, pod))


class SelectedPods(_Pods):
    """A selector with the namespace and the context it holds for; empty: all of them."""

    def __init__(self, selector: Selector, namespace: str, context: str, watches: Watches) -> None:
        super().__init__(watches)
        self.selector = selector
        self.namespace = namespace
        self.context = context

    @property
    def text(self) -> str:
        """What stands for it on the command line."""
        return written(self.selector, self.namespace, self.context)

    def subjects(self) -> Sequence[Hashable]:
        """The pods, those that run before those that do not, and the youngest first."""
        found = []
        known: dict[Labels, bool] = {}
        for name, watch in self._watches().items():
            if self.context not in ("", name):
                continue
            for pod in watch.pods:
                if self.namespace not in ("", pod.namespace):
                    continue
                meant = known.get(pod.labels)  # most pods have the labels of others
                if meant is None:
                    meant = known[pod.labels] = self.selector.matches(dict(pod.labels))
                if meant:
                    found.append(pod)
        return _in_order(found)


def _in_order(pods: Iterable[Pod]) -> list[Key]:
    """Those that run before those that do not, and the youngest first."""
    return [key for _, _, key in sorted((pod.phase != "Running", -pod.created, pod.key) for pod in pods)]


def written(selector: Selector, namespace: str, context: str) -> str:
    """A selector with its namespace and context as one types them."""
    return " ".join(part for part in (str(selector), namespace, f"@{context}" if context else "") if part)
