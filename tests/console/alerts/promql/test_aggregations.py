"""Aggregations: what they make of a group, and which groups there are."""

from __future__ import annotations

import math

import pytest

from console.alerts.promql import ExpressionError, MemoryStore
from console.alerts.promql.aggregate import decimal
from tests.console.alerts.promql.samples import stored, vector

STORE = stored(
    {
        'x{a="1", b="1"}': [2.0],
        'x{a="1", b="2"}': [4.0],
        'x{a="2", b="1"}': [6.0],
        'x{b="3"}': [8.0],
    }
)


def ask(text: str, store: MemoryStore = STORE) -> dict[str, float]:
    return vector(text, store, at=0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum(x)", 20),
        ("avg(x)", 5),
        ("min(x)", 2),
        ("max(x)", 8),
        ("count(x)", 4),
        ("group(x)", 1),
        ("stdvar(x)", 5),
        ("stddev(x)", math.sqrt(5)),
        ("quantile(0.5, x)", 5),
        ("quantile(0.9, x)", 7.4),
        ("quantile(-1, x)", -math.inf),
        ("quantile(2, x)", math.inf),
    ],
)
def test_of_all(text: str, value: float) -> None:
    assert ask(text) == {"{}": pytest.approx(value, rel=1e-12)}


def test_groups() -> None:
    assert ask("sum by (a) (x)") == {'{a="1"}': 6, '{a="2"}': 6, "{}": 8}
    assert ask("sum without (b) (x)") == ask("sum by (a) (x)")
    assert ask("sum by (nosuch) (x)") == {"{}": 20}
    assert ask("count without () (x)") == {
        '{a="1", b="1"}': 1, '{a="1", b="2"}': 1, '{a="2", b="1"}': 1, '{b="3"}': 1,
    }  # fmt: skip
    assert ask("sum by (__name__, a) (x)") == {'x{a="1"}': 6, 'x{a="2"}': 6, "x{}": 8}
    assert ask("sum(nothing)") == {}


def test_topk_keeps_labels() -> None:
    assert ask("topk(2, x)") == {'x{b="3"}': 8, 'x{a="2", b="1"}': 6}
    assert ask("bottomk by (a) (1, x)") == {'x{a="1", b="1"}': 2, 'x{a="2", b="1"}': 6, 'x{b="3"}': 8}
    assert ask("topk(0, x)") == {}
    assert ask("topk(99, x)") == ask("x")
    for k in ("NaN", "1e30"):
        with pytest.raises(ExpressionError, match="no number of elements"):
            ask(f"topk({k}, x)")


def test_count_values() -> None:
    store = stored({'x{a="1"}': [1.0], 'x{a="2"}': [1.0], 'x{a="3"}': [1e21]})
    assert ask('count_values("v", x)', store) == {'{v="1"}': 2, '{v="1000000000000000000000"}': 1}
    assert ask('count_values without (a) ("a", x)', store) == {"{}": 3}
    with pytest.raises(ExpressionError, match="label"):
        ask('count_values("", x)')


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (-0.0, "-0"),
        (1e-7, "0.0000001"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_values_become_labels(value: float, text: str) -> None:
    assert decimal(value) == text


def test_nan_counts_only_alone() -> None:
    store = stored({'x{a="1"}': [math.nan], 'x{a="2"}': [3.0], 'x{a="3"}': [1.0], 'y{a="1"}': [math.nan]})
    assert ask("min(x)", store) == {"{}": 1}
    assert ask("max(x)", store) == {"{}": 3}
    assert list(ask("topk(3, x)", store).values())[:2] == [3, 1]
    assert list(ask("bottomk(3, x)", store).values())[:2] == [1, 3]
    assert list(ask("sort(x)", store).values())[:2] == [1, 3]
    assert math.isnan(ask("min(y)", store)["{}"])
    assert math.isnan(ask("sum(x)", store)["{}"])


def test_sums_lose_nothing() -> None:
    store = stored({f'x{{a="{place}"}}': [value] for place, value in enumerate((1e16, 1.0, -1e16, 1.0))})
    assert ask("sum(x)", store) == {"{}": 2}
    huge = stored({'x{a="1"}': [1.5e308], 'x{a="2"}': [1.5e308], 'x{a="3"}': [1.5e308]})
    assert ask("sum(x)", huge) == {"{}": math.inf}
    assert ask("avg(x)", huge) == {"{}": pytest.approx(1.5e308)}
    ends = stored({'x{a="1"}': [math.inf], 'x{a="2"}': [-math.inf]})
    assert math.isnan(ask("sum(x)", ends)["{}"])
    assert math.isnan(ask("avg(x)", ends)["{}"])
