"""Functions of one series over a window: rates, regressions, and what ..._over_time gives."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from itertools import compress
from typing import TypeAlias

from console.alerts.promql.arithmetic import NAN, added, average, divide, greatest, least, quantile, summed

Times: TypeAlias = Sequence[float]
Values: TypeAlias = Sequence[float]
OverTime: TypeAlias = Callable[[Times, Values, int, int], float | None]
"""Times (Unix seconds), values, start and end of the window (milliseconds); None: no result."""


def _extrapolated(counter: bool, rate: bool) -> OverTime:
    """The difference over the window, as if the samples went on to its bounds.

    Up to 1.1 times the mean distance of the samples is bridged to a bound, else half of it; a counter is
    not taken below zero. So `extrapolatedRate` of Prometheus 3, with the window open at its left.
    """

    def function(times: Times, values: Values, start: int, end: int) -> float | None:
        count = len(values)
        if count < 2:
            return None
        result = values[-1] - values[0]
        if counter:
            after = values[1:]
            result += sum(compress(values, map(operator.gt, values, after)))  # each fall began at zero
        first, last = round(times[0] * 1000), round(times[-1] * 1000)
        sampled = (last - first) / 1000
        if not sampled:
            return None
        to_start, to_end = (first - start) / 1000, (end - last) / 1000
        mean = sampled / (count - 1)
        if to_start >= mean * 1.1:
            to_start = mean / 2
        if counter and result > 0 and values[0] >= 0:
            to_start = min(to_start, sampled * (values[0] / result))
        if to_end >= mean * 1.1:
            to_end = mean / 2
        factor = (sampled + to_start + to_end) / sampled
        if rate:
            factor /= (end - start) / 1000
        return result * factor

    return function


def _last_two(counter: bool) -> OverTime:
    def function(times: Times, values: Values, start: int, end: int) -> float | None:
        if len(values) < 2:
            return None
        interval = round(times[-1] * 1000) - round(times[-2] * 1000)
        if not interval:
            return None
        fell = counter and values[-1] < values[-2]
        difference = values[-1] if fell else values[-1] - values[-2]
        return difference / (interval / 1000) if counter else difference

    return function


def regression(times: Times, values: Values, origin: int) -> tuple[float, float]:
    """Slope per second and value at `origin` (milliseconds) of the least-squares line."""
    begin = values[0]
    if all(value == begin for value in values[1:]):
        return (NAN, NAN) if math.isinf(begin) else (0.0, begin)
    sum_x = rest_x = sum_y = rest_y = sum_xy = rest_xy = sum_xx = rest_xx = 0.0
    for time, y in zip(times, values, strict=True):
        x = (round(time * 1000) - origin) / 1000
        sum_x, rest_x = added(x, sum_x, rest_x)
        sum_y, rest_y = added(y, sum_y, rest_y)
        sum_xy, rest_xy = added(x * y, sum_xy, rest_xy)
        sum_xx, rest_xx = added(x * x, sum_xx, rest_xx)
    sum_x, sum_y, sum_xy, sum_xx = sum_x + rest_x, sum_y + rest_y, sum_xy + rest_xy, sum_xx + rest_xx
    count = len(values)
    spread = sum_xx - sum_x * sum_x / count
    slope = divide(sum_xy - sum_x * sum_y / count, spread)
    return slope, sum_y / count - slope * sum_x / count


def _deriv(times: Times, values: Values, start: int, end: int) -> float | None:
    if len(values) < 2:
        return None
    return regression(times, values, round(times[0] * 1000))[0]


def _changes(times: Times, values: Values, start: int, end: int) -> float:
    after = values[1:]
    found = sum(map(operator.ne, values, after))
    if found and any(value != value for value in values):
        found -= sum(a != a and b != b for a, b in zip(values, after, strict=False))
    return float(found)


def _resets(times: Times, values: Values, start: int, end: int) -> float:
    return float(sum(map(operator.gt, values, values[1:])))


def _variance(values: Values) -> float:
    mean = rest_mean = squares = rest_squares = 0.0
    for count, value in enumerate(values, 1):
        delta = value - (mean + rest_mean)
        mean, rest_mean = added(delta / count, mean, rest_mean)
        squares, rest_squares = added(delta * (value - (mean + rest_mean)), squares, rest_squares)
    return (squares + rest_squares) / len(values)


def _root(value: float) -> float:
    return math.sqrt(value) if value >= 0 or value != value else NAN


def _of_values(function: Callable[[Values], float]) -> OverTime:
    return lambda times, values, start, end: function(values)


OVER_TIME: dict[str, OverTime] = {
    "rate": _extrapolated(counter=True, rate=True),
    "increase": _extrapolated(counter=True, rate=False),
    "delta": _extrapolated(counter=False, rate=False),
    "irate": _last_two(counter=True),
    "idelta": _last_two(counter=False),
    "deriv": _deriv,
    "changes": _changes,
    "resets": _resets,
    "avg_over_time": _of_values(average),
    "sum_over_time": _of_values(summed),
    "min_over_time": _of_values(least),
    "max_over_time": _of_values(greatest),
    "count_over_time": _of_values(lambda values: float(len(values))),
    "last_over_time": _of_values(lambda values: values[-1]),
    "present_over_time": _of_values(lambda values: 1.0),
    "stdvar_over_time": _of_values(_variance),
    "stddev_over_time": _of_values(lambda values: _root(_variance(values))),
}


def quantile_over_time(share: float) -> OverTime:
    """The quantile of the window's values."""
    return _of_values(lambda values: quantile(share, values))


def predict_linear(ahead: float, at: int) -> OverTime:
    """The value `ahead` seconds after `at` (milliseconds) on the regression line."""

    def function(times: Times, values: Values, start: int, end: int) -> float | None:
        if len(values) < 2:
            return None
        slope, intercept = regression(times, values, at)
        return slope * ahead + intercept

    return function
