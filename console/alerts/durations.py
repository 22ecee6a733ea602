"""Durations as Prometheus' rule files write them: `5m`, `1h30m`, `1d`."""

from __future__ import annotations

import re

_PARTS = re.compile(
    r"(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?"
)
_MILLISECONDS = (365 * 86_400_000, 7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
_UNITS = ("y", "w", "d", "h", "m", "s", "ms")
_LONGEST = 9_223_372_036_854
"""Milliseconds that fit into 64 bits of nanoseconds, which is where Prometheus ends."""


def duration(text: str) -> float:
    """Seconds of a duration. Raises ValueError with what is wrong."""
    if text == "0":
        return 0.0
    if not text:
        raise ValueError("empty duration string")
    match = _PARTS.fullmatch(text)
    if match is None:
        for unit in re.findall(r"[0-9]+([^0-9]+)", text[:80]) if text[0].isdecimal() else ():
            if unit not in _UNITS:
                raise ValueError(f'unknown unit "{unit}" in duration "{text[:80]}"')
        raise ValueError(f'not a valid duration string: "{text[:80]}"')
    total = sum(
        int(part[:30] or 0) * size for part, size in zip(match.groups("0"), _MILLISECONDS, strict=True)
    )
    if total > _LONGEST:
        raise ValueError("duration out of range")
    return total / 1000


def written(seconds: float) -> str:
    """A duration as Prometheus writes it: `1h30m`, `1d12h`, `0s`."""
    left = round(abs(seconds) * 1000)
    if left == 0:
        return "0s"
    said = "-" if seconds < 0 else ""
    for unit, size in zip(_UNITS, _MILLISECONDS, strict=True):
        # years and weeks only where nothing is left over, as Prometheus does
        if unit in ("y", "w") and left % size:
            continue
        count, left = divmod(left, size)
        if count:
            said += f"{count}{unit}"
    return said
