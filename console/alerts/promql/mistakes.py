"""Where an expression that the parser refuses goes wrong: it does not say so itself."""

from __future__ import annotations

import re
from typing import Any

import promql_parser as tree

from console.alerts.promql.text import place, prepared
from console.errors import ExpressionError
from console.text import clean

_PIECE = re.compile(
    r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|\#[^\n]*|[\w.:$]+|[=!<>]=|=~|!~|&&|\|\||\S"""
)
_OPENING = {"(": ")", "[": "]", "{": "}"}
_HINTS = {
    "=": "write == to compare",
    "=>": "write >=",
    "&&": "write and",
    "||": "write or",
    "%": "a share is written as 0.05 or as 5, without %",
    "for": "`for` is a line of the rule, not of its expression",
    "not": "write unless, absent() or == 0",
    "anchored": "that is experimental, and not supported",
    "smoothed": "that is experimental, and not supported",
}
MOST = 400
"""Words of an expression whose place is looked for: each costs a parse."""
_VAGUE = ("invalid promql query", "unexpected ", "bad number", "ParseFloatError", "not a valid duration")
"""How the parser's sentences begin whose place is worth finding; others are about types and arguments."""


def told(text: str, error: Exception) -> ExpressionError:
    """What is said of the parser's refusal: what it says, with the place and a hint where they are known."""
    said = str(error)
    if not said.startswith(_VAGUE):
        return ExpressionError(f"not PromQL: {said}", "correct the expression")
    if any(_parses(text + end) for end in (" x", " 1", "(x)", "[5m]", " 5m")):
        return ExpressionError(
            "not PromQL: the expression ends before it is complete",
            "a share is written without %" if text.rstrip().endswith("%") else "say what follows",
            position=len(text),
        )
    position = _place(text)
    if position is None:
        return ExpressionError(f"not PromQL: {said}", "correct the expression")
    rest = text[position:]
    piece = _PIECE.match(rest)
    word = piece[0] if piece else rest[:1]
    what = f"{clean(rest, 30)!r} at {place(text, position)} is not understood"
    if not said.startswith("invalid"):
        what += f" ({said})"
    return ExpressionError(
        f"not PromQL: {what}", _HINTS.get(rest[:2], _HINTS.get(word, "correct it there")), position=position
    )


def _parses(text: str) -> Any:
    try:
        return parsed(prepared(text))
    except (ValueError, OverflowError, RecursionError, ExpressionError):
        return None


def parsed(text: str) -> Any:
    """What the parser makes of a text; ValueError where it panics, which is no exception of Python's."""
    try:
        return tree.parse(text)
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":
            raise
        raise ValueError(str(panic)) from None


def _place(text: str) -> int | None:
    """Where the longest beginning ends that is an expression once its brackets are closed."""
    found, open_brackets = 0, ""
    pieces = list(_PIECE.finditer(text))
    if len(pieces) > MOST:
        return None
    for number, piece in enumerate(pieces[:-1]):
        word = piece[0]
        if word in _OPENING:
            open_brackets = _OPENING[word] + open_brackets
        elif open_brackets.startswith(word):
            open_brackets = open_brackets[1:]
        if _parses(text[: piece.end()] + open_brackets):
            found = pieces[number + 1].start()
    return found
