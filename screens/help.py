"""The keys that work here, from the bindings themselves."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from textual.screen import Screen

from screens import selecting
from screens.clusters import OFFERED, TAKES
from screens.commands import COMMANDS
from screens.detail import WindowScreen
from screens.keys import shown_key
from widgets.draw import Line, wrap

Group = tuple[str, list[tuple[str, str, str]]]
"""A title, and its keys: how they are pressed, what they do, their id."""


def active_keys(screen: Screen[Any], idle: Container[str] = ()) -> list[Group]:
    """The keys that work on a screen now, those of the place before those that work everywhere.

    `idle` are the ids of those that are bound but have nothing to do there.
    """
    groups: dict[str, dict[str, tuple[str, str, str]]] = {"Here": {}, "Everywhere": {}}
    for node, binding, enabled, tooltip in screen.active_bindings.values():
        if not enabled or not binding.id or binding.id in idle:
            continue
        keys = groups["Everywhere" if node is screen.app else "Here"]
        pressed = shown_key(binding.key)
        if binding.id in keys:
            pressed = f"{keys[binding.id][0]} {pressed}"
        keys[binding.id] = (pressed, tooltip or binding.tooltip or binding.description, binding.id)
    return [(title, list(keys.values())) for title, keys in groups.items() if keys]


class HelpScreen(WindowScreen):
    """Every key of the screen below, with its name for remapping."""

    def __init__(self, groups: Sequence[Group], kinds: Sequence[str]) -> None:
        super().__init__("Keys")
        self._groups = groups
        self._kinds = kinds

    def make(self, width: int) -> Sequence[Line]:
        """Groups of keys: key, what it does, and the id for `[keys]`."""
        lines: list[Line] = [
            (("Keys that work here", "title"),),
            (
                (
                    "every key can be changed: [keys] in the configuration, by these names",
                    "dim",
                ),
            ),
        ]
        for title, keys in self._groups:
            lines += [(), ((title, "strong"),)]
            for key, text, binding_id in keys:
                room = max(10, width - 16 - 22)
                parts = wrap(text, room)
                first = f"{key:>14}  "
                pad = " " * max(1, room - len("".join(t for t, _ in parts[0])))
                lines.append(((first, "key"), *parts[0], (pad, "text"), (binding_id, "dim")))
                lines += [((" " * 16, "text"), *part) for part in parts[1:]]
        lines += [
            (),
            (("Filter", "strong"),),
            (
                (
                    "  words are regular expressions and must all match; !word must not; column:word",
                    "text",
                ),
            ),
            (('  looks in one column; "two words" are taken literally', "text"),),
            (),
            (("Commands", "strong"),),
            *_command("PANE", f"[FILTER], with PANE one of {', '.join(self._kinds)}", width),
            *(line for name, text in self._commands() for line in _command(name, text, width)),
        ]
        return lines

    def _commands(self) -> list[tuple[str, str]]:
        """Every command but those of a kind that is not here."""
        found = [(OFFERED[0], TAKES)] if "kubernetes" in self._kinds else []
        if {"kubernetes", "logs"} <= set(self._kinds):
            found.append((selecting.WORDS[0], selecting.TAKES))
        return [*found, *COMMANDS.items()]


def _command(name: str, text: str, width: int) -> list[Line]:
    first, *rest = wrap(text, max(10, width - 16))
    return [((f"{':' + name:>14}  ", "key"), *first), *(((" " * 16, "text"), *line) for line in rest)]
