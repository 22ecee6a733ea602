"""What the console reads of a real cluster, and what the real kubectl prints of it."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from console.config import Limits
from console.sources.kubernetes.events import fold_events
from console.sources.kubernetes.faults import find_faults
from console.sources.kubernetes.kinds import KINDS, Kind, read_list
from console.sources.kubernetes.model import Cluster as KubernetesCluster
from console.sources.kubernetes.model import Fault
from console.sources.kubernetes.networking import join_endpoints
from console.sources.kubernetes.quantities import kubectl_age
from tests.servers.kubernetes import Cluster


def kind(resource: str) -> Kind:
    """The kind that is asked for by this name."""
    return next(one for one in KINDS if one.resource == resource)


def listed(cluster: Cluster, resource: str, context: str = "test") -> list[Any]:
    """All objects of a kind as values, out of the API's own bytes."""
    asked = kind(resource)
    data = json.dumps(cluster.calls.get(f"{asked.path}/{resource}")).encode()
    return read_list(asked, context, data).items


class Printed:
    """What `kubectl get` prints, row by row, and when it was asked."""

    def __init__(self, cluster: Cluster, *arguments: str) -> None:
        self.began = time.time()
        text = cluster.kubectl("get", *arguments)
        self.ended = time.time()
        header, *lines = text.splitlines()
        names = re.split(r"\s{2,}", header.strip())
        starts = [match.start() for match in re.finditer(r"\S+(?: \S+)*", header)]
        self.rows: list[dict[str, str]] = [
            {
                name: line[start:end].strip()
                for name, start, end in zip(names, starts, [*starts[1:], None], strict=True)
            }
            for line in lines
        ]

    def ages(self, then: float) -> set[str]:
        """What AGE may be of something that is as old as that, while kubectl ran."""
        return {kubectl_age(now - then) if then else "<unknown>" for now in self.seconds()}

    def seconds(self) -> list[float]:
        """The clock while kubectl ran, at each of its seconds."""
        return [self.began, *range(int(self.began) + 1, int(self.ended) + 1), self.ended]


def observed(kubernetes: Cluster, later: float = 0.0, context: str = "test") -> KubernetesCluster:
    """All of a cluster's objects, as if so many seconds had gone by since."""
    fields: dict[str, list[Any]] = {one.field: [] for one in KINDS}
    for one in KINDS:
        fields[one.field] += listed(kubernetes, one.resource, context)
    slices = fields.pop("endpoints")
    fields["services"] = list(join_endpoints(fields["services"], slices))
    fields["events"] = list(fold_events(fields["events"]))
    resources = tuple(one.resource for one in KINDS)
    whole: dict[str, Any] = {name: tuple(values) for name, values in fields.items()}
    return KubernetesCluster(
        context=context, state="live", time=time.time() + later, listed=resources, **whole
    )


def judged(kubernetes: Cluster, later: float = 0.0) -> dict[str, Fault]:
    """What is wrong then, by kind and name."""
    found = find_faults(observed(kubernetes, later), Limits())
    return {f"{key.kind} {key}": fault for key, fault in found.items()}
