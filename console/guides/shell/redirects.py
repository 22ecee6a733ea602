"""Redirections of a tree: where a command reads from and writes to, and what is fed to it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from console.guides.shell.found import Found
from console.guides.shell.script import Redirect, Word
from console.guides.shell.words import text_of, word_of

if TYPE_CHECKING:
    from tree_sitter import Node

REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
LINE_END = re.compile(rb"(?<!\\)(?:\\\\)*\n")
HIDDEN = re.compile(r"(?<!\\)(?:\\\\)*(?:\$\(|`)")
"""A substitution in text that the tree gives as plain."""


def redirects_of(node: Node, data: bytes, found: Found) -> list[Redirect]:
    """A redirection and those that stand inside it behind a here-document's mark."""
    if node.type == "heredoc_redirect":
        inside = [child for child in node.children if child.type in REDIRECTS]
        return [
            _document(node, data, found),
            *(one for child in inside for one in redirects_of(child, data, found)),
        ]
    if LINE_END.search(data, node.start_byte, node.end_byte) and any(
        LINE_END.search(data, one.end_byte, other.start_byte) for one, other in pairwise(node.children)
    ):
        found.doubt("a redirection goes on where its line has ended")
        found.lenient = True
        found.error(node.start_byte)
    descriptor = operator = ""
    target: Word | None = None
    for child in node.children:
        if child.type == "file_descriptor":
            descriptor = text_of(child, data)
        elif child.is_named and child.type != "ERROR":
            target = word_of(child, data)
        elif not operator:
            operator = text_of(child, data)
    return [Redirect(operator, target.value if target else "", descriptor, target.raw if target else "")]


def _document(node: Node, data: bytes, found: Found) -> Redirect:
    operator, start, body, plain = "<<", "", "", True
    for child in node.children:
        if child.type in ("<<", "<<-"):
            operator = child.type
        elif child.type == "heredoc_start":
            start = text_of(child, data)
        elif child.type == "heredoc_body":
            body = text_of(child, data)
            plain = all(part.type == "heredoc_content" for part in child.children)
            if not any(sign in start for sign in "'\"\\"):
                _gaps(child, data, found)
        elif child.type in ("argument", "word", "string") or (child.is_named and child.type in ("number",)):
            found.doubt("words stand behind the mark of a here-document")
    if operator == "<<-":
        body = re.sub(r"^\t+", "", body, flags=re.MULTILINE)
    literal = any(sign in start for sign in "'\"\\")
    return Redirect(operator, body if plain or literal else None, body=body)


def _gaps(node: Node, data: bytes, found: Found) -> None:
    """The tree leaves out some of the text before the first thing put in: it may hold a substitution."""
    at, gaps = node.start_byte, []
    for child in node.children:
        if child.type != "heredoc_content":
            gaps.append(data[at : child.start_byte])
            at = child.end_byte
    gaps.append(data[at : node.end_byte])
    if any(HIDDEN.search(gap.decode("utf-8", "replace")) for gap in gaps):
        found.doubt("a substitution stands where it cannot be followed")
