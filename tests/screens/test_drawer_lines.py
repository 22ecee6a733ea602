"""The lines above the drawer's lists."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.guides.model import Kind, Procedure
from console.runs.run import GuideRef, Run
from console.runs.target import Target
from screens.drawer_lines import head, run_line, target_phrases
from widgets.draw import line_width

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def run(target: Target) -> Run:
    """A run of nothing on a target."""
    procedure = Procedure(id="x", title="X", kind=Kind.RUNBOOK, line=1, end_line=2)
    guide = GuideRef(path="x.md", name="x", title="X", digest="0")
    return Run("1", guide, procedure, {}, target, Path("/"), NOW, "ana")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://console:***@/shop?host=/tmp/x&port=5", "database shop at /tmp/x"),
        ("postgresql://monitor@db-1:5433/orders", "database orders at db-1"),
        ("host=db-1 dbname=orders", "database host=db-1 dbname=orders"),
        ("", None),
    ],
)
def test_a_target_is_told_in_few_words(address: str, shown: str | None) -> None:
    """In the drawer; the question before a step has the whole address."""
    target = Target(host="db-eu-1", user="ana", directory="/srv", database=address)
    assert target_phrases(target, brief=True) == ["host db-eu-1", *([shown] if shown else [])]
    assert not address or f"database {address}" in target_phrases(target)


def test_the_reason_of_an_unwritable_record_is_not_crowded_out() -> None:
    """Its path is shortened to the file's name."""
    why = "/var/lib/some/very/long/path/to/state/opsconsole/journal.db was removed while in use"
    text = "".join(part for part, _ in run_line(run(Target()), NOW, why, 110))
    assert "cannot be written: journal.db was removed while in use" in text


@pytest.mark.parametrize("width", [1, 8, 20, 58, 200])
def test_a_title_takes_exactly_its_room(width: int) -> None:
    """However long it is."""
    for title in ("Short", "A title that is quite long for a drawer of sixty cells, and then some"):
        for right in ((), [("▲ 2 overdue", "warn")]):
            if width >= 20:
                assert line_width(head(title, right, width, focused=True)) == width
