"""Values in Redis commands, as words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from console.runs.binding import MASK, Bound, Occurrence, Unbindable, is_harmless

_PROMPT = re.compile(r"^(?:redis(?:-cli)?|valkey|[\w.-]+:\d+)(?:\[\d+\])?> ?", re.IGNORECASE)
_PROGRAMS = frozenset({"eval", "eval_ro", "script", "function"})
"""Commands whose first argument, or all of them, is a program in Lua."""


def bind_redis(text: str, found: Sequence[Occurrence], values: Mapping[str, str]) -> Bound:
    """Commands of redis-cli, one a line, as words. Raises Unbindable for a line whose quotes are open."""
    mark = "opsvalue"
    while mark in text:
        mark += "x"
    calls: list[tuple[str, ...]] = []
    shown: list[str] = []
    for line in _marked(text, found, mark).splitlines():
        line = _PROMPT.sub("", line.strip())
        if not line or line.startswith("#"):
            continue
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise Unbindable(f"a Redis command cannot be read: {error}", "close its quotes") from None
        _refuse_programs(words, mark, found, values)
        told = [_filled(word, mark, found, values, masked=True) for word in words]
        calls.append(tuple(_filled(word, mark, found, values, masked=False) for word in words))
        shown.append(" ".join(word if word == MASK else shlex.quote(word) for word in told))
    return Bound(
        text="\n".join(shlex.join(call) for call in calls), shown="\n".join(shown), calls=tuple(calls)
    )


def _refuse_programs(
    words: Sequence[str], mark: str, found: Sequence[Occurrence], values: Mapping[str, str]
) -> None:
    """Raise Unbindable for a value that a program in Lua would hold."""
    if words[0].lower() not in _PROGRAMS:
        return
    program = words[1:2] if words[0].lower().startswith("eval") else words[1:]
    for number in re.findall(rf"{mark}(\d+)z", " ".join(program)):
        name = found[int(number)].variable.name
        if not is_harmless(values[name]):
            reason = f"{name} stands in a program of Redis, to which this value may mean more than itself"
            raise Unbindable(reason, "give it behind the program, and read ARGV[1] there")


def _marked(text: str, found: Sequence[Occurrence], mark: str) -> str:
    parts, at = [], 0
    for number, one in enumerate(found):
        parts += [text[at : one.start], f"{mark}{number}z"]
        at = one.end
    return "".join([*parts, text[at:]])


def _filled(
    word: str, mark: str, found: Sequence[Occurrence], values: Mapping[str, str], *, masked: bool
) -> str:
    def value(match: re.Match[str]) -> str:
        variable = found[int(match[1])].variable
        return MASK if masked and variable.secret else values[variable.name]

    return re.sub(rf"{mark}(\d+)z", value, word)
