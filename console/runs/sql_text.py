"""SQL text in pieces: statements, and for each place whether it is plain, a literal, a name or a comment.

Knows PostgreSQL's rules of quoting (doubled quotes, `E''`, `$tag$`, nested comments) and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DOLLAR = re.compile(r"\$(?:[A-Za-z_]\w*)?\$")
_NEXT = re.compile(r"'|\"|--|/\*|;|\$(?:[A-Za-z_]\w*)?\$")
_ESCAPED_END = re.compile(r"(?:\\.|''|[^'\\])*+'", re.DOTALL)
_COMMENT = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of SQL text: `kind` is plain, literal, escaped (`E''`), name (`""`), dollar, comment or end.

    `start` and `stop` are characters, quotes included; `end` is the semicolon after a statement.
    """

    kind: str
    start: int
    stop: int


def spans(text: str) -> Iterator[Span]:
    """The text in spans, without gaps."""
    at = plain = 0
    while match := _NEXT.search(text, at):
        start, sign = match.start(), match.group()
        if sign[0] == "$" and start and (text[start - 1].isalnum() or text[start - 1] in "_$"):
            at = start + 1  # within a name, as in `a$b$c`
            continue
        kind, stop = _span(text, start, sign)
        if start > plain:
            yield Span("plain", plain, start)
        yield Span(kind, start, stop)
        at = plain = stop
    if plain < len(text):
        yield Span("plain", plain, len(text))


def _span(text: str, start: int, sign: str) -> tuple[str, int]:
    if sign == ";":
        return "end", start + 1
    if sign == "--":
        line = text.find("\n", start)
        return "comment", len(text) if line < 0 else line
    if sign == "/*":
        return "comment", _comment_end(text, start)
    if sign == '"':
        return "name", _doubled_end(text, start, '"')
    if sign == "'":
        if text[max(0, start - 1) : start] in ("e", "E") and not text[start - 2 : start - 1].isalnum():
            match = _ESCAPED_END.match(text, start + 1)
            return "escaped", match.end() if match else len(text)
        return "literal", _doubled_end(text, start, "'")
    found = text.find(sign, start + len(sign))
    return "dollar", len(text) if found < 0 else found + len(sign)


def _doubled_end(text: str, start: int, quote: str) -> int:
    at = start + 1
    while (at := text.find(quote, at)) >= 0:
        if text[at + 1 : at + 2] != quote:
            return at + 1
        at += 2
    return len(text)


def _comment_end(text: str, start: int) -> int:
    depth = 0
    for match in _COMMENT.finditer(text, start):
        depth += 1 if match.group() == "/*" else -1
        if not depth:
            return match.end()
    return len(text)
