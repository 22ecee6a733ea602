"""Where a token of a variable stands in shell text: its quoting, and who else will read what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from console.guides.shell.tree import plain
from console.runs.binding import Occurrence
from console.runs.binding_flow import Flow
from console.runs.binding_json import in_json
from console.runs.programs import acts_on, closing, reads_input, reads_words

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_ARITHMETIC = frozenset({"arithmetic_expansion", "c_style_for_statement", "subscript"})
_BRACKETED = frozenset({"compound_statement", "subshell", "command_substitution"})
_QUOTES = {"raw_string": "single", "ansi_c_string": "ansi", "string": "double", "translated_string": "double"}
_ELSE = frozenset({":-", "-", ":=", "=", ":+", "+", ":?", "?"})
"""Operators of `${x:-word}`, behind which a word stands like anywhere."""
_SHELL_WORDS = frozenset({"let", "eval", "declare", "typeset", "local", "export", "readonly", "unset", "read",
                          "mapfile", "readarray", "source", ".", "alias", "trap"})  # fmt: skip
"""Builtins that take words as more than data."""
_PREFIXES = frozenset({"command", "builtin", "exec", "time", "!"})
_SPLIT = frozenset({"command", "array", "for_statement", "select_statement", "test_command"})
_WHOLE = frozenset({"variable_assignment", "case_statement", "herestring_redirect", "string", "raw_string"})
"""Around an expansion without quotes: where the shell divides it into words, and where it does not."""
_NAMED = "the shell as a program's name"


@dataclass(slots=True)
class Place:
    """Where a token stands.

    `reader` is a second interpreter that is about, empty for none. `closing` are characters that would
    end what it takes the value for.
    """

    quoting: str
    reader: str = ""
    closing: frozenset[str] = frozenset()
    splits: bool = False
    """The shell divides the value into words there, and takes stars for names of files."""
    option: bool = False
    """It begins an argument, and could be taken for an option."""
    number_only: bool = False
    assigns: bool = False
    """It begins a word of a shell's text: `NAME=...` would set a variable there."""
    json: str = ""
    """`text` within a quoted text of JSON, `value` in a place of its own there."""
    escaped: bool = field(default=False)
    """A backslash before it takes away the meaning of what would stand in its place."""


