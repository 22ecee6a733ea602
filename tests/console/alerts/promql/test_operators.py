"""Operators between numbers, vectors and numbers, and vectors that find each other by labels."""

from __future__ import annotations

import math

import pytest

from console.alerts.promql import ExpressionError
from tests.console.alerts.promql.samples import number, stored, vector

STORE = stored(
    {
        'used{disk="a", host="x"}': [9.0],
        'used{disk="b", host="x"}': [2.0],
        'used{disk="a", host="y"}': [6.0],
        'size{host="x"}': [10.0],
        'size{host="y"}': [12.0],
        'info{host="x", version="1"}': [1.0],
    }
)


def ask(text: str) -> dict[str, float]:
    return vector(text, STORE, at=0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("7 % -3", 1),
        ("-7 % 3", -1),
        ("1 / 0", math.inf),
        ("-1 / 0", -math.inf),
        ("-1 / -0", math.inf),
        ("0 / 0", math.nan),
        ("5 % 0", math.nan),
        ("Inf % 2", math.nan),
        ("0 ^ -1", math.inf),
        ("-0 ^ 2", -0.0),
        ("(-8) ^ 0.5", math.nan),
        ("10 ^ 400", math.inf),
        ("(-10) ^ 401", -math.inf),
        ("NaN ^ 0", 1),
        ("1 atan2 0", math.pi / 2),
        ("1 > bool 2", 0),
        ("NaN == bool NaN", 0),
        ("NaN != bool NaN", 1),
        ("1h30m", 5400),
        ("pi()", math.pi),
    ],
)
def test_numbers(text: str, value: float) -> None:
    found = number(text)
    assert found == value or (found != found and value != value)
    assert math.copysign(1, found) == math.copysign(1, value) or value != value


def test_a_vector_and_a_number() -> None:
    assert ask("size * 2") == {'{host="x"}': 20, '{host="y"}': 24}
    assert ask("100 / size > 9") == {'{host="x"}': 10}
    assert ask("size > 10") == {'size{host="y"}': 12}
    assert ask("10 < size") == {'size{host="y"}': 12}
    assert ask("size > bool 10") == {'{host="x"}': 0, '{host="y"}': 1}
    assert ask("-size") == {'{host="x"}': -10, '{host="y"}': -12}


def test_vectors_one_to_one() -> None:
    assert ask("size - size") == {'{host="x"}': 0, '{host="y"}': 0}
    assert ask("size == size") == {'size{host="x"}': 10, 'size{host="y"}': 12}
    assert ask("size > on (host) info") == {'{host="x"}': 10}
    assert ask("size * ignoring (version) info") == {'{host="x"}': 10}
    assert ask('used{disk="a"} / ignoring (disk) size') == {'{host="x"}': 0.9, '{host="y"}': 0.5}


def test_vectors_many_to_one() -> None:
    assert ask("used / on (host) group_left size") == {
        '{disk="a", host="x"}': 0.9,
        '{disk="b", host="x"}': 0.2,
        '{disk="a", host="y"}': 0.5,
    }
    assert ask("used * on (host) group_left (version) info") == {
        '{disk="a", host="x", version="1"}': 9,
        '{disk="b", host="x", version="1"}': 2,
    }
    assert ask("size - on (host) group_right used > 2") == {
        '{disk="b", host="x"}': 8,
        '{disk="a", host="y"}': 6,
    }
    assert ask("used > bool on (host) group_left () size") == {
        '{disk="a", host="x"}': 0,
        '{disk="b", host="x"}': 0,
        '{disk="a", host="y"}': 0,
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("size / on (host) used", 'two series on the right side have the same labels {host="x"}'),
        ("used / on (host) size", "several series on the left side"),
        ("used + on (host) group_right size", "two series on the left side"),
        ("used + on () group_left size", "two series on the right side"),
        ('label_replace(size, "host", "z", "", "")', "two elements with the same labels"),
    ],
)
def test_what_does_not_match_is_refused(text: str, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        ask(text)
    assert says in str(caught.value)


def test_names_that_go_may_not_make_two_alike() -> None:
    store = stored({'a{x="1"}': [1.0], 'b{x="1"}': [2.0]})
    for name in "ab":
        store.add(name, (("x", "1"),), 10, 2)
    for text in ('{x="1"} + 1', 'abs({x="1"})', '-{x="1"}', 'rate({x="1"}[5m])', '{x="1"} > bool 0'):
        with pytest.raises(ExpressionError, match="same labels"):
            vector(text, store, at=10)
    assert vector('{x="1"} > 0', store, at=10) == {'a{x="1"}': 2, 'b{x="1"}': 2}


def test_sets() -> None:
    assert ask("size and on (host) info") == {'size{host="x"}': 10}
    assert ask("size unless on (host) info") == {'size{host="y"}': 12}
    assert ask("info or on (host) size") == {'info{host="x", version="1"}': 1, 'size{host="y"}': 12}
    assert ask("size and nothing") == {}
    assert ask("size unless nothing") == ask("size")
    assert ask("nothing or size") == ask("size")
    assert ask("size and on () vector(1)") == ask("size")
