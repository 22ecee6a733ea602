"""What a terminal sends for keys."""

from __future__ import annotations

from collections.abc import Mapping

KEYS: Mapping[str, str] = {
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
    "home": "\x1b[H", "end": "\x1b[F", "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
    "enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ",
    "backspace": "\x7f", "delete": "\x1b[3~", "f1": "\x1bOP", "kitty-escape": "\x1b[27u",
}  # fmt: skip
"""Keys that have no character of their own, by name."""


def encoded(key: str) -> str:
    """What is sent for a key: a name of `KEYS`, `ctrl+x`, or a character. Raises ValueError."""
    if key in KEYS:
        return KEYS[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return chr(ord(key[-1].upper()) & 0x1F)
    if len(key) == 1:
        return key
    raise ValueError(f"no such key: {key!r}")
