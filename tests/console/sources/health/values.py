"""Probes in every state, made by hand for panes to draw."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from console.findings import Severity
from console.metrics import labels
from console.sources.health.model import HealthSnapshot, ProbeStatus
from console.sources.health.probe import Outcome
from tests.widgets.fakes import START

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL


def made(
    now: float,
    name: str,
    severity: Severity = OK,
    text: str = "200 in 80ms",
    start: datetime = START,
    **known: Any,
) -> ProbeStatus:
    """A probe that was asked five seconds ago, and has been as it is for two minutes."""
    since = known.pop("since_at", now - 120)
    usual: dict[str, Any] = {
        "kind": "http",
        "target": f"https://{name}.example/",
        "labels": labels(instance=f"https://{name}.example/", job=name),
        "interval": 15.0,
        "timeout": 5.0,
        "outcome": Outcome(
            severity=severity, text=text, fix="see its log", details=(("address", "10.0.0.1"),)
        ),
        "asked": start - timedelta(seconds=5),
        "asked_at": now - 5,
        "took": 0.08,
        "since": start - timedelta(seconds=now - (since or now)),
        "since_at": since,
        "recent": ((OK, 0.08), (WARNING, 0.16), (CRITICAL, 5.0), (severity, 0.04)),
        "p50": 0.08,
        "p95": 0.16,
        "asked_times": 40,
        "failed_times": 3,
    }
    return ProbeStatus(name=name, **(usual | known))


def waiting(now: float, name: str) -> ProbeStatus:
    """A probe that has not answered yet."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("outcome", "asked", "asked_at", "since", "since_at", "p50", "p95")
    )
    return made(now, name, **nothing, waiting_at=now - 4, recent=(), asked_times=0, failed_times=0)


def bad_hour(now: float) -> HealthSnapshot:
    """A shop of which some parts do not answer as they should."""
    calm = tuple((OK, 0.05 + 0.03 * (number * 7 % 5)) for number in range(40))
    ends = (
        ("TLS", "TLSv1.3 TLS_AES_256_GCM_SHA384"),
        ("certificate", "shop.example"),
        ("certificate ends", "2026-03-10 12:00 UTC, 6 days left"),
        ("names", "shop.example, www.shop.example"),
        ("key", "EC secp256r1, signed with sha256"),
        ("issuer 1", "Example Intermediate"),
        ("issuer 1 ends", "2028-03-04 12:00 UTC, 731 days left"),
        ("issued by", "Example Root"),
    )
    outcome = Outcome(
        severity=CRITICAL,
        text="certificate: 6 days left, wanted above 7",
        fix="renew it, and reload the server",
        details=ends,
    )
    probes = (
        made(now, "shop", recent=calm),
        made(now, "checkout", recent=(*calm[:20], *((CRITICAL, 5.0),) * 3, *calm[:9])),
        made(now, "billing", CRITICAL, "500 in 84ms, wanted 2xx",
             recent=(*calm[:30], *((CRITICAL, 0.08),) * 8)),
        made(now, "search", WARNING, "1.3s, wanted below 1.0s", recent=(*calm[:30], *((WARNING, 1.3),) * 5),
             p50=0.1, p95=1.3),
        made(now, "certificate", kind="tls", target="shop.example:443", interval=300.0, outcome=outcome,
             since_at=now - 86_400, recent=((CRITICAL, 0.03),) * 12),
        made(now, "orders db", text="open, 2ms", kind="tcp", target="db.example:5432", recent=calm),
        made(now, "resolver", text="10.0.0.1, 10.0.0.2 in 4ms", kind="dns", target="10.0.0.53", recent=calm),
        made(now, "node", text="1204 series in 31ms", kind="scrape", target="node:9100", recent=calm),
        waiting(now, "partner api"),
    )  # fmt: skip
    return HealthSnapshot(time=now, probes=probes)
