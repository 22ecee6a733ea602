"""On which line of a TOML file each value stands: one pass over its statements, however many there are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from console.shape import KeyPath

DEPTH = 16
"""Keys of a path at most; the lines of what lies deeper are not told."""
_TOKEN = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}'''
    r"|'''.*?'{3,5}"
    r'''|"(?:[^"\\\n]|\\.)*"'''
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}\n]",
    re.DOTALL,
)
"""What decides where a statement ends: texts and comments, which hide brackets, brackets, line ends."""


def line_of(text: str, path: KeyPath) -> int:
    """The line a value's statement begins on, from 1; 0 when it cannot be told. `text` is valid TOML."""
    return _places(text).get(path, 0)


@lru_cache(maxsize=4)  # as many as there are files
def _places(text: str) -> dict[KeyPath, int]:
    """The line of every table, list and value by its path."""
    places: dict[KeyPath, int] = {}
    last: dict[KeyPath, int] = {}  # the newest item of each list of tables
    table: KeyPath = ()
    for line, statement in _statements(text):
        try:
            tree = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        if statement.lstrip().startswith("["):
            table = _header(tree, statement.lstrip().startswith("[["), last)
            for end in range(1, min(len(table), DEPTH) + 1):
                places.setdefault(table[:end], line)
        else:
            for path in _paths(table, tree):
                places.setdefault(path, line)
    return places


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """First line and text of each statement; the blank lines and comments before it are not of it."""
    line = begun = 1
    start = depth = 0
    for token in _TOKEN.finditer(text):
        found = token[0]
        if found in "[{":
            depth += 1
        elif found in "]}":
            depth -= 1
        line += found.count("\n")
        if found == "\n" and not depth:
            if statement := _code(text[start : token.start()]):
                yield begun, statement
            start, begun = token.end(), line
    if statement := _code(text[start:]):
        yield begun, statement


def _code(statement: str) -> str:
    statement = statement.strip(" \t\r")
    return "" if statement.startswith("#") else statement


def _header(tree: Any, item: bool, last: dict[KeyPath, int]) -> KeyPath:
    """The path of the table a header opens; `item`: of a further one in a list of tables."""
    path: KeyPath = ()
    while isinstance(tree, dict) and tree:
        if path in last:
            path = (*path, last[path])
        ((key, tree),) = tree.items()
        path = (*path, key)
        if len(path) > DEPTH:
            return path
    if item:
        last[path] = last.get(path, -1) + 1
    return (*path, last[path]) if path in last else path


def _paths(table: KeyPath, tree: Any) -> Iterator[KeyPath]:
    """The paths of everything in a tree that stands in a table."""
    left: list[tuple[KeyPath, Any]] = [(table, tree)]
    while left:
        path, node = left.pop()
        yield path
        if len(path) < DEPTH and isinstance(node, (dict, list)):
            items = node.items() if isinstance(node, dict) else enumerate(node)
            left += [((*path, key), item) for key, item in items]
