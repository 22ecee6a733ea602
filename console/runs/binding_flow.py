"""Where a value turns up again in the same shell text: in variables, loops, functions and files it went into.

`X=<name>; ssh web "restart $X"` gives the value to a second interpreter as surely as the token itself
would. Only what the text shows is followed; what an earlier step has left in a variable is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

_TAKING = frozenset({"read", "mapfile", "readarray"})
"""Builtins that fill the variables named after them from their input."""
_POSITIONAL = re.compile(r"[1-9]\d*|[@*]")
_SCRIPT = re.compile(r"\.(?:sh|bash|ksh|zsh|py|pl|rb|php|js|lua|awk|sql|psql)[\"']?$|^[\"']?/etc/cron")
"""Names of files that are programs by their name alone."""
_RUNNERS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "source", ".", "python", "python3", "perl", "psql"})


@dataclass(slots=True)
class _Going:
    """What goes into one name: tokens by their numbers, and other names."""

    tokens: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


class Flow:
    """The ways of the values in one text."""

    def __init__(self, root: Node, tokens: Callable[[int, int], Sequence[int]]) -> None:
        """`tokens` gives the numbers of the tokens from one byte to another."""
        self._tokens = tokens
        self._going: dict[str, _Going] = {}
        self._uses: dict[str, list[Node]] = {}
        self.integers: set[str] = set()
        """Variables that are calculated when something is assigned to them."""
        self.calls: dict[str, list[Node]] = {}
        """Commands by their names."""
        self._run: set[str] = set()
        self._functions: set[str] = set()
        nodes = list(_every(root))
        self._functions = {_text(node.children[0]) for node in nodes if node.type == "function_definition"}
        self._functions |= {
            _text(node.children[1]) for node in nodes
            if node.type == "function_definition" and _text(node.children[0]) == "function"
        }  # fmt: skip
        for node in nodes:
            self._note(node)

    def uses(self, token: int) -> Iterator[Node]:
        """The places where the value of a token turns up again."""
        seen: set[str] = set()
        names = [name for name, going in self._going.items() if token in going.tokens]
        while names:
            name = names.pop()
            if name in seen:
                continue
            seen.add(name)
            yield from self._uses.get(name, ())
            names += [other for other, going in self._going.items() if name in going.names]

    def runs(self, file: str) -> bool:
        """Whether a file that is written here is run: by its name, or later in this text."""
        return bool(_SCRIPT.search(file)) or _bare(file) in self._run

    def function_of(self, node: Node) -> str:
        """The function whose body a node stands in; empty when in none."""
        around: Node | None = node
        while around is not None:
            if around.type == "function_definition":
                name = _text(around.children[0])
                return _text(around.children[1]) if name == "function" else name
            around = around.parent
        return ""

    def _note(self, node: Node) -> None:
        if node.type == "variable_assignment":
            self._goes(_assigned(node), node, node.children[0].end_byte)
        elif node.type == "for_statement" or node.type == "select_statement":
            body = next((child for child in node.children if child.type == "do_group"), node.children[-1])
            name = next((_text(child) for child in node.children if child.type == "variable_name"), "")
            self._goes(name, node, node.start_byte, body.start_byte)
        elif node.type == "command":
            self._command(node)
        elif node.type == "declaration_command":
            self._declared(node)
        elif node.type in ("variable_name", "special_variable_name") and not _is_target(node):
            name = self._local(_text(node), node)
            parent = node.parent
            whole = parent is not None and parent.type in ("simple_expansion", "expansion")
            self._uses.setdefault(name, []).append(parent if whole and parent is not None else node)

    def _command(self, node: Node) -> None:
        words = [_text(child) for child in node.children if child.type != "variable_assignment"]
        if not words:
            return
        name = words[0]
        self.calls.setdefault(name, []).append(node)
        if name in self._functions:
            self._goes(f"{name} @", node, node.children[0].end_byte)
        if name == "set":
            self._goes("@", node, node.start_byte)
        if name in _TAKING or name == "printf":
            whole = _statement(node)
            for word in words[1:]:
                if re.fullmatch(r"\w+", word):
                    self._goes(word, whole, whole.start_byte)
        if name.rpartition("/")[2] in _RUNNERS or name == "chmod":
            self._run |= {_bare(word) for word in words[1:] if not word.startswith("-")}
        elif name == "sudo" and len(words) > 2:
            self._run |= {_bare(word) for word in words[2:]}
        elif "/" in name:
            self._run.add(_bare(name))

    def _declared(self, node: Node) -> None:
        words = [_text(child) for child in node.children]
        if any(re.fullmatch(r"-[a-zA-Z]*[in][a-zA-Z]*", word) for word in words):
            for child in node.children:
                name = _assigned(child) if child.type == "variable_assignment" else _text(child)
                self.integers.add(name)

    def _goes(self, name: str, node: Node, first: int, last: int | None = None) -> None:
        """What stands in this part of a node goes into a name."""
        if not name:
            return
        end = node.end_byte if last is None else last
        going = self._going.setdefault(self._local(name, node), _Going())
        going.tokens.update(self._tokens(first, end))
        for part in _every(node):
            inside = first <= part.start_byte and part.end_byte <= end
            if inside and part.type in ("variable_name", "special_variable_name") and not _is_target(part):
                going.names.add(self._local(_text(part), part))

    def _local(self, name: str, node: Node) -> str:
        """A positional parameter is that of its function."""
        if not _POSITIONAL.fullmatch(name):
            return name
        function = self.function_of(node)
        return f"{function} @" if function else "@"


def _statement(node: Node) -> Node:
    """The outermost statement around a node."""
    while node.parent is not None and node.parent.parent is not None:
        node = node.parent
    return node


def _is_target(node: Node) -> bool:
    """Whether a name is what is assigned to."""
    parent = node.parent
    if parent is not None and parent.type == "subscript":
        node, parent = parent, parent.parent
    if parent is None:
        return False
    if parent.type == "for_statement":
        return True
    return parent.type == "variable_assignment" and parent.children[0].start_byte == node.start_byte


def _assigned(node: Node) -> str:
    return re.sub(r"\[.*", "", _text(node.children[0]), flags=re.DOTALL)


def _bare(word: str) -> str:
    return re.sub(r"[\"']", "", word).removeprefix("./")


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _every(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(node.children)
