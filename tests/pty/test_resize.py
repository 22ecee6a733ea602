"""The terminal changes its size, once or 2,000 times: nothing breaks, and the last frame is whole."""

from __future__ import annotations

import random
import time

import pytest

from tests.pty.consoles import fake_console, settled, steady, to_overview
from tests.pty.terminal import Terminal

STORM, STORM_SECONDS = 2_000, 10.0
WIDEST, HIGHEST = 500, 200


def storm(terminal: Terminal, count: int, seconds: float, seed: int) -> None:
    """Sizes from 1x1 to 500x200 at an even pace; nothing of it is drawn here, which would slow it."""
    chance = random.Random(seed)
    start = time.monotonic()
    for number in range(count):
        if number % 7 == 0:
            size = chance.choice([(1, 1), (WIDEST, HIGHEST), (1, HIGHEST), (WIDEST, 1), (2, 2), (80, 24)])
        else:
            size = chance.randint(1, WIDEST), chance.randint(1, HIGHEST)
        terminal.resize(*size)
        time.sleep(max(0.0, start + (number + 1) * seconds / count - time.monotonic()))


def fresh(size: tuple[int, int], *keys: str) -> str:
    """The screen of a console that was never resized."""
    with fake_console(size=size) as terminal:
        terminal.wait_for("40 rows")
        for key in keys:
            terminal.press(key)
            terminal.wait_quiet(0.2)
        return settled(terminal)


@pytest.mark.parametrize(
    ("keys", "size", "count"),
    [((), (160, 50), STORM), (("2",), (80, 24), STORM // 10), (("2", "enter"), (100, 30), STORM // 10)],
    ids=["overview", "zoom", "details"],
)
def test_after_a_storm_the_last_frame_is_the_one_of_a_fresh_start(
    keys: tuple[str, ...], size: tuple[int, int], count: int
) -> None:
    expected = fresh(size, *keys)
    with fake_console(size=(120, 40)) as terminal:
        terminal.wait_for("40 rows")
        for key in keys:
            terminal.press(key)
            terminal.wait_quiet(0.2)
        with terminal.undrawn():
            storm(terminal, count, STORM_SECONDS * count / STORM, seed=count)
            assert terminal.poll() is None, "it did not survive"
            terminal.resize(*size, blank=True)
            terminal.wait_quiet(0.5, 30.0)
        # what was on its way for other sizes comes first
        terminal.wait_for(lambda t: steady(t.text) == expected, 20.0)
        assert b"Traceback" not in terminal.raw
        to_overview(terminal)
        terminal.press("q")
        assert terminal.wait(5.0) == 0


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
            terminal.wait_for(lambda t: steady(t.text) == before, 5.0)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 30), (500, 1), (10, 3), (40, 8), (500, 200)])
def test_it_starts_on_a_terminal_of_any_size(size: tuple[int, int]) -> None:
    with fake_console(size=size) as terminal:
        terminal.wait_for(lambda t: b"\x1b[?1049h" in t.raw)
        with terminal.undrawn():  # a hundred thousand cells take this terminal seconds to draw
            terminal.wait_quiet(0.3, 10.0)
            for key in ("2", "enter", "escape", "/", "escape", "?", "escape", "escape"):
                terminal.press(key)
                terminal.wait_quiet(0.25)  # Esc and the next key within 0.1 s would be one sequence
            terminal.resize(160, 50, blank=True)
        terminal.wait_for("1-5 pane")
        terminal.press("q")
        assert terminal.wait() == 0
