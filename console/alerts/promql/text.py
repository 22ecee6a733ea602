"""An expression's text before it is parsed: bounded, and what the parser does not read put right."""

from __future__ import annotations

import json
import re

from console.errors import ExpressionError

LONGEST = 20_000
"""Characters of an expression."""
DEEPEST = 100
"""Brackets within one another."""
MOST = 300
"""Operators and brackets that may nest: the parser's stack must bear them, in a thread's 1 MB too."""

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<raw>`[^`]*`)
    |(?P<comment>\#[^\n]*)
    |(?P<quote>["'`])
    |(?P<before>@\s*-)
    |(?P<word>[A-Za-z_:][\w:]*)
    |(?P<mark>[=!<>]=|[-+*/%^<>()\[\]{}@])
    """,
    re.VERBOSE,
)
_LENGTH = re.compile(r"\boffset\s*([-+]?\s*[\w.]+(?:(?<=[eE])[-+]\d+)?)|\[([^\[\]]*)\]", re.IGNORECASE)
"""Where a number may stand for a time in seconds: after `offset`, and in brackets."""
YEARS = 292
"""Of the longest time: more nanoseconds are no number of 64 bits, in Prometheus neither."""
_WORDS = {"and", "or", "unless", "atan2", "offset"}
_CLOSING = {")": "(", "]": "[", "}": "{"}


def prepared(text: str) -> str:
    """The text as the parser can take it, strings in backticks quoted; ExpressionError where it cannot be."""
    if len(text) > LONGEST:
        raise ExpressionError(
            f"the expression has {len(text)} characters, at most {LONGEST} are read", "split it"
        )
    if not text.strip():
        raise ExpressionError("the expression is empty", "write one, such as `up == 0`")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ExpressionError("the expression holds a character that is no text")
    _checked(text)
    _bounded(text)
    return _TOKEN.sub(lambda token: _quoted(token) if token["raw"] else token[0], text)


def _quoted(token: re.Match[str]) -> str:
    return json.dumps(token["raw"][1:-1], ensure_ascii=False)


def _checked(text: str) -> None:
    open_at: list[tuple[str, int]] = []
    count = 0
    for token in _TOKEN.finditer(text):
        if token["quote"]:
            raise _unreadable(f"the string that begins at {_place(text, token)} does not end", token)
        if token["before"]:
            raise _unreadable(f"a time before 1970 after @ at {_place(text, token)}", token)
        mark = token["mark"]
        if (token["word"] or "").lower() in _WORDS or (mark and mark not in _CLOSING and mark != "{"):
            count += 1
        if mark and mark in "([{":
            open_at.append((mark, token.start()))
        elif mark and mark in _CLOSING and (not open_at or open_at.pop()[0] != _CLOSING[mark]):
            raise _unreadable(f"{mark!r} at {_place(text, token)} closes nothing", token)
        if len(open_at) > DEEPEST or count > MOST:
            raise ExpressionError(
                f"the expression is too deep or too long at {_place(text, token)}", "split it into rules"
            )
    if open_at:
        mark, position = open_at[-1]
        raise ExpressionError(
            f"{mark!r} at {place(text, position)} is not closed", "close it", position=position
        )


def _bounded(text: str) -> None:
    """Numbers in the place of times, of which the parser takes no more than it can count."""
    bare = _TOKEN.sub(
        lambda token: " " * len(token[0]) if token["string"] or token["raw"] else token[0], text
    )
    for found in _LENGTH.finditer(bare):
        for part in (found[1] or found[2] or "").split(":"):
            seconds = _number(re.sub(r"[\s_]", "", part))
            if seconds is not None and not abs(seconds) < YEARS * 365.25 * 86400:
                where = place(text, found.start())
                raise ExpressionError(
                    f"the time at {where} is no number of seconds, or longer than {YEARS} years",
                    "write a shorter one, such as 5m", position=found.start(),
                )  # fmt: skip


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(int(text, 0))
    except (ValueError, OverflowError):
        return None


def _unreadable(reason: str, token: re.Match[str]) -> ExpressionError:
    return ExpressionError(reason, "correct it there", position=token.start())


def _place(text: str, token: re.Match[str]) -> str:
    return place(text, token.start())


def place(text: str, position: int) -> str:
    """Where that is, for people: the character, and the line where there are several."""
    line = text.count("\n", 0, position)
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return f"line {line + 1}, character {column}" if "\n" in text.strip() else f"character {column}"


def word_at(text: str, word: str) -> int | None:
    """Where a word stands outside strings and comments; None where it does not."""
    for token in _TOKEN.finditer(text):
        if (token["word"] or "").lower() == word:
            return token.start()
    return None


def plain(text: str) -> str:
    """What the parser prints of an expression, without the empty braces it puts after every name."""

    def kept(token: re.Match[str]) -> str:
        return token[1] or token[2] or ""

    return re.sub(r"""("(?:[^"\\]|\\.)*")|([\w:])\{\}""", kept, text)
