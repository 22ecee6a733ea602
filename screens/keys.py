"""The keys of all screens: what they are called, and whether the ones a user chose can work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages

from textual.binding import Binding, InvalidBinding
from textual.dom import DOMNode
from textual.keys import Keys, key_to_character

SYMBOLS = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "minus": "-",
    "enter": "⏎",
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "pgup",
    "pagedown": "pgdn",
}
PUNCTUATION = "!\"#$%&'()*+-./:;<=>?@[\\]^_`{|}~"
"""What can be typed and has a longer name as a key; a comma separates keys and goes by its name only."""
MODIFIERS = {"ctrl", "shift", "alt", "super", "hyper", "meta"}


def shown_key(key: str) -> str:
    """A key as people write it."""
    if key in SYMBOLS:
        return SYMBOLS[key]
    if key.startswith("ctrl+"):
        return "^" + shown_key(key[5:])
    return key if "+" in key else _character(key) or key


def _character(key: str) -> str:
    """What a key types; empty when that cannot be seen."""
    named = {found.key: char for char in PUNCTUATION for found in Binding.make_bindings([Binding(char, "x")])}
    char = named.get(key) or key_to_character(key) or ""
    return char if char.isprintable() and not char.isspace() else ""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One binding that can be changed: its id, default keys, what it does, and whose it is."""

    id: str
    keys: tuple[str, ...]
    words: str
    owner: type[DOMNode]


def known_keys() -> list[KnownKey]:
    """Every binding of this program's screens and widgets; loads all of them."""
    found: list[KnownKey] = []
    for owner in _owners():
        by_id: dict[str, list[Binding]] = {}
        for binding in Binding.make_bindings(owner.__dict__["BINDINGS"]):
            by_id.setdefault(binding.id or "", []).append(binding)
        for binding_id, bindings in by_id.items():
            words = bindings[0].tooltip or bindings[0].description
            found.append(KnownKey(binding_id, tuple(b.key for b in bindings), words, owner))
    return found


def _owners() -> list[type[DOMNode]]:
    """Every class with bindings of its own."""
    import screens
    import widgets

    owners: dict[type[DOMNode], None] = {}
    for package in (screens, widgets):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, DOMNode) and _ours(value):
                    owners[value] = None
    return sorted(owners, key=lambda owner: f"{owner.__module__}.{owner.__name__}")


def _ours(owner: type[DOMNode]) -> bool:
    return owner.__module__.split(".")[0] in ("screens", "widgets") and "BINDINGS" in owner.__dict__


def usable_keymap(chosen: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What of a user's `[keys]` can be used, and one sentence for each thing that cannot or that hurts."""
    from console.nearest import did_you_mean
    from console.text import clean

    known = known_keys()
    ids = {key.id for key in known}
    keymap: dict[str, str] = {}
    notes: list[str] = []
    for binding_id, keys in chosen.items():
        if binding_id not in ids:
            name = clean(binding_id, 60)
            notes.append(
                f"[keys] there is no key named {name!r}{did_you_mean(binding_id, ids)}: ? lists them"
            )
            continue
        usable = list(_usable(keys))
        wrong = [key.strip() for key in keys.split(",") if not list(_usable(key))]
        if wrong:
            notes.append(
                f"[keys] {binding_id}: {clean(wrong[0], 30)!r} is no key; write f5, ctrl+x or a letter"
            )
        if usable:
            keymap[binding_id] = ",".join(usable)
    return keymap, notes + list(_clashes(known, keymap))


def _usable(keys: str) -> Iterator[str]:
    """The keys that exist, by Textual's names for them."""
    try:
        bindings = list(Binding.make_bindings([Binding(keys, "none")]))
    except InvalidBinding:
        return
    for binding in bindings:
        *modifiers, key = binding.key.split("+")
        if binding.key in set(Keys) or (
            set(modifiers) <= MODIFIERS and (key in set(Keys) or _character(key))
        ):
            yield binding.key


def _clashes(known: Iterable[KnownKey], keymap: Mapping[str, str]) -> Iterator[str]:
    """A chosen key that two bindings want which can be in force at once: the first of them gets it."""
    told: set[tuple[str, str]] = set()
    for chain in _chains():
        taken: dict[str, KnownKey] = {}
        here = [key for key in known if key.owner in chain]
        # within one owner a chosen key wins over one that is there by default
        for key in sorted(here, key=lambda k: (chain.index(k.owner), k.id not in keymap)):
            for pressed in keymap.get(key.id, ",".join(key.keys)).split(","):
                first = taken.setdefault(pressed, key)
                if first.id == key.id or not {first.id, key.id} & keymap.keys():
                    continue
                if (first.id, key.id) not in told:
                    told.add((first.id, key.id))
                    yield (
                        f"[keys] {shown_key(pressed)} is {first.id} and {key.id}: "
                        f"{key.id} cannot be reached by it where {first.id} works"
                    )


def _chains() -> Iterator[list[type[DOMNode]]]:
    """The classes whose keys are in force together, the one asked first first."""
    from screens.acting import ActScreen
    from screens.app import OpsConsole
    from screens.confirm import ConfirmScreen, NameField
    from screens.detail import ScrollCanvas
    from screens.drawer import Drawer
    from screens.help import HelpScreen
    from screens.overview import OverviewScreen
    from screens.query import QueryScreen
    from screens.zoom import ZoomScreen
    from widgets.act_list import ActList
    from widgets.pane_widget import PaneWidget
    from widgets.shelf import ShelfList
    from widgets.steps import StepList
    from widgets.table import Table

    views = (owner for owner in _owners() if _is_view(owner))
    chains: list[list[type[DOMNode]]] = [[PaneWidget, OverviewScreen, OpsConsole], [ScrollCanvas, HelpScreen]]
    chains += [[ActList, ActScreen], [ScrollCanvas, ConfirmScreen], [NameField, ConfirmScreen]]
    chains += [[Table, QueryScreen, OpsConsole]]
    chains += [[view, ZoomScreen, OpsConsole] for view in views]
    chains += [[StepList, Drawer, OpsConsole], [ShelfList, OpsConsole]]
    for chain in chains:
        yield [base for owner in chain for base in owner.__mro__ if issubclass(base, DOMNode)]


def _is_view(owner: type[DOMNode]) -> bool:
    from widgets.pane import ViewCanvas
    from widgets.table import Table

    return issubclass(owner, ViewCanvas | Table)
