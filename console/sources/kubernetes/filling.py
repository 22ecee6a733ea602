"""How full claims are: asked of kubelets by way of the API server, and put into the volumes.

https://kubernetes.io/docs/reference/instrumentation/node-metrics/
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias
from urllib.parse import quote

import msgspec

from console.decoders import decoder
from console.errors import SourceError, TimedOut
from console.sources.kubernetes.connection import ApiError, Connection
from console.sources.kubernetes.model import Pod, Volume
from console.sources.kubernetes.wire import NAME_LIMIT, Wire, word
from console.text import clean
from console.worker import Worker

LIMIT = 3.0
"""Seconds a kubelet may take."""
AT_ONCE = 8
"""Kubelets asked side by side."""
A_ROUND = 30
"""Kubelets asked in one round; of more, those come first that were asked longest ago."""


class Fill(NamedTuple):
    """What a kubelet says of one claim; not-a-number where it says nothing."""

    used: float = math.nan
    capacity: float = math.nan
    inodes_used: float = math.nan
    inodes: float = math.nan
    node: str = ""


Fills: TypeAlias = dict[tuple[str, str], Fill]
"""By namespace and name of the claim."""


class _ClaimRef(Wire):
    name: str = ""
    namespace: str = ""


class _Filled(Wire):
    pvc_ref: _ClaimRef | None = None
    used_bytes: int | None = None
    capacity_bytes: int | None = None
    inodes_used: int | None = None
    inodes: int | None = None


class _PodStats(Wire):
    volume: list[_Filled] | None = None


class _Summary(Wire):
    pods: list[_PodStats] | None = None


class Filling:
    """What the kubelets of one cluster have said, from one round to the next."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.changes = 0
        """Counts up when a figure has changed."""
        self.refused = False
        """Whether the last round was forbidden."""
        self._connection = connection
        self._worker = Worker(f"volumes of {name}")
        self._said: dict[str, Fills] = {}
        """By node, those first that were asked longest ago."""
        self._fills: Fills = {}
        self._made: dict[tuple[str, str], tuple[Volume, Fill, Volume]] = {}
        self._whole: tuple[tuple[Volume, ...], int, tuple[Volume, ...]] | None = None

    def stop(self) -> None:
        """Let go of the thread."""
        self._worker.stop()

    async def ask(self, nodes: Iterable[str]) -> None:
        """One round. What these kubelets do not say is unknown; others than these are forgotten."""
        wanted = set(nodes)
        if not wanted and not self._said and not self.refused:
            return
        order = [*sorted(wanted - self._said.keys()), *(node for node in self._said if node in wanted)]
        chosen = order[:A_ROUND]
        places = asyncio.Semaphore(AT_ONCE)
        refused = False

        async def one(node: str) -> bytes | None:
            nonlocal refused
            async with places:
                if refused:
                    return b""
                try:
                    return await self._stats(node)
                except ApiError as error:
                    refused = refused or error.status == 403
                except TimedOut:
                    pass
                except SourceError:
                    return None  # the server's own state says it: what was known stays
                return b""

        answers = await asyncio.gather(*map(one, chosen))
        read = await self._worker.call(_read_all, dict(zip(chosen, answers, strict=True)))
        said = {node: self._said[node] for node in order[A_ROUND:] if node in self._said}
        for node in chosen:
            found = read[node]
            said[node] = self._said.get(node, {}) if found is None else found
        self._said = said
        fills: Fills = {}
        for node in sorted(said):
            for claim, fill in said[node].items():
                fills.setdefault(claim, fill)
        if fills != self._fills or refused != self.refused:
            self.changes += 1
        self._fills, self.refused = fills, refused

    def fill(self, volumes: tuple[Volume, ...]) -> tuple[Volume, ...]:
        """The claims with what is known of them; what has not changed is the very same value."""
        if self._whole is not None and self._whole[0] is volumes and self._whole[1] == self.changes:
            return self._whole[2]
        made: dict[tuple[str, str], tuple[Volume, Fill, Volume]] = {}
        found = []
        for one in volumes:
            claim = (one.namespace, one.name)
            fill = self._fills.get(claim) if one.kind == "PersistentVolumeClaim" else None
            if fill is None:
                found.append(one)
                continue
            known = self._made.get(claim)
            if known is None or known[0] is not one or known[1] != fill:
                known = (one, fill, _filled(one, fill))
            made[claim] = known
            found.append(known[2])
        self._made = made
        self._whole = volumes, self.changes, tuple(found) if made else volumes
        return self._whole[2]

    async def _stats(self, node: str) -> bytes:
        path = f"/api/v1/nodes/{quote(node, safe='')}/proxy/stats/summary"
        # a kubelet that does not know its API server says 401: that is nothing that we could renew
        return await self._connection.get(path, LIMIT, whole=LIMIT, renews=False)


def nodes_of(pods: Iterable[Pod]) -> set[str]:
    """The nodes on which a pod has claims mounted."""
    return {pod.node for pod in pods if pod.claims and pod.node and pod.phase not in ("Succeeded", "Failed")}


def read_fills(node: str, data: bytes) -> Fills:
    """What a kubelet's summary says of claims; nothing where it is no such answer."""
    try:
        pods: Sequence[_PodStats] = decoder(_Summary).decode(data).pods or ()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    return {
        (word(one.pvc_ref.namespace), clean(one.pvc_ref.name, NAME_LIMIT)): Fill(
            _number(one.used_bytes),
            _number(one.capacity_bytes),
            _number(one.inodes_used),
            _number(one.inodes),
            node,
        )
        for pod in pods
        for one in pod.volume or ()
        if one.pvc_ref is not None and one.used_bytes is not None
    }


def _read_all(answers: Mapping[str, bytes | None]) -> dict[str, Fills | None]:
    return {node: None if data is None else read_fills(node, data) for node, data in answers.items()}


def _filled(one: Volume, fill: Fill) -> Volume:
    return replace(
        one,
        used=fill.used,
        capacity=fill.capacity if fill.capacity > 0 else one.capacity,
        inodes_used=fill.inodes_used,
        inodes=fill.inodes,
        node=fill.node,
    )


def _number(said: int | None) -> float:
    return math.nan if said is None else float(said)
