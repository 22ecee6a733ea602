r"""The `/` filter of every table and of the logs: words, phrases, negation, columns.

    timeout                 a regular expression, found in any column
    timeout api             both words
    !debug                  not this
    level:error source:db   in one column; a word before a colon that is no column is plain text
    "connection reset"      this text, letter for letter; also in a column: name:"api 1"

Case counts only where the word has a capital letter. A word that is no regular expression, or one
whose matching could take for ever, is looked for as text, and `Filter.error` says so.

Python's matcher cannot be interrupted and would freeze the console, so it is kept from running long:
- words joined by `.*`, the usual case, are searched one after the other, in linear time;
- a pattern whose repeats contain repeats or choices, which can take exponentially long, is refused;
- any other has k unbounded repeats and takes at most about n^(k+1) / (k+1)! steps over n characters:
  a text is searched at once as far as that is little, then in prefixes of doubling length while the
  time of the last one says that the next stays below `LONGEST_SEARCH`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from math import factorial
from time import perf_counter
from typing import Any

LONGEST = 8192
"""Characters of one text that are searched at most."""
FREE_STEPS = 50_000
"""Upper bound of a matcher's steps that need no watching: less than a millisecond."""
LONGEST_SEARCH = 0.02
"""Seconds one text may take."""
PATIENCE = 0.1
"""Seconds of searches given up after which a word is looked for as text instead."""
_SHORTEST = 32

_WORD = re.compile(r'(?P<no>!?)(?:(?P<column>[A-Za-z_][\w-]*):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>\S+))?')


class Filter:
    """What a line or a row must have to be shown: every word of the typed text."""

    def __init__(self, text: str, terms: Sequence[_Term]) -> None:
        self.text = text
        """As it was typed."""
        self._terms = terms

    @property
    def empty(self) -> bool:
        """Whether everything matches."""
        return not self._terms

    @property
    def columns(self) -> frozenset[str]:
        """The columns that are named, by lower-case name."""
        return frozenset(term.column for term in self._terms if term.column)

    @property
    def error(self) -> str:
        """What could not be taken as typed, for people; empty when all could."""
        return "; ".join(term.error for term in self._terms if term.error)

    def match(self, fields: Mapping[str, str]) -> bool:
        """Whether these columns, by lower-case name, satisfy every word."""
        return all(term.match(fields) for term in self._terms)


def parse(text: str) -> Filter:
    """The filter a typed text stands for; never fails."""
    return Filter(text, tuple(_terms(text)))


def _terms(text: str) -> Iterator[_Term]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _WORD.match(text, at)
        at = max(at + 1, match.end()) if match else at + 1
        if match is None:
            continue
        column, phrase, word = match["column"], match["phrase"], match["word"]
        if phrase or word:
            yield _Term(phrase or word, (column or "").lower(), bool(match["no"]), phrase is not None)


class _Term:
    """One word: where it is looked for, and how."""

    __slots__ = ("_negated", "_search", "_whole", "column")

    def __init__(self, word: str, column: str, negated: bool, literal: bool) -> None:
        self.column, self._negated = column, negated
        self._search = _Search(word, literal)
        # "12:30" and "http://x" have a colon and no column
        self._whole = _Search(f"{column}:{word}", literal) if column else self._search

    @property
    def error(self) -> str:
        return self._search.error

    def match(self, fields: Mapping[str, str]) -> bool:
        if self.column:
            value = fields.get(self.column)
            if value is not None:
                return self._search.found(value) != self._negated
        return self._whole.found_in(fields.values()) != self._negated


