"""Arithmetic of floats as Go does it: never an exception, but infinity and NaN (IEEE 754)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import TypeAlias

NAN = math.nan
INF = math.inf

Unary: TypeAlias = Callable[[float], float]
Binary: TypeAlias = Callable[[float, float], float]


def divide(a: float, b: float) -> float:
    """a / b; by zero it is infinite, and zero by zero NaN."""
    if b:
        return a / b
    if not a or a != a:
        return NAN
    return math.copysign(INF, a) * math.copysign(1.0, b)


def modulo(a: float, b: float) -> float:
    """The remainder with the sign of a, as C's fmod."""
    try:
        return math.fmod(a, b)
    except ValueError:
        return NAN


def power(a: float, b: float) -> float:
    """a to the b, with what C99 says of infinities, zeros and negative bases."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -INF if a < 0 and math.fmod(b, 2) in (1.0, -1.0) else INF
    except ValueError:
        if a:
            return NAN  # a negative base and an exponent that is no whole number
        return math.copysign(INF, a) if math.fmod(b, 2) in (1.0, -1.0) else INF


ARITHMETIC: dict[str, Binary] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
    "%": modulo,
    "^": power,
    "atan2": math.atan2,
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def floor(x: float) -> float:
    """The whole number below, with its sign kept (-0.0)."""
    return math.copysign(float(math.floor(x)), x) if math.isfinite(x) else x


def ceil(x: float) -> float:
    """The whole number above, with its sign kept (-0.0)."""
    return math.copysign(float(math.ceil(x)), x) if math.isfinite(x) else x


def sign(x: float) -> float:
    """-1, 1, or x itself where it is zero or NaN."""
    if x < 0:
        return -1.0
    return 1.0 if x > 0 else x


def logarithm(function: Unary) -> Unary:
    """A logarithm that is -infinity at zero and NaN below."""

    def safe(x: float) -> float:
        if x > 0 or x != x:
            return function(x)
        return NAN if x else -INF

    return safe


def defined(function: Unary) -> Unary:
    """A function of `math` that is NaN where it is not defined."""

    def safe(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return NAN

    return safe


def growing(function: Unary, odd: bool = False) -> Unary:
    """A function of `math` that is infinite where it overflows; an odd one with the sign of x."""

    def safe(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return math.copysign(INF, x) if odd else INF

    return safe


def atanh(x: float) -> float:
    """Infinite at 1 and -1, NaN beyond."""
    if abs(x) == 1.0:
        return math.copysign(INF, x)
    return math.atanh(x) if abs(x) < 1 else NAN


def kahan(values: Sequence[float]) -> tuple[float, float]:
    """The sum and its compensation: Neumaier's variant of Kahan's, one value after the other."""
    total = correction = 0.0
    for value in values:
        total, correction = added(value, total, correction)
    return total, correction


def added(value: float, total: float, correction: float) -> tuple[float, float]:
    """One step of Neumaier's sum."""
    new = total + value
    if math.isinf(new):
        return new, 0.0
    if abs(total) >= abs(value):
        return new, correction + ((total - new) + value)
    return new, correction + ((value - new) + total)


def summed(values: Sequence[float]) -> float:
    """The sum, exact where it is finite all the way, as Neumaier's is but for the last digits."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # beyond the largest float on the way, or both infinities
        total, correction = kahan(values)
        return total if math.isinf(total) else total + correction


def average(values: Sequence[float]) -> float:
    """The mean; where the sum would overflow it is taken value by value."""
    try:
        return math.fsum(values) / len(values)
    except (OverflowError, ValueError):
        return _running_mean(values)


def _running_mean(values: Sequence[float]) -> float:
    total, correction = values[0], 0.0
    mean, running = 0.0, False
    for count, value in enumerate(values[1:], 2):
        if not running:
            new, rest = added(value, total, correction)
            if not math.isinf(new):
                total, correction = new, rest
                continue
            running = True
            mean, correction = total / (count - 1), correction / (count - 1)
        part = (count - 1) / count
        mean, correction = added(value / count, part * mean, part * correction)
    return mean + correction if running else (total + correction) / len(values)


def least(values: Sequence[float]) -> float:
    """The smallest; NaN counts only where there is nothing else."""
    found = min(values)
    if found == found:  # min() passes over NaN unless it comes first
        return found
    return min((value for value in values if value == value), default=NAN)


def greatest(values: Sequence[float]) -> float:
    """The largest; NaN counts only where there is nothing else."""
    found = max(values)
    if found == found:
        return found
    return max((value for value in values if value == value), default=NAN)


def quantile(share: float, values: Sequence[float]) -> float:
    """The quantile with linear interpolation between two values; NaN sorts below all others."""
    if not values or share != share:
        return NAN
    if share < 0:
        return -INF
    if share > 1:
        return INF
    ordered = sorted(value for value in values if value == value)
    ordered[:0] = [NAN] * (len(values) - len(ordered))
    rank = share * (len(ordered) - 1)
    low = math.floor(rank)
    weight = rank - low
    return ordered[low] * (1 - weight) + ordered[min(len(ordered) - 1, low + 1)] * weight
