"""The rules and objectives of real teams' guides: each stands somewhere, for a reason that is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.alerts.model import AlertState
from console.guides.reading import read_guide
from tests.console.alerts.conftest import REAL
from tests.console.alerts.place import Place

GUIDES = sorted(REAL.glob("*.md"))


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_every_rule_stands_somewhere_for_a_reason(path: Path, tmp_path: Path) -> None:
    place = Place(tmp_path)
    (tmp_path / "OPERATIONS.md").write_bytes(path.read_bytes())
    figures = {
        "opsconsole_cpu_ratio": 0.99, "node_memory_MemAvailable_bytes": 5.0,
        "node_memory_MemTotal_bytes": 100.0, "node_filesystem_size_bytes": 100.0,
        "node_filesystem_free_bytes": 50.0, "node_filesystem_avail_bytes": 50.0,
        "node_filesystem_readonly": 0.0, "opsconsole_pg_connections_ratio": 0.5,
    }  # fmt: skip
    for _ in range(70):
        place.after(5, **figures)
    snapshot = place.after(5, **figures)
    guide = read_guide(path)
    by_line = {rule.origin.line: rule for rule in snapshot.rules}
    for text in guide.rules:
        assert by_line[text.line].name == text.alert
    assert {one.line for one in guide.objectives} <= set(by_line)
    for rule in snapshot.rules:
        assert rule.reason, rule.name
        assert rule.state is not AlertState.BROKEN, f"{rule.name}: {rule.reason}"
        assert rule.origin.kind == "guide"
        if rule.state is AlertState.FIRING:
            assert rule.alerts
    states = {rule.state for rule in snapshot.rules}
    assert states >= {AlertState.FIRING, AlertState.NO_DATA}


def test_there_are_rules_in_them() -> None:
    found = json.loads((REAL / "expected.json").read_text())
    assert found
    assert sum(len(read_guide(path).rules) for path in GUIDES) >= 10
