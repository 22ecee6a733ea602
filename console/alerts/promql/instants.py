"""Functions of one number, applied to each element of a vector; they drop the metric's name."""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from console.alerts.promql.arithmetic import (
    INF,
    NAN,
    Unary,
    atanh,
    ceil,
    defined,
    divide,
    floor,
    growing,
    logarithm,
    sign,
)

ELEMENTWISE: dict[str, Unary] = {
    "abs": abs,
    "ceil": ceil,
    "floor": floor,
    "sgn": sign,
    "exp": growing(math.exp),
    "sqrt": defined(math.sqrt),
    "ln": logarithm(math.log),
    "log2": logarithm(math.log2),
    "log10": logarithm(math.log10),
    "sin": defined(math.sin),
    "cos": defined(math.cos),
    "tan": defined(math.tan),
    "asin": defined(math.asin),
    "acos": defined(math.acos),
    "atan": math.atan,
    "sinh": growing(math.sinh, odd=True),
    "cosh": growing(math.cosh),
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": defined(math.acosh),
    "atanh": atanh,
    "deg": lambda x: x * 180 / math.pi,
    "rad": lambda x: x * math.pi / 180,
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _dated(part: Callable[[datetime], int]) -> Unary:
    def function(seconds: float) -> float:
        try:
            return float(part(_EPOCH + timedelta(seconds=int(seconds))))
        except (ValueError, OverflowError):  # NaN, infinite, or outside of the years 1 to 9999
            return NAN

    return function


DATES: dict[str, Unary] = {
    "minute": _dated(lambda when: when.minute),
    "hour": _dated(lambda when: when.hour),
    "day_of_week": _dated(lambda when: when.isoweekday() % 7),
    "day_of_month": _dated(lambda when: when.day),
    "day_of_year": _dated(lambda when: when.timetuple().tm_yday),
    "days_in_month": _dated(lambda when: calendar.monthrange(when.year, when.month)[1]),
    "month": _dated(lambda when: when.month),
    "year": _dated(lambda when: when.year),
}


def clamped(low: float, high: float) -> Unary:
    """Limits a number to a range; NaN where it or a bound is, unless a bound is infinite the other way.

    So Go has it: the smaller of NaN and -Inf is -Inf.
    """

    def function(x: float) -> float:
        x = -INF if high == -INF else NAN if x != x or high != high else min(high, x)
        return INF if low == INF else NAN if x != x or low != low else max(low, x)

    return function


def rounded(nearest: float) -> Unary:
    """Rounds to a multiple of `nearest`; what lies between two goes up."""
    inverse = divide(1.0, nearest)

    def function(x: float) -> float:
        return divide(floor(x * inverse + 0.5), inverse)

    return function
