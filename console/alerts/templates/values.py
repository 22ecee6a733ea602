"""What a template can hold beside text, numbers and booleans, and how Go names the types."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

_PARTS = {
    "2006": "%Y", "06": "%y", "January": "%B", "Jan": "%b", "01": "%m", "1": "%m",
    "Monday": "%A", "Mon": "%a", "02": "%d", "2": "%d", "_2": "%e", "15": "%H", "03": "%I", "3": "%I",
    "04": "%M", "4": "%M", "05": "%S",
    "5": "%S", "PM": "%p", "MST": "UTC", "Z07:00": "Z", "Z0700": "Z", "-07:00": "+00:00", "-0700": "+0000",
}  # fmt: skip
_BARE = {"1": "0", "2": "0", "3": "0", "4": "0", "5": "0"}
_LAYOUT = re.compile("|".join(sorted(map(re.escape, _PARTS), key=len, reverse=True)))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Html(str):
    """Text that says it is HTML: another type than text, as in Go."""

    __slots__ = ()


class Strings(dict[str, str]):
    """Labels: a name that is not there is the empty text."""

    __slots__ = ()


class Result(list["Sample"]):
    """What `query` gives."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of a query's result; its fields are named as templates name them."""

    Labels: Strings
    Value: float


@dataclass(frozen=True, slots=True)
class Data:
    """What a template is expanded with: `.` at its top."""

    Labels: Strings
    ExternalLabels: Strings
    ExternalURL: str
    Value: float


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, in UTC."""

    seconds: float

    def __str__(self) -> str:
        at = self.at()
        fraction = f".{at.microsecond:06d}".rstrip("0") if at.microsecond else ""
        return f"{at:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"

    def at(self) -> datetime:
        """As Python has it, to the millisecond, as Prometheus cuts it."""
        nanoseconds = int(self.seconds * 1e9)
        return _EPOCH + timedelta(milliseconds=math.trunc(Fraction(nanoseconds, 1_000_000)))

    def formatted(self, layout: str) -> str:
        """In the layout of Go's time.Format, which shows how its reference time would look."""
        at = self.at()
        return _LAYOUT.sub(lambda part: at.strftime(_PARTS[part[0]]).lstrip(_BARE.get(part[0], "")), layout)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time."""

    seconds: float

    def __str__(self) -> str:
        """As Go's time.Duration writes it: `1h0m0s`, `1.5s`, `20ms`."""
        nanoseconds = _nanoseconds(self.seconds)
        sign, left = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
        if left == 0:
            return "0s"
        if left < 1_000_000_000:
            for unit, size in (("ms", 1_000_000), ("µs", 1000), ("ns", 1)):
                if left >= size:
                    return f"{sign}{_fraction(left, size)}{unit}"
        minutes, rest = divmod(left, 60_000_000_000)
        said = f"{_fraction(rest, 1_000_000_000)}s"
        if minutes:
            hours, minutes = divmod(minutes, 60)
            said = f"{hours}h{minutes}m{said}" if hours else f"{minutes}m{said}"
        return sign + said


def _nanoseconds(seconds: float) -> int:
    """As Go has them; what does not fit into 64 bits is the smallest that does, as processors convert it."""
    nanoseconds = seconds * 1e9
    return int(nanoseconds) if abs(nanoseconds) < 2**63 else -(2**63)


def _fraction(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    digits = f"{rest:0{len(str(size)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


DATA_TYPE = (
    "struct { Labels map[string]string; ExternalLabels map[string]string;"
    " ExternalURL string; Value interface {} }"
)


def go_type(value: Any) -> str:
    """What Go calls the type of a value."""
    for kind, name in (
        (bool, "bool"), (int, "int"), (float, "float64"), (Html, "template.HTML"), (str, "string"),
        (Strings, "map[string]string"), (dict, "map[string]interface {}"), (Result, "template.queryResult"),
        (Sample, "*template.sample"), (Moment, "*time.Time"), (Span, "*time.Duration"), (Data, DATA_TYPE),
    ):  # fmt: skip
        if isinstance(value, kind):
            return name
    return "<nil>"
