"""Looks at everything a console can show while hostile text comes from everywhere: no more than text."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from functools import partial

from tests.pty.consoles import to_overview
from tests.pty.sequences import foreign, misleading
from tests.pty.terminal import NotSeen, Terminal

SIZE = (160, 50)
VIEWS = 12
"""More views than any pane has."""
COMBINED = 8
"""Marks on one letter beyond which it is no writing any more."""


class Look:
    """Looks at a terminal's screen again and again, and remembers whose text came as far as it."""

    def __init__(self, terminal: Terminal, towers: bool = False) -> None:
        """`towers`: many marks on one letter are let through."""
        self.terminal = terminal
        self.towers = towers
        self.seen: set[str] = set()

    def __call__(self, quiet: float = 0.1) -> None:
        """No cell holds what controls, reorders or hides, nor a tower of marks; the program lives."""
        self.terminal.wait_quiet(quiet, 1.0)
        assert self.terminal.poll() is None, "it ended"
        for row in self.terminal.cells():
            for cell in row:
                assert not misleading(cell.data), f"{cell.data!r} on the screen\n{self.terminal.text}"
                assert self.towers or len(cell.data) <= COMBINED, (
                    f"a tower of {len(cell.data)} characters in one cell"
                )
        self.seen.update(re.findall("MARK[A-Z]+", self.terminal.text))

    def press(self, *keys: str) -> None:
        """Press keys, and look."""
        self.terminal.press(*keys)
        self()


def assert_clean(terminal: Terminal, size: tuple[int, int] = SIZE, clipboard: bool = False) -> None:
    """Nothing in the whole stream came from data."""
    raw = bytes(terminal.raw)
    if re.fullmatch(rb"\x1b(?:[\[\]P][^\x07\x1b@-Z\\^-~]*)?", raw[raw.rfind(b"\x1b") :]):
        raw = raw[: raw.rfind(b"\x1b")]  # read in the middle of a sequence: its end is yet to come
    found = foreign(raw, size=size, clipboard=clipboard)
    text = raw.decode("utf-8", "surrogateescape")
    shown = [(token.kind, text[max(0, token.offset - 40) : token.offset + 40]) for token in found[:5]]
    assert not found, f"{len(found)} foreign tokens, such as {shown}"


def views_of(terminal: Terminal) -> Iterator[int]:
    """Turn through the views of the zoomed pane until the first one is in front again."""

    def chosen(terminal: Terminal) -> list[str]:
        return [cell.bg for cell in terminal.cells()[2]]

    def changed(before: list[str], terminal: Terminal) -> bool:
        return chosen(terminal) != before

    terminal.wait_quiet(0.15, 1.0)
    first = chosen(terminal)
    for number in range(VIEWS):
        yield number
        before = chosen(terminal)
        terminal.press("right")
        with contextlib.suppress(NotSeen):  # there is one view only
            terminal.wait_for(partial(changed, before), 4.0)
        terminal.wait_quiet(0.15, 1.0)
        if chosen(terminal) == first:
            return


def look_at_everything(terminal: Terminal, panes: Sequence[str], towers: bool = False) -> set[str]:
    """The overview, every view of every pane, all its rows and those that match, details, the past.

    The markers of the sinks whose text was seen.
    """
    look = Look(terminal, towers)
    look()
    for pane in panes:
        to_overview(terminal)
        terminal.press(pane)
        terminal.wait_for("esc overview")
        for _ in views_of(terminal):
            terminal.type("/MARK\r")
            with contextlib.suppress(NotSeen):  # a pane without a source has nothing to filter
                terminal.wait_for(r"/MARK +\d+ of \d+", 4.0)
            look(0.15)
            look_at_details(look)
            look.press("home")
            terminal.press("kitty-escape")
    to_overview(terminal)
    look.press("p")
    look.press("[")
    terminal.press("p")
    return look.seen


def look_at_details(look: Look) -> None:
    """The details of the row in front, from their beginning to their end."""
    look.press("enter")
    if "esc close" in look.terminal.text:
        look.press("end")
        look.press("kitty-escape")


CONFIG = """profile = "evil"
[profiles.evil]
banner = {banner}
[[postgres]]
url = "{postgres}"
[[redis]]
url = "{redis}"
[logs]
files = [{files}]
journald = false
[keys]
{key} = "f5"
{docker}
"""


def toml(text: str) -> str:
    """A text as a TOML string, with everything escaped that could be."""
    return '"' + "".join(f"\\U{ord(c):08x}" for c in text if not 0xD800 <= ord(c) < 0xE000) + '"'
