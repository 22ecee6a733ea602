"""A template's tokens as a tree, with what Go's text/template refuses refused."""

from __future__ import annotations

import ast
from collections.abc import Collection

from console.alerts.templates.lexing import TemplateError, Token, UnsupportedTemplate, tokens
from console.alerts.templates.tree import (
    Action,
    Block,
    Command,
    Fields,
    Jump,
    Literal,
    Node,
    Operand,
    Pipe,
    Text,
    Variable,
    Word,
)
from console.nearest import did_you_mean

DEEPEST = 60
"""Parentheses and blocks inside each other that are followed."""
_OPERANDS = ("word", "dot", "nil", "variable", "field", "bool", "char", "number", "(", "string")


class Parser:
    """Makes the tree. `functions` are those that can be called, `refused` those only Prometheus has."""

    def __init__(
        self, text: str, functions: Collection[str], refused: Collection[str], variables: Collection[str]
    ) -> None:
        self.tokens = tokens(text)
        self.place = 0
        self.functions = functions
        self.refused = refused
        self.variables = ["$", *variables]
        self.loops = 0
        self.depth = 0

    def parse(self) -> list[Node]:
        """The nodes of the template. Raises TemplateError."""
        nodes, end = self._nodes()
        if end != "end of text":
            raise TemplateError(f"unexpected {{{{{end}}}}}")
        return nodes

    def _peek(self, skip: bool = True) -> Token:
        while skip and self.tokens[self.place].kind == "space":
            self.place += 1
        return self.tokens[self.place]

    def _next(self, skip: bool = True) -> Token:
        token = self._peek(skip)
        self.place = min(self.place + 1, len(self.tokens) - 1)
        return token

    def _nodes(self) -> tuple[list[Node], str]:
        """Nodes up to `end`, `else` or the end of the text, and which of them it was."""
        nodes: list[Node] = []
        while True:
            token = self._next()
            if token.kind == "end of text":
                return nodes, token.kind
            if token.kind == "text":
                nodes.append(Text(token.value, token.at))
                continue
            word = self._peek()
            if word.kind == "keyword":
                self._next()
                if word.value == "else":
                    if self._peek().value not in ("if", "with"):
                        self._close("else")
                    return nodes, "else"
                if word.value == "end":
                    self._close("end")
                    return nodes, "end"
                nodes.append(self._keyword(word))
            else:
                nodes.append(Action(self._pipe("command", "close"), word.at))

    def _close(self, what: str) -> None:
        token = self._next()
        if token.kind != "close":
            raise TemplateError(f"unexpected {_said(token)} in {what}")

    def _keyword(self, word: Token) -> Node:
        if word.value in ("block", "define", "template"):
            raise UnsupportedTemplate(f"{word.value} is not supported; write its text out where it is used")
        if word.value in ("break", "continue"):
            self._close(f"{{{{{word.value}}}}}")
            if not self.loops:
                raise TemplateError(f"{{{{{word.value}}}}} outside {{{{range}}}}")
            return Jump(word.value, word.at)
        return self._block(word.value)

    def _block(self, kind: str) -> Block:
        self.depth += 1
        if self.depth > DEEPEST:
            raise TemplateError(f"nested deeper than {DEEPEST}")
        known = len(self.variables)
        pipe = self._pipe(kind, "close")
        self.loops += kind == "range"
        body, end = self._nodes()
        self.loops -= kind == "range"
        other: list[Node] | None = None
        if end == "else":
            following = self._peek().value
            if following in ("if", "with") and self.tokens[self.place - 1].kind != "close":
                if following != kind:
                    raise TemplateError(f"unexpected {following} in {kind}")
                self._next()
                other = [self._block(kind)]
                end = "end"
            else:
                other, end = self._nodes()
        if end != "end":
            reason = "unexpected EOF" if end == "end of text" else f"expected end; found {{{{{end}}}}}"
            raise TemplateError(f"{reason}: {{{{{kind}}}}} wants an {{{{end}}}}")
        del self.variables[known:]
        self.depth -= 1
        return Block(kind, pipe, body, other, pipe.at)

    def _pipe(self, context: str, end: str) -> Pipe:
        pipe = Pipe([], self._peek().at)
        self._declared(pipe, context)
        while True:
            token = self._peek()
            if token.kind == end:
                self._next()
                break
            if token.kind not in _OPERANDS:
                raise TemplateError(f"unexpected {_said(token)} in {context}")
            pipe.commands.append(self._command())
        if not pipe.commands:
            raise TemplateError(f"missing value for {context}")
        for stage, command in enumerate(pipe.commands[1:], 2):
            if isinstance(command.args[0], Literal):
                raise TemplateError(f"non executable command in pipeline stage {stage}")
        return pipe

    def _declared(self, pipe: Pipe, context: str) -> None:
        """Variables in front of `:=` or `=`."""
        start = self.place
        first = self._peek()
        if first.kind != "variable":
            return
        self._next()
        token = self._peek()
        names = [first.value]
        if token.kind == ",":
            self._next()
            if context != "range":
                raise TemplateError(f"too many declarations in {context}")
            second = self._peek()
            if second.kind != "variable":
                raise TemplateError("range can only initialize variables")
            self._next()
            names.append(second.value)
            token = self._peek()
            if token.kind == ",":
                raise TemplateError(f"too many declarations in {context}")
            if token.kind not in (":=", "="):
                raise TemplateError(f"unexpected {_said(token)} in {context}")
        if token.kind not in (":=", "="):
            self.place = start
            return
        self._next()
        pipe.variables, pipe.assigns = names, token.kind == "="
        # Go declares the name even for an assignment, so that one to an unknown name fails on expansion
        self.variables += names

    def _command(self) -> Command:
        command = Command([], self._peek().at)
        while True:
            operand = self._operand()
            if operand is not None:
                command.args.append(operand)
            token = self._peek(skip=False)
            if token.kind == "space":
                self._next(skip=False)
                continue
            if token.kind == "|":
                self._next()
                following = self._peek()
                if following.kind in ("close", ")"):
                    pass
            elif token.kind not in ("close", ")"):
                raise TemplateError(f"unexpected {_said(token)} in operand")
            break
        if not command.args:
            raise TemplateError("empty command")
        return command

    def _operand(self) -> Operand | None:
        token = self._peek()
        if token.kind not in _OPERANDS:
            return None
        self._next()
        term = self._term(token)
        names: list[str] = []
        at = self._peek(skip=False).at
        while self._peek(skip=False).kind == "field":
            names.append(self._next().value[1:])
        if not names:
            return term
        if isinstance(term, Fields) and term.base is None:
            return Fields(None, term.names + names, at)
        if isinstance(term, Literal):
            raise TemplateError(f"unexpected . after term {term.text}")
        return Fields(term if isinstance(term, (Variable, Pipe, Word)) else None, names, at)

    def _term(self, token: Token) -> Operand:
        value = token.value
        match token.kind:
            case "word":
                if value in self.refused:
                    raise UnsupportedTemplate(f"the function {value} is not supported")
                if value not in self.functions:
                    hint = did_you_mean(value, self.functions)
                    raise TemplateError(f'function "{value}" not defined{hint}')
                return Word(value, token.at)
            case "dot":
                return Literal("dot", ".", None, token.at)
            case "nil":
                return Literal("nil", "nil", None, token.at)
            case "bool":
                return Literal("bool", value, value == "true", token.at)
            case "variable":
                if value not in self.variables:
                    raise TemplateError(f'undefined variable "{value}"')
                return Variable(value, token.at)
            case "field":
                return Fields(None, [value[1:]], token.at)
            case "number":
                return Literal("number", value, _number(value), token.at)
            case "char":
                return Literal("number", value, ord(unquoted(value)), token.at)
            case "string":
                return Literal("string", value, unquoted(value), token.at)
        self.depth += 1
        if self.depth > DEEPEST:
            raise TemplateError(f"nested deeper than {DEEPEST}")
        pipe = self._pipe("parenthesized pipeline", ")")
        self.depth -= 1
        return pipe


