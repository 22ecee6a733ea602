"""The same host asked by other means: /proc, df, docker's command line, psql and redis-cli, in a loop.

Both sides look at moments of their own. So a witness remembers the last half minute, and a figure
is compared with all that was true when the console may have looked: a gauge with the values of
those seconds, a rate with the rates of all stretches the console's own may have been.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from tests.pty.load import Load, kill

Span = tuple[float, float]
"""Least and most."""

STEP = 0.2
"""Seconds between two readings."""
KEPT = 30.0
AGE = 2.0
"""Seconds what is drawn may be old: a cadence of one, and a busy machine's delays."""
CLIENT = "client backend"
SQL = f"""SELECT '@' || row_to_json(t) FROM (SELECT
 (SELECT sum(xact_commit) FROM pg_stat_database) commits,
 (SELECT sum(xact_rollback) FROM pg_stat_database) rollbacks,
 (SELECT sum(blks_hit) FROM pg_stat_database) hit,
 (SELECT sum(blks_read) FROM pg_stat_database) read,
 (SELECT sum(deadlocks) FROM pg_stat_database) deadlocks,
 (SELECT sum(temp_bytes) FROM pg_stat_database) temp_bytes,
 pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') wal,
 pg_database_size('bench') size,
 (SELECT sum(pg_database_size(oid)) FROM pg_database) all_sizes,
 (SELECT max(age(datfrozenxid)) FROM pg_database) xid_age,
 count(*) FILTER (WHERE backend_type = '{CLIENT}') connections,
 count(*) FILTER (WHERE backend_type = '{CLIENT}' AND state = 'active'
   AND pid <> pg_backend_pid() AND application_name NOT LIKE 'opsconsole%') active,
 count(*) FILTER (WHERE backend_type = '{CLIENT}' AND state = 'idle'
   AND application_name NOT LIKE 'opsconsole%') idle,
 count(*) FILTER (WHERE backend_type = '{CLIENT}' AND state = 'idle in transaction') in_transaction,
 count(*) FILTER (WHERE wait_event_type = 'Lock') waiting,
 extract(epoch FROM max(clock_timestamp() - xact_start) FILTER (WHERE backend_type = '{CLIENT}')) longest,
 extract(epoch FROM max(clock_timestamp() - query_start) FILTER (WHERE backend_type = '{CLIENT}'
   AND state = 'active' AND pid <> pg_backend_pid())) query,
 extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) uptime
 FROM pg_stat_activity) t"""


_EACH = """SELECT '=' || row_to_json(t) FROM (SELECT datname, numbackends sessions,
 xact_commit + xact_rollback transactions, blks_hit hit, blks_hit + blks_read blocks,
 pg_database_size(datid) size FROM pg_stat_database WHERE datname IN ('bench', 'postgres')) t"""


