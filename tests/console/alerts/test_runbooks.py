"""Which runbook goes with a rule, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.alerts.runbooks import runbook_of
from console.guides.model import Guide
from console.guides.reading import read_guide

TEXT = """# Shop

## Runbooks

### Disk full
1. Look: `df -h`
2. Clean: `journalctl --vacuum-size=100M`

### Restart the payment service
1. `systemctl restart payment`

### Certificate renewal
1. `certbot renew`

### HighErrorRate
1. `docker logs api`
"""


@pytest.fixture
def guide(tmp_path: Path) -> Guide:
    path = tmp_path / "OPS.md"
    path.write_text(TEXT)
    return read_guide(path)


@pytest.mark.parametrize(
    ("rule", "annotations", "title", "why"),
    [
        ("HighErrorRate", {}, "HighErrorRate", "same name"),
        ("X", {"runbook_url": "https://wiki/ops.md#disk-full"}, "Disk full", "runbook_url"),
        ("X", {"runbook_url": "https://wiki/other"}, "https://wiki/other", "runbook_url"),
        ("X", {"runbook": "Certificate renewal"}, "Certificate renewal", "runbook"),
        ("DiskAlmostFull", {}, "Disk full", "speaks of disk, full"),
        ("PaymentDown", {"summary": "the payment service does not answer"},
         "Restart the payment service", "speaks of payment, service"),
        ("QueueTooLong", {}, "", ""),
        ("HighLatency", {"summary": "requests are slow"}, "", ""),
    ],
)  # fmt: skip
def test_a_rule_has_its_runbook(
    guide: Guide, rule: str, annotations: dict[str, str], title: str, why: str
) -> None:
    found = runbook_of(rule, tuple(annotations.items()), [guide])
    assert (found.runbook, found.why) == (title, why)
