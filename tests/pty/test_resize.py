"""The terminal changes its size, once or 2,000 times: nothing breaks, and the last frame is whole."""

from __future__ import annotations

import time

import pytest

from tests.faults.resize import STORM, stormed
from tests.patience import BUSY
from tests.pty.consoles import fake_console, settled, steady


@pytest.mark.parametrize(
    ("place", "count"), [("overview", STORM), ("zoom", STORM // 10), ("details", STORM // 10)]
)
def test_after_a_storm_the_last_frame_is_the_one_of_a_fresh_start(place: str, count: int) -> None:
    result = stormed(place, count, seed=count, busy=BUSY)
    assert result.passes, result


@pytest.mark.parametrize("gap", [0.0, 0.001, 0.004, 0.008, 0.02])
def test_a_size_that_comes_and_goes_leaves_a_whole_screen(gap: float) -> None:
    with fake_console(size=(100, 30)) as terminal:
        terminal.wait_for("40 rows")
        before = settled(terminal)
        for _ in range(4):
            terminal.resize(97, 29)
            time.sleep(gap)  # less than the console takes to lay itself out
            terminal.resize(100, 30, blank=True)
            # the smaller size may still be drawn first
            terminal.wait_for(lambda t: steady(t.text) == before)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 30), (500, 1), (10, 3), (40, 8), (500, 200)])
def test_it_starts_on_a_terminal_of_any_size(size: tuple[int, int]) -> None:
    with fake_console(size=size) as terminal:
        terminal.wait_for(lambda t: b"\x1b[?1049h" in t.raw)
        with terminal.undrawn():  # a hundred thousand cells take this terminal seconds to draw
            terminal.wait_quiet(0.3, 10.0)
            leave = "kitty-escape"  # a plain Esc and a key that is read with it would be one sequence
            for key in ("2", "enter", leave, "/", leave, "?", leave, leave):
                terminal.press(key)
                terminal.wait_quiet(0.25)
            terminal.resize(160, 50, blank=True)
        terminal.wait_for("1-5 pane")
        terminal.press("q")
        assert terminal.wait() == 0
