"""What `parse` tells of an expression, and how it refuses."""

from __future__ import annotations

import math

import pytest

from console.alerts.promql import ExpressionError, MemoryStore, evaluate, evaluate_range, parse
from tests.console.alerts.promql.samples import stored


@pytest.mark.parametrize(
    ("text", "kind"),
    [("up", "vector"), ("1 + 1", "scalar"), ('"text"', "string"), ("up[5m]", "matrix"), ("(up)", "vector")],
)
def test_type(text: str, kind: str) -> None:
    assert parse(text).type == kind


def test_selectors_are_named_in_order() -> None:
    found = parse('sum(rate(errors_total{code=~"5.."}[5m])) / sum(rate({__name__="requests_total"}[5m]))')
    assert [selector.name for selector in found.selectors] == ["errors_total", "requests_total"]
    (matcher,) = found.selectors[0].matchers
    assert (matcher.label, matcher.operator, matcher.value) == ("code", "=~", "5..")
    assert matcher.matches("503")
    assert not matcher.matches("5033")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1", 0),
        ("up", 300),
        ("rate(up[10m])", 600),
        ("rate(up[10m] offset 1h)", 4200),
        ("up offset -1h", 0),
        ("max_over_time(rate(up[5m])[1h:1m])", 3900),
        ("up + rate(up[1d])", 86400),
        ("up @ 1000", math.inf),
        ("up @ end()", 300),
    ],
)
def test_reach(text: str, seconds: float) -> None:
    assert parse(text).reach == seconds


@pytest.mark.parametrize(
    ("text", "figure", "operator", "limit"),
    [
        ("up == 0", "up", "==", 0),
        ("0.9 < sum by (job) (x) / 2", "sum by (job) (x) / 2", ">", 0.9),
        ("(time() - last_seconds) > 24 * 3600", "time() - last_seconds", ">", 86400),
        ('x{a="{}"} > 5 and on () y > 3', 'x{a="{}"}', ">", 5),
        ("x >= -1 unless y", "x", ">=", -1),
    ],
)
def test_comparison(text: str, figure: str, operator: str, limit: float) -> None:
    found = parse(text).comparison
    assert found is not None
    assert found.figure.text.replace(" ", "") == figure.replace(" ", "")
    assert (found.operator, found.limit) == (operator, limit)


@pytest.mark.parametrize(
    "text", ["up", "x > y", "x > bool 5", "x > 5 or y > 6", "absent(up)", "x > scalar(y)"]
)
def test_no_comparison(text: str) -> None:
    assert parse(text).comparison is None


@pytest.mark.parametrize(
    ("text", "says", "position"),
    [
        ("sum(up", "'(' at character 4 is not closed", 3),
        ("up)", "')' at character 3 closes nothing", 2),
        ('up{job="x}', "the string that begins at character 8 does not end", 7),
        ("up\n+\nup)", "line 3, character 3", 7),
        ("1 + info(up)", "the experimental function info at character 5 is not supported", 4),
        ("histogram_count(up)", "the native histogram function histogram_count", 0),
        ("limitk(1, up)", "the experimental aggregation limitk", 0),
        ("up + fill(0) up", "experimental fill()", 5),
        ('up{a="1" or b="2"}', "`or` between matchers", 9),
        ("up @ -5", "before 1970", 3),
        ("up = 0", "'= 0' at character 4 is not understood: write == to compare", 3),
        ("sum(up = 0) > 3", "'= 0) > 3' at character 8 is not understood: write ==", 7),
        ("up && x", "'&& x' at character 4 is not understood (unexpected character: '&'): write and", 3),
        ("up > 3 for 5m", "`for` is a line of the rule", 7),
        ("rate(up[5m] anchored)", "experimental", 12),
        ("x +\n  up up", "'up' at line 2, character 6 is not understood", 9),
        ("== 0", "'== 0' at character 1 is not understood", 0),
        ("up ==", "ends before it is complete", 5),
        ("up > 5%", "a share is written without %", 7),
        ("up " * 500, "invalid promql query", None),
        ("nosuch(up)", "unknown function with name 'nosuch'", None),
        ("", "is empty", None),
        ('up{a=~"["}', "regex", None),
        ('label_replace(up, "a", "b", "c", "(")', "no regular expression", None),
        ("rate(up)", "expected type matrix", None),
        ("1 > 2", "BOOL", None),
    ],
)
def test_refusals_say_what_and_where(text: str, says: str, position: int | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert says in str(caught.value)
    assert caught.value.position == position


@pytest.mark.parametrize("text", ["x offset 1.5", 'x{a=~`\\d"`}', '{"a.b", "c d"="e"}', "x # said\n+ x"])
def test_reads(text: str) -> None:
    parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "up" + ")" * 5000,
        "-" * 30_000 + "up",
        "up" + "+up" * 900,
        "abs(" * 99 + "up" + ")" * 99 + "+up" * 99,
        "up" + "[5m:]" * 400,
        "up{a=~'" + "(" * 900 + ")" * 900 + "'}",
        "up @ 1e300",
        "up @ 1e12",
        "up[99999999999y]",
        "\0",
        "\ud800",
        "x" * 30_000,
    ],
)
def test_hostile_text_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_too_many_steps_are_refused() -> None:
    store = stored({"up": [1.0] * 20})
    with pytest.raises(ExpressionError, match="steps"):
        evaluate(parse("sum_over_time(up[10y:1s])"), store, 300)
    with pytest.raises(ExpressionError, match="steps"):
        evaluate_range(parse("up"), store, 0, 100_000, 1)
    with pytest.raises(ExpressionError, match="step"):
        evaluate_range(parse("up[1m]"), store, 0, 100, 1)


def test_range_evaluation_gives_points_at_the_steps() -> None:
    store = stored({"up": [float(n) for n in range(20)]})
    (series,) = evaluate_range(parse("up"), store, 0, 60, 30).series
    assert series.times == (0.0, 30.0, 60.0)
    assert series.values == (0.0, 2.0, 4.0)
    (constant,) = evaluate_range(parse("1"), MemoryStore(), 0, 60, 30).series
    assert (constant.labels, constant.values) == ((), (1.0, 1.0, 1.0))
