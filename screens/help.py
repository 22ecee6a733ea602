"""The keys that work here, from the bindings themselves."""

from __future__ import annotations

from collections.abc import Sequence

from screens.detail import WindowScreen
from widgets.draw import Line, wrap

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


def shown_key(key: str) -> str:
    """A key as people write it."""
    return SYMBOLS.get(key, key.replace("ctrl+", "^"))


class HelpScreen(WindowScreen):
    """Every key of the screen below, with its name for remapping."""

    def __init__(self, groups: Sequence[tuple[str, Sequence[tuple[str, str, str]]]]) -> None:
        super().__init__("Keys")
        self._groups = groups

    def make(self, width: int) -> Sequence[Line]:
        """Groups of keys: key, what it does, and the id for `[keys]`."""
        lines: list[Line] = [
            (("Keys that work here", "title"),),
            (
                (
                    "every key can be changed: [keys] in the configuration, by the name at the right",
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
            (("  :system :docker :postgres :redis :logs [filter]   :theme NAME   :interval N", "text"),),
            (("  :time HH:MM[:SS]   :export [FILE]   :help   :quit", "text"),),
        ]
        return lines
