"""What the console reads of a real cluster, and what the real kubectl prints of it."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from console.sources.kubernetes.kinds import KINDS, Kind, read_list
from console.sources.kubernetes.quantities import age_since
from tests.servers.kubernetes import Cluster


def kind(resource: str) -> Kind:
    """The kind that is asked for by this name."""
    return next(one for one in KINDS if one.resource == resource)


def listed(cluster: Cluster, resource: str) -> list[Any]:
    """All objects of a kind as values, out of the API's own bytes."""
    asked = kind(resource)
    data = json.dumps(cluster.calls.get(f"{asked.path}/{resource}")).encode()
    return read_list(asked, "test", data).items


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
        return {age_since(then, now) for now in self.seconds()}

    def seconds(self) -> list[float]:
        """The clock while kubectl ran, at each of its seconds."""
        return [self.began, *range(int(self.began) + 1, int(self.ended) + 1), self.ended]
