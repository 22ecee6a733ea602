"""The zoomed services and ingresses: what they lead to, and what stands behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from widgets.draw import Line, Span
from widgets.facts import fact_lines
from widgets.pane import Context, Jump, View
from widgets.panes.kubernetes import detail as told
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.pods import note
from widgets.panes.kubernetes.rows import Seen
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Fault, Ingress, Service


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service or an ingress."""

    object: Service | Ingress
    seen: Seen
    kind: str
    fault: Fault | None

    @property
    def service(self) -> Service | None:
        """The service, where it is one."""
        return cast("Service", self.object) if self.kind == "Service" else None

    @property
    def ingress(self) -> Ingress:
        """The ingress, where it is one."""
        return cast("Ingress", self.object)


def _service_rows(context: Context) -> list[ServiceRow]:
    rows: list[ServiceRow] = []
    for seen in shown.clusters(context):
        cluster = seen.cluster
        rows += [ServiceRow(each, seen, "Service", seen.fault(each.key)) for each in cluster.services]
        rows += [ServiceRow(each, seen, "Ingress", seen.fault(each.key)) for each in cluster.ingresses]
    return rows


def _behind(row: ServiceRow) -> Span:
    service = row.service
    if service is None:
        return (" ".join(row.ingress.services), "text")
    if not service.selector and not service.ready and not service.not_ready:
        return ("no selector", "dim")
    total = service.ready + service.not_ready
    # that nothing stands behind a service is worth a look, and no fault: many wait for what is scaled to 0
    fault = row.fault if not service.ready else None  # else it is its load balancer that is missing
    return (f"{service.ready}/{total}", shown.state_role(fault) if fault or service.ready else "dim")


def _address(row: ServiceRow) -> str:
    service = row.service
    if service is None:
        return " ".join(row.ingress.hosts)
    return service.address


def _external(row: ServiceRow) -> str:
    service = row.service
    return " ".join(row.ingress.addresses if service is None else service.external)


def _type(row: ServiceRow) -> str:
    service = row.service
    return row.ingress.ingress_class if service is None else service.type


def _ports(row: ServiceRow) -> str:
    service = row.service
    return ("443, 80" if row.ingress.tls else "80") if service is None else " ".join(service.ports)


def _fault(row: ServiceRow) -> Span | str:
    return (row.fault.text, shown.state_role(row.fault)) if row.fault is not None else ""


SERVICES: tuple[Column[ServiceRow], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("ns", "NAMESPACE", lambda row: row.object.namespace, 9, flex=2),
    Column("kind", "KIND", lambda row: (row.kind, "dim"), 7, drop=3),
    Column("name", "NAME", lambda row: (row.object.name, "strong" if row.fault else "text"), 14, flex=4),
    Column("type", "TYPE", _type, 9, flex=1, drop=2),
    Column("behind", "BEHIND", _behind, 7, flex=2, align=">"),
    Column("address", "ADDRESS, HOSTS", _address, 11, flex=3, drop=1),
    Column("external", "EXTERNAL", _external, 11, flex=2, drop=6),
    Column("ports", "PORTS", _ports, 8, flex=2, drop=5),
    Column("why", "WHY", _fault, 12, flex=4, drop=7),
    Column("age", "AGE", lambda row: (row.seen.ago(row.object.created), "dim"), 6, align=">", drop=8,
           sort=lambda row: row.seen.cluster.time - row.object.created, named=True),
)  # fmt: skip


def _service_command(row: ServiceRow) -> str:
    return row.seen.get(row.kind, row.object.namespace, row.object.name)


def _service_lines(row: ServiceRow, context: Context, width: int) -> Sequence[Line]:
    seen, service = row.seen, row.service
    lines = told.head(seen, row.object.key, _type(row))
    lines += told.wrong(row.fault, width)
    lines += told.events(seen, row.object.key, width)
    if service is None:
        ingress = row.ingress
        facts = [
            ("hosts", ", ".join(ingress.hosts) or "any", "text"),
            ("leads to", ", ".join(ingress.services), "text"),
            ("addresses", ", ".join(ingress.addresses) or "none yet", "text"),
            ("tls", "yes" if ingress.tls else "no", "text"),
        ]
        lines += [(), *fact_lines(facts, width)]
        return [*lines, *told.command(_service_command(row), width)]
    facts = [
        ("behind it", f"{service.ready} ready, {service.not_ready} not ready", "text"),
        ("address", service.address, "text"),
        ("external", ", ".join(service.external), "text"),
        ("ports", ", ".join(service.ports), "text"),
        ("selector", shown.labels_text(service.selector), "text"),
        ("ingresses", ", ".join(i.name for i in seen.cluster.ingresses
                                if i.namespace == service.namespace and service.name in i.services), "text"),
        ("age", seen.ago(service.created), "text"),
    ]  # fmt: skip
    lines += [(), *fact_lines(facts, width)]
    chosen = service.selector
    lines += told.pods(
        seen,
        lambda pod: pod.namespace == service.namespace and told.selects(chosen, pod),
        width,
        lambda pod: pod.used("memory"),
    )
    return [*lines, *told.command(_service_command(row), width)]


def _service_jump(row: ServiceRow) -> Jump | None:
    service = row.service
    if service is None:
        first = row.ingress.services[:1]
        if not first:
            return None
        there = shown.exactly(context=row.seen.tag[0], kind="Service", ns=row.object.namespace, name=first[0])
        return Jump("services", there)
    if not service.selector:
        return None
    words = " ".join(f'labels:"{name}={value}"' for name, value in service.selector)
    return Jump("pods", f"{shown.exactly(context=row.seen.tag[0], ns=service.namespace)} {words}")


def service_view() -> View[ServiceRow]:
    """Services and ingresses."""
    return View(
        "services",
        "Services",
        SERVICES,
        _service_rows,
        key=lambda row: row.object.key,
        document=lambda row: row.object.key,
        severity=lambda row: shown.severity_of(row.fault),
        detail=_service_lines,
        empty="there are no services",
        note=note,
        jump=_service_jump,
        jump_word="what is behind",
        command=_service_command,
    )
