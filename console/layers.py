"""Where configuration comes from: files, environment, profile, command line, each over the one before.

Tables are merged key by key; a list replaces the whole list below it. Every value keeps its origin.
Three rules keep a directory somebody else wrote from acting: `./opsconsole.toml` is read only when it
belongs to the user or root and not everybody can write it; a `password_command` is never taken
from it, nor from any file that another user owns or can write; and no password of another place goes
to a server that such a file names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from console.config import Config, Profile
from console.errors import ConfigError
from console.files import here
from console.nearest import did_you_mean
from console.places import ConfigFile, read, usual
from console.secrets import MASK, redact_command, redact_url
from console.shape import (
    MISSING,
    KeyPath,
    Leaf,
    Tree,
    accepted,
    dig,
    dotted,
    fields,
    fits,
    item_of,
    keys,
    leaves,
    limit_order,
    parse,
    table_of,
)
from console.text import clean

PREFIX = "OPSCONSOLE_"
NAME_LIMIT = 80
"""Characters of a target's name and of a banner."""
NOT_KEYS = frozenset({"OPSCONSOLE_REQUIRE_SERVERS"})
"""Variables with the prefix that are not for the console: the test suite's own."""


class Layer(msgspec.Struct, frozen=True):
    """Values of one place, checked, and how to name the place of one of them."""

    values: Tree
    place: Callable[[KeyPath], str]
    foreign: bool = False
    """Whether somebody else may have written it."""


class Loaded(msgspec.Struct, frozen=True):
    """The configuration in force, where each value is from, and what was odd on the way."""

    config: Config
    layers: tuple[Layer, ...]
    files: tuple[ConfigFile, ...]
    notes: tuple[str, ...]

    def origin(self, path: KeyPath) -> str:
        """Where a value is from: file and line, variable, option, or `default`."""
        lists = (place for place, key in enumerate(path) if isinstance(key, int))
        whole = path[: next(lists, len(path))]  # a list hides the one below it entirely
        for layer in reversed(self.layers):
            if dig(layer.values, whole) is not MISSING:
                return clean(layer.place(path)) if dig(layer.values, path) is not MISSING else "default"
        return "default"


