"""Which samples a selector finds: matchers, lookback, staleness, offset, @, windows, subqueries."""

from __future__ import annotations

import pytest

from console.alerts.promql import ExpressionError, Matrix, MemoryStore, Selector, evaluate, parse, running
from tests.console.alerts.promql.samples import stored, vector

UP = {
    'up{instance="a:1", job="api"}': [1.0],
    'up{instance="b:2", job="api"}': [2.0],
    'up{instance="c:1", job="db"}': [3.0],
    'up{job="none"}': [4.0],
    'down{job="api"}': [5.0],
}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("up", {1, 2, 3, 4}),
        ('up{job="api"}', {1, 2}),
        ('up{job!="api"}', {3, 4}),
        ('up{job=~"a.i|db"}', {1, 2, 3}),
        ('up{job=~"ap"}', set()),
        ('up{instance!~".*:1"}', {2, 4}),
        ('up{instance=""}', {4}),
        ('up{instance=~".+",job=~"d?b"}', {3}),
        ('up{nosuch=""}', {1, 2, 3, 4}),
        ('{job="api"}', {1, 2, 5}),
        ('{__name__=~"up|down",job="api"}', {1, 2, 5}),
        ('{__name__!="up",job="api"}', {5}),
        ('{"up",job="api"}', {1, 2}),
        ("up{instance=~`[ab]:\\d`}", {1, 2}),
        ('up{instance=~"(?i)A:1"}', {1}),
        ('up{job=~"(a|p|i)*"}', {1, 2}),
    ],
)
def test_matchers(text: str, values: set[float]) -> None:
    assert set(vector(text, stored(UP), at=10).values()) == values


def test_a_pattern_of_nested_repeats_takes_no_time() -> None:
    store = stored({'x{a="' + "a" * 5000 + '!"}': [1.0]})
    assert vector('x{a=~"(a+)+(a*)*b"}', store, at=1) == {}


def test_lookback_is_open_at_its_left() -> None:
    store = stored({"up": [1.0]})
    assert vector("up", store, at=299.999) == {"up{}": 1}
    assert vector("up", store, at=300) == {}
    assert evaluate(parse("up"), store, 60, lookback=60).elements == ()  # type: ignore[union-attr]


def test_stale_markers_end_a_series_until_it_comes_back() -> None:
    store = stored({"up": [1.0, "stale", None, 4.0]})
    assert vector("up", store, at=14.999) == {"up{}": 1}
    assert vector("up", store, at=15) == {}
    assert vector("up", store, at=44) == {}
    assert vector("up", store, at=45) == {"up{}": 4}
    assert vector("count_over_time(up[1m])", store, at=45) == {"{}": 2}


def test_offset_and_at() -> None:
    store = stored({"n": [float(place) for place in range(21)]})
    assert vector("n offset 1m", store) == {"n{}": 16}
    assert vector("n offset -1m", store, at=60) == {"n{}": 8}
    assert vector("n @ 30", store) == {"n{}": 2}
    assert vector("n @ 30 offset 15s", store) == {"n{}": 1}
    assert vector("n offset 15s @ end()", store) == {"n{}": 19}
    assert vector("max_over_time(n[1m] @ 60 offset 30s)", store) == {"{}": 2}
    assert vector("timestamp(n offset 10s)", store) == {"{}": 285}
    assert vector("timestamp(n + 0)", store) == {"{}": 300}


def test_windows_are_open_at_their_left() -> None:
    store = stored({"n": [float(place) for place in range(21)]})
    found = evaluate(parse("n[30s]"), store, 60)
    assert isinstance(found, Matrix)
    assert found.series[0].times == (45.0, 60.0)
    assert found.series[0].values == (3.0, 4.0)


def test_subqueries_step_on_whole_multiples() -> None:
    store = stored({"n": [float(place) for place in range(21)]})
    found = evaluate(parse("n[1m:25s]"), store, 130)
    assert isinstance(found, Matrix)
    assert found.series[0].times == (75.0, 100.0, 125.0)
    default = evaluate(parse("n[5m:]"), store, 130)
    assert isinstance(default, Matrix)
    assert default.series[0].times == (0.0, 60.0, 120.0)
    chosen = evaluate(parse("n[5m:]"), store, 130, step=45)
    assert isinstance(chosen, Matrix)
    assert chosen.series[0].times == (0.0, 45.0, 90.0)
    inner = vector("max_over_time(sum_over_time(n[30s])[1m:30s] @ 120)", store)
    assert inner == {"{}": 8 + 7}


def test_samples_come_in_any_order_and_empty_labels_are_none() -> None:
    store = MemoryStore()
    for at, value in ((30, 3.0), (10, 1.0), (20, 2.0), (20, 2.5)):
        store.add("n", (("a", ""), ("b", "c")), at, value)
    store.add("n", (("b", "c"),), 40, 4.0)
    ((name, labels, times, values),) = store.range(Selector("n"), 0, 50)
    assert (name, labels) == ("n", (("b", "c"),))
    assert (list(times), list(values)) == ([10, 20, 30, 40], [1, 2.5, 3, 4])


def test_reading_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    store = stored({"n": [1.0] * 20})
    monkeypatch.setattr(running, "SAMPLES", 50)
    assert vector("count_over_time(n[5m] offset -1s) + count_over_time(n[5m] offset -1s)", store) == {
        "{}": 38
    }
    with pytest.raises(ExpressionError, match="samples"):
        vector("sum_over_time(sum_over_time(n[5m])[5m:1m])", store)
