"""Numbers for people: one way to write bytes, rates, shares and durations, each of bounded width."""

from __future__ import annotations

import math

_BYTES = ("B", "K", "M", "G", "T", "P", "E")
_COUNTS = ("", "k", "M", "G", "T")


def bytes_(value: float) -> str:
    """Bytes in powers of 1024, at most five cells: `512B`, `9.1G`, `128M`."""
    return _scaled(value, 1024.0, _BYTES)


def count(value: float) -> str:
    """A count in powers of 1000, at most five cells: `950`, `12.3k`, `4.1M`."""
    return _scaled(value, 1000.0, _COUNTS)


def counted(number: int, noun: str) -> str:
    """A number of things in words: `1 file`, `3 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _scaled(value: float, base: float, units: tuple[str, ...]) -> str:
    if not math.isfinite(value):
        return "-"
    sign, value = ("-", -value) if value < 0 else ("", value)
    step = 0
    while value >= base - 0.5 and step < len(units) - 1:
        value /= base
        step += 1
    if step == 0 or value >= 99.95:
        shown = f"{value:.0f}" if step or value >= 10 or value == int(value) else f"{value:.1f}"
    else:
        shown = f"{value:.1f}"
    return f"{sign}{shown}{units[step]}"


def per_second(value: float) -> str:
    """A rate of things: `1.2K/s`."""
    return f"{count(value)}/s"


def bytes_per_second(value: float) -> str:
    """A rate of bytes: `1.2M/s`."""
    return f"{bytes_(value)}/s"


def percent(ratio: float) -> str:
    """A ratio as a percentage, at most four cells: `3.4%`, `71%`, `100%`; `-` when not a number."""
    if not math.isfinite(ratio):
        return "-"
    value = ratio * 100
    return f"{value:.1f}%" if 0 < value < 9.95 else f"{value:.0f}%"


def duration(seconds: float) -> str:
    """A duration in its two leading units: `850ms`, `42s`, `3m12s`, `5h03m`, `12d4h`."""
    if not math.isfinite(seconds):
        return "-"
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms" if seconds >= 0.00095 or seconds == 0 else "<1ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    total = round(seconds)
    minutes, second = divmod(total, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days}d{hour}h"
    if hours:
        return f"{hours}h{minute:02}m"
    return f"{minutes}m{second:02}s" if minutes else f"{second}s"
