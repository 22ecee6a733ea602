"""Parts of engines' answers: labels, times, figures and severities, clean and bounded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.metrics import Labels
from console.text import clean

LABELS = 60
"""Labels or annotations of one alert."""
VALUE = 2000
"""Characters of one of their values."""


def table(value: Any) -> Mapping[str, Any]:
    """A JSON object; empty for anything else."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """A JSON list; empty for anything else."""
    return value if isinstance(value, list) else []


def text(value: Any, most: int = VALUE) -> str:
    """A JSON string, clean; empty for anything else."""
    return clean(value, most) if isinstance(value, str) else ""


def pairs(value: Any) -> Labels:
    """Labels or annotations, sorted by name."""
    found = [(clean(str(key), 200), text(one)) for key, one in table(value).items()]
    return tuple(sorted(found))[:LABELS]


def moment(value: Any) -> datetime | None:
    """A time as engines write it (RFC 3339, to the nanosecond); None for none, and for the year 1."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None and found.year > 1 else None


def number(value: Any) -> float | None:
    """A figure, which Prometheus writes as a string; None for none."""
    try:
        return float(value) if isinstance(value, (str, int, float)) else None
    except ValueError:
        return None


def seconds(value: Any) -> float:
    """A duration in seconds; zero for none."""
    found = number(value)
    return found if found is not None and math.isfinite(found) and found >= 0 else 0.0
