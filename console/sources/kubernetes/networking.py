"""Services, the addresses behind them, and ingresses out of the API's JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from console.sources.kubernetes.model import Endpoints, Ingress, Service
from console.sources.kubernetes.wire import (
    NAME_LIMIT,
    ManagedMeta,
    Meta,
    Wire,
    epoch,
    labels_of,
    word,
    written,
)
from console.text import clean

_SERVICE_LABEL = "kubernetes.io/service-name"
"""Of a slice of endpoints: whose they are."""


class _Port(Wire):
    port: int = 0
    protocol: str = "TCP"
    node_port: int = 0


class _Balanced(Wire):
    ip: str = ""
    hostname: str = ""


class _Balancer(Wire):
    ingress: list[_Balanced] | None = None


class _BalancerStatus(Wire):
    load_balancer: _Balancer | None = None


class _ServiceSpec(Wire):
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_ips: list[str] | None = msgspec.field(default=None, name="externalIPs")
    external_name: str = ""
    ports: list[_Port] | None = None
    selector: dict[str, str] | None = None


class ServiceWire(Wire):
    """A service as the API has it."""

    metadata: ManagedMeta
    spec: _ServiceSpec = msgspec.field(default_factory=_ServiceSpec)
    status: _BalancerStatus = msgspec.field(default_factory=_BalancerStatus)


class _Target(Wire):
    name: str = ""


class _EndpointConditions(Wire):
    ready: bool | None = None
    terminating: bool | None = None


class _Endpoint(Wire):
    addresses: list[str] | None = None
    conditions: _EndpointConditions = msgspec.field(default_factory=_EndpointConditions)
    target_ref: _Target | None = None


class EndpointsWire(Wire):
    """A slice of the endpoints of a service as the API has it."""

    metadata: Meta
    endpoints: list[_Endpoint] | None = None


class _Named(Wire):
    name: str = ""


class _Backend(Wire):
    service: _Named | None = None


class _HttpPath(Wire):
    backend: _Backend = msgspec.field(default_factory=_Backend)


class _Http(Wire):
    paths: list[_HttpPath] | None = None


class _Rule(Wire):
    host: str = ""
    http: _Http | None = None


class _IngressSpec(Wire):
    ingress_class_name: str | None = None
    default_backend: _Backend | None = None
    rules: list[_Rule] | None = None
    tls: list[msgspec.Raw] | None = None


class IngressWire(Wire):
    """An ingress as the API has it."""

    metadata: Meta
    spec: _IngressSpec = msgspec.field(default_factory=_IngressSpec)
    status: _BalancerStatus = msgspec.field(default_factory=_BalancerStatus)


def read_service(cluster: str, found: ServiceWire) -> Service:
    """A service as it is now; what stands behind it is joined by `with_endpoints`."""
    meta, spec = found.metadata, found.spec
    external = (*_addresses(found.status), *(spec.external_ips or ()))
    if spec.type == "ExternalName":
        external = (spec.external_name,)
    return Service(
        cluster=cluster,
        namespace=word(meta.namespace),
        name=clean(meta.name, NAME_LIMIT),
        type=word(spec.type),
        address=clean(spec.cluster_ip, NAME_LIMIT),
        external=tuple(clean(one, NAME_LIMIT) for one in external),
        ports=tuple(word(_port(one)) for one in spec.ports or ()),
        selector=labels_of(spec.selector),
        created=epoch(meta.creation_timestamp),
        edited=written(meta),
    )


def _port(one: _Port) -> str:
    outside = f":{one.node_port}" if one.node_port else ""
    return f"{one.port}{outside}/{one.protocol}"


def _addresses(status: _BalancerStatus) -> tuple[str, ...]:
    found = (status.load_balancer.ingress if status.load_balancer else None) or ()
    return tuple(one.ip or one.hostname for one in found)


def read_endpoints(cluster: str, found: EndpointsWire) -> Endpoints:
    """A slice of endpoints as it is now; one that says nothing of being ready is, as the API has it."""
    meta = found.metadata
    ready: set[str] = set()
    not_ready: set[str] = set()
    for one in found.endpoints or ():
        name = one.target_ref.name if one.target_ref else ""
        behind = clean(name or next(iter(one.addresses or ()), ""), NAME_LIMIT)
        if one.conditions.ready is not False:
            ready.add(behind)
        elif not one.conditions.terminating:
            not_ready.add(behind)
    return Endpoints(
        cluster=cluster,
        namespace=word(meta.namespace),
        name=clean(meta.name, NAME_LIMIT),
        service=clean((meta.labels or {}).get(_SERVICE_LABEL, ""), NAME_LIMIT),
        ready=frozenset(ready),
        not_ready=frozenset(not_ready),
    )


def with_endpoints(service: Service, slices: Iterable[Endpoints]) -> Service:
    """The service with what its slices count; the same value where that is what it has.

    A pod counts once, though a service of two address families has it in a slice of each.
    """
    slices = tuple(slices)
    ready = frozenset[str]().union(*(one.ready for one in slices))
    not_ready = frozenset[str]().union(*(one.not_ready for one in slices)) - ready
    if (service.ready, service.not_ready) == (len(ready), len(not_ready)):
        return service
    return replace(service, ready=len(ready), not_ready=len(not_ready))


def join_endpoints(services: Iterable[Service], slices: Iterable[Endpoints]) -> tuple[Service, ...]:
    """All services with what stands behind each."""
    found: dict[tuple[str, str], list[Endpoints]] = {}
    for one in slices:
        found.setdefault((one.namespace, one.service), []).append(one)
    return tuple(with_endpoints(one, found.get((one.namespace, one.name), ())) for one in services)


def read_ingress(cluster: str, found: IngressWire) -> Ingress:
    """An ingress as it is now; a rule without a host is for all of them, `*`."""
    meta, spec = found.metadata, found.spec
    backends = [spec.default_backend] if spec.default_backend else []
    for rule in spec.rules or ():
        backends += [path.backend for path in (rule.http.paths if rule.http else None) or ()]
    services = dict.fromkeys(one.service.name for one in backends if one.service)
    return Ingress(
        cluster=cluster,
        namespace=word(meta.namespace),
        name=clean(meta.name, NAME_LIMIT),
        ingress_class=word(spec.ingress_class_name or ""),
        hosts=tuple(word(rule.host or "*") for rule in spec.rules or ()),
        addresses=tuple(clean(one, NAME_LIMIT) for one in _addresses(found.status)),
        services=tuple(word(name) for name in services),
        tls=bool(spec.tls),
        created=epoch(meta.creation_timestamp),
    )