class _Search:
    """A word compiled so that looking for it takes a bounded time."""

    __slots__ = ("_debt", "_flags", "_free", "_growth", "_literal", "_lowered", "_pieces", "_word", "error")

    def __init__(self, word: str, literal: bool) -> None:
        capital = any(char.isupper() for char in (word if literal else re.sub(r"\\.", "", word)))
        self._word, self._flags = word, 0 if capital else re.IGNORECASE
        self._debt = 0.0
        self.error = ""
        self._take_as_text()
        if literal or not _SPECIAL.search(word):
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of sets that may mean more one day
                self._compile()
        except (re.error, OverflowError, RecursionError):
            self.error = f"{word} is no regular expression: looked for as text"
        except _TooComplex:
            self.error = f"{word} could take for ever: looked for as text"

    def _take_as_text(self) -> None:
        self._pieces: tuple[re.Pattern[str], ...] = (re.compile(re.escape(self._word), self._flags),)
        self._free, self._growth, self._literal = LONGEST, 1.0, "\n" not in self._word
        # `k` and `s` are also found as the Kelvin sign and the long s, but not in a text of ASCII
        self._lowered = self._word if self._flags and self._word.isascii() else ""

    def _compile(self) -> None:
        whole = re.compile(self._word, self._flags)
        self._literal = False
        pieces = _in_sequence(self._word, self._flags)
        if pieces:
            self._pieces = tuple(pieces)
            return
        tree = _parse(self._word, self._flags)
        if _steps(tree, _SHORTEST) > 10 * FREE_STEPS:
            raise _TooComplex
        free = LONGEST
        while free > _SHORTEST and _steps(tree, free) > FREE_STEPS:
            free //= 2
        self._pieces, self._free, self._growth = (whole,), free, 2.0 ** (_ways(tree)[0] + 1)

    def found_in(self, texts: Iterable[str]) -> bool:
        """Whether it is found in one of them."""
        if self._literal:
            # no text holds a line feed, and no word either: all of them are searched at once
            texts = list(texts)
            joined = "\n".join(texts)
            if len(joined) <= LONGEST:
                if self._lowered and joined.isascii():  # much faster than the search without regard to case
                    return self._lowered in joined.lower()
                return self._pieces[0].search(joined) is not None
        found = self.found
        return any(found(text) for text in texts)

    def found(self, text: str) -> bool:
        if len(text) > LONGEST:
            text = text[:LONGEST]
        if len(text) > self._free:
            return self._found_in_time(text)
        at = 0
        for piece in self._pieces:
            match = piece.search(text, at)
            if match is None:
                return False
            at = match.end()
        return True

    def _found_in_time(self, text: str) -> bool:
        pattern, length, started = self._pieces[0], self._free, perf_counter()
        while length < len(text):
            before = perf_counter()
            pattern.search(text, 0, length)
            now = perf_counter()
            if (now - before) * self._growth > LONGEST_SEARCH:
                self._debt += now - started
                if self._debt > PATIENCE:
                    self._take_as_text()
                    self.error = f"{self._word} is too slow here: looked for as text"
                return False
            length *= 2
        return pattern.search(text) is not None


_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")


class _TooComplex(Exception):
    """The pattern's matching time cannot be bounded."""


def _parse(word: str, flags: int) -> Any:
    # the standard library's own parser: the only exact reading of what a pattern can do
    return import_module("re._parser").parse(word, flags)


def _steps(tree: Any, length: int) -> float:
    unbounded, factor = _ways(tree)
    degree = unbounded + 1
    return factor * float(length) ** degree / factorial(degree)


def _ways(tree: Any) -> tuple[int, float]:
    """Unbounded repeats in the worst path of a pattern, and in how many ways the rest can match."""
    unbounded, factor = 0, 1.0
    for operation, detail in tree:
        more, times = _ways_of(str(operation), detail)
        unbounded, factor = unbounded + more, factor * times
    return unbounded, factor


def _ways_of(operation: str, detail: Any) -> tuple[int, float]:
    if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = detail
        more, times = _ways(inner)
        if most > 1 and (more or times > 1):
            raise _TooComplex  # (a+)+, (a|aa)*: every repetition multiplies the ways
        if most >= _SHORTEST and most != least:
            return 1 + more, times
        return more, times * (most - least + 1)
    if operation == "BRANCH":
        return _either(detail[1])
    if operation == "GROUPREF_EXISTS":
        return _either([part for part in detail[1:] if part is not None])
    if operation == "SUBPATTERN":
        return _ways(detail[-1])
    if operation == "ATOMIC_GROUP":
        return _ways(detail)
    if operation in ("ASSERT", "ASSERT_NOT"):
        return _ways(detail[1])
    return 0, 1.0


def _either(branches: Sequence[Any]) -> tuple[int, float]:
    ways = [_ways(branch) for branch in branches]
    return max(more for more, _ in ways), sum(times for _, times in ways)


def _in_sequence(word: str, flags: int) -> list[re.Pattern[str]]:
    """The parts between top-level `.*` when each has one width and one way: then order decides.

    Of such parts the first occurrence leaves most room for the rest, so no backtracking is needed.
    """
    parts = _split(word)
    if len(parts) < 2:
        return []
    pieces: list[re.Pattern[str]] = []
    for part in parts:
        try:
            tree = _parse(part, flags)
        except re.error:
            return []  # a group reaches across the parts
        low, high = tree.getwidth()
        unbounded, ways = _ways(tree)
        if low != high or unbounded or ways > 1:
            return []
        if part:
            pieces.append(re.compile(part, flags))
    return pieces or [re.compile("", flags)]


def _split(word: str) -> list[str]:
    """The word cut at every `.*` and `.*?` outside groups and classes; whole when it branches there."""
    parts, start, depth, at = [], 0, 0, 0
    while at < len(word):
        char = word[at]
        if char == "\\":
            at += 2
            continue
        if char == "[":
            at = _class_end(word, at)
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "|" and depth == 0:
            return [word]
        elif depth == 0 and word.startswith(".*", at) and word[at + 2 : at + 3] != "+":
            parts.append(word[start:at])
            at += 1 + (word[at + 2 : at + 3] == "?")
            start = at + 1
        at += 1
    return [*parts, word[start:]] if "(?" not in word else [word]


def _class_end(word: str, at: int) -> int:
    at += 1
    at += word[at : at + 1] == "^"
    at += word[at : at + 1] == "]"
    while at < len(word) and word[at] != "]":
        at += 2 if word[at] == "\\" else 1
    return at
