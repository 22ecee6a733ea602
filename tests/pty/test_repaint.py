"""What was drawn bit by bit is what would be drawn at once: only changed cells are sent, but all of them."""

from __future__ import annotations

import pytest

from tests.pty.consoles import fake_console, settled
from tests.pty.terminal import Terminal

STEPS: dict[str, list[str]] = {
    "help, scrolled": ["?", "end", "up", "up", "pageup", "down"],
    "details, scrolled": ["2", "down", "enter", "end", "home"],
    "table, moved and sorted": ["3", "down", "down", "s", "s", "r", "end", "up", "space", "space"],
    "filter, typed and taken back": ["2", "/", "r", "o", "w", "-", "3", "backspace", "enter"],
    "focus, moved": ["tab", "tab", "right", "down", "shift+tab"],
    "views, turned": ["1", "right", "left", "tab", "v", "kitty-escape"],
    "paused, stepped": ["p", "[", "[", "]", "p"],
    "prompt over the panes": [":", "t", "h", "e", "m", "kitty-escape"],
    "another theme": [":", *"theme ops-light", "enter", "2", "kitty-escape"],
    "command": ["ctrl+p", "t", "h", "kitty-escape"],
}


def repainted(terminal: Terminal) -> str:
    """The screen drawn anew: another size and back, onto a blank terminal."""
    columns, rows = terminal.columns, terminal.rows
    terminal.resize(columns - 3, rows - 1)
    settled(terminal)
    terminal.resize(columns, rows, blank=True)
    terminal.wait_for("opsconsole")
    return settled(terminal)


@pytest.mark.parametrize("what", STEPS)
def test_pieces_make_the_whole(what: str) -> None:
    with fake_console(size=(100, 30)) as terminal:
        terminal.wait_for("40 rows")
        for key in STEPS[what]:
            terminal.press(key)
            terminal.wait_quiet(0.08)
        before = settled(terminal)
        assert before == repainted(terminal)