class Marked:
    """The text with a plain word in each token's place, parsed."""

    def __init__(self, text: str, found: Sequence[Occurrence]) -> None:
        mark = "opsvalue"
        while mark in text:
            mark += "x"
        parts: list[str] = []
        self._starts: list[int] = []
        at = size = 0
        for number, one in enumerate(found):
            piece = text[at : one.start]
            size += len(piece.encode("utf-8", "replace"))
            self._starts.append(size)
            word = f"{mark}{number}z"
            size += len(word)
            parts += [piece, word]
            at = one.end
        self.data = "".join([*parts, text[at:]]).encode("utf-8", "replace")
        self._mark = mark
        self._root = _parser().parse(plain(self.data)).root_node
        self._broken = self._root.has_error
        self._flow = Flow(self._root, self._tokens)

    def place(self, number: int) -> Place:
        """Where the token of this number stands."""
        start = self._starts[number]
        node = self._root.descendant_for_byte_range(start, start + len(f"{self._mark}{number}z"))
        assert node is not None
        place = self._at(node, start)
        if place.quoting == "comment":
            return place
        before = self.data[:start]
        literal = place.quoting in ("single", "quoted document")
        place.escaped = not literal and (len(before) - len(before.rstrip(b"\\"))) % 2 == 1
        place.assigns = before[-1:] in b"'\"; \t\n|&(" or not before
        for use in self._flow.uses(number):
            again = self._at(use, use.start_byte)
            place.reader = place.reader or again.reader
            place.number_only = place.number_only or again.number_only
            place.splits = place.splits or (again.quoting == "bare" and _is_split(use))
            place.option = place.option or again.option
        return place

    def _tokens(self, first: int, last: int) -> list[int]:
        return [number for number, start in enumerate(self._starts) if first <= start < last]

    def _at(self, node: Node, start: int) -> Place:
        """What is around a node, from the inside out; `start` is where the value begins."""
        place = Place("", "a text that could not be parsed" if self._broken else "")
        inner: Node | None = None
        for around in _upwards(node):
            kind = around.type
            if kind == "comment":
                return Place("comment")
            if kind in ("command_substitution", "process_substitution") and not place.quoting:
                place.quoting = "bare"
            if not place.quoting:
                place.quoting = self._quoting(around)
                if place.quoting in ("single", "double", "document"):
                    place.json = in_json(self._text(around), start - around.start_byte, self._mark)
            self._judge(place, around, inner, node, start)
            inner = around
        if place.quoting == "quoted document":
            place.reader = place.reader or "a here-document in which nothing is expanded"
        place.quoting = place.quoting or "bare"
        return place

    def _judge(self, place: Place, around: Node, inner: Node | None, node: Node, start: int) -> None:
        """Take one construct around the value into account."""
        kind = around.type
        # whatever the grammar makes of two brackets: bash calculates there
        arithmetic = kind in _ARITHMETIC or (
            kind in _BRACKETED and self._text(around).removeprefix("$").startswith("((")
        )
        if arithmetic or (kind == "expansion" and around is not node and not _is_else(around, inner)):
            place.number_only, place.reader = True, place.reader or "the shell's arithmetic"
            place.quoting = "name"
        if kind == "variable_assignment":
            name = re.sub(r"\[.*", "", self._text(around.children[0]), flags=re.DOTALL)
            place.number_only = place.number_only or (name in self._flow.integers and inner is not None)
            if acts_on(name):
                place.reader = place.reader or f"programs by way of {name}"
        if _is_element(around) and re.match(rf"\[[^\]]*{self._mark}", self._text(around)):
            place.reader = place.reader or "the shell as a subscript"
        if kind == "test_command" and (self._text(around).startswith("[[") or self._tests_name(around)):
            place.reader = (
                place.reader or f"the shell's {'[[ ]]' if self._text(around)[:2] == '[[' else '-v'}"
            )
        if kind in ("variable_name", "function_definition") and around is node and self._is_token(node):
            place.quoting, place.reader = "name", place.reader or "the shell as a name"
        if kind == "command_substitution" and self._text(around).startswith("`") and self._quoted(around):
            place.quoting, place.reader = "name", place.reader or "a substitution in back quotes"
        if not place.reader:
            place.reader, place.closing = self._read_by(around, inner, start)
        place.option = place.option or self._begins_argument(around, inner, start)

    def _is_token(self, node: Node) -> bool:
        return self._mark in self._text(node)

    def _tests_name(self, node: Node) -> bool:
        return re.match(r"\[\s+(?:!\s+)?-[vR]\s", self._text(node)) is not None

    def _quoting(self, around: Node) -> str:
        if around.type in _QUOTES:
            return _QUOTES[around.type]
        if around.type == "heredoc_body":
            parent = around.parent
            starts = [] if parent is None else [c for c in parent.children if c.type == "heredoc_start"]
            quoted = any(sign in self._text(starts[0]) for sign in "'\"\\") if starts else True
            return "quoted document" if quoted else "document"
        return ""

    def _quoted(self, node: Node) -> bool:
        return any(around.type in ("string", "heredoc_body") for around in _upwards(node))

    def _read_by(self, around: Node, inner: Node | None, start: int) -> tuple[str, frozenset[str]]:
        """The second interpreter that reads the value in this construct, and what ends the value for it."""
        none: frozenset[str] = frozenset()
        if around.type in ("command", "declaration_command", "unset_command"):
            return self._in_command(around, inner, start)
        if around.type in ("pipeline", "redirected_statement"):
            return self._fed(around, inner, start), none
        if around.type == "function_definition":
            calls = self._flow.calls.get(self._flow.function_of(around), ())
            outside = [call for call in calls if call.parent and not _within(around, call.start_byte)]
            readers = (self._at(call.parent, call.start_byte).reader for call in outside if call.parent)
            return next(filter(None, readers), ""), none
        return "", none

    def _in_command(self, around: Node, inner: Node | None, start: int) -> tuple[str, frozenset[str]]:
        none: frozenset[str] = frozenset()
        words = self._words(around)
        texts = [text for text, _ in words]
        at = next((i for i, (_, part) in enumerate(words) if _within(part, start)), None)
        if at is None:  # by its input, or in its environment, which is text to it
            return "" if inner is None or inner.type == "variable_assignment" else reads_input(texts), none
        if at == 0:
            return _NAMED, none
        bare = next((i for i, text in enumerate(texts) if text not in _PREFIXES), 0)
        if bare == at:
            return _NAMED, none
        if texts[bare] in _SHELL_WORDS:
            plain = inner is not None and inner.type == "variable_assignment" and not _attributed(texts)
            return "" if plain else texts[bare], none
        reader = reads_words(texts, at)
        if not reader and words[at][1].type == "process_substitution":
            reader = reads_input(texts[:1])
        return reader, closing(reader, texts, at)

    def _fed(self, around: Node, inner: Node | None, start: int) -> str:
        """Who gets the value by its input, from a pipeline or a document, or runs the file it goes into."""
        redirected = around.type == "redirected_statement"
        if redirected:
            for file in self._files(around):
                if self._flow.runs(file) and self._is_said(start):
                    return f"whoever runs {file}"
            document = inner is not None and inner.type in (
                "heredoc_redirect", "herestring_redirect", "heredoc_body"
            )  # fmt: skip
            substituted = inner is not None and inner.type == "file_redirect" and "<(" in self._text(inner)
            if inner is not None and not document and not substituted:
                return ""
        fed = [command for command in _commands(around) if redirected or command.start_byte > start]
        for command in fed:
            texts = [text for text, _ in self._words(command)]
            if reader := reads_input(texts):
                return reader
            if texts[0] in ("source", "."):
                return texts[0]
            if "tee" in texts[:3] and any(map(self._flow.runs, texts[1:])):
                return "whoever runs the file"
        return ""

    def _is_said(self, start: int) -> bool:
        """Whether the value itself is what comes out there: of `echo` and of documents, not of a dump."""
        around = self._root.descendant_for_byte_range(start, start)
        while around is not None and around.type != "command":
            if around.type in ("heredoc_body", "herestring_redirect"):
                return True
            around = around.parent
        return around is None or [text for text, _ in self._words(around)][:1] in (["echo"], ["printf"])

    def _files(self, statement: Node) -> Iterator[str]:
        """What a statement writes to."""
        redirects = [child for child in statement.children if child.type == "file_redirect"]
        for document in statement.children:
            if document.type == "heredoc_redirect":
                redirects += [child for child in document.children if child.type == "file_redirect"]
        for redirect in redirects:
            if any(self._text(child) in (">", ">>", ">|", "&>") for child in redirect.children):
                yield self._text(redirect.children[-1])

    def _begins_argument(self, around: Node, inner: Node | None, start: int) -> bool:
        """Whether the token begins an argument that could be taken for an option."""
        if around.type != "command" or inner is None:
            return False
        words = self._words(around)
        for at, (_, part) in enumerate(words):
            if at and _within(part, start):
                before = self.data[part.start_byte : start]
                ended = any(text == "--" for text, _ in words[:at])
                return before.strip(b"'\"$") == b"" and not ended
        return False

    def _words(self, command: Node) -> list[tuple[str, Node]]:
        """The words of a command without their quotes."""
        skipped = ("file_redirect", "heredoc_redirect", "herestring_redirect", "variable_assignment")
        parts = [
            child for child in command.children if child.type not in skipped or command.type != "command"
        ]
        return [(re.sub(r"[\"'\\]", "", self._text(part)), part) for part in parts]

    def _text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _is_else(expansion: Node, inner: Node | None) -> bool:
    """Whether what stands inside of `${...}` is the word that is used instead."""
    operators = [
        child.type for child in expansion.children if inner is None or child.start_byte < inner.start_byte
    ]
    return any(operator in _ELSE for operator in operators)


def _is_element(node: Node) -> bool:
    return node.type == "concatenation" and node.parent is not None and node.parent.type == "array"


def _is_split(use: Node) -> bool:
    """Whether an expansion without quotes is divided into words."""
    for around in _upwards(use):
        if around.type in _WHOLE or around.type == "heredoc_body":
            return False
        if around.type in _SPLIT:
            return True
    return False


def _attributed(words: Sequence[str]) -> bool:
    """Whether a declaration makes what it sets more than text: a number, another's name."""
    return any(word.startswith("-") and {"i", "n"} & set(word) for word in words)


def _within(node: Node, byte: int) -> bool:
    return node.start_byte <= byte < node.end_byte


def _upwards(node: Node) -> Iterator[Node]:
    around: Node | None = node
    while around is not None:
        yield around
        around = around.parent


def _commands(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        one = stack.pop()
        if one.type == "command":
            yield one
        stack += one.children


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))
