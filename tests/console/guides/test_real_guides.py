"""Guides of real teams, which are not the project's; `conftest.py` collects this where they lie."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from console.guides.model import Guide, Risk
from console.guides.reading import read_guide, read_text
from tests.console.guides.conftest import REAL
from tests.console.guides.test_reading import WARM
from tests.patience import BUSY


def _norm(text: object) -> str:
    return " ".join(str(text).lower().split())


def _real() -> dict[str, dict[str, Any]]:
    wanted = json.loads((REAL / "expected.json").read_text(encoding="utf-8"))
    return {name: one for name, one in wanted.items() if not name.startswith("_")}


@pytest.mark.parametrize(("name", "want"), _real().items())
def test_real_guides_give_what_was_read_off_them_by_hand(name: str, want: dict[str, Any]) -> None:
    guide = read_guide(REAL / f"{name}.md")
    assert _norm(guide.written) == _norm(want["title"])
    for one in want["procedures"]:
        near = [found for found in guide.procedures if _norm(found.title).endswith(_norm(one["heading"]))]
        assert near, one["heading"]
        found = min(near, key=lambda found: abs(len(found.steps) - one["steps"]))
        assert (found.kind.value, len(found.steps)) == (one["kind"], one["steps"]), one["heading"]
        runnable = sum(step.runnable for step in found.steps)
        assert one["runnable"] in (None, runnable), one["heading"]
        have = {"cadence": found.cadence, "due": found.due, "cron": list(found.cron), "who": found.who}
        assert {key: have[key] for key in have if key in one} == {key: one[key] for key in have if key in one}
        if "minutes" in one:
            assert [step.duration and step.duration / 60 for step in found.steps] == one["minutes"]
        if "groups" in one:
            assert {
                group: sum(step.group == group for step in found.steps) for group in one["groups"]
            } == one["groups"]
        destructive = sum(step.risk is Risk.DESTRUCTIVE for step in found.steps)
        assert destructive >= one.get("destructive", 0), one["heading"]
    _facts_beside(guide, want)


def _facts_beside(guide: Guide, want: dict[str, Any]) -> None:
    assert [rule.alert for rule in guide.rules] == want["rules"]
    limits = {(_norm(one.name), one.op, one.value, _norm(one.unit)) for one in guide.objectives}
    for name, op, value, unit in want["objectives"]:
        assert any(_norm(name) in one[0] and one[1:] == (op, value, _norm(unit)) for one in limits), name
    levels = [(_norm(one.name), _norm(one.respond_within)) for one in guide.severities]
    assert levels == [(_norm(name), _norm(within)) for name, within in want["severities"]]
    assert want["escalation_levels"] in (None, len(guide.escalation))
    endpoints = {link.url for link in guide.links if link.kind == "endpoint"}
    assert set(want["endpoints"]) <= endpoints


def test_real_guides_are_read_in_a_moment_together() -> None:
    read_text(WARM, "warm.md")
    begin = time.process_time()
    for name in _real():
        read_guide(REAL / f"{name}.md")
    assert time.process_time() - begin < 0.5 * BUSY
