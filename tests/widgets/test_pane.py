"""Findings as panes tell them: below each other, and beside each other where there are few lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.findings import Finding, Severity
from widgets.draw import Line, line_width
from widgets.pane import flowing

FINDINGS = [
    Finding(Severity.CRITICAL, "api-3", "exit 137 OOM"),
    Finding(Severity.WARNING, "/var", "91% used"),
    Finding(Severity.WARNING, "漢字", "x" * 60),
    Finding(Severity.WARNING, "lock", "held"),
]


def plain(lines: list[Line]) -> list[str]:
    """The text of the lines."""
    return ["".join(text for text, _ in line) for line in lines]


def test_findings_flow() -> None:
    """As many as fit beside each other; one that is longer than a line is cut."""
    assert plain(flowing(FINDINGS, 40, 3)) == [
        "✖ api-3 exit 137 OOM  ▲ /var 91% used",
        "▲ 漢字 " + "x" * 32 + "…",
        "▲ lock held",
    ]
    assert plain(flowing(FINDINGS, 40, 1)) == ["✖ api-3 exit 137 OOM  +3 more"]
    assert plain(flowing(FINDINGS[:1], 40, 1, subjects=False)) == ["✖ exit 137 OOM"]
    assert flowing([], 40, 2) == []


@given(st.lists(st.sampled_from(FINDINGS), max_size=9), st.integers(12, 120), st.integers(1, 6))
def test_every_finding_is_shown_or_counted(found: list[Finding], width: int, height: int) -> None:
    """Within its room."""
    lines = flowing(found, width, height)
    text = "\n".join(plain(lines))
    assert len(lines) <= height
    assert all(line_width(line) <= width for line in lines)
    more = int(text.rsplit("+", 1)[1].split()[0]) if " more" in text else 0
    assert text.count("✖") + text.count("▲") + more == len(found)
