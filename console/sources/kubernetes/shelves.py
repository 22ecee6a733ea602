"""The objects of one cluster as watches bring them, and the ordered tuples that a snapshot shows.

A change costs the same however many objects there are; order is made when somebody looks and something
has changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from console.sources.kubernetes.events import fold_events
from console.sources.kubernetes.kinds import identity
from console.sources.kubernetes.model import Event, Pod, Usage
from console.sources.kubernetes.pods import carry_restarts

EVENTS = 2000
"""Events kept; the newest."""


class Shelf:
    """The objects one reflector keeps."""

    def __init__(self, changed: Callable[[Any, Any], None] | None = None) -> None:
        """`changed` is told of every object before and after, None where there is none."""
        self.changes = 0
        self._items: dict[Any, Any] = {}
        self._changed = changed
        self._order: list[Any] = []
        """All of them in order, where that is known."""
        self._places: dict[Any, int] | None = None
        """Where each stands in it, by its key; None where the order is not known."""

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Any) -> None:
        """An object is there, or has changed."""
        key = identity(item)
        old = self._items.get(key)
        self._items[key] = item
        if old is None:
            self._places = None
        elif self._places is not None:
            self._order[self._places[key]] = item
        self._note(old, item)

    def drop(self, item: Any) -> None:
        """An object is gone."""
        old = self._items.pop(identity(item), None)
        if old is not None:
            self._places = None
            self._note(old, None)

    def replace(self, items: Iterable[Any]) -> None:
        """These are all there are; see `known`, by which what has not changed stays the very same value."""
        new = {identity(item): item for item in items}
        for key in [key for key in self._items if key not in new]:
            self.drop(self._items[key])
        for key, item in new.items():
            if self._items.get(key) is not item:
                self.put(item)

    def known(self, items: Iterable[Any]) -> list[Any]:
        """The same objects, those that are equal to what is there as the values that are there.

        To compare thousands takes long: for a thread, while nothing is put here.
        """
        there = [(self._items.get(identity(item)), item) for item in items]
        return [old if old is item or old == item else item for old, item in there]

    def get(self, namespace: str, name: str) -> Any:
        """One object; None where there is none."""
        return self._items.get((namespace, name))

    def values(self) -> tuple[Any, ...]:
        """All of them, by namespace and name."""
        if self._places is None:
            keys = sorted(self._items)
            self._order = [self._items[key] for key in keys]
            self._places = {key: place for place, key in enumerate(keys)}
        return tuple(self._order)

    def _note(self, old: Any, new: Any) -> None:
        self.changes += 1
        if self._changed is not None:
            self._changed(old, new)


class PodShelf(Shelf):
    """Pods, each with the restarts that its earlier values knew of."""

    def put(self, item: Pod) -> None:
        """One is there, or has changed."""
        super().put(carry_restarts(self._items.get(identity(item)), item))


class EventShelf(Shelf):
    """The newest events only, folded."""

    def put(self, item: Event) -> None:
        """One is there, or has happened again; the oldest go when there are too many."""
        super().put(item)
        if len(self._items) > EVENTS * 5 // 4:
            oldest = sorted(self._items.values(), key=lambda event: event.last)
            for event in oldest[: len(oldest) - EVENTS]:
                self.drop(event)

    def replace(self, items: Iterable[Event]) -> None:
        """Of all there are the newest."""
        super().replace(sorted(items, key=lambda event: event.last)[-EVENTS:])

    def values(self) -> tuple[Event, ...]:
        """The newest last."""
        return fold_events(self._items.values())[-EVENTS:]


class Field:
    """One field of a cluster, out of the shelves that fill it."""

    def __init__(self) -> None:
        self.shelves: list[Shelf] = []
        self._made: tuple[int, tuple[Any, ...]] = (-1, ())

    @property
    def changes(self) -> int:
        """Counts up with every change."""
        return sum(shelf.changes for shelf in self.shelves)

    def get(self, namespace: str, name: str) -> Any:
        """One object; None where there is none."""
        found = (shelf.get(namespace, name) for shelf in self.shelves)
        return next((one for one in found if one is not None), None)

    def values(self) -> tuple[Any, ...]:
        """All objects in order of namespace and name; the same tuple while nothing changes."""
        changes = self.changes
        if self._made[0] != changes:
            parts = [shelf.values() for shelf in self.shelves]
            if len(parts) == 1:
                merged = parts[0]
            else:
                merged = tuple(sorted((item for part in parts for item in part), key=identity))
            self._made = (changes, merged)
        return self._made[1]


class Nodes:
    """What the pods on each node ask for, kept as pods come and go."""

    def __init__(self) -> None:
        self._sums: dict[str, list[int]] = {}
        """By node: pods, nanocores, bytes; whole numbers, so that nothing is left over."""
        self._made: tuple[Mapping[str, Usage], Mapping[str, int]] | None = None

    def change(self, old: Pod | None, new: Pod | None) -> None:
        """A pod was so and is so now."""
        for pod, sign in ((old, -1), (new, 1)):
            if pod is not None and pod.node and not _ended(pod):
                cpu, memory = asked(pod)
                sums = self._sums.setdefault(pod.node, [0, 0, 0])
                sums[0] += sign
                sums[1] += sign * round(cpu * 1e9)
                sums[2] += sign * round(memory)
                if not sums[0]:
                    del self._sums[pod.node]
                self._made = None

    def values(self) -> tuple[Mapping[str, Usage], Mapping[str, int]]:
        """What is asked for and how many pods there are, by node."""
        if self._made is None:
            asked = {node: Usage(sums[1] / 1e9, float(sums[2])) for node, sums in self._sums.items()}
            self._made = asked, {node: sums[0] for node, sums in self._sums.items()}
        return self._made


def asked(pod: Pod) -> tuple[float, float]:
    """Cores and bytes a pod asks for, as the scheduler counts them.

    Ordinary containers and sidecars run at once; an init container runs with the sidecars before it only.
    https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
    """
    cpu = memory = cpu_beside = memory_beside = cpu_start = memory_start = 0.0
    for one in pod.containers:
        if one.kind == "sidecar":
            cpu_beside += one.cpu_request
            memory_beside += one.memory_request
        elif one.kind == "init":
            cpu_start = max(cpu_start, cpu_beside + one.cpu_request)
            memory_start = max(memory_start, memory_beside + one.memory_request)
        elif not one.kind:
            cpu += one.cpu_request
            memory += one.memory_request
    cpu, memory = max(cpu + cpu_beside, cpu_start), max(memory + memory_beside, memory_start)
    return (cpu if math.isfinite(cpu) else 0.0), (memory if math.isfinite(memory) else 0.0)


def _ended(pod: Pod) -> bool:
    return pod.phase in ("Succeeded", "Failed")
