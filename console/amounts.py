"""Durations and sizes as a configuration writes them: `"26h"`, `"1h30m"`, `"10GB"`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta

from console.errors import UsageError
from console.findings import Limit, Severity
from console.units import bytes_, duration

_SPANS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
"""Prometheus' units of a duration, in seconds."""
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])")
_SIZES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s?([kmgtp]?)i?b?", re.IGNORECASE)

Duration: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^(\d+(\.\d+)?(ms|[smhdwy]))*$",
        description='a duration: "90s", "26h", "1d12h"; empty: not asked',
    ),
]
Durations: TypeAlias = Annotated[
    tuple[Duration, ...],
    Meta(max_length=2, description='two durations, ["26h", "50h"]: warning, critical'),
]
Size: TypeAlias = Annotated[
    str, Meta(pattern=r"(?i)^\d+(\.\d+)? ?[kmgtp]?i?b?$", description='a size: "512MB", "10GB"')
]
Sizes: TypeAlias = Annotated[
    tuple[Size, ...],
    Meta(max_length=2, description='two sizes, ["10GB", "20GB"]: warning, critical'),
]
Numbers: TypeAlias = Annotated[
    tuple[float, ...],
    Meta(max_length=2, description="two numbers, [warning, critical]; one is critical"),
]


def seconds(text: str) -> float:
    """The seconds of a duration such as `26h` or `1h30m`; empty is 0. Raises UsageError."""
    if "".join(match[0] for match in _SPAN.finditer(text)) != text:
        raise UsageError(f"{text!r} is no duration", 'write it as "90s", "26h" or "1d12h"')
    return sum(float(number) * _SPANS[unit] for number, unit in _SPAN.findall(text))


def size(text: str) -> float:
    """The bytes of a size such as `10GB` or `512M`, in powers of 1024. Raises UsageError."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no size", 'write it as "512MB" or "10GB"')
    return float(match[1]) * 1024.0 ** _SIZES[match[2].lower()]


def limit(values: tuple[float, ...]) -> Limit | None:
    """One or two thresholds as a limit, None for none."""
    return Limit.of(values[0], values[-1]) if values else None


def rising(values: tuple[float, ...]) -> Limit | None:
    """A limit that is crossed upwards only. Raises UsageError where the critical value is the lower."""
    found = limit(values)
    if found is not None and not found.rising:
        raise UsageError("the warning lies above the critical value", "write [warning, critical]")
    return found


def span_limit(values: tuple[str, ...]) -> Limit | None:
    """A limit of durations, in seconds."""
    return rising(tuple(map(seconds, values)))


def size_limit(values: tuple[str, ...]) -> Limit | None:
    """A limit of sizes, in bytes."""
    return rising(tuple(map(size, values)))


def judged(value: float, bound: Limit | None) -> Severity:
    """The severity of a value; without a limit all is well."""
    return Severity.OK if bound is None else bound.judge(value)


def against(value: float, bound: Limit | None, show: str) -> str:
    """The limit a value is past, or comes to first, in brackets: ` (limit 26h00m)`; empty without one.

    `show` is `s` for durations, `B` for bytes; anything else stands behind the number.
    """
    return "" if bound is None else f" (limit {shown(bound.crossed(value), show)})"


def shown(value: float, unit: str) -> str:
    """A value with its unit for people: `26h00m`, `10.0G`, `12`, `3.5 ms`."""
    if unit == "s":
        return duration(value)
    if unit == "B":
        return bytes_(value)
    if unit == "%":
        return f"{value:.4g} %"
    number = f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.4g}"
    return f"{number} {unit}".rstrip()


def clock_time(moment: datetime, now: datetime) -> str:
    """A time as the host's clock shows it, with the day when it is not today's."""
    here, today = moment.astimezone(), now.astimezone()
    return f"{here:%H:%M}" if here.date() == today.date() else f"{here:%a %d %b %H:%M}"
