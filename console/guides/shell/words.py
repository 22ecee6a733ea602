"""What a word of shell text means where that is certain: quotes and escapes taken off, nothing put in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from console.guides.shell.script import Word

if TYPE_CHECKING:
    from tree_sitter import Node

_BRACES = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}|\{[^}]*\{.*,")
"""What the shell makes several words of."""
_BARE_ESCAPE = re.compile(r"\\(\n|.|\Z)", re.DOTALL)
_STRING_ESCAPE = re.compile(r'\\([$`"\\\n])')
_ANSI_ESCAPE = re.compile(
    r"\\(?:([abeEfnrtv\\'\"?])|([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})"
    r"|U([0-9a-fA-F]{1,8})|c(.))",
    re.DOTALL,
)
_ANSI = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_PLAIN = frozenset(
    {"word", "number", "variable_name", "file_descriptor", "test_operator", "special_variable_name", "regex"}
)
"""Nodes that stand for their own text."""


def word_of(node: Node, data: bytes) -> Word:
    """The word a node of the tree stands for; `data` is the text the tree was made from."""
    raw = text_of(node, data)
    value, prefix, bare = _value(node, raw, data)
    if value is None:
        return Word(raw, None, prefix, quoted=node.type == "string")
    if "{" in bare and _BRACES.search(bare):
        return Word(raw, None, value[: bare.index("{")])
    if bare.startswith("-") and any(sign in bare for sign in "*?["):
        return Word(raw, None)  # a file may be named like an option
    return Word(raw, value, value, quoted=node.type in ("string", "raw_string", "ansi_c_string"))


def text_of(node: Node, data: bytes) -> str:
    """A node's text as written."""
    return data[node.start_byte : node.end_byte].decode("utf-8", errors="replace")


def _value(node: Node, raw: str, data: bytes) -> tuple[str | None, str, str]:
    """The certain value or None, its certain beginning, and the value with what was quoted as `q`."""
    kind = node.type
    if kind in _PLAIN:
        if "\\" not in raw:
            return raw, raw, raw
        value = _BARE_ESCAPE.sub(lambda match: "" if match[1] == "\n" else match[1], raw)
        return value, value, _BARE_ESCAPE.sub("q", raw)
    if kind == "raw_string":
        return raw[1:-1], raw[1:-1], "q" * (len(raw) - 2)
    if kind == "string":
        return _string(node, raw, data)
    if kind == "concatenation":
        return _joined(node, data)
    if kind in ("ansi_c_string", "ansii_c_string"):
        value = _ansi(raw[2:-1])
        return value, value, "q" * len(value)
    if kind == "command_name" and node.child_count:
        return _value(node.children[0], raw, data)
    if not node.is_named:  # a sign standing for itself, as `$` does before a blank
        return raw, raw, raw
    return None, "", ""


def _string(node: Node, raw: str, data: bytes) -> tuple[str | None, str, str]:
    first = next((child for child in node.named_children if child.type != "string_content"), None)
    end = (
        len(raw) - 1
        if first is None
        else len(data[node.start_byte : first.start_byte].decode("utf-8", "replace"))
    )
    text = raw[1:end]
    if "\\" in text:
        text = _STRING_ESCAPE.sub(lambda match: "" if match[1] == "\n" else match[1], text)
    return (text if first is None else None), text, "q" * len(text)


def _joined(node: Node, data: bytes) -> tuple[str | None, str, str]:
    value, bare = "", ""
    for child in node.children:
        part, prefix, plain = _value(child, text_of(child, data), data)
        if part is None:
            return None, value + prefix, bare
        value += part
        bare += plain
    return value, value, bare


def _ansi(text: str) -> str:
    return _ANSI_ESCAPE.sub(_ansi_character, text)


def _ansi_character(match: re.Match[str]) -> str:
    plain, octal, short, four, eight, control = match.groups()
    if plain:
        return _ANSI.get(plain, plain)
    if control:
        return chr(ord(control) & 0x1F)
    code = int(octal, 8) if octal else int(short or four or eight, 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\N{REPLACEMENT CHARACTER}"
