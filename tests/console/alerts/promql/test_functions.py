"""Functions: of windows, of numbers, of dates, of labels, of histograms."""

from __future__ import annotations

import math

import pytest

from console.alerts.promql import ExpressionError, MemoryStore
from tests.console.alerts.promql.samples import stored, vector

COUNTER = stored({"c": [float(place * 30) for place in range(21)]})
RESET = stored({"c": [0.0, 10.0, 20.0, 5.0, 15.0]})


def one(text: str, store: MemoryStore, at: float = 300) -> float:
    """The value of the only element."""
    (value,) = vector(text, store, at).values()
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rate(c[5m])", 2),
        ("increase(c[5m])", 600),
        ("increase(c[1m])", 120),
        ("irate(c[5m])", 2),
        ("delta(c[5m])", 600),
        ("idelta(c[5m])", 30),
        ("deriv(c[5m])", 2),
        ("predict_linear(c[5m], 60)", 720),
        ("changes(c[5m])", 19),
        ("resets(c[5m])", 0),
        ("avg_over_time(c[1m])", 555),
        ("sum_over_time(c[1m])", 2220),
        ("min_over_time(c[1m])", 510),
        ("max_over_time(c[1m])", 600),
        ("count_over_time(c[1m])", 4),
        ("last_over_time(c[1m])", 600),
        ("present_over_time(c[1m])", 1),
        ("quantile_over_time(0.5, c[1m])", 555),
        ("stdvar_over_time(c[1m])", 1125),
        ("stddev_over_time(c[1m])", math.sqrt(1125)),
    ],
)
def test_windows(text: str, value: float) -> None:
    assert one(text, COUNTER) == pytest.approx(value, rel=1e-12)


def test_rates_see_resets_and_bridge_to_the_bounds() -> None:
    # 20 up, then from zero to 15; 60 s between first and last, of a minute's window that is open at 0
    assert one("increase(c[61s])", RESET, at=60) == pytest.approx(35)
    assert one("resets(c[2m])", RESET, at=60) == 1
    assert one("delta(c[61s])", RESET, at=60) == pytest.approx(15 * 61 / 60)
    # a counter that begins within the window is not taken below zero
    young = stored({"c": [None, None, None, None, 1.0, 31.0, 61.0]})
    assert one("increase(c[2m])", young, at=90) == pytest.approx(60 * (30 + 0.5) / 30)
    # a gap at an end is bridged by half a distance
    old = stored({"c": [10.0, 20.0, 30.0]})
    assert one("increase(c[2m])", old, at=100) == pytest.approx(20 * (30 + 7.5 + 7.5) / 30)
    assert vector("rate(c[10s])", RESET, at=60) == {}


def test_only_last_over_time_keeps_the_name() -> None:
    assert vector("last_over_time(c[1m])", COUNTER) == {"c{}": 600}
    assert vector("max_over_time(c[1m])", COUNTER) == {"{}": 600}


def test_nan_within_windows() -> None:
    store = stored({"n": [math.nan, 3.0, math.nan, math.nan, 1.0], "same": [math.inf] * 5})
    assert one("min_over_time(n[5m] offset -1s)", store, at=60) == 1
    assert one("max_over_time(n[5m] offset -1s)", store, at=60) == 3
    assert one("changes(n[5m])", store, at=60) == 3
    assert math.isnan(one("deriv(same[5m])", store, at=60))


def test_absence() -> None:
    store = stored({"up": [1.0]})
    assert vector("absent(up)", store, at=0) == {}
    assert vector('absent(down{job="a",x=~"y",z!="1"})', store, at=0) == {'{job="a"}': 1}
    assert vector('absent(down{job="a",job="b",x="y"})', store, at=0) == {'{x="y"}': 1}
    assert vector("absent(sum(down))", store, at=0) == {"{}": 1}
    assert vector('absent_over_time(down{job="a"}[5m])', store, at=0) == {'{job="a"}': 1}
    assert vector("absent_over_time(up[5m])", store, at=10) == {}
    assert vector("absent_over_time(up[5m:1m] offset 1h)", store, at=10) == {"{}": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("abs(vector(-2))", 2),
        ("ceil(vector(1.2))", 2),
        ("1 / ceil(vector(-0.5))", -math.inf),
        ("floor(vector(-1.2))", -2),
        ("floor(vector(Inf))", math.inf),
        ("round(vector(2.5))", 3),
        ("round(vector(-2.5))", -2),
        ("round(vector(7.3), 0.5)", 7.5),
        ("round(vector(7.3), 0)", math.nan),
        ("exp(vector(1000))", math.inf),
        ("ln(vector(0))", -math.inf),
        ("log2(vector(8))", 3),
        ("log10(vector(-1))", math.nan),
        ("sqrt(vector(-1))", math.nan),
        ("sgn(vector(-3))", -1),
        ("sin(vector(Inf))", math.nan),
        ("acosh(vector(0))", math.nan),
        ("atanh(vector(1))", math.inf),
        ("sinh(vector(-1000))", -math.inf),
        ("deg(vector(pi()))", 180),
        ("rad(vector(180))", math.pi),
        ("clamp(vector(5), 1, 3)", 3),
        ("clamp_min(vector(0), 1)", 1),
        ("clamp_max(vector(NaN), 1)", math.nan),
        ("vector(time())", 300),
        ("vector(scalar(vector(4)))", 4),
        ("vector(scalar(nothing))", math.nan),
    ],
)
def test_numbers(text: str, value: float) -> None:
    assert one(text, MemoryStore()) == pytest.approx(value, nan_ok=True)


