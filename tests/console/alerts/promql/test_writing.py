"""What is written of a tree reads back as the same tree."""

from __future__ import annotations

import random

import promql_parser as tree
import pytest
from hypothesis import given, reject, settings

from console.alerts.promql.text import prepared
from console.alerts.promql.writing import spelled
from tests.console.alerts.promql.grammar import SEEDS, Grammar


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sum(x)by(a)", "sum by (a) (x)"),
        ("sum(x)", "sum(x)"),
        ('x{a="b",c!~"d"}[5m] offset -90s', 'x{a="b",c!~"d"}[5m] offset -1m30s'),
        ("x[5ms]", "x[5ms]"),
        ("x offset 1.5", "x offset 1s500ms"),
        ("x @ 1700000000.125", "x @ 1700000000.125"),
        ("x[1h:] @ end()", "x[1h:] @ end()"),
        ('{"http.status"="500"}', '{"http.status"="500"}'),
        ('sum by ("http.status") ({"a b"})', 'sum by ("http.status") ({__name__="a b"})'),
        ("a>bool on(x)group_left b", "a > bool on (x) group_left () b"),
        ("topk(3,-x^2)", "topk(3, -x ^ 2)"),
        ('x{a=~`\\d"`}', 'x{a=~"\\\\d\\""}'),
        ("1e300+-Inf+NaN+0.1", "1e+300 + -Inf + NaN + 0.1"),
    ],
)
def test_text(text: str, shown: str) -> None:
    assert spelled(tree.parse(prepared(text))) == shown


@settings(max_examples=200)
@given(chance=SEEDS.map(random.Random))
def test_it_reads_back(chance: random.Random) -> None:
    try:
        before = tree.parse(prepared(Grammar(chance).expression()))
    except ValueError:  # on (a) and group_left (a) at once
        reject()
    after = tree.parse(spelled(before))
    assert str(after) == str(before)
    assert spelled(after) == spelled(before)
