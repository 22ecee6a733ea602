"""Asking the metrics API, and why it says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from console.errors import Refused
from console.sources.kubernetes.connection import ApiError, Connection
from console.sources.kubernetes.model import Usage
from console.sources.kubernetes.usage import PATH, read_node_usage, read_pod_usage
from console.worker import Worker


class Measured(NamedTuple):
    """What pods and nodes take, and in words why that is not known; of several reasons the first."""

    pods: dict[tuple[str, str], Usage]
    nodes: dict[str, Usage]
    why: str = ""
    never: tuple[str, ...] = ()
    """`pods`, `nodes`: of which nothing is measured, since the API has it not or it may not be listed."""


async def measure(connection: Connection, namespaces: Sequence[str], worker: Worker) -> Measured:
    """Ask once, without `namespaces` for all of them. Raises SourceError where the server does not answer."""
    pods: dict[tuple[str, str], Usage] = {}
    nodes: dict[str, Usage] = {}
    reasons: list[str] = []
    never: list[str] = []
    scope = namespaces or ("",)
    for namespace in scope:
        within = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
        try:
            pods.update(
                await worker.call(read_pod_usage, await connection.get(f"{PATH}{within}/pods", LIMIT))
            )
        except (ApiError, Refused) as error:
            reasons.append(_why(error, "pods", namespace))
            never += ["pods"] if _lasting(error) else []
    # in other namespaces it may be known
    never = ["pods"] if len(never) == len(scope) else []
    try:
        nodes = await worker.call(read_node_usage, await connection.get(f"{PATH}/nodes", LIMIT))
    except (ApiError, Refused) as error:
        reasons.append(_why(error, "nodes", ""))
        never += ["nodes"] if _lasting(error) else []
    return Measured(pods, nodes, reasons[0] if reasons else "", tuple(never))


LIMIT = 10.0
"""Seconds without a byte: the API server asks the metrics server for us."""
SILENT = "the metrics server does not answer"


def _lasting(error: ApiError | Refused) -> bool:
    """Whether that stays so until somebody changes the cluster, unlike a server that does not answer now."""
    return isinstance(error, ApiError) and error.status in (403, 404)


def _why(error: ApiError | Refused, resource: str, namespace: str) -> str:
    if isinstance(error, Refused):
        return error.reason
    if error.status == 404:
        return "no metrics server"
    if error.status == 403:
        where = f"in namespace {namespace}" if namespace else "in all namespaces"
        return f"not allowed: may not list {resource}.metrics.k8s.io {where}"
    return SILENT
