"""Whatever a file holds: no exception, no endless reading, nothing lost without a word."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.guides.reading import read_text
from tests.console.guides.mangling import HOSTILE, LINES, ODD, PLAIN, TEXTS, check, shuffled, spent

PIECES = st.one_of(st.sampled_from(LINES), st.sampled_from(ODD), st.text(max_size=30))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=60), st.sampled_from(["\n", "\r\n", "\r", ""]))
def test_lines_of_guides_in_any_order_are_read(lines: list[str], end: str) -> None:
    check(read_text(end.join(lines), "x.md"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.integers(0, 2**32), st.integers(1, 12))
def test_cut_and_shuffled_guides_are_read(text: str, seed: int, cuts: int) -> None:
    check(read_text(shuffled(text, cuts, random.Random(seed)), "x.md"))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    check(read_text(text, "x.md"))


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["console", "", "sql", "mongosh", "redis", "yaml", "text"]), st.lists(PIECES, max_size=20)
)
def test_any_block_is_read(lang: str, lines: list[str]) -> None:
    inside = [line.replace("`", "").replace("~", "") for line in lines]
    check(read_text(f"## X\n\n```{lang}\n" + "\n".join(inside) + "\n```\n", "x.md"))


WORDS = st.sampled_from([
    "", "", "# a", "# 1. b", "# 2. c", "# ISSUE 1: d", "cd e", "f=1", "g | h", "i >j",
    "for k in l; do", "done", "if m; then", "fi", "cat <<EOF", "EOF", "Note: n", "key: o", "p = q",
    "ssh r@s", "exit", "psql t", "\\q", "vi u", "echo v $W", "x() {", "}", "'", '"',
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=25))
def test_no_line_of_a_shell_block_is_lost(lines: list[str]) -> None:
    guide = read_text("## X\n\n```bash\n" + "\n".join(lines) + "\n```\n", "x.md")
    check(guide)
    steps = [step for one in guide.procedures for step in one.steps]
    kept = "\n".join(
        text for step in steps for text in (step.title, step.command, step.offered, step.expected, step.note)
    )
    for line in lines:
        assert line.startswith("#") or line.strip() in kept, line


@pytest.fixture(scope="module")
def usual() -> float:
    """Seconds that a usual guide of 100 KB takes."""
    read_text("# x\n```bash\nls\n```\n", "warm.md")
    return min(spent((PLAIN * 1000)[:100_000]) for _ in range(2))


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_size_and_is_that_of_a_usual_guide(name: str, usual: float) -> None:
    small = large = 0.0
    for _ in range(3):  # others use the machine at the same moment: the best of three counts
        small, large = (spent(HOSTILE[name](size)) for size in (25_000, 100_000))
        if large < 4 * usual and large < 10 * max(small, 0.05 * usual):
            break
    else:
        pytest.fail(f"{small:.2f} s for 25 KB, {large:.2f} s for 100 KB, usually {usual:.2f} s")