class Timeline:
    """What was true lately, by name; times are monotonic seconds."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, Mapping[str, Any]]] = deque()
        self._lock = threading.Lock()

    def add(self, moment: float, figures: Mapping[str, Any]) -> None:
        """Remember figures of a moment."""
        with self._lock:
            self._points.append((moment, figures))
            while self._points[0][0] < moment - KEPT:
                self._points.popleft()

    def last(self, moment: float, back: float = AGE) -> list[Mapping[str, Any]]:
        """Everything of the seconds before a moment, and the reading before those; waits for the first."""
        until = time.monotonic() + 60.0
        while not self._points and time.monotonic() < until:
            time.sleep(0.05)
        with self._lock:
            points = list(self._points)
        assert points, "the witness saw nothing in 20 s"
        first = max((i for i, (at, _) in enumerate(points) if at <= moment - back), default=0)
        return [figures for _, figures in points[first:]]

    def gauge(self, name: str, moment: float, back: float = AGE) -> Span:
        """The least and the most a figure was in the seconds before."""
        values = [
            float(figures[name]) for figures in self.last(moment, back) if figures.get(name) is not None
        ]
        return (min(values), max(values)) if values else (0.0, 0.0)

    def rate(self, name: str, moment: float, seconds: float = 1.0, back: float = AGE) -> Span:
        """The least and the most a counter grew a second, over stretches of about `seconds`."""
        return self.ratio(name, "", moment, seconds, back)

    def ratio(self, name: str, of: str, moment: float, seconds: float = 1.0, back: float = AGE) -> Span:
        """The least and the most a counter grew for each one `of` another (or each second)."""
        with self._lock:
            points = list(self._points)
        found = []
        for index, (end, after) in enumerate(points):
            if not moment - back <= end <= moment + STEP:
                continue
            for begin, before in points[:index]:
                # a busy machine polls late, so stretches are longer rather than shorter
                if 0.8 * seconds <= end - begin <= 1.5 * seconds + 0.2 and name in before and name in after:
                    base = float(after[of]) - float(before[of]) if of else end - begin
                    if base > 0:
                        found.append((float(after[name]) - float(before[name])) / base)
        return (min(found), max(found)) if found else (0.0, 0.0)


class Independent:
    """Witnesses of the host, the engine, the database and the cache of a Load."""

    def __init__(self, load: Load) -> None:
        self.host, self.processes, self.database, self.cache = (Timeline() for _ in range(4))
        self.engine, self.stats = Timeline(), Timeline()
        self._stats: dict[str, Mapping[str, str]] = {}
        self._load = load
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._ends = contextlib.ExitStack()
        self.engine_info: Mapping[str, Any] = json.loads(load.engine.cli("info", "--format", "{{json .}}"))

    def __enter__(self) -> Self:
        cache = self._load.redis
        words = [str(Path(cache.binary).with_name("redis-cli")), "-s", str(cache.socket)]
        self._listen([*words, "-r", "-1", "-i", str(STEP), "INFO"], "", self._take_info)
        question = f"({_EACH}) UNION ALL ({SQL}) \\watch {STEP}\n"
        self._listen(self._load.postgres.psql_command("bench"), question, self._take_row)
        self._keep(self._look_at_host, STEP)
        self._keep(self._look_at_processes, 0.5)
        self._keep(self._look_at_engine, 0.8)
        engine = self._load.engine
        stats = [engine.docker, "-H", engine.host, "stats", "--format", "{{json .}}"]
        self._listen(stats, "", self._take_stats)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._ends.close()
        for thread in self._threads:
            thread.join(15.0)

    def _run(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _keep(self, look: Callable[[], None], step: float) -> None:
        def again() -> None:
            while not self._stop.is_set():
                look()
                self._stop.wait(step)

        self._run(again)

    def _listen(self, command: list[str], words: str, take: Callable[[str], None]) -> None:
        """A program that prints readings for as long as it runs."""
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={"PGAPPNAME": "witness", "PATH": os.defpath, "LC_ALL": "C"},
        )  # fmt: skip
        self._ends.callback(kill, process)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(words)
        process.stdin.flush()
        output = process.stdout

        def read() -> None:
            with output:
                for line in output:
                    take(line)

        self._run(read)

    # -- cache and database

    _info: dict[str, Any]

    def _take_info(self, line: str) -> None:
        key, colon, value = line.strip().partition(":")
        if key == "# Server":
            self._info = {}
        elif colon:
            self._info[key] = value
        if key.startswith("db0") and colon:  # the last line there is
            info = self._info
            info["lookups"] = int(info["keyspace_hits"]) + int(info["keyspace_misses"])
            info["cpu"] = float(info["used_cpu_sys"]) + float(info["used_cpu_user"])
            info |= {f"db0_{k}": v for k, _, v in (pair.partition("=") for pair in value.split(","))}
            self.cache.add(time.monotonic(), info)

    _row: Mapping[str, Any] = MappingProxyType({})

    def _take_row(self, line: str) -> None:
        if line.startswith("="):
            row = json.loads(line[1:])
            self._row = {**self._row, **{f"{row['datname']}_{key}": value for key, value in row.items()}}
        if line.startswith("@"):
            row = json.loads(line[1:])
            row["blocks"] = row["hit"] + row["read"]
            row["transactions"] = row["commits"] + row["rollbacks"]
            self.database.add(time.monotonic(), {**self._row, **row})

    # -- host

    def _look_at_host(self) -> None:
        figures: dict[str, Any] = {}
        for line in Path("/proc/stat").read_text().splitlines():
            name, *rest = line.split()
            if name == "cpu":
                user, nice, system, idle, iowait, irq, soft, steal = (int(value) for value in rest[:8])
                figures |= {
                    "user": user + nice, "system": system + irq + soft, "steal": steal, "iowait": iowait,
                    "busy": user + nice + system + irq + soft + steal,
                    "all": user + nice + system + idle + iowait + irq + soft + steal,
                }  # fmt: skip
        for line in Path("/proc/meminfo").read_text().splitlines():
            name, value = line.split()[:2]
            figures[name.rstrip(":")] = int(value) * 1024
        for line in Path("/proc/net/dev").read_text().splitlines()[2:]:
            name, _, rest_of_line = line.partition(":")
            counters = rest_of_line.split()
            # real hardware has a driver behind it; what containers and tunnels use has not
            if Path("/sys/class/net", name.strip(), "device").exists():
                figures["received"] = figures.get("received", 0) + int(counters[0])
                figures["sent"] = figures.get("sent", 0) + int(counters[8])
        for line in Path("/proc/diskstats").read_text().splitlines():
            fields = line.split()
            figures |= {f"r {fields[2]}": int(fields[5]) * 512, f"w {fields[2]}": int(fields[9]) * 512}
            figures[f"busy {fields[2]}"] = int(fields[12]) / 1000
        figures["load"] = [float(word) for word in Path("/proc/loadavg").read_text().split()[:3]]
        figures["uptime"] = float(Path("/proc/uptime").read_text().split()[0])
        for path in Path("/proc/pressure").glob("*"):
            with contextlib.suppress(OSError):
                figures[f"psi {path.name}"] = float(path.read_text().split()[1].partition("=")[2]) / 100
        self.host.add(time.monotonic(), figures)

    def _look_at_processes(self) -> None:
        tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGESIZE")
        figures: dict[str, float] = {"Z": 0, "D": 0}
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                fields = (path / "stat").read_text().rpartition(")")[2].split()
                figures[fields[0]] = figures.get(fields[0], 0) + 1
                figures[f"cpu {path.name}"] = (int(fields[11]) + int(fields[12])) / tick
                figures[f"rss {path.name}"] = int(fields[21]) * page
        self.processes.add(time.monotonic(), figures)

    # -- engine

    def _look_at_engine(self) -> None:
        """What `docker inspect` says of every container, by name."""
        cli = self._load.engine.cli
        with contextlib.suppress(AssertionError, subprocess.SubprocessError):  # it ends with the test
            known = json.loads(cli("inspect", *cli("ps", "-aq", "--no-trunc").split()))
            self.engine.add(time.monotonic(), {item["Name"].lstrip("/"): item for item in known})

    def _take_stats(self, line: str) -> None:
        """A line of `docker stats`, which clears the screen before each of its tables, twice a second."""
        clear, brace, rest = line.partition("{")
        if "\x1b[H" in clear and self._stats:
            self.stats.add(time.monotonic(), self._stats)
            self._stats = {}
        if brace:
            row = json.loads(brace + rest.partition("\x1b")[0])
            self._stats[row["Name"]] = row


def file_systems() -> Mapping[str, tuple[float, int]]:
    """What `df` says: used share and available bytes by mount point."""
    done = subprocess.run(
        ["df", "-B1", "--output=used,avail,target"], capture_output=True, text=True, check=False, timeout=60
    )
    found = {}
    for line in done.stdout.splitlines()[1:]:
        used, available, target = line.split(maxsplit=2)
        if used.isdigit() and int(used) + int(available):
            found[target] = (int(used) / (int(used) + int(available)), int(available))
    return found