def test_clamp_between_bounds_the_wrong_way_round_is_empty() -> None:
    assert vector("clamp(vector(5), 3, 1)", MemoryStore()) == {}
    alike = stored({'a{x="1"}': [1.0], 'b{x="1"}': [2.0]})
    assert vector('clamp({x="1"}, 3, 1)', alike, at=0) == {}
    with pytest.raises(ExpressionError, match="same labels"):
        vector('clamp({x="1"}, 1, 3)', alike, at=0)
    with pytest.raises(ExpressionError, match="same labels"):
        vector('clamp(abs({x="1"}), 3, 1)', alike, at=0)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("minute", 54),
        ("hour", 23),
        ("day_of_week", 4),
        ("day_of_month", 29),
        ("day_of_year", 60),
        ("days_in_month", 29),
        ("month", 2),
        ("year", 2024),
    ],
)
def test_dates(function: str, value: float) -> None:
    leap = 1709250847  # Thursday 2024-02-29 23:54:07 UTC
    assert one(f"{function}(vector({leap}))", MemoryStore()) == value
    assert one(f"{function}()", MemoryStore(), at=leap) == value
    assert math.isnan(one(f"{function}(vector(NaN))", MemoryStore()))


def test_labels() -> None:
    store = stored({'x{host="db-1:5432"}': [1.0], 'x{host="db-2"}': [2.0]})
    assert vector('label_replace(x, "port", "$1", "host", ".*:(.*)")', store, at=0) == {
        'x{host="db-1:5432", port="5432"}': 1,
        'x{host="db-2"}': 2,
    }
    assert vector('label_replace(x, "n", "<${n}$$$x>", "host", "db-(?P<n>\\\\d).*")', store, at=0) == {
        'x{host="db-1:5432", n="<1$>"}': 1,
        'x{host="db-2", n="<2$>"}': 2,
    }
    assert vector('label_replace(x{host="db-2"}, "host", "", "host", ".*")', store, at=0) == {"x{}": 2}
    assert vector('label_join(x{host="db-2"}, "j", "/", "host", "nosuch", "host")', store, at=0) == {
        'x{host="db-2", j="db-2//db-2"}': 2
    }
    with pytest.raises(ExpressionError, match="empty label"):
        vector('label_join(x, "", "/", "host")', store)


def histogram(counts: dict[str, float]) -> MemoryStore:
    return stored({f'b{{le="{bound}"}}': [count] for bound, count in counts.items()})


@pytest.mark.parametrize(
    ("counts", "share", "value"),
    [
        ({"1": 10, "2": 30, "+Inf": 40}, 0.5, 1.5),
        ({"1": 10, "2": 30, "+Inf": 40}, 0.9, 2),
        ({"1": 10, "2": 30, "+Inf": 40}, 0.125, 0.5),
        ({"-1": 10, "2": 30, "+Inf": 40}, 0.1, -1),
        ({"1": 10, "1.0": 10, "2": 30, "+Inf": 40}, 0.5, 1),
        ({"1": 10, "2": 8, "4": 30, "+Inf": 30}, 0.5, 2 + 2 * 5 / 20),
        ({"1": 10, "2": 30}, 0.5, math.nan),
        ({"1": 0, "+Inf": 0}, 0.5, math.nan),
        ({"+Inf": 10}, 0.5, math.nan),
        ({"1": 10, "+Inf": 10}, -0.1, -math.inf),
        ({"1": 10, "+Inf": 10}, 1.1, math.inf),
    ],
)
def test_histogram_quantile(counts: dict[str, float], share: float, value: float) -> None:
    found = one(f"histogram_quantile({share}, b)", histogram(counts), at=0)
    assert found == pytest.approx(value, nan_ok=True)


def test_histogram_fraction() -> None:
    store = histogram({"1": 10, "2": 30, "+Inf": 40, "strange": 7})
    assert one("histogram_fraction(0.5, 1.5, b)", store, at=0) == pytest.approx((20 - 5) / 40)
    assert one("histogram_fraction(-Inf, Inf, b)", store, at=0) == 1
    assert one("histogram_fraction(2, 1, b)", store, at=0) == 0
