"""What the system pane and the header show, against /proc and df."""

from __future__ import annotations

import math
import os
import pwd
import re
import time
from pathlib import Path

from tests.pty import figures
from tests.pty.figures import Shown, share, size, time_span, words
from tests.pty.independent import Independent, Span, file_systems
from tests.pty.looks import Look

CPU = 0.05
"""Of all cores: ticks are hundredths of a second, and the stretches begin at other moments."""
MEMORY = 48 << 20
"""Bytes: 30 containers, a database and four consoles are at work between two readings."""
DISK = 32 << 20
"""Bytes written between two readings."""
RATE = 0.1
"""Of a rate: one tick of 0.2 s at either end of the second."""
PSI = 0.03
"""The kernel brings its averages up to date every two seconds."""
PROCESS_AGE = 5.0
"""Seconds a list of processes may be old: they are read every three."""
PROCESS_CPU = 0.04
"""Of a core: ticks, over three seconds."""
PROCESS_MEMORY = 0.05
"""Of a process's memory: programs at work take and give."""


def check_header(look: Look, truth: Independent) -> None:
    """The clock, what is wrong by the panes' titles, and what the console costs."""
    line = words(look.header)
    clock = re.search(r"(\d\d:\d\d:\d\d)$", line)
    near = [time.strftime("%H:%M:%S", time.localtime(look.clock - back)) for back in range(3)]
    look.among("clock", clock[1] if clock else line, near)
    critical = re.search(r"✖ (\d+)", line)
    titles = [re.search(r"✖ (\d+)", pane.title) for pane in look.panes.values()]
    known = sum(int(found[1]) for found in titles if found)
    look.equal("critical findings", int(critical[1]) if critical else 0, known)
    own = re.search(r"own (\S+) (\S+)", line)
    assert own is not None, line
    pid = look.terminal.pid
    if own[1] != "-":
        true = truth.processes.rate(f"cpu {pid}", look.moment, 1.0, PROCESS_AGE)
        look.near("own CPU", share(own[1]), true, plus=PROCESS_CPU)
    # the console tells its share of what it has in common with others, as the kernel reckons it
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss = int(re.findall(r"^Pss: +(\d+)", rollup, re.MULTILINE)[0]) * 1024
    look.near("own memory", size(own[2]), (pss, pss), part=0.15)  # asked rarely, and consoles come and go