def _said(token: Token) -> str:
    return "end of text" if token.kind == "end of text" else f'"{token.value[:40]}"'


def _number(text: str) -> int | float:
    """A number of Go's syntax: with a point or an exponent a float, else an int."""
    digits = text.replace("_", "").lower()
    body = digits.lstrip("+-")
    if "i" in body:
        raise UnsupportedTemplate(f"complex numbers are not supported: {text}")
    try:
        if body.startswith("0x") and ("." in body or "p" in body):
            return float.fromhex(digits)
        if body.startswith(("0x", "0o", "0b")):
            number = int(digits, 0)
        elif "." in body or "e" in body:
            return float(digits)
        else:
            octal = body.startswith("0") and len(body) > 1
            number = int(digits, 8 if octal else 10)
    except ValueError:
        raise TemplateError(f"illegal number syntax: {text}") from None
    if not -(2**63) <= number < 2**64:
        raise TemplateError(f"integer overflow: {text}")
    return number


def unquoted(text: str, character: bool = True) -> str:
    """A quoted string of Go's syntax; `character`: single quotes hold one character. Raises TemplateError."""
    if text.startswith("`"):
        return text[1:-1].replace("\r", "")
    try:
        value = ast.literal_eval(_pythonic(text))
    except (ValueError, SyntaxError):
        raise TemplateError(f"invalid syntax in {text[:60]}") from None
    if character and text.startswith("'") and len(value) != 1:
        raise TemplateError(f"malformed character constant: {text[:20]}")
    return str(value)


def _pythonic(text: str) -> str:
    """The same string as Python writes it; what only one of the two knows is refused."""
    at = 1
    while (at := text.find("\\", at)) >= 0:
        letter = text[at + 1]
        if letter not in "abfnrtv\\xuU01234567" and letter != text[0]:
            raise ValueError(letter)
        if letter in "01234567" and not text[at + 1 : at + 4].isdigit():
            raise ValueError(letter)
        at += 2
    return text
