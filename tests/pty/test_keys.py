"""Every key the footer and the help offer does what it says, at every size; the mouse does the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.pty.consoles import fake_console, settled, to_overview
from tests.pty.keys import (
    IDLE_EVERYWHERE,
    IDLE_IN_ZOOM,
    IN_ZOOM,
    ON_OVERVIEW,
    QUITS,
    Check,
    helped,
    key_name,
    place,
)
from tests.pty.terminal import Terminal

SIZES = [(80, 24), (160, 50), (240, 70)]


def footer_keys(terminal: Terminal) -> set[str]:
    """The keys of the footer, by name."""
    shown = re.findall(r" (\S+(?: \S)?) [a-z]+(?: [a-z]+)? ?", terminal.lines()[-1])
    return {key_name(key) for group in shown for key in group.split()}


def go_to(terminal: Terminal, where: str) -> None:
    """To the overview, or to the pane zoomed from there by this key."""
    if (place(terminal) != "overview") == bool(where) and place(terminal)[:1] in (where, "o"):
        return
    to_overview(terminal)
    if where:
        terminal.press(where)
        terminal.wait_for(lambda t: place(t).startswith(where))


def try_all(terminal: Terminal, checks: Mapping[str, Check], idle: Mapping[str, Check], where: str) -> None:
    """Press the keys of every binding of the help, each from the same place; all of them at 80x24.

    The help leaves out those that are `idle` here; pressed, they say so.
    """
    go_to(terminal, where)
    listed = helped(terminal)
    todo = {name: keys for name, keys in listed.items() if name not in QUITS or (where and name in checks)}
    assert set(todo) == set(checks), "the help and what is known of the keys differ"
    offered = footer_keys(terminal) - {f"1-{n}" for n in range(1, 10)}
    assert offered <= {key for keys in listed.values() for key in keys}
    for name, check in checks.items():
        for key in todo[name] if terminal.columns == 80 else todo[name][:1]:
            go_to(terminal, where)
            try:
                check(terminal, key)
            except AssertionError as error:
                raise AssertionError(f"{name}, key {key}: {error}\n{terminal.text}") from None
            assert terminal.poll() is None, f"{name}, key {key} ended the program"
    assert not set(idle) & {key for keys in listed.values() for key in keys}
    for key, check in idle.items():
        go_to(terminal, where)
        try:
            check(terminal, key)
        except AssertionError as error:
            raise AssertionError(f"key {key}: {error}\n{terminal.text}") from None


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("where", "checks", "idle"),
    [("", ON_OVERVIEW, IDLE_EVERYWHERE), ("2", IN_ZOOM, IDLE_IN_ZOOM)],
    ids=["overview", "zoom"],
)
def test_every_key_of_the_help_does_something_sensible(
    size: tuple[int, int], where: str, checks: Mapping[str, Check], idle: Mapping[str, Check], tmp_path: Path
) -> None:
    with fake_console(size=size, directory=tmp_path) as terminal:
        terminal.wait_for("40 rows")
        try_all(terminal, checks, idle, where)
        assert b"Traceback" not in terminal.raw
        to_overview(terminal)
        terminal.press("q")
        assert terminal.wait() == 0
        assert list(tmp_path.iterdir()), "nothing was exported"


def test_the_mouse_does_the_same() -> None:
    with fake_console(size=(160, 50)) as terminal:
        terminal.wait_for("40 rows")
        terminal.click(20, 40)
        terminal.wait_for(r"┏━ 4 Redis")
        terminal.click(120, 10)
        terminal.click(120, 10)
        terminal.wait_for(lambda t: place(t) == "3 Postgres")
        settled(terminal)
        cpu = terminal.lines()[3].index("CPU")
        terminal.click(cpu, 3)
        terminal.wait_for("CPU↓")
        terminal.click(cpu, 3)
        terminal.wait_for("CPU↑")
        terminal.click(20, 6)
        terminal.click(20, 6)
        terminal.wait_for("│NAME +row")
        terminal.press("escape")
        terminal.wait_for(lambda t: "│NAME" not in t.text)
        footer = terminal.lines()[-1]
        terminal.click(footer.index("help"), 49)
        terminal.wait_for("Keys that work here")
        terminal.press("escape")
        terminal.wait_for(lambda t: "Keys that work" not in t.text)
        terminal.click(footer.index("overview"), 49)
        terminal.wait_for(lambda t: place(t) == "overview")
