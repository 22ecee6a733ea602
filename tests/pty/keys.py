"""What every key of the help must do, by the name it has for remapping."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from tests.pty.consoles import OVERVIEW, settled, steady
from tests.pty.terminal import Terminal

Check: TypeAlias = Callable[[Terminal, str], None]
"""Presses the key on a settled screen, and says whether the right thing happened."""

NAMES = {
    "⏎": "enter", "esc": "escape", "↑": "up", "↓": "down", "←": "left", "→": "right",
    "pgup": "pageup", "pgdn": "pagedown",
}  # fmt: skip
"""Keys as the console shows them, by the names `Terminal.press` takes."""
ROWS_DOWN = "NAME"
"""In the header of every table of the fakes."""


def key_name(shown: str) -> str:
    """A key as the help shows it, by the name `Terminal.press` takes."""
    return NAMES.get(shown, shown.replace("^", "ctrl+") if len(shown) > 1 else shown)


def _lacks(words: str, terminal: Terminal) -> bool:
    return words not in terminal.text


def helped(terminal: Terminal) -> dict[str, list[str]]:
    """The keys the help lists here, by id; opens the help, scrolls through it and closes it."""
    behind = settled(terminal)
    terminal.press("?")
    terminal.wait_for("Keys that work here")
    terminal.wait_quiet(0.15)
    left = next(line.index("Keys that") for line in terminal.lines() if "Keys that" in line)
    found: dict[str, list[str]] = {}
    for _ in range(12):
        for line in terminal.lines():
            match = re.match(r" *(?P<keys>\S+(?: \S+)*)  +.*?(?P<id>[a-z]+\.[a-z0-9-]+) *│", line[left:])
            if match and len(match["keys"]) <= 14:
                found[match["id"]] = [key_name(key) for key in match["keys"].split()]
        more = re.search(r"↓ \d+ more lines", terminal.text)
        if more is None:
            break
        terminal.press("pagedown")
        terminal.wait_for(partial(_lacks, more[0]))
        terminal.wait_quiet(0.15)
    terminal.press("escape")
    terminal.wait_for(lambda t: steady(t.text) == behind)
    return found


def shows(pattern: str, undo: str = "kitty-escape") -> Check:
    """The screen must come to show this, which it did not before; `undo` takes it away again."""

    def check(terminal: Terminal, key: str) -> None:
        assert not re.search(pattern, terminal.text, re.MULTILINE), f"{pattern} is there before {key}"
        terminal.press(key)
        terminal.wait_for(pattern)
        if undo:
            terminal.press(undo)
            terminal.wait_for(lambda t: not re.search(pattern, t.text, re.MULTILINE))

    return check


def tells(pattern: str) -> Check:
    """A message comes up with this; an older one may still be there."""

    def check(terminal: Terminal, key: str) -> None:
        start = len(terminal.raw)
        terminal.press(key)
        terminal.wait_for(lambda t: re.search(pattern.encode(), t.raw[start:]))

    return check


def changes(*before: str) -> Check:
    """After these keys, the key must change letters or colours below the header."""

    def check(terminal: Terminal, key: str) -> None:
        for first in before:
            terminal.press(first)
            terminal.wait_quiet(0.1)
        old = terminal.cells()[2:]
        terminal.press(key)
        terminal.wait_for(lambda t: t.cells()[2:] != old)

    return check


def place(terminal: Terminal) -> str:
    """Where the reader is: `overview`, or the number and name of the zoomed pane; empty: half is painted."""
    lines = terminal.lines()
    zoomed = re.search(r"^ Rows +Back .*?(\d \w+)", lines[2]) if len(lines) > 2 else None
    overview = OVERVIEW.search(lines[-1])
    return "" if zoomed and overview else zoomed[1] if zoomed else "overview" if overview else ""


def stays(terminal: Terminal, key: str) -> None:
    """The reader stays where he is."""
    before = place(terminal)
    assert before
    terminal.press(key)
    terminal.wait_quiet(0.1)
    assert place(terminal) == before


def goes_live(terminal: Terminal, key: str) -> None:
    """Back five seconds, on to the moment of going back, and past it: live."""
    terminal.press("[")
    terminal.wait_for(" ago ")
    for _ in range(2):
        terminal.press(key)
        terminal.wait_quiet(0.1)
    terminal.wait_for(lambda t: " ago " not in t.lines()[0])


def copies(terminal: Terminal, key: str) -> None:
    """The terminal is told what to put into the clipboard."""
    start = len(terminal.raw)
    tells(r"copied \d+ characters")(terminal, key)
    assert b"\x1b]52;c;" in terminal.raw[start:]


def sorts(terminal: Terminal, key: str) -> None:
    """An arrow in the header says by what; sorting on ends at the order by wrongness."""
    shows(rf"{ROWS_DOWN}.*[↑↓]")(terminal, key)
    for _ in range(3):
        terminal.press(key)
    terminal.wait_for(lambda t: not re.search(rf"{ROWS_DOWN}.*[↑↓]", t.text))


def reverses(terminal: Terminal, key: str) -> None:
    """The arrow turns round."""
    terminal.press("s")
    terminal.wait_for(rf"{ROWS_DOWN}↑")
    terminal.press(key)
    terminal.wait_for(rf"{ROWS_DOWN}↓")
    terminal.press("s", "s", "s")
    terminal.wait_for(lambda t: not re.search(rf"{ROWS_DOWN}[↑↓]", t.text))


def closes(terminal: Terminal, key: str) -> None:
    """Back to the overview."""
    terminal.press(key)
    terminal.wait_for(lambda t: place(t) == "overview")


def zooms(title: str) -> Check:
    """This pane alone is on the screen."""

    def check(terminal: Terminal, key: str) -> None:
        terminal.press(key)
        terminal.wait_for(rf"^ Rows +Back .*{title}")

    return check


PROMPT = "words, !not, column:word"
EVERYWHERE: Mapping[str, Check] = {
    "app.help": shows("Keys that work here"),
    "app.command": shows("command, .* completes"),
    "app.findings": shows("Findings"),
    "app.drawer": shows("no guide found"),
    "app.filter": shows(PROMPT),
    "app.pause": shows(" ago ", "p"),
    "app.back": shows(" ago ", "p"),
    "app.forward": goes_live,
    "app.jump": shows("HH:MM or HH:MM:SS"),
    "app.slower": tells(r"asking every [24] s"),
    "app.faster": tells(r"asking every (0.5|1|2) s"),
    "app.refresh": stays,
    "app.copy": copies,
    "app.suspend": tells("no shell is here"),
    "app.export": tells("written to"),
    **{
        f"app.pane-{n}": zooms(f"{n} {title}")
        for n, title in enumerate(("System", "Docker", "Postgres", "Redis", "Logs"), 1)
    },
}
"""What works wherever the reader is."""
ON_OVERVIEW: Mapping[str, Check] = {
    **EVERYWHERE,
    "app.overview": stays,
    "pane.zoom": zooms(r"\d \w+"),
    "overview.next": changes(),
    "overview.previous": changes("tab"),
    "overview.right": stays,
    "overview.left": stays,
    "overview.down": changes(),
    "overview.up": changes("down"),
}
IN_ZOOM: Mapping[str, Check] = {
    **EVERYWHERE,
    "app.overview": closes,
    "zoom.close": closes,
    "screen.close": closes,
    "zoom.next-view": changes(),
    "zoom.previous-view": changes("right"),
    "zoom.next-pane": zooms("3 Postgres"),
    "zoom.previous-pane": zooms("1 System"),
    "zoom.related": zooms("5 Logs"),
    "zoom.faults": shows(r"faults only \d+ of \d+", "F"),
    "zoom.plots": stays,
    "zoom.span": stays,
    "table.up": changes("end"),
    "table.down": changes("home"),
    "table.page-up": changes("end"),
    "table.page-down": changes("home"),
    "table.first": changes("end"),
    "table.last": changes("home"),
    "table.sort": sorts,
    "table.reverse": reverses,
    "table.mark": shows(r"^.\*row", ""),
    "table.open": shows(r"│(NAME|CPU) +"),
}
IDLE_EVERYWHERE: Mapping[str, Check] = {
    "o": tells("there is no other source"),
    **{str(n): tells(f"there is no pane {n}") for n in range(6, 10)},
}
"""Keys that have nothing to do here, and therefore stand in no help, but say so where they are pressed."""
IDLE_IN_ZOOM: Mapping[str, Check] = {
    **IDLE_EVERYWHERE,
    "O": tells("nothing in front belongs to"),
    "u": tells("nothing in front can be chosen"),
    "Y": tells("there is no command for what"),
    "L": tells("the lines of the run before"),
    "D": tells("there is no text of what is"),
    "x": tells("nothing can be done to these rows"),
}
"""The same of the zoomed pane of the fakes."""
QUITS = {"app.leave", "screen.close"}
"""What ends the program from the overview; tested with the other ways to end it."""
