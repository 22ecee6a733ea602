"""Every trouble of a shop made and mended while its alerts are looked at.

`python -m tests.faults.alerts` prints of each when it was pending, when it fired and when it was gone;
the tests do the same with four of them.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.report import Result, report
from tests.pty.consoles import real_console
from tests.pty.terminal import NotSeen, Terminal
from tests.servers.troubles import HOLD, Shop, Trouble

START = 40.0
"""Seconds until the console shows its rules, on a machine where other things run too."""
INTERVAL = 5.0
"""Seconds between two polls of a source that is not in view."""
ENDS = 2.5
"""Polls without a series after which it has ended: see `console.history.STEPS`."""
SLACK = 4.0
"""Seconds for the trouble itself to be measured (a slow page, a mean over 15 s comes on top) and drawn."""
MEANS = {"CpuBusy": 15.0}
"""Seconds over which a rule takes its mean."""
ROW = re.compile(r"^\S (?:pending|firing) ")


def row(terminal: Terminal, rule: str) -> str:
    """The line of a rule's alert in the table; empty where there is none."""
    return next((line for line in terminal.text.splitlines() if ROW.match(line) and rule in line), "")


def show_alerts(terminal: Terminal) -> None:
    """All alerts on the screen, once there is something to judge."""
    terminal.wait_for(lambda t: "Alerts" in t.text and "inactive" in t.text, START)
    terminal.press(*":alerts", "enter")
    terminal.wait_for(re.compile(r"^ ?Alerts .*Rules .*Silences", re.MULTILINE).pattern, START)


def suffer(terminal: Terminal, trouble: Trouble, limit: float) -> Iterator[float]:
    """Make it and mend it: seconds until it was pending, until it fired, and until it was gone.

    Raises NotSeen.
    """

    def until(seen: Callable[[str], bool]) -> float:
        began = time.monotonic()
        terminal.wait_for(lambda t: seen(row(t, trouble.rule)), limit)
        return time.monotonic() - began

    trouble.make()
    try:
        yield until(lambda line: "pending" in line)
        yield until(lambda line: "firing" in line)
    finally:
        trouble.mend()
    yield until(lambda line: not line)


def results(shop: Shop, terminal: Terminal) -> Iterator[Result]:
    """One line a trouble."""
    for trouble in shop.troubles():
        mean = MEANS.get(trouble.rule, 0.0)
        may = (INTERVAL + SLACK + mean, HOLD + INTERVAL + SLACK, ENDS * INTERVAL + SLACK + mean)
        took: list[float] = []
        try:
            took.extend(suffer(terminal, trouble, 60.0))
        except NotSeen as failure:
            yield Result(trouble.rule, len(took), 3, str(failure).split("\n", 1)[0])
            continue
        told = "pending after {:.1f} s, fired {:.1f} s later, gone after {:.1f} s".format(*took)
        good = sum(seconds <= limit for seconds, limit in zip(took, may, strict=True))
        yield Result(trouble.rule, good, 3, told)


def main() -> int:
    """Run it."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        env = {"XDG_STATE_HOME": other, "HOME": other}
        with (
            Shop(Path(one)) as shop,
            real_console(Path(other), shop.config, size=(160, 50), env=env) as terminal,
        ):
            show_alerts(terminal)
            code = report(results(shop, terminal))
            if not shop.mounted:
                print("not tried, because this user may not mount: DiskFull")
            return code


if __name__ == "__main__":
    sys.exit(main())
