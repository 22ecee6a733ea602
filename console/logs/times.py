"""When a log line says it was written: the time stamps that well-known programs put in front.

Read by one expression near the line's start. The date-and-second part is turned into a number once
and remembered, since neighbouring lines share it. A time without a zone is local time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

REACH = 60
"""Characters from a line's start within which its time stamp must begin."""
_REMEMBERED = 4096

_CLOCK = r"\d\d:\d\d:\d\d"
_STAMP = re.compile(
    rf"(?P<iso>\d{{4}}[-/]\d\d[-/]\d\d[T ]{_CLOCK})(?P<fraction>[.,]\d+)?"
    r" ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?"
    rf"|\[(?P<access>\d\d/[A-Z][a-z][a-z]/\d{{4}}:{_CLOCK}) (?P<offset>[+-]\d{{4}})\]"  # Apache, nginx
    rf"|(?:^|>)(?P<syslog>[A-Z][a-z][a-z] [ \d]\d {_CLOCK}) "
    rf"|^\d+:[MSCX] (?P<redis>\d\d [A-Z][a-z][a-z] \d{{4}} {_CLOCK})(?P<thousandths>\.\d+)?"
    rf"|^[IWEF](?P<klog>\d{{4}} {_CLOCK})(?P<micros>\.\d+)?"
    r'|(?:"(?:ts|time|timestamp)": ?|^(?:ts|time)=|^)(?P<epoch>1\d{9})(?P<part>\.\d+|\d{3})?(?=[ ,}\t])'
)
_STAMP_STARTS = frozenset("[0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_EPOCH_FIRST = re.compile(r"(?:ts=|time=)?1\d{9}")
_FORMATS = {
    "access": "%d/%b/%Y:%H:%M:%S",
    "syslog": "%Y %b %d %H:%M:%S",
    "redis": "%d %b %Y %H:%M:%S",
    "klog": "%Y %m%d %H:%M:%S",
}
_YEARLESS = frozenset(("syslog", "klog"))
_FRACTIONS = {"iso": "fraction", "redis": "thousandths", "klog": "micros"}
_seconds: dict[tuple[str, str | None], float] = {}


def written(text: str, arrived: float) -> float | None:
    """The line's own time in epoch seconds, None when it states none that is a date.

    `arrived` (epoch seconds) gives the year where the stamp has none, as in syslog and klog.
    """
    if ":" not in text[: REACH + 40] and not _EPOCH_FIRST.match(text):
        return None  # most lines without a stamp end here
    match = _STAMP.search(text, 0, REACH + 40)
    if match is None:
        return None
    form = _form(match)
    if form == "epoch":
        part = match["part"] or ""
        return float(match["epoch"]) + (float(part) if part[:1] == "." else float(part or 0) / 1000)
    zone = match["zone"] if form == "iso" else match["offset"]
    key = (match[form], zone)
    second = _seconds.get(key)
    if second is None:
        second = _second(form, match[form], zone, arrived)
        if second is None:
            return None
        if len(_seconds) >= _REMEMBERED:
            _seconds.clear()
        _seconds[key] = second
    fraction = match[_FRACTIONS[form]] if form in _FRACTIONS else None
    return second + float("0." + fraction[1:]) if fraction else second


def unstamped(text: str) -> str:
    """The text without the time stamp it begins with; as it is when it begins otherwise."""
    if text[:1] not in _STAMP_STARTS:
        return text
    match = _STAMP.match(text, int(text[0] == "["))
    if match is None or not (match["iso"] or match["syslog"]):
        return text
    rest = text[match.end() :].lstrip(" ]|-:\t" if text[0] == "[" else " |-:\t")
    return rest or text


def _form(match: re.Match[str]) -> str:
    for form in ("iso", "access", "syslog", "redis", "klog"):
        if match[form] is not None:
            return form
    return "epoch"


def _second(form: str, stamp: str, zone: str | None, arrived: float) -> float | None:
    try:
        if form == "iso":
            when = datetime.fromisoformat(stamp.replace("/", "-"))
        elif form in _YEARLESS:
            when = _in_year(form, stamp, arrived)
        else:
            when = datetime.strptime(stamp, _FORMATS[form])  # noqa: DTZ007 local, as the stamp the zone follows
        if zone:
            when = when.replace(tzinfo=_zone(zone))
        return when.timestamp()
    except (ValueError, OverflowError):
        return None


def _in_year(form: str, stamp: str, arrived: float) -> datetime:
    """A stamp without a year is of this one, or of the last when it would lie ahead of its arrival."""
    now = datetime.fromtimestamp(arrived)  # noqa: DTZ006 local, as the stamp
    when = datetime.strptime(f"{now.year} {stamp}", _FORMATS[form])  # noqa: DTZ007 local, as the stamp
    if when > now + timedelta(days=1):
        when = when.replace(year=now.year - 1)
    return when


def _zone(name: str) -> timezone:
    if name[0] not in "+-":
        return UTC
    minutes = int(name[1:3]) * 60 + int(name[-2:])
    return timezone(timedelta(minutes=-minutes if name[0] == "-" else minutes))
