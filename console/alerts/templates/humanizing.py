"""Prometheus' functions for numbers and times: with prefixes, as durations, as dates."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from console.alerts.templates import formatting
from console.alerts.templates.calling import FunctionError
from console.alerts.templates.values import Html, Moment, go_type

if TYPE_CHECKING:
    from console.alerts.templates import Context


def to_float(value: Any) -> float:
    """A number, or text that is one, as Prometheus converts it."""
    match value:
        case bool() | Html():
            pass
        case float() | int():
            return float(value)
        case str():
            return _parsed(value)
    raise FunctionError(f"can't convert {go_type(value)} to float")


_GO_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE
)


def _parsed(text: str) -> float:
    if _GO_FLOAT.fullmatch(text) and not re.fullmatch("[+-]nan", text, re.IGNORECASE):
        number = float(text)
        if math.isinf(number) and "inf" not in text.lower():
            raise FunctionError(f"strconv.ParseFloat: parsing {formatting.quoted(text)}: value out of range")
        return number
    if re.fullmatch(r"[+-]?0[xX][0-9a-fA-F_.]+[pP][+-]?[0-9]+", text):
        return float.fromhex(text.replace("_", ""))
    raise FunctionError(f"strconv.ParseFloat: parsing {formatting.quoted(text)}: invalid syntax")


def _figures(value: float) -> str:
    return formatting.shortest(value, "g", 4)


def _small(value: float) -> tuple[float, str]:
    prefix = ""
    for letter in "munpfazy":
        if abs(value) >= 1:
            break
        prefix, value = letter, value * 1000
    return value, prefix


def _large(value: float, base: int, prefixes: tuple[str, ...]) -> str:
    prefix = ""
    for name in prefixes:
        if abs(value) < base:
            break
        prefix, value = name, value / base
    return _figures(value) + prefix


def humanize(_: Context, value: Any) -> str:
    """A number with a metric prefix: 1.234k."""
    number = to_float(value)
    if number == 0 or not math.isfinite(number):
        return _figures(number)
    if abs(number) >= 1:
        return _large(number, 1000, tuple("kMGTPEZY"))
    number, prefix = _small(number)
    return _figures(number) + prefix


def humanize1024(_: Context, value: Any) -> str:
    """A number with a binary prefix: 1.234Mi."""
    number = to_float(value)
    if abs(number) <= 1 or not math.isfinite(number):
        return _figures(number)
    return _large(number, 1024, ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"))


def humanize_duration(_: Context, value: Any) -> str:
    """Seconds in the units people use: 1d 2h 3m 4s."""
    number = to_float(value)
    if not math.isfinite(number):
        return _figures(number)
    if number == 0:
        return f"{_figures(number)}s"
    if abs(number) < 1:
        number, prefix = _small(number)
        return f"{_figures(number)}{prefix}s"
    sign, number = ("-", -number) if number < 0 else ("", number)
    whole = int(min(number, 2**63 - 1))
    days, hours, minutes, seconds = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{sign}{minutes}m {seconds}s"
    return f"{sign}{_figures(number)}s"


def humanize_percentage(_: Context, value: Any) -> str:
    """A ratio in percent."""
    return f"{_figures(to_float(value) * 100)}%"


def _moment(value: float) -> Moment:
    if abs(value * 1e9) > 2**63:
        said = formatting.shortest(value)
        raise FunctionError(
            f"{said} cannot be represented as a nanoseconds timestamp since it overflows int64"
        )
    return Moment(value)


def humanize_timestamp(_: Context, value: Any) -> str:
    """Unix seconds as a date and time in UTC."""
    number = to_float(value)
    return str(_moment(number)) if math.isfinite(number) else _figures(number)


def to_time(_: Context, value: Any) -> Moment:
    """Unix seconds as a point in time."""
    number = to_float(value)
    if not math.isfinite(number):
        raise FunctionError("value is NaN or Inf")
    return _moment(number)
