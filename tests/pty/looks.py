"""One look at a screen, held against what was true: every line with a digit has to be accounted for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tests.pty.figures import PaneText, Shown, panes
from tests.pty.independent import Span
from tests.pty.terminal import Terminal

LOOKS = 12
"""Looks, one a second, until a pane agrees: either side may be held up for a moment on a busy machine."""


class Look:
    """The screen at a moment (monotonic seconds), and what was found wrong with it."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        lines = terminal.lines()
        self.moment = time.monotonic()
        self.clock = time.time()
        self.header, self.wrong = lines[0], lines[1]
        self.panes = panes(lines, terminal.columns)
        self.problems: list[str] = []
        self.checked = 0

    def pane(self, name: str) -> PaneText:
        """One pane's text."""
        assert name in self.panes, f"no {name} on the screen:\n{self.terminal.text}"
        return self.panes[name]

    def equal(self, what: str, shown: object, true: object) -> None:
        """A figure that has to be the very same."""
        self.checked += 1
        if shown != true:
            self.problems.append(f"{what}: shown {shown!r}, true {true!r}")

    def among(self, what: str, shown: object, true: Iterable[object]) -> None:
        """A figure that has to be one of those that were true lately."""
        self.checked += 1
        known = list(true)
        if shown not in known:
            self.problems.append(f"{what}: shown {shown!r}, true lately {known!r}")

    def near(self, what: str, shown: Shown, true: Span, *, plus: float = 0.0, part: float = 0.0) -> None:
        """A figure within what was true lately, its rounding, `plus`, and `part` of the true one."""
        self.checked += 1
        low, high = true
        slack = shown.slack * 1.001 + plus
        if not low - slack - part * abs(low) <= shown.value <= high + slack + part * abs(high):
            self.problems.append(f"{what}: shown {shown.value:g} (± {slack:g}), true {low:g} to {high:g}")

    def lines(self, name: str, lines: Sequence[str], rules: Rules) -> None:
        """Match each line with one of the rules and let it check; a line with a digit needs one."""
        for line in [part for whole in lines for part in findings_of(whole)]:
            for pattern, check in rules:
                if match := re.fullmatch(pattern, line):
                    check(self, match)
                    break
            else:
                if re.search(r"\d", line):
                    self.problems.append(f"{name}: nothing to hold this line against: {line!r}")


def findings_of(line: str) -> list[str]:
    """The findings of a line that holds several, and the count of further ones; any other line as it is."""
    return re.split(r" (?=[▲✖] |\+\d+ more)", line) if line[:2] in ("▲ ", "✖ ") else [line]


Check = Callable[[Look, "re.Match[str]"], None]
Rules = Sequence[tuple[str, Check]]


def _ticked(clock: str, terminal: Terminal) -> bool:
    """Whether the header's clock says another second."""
    return terminal.lines()[0][-8:] != clock


def agree(terminal: Terminal, check: Callable[[Look], None]) -> Look:
    """Look until everything on one screen agrees; fails with what did not at the last look."""
    problems: list[str] = []
    for _ in range(LOOKS):
        look = Look(terminal)
        check(look)
        problems = look.problems
        if not problems:
            return look
        terminal.wait_for(partial(_ticked, look.header[-8:]))
    raise AssertionError("\n".join([*problems, terminal.text]))
