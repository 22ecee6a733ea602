"""Label selectors as `kubectl get -l` takes them: `app=web,tier!=db,env in (eu,us),!canary`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.errors import UsageError
from console.text import clean

EQUAL, UNEQUAL, IN, NOT_IN, EXISTS, ABSENT = "=", "!=", "in", "notin", "exists", "absent"

_TOKEN = re.compile(r"\s*(==|!=|[=!,()<>]|[^\s=!,()<>]+)")
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?", re.ASCII)
_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_HOW = "as in app=web,tier!=db or 'app in (a,b),!canary'"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is required of one label."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def met(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels are so; one that is missing is unequal to everything."""
        value = labels.get(self.key)
        if self.operator in (EQUAL, IN, EXISTS):
            return value is not None and (self.operator == EXISTS or value in self.values)
        return value is None or (self.operator != ABSENT and value not in self.values)

    def __str__(self) -> str:
        if self.operator in (IN, NOT_IN):
            return f"{self.key} {self.operator} ({','.join(self.values)})"
        if self.operator in (EXISTS, ABSENT):
            return f"{'!' if self.operator == ABSENT else ''}{self.key}"
        return f"{self.key}{self.operator}{self.values[0]}"


@dataclass(frozen=True, slots=True)
class Selector:
    """Which objects are meant: those whose labels meet every requirement."""

    requirements: tuple[Requirement, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is meant."""
        return all(one.met(labels) for one in self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


def parse(text: str) -> Selector:
    """The selector that is the whole of a text. Raises UsageError with what is wrong in it."""
    selector, rest = read(text)
    if rest:
        raise UsageError(f"{clean(rest, 40)!r} is too much in the selector {selector}", "")
    return selector


def read(text: str) -> tuple[Selector, str]:
    """The selector a text begins with, and what stands after it. Raises UsageError."""
    tokens = _Tokens(text)
    found = [_requirement(tokens)]
    while tokens.take(","):
        found.append(_requirement(tokens))
    return Selector(tuple(found)), tokens.rest


class _Tokens:
    """The words and signs of a text, one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def next(self) -> str:
        """The one that comes; empty at the end."""
        found = _TOKEN.match(self._text, self._at)
        return found[1] if found else ""

    @property
    def rest(self) -> str:
        """All that comes."""
        return self._text[self._at :].strip()

    def pop(self) -> str:
        """Take the one that comes."""
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[1]

    def take(self, *wanted: str) -> str:
        """Take it where it is one of these; empty where it is not."""
        return self.pop() if self.next in wanted else ""


def _requirement(tokens: _Tokens) -> Requirement:
    absent = bool(tokens.take("!"))
    key = _key(tokens)
    if absent:
        return Requirement(key, ABSENT)
    sign = tokens.take("==", EQUAL, UNEQUAL, IN, NOT_IN)
    if sign in (IN, NOT_IN):
        return Requirement(key, sign, _values(tokens, f"{key} {sign}"))
    if sign:
        return Requirement(key, EQUAL if sign == "==" else sign, (_value(tokens),))
    if tokens.next in ("<", ">", "!", "("):
        raise UsageError(f"{tokens.next!r} after {key} is in no selector", f"write one {_HOW}")
    return Requirement(key, EXISTS)


def _key(tokens: _Tokens) -> str:
    word = tokens.next
    if not word:
        raise UsageError("a label is missing in the selector", f"write one {_HOW}")
    prefix, slash, name = word.rpartition("/")
    if not _NAME.fullmatch(name) or (slash and not _PREFIX.fullmatch(prefix)):
        raise UsageError(f"{clean(word, 40)!r} is no label's name", f"write a selector {_HOW}")
    return tokens.pop()


def _value(tokens: _Tokens) -> str:
    """The value that comes; an empty one where another sign comes, or nothing."""
    if not tokens.next or tokens.next in (",", ")"):
        return ""
    word = tokens.next
    if not _NAME.fullmatch(word):
        raise UsageError(
            f"{clean(word, 40)!r} is no label's value",
            "one has letters, digits, '-', '_', '.' and 63 characters at most",
        )
    return tokens.pop()


def _values(tokens: _Tokens, before: str) -> tuple[str, ...]:
    if not tokens.take("("):
        raise UsageError(f"the values of {before} stand in brackets", f"write {before} (a,b)")
    found = [_value(tokens)]
    while tokens.take(","):
        found.append(_value(tokens))
    if not tokens.take(")"):
        raise UsageError(f"the bracket of {before} is not closed", f"write {before} (a,b)")
    return tuple(dict.fromkeys(found))


def near(selector: Selector, known: Sequence[Mapping[str, str]]) -> str:
    """The label that was most likely meant where no object has the one that is asked for; empty: unknown."""
    from console.nearest import nearest

    for one in selector.requirements:
        if one.operator not in (EQUAL, EXISTS) or any(one.met(labels) for labels in known):
            continue
        if one.operator == EXISTS:
            return nearest(one.key, sorted({key for labels in known for key in labels}))
        pairs = {f"{key}={value}" for labels in known for key, value in labels.items()}
        same = {pair for pair in pairs if pair.startswith(f"{one.key}=")}
        return nearest(str(one), sorted(same)) or nearest(str(one), sorted(pairs))
    return ""
