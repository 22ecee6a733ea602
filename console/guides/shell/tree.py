"""Parses shell text by tree-sitter, within a bounded time whatever the text is."""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from console.guides.shell.found import Found, line_ends
from console.guides.shell.script import Comment, Script, Statement
from console.guides.shell.walk import Walk

if TYPE_CHECKING:
    from tree_sitter import Language, Tree

LIMIT = 300_000
"""Bytes of a text that are parsed; a longer one is one statement that was not understood."""
SECONDS = 0.5
"""Time a parse may take; a usual one takes less than a millisecond."""
_ASCII = bytes([*range(128), *b"." * 128])
"""Other characters are parts of words to a shell; the grammar's scanner crashes on some of them."""
PASSES = 4
"""Times a text is parsed until its commands end where its lines do."""
_BEGINS = re.compile(rb"\n\\(?=[\w./~-])")
_STAND_IN = re.compile(
    rb"(?<![<>&\d])<(?!none>|nil>|null>)([A-Za-z][\w.:/-]*(?: (?!\d>)[\w.:/-]+)*)>(?![(>&|])", re.ASCII
)
"""`<container>`: what a person is to fill in, which a shell would read as two redirections."""


def stand_ins(data: bytes) -> list[re.Match[bytes]]:
    """The `<name>` in a text that are no redirections."""
    return [match for match in _STAND_IN.finditer(data) if not _redirects(match)] if b"<" in data else []


def _redirects(match: re.Match[bytes]) -> bool:
    """Whether `<in>out` is meant: a blank before it, a file's name glued behind."""
    after = match.string[match.end() : match.end() + 1]
    return _glued(match) and (b" " in match[1] or after != b"/")


def _glued(match: re.Match[bytes]) -> bool:
    before = match.string[match.start() - 1 : match.start()] if match.start() else b" "
    after = match.string[match.end() : match.end() + 1]
    return before.isspace() and (after.isalnum() or after in (b"~", b"$", b"'", b'"', b"/", b"."))


@lru_cache(maxsize=512)
def parse(text: str) -> Script:
    """Shell text taken apart; never raises. A text too long or too slow is one statement, not `ok`."""
    data = text.encode("utf-8", "replace")
    tree, found = _mended(data) if b"\0" not in data else (None, Found())
    if tree is None:
        lines = text.rstrip("\n").count("\n")
        whole = (Statement(text, 0, lines),) if text.strip() else ()
        return Script(text, not whole, whole, error_line=0, doubts=("the text was not understood",))
    error = tree.root_node.has_error or found.lenient
    if any(_glued(match) for match in stand_ins(data)):
        found.doubt("a stand-in may be two redirections")
    own = [comment for comment in found.comments if comment.top and comment.own]
    statements = _statements(tree, data, own)
    return Script(
        text,
        not error,
        tuple(_whole(statements, text, found.comments) if error else statements),
        tuple(sorted(found.commands, key=lambda command: command.line)),
        tuple(sorted(found.comments, key=lambda comment: comment.line)),
        frozenset(found.functions),
        tuple(found.expansions),
        frozenset(found.assigned),
        _error_line(found, text) if error else None,
        tuple(found.doubts),
    )


def _mended(data: bytes) -> tuple[Tree | None, Found]:
    """The tree and what is in it, each line's end being one.

    The grammar takes the end of a line for a blank now and then, and makes one command of many; there it is
    given a semicolon.
    """
    covered = _covered(data)
    tree = _tree(covered)
    found = Walk(_tree).tree(tree, data) if tree else Found()
    for _ in range(PASSES):
        if not found.breaks:
            break
        mended = bytearray(covered)
        for place in found.breaks:
            mended[place] = ord(";")
        covered = bytes(mended)
        tree = _tree(covered)
        found = Walk(_tree).tree(tree, data) if tree else Found()
    return tree, found


def _covered(data: bytes) -> bytes:
    """The text with its stand-ins made into words of the same length.

    A backslash that begins a line is covered too: the grammar adds `\\rm` there to the line before.
    """
    found = stand_ins(data)
    if b"\n\\" in data:
        data = _BEGINS.sub(b"\n ", data)
    if not found:
        return data
    covered = bytearray(data)
    for match in found:
        covered[match.start() : match.end()] = b"_" * len(match.group())
    return bytes(covered)


def plain(data: bytes) -> bytes:
    """A text as the grammar can be given it without harm: of the same length, every character ASCII."""
    return data.translate(_ASCII)


def _tree(data: bytes) -> Tree | None:
    """The tree, None when the text is too long or takes too long."""
    from tree_sitter import Parser

    if len(data) > LIMIT:
        return None
    data = plain(data)
    end = time.monotonic() + SECONDS

    def late(_offset: int, _error: bool) -> bool:
        return time.monotonic() > end

    try:
        return Parser(_language()).parse(
            lambda at, _point: data[at : at + 65536], encoding="utf8", progress_callback=late
        )
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _language() -> Language:
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())


def _whole(statements: list[Statement], text: str, comments: list[Comment]) -> list[Statement]:
    """Statements as whole lines, with what the tree left out between them, so that nothing is lost."""
    lines = text.split("\n")
    bare = {at for at, line in enumerate(lines) if not line.strip()}
    bare |= {comment.line for comment in comments if comment.own}
    ends: dict[int, int] = {}
    for one in statements:
        ends[one.line] = max(one.end_line, ends.get(one.line, 0))
    notes = {one.line: one.comments for one in reversed(statements)}
    found: list[Statement] = []
    first = 0
    while first < len(lines):
        if first in bare and first not in ends:
            first += 1
            continue
        last = at = first
        while at <= last:  # others may begin where this one ends
            last = max(last, ends.get(at, last))
            at += 1
        while first not in ends and last + 1 < len(lines) and last + 1 not in bare and last + 1 not in ends:
            last += 1
        found.append(Statement("\n".join(lines[first : last + 1]), first, last, notes.get(first, ())))
        first = last + 1
    return found


def _error_line(found: Found, text: str) -> int:
    return min(found.error_line or 0, text.rstrip().count("\n"))  # what is missing is missing at the end


def _statements(tree: Tree, data: bytes, comments: list[Comment]) -> list[Statement]:
    found: list[Statement] = []
    before, taken, start, ends = -1, 0, 0, line_ends(data)
    for node in tree.root_node.children:
        if node.type == "comment" or (not node.is_named and node.type != "&" and not node.is_error):
            continue
        line = bisect_right(ends, node.start_byte - 1) if node.start_byte else 0
        if node.type == "&":
            if found and line == found[-1].end_line:
                whole = data[start : node.end_byte].decode("utf-8", "replace")
                found[-1] = replace(found[-1], text=whole)
            continue
        start = node.start_byte
        start -= data[max(0, start - 2) : start] == b"\n\\"
        text = data[start : node.end_byte].decode("utf-8", "replace").rstrip("\n")
        own = []
        while taken < len(comments) and comments[taken].line < line:
            if comments[taken].line > before:
                own.append(comments[taken])
            taken += 1
        before = line + text.count("\n")
        found.append(Statement(text, line, before, tuple(own)))
    return found
