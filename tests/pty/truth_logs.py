"""What the logs' pane shows, against the lines that were written."""

from __future__ import annotations

import re
import time

from tests.pty.figures import Shown, amount
from tests.pty.independent import AGE, Independent, Span
from tests.pty.load import ERROR_EACH, LINES, Load
from tests.pty.looks import Look

RATE = 0.1
"""Of the lines a second: a few more or less within a poll's second, late polls included."""
ERRORS = 12.0
"""Of a minute: it is counted in steps of five seconds, and begins before the console asks."""
MINUTE = 60.0
BEHIND = 3 * LINES
"""Lines that may come until those on the screen are compared."""


class LogTruth:
    """The title's figures, and the lines themselves."""

    def __init__(self, truth: Independent, load: Load, since: float) -> None:
        self.truth = truth
        self.load = load
        self.since = since
        """When the consoles followed the log (monotonic seconds); of before they know a hundred lines."""

    def check(self, look: Look) -> None:
        """Lines a second, errors a minute, and that the newest lines are those of the file."""
        pane = look.pane("Logs")
        title = re.search(r"([\d.k]+)/s(?: +≥?(\S+) errors?/min)?", pane.title)
        assert title is not None, pane.title
        look.near("lines a second", amount(title[1]), self._rate(look), part=RATE)
        if title[2]:
            look.near("errors a minute", amount(title[2]), self._errors(look), plus=ERRORS)
        numbers = []
        for line in pane.lines:
            if match := re.search(r"(\d\d:\d\d:\d\d) +shop +(\S+) .*?(?:order |id=)(\d+)", line):
                self._line(look, match)
                numbers.append(int(match[3]))
            elif not re.match(r"\d\d:\d\d:\d\d +crasher |[▲✖] |─*$", line):
                look.problems.append(f"Logs: nothing to hold this line against: {line!r}")
        look.equal("order of the lines", numbers, sorted(set(numbers)))
        newest = len(self.load.written) - 1
        look.near("newest line", Shown(max(numbers, default=-1), 0), (newest - BEHIND, newest))

    def _line(self, look: Look, match: re.Match[str]) -> None:
        """A line of the shop: its second, its level, its number."""
        number = int(match[3])
        if number >= len(self.load.written):
            look.problems.append(f"line {number} was never written")
            return
        failed = number % ERROR_EACH == 0
        look.equal(f"level of {number}", match[2].upper()[0], "E" if failed else "I")
        moment, wrong = self.load.written[number]
        look.equal(f"whether {number} failed", wrong, failed)
        clock = look.clock - (look.moment - moment)
        near = [time.strftime("%H:%M:%S", time.localtime(clock - back)) for back in (0, 1)]
        look.among(f"time of {number}", match[1], near)

    def _rate(self, look: Look) -> Span:
        """What one second of writing brought lately; the crashing container adds a line now and then."""
        moments = [moment for moment, _ in self.load.written]
        ends = [look.moment - AGE * step / 10 for step in range(10)]
        found = [sum(end - 1 < moment <= end for moment in moments) for end in ends]
        return min(found), max(found) + 2

    def _errors(self, look: Look) -> Span:
        """From all since the console began to all of a minute, with those of the crashing container."""
        since = max(self.since, look.moment - MINUTE)
        errors = [moment for moment, failed in self.load.written if failed]
        crashes = self.truth.engine.last(look.moment)[-1]["crasher"]["RestartCount"]
        least = sum(moment > since for moment in errors)
        return least, sum(moment > look.moment - MINUTE for moment in errors) + crashes
