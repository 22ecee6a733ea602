"""Regular expressions in RE2's syntax, as Prometheus has them: anchored at both ends, in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from console.errors import ExpressionError

REMEMBERED = 2048
"""Values of labels whose outcome a pattern remembers: the same ones come at every evaluation."""
MEMORY = 1 << 20
"""Bytes a pattern may take compiled; a larger one is refused (Prometheus would take it)."""
LONGEST = 1000
"""Characters of a pattern that a message shows."""


def whole(pattern: str) -> Callable[[str], Any]:
    """Matches a whole text: gives RE2's match or None. A dot is any character, a line's end too."""
    import re2  # loads in 10 ms; most expressions have no pattern

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    options.dot_nl = True
    try:
        fullmatch = re2.compile(pattern, options=options).fullmatch
    except re2.error as error:
        why = error.args[0].decode(errors="replace") if error.args else "not understood"
        raise ExpressionError(
            f"{pattern[:LONGEST]!r} is no regular expression: {why}", "write it in RE2's syntax"
        ) from error

    def match(text: str) -> Any:
        try:
            return fullmatch(text)
        except UnicodeEncodeError:  # a half of a surrogate pair, which is no character
            return fullmatch(text.encode(errors="replace").decode())

    return match


def matching(pattern: str) -> Callable[[str], bool]:
    """Whether a text is matched by the pattern as a whole."""
    if not re.search(r"[\\.+*?()|\[\]{}^$]", pattern):
        return pattern.__eq__
    if re.fullmatch(r"[^\\.+*?()\[\]{}^$]*", pattern):
        return frozenset(pattern.split("|")).__contains__  # plain words: the most common pattern
    match = whole(pattern)
    known: dict[str, bool] = {}

    def matches(text: str) -> bool:
        found = known.get(text)
        if found is None:
            if len(known) >= REMEMBERED:
                known.clear()
            found = known[text] = match(text) is not None
        return found

    return matches


def matcher(operator: str, value: str) -> Callable[[str], bool]:
    """What a label matcher (`=`, `!=`, `=~`, `!~`) asks of a label's value."""
    if operator == "=":
        return value.__eq__
    if operator == "!=":
        return value.__ne__
    matches = matching(value)
    return matches if operator == "=~" else lambda text: not matches(text)


_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def expanded(template: str, match: Any) -> str:
    """The template with `$1`, `${1}`, `$name` taken from the match and `$$` a dollar, as Go's Expand does."""

    def group(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        try:
            return match[int(name) if name.isdecimal() else name] or ""
        except (IndexError, KeyError):
            return ""

    return _REFERENCE.sub(group, template)
