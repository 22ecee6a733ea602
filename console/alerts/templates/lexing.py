"""A template cut into its tokens, as Go's text/template cuts it."""

from __future__ import annotations

import re
from dataclasses import dataclass

KEYWORDS = frozenset(
    ("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with")
)
SPACE = " \t\r\n"
LONGEST = 100_000
"""Characters of a template that are read."""
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHARACTER = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")


class TemplateError(ValueError):
    """A template cannot be read; Prometheus refuses it too."""


class UnsupportedTemplate(TemplateError):
    """A template uses what Prometheus has and we have not."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `kind` is text, open, close, space, word, keyword, field, variable, dot, number, char,
    string, bool, nil, or the character itself; `at` its place in the template."""

    kind: str
    value: str
    at: int


def tokens(text: str) -> list[Token]:
    """All tokens of a template, the last of kind `end of text`. Raises TemplateError."""
    if len(text) > LONGEST:
        raise TemplateError(f"longer than {LONGEST} characters")
    found: list[Token] = []
    at = 0
    while (opening := text.find("{{", at)) >= 0:
        trims = text[opening + 2 : opening + 3] == "-" and text[opening + 3 : opening + 4] in tuple(SPACE)
        before = text[at:opening].rstrip(SPACE) if trims else text[at:opening]
        if before:
            found.append(Token("text", before, at))
        inside = opening + (4 if trims else 2)
        if text.startswith("/*", inside):
            at = _after_comment(text, inside)
        else:
            found.append(Token("open", "{{", opening))
            at = _action(text, inside, found)
    if text[at:]:
        found.append(Token("text", text[at:], at))
    found.append(Token("end of text", "EOF", len(text)))
    return found


def _after_comment(text: str, at: int) -> int:
    end = text.find("*/", at + 2)
    if end < 0:
        raise TemplateError("unclosed comment")
    end += 2
    trimmed = _closing(text, end)
    if trimmed is None:
        raise TemplateError("comment ends before closing delimiter")
    return trimmed


def _closing(text: str, at: int) -> int | None:
    """Where text goes on behind a closing delimiter at this place; None where there is none."""
    if text.startswith("}}", at):
        return at + 2
    if text[at : at + 1] in tuple(SPACE) and text.startswith("-}}", at + 1):
        at += 4
        return at + len(text[at:]) - len(text[at:].lstrip(SPACE))
    return None


def _action(text: str, at: int, found: list[Token]) -> int:
    """Adds the tokens of an action; where the text behind it begins."""
    depth = 0
    while True:
        after = _closing(text, at)
        if after is not None:
            if depth:
                raise TemplateError("unclosed left paren")
            found.append(Token("close", "}}", at))
            return after
        if at >= len(text):
            raise TemplateError("unclosed action")
        if text[at] in SPACE:
            end = at
            while end < len(text) and text[end] in SPACE and _closing(text, end) is None:
                end += 1
            found.append(Token("space", text[at:end], at))
            at = end
            continue
        token = _token(text, at)
        depth += (token.value == "(" and token.kind == "(") - (token.value == ")" and token.kind == ")")
        if depth < 0:
            raise TemplateError("unexpected right paren")
        found.append(token)
        at += len(token.value)


def _token(text: str, at: int) -> Token:
    char = text[at]
    if char in "|(),=":
        return Token(char, char, at)
    if char == ":":
        if text[at + 1 : at + 2] != "=":
            raise TemplateError("expected :=")
        return Token(":=", ":=", at)
    if char == '"':
        return Token("string", _whole(_QUOTED, text, at, "unterminated quoted string"), at)
    if char == "'":
        return Token("char", _whole(_CHARACTER, text, at, "unterminated character constant"), at)
    if char == "`":
        end = text.find("`", at + 1)
        if end < 0:
            raise TemplateError("unterminated raw quoted string")
        return Token("string", text[at : end + 1], at)
    if char == "$":
        return _named(text, at, "variable", "variable")
    following = text[at + 1 : at + 2]
    if char == "." and not following.isdigit():
        return _named(text, at, "field", "dot")
    if char in "+-." or char.isdigit():
        match = _NUMBER.match(text, at)
        number = match.group() if match else ""
        if not number or _WORD.match(text, at + len(number)) or number in "+-":
            raise TemplateError(f"bad number syntax: {text[at : at + len(number) + 1]}")
        return Token("number", number, at)
    word = _WORD.match(text, at)
    if word is None:
        if char.isascii() and char.isprintable():
            return Token("character", char, at)
        raise TemplateError(f"unrecognized character in action: U+{ord(char):04X}")
    _ends(text, word.end())
    value = word.group()
    if value in ("true", "false"):
        return Token("bool", value, at)
    return Token("nil" if value == "nil" else "keyword" if value in KEYWORDS else "word", value, at)


def _whole(pattern: re.Pattern[str], text: str, at: int, reason: str) -> str:
    match = pattern.match(text, at)
    if match is None:
        raise TemplateError(reason)
    return match.group()


def _named(text: str, at: int, kind: str, alone: str) -> Token:
    match = _WORD.match(text, at + 1)
    if match is None:
        _ends(text, at + 1)
        return Token(alone, text[at], at)
    _ends(text, match.end())
    return Token(kind, text[at : match.end()], at)


def _ends(text: str, at: int) -> None:
    """Whether a name may end here."""
    if at < len(text) and text[at] not in SPACE + ".,|:)(" and not text.startswith("}}", at):
        raise TemplateError(f"bad character U+{ord(text[at]):04X} '{text[at]}'")
