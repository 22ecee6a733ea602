"""Pods that are meant by their labels, those to come too, and their lines."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from console.logs.streams import Wanted
from console.sources.kubernetes.model import Key
from console.sources.kubernetes.selectors import Selector

if TYPE_CHECKING:
    from console.metrics import Labels
    from console.sources.kubernetes.watch import ClusterWatch


class SelectedPods:
    """A selector with the namespace and the context it holds for; empty: all of them."""

    def __init__(
        self,
        selector: Selector,
        namespace: str,
        context: str,
        watches: Callable[[], Mapping[str, ClusterWatch]],
    ) -> None:
        """`watches` gives the clusters that are watched now, by context."""
        self.selector = selector
        self.namespace = namespace
        self.context = context
        self._watches = watches

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
                    found.append((pod.phase != "Running", -pod.created, pod.key))
        found.sort()
        return [key for _, _, key in found]

    def outputs(self, subject: Hashable) -> Sequence[Wanted]:
        """The lines of the containers of a pod that have begun."""
        key = cast("Key", subject)
        watch = self._watches().get(key.cluster)
        return watch.outputs(key.namespace, key.name, begun=True) if watch is not None else []


def written(selector: Selector, namespace: str, context: str) -> str:
    """A selector with its namespace and context as one types them."""
    return " ".join(part for part in (str(selector), namespace, f"@{context}" if context else "") if part)
