"""The console in a terminal: on fakes, or the real command line with a configuration and home of its own."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE
from tests.pty import fakes
from tests.pty.terminal import Terminal

START_LIMIT = 15.0
"""Seconds until the first readings are drawn, on a machine where several tests run at once."""


def fake_console(
    mode: str = "frozen", *, env: Mapping[str, str | None] | None = None, **more: Any
) -> Terminal:
    """The console on the fakes of `tests.pty.fakes`."""
    return Terminal(fakes.command(mode), env={**fakes.environment(), **(env or {})}, **more)


def program() -> list[str]:
    """The console's real command."""
    script = Path(sys.executable).with_name("opsconsole")
    return [str(script)] if script.exists() else [sys.executable, "-m", "console"]


def real_console(
    directory: Path,
    config: str,
    *arguments: str,
    env: Mapping[str, str | None] | None = None,
    **more: Any,
) -> Terminal:
    """The real command line, in `directory` and with this configuration and no other."""
    file = directory / "config.toml"
    file.write_text(config)
    file.chmod(0o600)
    return Terminal([*program(), "--config", str(file), *arguments], env=env, directory=directory, **more)


def steady(text: str) -> str:
    """A screen's text without what changes by itself: clocks, ages and the console's own cost."""
    text = re.sub(r"\d\d:\d\d:\d\d", "HH:MM:SS", text)
    text = re.sub(r"own +[\d.]+% +[\d.]+[KMG]", "own", text)
    text = re.sub(r", \S+ ago +", " ", text)
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


def settled(terminal: Terminal, timeout: float = PATIENCE) -> str:
    """The screen's steady text once it stays the same, and the program idle, for a fifth of a second."""
    until = time.monotonic() + timeout
    before, looks = "", 0
    while time.monotonic() < until:
        now = steady(terminal.text)
        # where there is more to do than cores, keys typed a second ago may still be under way: looks are
        # counted, not time, since this process may have been the one that had no core
        looks = looks + 1 if now == before and terminal.idle() else 0
        before = now
        if looks >= 10 and terminal.wait_quiet(0.2):
            return now
        time.sleep(0.02)
    raise AssertionError(f"the screen never came to rest:\n{before}")


def to_overview(terminal: Terminal) -> None:
    """Leave prompts, windows and zoomed panes: at the overview Escape changes nothing any more."""
    before = ""
    for turn in range(40):
        now = steady(terminal.text)
        if now == before and OVERVIEW.search(now):
            return
        before = now
        # as kitty sends it, which Textual need not wait for to tell it from Alt and the next key
        terminal.press("kitty-escape")
        terminal.wait_quiet(min(0.06 * 1.2**turn, 0.5), 2.0)  # ever longer for one that is slow to begin
    raise AssertionError(f"no way back to the overview:\n{terminal.text}")


OVERVIEW = re.compile(r"^ 1-\d pane", re.MULTILINE)
"""What only the overview's footer says."""
