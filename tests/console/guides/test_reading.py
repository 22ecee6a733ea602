"""Whole guides: those of the tests to the last field, real ones by the facts read off them by hand."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from console.errors import UsageError
from console.guides import reading
from console.guides.model import Kind, Risk, StepKind
from console.guides.reading import read_guide, read_text
from tests.console.guides.telling import told
from tests.patience import BUSY

ROOT = Path(__file__).parents[3]
OWN = ROOT / "tests" / "guides"
NAMES = sorted(path.stem for path in OWN.glob("*.json"))


def test_every_guide_has_its_expectation_beside_it() -> None:
    assert {path.stem for path in OWN.glob("*.md")} - {"README"} == set(NAMES)
    assert len(NAMES) >= 7


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_tells_what_stands_beside_it(name: str) -> None:
    expected = json.loads((OWN / f"{name}.json").read_text(encoding="utf-8"))
    assert told(read_guide(OWN / f"{name}.md")) == expected


WARM = "# x\n```bash\nls\n```\n```sql\nselect 1;\n```\n"
"""Read first, so that the libraries are loaded once."""


def test_our_guides_are_read_in_a_moment_together() -> None:
    read_text(WARM, "warm.md")
    begin = time.process_time()
    for name in NAMES:
        read_guide(OWN / f"{name}.md")
    assert time.process_time() - begin < 0.5 * BUSY


def test_the_demos_guide_has_what_the_demo_shows() -> None:
    guide = read_guide(ROOT / "console" / "demo" / "guides" / "operations.md")
    kinds = {one.id: (one.kind, len(one.steps)) for one in guide.procedures}
    assert kinds == {
        "morning-checklist": (Kind.CHECKLIST, 8),
        "weekly-review": (Kind.CHECKLIST, 2),
        "restart-the-worker": (Kind.RUNBOOK, 5),
        "orders-are-slow": (Kind.RUNBOOK, 2),
        "the-cache-misses": (Kind.RUNBOOK, 2),
        "find-a-word-in-the-log": (Kind.RUNBOOK, 2),
    }
    risks = {step.risk for one in guide.procedures for step in one.steps}
    assert risks == {Risk.READ, Risk.CHANGE}
    assert {step.kind for one in guide.procedures for step in one.steps} == {
        StepKind.MANUAL, StepKind.SHELL, StepKind.SQL, StepKind.REDIS,
    }  # fmt: skip
    assert guide.unread == ()


def test_a_guide_without_a_heading_is_named_by_its_front_matter_or_its_file() -> None:
    assert read_text("---\ntitle: The tower\n---\ntext\n", "x.md").title == "The tower"
    assert read_text("text\n", "/somewhere/tower.md").title == "tower"


def test_the_same_title_twice_gets_two_addresses() -> None:
    part = "## {0}\n### Log analysis\n```bash\ndf\n```\n"
    text = "# G\n" + part.format("Web") + part.format("Database") + part.format("Database")
    ids = [one.id for one in read_text(text, "x.md").procedures]
    assert ids == ["log-analysis", "database-log-analysis", "database-log-analysis-2"]


def test_a_command_keeps_its_bytes_and_a_title_is_fit_for_a_screen() -> None:
    text = "## Odd\n```bash\n# Look\x1b[31m here\u202e\ngrep '\t\u202e' x\n```\n"
    step = read_text(text, "x.md").procedures[0].steps[0]
    assert step.command == "grep '\t\u202e' x"
    assert step.title.isprintable()
    assert "\x1b" not in step.title


def test_what_looks_like_a_heading_keeps_its_emoji_for_json_only() -> None:
    procedure = read_text("## ⚠️ Rollback\n```bash\nuptime\n```\n", "x.md").procedures[0]
    assert procedure.title == "⚠ Rollback"
    assert procedure.written == "⚠️ Rollback"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "is not there"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(b"\x7fELF\0\0\0"), "is no text"),
        (lambda path: path.write_bytes(b"x" * (reading.LIMIT + 1)), "is larger than 4 MB"),
    ],
)
def test_what_is_no_guide_is_refused_in_a_sentence(tmp_path: Path, make: Any, says: str) -> None:
    path = tmp_path / "guide.md"
    make(path)
    with pytest.raises(UsageError) as caught:
        read_guide(path)
    assert says in caught.value.reason
    assert caught.value.fix


def test_a_guide_too_long_says_where_it_stopped() -> None:
    text = "# G\n" + "words\n" * 20_000
    assert [one.line for one in read_text(text, "x.md").unread] == [10_001]
