"""Quantities as the API writes them (`250m`, `1.5Gi`, `1e3`), and ages as kubectl does (`2m30s`)."""

from __future__ import annotations

import math
import re
from functools import lru_cache

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i))?")
_FACTORS = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
_LONGEST = 64
"""Characters of a quantity; the API writes at most some twenty."""

MINUTE, HOUR, DAY = 60, 3600, 86_400


@lru_cache(maxsize=4096)
def quantity(text: str) -> float:
    """A quantity in its base unit (cores, bytes, pieces); not-a-number where it is none."""
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return math.nan
    number, exponent, suffix = match.groups()
    value = float(number + (exponent or "")) * _FACTORS.get(suffix or "", 1.0)
    return value if math.isfinite(value) else math.nan


def kubectl_age(seconds: float) -> str:
    """A duration as kubectl writes it, `<unknown>` for not-a-number: `45s`, `2m30s`, `5h3m`, `2d3h`, `3y9d`.

    Two units where the smaller still says something, one elsewhere; always cut, never rounded. A clock that
    is up to two seconds behind is taken for now, one further behind makes it `<invalid>`.
    """
    if not math.isfinite(seconds):
        return "<unknown>"
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 2 * MINUTE:
        return f"{max(whole, 0)}s"
    if whole < 10 * MINUTE:
        return _two(whole, MINUTE, "m", 1, "s")
    if whole < 3 * HOUR:
        return f"{whole // MINUTE}m"
    if whole < 8 * HOUR:
        return _two(whole, HOUR, "h", MINUTE, "m")
    if whole < 2 * DAY:
        return f"{whole // HOUR}h"
    if whole < 8 * DAY:
        return _two(whole, DAY, "d", HOUR, "h")
    if whole < 2 * 365 * DAY:
        return f"{whole // DAY}d"
    if whole < 8 * 365 * DAY:
        return _two(whole, 365 * DAY, "y", DAY, "d")
    return f"{whole // (365 * DAY)}y"


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    count, rest = divmod(seconds, large)
    rest //= small
    return f"{count}{large_name}{rest}{small_name}" if rest else f"{count}{large_name}"


def restarts(count: int, last: float, now: float) -> str:
    """Restarts as kubectl prints them: `0`, `3 (5m ago)`, and `3` where nobody knows when."""
    return f"{count} ({kubectl_age(now - last)} ago)" if count and last else str(count)
