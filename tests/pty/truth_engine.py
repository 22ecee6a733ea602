"""What the containers' pane shows, against `docker inspect` and `docker stats`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.pty.figures import Shown, share, size, time_span, words
from tests.pty.independent import Independent, Span
from tests.pty.looks import Look

AGE = 4.0
"""Seconds what either side shows may be old: `docker stats` averages over a second and tells it later."""
CPU = 0.08
"""Of a core: its second is another one than ours, and the scheduler's periods are a tenth of it."""
MEMORY = 64 << 10
"""Bytes: a page or two here and there."""
PROBED = 8 << 20
"""Bytes that what starts a health check takes for a moment."""
SECONDS = 3.0
"""Ages go on between the two readings."""
_HEADINGS = ("NAME", "STATE", "CPU 2 MIN", "CPU", "MEM/LIMIT", "MEM", "RST", "UP", "NET IN/OUT", "IMAGE")
_TEXTS = ("NAME", "STATE", "IMAGE")
"""Columns whose words begin below the heading's first letter; figures end below its last."""
_UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def cells(heading: str, line: str) -> dict[str, str]:
    """A row of a table by its headings; the mark before the name is called `mark`."""
    places = []
    for name in _HEADINGS:
        at = re.search(rf"(?<!\S){re.escape(name)}(?= ? |$)(?! 2)", heading)
        if at:
            places.append((at.start(), at.end(), name))
    places.sort()
    line = line.ljust(len(heading))
    found, cut = {"mark": line[0]}, len(line)
    for start, end, name in reversed(places):
        if name in _TEXTS:
            found[name] = line[start:cut].strip()
            cut = start
        elif name != "CPU 2 MIN":
            text = line[: min(end, cut)]
            found[name] = text.split()[-1] if text.strip() else ""
            cut = len(text) - len(found[name])
        else:
            cut = start
    return found


def quantity(text: str) -> float:
    """docker's `64.5MiB` in bytes."""
    match = re.fullmatch(r"([\d.]+)([A-Za-z]+)", text)
    assert match is not None, text
    return float(match[1]) * _UNITS[match[2]]