class HostTruth:
    """The rules for the lines of the system pane."""

    def __init__(self, truth: Independent) -> None:
        self.truth = truth
        self.host = truth.host
        self.cores = os.cpu_count() or 1

    def check(self, look: Look) -> None:
        """Title and all lines."""
        pane = look.pane("System")
        title = re.search(r"(\d+) cores? +(\S+) +up (\w+)", pane.title)
        if title:
            look.equal("cores", int(title[1]), self.cores)
            look.near("memory", size(title[2]), self.host.gauge("MemTotal", look.moment))
            look.near("uptime", time_span(title[3]), self.host.gauge("uptime", look.moment), plus=2)
        self.disks = file_systems()
        for line in pane.lines:
            self._meter(look, line)
        rules = (
            (r"cpu ▲?✖? ?(\S+%)(?: iowait (\S+))?", self._cpu),
            (r"cpu ▲?✖? ?(\S+%) mem ▲?✖? ?(\S+) load (5m )?▲?✖? ?(\S+)(?: iowait (\S+))?", self._brief),
            (r"cores(?: user (\S+))?(?: sys (\S+))?(?: steal (\S+))?", self._shares),
            (r"mem ▲?✖? ?(\S+%) (\S+) available", self._memory),
            (r"disk ?▲?✖? ?(\S+%) (\S+) (\S+) free", self._disk),
            (r"io (\S+) (\S+) r (\S+) w (\S+)/s(?: \S+)?", self._device),
            (r"net ↓ (\S+)/s ↑ (\S+)/s", self._network),
            (r"disk (\S+) (\S+%) net ↓ (\S+)/s ↑ (\S+)/s(?: io (\S+) (\S+))?", self._flows),
            (r"load (\S+) (\S+) (\S+) (\S+) a core over 5 min", self._load),
            (r"▲ load (\S+) over 5 min, (\S+) a core \(limit 0.001\)", self._loaded),
            (r"psi((?: \w+ \S+)+)", self._pressure),
            (r"(\d+) (\S+) (\S+) (\S+) (.+)", self._process),
            (r"[▲✖] (zombies|state D) (\d+) .*", self._states),
            (r"[▲✖] (/\S+) (\S+) used, (\S+) free.*", self._filling),
            (r"\+\d+ more", lambda look, match: None),  # the title has their number
            (r"top .*", lambda look, match: None),  # the names of the table's rows, with the same figures
        )
        look.lines("System", [words(line) for line in pane.lines], rules)

    def _meter(self, look: Look, line: str) -> None:
        """A meter is as full as the figure beside it says."""
        filled, told = figures.filled(line), re.search(r"([\d.]+%)", line)
        if filled is not None and told:
            number = share(told[1])
            look.near(f"meter of {line[:4]}", filled, (number.value, number.value), plus=number.slack)

    def _of_all(self, name: str, look: Look) -> Span:
        return self.host.ratio(name, "all", look.moment)

    def _cpu(self, look: Look, match: re.Match[str]) -> None:
        look.near("cpu", share(match[1]), self._of_all("busy", look), plus=CPU)
        if match[2]:
            look.near("iowait", share(match[2]), self._of_all("iowait", look), plus=CPU)

    def _brief(self, look: Look, match: re.Match[str]) -> None:
        look.near("cpu", share(match[1]), self._of_all("busy", look), plus=CPU)
        self._used(look, match[2])
        over = 1 if match[3] else 0
        look.among("load", match[4], [f"{load[over]:.2f}" for load in self._loads(look)])
        if match[5]:
            look.near("iowait", share(match[5]), self._of_all("iowait", look), plus=CPU)

    def _shares(self, look: Look, match: re.Match[str]) -> None:
        for name, shown in zip(("user", "system", "steal"), match.groups(), strict=True):
            if shown:
                look.near(name, share(shown), self._of_all(name, look), plus=CPU)

    def _used(self, look: Look, shown: str) -> None:
        total = self.host.gauge("MemTotal", look.moment)[0]
        low, high = self.host.gauge("MemAvailable", look.moment)
        look.near("memory used", share(shown), (1 - high / total, 1 - low / total), plus=MEMORY / total)

    def _memory(self, look: Look, match: re.Match[str]) -> None:
        self._used(look, match[1])
        look.near(
            "memory available", size(match[2]), self.host.gauge("MemAvailable", look.moment), plus=MEMORY
        )

    def _disk(self, look: Look, match: re.Match[str]) -> None:
        used, available = self._df(match[2])
        look.near(f"used of {match[2]}", share(match[1]), (used, used), plus=0.002)
        look.near(f"free on {match[2]}", size(match[3]), (available, available), plus=DISK)

    def _filling(self, look: Look, match: re.Match[str]) -> None:
        used, available = self._df(match[1])
        look.near(f"used of {match[1]}", share(match[2]), (used, used), plus=0.002)
        look.near(f"free on {match[1]}", size(match[3]), (available, available), plus=DISK)

    def _df(self, shown: str) -> tuple[float, int]:
        """What df says of a mount point, whose name may be cut; not a number when it knows none."""
        name = shown.removesuffix("…")
        found = [value for target, value in self.disks.items() if target == shown or
                 (name != shown and target.startswith(name))]  # fmt: skip
        return found[0] if found else (math.nan, 0)

    def _device(self, look: Look, match: re.Match[str]) -> None:
        name = match[2]
        look.near(f"{name} busy", share(match[1]), self.host.rate(f"busy {name}", look.moment), plus=CPU)
        for what, shown in (("r", match[3]), ("w", match[4])):
            true = self.host.rate(f"{what} {name}", look.moment)
            look.near(f"{name} {what}", size(shown), true, part=RATE)

    def _network(self, look: Look, match: re.Match[str]) -> None:
        for name, shown in zip(("received", "sent"), match.groups(), strict=True):
            look.near(name, size(shown), self.host.rate(name, look.moment), part=RATE, plus=1)

    def _flows(self, look: Look, match: re.Match[str]) -> None:
        used, _ = self._df(match[1])
        look.near(f"used of {match[1]}", share(match[2]), (used, used), plus=0.002)
        for name, shown in (("received", match[3]), ("sent", match[4])):
            look.near(name, size(shown), self.host.rate(name, look.moment), part=RATE, plus=1)
        if match[5]:
            true = self.host.rate(f"busy {match[5]}", look.moment)
            look.near(f"{match[5]} busy", share(match[6]), true, plus=CPU)

    def _loads(self, look: Look) -> list[list[float]]:
        # the kernel reckons it anew every five seconds
        return [figures["load"] for figures in self.host.last(look.moment)]

    def _load(self, look: Look, match: re.Match[str]) -> None:
        true = [
            [*(f"{value:.2f}" for value in load), f"{load[1] / self.cores:.2f}"] for load in self._loads(look)
        ]
        look.among("load", list(match.groups()), true)

    def _loaded(self, look: Look, match: re.Match[str]) -> None:
        true = [[f"{load[1]:.1f}", f"{load[1] / self.cores:.1f}"] for load in self._loads(look)]
        look.among("load of 5 min", list(match.groups()), true)

    def _pressure(self, look: Look, match: re.Match[str]) -> None:
        told = match[1].split()
        for name, shown in zip(told[::2], told[1::2], strict=True):
            true = self.host.gauge(f"psi {name}", look.moment, 5.0)
            look.near(f"pressure of {name}", share(shown), true, plus=PSI)

    def _process(self, look: Look, match: re.Match[str]) -> None:
        """PID CPU MEM USER COMMAND."""
        pid, cpu, memory, user, command = match.groups()
        try:
            owner = Path("/proc", pid).stat().st_uid
            known = Path("/proc", pid, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return  # it has ended since the list was made, and nobody can be asked about it
        true = self.truth.processes.rate(f"cpu {pid}", look.moment, 3.0, PROCESS_AGE)
        look.near(f"CPU of {pid}", share(cpu), true, plus=PROCESS_CPU, part=0.1)
        true = self.truth.processes.gauge(f"rss {pid}", look.moment, PROCESS_AGE)
        look.near(f"memory of {pid}", size(memory), true, part=PROCESS_MEMORY)
        look.equal(f"user of {pid}", user, pwd.getpwuid(owner).pw_name)
        # others' tests run programs with hostile names, of which only the beginning is as it was
        told = re.match(r"[\w./:-]*", command)
        if known.strip() and told:
            look.equal(f"command of {pid}", told[0] in known, True)

    def _states(self, look: Look, match: re.Match[str]) -> None:
        letter = {"zombies": "Z", "state D": "D"}[match[1]]
        true = self.truth.processes.gauge(letter, look.moment, PROCESS_AGE)
        look.near(match[1], Shown(float(match[2]), 0), true, plus=2)  # they live for moments
