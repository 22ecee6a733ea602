"""Values in SQL: literals and bare values become parameters, names are quoted by doubling.

A statement that takes no parameters (`ALTER ROLE ... PASSWORD '<password>'`) has them quoted by the
server itself before it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from console.runs.binding import MASK, Bound, Occurrence, Piece, Statement, Unbindable, is_harmless
from console.runs.sql_text import Span, spans

_NAMES_FOLLOW = re.compile(
    r"(?:\b(?:from|join|into|update|table|database|role|user|schema|index|view|sequence|extension|column"
    r"|function|procedure|trigger|tablespace|publication|subscription|slot|vacuum|analyze|reindex|cluster"
    r"|truncate|only|exists|concurrently|full|verbose|freeze|owner\s+to|rename\s+to|references|authorization)"
    r"|\bgrant\b.*\b(?:on|to)|\brevoke\b.*\b(?:on|from)|\bon\s+(?:table|schema|database))\s*(?:\w+\s*,\s*)*$",
    re.IGNORECASE | re.DOTALL,
)
"""Text after which the name of a thing is written."""
_TYPED = re.compile(
    r"\b(?:interval|date|time|timestamp|timestamptz|timetz|inet|cidr|macaddr|bit|uuid|json|jsonb|xml|point|box)"
    r"(?:\s+with(?:out)?\s+time\s+zone)?\s*$",
    re.IGNORECASE,
)
"""A type before a literal: there a literal must stand, and no parameter."""
_TAKES = re.compile(r"\s*(?:select|insert|update|delete|merge|with|values|call)\b", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(?:\.[A-Za-z_][A-Za-z0-9_$]*)+", re.ASCII)
_META = re.compile(r"^[ \t]*\\(\w+|[?!])", re.MULTILINE)


def bind_sql(text: str, found: Sequence[Occurrence], values: Mapping[str, str]) -> Bound:
    """SQL with its values. Raises Unbindable."""
    statements: list[Statement] = []
    current = _Building(text, found, values)
    for span in spans(text):
        if span.kind == "plain" and (meta := _META.search(text, span.start, span.stop)):
            raise Unbindable(f"\\{meta[1]} is a command of psql's own, not SQL", "run it in psql")
        if span.kind == "end":
            statements += current.done()
            continue
        current.add(span)
    statements += current.done()
    shown, at = [], 0
    for one in found:
        value = MASK if one.variable.secret else values[one.variable.name]
        shown += [text[at : one.start], value]
        at = one.end
    return Bound(
        text="; ".join(_told(statement) for statement in statements),
        shown="".join([*shown, text[at:]]),
        statements=tuple(statements),
        env={f"${number}": value for number, value in enumerate(v for s in statements for v in s.values)},
    )


class _Building:
    """One statement on its way."""

    def __init__(self, text: str, found: Sequence[Occurrence], values: Mapping[str, str]) -> None:
        self._text = text
        self._found = found
        self._values = values
        self._clear()

    def _clear(self) -> None:
        self._pieces: list[str | Piece] = []
        self._given: list[str] = []
        self._plain = ""
        self._line = 0

    def add(self, span: Span) -> None:
        """One more span."""
        text = self._text[span.start : span.stop]
        if not self._line and span.kind != "comment" and text.strip():
            self._line = self._text.count("\n", 0, span.start + len(text) - len(text.lstrip())) + 1
        inside = [one for one in self._found if span.start <= one.start < span.stop]
        if not inside or span.kind == "comment":
            self._put(text, span.kind)
        elif span.kind == "literal":
            self._parameter(self._composed(span, inside, "'"))
        elif span.kind == "name":
            self._put(_quoted(self._composed(span, inside, '"')), "name")
        elif span.kind == "plain":
            self._plain_tokens(span, inside)
        else:
            self._only_harmless(span, inside)

    def done(self) -> list[Statement]:
        """The statement, if there is one; the next one begins."""
        made = []
        if self._plain.strip():
            takes = _TAKES.match(self._plain) is not None
            pieces = tuple(
                piece if isinstance(piece, str) or takes else Piece(piece.index, quoted=True, bare=piece.bare)
                for piece in self._pieces
            )
            made = [Statement(pieces=pieces, values=tuple(self._given), line=self._line)]
        self._clear()
        return made

    def _put(self, text: str, kind: str) -> None:
        self._pieces.append(text)
        self._plain += " " if kind == "comment" else text

    def _parameter(self, value: str, bare: bool = False) -> None:
        quoted = _TYPED.search(self._plain) is not None
        self._pieces.append(Piece(len(self._given), quoted=quoted, bare=bare))
        self._given.append(value)
        self._plain += " ? "

    def _composed(self, span: Span, inside: Sequence[Occurrence], quote: str) -> str:
        """What a quoted text says with the values in it."""
        parts, at = [], span.start + 1
        for one in inside:
            parts += [self._text[at : one.start].replace(quote * 2, quote), self._values[one.variable.name]]
            at = one.end
        return "".join([*parts, self._text[at : max(at, span.stop - 1)].replace(quote * 2, quote)])

    def _plain_tokens(self, span: Span, inside: Sequence[Occurrence]) -> None:
        at = span.start
        for one in inside:
            before, after = self._text[at : one.start], self._text[one.end : one.end + 1]
            value = self._values[one.variable.name]
            self._put(before, "plain")
            glued = before[-1:].isalnum() or before[-1:] == "_" or after.isalnum() or after == "_"
            if glued:  # a part of a name: `orders_<year>`
                if not re.fullmatch(r"\w+", value, re.ASCII):
                    reason = f"{one.variable.name} is part of a name in SQL"
                    raise Unbindable(reason, "give letters and digits")
                self._put(value, "plain")
            elif before.endswith(".") or after == "." or _NAMES_FOLLOW.search(self._plain):
                self._put(_name(value), "plain")
            else:
                self._parameter(value, bare=True)
            at = one.end
        self._put(self._text[at : span.stop], "plain")

    def _only_harmless(self, span: Span, inside: Sequence[Occurrence]) -> None:
        at = span.start
        for one in inside:
            value = self._values[one.variable.name]
            if not is_harmless(value):
                where = "an E'' literal" if span.kind == "escaped" else "a text between dollar signs"
                reason = f"{one.variable.name} stands in {where}, where this value may mean more than itself"
                raise Unbindable(reason, "only letters, digits and _.,:/@%+=- are let in there")
            self._put(self._text[at : one.start] + value, span.kind)
            at = one.end
        self._put(self._text[at : span.stop], span.kind)


def _name(value: str) -> str:
    """A name as SQL writes it; `schema.table` is two."""
    if not value:
        raise Unbindable("an empty name cannot be written in SQL", "give it a value")
    parts = value.split(".") if _SIMPLE.fullmatch(value) else [value]
    return ".".join(_quoted(part) for part in parts)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _told(statement: Statement) -> str:
    return "".join(p if isinstance(p, str) else f"${p.index + 1}" for p in statement.pieces).strip()


def bare_literal(value: str) -> str:
    """A bare value where no parameter can stand: a number as it is; empty when it must be quoted."""
    if not _NUMBER.fullmatch(value):
        return ""
    return f" {value}" if value.startswith("-") else value  # two dashes would begin a comment