class EngineTruth:
    """The rules for the lines of the containers' pane."""

    def __init__(self, truth: Independent) -> None:
        self.engine, self.stats = truth.engine, truth.stats
        self.info = truth.engine_info

    def check(self, look: Look) -> None:
        """Title, table or findings, sums."""
        self.known: list[Mapping[str, Any]] = self.engine.last(look.moment, AGE)
        self.tables: list[Mapping[str, Any]] = self.stats.last(look.moment, AGE)
        pane = look.pane("Containers")
        self._title(look, pane.title)
        rows = 0
        rest, heading = [], ""
        for line in pane.lines:
            if re.match(r" +NAME ", line):
                heading = line
            elif heading and (row := cells(heading, line))["NAME"] in self.known[-1]:
                self._row(look, row)
                rows += 1
            elif heading and (more := re.findall(r"\+(\d+) more", line)):
                look.equal("containers in all", rows + sum(map(int, more)), len(self.known[-1]))
            else:
                rest.append(words(line))
        rules = (
            (r"cpu (\S+) of (\d+) cores mem (\S+) of (\S+)(?: docker (\S+))?", self._sums),
            (r"✖ (\S+) restarting, exit (\d+), ≥?(\d+) restarts? in 10m", self._restarting),
            (r"✖ (\S+) restarted ≥?(\d+)x in 10m, exit (\d+)", self._restarted),
            (r"✖ (\S+) exit (\d+) OOM (\S+) ago", self._killed),
            (r"[▲✖] (\S+) CPU (\S+) of its (\S+) cores(?:, throttled \S+)?", self._limited),
            (r"top((?: \S+ \S+%)+)", self._busiest),
            (r"\+(\d+) more", lambda look, match: None),  # the title has their number
        )
        look.lines("Containers", rest, rules)

    def _title(self, look: Look, title: str) -> None:
        """`✖ 3  30, 1 unhealthy, 1 restarting, 2 exited`; the end may be cut."""
        look.among(
            "containers", re.findall(r"  (\d+)(?=,|$)", title)[:1], [[str(len(k))] for k in self.known]
        )
        for number, state in re.findall(r"(\d+) (unhealthy|restarting|exited|paused|created|dead)", title):
            look.among(
                f"{state} containers", int(number), [self._count(known, state) for known in self.known]
            )

    @staticmethod
    def _count(known: Mapping[str, Any], state: str) -> int:
        if state == "unhealthy":
            # engines keep the last verdict on what does not run any more
            states = [item["State"] for item in known.values() if item["State"]["Running"]]
            return sum(each.get("Health", {}).get("Status") == state for each in states)
        return Counter(item["State"]["Status"] for item in known.values())[state]

    # -- a row of the table

    def _row(self, look: Look, row: Mapping[str, str]) -> None:
        name = row["NAME"]
        items = [known[name] for known in self.known if name in known]
        look.among(f"state of {name}", True, [self._fits(row["STATE"], item) for item in items])
        look.among(f"restarts of {name}", row.get("RST", ""), ["", *(str(i["RestartCount"]) for i in items)])
        self._usage(look, name, row, items[-1])
        if "UP" in row and items[-1]["State"]["Running"] and row["UP"] != "-":
            self._age(look, f"up time of {name}", row["UP"], items, "StartedAt")
        look.among(f"network of {name}", row.get("NET IN/OUT", "-"), ["-", "0/0"])  # --network none
        if row.get("IMAGE"):
            image = items[-1]["Config"]["Image"]
            look.equal(f"image of {name}", image.startswith(row["IMAGE"].removesuffix("…")), True)

    @staticmethod
    def _fits(shown: str, item: Mapping[str, Any]) -> bool:
        """Whether words about a state, which may be cut, are true of what docker inspects."""
        state = item["State"]
        code = f"exit {state['ExitCode']}" + (" OOM" if state["OOMKilled"] else "")
        status = state.get("Health", {}).get("Status", "none")
        if state["Status"] == "running" and shown.startswith("exit"):
            return bool(item["RestartCount"])  # it runs again, for a moment: its last end is told
        whole = {"restarting": code, "exited": code, "running": "running" if status == "none" else status}
        if state["Status"] == "running" and shown.startswith("CPU "):
            return bool(item["HostConfig"]["NanoCpus"])
        begin = shown.removesuffix("…").strip(" ,")
        true = whole.get(state["Status"], state["Status"])
        whole_words = re.match(rf"{re.escape(true)}\b", begin) is not None
        return whole_words or (len(begin) >= 5 and true.startswith(begin))

    def _usage(self, look: Look, name: str, row: Mapping[str, str], item: Mapping[str, Any]) -> None:
        used, slash, limit = row.get("MEM/LIMIT", row.get("MEM", "-")).partition("/")
        if slash:
            true = float(item["HostConfig"]["Memory"])
            look.near(f"memory limit of {name}", size(limit), (true, true))
        if not item["State"]["Running"] or item["State"]["Restarting"]:
            return
        cpu, memory = self._stats(name, "CPUPerc"), self._stats(name, "MemUsage")
        if row.get("CPU", "-") != "-" and cpu is not None:
            look.near(f"CPU of {name}", share(row["CPU"]), cpu, plus=CPU)
        if used != "-" and memory is not None:
            plus = PROBED if "Health" in item["State"] else MEMORY
            look.near(f"memory of {name}", size(used), memory, plus=plus, part=0.01)

    def _stats(self, name: str, field: str) -> Span | None:
        found = []
        for table in self.tables:
            text = table.get(name, {}).get(field, "--")
            if field == "CPUPerc" and text != "--":
                found.append(float(text.rstrip("%")) / 100)
            elif text.partition(" ")[0] not in ("--", "0B"):
                found.append(quantity(text.partition(" ")[0]))
        return (min(found), max(found)) if found else None

    def _age(self, look: Look, what: str, shown: str, items: list[Mapping[str, Any]], field: str) -> None:
        # docker writes nanoseconds, which Python does not read
        moments = [datetime.fromisoformat(item["State"][field][:19]).replace(tzinfo=UTC) for item in items]
        ages = [look.clock - moment.timestamp() for moment in moments]
        look.near(what, time_span(shown), (min(ages), max(ages)), plus=SECONDS)

    # -- findings and sums

    def _restarting(self, look: Look, match: re.Match[str]) -> None:
        items = [known[match[1]] for known in self.known]
        look.among("exit code", int(match[2]), [item["State"]["ExitCode"] for item in items])
        look.among("restarts", int(match[3]), [item["RestartCount"] for item in items])

    def _restarted(self, look: Look, match: re.Match[str]) -> None:
        items = [known[match[1]] for known in self.known]
        look.among("restarts", int(match[2]), [item["RestartCount"] for item in items])

    def _killed(self, look: Look, match: re.Match[str]) -> None:
        items = [known[match[1]] for known in self.known]
        look.equal("exit code", int(match[2]), items[-1]["State"]["ExitCode"])
        look.equal("killed for memory", True, items[-1]["State"]["OOMKilled"])
        self._age(look, "time since its end", match[3], items, "FinishedAt")

    def _limited(self, look: Look, match: re.Match[str]) -> None:
        limit = self.known[-1][match[1]]["HostConfig"]["NanoCpus"] / 1e9
        look.equal("CPU limit", float(match[3]), limit)
        cpu = self._stats(match[1], "CPUPerc")
        if cpu is not None:
            look.near("CPU of its limit", share(match[2]), (cpu[0] / limit, cpu[1] / limit), plus=CPU / limit)

    def _busiest(self, look: Look, match: re.Match[str]) -> None:
        for name, shown in re.findall(r"(\S+) (\S+%)", match[1]):
            cpu = self._stats(name, "CPUPerc")
            if cpu is not None:
                look.near(f"CPU of {name}", share(shown), cpu, plus=CPU)

    def _sums(self, look: Look, match: re.Match[str]) -> None:
        look.equal("cores", int(match[2]), self.info["NCPU"])
        total = float(self.info["MemTotal"])
        look.near("memory of the host", size(match[4]), (total, total))
        if match[5]:
            look.equal("version", self.info["ServerVersion"].startswith(match[5].removesuffix("…")), True)
        cpu = [sum(_number(row["CPUPerc"]) for row in table.values()) / 100 for table in self.tables]
        memory = [sum(_bytes(row["MemUsage"]) for row in table.values()) for table in self.tables]
        look.near("CPU of all", Shown(float(match[1]), 0.05), (min(cpu), max(cpu)), plus=2 * CPU)
        look.near("memory of all", size(match[3]), (min(memory), max(memory)), plus=PROBED)


def _number(text: str) -> float:
    return float(text.rstrip("%")) if text != "--" else 0.0


def _bytes(text: str) -> float:
    used = text.partition(" ")[0]
    return 0.0 if used == "--" else quantity(used)
