"""How a terminal is asked to ring, or to show a notice on the desktop it stands on."""

from __future__ import annotations

from collections.abc import Mapping

from console.text import clean
from screens.copying import passed_through

LONGEST = 200
"""Characters of a notice."""
NAME = "opsconsole"


def bell() -> str:
    """What rings."""
    return "\x07"


def notice(text: str, env: Mapping[str, str]) -> str:
    """What shows a notice: one sequence, that of the terminal in use, since some take several for several.

    kitty: OSC 99. foot, rxvt-unicode and those of VTE: OSC 777. iTerm2, WezTerm, Ghostty, Windows Terminal
    and any other: OSC 9. Through tmux it passes with `allow-passthrough on`.
    """
    # a semicolon separates the parts of these sequences
    told = clean(text, LONGEST).replace(";", ",")
    terminal = env.get("TERM", "")
    if "kitty" in terminal or env.get("KITTY_WINDOW_ID"):
        sequence = f"\x1b]99;;{NAME}: {told}\x1b\\"
    elif terminal.startswith(("foot", "rxvt")) or env.get("VTE_VERSION"):
        sequence = f"\x1b]777;notify;{NAME};{told}\x1b\\"
    else:
        sequence = f"\x1b]9;{NAME}: {told}\x07"
    return passed_through(sequence, env)
