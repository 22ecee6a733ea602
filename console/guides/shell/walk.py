"""Every simple command of a tree, at any depth, with what it is inside of; deep text costs no recursion."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from console.guides.shell.found import Found, characters, line_ends
from console.guides.shell.prefixes import Inner
from console.guides.shell.redirects import HIDDEN, LINE_END, REDIRECTS, redirects_of
from console.guides.shell.script import Command, Comment, Expansion, Redirect, Word
from console.guides.shell.words import text_of, word_of
from console.guides.shell.wrappers import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node, Tree

DEPTH = 150
"""Constructs inside each other that are followed; what lies deeper is a doubt."""
UNWRAPPED = 8
"""Wrappers inside each other that are opened."""
BUDGET = 400_000
"""Characters of text inside quotes (`sh -c '...'`) that are parsed again for one script."""

_INSIDE = {
    "pipeline": "pipeline", "command_substitution": "substitution", "process_substitution": "process",
    "subshell": "subshell", "for_statement": "loop", "c_style_for_statement": "loop",
    "while_statement": "loop", "if_statement": "condition", "case_statement": "case",
    "function_definition": "function",
}  # fmt: skip
_ONE_LINE = frozenset(
    {"command", "declaration_command", "unset_command", "simple_expansion", "concatenation",
     "variable_assignment", "variable_assignments", "redirected_statement",
     "negated_command"}
)  # fmt: skip
"""Nodes between whose parts no line can end."""
_LITERAL = frozenset({"raw_string", "ansi_c_string", "comment", "heredoc_end", "heredoc_start"})
_DECLARES = frozenset({"export", "declare", "local", "readonly", "typeset"})
_KEY = re.compile(r"[\"']?\s*:")
_HIDDEN_WORD = re.compile(r"(?<!\\)(?:\\\\)*(?:\$\(|`|[<>]\()|[\r\f\v\x00]")


class Context(NamedTuple):
    """What a node is inside of."""

    inside: tuple[str, ...] = ()
    ambient: tuple[Redirect, ...] = ()
    """Redirections of a whole construct: they hold for every command in it."""
    attached: tuple[Redirect, ...] = ()
    """Redirections of the very command."""
    pipe: int = 0
    stage: int = 0
    depth: int = 0


class Walk:
    """One walk over the tree of a text and of the texts quoted in it."""

    def __init__(self, parse: Callable[[bytes], Tree | None]) -> None:
        self.found = Found()
        self._parse = parse
        self._pipes = count(1)
        self._budget = BUDGET

    def tree(self, tree: Tree, data: bytes) -> Found:
        """Collect from a tree; `data` is the text it was made from, before anything in it was covered."""
        self.found.ends = line_ends(data)
        self._walk(tree, data, None)
        return self.found

    def _walk(self, tree: Tree, data: bytes, outer: Command | None) -> None:
        stack: list[tuple[Node, Context]] = [(tree.root_node, Context())]
        while stack:
            node, context = stack.pop()
            if context.depth > DEPTH:
                self.found.doubt("nested too deeply to be followed")
                continue
            stack.extend(reversed(list(self._visit(node, context, data, outer))))

    def _visit(
        self, node: Node, context: Context, data: bytes, outer: Command | None
    ) -> Iterator[tuple[Node, Context]]:
        """What to visit next; commands are kept on the way."""
        kind = node.type
        if not node.child_count:
            self._leaf(node, kind, data, outer)
            return
        if kind == "ERROR" and outer is None:
            signs = (child for child in node.children if not child.is_named and child.type not in ";&\n")
            self.found.error(next(signs, node).start_byte)  # what opens something that is never closed
        if kind in _ONE_LINE:
            self._joined(node, data, outer)
        below = context._replace(attached=(), depth=context.depth + (kind in _INSIDE))
        if kind in _INSIDE:
            below = below._replace(inside=(*context.inside, _INSIDE[kind]))
        if kind in ("command_substitution", "process_substitution", "function_definition"):
            below = below._replace(pipe=0, stage=0, ambient=())
        match kind:
            case "command" | "declaration_command" | "unset_command" | "test_command":
                yield from self._command(node, context, below, data, outer)
                return
            case "variable_assignment":
                self._keep(node, (), (_assignment(node, data),), (), context, outer)
            case "redirected_statement":
                yield from self._redirected(node, context, below, data, outer)
                return
            case "pipeline":
                yield from self._pipeline(node, below)
                return
            case "simple_expansion" | "expansion":
                self._expansion(node, data, outer)
            case "for_statement":
                if variable := node.child_by_field_name("variable"):
                    self.found.assigned.add(text_of(variable, data))
            case "function_definition":
                if name := node.child_by_field_name("name"):
                    self.found.functions.add(text_of(name, data))
        for child in node.children:
            yield child, below

    def _leaf(self, node: Node, kind: str, data: bytes, outer: Command | None) -> None:
        if kind == "comment":
            if outer is None:
                self.found.comments.append(_comment(node, data, self.found.line(node.start_byte)))
            return
        if (node.is_missing or kind == "ERROR") and outer is None:
            self.found.error(node.start_byte)
        if kind in ("word", "number") and (end := LINE_END.search(data, node.start_byte, node.end_byte)):
            self._overrun(node, end.end() - 1, data, comment=False, outer=outer)
        if node.is_named and kind not in _LITERAL and node.end_byte - node.start_byte > 1:
            text = text_of(node, data)
            hidden = HIDDEN if kind in ("string_content", "heredoc_content") else _HIDDEN_WORD
            if kind != "heredoc_body" and hidden.search(text):
                self.found.doubt("a substitution stands where it cannot be followed")

    def _expansion(self, node: Node, data: bytes, outer: Command | None) -> None:
        name = next((child for child in node.named_children if child.type == "variable_name"), None)
        if name is None or (outer is not None and outer.elsewhere):
            return
        start = -1 if outer is not None else characters(data, node.start_byte)
        after = data[node.end_byte : node.end_byte + 24].decode("utf-8", "ignore")
        if node.parent is not None and node.parent.type == "heredoc_body" and _KEY.match(after):
            return  # an operator of a query fed to a database, as `$gt:` is
        operator = node.child_by_field_name("operator")
        sign = text_of(operator, data) if operator else ""
        self.found.expansions.append(Expansion(text_of(name, data), text_of(node, data), start, sign))

    def _joined(self, node: Node, data: bytes, outer: Command | None) -> None:
        """Look for ends of lines between the parts of a command: a shell ends it there, the tree did not."""
        at, before = node.start_byte, ""
        for child in node.children:
            if match := LINE_END.search(data, at, child.start_byte):
                self._overrun(child, match.end() - 1, data, before == "comment", outer)
            at, before = child.end_byte, child.type

    def _overrun(self, node: Node, end: int, data: bytes, comment: bool, outer: Command | None) -> None:
        self.found.doubt("a command goes on where its line has ended")
        if outer is not None:
            return
        self.found.error(node.start_byte)
        self.found.lenient = True
        if comment:  # its end is that of the comment, which only a blank before it can stand for
            start = data.rfind(b"\n", 0, end) + 1
            end = data.find(b" #", start, end)
            if not data[start : max(end, start)].strip():
                return
        if end >= 0:
            self.found.breaks.append(end)

    def _command(
        self, node: Node, context: Context, below: Context, data: bytes, outer: Command | None
    ) -> Iterator[tuple[Node, Context]]:
        words: list[Word] = []
        assignments: list[tuple[str, str | None]] = []
        redirects: list[Redirect] = []
        inner: list[Node] = []
        for child in node.children:
            kind = child.type
            inner.append(child)
            if kind == "variable_assignment":
                assignments.append(_assignment(child, data))
                inner[-1:] = child.children
            elif kind in REDIRECTS:
                redirects += redirects_of(child, data, self.found)
            elif kind == "subshell":
                self.found.doubt("brackets stand where no command can")
            elif kind not in ("comment", "ERROR"):
                words.append(word_of(child, data))
        if node.type == "test_command":
            words = words[:1]
        self._keep(node, tuple(words), tuple(assignments), tuple(redirects), context, outer)
        for child in inner:
            yield child, below

    def _keep(
        self,
        node: Node,
        words: tuple[Word, ...],
        assignments: tuple[tuple[str, str | None], ...],
        redirects: tuple[Redirect, ...],
        context: Context,
        outer: Command | None,
    ) -> None:
        command = Command(
            words,
            self.found.line(node.start_byte) if outer is None else outer.line,
            self.found.line(node.end_byte) if outer is None else outer.end_line,
            assignments,
            (*context.ambient, *context.attached, *redirects),
            context.inside if outer is None else (*outer.inside, *context.inside),
            () if outer is None else outer.wrappers,
            context.pipe,
            context.stage,
            elsewhere=outer is not None and outer.elsewhere,
        )
        self._open(command)

        self._sets(command)

    def _sets(self, command: Command) -> None:
        """Keep the names that a command sets for those after it."""
        found = self.found.assigned
        if not command.words or command.name in _DECLARES:
            found.update(name.partition("[")[0] for name, _ in command.assignments)
        if command.name in _DECLARES and command.name != "export":
            found.update(value for value in command.values[1:] if value and value.isidentifier())
        if command.name in ("read", "mapfile", "readarray", "getopts"):
            found.update(value for value in command.values[1:] if value and value.isidentifier())
        if command.name == "printf" and command.values[1:2] == ("-v",) and command.values[2:]:
            found.add(command.values[2] or "")

    def _open(self, command: Command) -> None:
        """Keep a command and what it starts."""
        left = [command]
        while left:
            command = left.pop()
            starts = unwrap(command.words, command.redirects)
            if starts and len(command.wrappers) >= UNWRAPPED:
                self.found.doubt("too many wrappers inside each other")
                starts = []
            begun = [self._begin(command, inner, left) for inner in starts]
            opened = bool(starts) and all(begun) and all(inner.sure for inner in starts)
            self.found.commands.append(replace(command, opened=opened) if opened else command)

    def _begin(self, command: Command, inner: Inner, left: list[Command]) -> bool:
        started = replace(
            command,
            words=inner.words,
            assignments=(),
            wrappers=(*command.wrappers, inner.label),
            elsewhere=command.elsewhere or inner.elsewhere,
        )
        if inner.text is None:
            left.append(started)
            return True
        self._budget -= len(inner.text)
        tree = self._parse(inner.text.encode("utf-8", "replace")) if self._budget > 0 else None
        if tree is None or tree.root_node.has_error:
            self.found.doubt("a text that a shell reads was not understood")
            if tree is None:
                return False
        self._walk(tree, inner.text.encode("utf-8", "replace"), started)
        return True

    def _pipeline(self, node: Node, below: Context) -> Iterator[tuple[Node, Context]]:
        pipe, stage = next(self._pipes), 0
        for child in node.children:
            if child.is_named and child.type != "comment":
                yield child, below._replace(pipe=pipe, stage=stage)
                stage += 1
            else:
                yield child, below

    def _redirected(
        self, node: Node, context: Context, below: Context, data: bytes, outer: Command | None
    ) -> Iterator[tuple[Node, Context]]:
        redirects: list[Redirect] = []
        tail: list[Node] = []
        for child in node.children:
            if child.type in REDIRECTS:
                redirects += redirects_of(child, data, self.found)
                tail += [part for part in child.children if part.type == "pipeline"]
        pipe = next(self._pipes) if tail else below.pipe
        body = node.child_by_field_name("body")
        if body is None:
            self._keep(node, (), (), tuple(redirects), context, outer)
        else:
            first = below._replace(pipe=pipe, stage=below.stage, inside=context.inside)
            yield from self._body(body, first, (*context.attached, *redirects), outer)
        for child in node.children:
            if child.type in REDIRECTS:
                yield from self._within_redirect(child, below, pipe)

    def _body(
        self, body: Node, below: Context, redirects: tuple[Redirect, ...], outer: Command | None
    ) -> Iterator[tuple[Node, Context]]:
        """The body of a redirection, which belongs to the last command of it or to all of a construct."""
        while body.type in ("pipeline", "list", "negated_command") and body.named_child_count:
            parts = [child for child in body.named_children if child.type != "comment"]
            if body.type == "pipeline":
                pipe = next(self._pipes)
                below = below._replace(inside=(*below.inside, "pipeline"))
                for stage, part in enumerate(parts[:-1]):
                    yield part, below._replace(pipe=pipe, stage=stage)
                below = below._replace(pipe=pipe, stage=len(parts) - 1)
            else:
                for part in parts[:-1]:  # only the last of a list is what the pipe takes from
                    yield part, below._replace(pipe=0, stage=0)
            body = parts[-1]
        if body.type in ("command", "declaration_command", "test_command", "redirected_statement"):
            yield body, below._replace(attached=redirects)
            return
        self._keep(body, (), (), redirects, below, outer)  # counts even where nothing is inside
        yield body, below._replace(ambient=(*below.ambient, *redirects))

    def _within_redirect(self, node: Node, below: Context, pipe: int) -> Iterator[tuple[Node, Context]]:
        stage = 1
        for child in node.children:
            if child.type == "pipeline":
                inside = below._replace(inside=(*below.inside, "pipeline"), pipe=pipe)
                for part in child.named_children:
                    yield part, inside._replace(stage=stage)
                    stage += 1
            else:
                yield child, below


def _assignment(node: Node, data: bytes) -> tuple[str, str | None]:
    name = node.child_by_field_name("name")
    value = node.child_by_field_name("value")
    named = text_of(name, data) if name else ""
    if any(child.type == "+=" for child in node.children):
        return named, None
    return named, word_of(value, data).value if value else ""


def _comment(node: Node, data: bytes, line: int) -> Comment:
    start = data.rfind(b"\n", 0, node.start_byte) + 1
    parent = node.parent
    top = parent is None or parent.type == "program"
    own = not data[start : node.start_byte].strip()
    text = text_of(node, data).lstrip("#").strip()
    return Comment(text, line, own, top, characters(data, node.start_byte))
