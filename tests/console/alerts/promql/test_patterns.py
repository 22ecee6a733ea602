"""Patterns of labels: RE2's syntax, whole texts, any text at all."""

from __future__ import annotations

import pytest

from console.alerts.promql import ExpressionError
from console.alerts.promql.patterns import REMEMBERED, expanded, matcher, whole


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("api", "api", True),
        ("api", "api-1", False),
        ("api|db", "db", True),
        ("api|db", "api|db", False),
        ("|db", "", True),
        (".*", "two\nlines", True),
        ("a.c", "a\nc", True),
        ("[[:alpha:]]+", "abc", True),
        (r"\pL+", "été", True),
        (r"\d", "٣", False),  # digits are ASCII, unlike in Python
        ("(?i)a", "A", True),
        ("x*", "", True),
        ("a$", "a\n", False),
    ],
)
def test_matching(pattern: str, text: str, matches: bool) -> None:
    assert matcher("=~", pattern)(text) is matches
    assert matcher("!~", pattern)(text) is not matches


def test_a_half_of_a_surrogate_pair_is_some_character() -> None:
    assert matcher("=~", "a.+")("a\ud800")
    assert not matcher("=~", "b.+")("a\ud800")


def test_what_is_remembered_is_bounded() -> None:
    matches = matcher("=~", "1.*")
    assert sum(matches(str(number)) for number in range(REMEMBERED * 3)) == sum(
        str(number).startswith("1") for number in range(REMEMBERED * 3)
    )


@pytest.mark.parametrize("pattern", ["(", r"\1", "(?=a)", "(?<!a)b", "a{2000}", "((a{500}){500}){500}"])
def test_what_re2_does_not_know_is_refused(pattern: str) -> None:
    with pytest.raises(ExpressionError, match="no regular expression"):
        whole(pattern)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("$1-${2}", "é-b"),
        ("$second", "b"),
        ("$0", "éb"),
        ("$1x", ""),
        ("$3$none", ""),
        ("$$1", "$1"),
        ("a $ b", "a $ b"),
        ("${1", "${1"),
    ],
)
def test_templates_expand_as_in_go(template: str, result: str) -> None:
    match = whole("(.)(?P<second>b)(c)?")("éb")
    assert expanded(template, match) == result
