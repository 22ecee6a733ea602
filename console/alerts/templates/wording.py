"""Prometheus' functions for text: words, patterns, addresses and durations."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from console.alerts.durations import duration
from console.alerts.promql.patterns import expanded
from console.alerts.templates import formatting
from console.alerts.templates.calling import FunctionError, bounded

if TYPE_CHECKING:
    from console.alerts.templates import Context

MEMORY = 1 << 20
"""Bytes a pattern may take compiled."""

_WORD = re.compile(r"(?:\w|(?<=[^\W\d_])['’.:·](?=[^\W\d_])|(?<=\d)['’.,;](?=\d))+")
_LETTER = re.compile(r"[^\W\d_]")


def title(_: Context, text: str) -> str:
    """Each word's first letter large, the others as they are; words as Unicode's UAX 29 divides them."""
    return _WORD.sub(lambda word: _LETTER.sub(lambda letter: letter[0].title(), word[0], count=1), text)


_WORDS = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "trailing \\": "trailing backslash at end of expression",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "invalid named capture group": "invalid named capture",
}
"""What the C++ of RE2 says, and what Go says for the same."""


def compiled(pattern: str, prefix: str = "") -> Any:
    """A pattern of Go's syntax, in linear time. Raises FunctionError."""
    import re2  # loads in 10 ms; few templates have a pattern

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        why, _, where = (error.args[0].decode(errors="replace") if error.args else "").partition(": ")
        said = _WORDS.get(why, why) + (f": `{where}`" if where else "")
        raise FunctionError(f"{prefix}error parsing regexp: {said}") from None


def match(_: Context, pattern: str, text: str) -> bool:
    """Whether a pattern is somewhere in a text."""
    return compiled(pattern).search(text) is not None


def replace_all(_: Context, pattern: str, replacement: str, text: str) -> str:
    """A text with what matches replaced; `$1` and `${name}` stand for groups."""
    quoted = formatting.quoted(pattern) if "`" in pattern else f"`{pattern}`"
    found = compiled(pattern, f"regexp: Compile({quoted}): ")
    return bounded(found.sub(lambda hit: expanded(replacement, hit), text))


def _split(address: str) -> tuple[str, str] | None:
    """Host and port as Go's SplitHostPort: None where there is no port, or too many colons."""
    hit = re.fullmatch(r"\[([^\[\]]*)\]:([^:\[\]]*)|([^:\[\]]*):([^:\[\]]*)", address)
    if hit is None:
        return None
    return (hit[1], hit[2]) if hit[1] is not None else (hit[3], hit[4])


def strip_port(_: Context, address: str) -> str:
    """The host of an address."""
    parts = _split(address)
    return parts[0] if parts else address


def strip_domain(_: Context, address: str) -> str:
    """The first part of an address's name, with its port; an IP address stays."""
    host, port = _split(address) or (address, "")
    try:
        ipaddress.ip_address(host.partition("%")[0] if "%" not in host else "")
    except ValueError:
        first = host.split(".")[0]
        if not port:
            return first
        return f"[{first}]:{port}" if ":" in first else f"{first}:{port}"
    return address


def parse_duration(_: Context, text: str) -> float:
    """Seconds of a duration."""
    try:
        return -duration(text[1:]) if text.startswith("-") else duration(text)
    except ValueError as error:
        raise FunctionError(str(error)) from None
