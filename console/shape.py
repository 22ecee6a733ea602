"""Values from outside held against the configuration's shape: which keys are known, which values fit."""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias

import msgspec

from console.config import Config, Limits, Profile
from console.section import Section

Tree: TypeAlias = dict[str, Any]
"""Tables, lists and values as TOML has them."""
KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the top: `("postgres", 0, "url")`."""


MISSING = object()
"""What `dig` gives where a tree ends too early."""


PROBE_LIMITS = {"latency": "below", "days": "above"}
"""Thresholds of probes, and where the warning lies, seen from the critical value."""


class Leaf(msgspec.Struct, frozen=True):
    """One value of a tree with its place and the type it must have; None for an unknown key."""

    # a struct of msgspec, here and in the two modules above: a frozen dataclass takes ten times
    # as long to define, half a millisecond each, and these stand before the first paint

    path: KeyPath
    value: Any
    type: Any


@cache
def fields(section: Any) -> dict[str, Any]:
    """The types of a section's fields by name."""
    return {field.name: field.type for field in msgspec.structs.fields(section)}


def keys(section: Any) -> dict[str, Any]:
    """The types of what a table may hold: a profile takes any key of the whole but further profiles."""
    known = fields(section)
    if section is Profile:
        return {name: kind for name, kind in fields(Config).items() if name[:7] != "profile"} | known
    return known


def leaves(tree: Tree, section: type[Section] = Config, at: KeyPath = ()) -> Iterator[Leaf]:
    """Every value of a tree, with None as the type of what the shape does not know."""
    known = keys(section)
    for key, value in tree.items():
        yield from _leaf((*at, key), value, known.get(key))


def _leaf(path: KeyPath, value: Any, kind: Any) -> Iterator[Leaf]:
    table, inner, origin = table_of(kind), item_of(kind), typing.get_origin(kind)
    if table and isinstance(value, dict):
        yield from leaves(value, table, path)
    elif origin is tuple and table_of(inner) and isinstance(value, (list, tuple)) and value:
        for index, item in enumerate(value):
            yield from _leaf((*path, index), item, inner)
    elif origin is dict and isinstance(value, dict):
        for key, item in value.items():
            yield from _leaf((*path, key), item, inner)
    else:
        yield Leaf(path, value, kind)


def item_of(kind: Any) -> Any:
    """What a list or a table of free names holds; None for other types."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    return {tuple: arguments[:1], dict: arguments[1:]}[origin][0] if origin in (tuple, dict) else None


def dig(node: Any, path: KeyPath) -> Any:
    """The value at a path, or MISSING."""
    for key in path:
        if isinstance(node, dict) and key in node:
            node = node[key]
            continue
        if isinstance(node, list) and isinstance(key, int) and key < len(node):
            node = node[key]
            continue
        return MISSING
    return node


def table_of(kind: Any) -> type[Section] | None:
    """The section a type is, or None when it is something else."""
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def fits(leaf: Leaf) -> bool:
    """Whether a value is accepted; not-a-number never is."""
    values = leaf.value if isinstance(leaf.value, list) else [leaf.value]
    if any(isinstance(value, float) and math.isnan(value) for value in values):
        return False
    try:
        value = msgspec.convert(leaf.value, leaf.type)
    except (msgspec.ValidationError, UnicodeEncodeError):  # a variable may hold bytes that are no UTF-8
        return False
    order = limit_order(leaf)
    return not order or value[0] == value[1] or (value[0] < value[1]) == (order == "below")


def limit_order(leaf: Leaf) -> str:
    """How the two numbers of a threshold stand to each other; empty for what is no threshold."""
    at = leaf.path[-2:]
    if leaf.type and leaf.path[0] == "probes" and at[-1] in PROBE_LIMITS:
        return PROBE_LIMITS[str(at[-1])]
    return Limits.order(str(at[1])) if len(at) == 2 and at[0] == "limits" and leaf.type else ""


def accepted(kind: Any) -> str:
    """What a type accepts, for people."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        meta = arguments[1]
        if meta.description:
            return str(meta.description)
        return f"{accepted(arguments[0])} from {meta.ge:g} to {meta.le:g}"
    if origin is typing.Literal:
        return "one of " + ", ".join(arguments)
    if origin is tuple:
        if table_of(arguments[0]):
            return "tables in double brackets, [[...]]"
        if typing.get_origin(arguments[0]) is typing.Annotated:
            return accepted(arguments[0])
        return "two numbers, [warning, critical]" if arguments[0] is float else "a list of texts"
    if origin is dict or table_of(kind):
        return "a table"
    plain = {str: "a text in quotes", bool: "true or false", int: "a whole number", float: "a number"}
    return plain[kind]


def parse(text: str, kind: Any) -> Any:
    """A value from a variable or an option, by the type it must have; unfit text is returned as it is.

    Lists are comma-separated; tables and lists of tables are written as TOML.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return parse(text, arguments[0])
    if kind is bool:
        words = {"1": True, "true": True, "yes": True, "on": True}
        words |= {"0": False, "false": False, "no": False, "off": False}
        return words.get(text.strip().lower(), text)
    if kind is float or kind is int:
        try:
            return kind(text)
        except ValueError:
            return text
    if origin is tuple and not table_of(arguments[0]):
        words_given = [word.strip() for word in text.split(",")]
        return [parse(word, arguments[0]) for word in words_given if word]
    return text if kind is str or origin is typing.Literal else _toml(text)


def _toml(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):  # no TOML, or a number of more digits than Python reads
        return text


def dotted(path: KeyPath) -> str:
    """A path as TOML writes it, but for places in lists: `postgres[0].url`, `headers."X-Of.Ours"`."""
    words = [f"[{key}]" if isinstance(key, int) else f".{_key(key)}" for key in path]
    return "".join(words).removeprefix(".")


def _key(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
