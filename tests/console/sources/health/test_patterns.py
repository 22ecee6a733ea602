"""Patterns beside text that somebody else wrote: never slow, wrong ones told in a sentence."""

from __future__ import annotations

import pytest

from console.errors import UsageError
from console.sources.health.patterns import Pattern


@pytest.mark.parametrize("pattern", [r"(\w+\s?)+$", r"(a+)+$", r"^(a|aa)*$", r"^(([a-z])+.)+[A-Z]$"])
def test_no_text_makes_a_pattern_slow(pattern: str) -> None:
    """Python's own would not be through in years: that it ends at all is what is asked."""
    assert not Pattern(pattern, "body").search("a" * 100_000 + "\n!")


def test_what_is_found_and_what_is_matched_as_a_whole() -> None:
    assert Pattern("^220 ", "expect").search("220 mail\r\n")
    assert not Pattern("up", "keep").fullmatch("up_total")
    assert Pattern("up.*", "keep").fullmatch("up_total")
    assert Pattern("é.", "body").search("caf\u00e9s")
    assert Pattern("b", "cmdline").search("a\udcffb")


@pytest.mark.parametrize(
    ("pattern", "why"), [("(", r"missing \)"), ("(?!x)y", "perl operator"), ("\udcff", "surrogates")]
)
def test_a_wrong_one_is_a_sentence(pattern: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"body is no regular expression: .*{why}"):
        Pattern(pattern, "body")
