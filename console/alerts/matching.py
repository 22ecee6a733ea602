"""Silences' words: matchers as Alertmanager writes them, and until when one stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

from console.alerts.identity import quoted
from console.errors import ExpressionError, UsageError
from console.text import clean

Matchers: TypeAlias = tuple[tuple[str, str, str], ...]
"""Label, operator (=, !=, =~, !~) and value, of each; all of them have to match."""

PATTERN = 1000
"""Characters of a regular expression."""
MOST = 20
"""Matchers of a silence."""
LONGEST = timedelta(days=30)
"""A silence ends: longer ones are rules that nobody wants."""

_MATCHER = re.compile(
    r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^\s,"{}]+)\s*(?:,|$)'
)
_EXAMPLE = 'alertname="DiskFull", instance=~"db-.*"'


def matches(matchers: Iterable[tuple[str, str, str]], labels: Mapping[str, str]) -> bool:
    """Whether labels pass all matchers; a label that is not there is the empty string."""
    return all(_passes(operator, value, labels.get(label, "")) for label, operator, value in matchers)


def _passes(operator: str, wanted: str, value: str) -> bool:
    if operator in ("=", "!="):
        return (value == wanted) is (operator == "=")
    pattern = _compiled(wanted)
    try:
        # of another version or hand: what cannot be read silences nothing
        return pattern is not None and pattern(value) is (operator == "=~")
    except UnicodeError:
        return False


@lru_cache(maxsize=512)
def _compiled(text: str) -> Callable[[str], bool] | None:
    try:
        return compiled(text)
    except UsageError:
        return None


def compiled(text: str) -> Callable[[str], bool]:
    """A regular expression of RE2, which has to match a whole value, as in Prometheus. Raises UsageError."""
    from console.alerts.promql.patterns import matching  # loads RE2, for those who write expressions

    try:
        if len(text) > PATTERN:
            raise UsageError(f"this expression has more than {PATTERN} characters", "write several silences")
        return matching(text)
    except (ExpressionError, UnicodeError) as error:
        raise UsageError(str(error), "see github.com/google/re2/wiki/Syntax") from None


def parse_matchers(text: str) -> Matchers:
    """`alertname="DiskFull", instance=~"db-.*"` as matchers. Raises UsageError."""
    text = text.strip().removeprefix("{").removesuffix("}").strip()
    found: list[tuple[str, str, str]] = []
    at = 0
    while at < len(text):
        match = _MATCHER.match(text, at)
        if match is None:
            raise UsageError(f"{clean(text[at:], 60)!r} is no matcher", f"write them as {_EXAMPLE}")
        label, operator, value = match.groups()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", _unescaped, value[1:-1])
        if operator in ("=~", "!~"):
            compiled(value)
        found.append((label, operator, value))
        at = match.end()
    if not found:
        raise UsageError("a silence needs at least one matcher", f"write them as {_EXAMPLE}")
    if len(found) > MOST:
        raise UsageError(f"a silence has at most {MOST} matchers", "write several silences")
    if matches(found, {}):
        # as Alertmanager has it: such a silence would make everything silent
        raise UsageError("these matchers match an alert without any labels", "name a label that is there")
    return tuple(found)


def _unescaped(match: re.Match[str]) -> str:
    """What is written for a quote, a backslash, a line's end; others stay, for `\\d` of an expression."""
    return {"n": "\n", '"': '"', "\\": "\\"}.get(match[1], match[0])


def matchers_text(matchers: Sequence[tuple[str, str, str]]) -> str:
    """Matchers as they are written."""
    return clean(", ".join(f"{label}{operator}{quoted(value)}" for label, operator, value in matchers), 2000)


_SPAN = re.compile(r"(?:(\d{1,3})\s*d)?\s*(?:(\d{1,3})\s*h)?\s*(?:(\d{1,4})\s*m(?:in)?)?", re.ASCII)
_CLOCK = re.compile(r"(?:until\s+)?(?:(today|tomorrow)\s+)?(?:at\s+)?(\d{1,2}):(\d{2})", re.ASCII)
SUGGESTED = ("30m", "2h", "8h", "until tomorrow 09:00")
"""How long one usually silences: a look, a repair, a shift, a night."""


def parse_until(text: str, now: datetime) -> datetime:
    """The end of a silence: `30m`, `2h`, `1d12h`, `until 14:00`, `until tomorrow 09:00`.

    Times of day are this host's; one that has passed is tomorrow's. Raises UsageError.
    """
    told = text.strip().lower()
    fix = f"write {', '.join(SUGGESTED)}"
    end: datetime | None = None
    if (span := _SPAN.fullmatch(told)) and any(span.groups()):
        days, hours, minutes = (int(part or 0) for part in span.groups())
        end = now + timedelta(days=days, hours=hours, minutes=minutes)
    elif (clock := _CLOCK.fullmatch(told)) and int(clock[2]) < 24 and int(clock[3]) < 60:
        here = now.astimezone().replace(tzinfo=None)
        there = here.replace(hour=int(clock[2]), minute=int(clock[3]), second=0, microsecond=0)
        if clock[1] == "tomorrow" or (there <= here and clock[1] is None):
            there += timedelta(days=1)
        end = there.astimezone()  # by the calendar: the clocks may be changed in between
    if end is None:
        raise UsageError(f"{clean(text, 40)!r} is no time", fix)
    if end <= now:
        raise UsageError(f"{clean(text, 40)!r} has passed", fix)
    if end - now > LONGEST:
        raise UsageError(
            f"a silence is at most {LONGEST.days} days long", "change or remove the rule instead"
        )
    return end
