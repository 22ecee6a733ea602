"""Scripts of mongosh: what in them is text and what is not, and their statements with what each gives.

Fed to it line by line, mongosh goes on after an error and says in the end that all went well. So it is
given the whole as a file, in which what an expression gives has to be printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_NEXT = re.compile(r"//|/\*|[\"'`/]")
_QUOTED = {quote: re.compile(rf"{quote}(?:\\.|[^{quote}\\\n])*{quote}", re.DOTALL) for quote in "\"'"}
_QUOTED["`"] = re.compile(r"`(?:\\.|[^`\\])*`", re.DOTALL)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/\w*")
_BEFORE_VALUE = re.compile(
    r"(?:^|[(,=:\[!&|?{;+*%~^<>-]|\b(?:return|typeof|case|in|of|void|delete|throw|new))\s*\Z"
)
"""After what a slash begins a regular expression and divides nothing."""
_RAW = re.compile(
    r"(?:const|let|var|function|async\s+function|class|if|else|for|while|do|switch|case|default|try|catch|finally"
    r"|throw|return|break|continue|import|export)\b|[{}]|[A-Za-z_$][\w$]*\s*:(?!:)"
)
"""What a statement begins with that gives nothing."""
_HELPER = re.compile(r"(use|show)\s+([\w.-]+)\s*(\w*)")
_OPEN_END = re.compile(r"(?:[-+*/%&|^=<>!~?:,.(\[{]|\b(?:in|of|instanceof|new|typeof|await|return|else))\Z")
_GOES_ON = re.compile(r"[-+*/%&|^=<>?:,.)\]]|\b(?:in|of|instanceof)\b")
_SHOW = "const __show = given => { if (given !== undefined) print(given) };\n"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the script: `kind` is comment, text (quoted) or slashes (a regular expression, perhaps)."""

    kind: str
    start: int
    stop: int


def as_file(text: str) -> str:
    """A script that prints what each of its expressions gives, as the prompt of mongosh does."""
    return _SHOW + "".join(_shown(statement) for statement in _statements(text))


def _shown(statement: str) -> str:
    words = statement.strip().rstrip(";").rstrip()
    if helper := _HELPER.fullmatch(words):
        given = ", ".join(json.dumps(word) for word in helper.groups()[1:] if word)
        return f"__show({helper[1]}({given}));\n"
    if not words or _RAW.match(words):
        return f"{statement}\n"
    return f"__show((\n{words}\n));\n"


def _statements(text: str) -> Iterator[str]:
    """The script divided where a line or a semicolon ends a statement; comments are left out."""
    code, plain = list(text), list(text)  # without comments; and without texts too
    for span in spans_of(text):
        part = text[span.start : span.stop]
        blank = re.sub(r"[^\n]", " ", part)
        plain[span.start : span.stop] = blank if span.kind == "comment" else "x" * len(part)
        if span.kind == "comment":
            code[span.start : span.stop] = blank
    source, bare = "".join(code), "".join(plain)
    begin = depth = 0
    for match in re.finditer(r"[(\[{}\])\n;]", bare):
        sign = match[0]
        depth = max(0, depth + (sign in "([{") - (sign in ")]}"))
        if depth or sign not in ";\n":
            continue
        told = bare[begin : match.start()].rstrip()
        open_ = not told or _OPEN_END.search(told) or _GOES_ON.match(bare[match.end() :].lstrip())
        if sign == "\n" and open_:
            continue
        yield source[begin : match.end()]
        begin = match.end()
    yield source[begin:]


def spans_of(text: str) -> Iterator[Span]:
    """Comments, quoted texts and regular expressions, in order."""
    at = 0
    while match := _NEXT.search(text, at):
        start, sign = match.start(), match[0]
        kind, stop = "", start + 1
        if sign == "//":
            kind, stop = "comment", _end(text.find("\n", start), text, 0)
        elif sign == "/*":
            kind, stop = "comment", _end(text.find("*/", start + 2), text, 2)
        elif sign == "/":
            if (whole := _REGEX.match(text, start)) and not _divides(text[:start]):
                kind, stop = "slashes", whole.end()
        elif whole := _QUOTED[sign].match(text, start):
            kind, stop = "text", whole.end()
        if kind:
            yield Span(kind, start, stop)
        at = stop


def _end(found: int, text: str, size: int) -> int:
    return len(text) if found < 0 else found + size


def _divides(before: str) -> bool:
    """Whether a slash after this text surely divides: what follows a bracket may be either."""
    if _BEFORE_VALUE.search(before[-200:]):
        return False
    return before.rstrip()[-1:] not in ")}"