def load(
    env: Mapping[str, str],
    *,
    file: Path | None = None,
    options: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Loaded:
    """The configuration in force.

    `file` is read instead of the usual files; `options` are those of the command line by key;
    `directory` is the current one. Raises ConfigError for a value that cannot be used.
    """
    notes: list[str] = []
    files = [read(file, named=True)] if file else list(usual(env, directory or here()))
    for found in files:
        notes.extend(found.notes)
    layers = [
        checked(Layer(found.values, found.place, found.foreign), notes) for found in files if found.values
    ]
    layers.append(checked(_environment(env, notes), notes))
    top = checked(_options(options or {}), notes)
    own = [*layers, top]
    layers.extend(_profile(own))
    layers.append(top)
    tree = _printable(_without_overlays(merged(layers)))
    notes.extend(_keep_passwords(tree, own))
    config = msgspec.convert(tree, Config)
    return Loaded(config, tuple(layers), tuple(files), tuple(clean(note, 400) for note in notes))


def merge(under: Tree, over: Tree) -> Tree:
    """Two trees as one, the second winning: tables key by key, anything else as a whole."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = merge(below, value) if both else value  # type: ignore[arg-type]  # both are
    return result


def merged(layers: list[Layer]) -> Tree:
    """All layers as one tree, the last winning."""
    tree: Tree = {}
    for layer in layers:
        tree = merge(tree, layer.values)
    return tree


def checked(layer: Layer, notes: list[str]) -> Layer:
    """The layer without unknown keys, each told in the notes. Raises ConfigError for a wrong value."""
    unknown: set[KeyPath] = set()
    for leaf in leaves(layer.values):
        if leaf.type is None:
            unknown.add(leaf.path)
            notes.append(f"{layer.place(leaf.path)}: {_unknown(leaf.path)}")
        elif not fits(leaf):
            raise wrong(leaf, layer.place(leaf.path))
    return msgspec.structs.replace(layer, values=_without(layer.values, unknown)) if unknown else layer


def wrong(leaf: Leaf, place: str) -> ConfigError:
    """The error for a value that is not accepted, naming place, key, value and what is accepted."""
    shown = f'"{redact_url(leaf.value)}"' if isinstance(leaf.value, str) else _written(leaf.value)
    if not isinstance(leaf.value, (str, int, float)):
        shown = redact_url(shown)
    if str(leaf.path[-1]).endswith("password_command") or "headers" in leaf.path:
        shown = "..."
    words = get_args(leaf.type) if get_origin(leaf.type) is Literal else ()
    guess = did_you_mean(leaf.value, words) if isinstance(leaf.value, str) else ""
    reason = f"{place}: {dotted(leaf.path)} = {clean(shown, 80)} cannot be used"
    order = limit_order(leaf)
    how = f", the first {order} the second" if order else ""
    return ConfigError(reason + guess, f"it takes {accepted(leaf.type)}{how}")


def _written(value: Any) -> str:
    try:
        return repr(value)
    except ValueError:  # 0xfff... is read at any length, but written only up to 4300 digits
        return "a number of too many digits"


def _unknown(path: KeyPath) -> str:
    """What to say of a key nobody knows, with the nearest one somebody does."""
    known: Any = Config
    for key in path[:-1]:
        known = keys(known).get(str(key)) if table_of(known) else item_of(known)
    names = keys(known) if table_of(known) else ()
    return f"unknown key {dotted(path)} is ignored{did_you_mean(str(path[-1]), names)}"


def _without(tree: Tree, paths: set[KeyPath]) -> Tree:
    """A copy of a tree that lacks the values at these paths."""

    def copy(node: Any, at: KeyPath) -> Any:
        if isinstance(node, dict):
            return {key: copy(item, (*at, key)) for key, item in node.items() if (*at, key) not in paths}
        if isinstance(node, list):
            return [copy(item, (*at, index)) for index, item in enumerate(node)]
        return node

    copied: Tree = copy(tree, ())
    return copied


def _environment(env: Mapping[str, str], notes: list[str]) -> Layer:
    values: Tree = {}
    names: dict[KeyPath, str] = {}
    for variable, text in sorted(env.items()):
        if not variable.startswith(PREFIX) or not text or variable in NOT_KEYS:
            continue
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        kind: Any = Config
        for key in path:
            named = fields(kind) if table_of(kind) else {}
            kind = str if kind == dict[str, str] else named.get(key)
        if kind is None or table_of(kind) or get_origin(kind) is dict:
            known = [f"{PREFIX}{name}".upper() for name in _flat_names()]
            notes.append(f"unknown variable {variable} is ignored{did_you_mean(variable, known)}")
            continue
        node = values
        for key in path[:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = parse(text, kind)
        names[path] = variable

    def place(path: KeyPath) -> str:
        return next(name for known, name in names.items() if known == path[: len(known)])

    return Layer(values, place)


def _flat_names() -> Iterator[str]:
    for name, kind in fields(Config).items():
        table = table_of(kind)
        yield from (f"{name}__{inner}" for inner in fields(table)) if table else (name,)


def _options(options: Mapping[str, str]) -> Layer:
    values = {key: parse(text, fields(Config)[key]) for key, text in options.items()}
    return Layer(values, lambda path: f"--{path[0]}")


def _profile(layers: list[Layer]) -> Iterator[Layer]:
    """The layer of the profile in use, if one is."""
    tree = merged(layers)
    name, profiles = tree.get("profile", ""), tree.get("profiles", {})
    if not name:
        return
    if name not in profiles:
        asked = next(layer.place(("profile",)) for layer in reversed(layers) if "profile" in layer.values)
        known = ", ".join(profiles) or "none"
        reason = f'{asked}: there is no profile "{name}"{did_you_mean(name, profiles)}'
        raise ConfigError(reason, f"write a table [profiles.{name}], or use one there is: {known}")

    def place(path: KeyPath) -> str:
        full = ("profiles", name, *path)
        for layer in reversed(layers):
            if dig(layer.values, full) is not MISSING:
                return f"profile {name}, {layer.place(full)}"
        return f"profile {name}"

    own = fields(Profile)
    yield Layer({key: value for key, value in profiles[name].items() if key not in own}, place)


def _keep_passwords(tree: Tree, layers: list[Layer]) -> Iterator[str]:
    """Take away the commands of whoever else would have their password sent where a foreign file says."""

    def foreign(path: KeyPath) -> Layer | None:
        for full in (("profiles", tree.get("profile", ""), *path), path):
            for layer in reversed(layers):
                if dig(layer.values, full) is not MISSING:
                    return layer if layer.foreign else None
        return None

    alerts = tree.get("alerts", {})
    for kind in ("prometheus", "alertmanager"):
        layer = foreign(("alerts", kind))
        if layer is not None and alerts.get(f"{kind}_password_command"):
            del alerts[f"{kind}_password_command"]
            where = layer.place(("alerts", kind))
            yield f"{where}: no password is sent to this {kind}: another place says {kind}_password_command"
    layer = foreign(("postgres",))
    for one in tree.get("probes", {}).get("sql", ()):
        named = not re.search("://|=", one.get("database", ""))
        if layer is not None and named and one.get("password_command"):
            del one["password_command"]
            where = layer.place(("postgres",))
            yield f"{where}: the password of your [[probes.sql]] is not sent to this [[postgres]]"


def _without_overlays(tree: Tree) -> Tree:
    """The tree with each profile reduced to what is its own, as the shape has it."""
    own = fields(Profile)
    profiles = {
        name: {key: value for key, value in profile.items() if key in own}
        for name, profile in tree.get("profiles", {}).items()
    }
    return tree | {"profiles": profiles}


def _printable(tree: Tree) -> Tree:
    """The tree with its names clean: they are drawn as they are."""

    def copy(node: Any, key: str) -> Any:
        if isinstance(node, dict):
            return {inner: copy(item, inner) for inner, item in node.items()}
        if isinstance(node, list):
            return [copy(item, key) for item in node]
        return clean(node, NAME_LIMIT) if key in ("name", "banner") else node

    copied: Tree = copy(tree, "")
    return copied


def rows(loaded: Loaded) -> Iterator[tuple[str, Any, str]]:
    """Every value in force as key, value with secrets redacted, and origin; in the shape's order."""
    tree: Tree = msgspec.to_builtins(loaded.config)
    for leaf in leaves(tree):
        path, value = leaf.path, leaf.value
        shown = redact_url(value) if isinstance(value, str) else value
        if str(path[-1]).endswith("password_command"):
            shown = redact_command(value)
        if path[-2:-1] == ("headers",):
            shown = MASK
        yield dotted(path), shown, loaded.origin(path)
