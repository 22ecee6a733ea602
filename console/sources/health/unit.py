"""Units of systemd: whether a service is active and stays so, and whether a timer goes off."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.amounts import against, clock_time, judged, rising, span_limit
from console.errors import UsageError
from console.findings import Severity
from console.metrics import Labels, Sample, labels
from console.sources.health.points import Points, failed
from console.sources.health.probe import Outcome
from console.sources.health.running import Ran, run
from console.text import clean, decode
from console.units import bytes_, counted, duration

if TYPE_CHECKING:
    from console.probe_local import UnitSettings

ASKED = (
    "Id", "Description", "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "Type",
    "NRestarts", "ExecMainStatus", "ExecMainCode", "MainPID", "MemoryCurrent", "StateChangeTimestamp",
    "LastTriggerUSec", "NextElapseUSecRealtime", "NextElapseUSecMonotonic", "Unit", "NeedDaemonReload",
    "InactiveEnterTimestamp", "ConditionResult",
)  # fmt: skip
"""The properties asked for; see systemctl(1) and org.freedesktop.systemd1(5)."""
STATES = ("active", "reloading", "inactive", "failed", "activating", "deactivating")
"""As node_exporter lists them."""
LIMIT = 0.9
"""Share of the timeout that systemctl gets."""
HOUR = 3600.0
KILLED = 2
"""ExecMainCode of a process ended by a signal (CLD_KILLED)."""
NO_SYSTEMD = ("not been booted with systemd", "No medium found", "Host is down", "Failed to connect to bus")


class UnitProbe:
    """Asks systemctl for the properties of one unit."""

    kind = "unit"

    def __init__(self, settings: UnitSettings, env: Mapping[str, str]) -> None:
        if not settings.unit or settings.unit.startswith("-") or "*" in settings.unit:
            raise UsageError("unit names no unit", 'write unit = "nginx.service"')
        known = settings.unit.rpartition(".")[2] in ("service", "timer", "socket", "mount", "path", "target")
        self._unit = settings.unit if known else f"{settings.unit}.service"
        self.target = clean(self._unit, 200)
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._env, self._user = {**env, "TZ": "UTC"}, settings.user  # the zone of the times it prints
        self._restarts, self._max_age = rising(settings.restarts), span_limit(settings.max_age)
        self._seen: deque[tuple[float, int]] = deque(maxlen=4000)
        """Monotonic times and the count of restarts systemd told."""

    async def ask(self, now: datetime) -> Outcome:
        """Ask once, and of a timer for what it starts as well."""
        unit = await self._show(self._unit)
        if isinstance(unit, Outcome):
            return unit
        points = Points()
        if unit.get("LoadState") not in ("loaded", "masked"):
            missing = unit.get("LoadState") == "not-found"
            told = (
                f"there is no unit {self.target}" if missing else f"the file of {self.target} cannot be read"
            )
            return failed(told, f"systemctl status {self.target}")
        if self._unit.endswith(".timer"):
            job = await self._show(unit.get("Unit") or self._unit.removesuffix("timer") + "service")
            self._judge_timer(points, unit, {} if isinstance(job, Outcome) else job, now)
        else:
            self._judge_service(points, unit, now)
        self._samples(points, unit)
        if unit.get("NeedDaemonReload") == "yes":
            points.detail("changed on disk", "systemctl daemon-reload has not been run since")
        return points.outcome()

    async def _show(self, unit: str) -> dict[str, str] | Outcome:
        words = ["systemctl", *(["--user"] if self._user else []), "show", "--no-pager"]
        try:
            ran = await run(
                [*words, f"--property={','.join(ASKED)}", "--", unit], self._env, self.timeout * LIMIT
            )
        except FileNotFoundError:
            return failed("this host has no systemctl", "watch the process: [[probes.process]]")
        except OSError as error:
            return failed(f"systemctl cannot be run: {error.strerror}", "")
        if ran.code is None:
            return failed(
                f"systemd gave no answer within {duration(self.timeout * LIMIT)}", "systemctl status"
            )
        return properties(ran.output) if ran.code == 0 else _refusal(ran)

    def _judge_service(self, points: Points, unit: Mapping[str, str], now: datetime) -> None:
        active, sub = unit.get("ActiveState", ""), unit.get("SubState", "")
        since = _moment(unit.get("StateChangeTimestamp", ""))
        age = "" if since is None else f" for {duration(max(0.0, (now - since).total_seconds()))}"
        state = f"{active} ({sub}){age}"
        log = f"journalctl -u {self.target} -e"
        if unit.get("LoadState") == "masked":
            points.say(Severity.CRITICAL, "it is masked", f"systemctl unmask {self.target}")
        elif active == "failed":
            points.say(Severity.CRITICAL, f"failed{age}: {_reason(unit)}", log)
        elif active == "active":
            points.say(Severity.OK, state)
        elif sub == "auto-restart":
            points.say(Severity.CRITICAL, f"it ended and is started again and again: {_reason(unit)}", log)
        elif active in ("activating", "deactivating", "reloading"):
            points.say(Severity.WARNING, state, log)
        elif unit.get("Type") == "oneshot" and unit.get("Result") == "success":
            points.say(
                Severity.OK, f"ran to its end{age.replace(' for ', ', ')} {'ago' if age else ''}".rstrip()
            )
        else:
            points.say(Severity.CRITICAL, state, f"systemctl start {self.target}")
        self._judge_restarts(points, unit)
        for name, key in (("main process", "MainPID"), ("enabled", "UnitFileState"), ("result", "Result")):
            if unit.get(key, "0") not in ("", "0"):
                points.detail(name, unit[key])
        if (memory := unit.get("MemoryCurrent", "")).isdigit():
            points.detail("memory", bytes_(int(memory)))

    def _judge_restarts(self, points: Points, unit: Mapping[str, str]) -> None:
        """NRestarts since it was started by hand: what came within an hour, seen by us, counts."""
        if not (told := unit.get("NRestarts", "")).isdigit():
            return
        moment, number = time.monotonic(), int(told)
        if self._seen and number < self._seen[-1][1]:
            self._seen.clear()  # started anew
        self._seen.append((moment, number))
        while len(self._seen) > 1 and moment - self._seen[1][0] > HOUR:
            self._seen.popleft()
        recent = number - self._seen[0][1]
        points.detail("restarts", f"{number}, {recent} of them seen within an hour")
        if severity := judged(recent, self._restarts):
            told = f"{counted(recent, 'restart')} within an hour{against(recent, self._restarts, '')}"
            points.say(severity, told, f"journalctl -u {self.target} -e")

    def _judge_timer(
        self, points: Points, timer: Mapping[str, str], job: Mapping[str, str], now: datetime
    ) -> None:
        name = clean(timer.get("Unit", "") or "its service", 120)
        if timer.get("ActiveState") != "active":
            told = f"the timer is {timer.get('ActiveState', 'unknown')}: it will not go off"
            points.say(Severity.CRITICAL, told, f"systemctl enable --now {self.target}")
        last = _moment(timer.get("LastTriggerUSec", ""))
        following = _next(timer, now)
        if job.get("ActiveState") == "failed" or job.get("Result", "success") != "success":
            points.say(
                Severity.CRITICAL, f"{name} failed the last time: {_reason(job)}", f"journalctl -u {name} -e"
            )
        if last is None:
            points.say(Severity.WARNING if self._max_age else Severity.OK, "it has not gone off yet")
        else:
            age = (now - last).total_seconds()
            told = f"went off {clock_time(last, now)}, {duration(max(0.0, age))} ago"
            severity = judged(age, self._max_age)
            points.say(severity, told + (against(age, self._max_age, "s") if severity else ""))
            pairs = labels(**dict(self.labels), name=self._unit)
            points.samples.append(Sample("node_systemd_timer_last_trigger_seconds", last.timestamp(), pairs))
        if job.get("ActiveState") in ("activating", "active"):
            points.say(Severity.OK, f"{name} is running now")
        points.say(Severity.OK, f"next {clock_time(following, now)}" if following else "no next time is set")

    def _samples(self, points: Points, unit: Mapping[str, str]) -> None:
        """node_exporter's names of its collector systemd."""
        pairs = dict(self.labels) | {"name": self._unit}
        for state in STATES:
            own = labels(**pairs, state=state, type=unit.get("Type", ""))
            value = float(unit.get("ActiveState") == state)
            points.samples.append(Sample("node_systemd_unit_state", value, own))
        if (restarts := unit.get("NRestarts", "")).isdigit():
            points.samples.append(
                Sample("node_systemd_service_restart_total", int(restarts), labels(**pairs))
            )


def properties(output: bytes) -> dict[str, str]:
    """What `systemctl show` printed: a name and a value a line."""
    lines = (decode(line, 400).partition("=") for line in output.splitlines())
    return {name: value for name, mark, value in lines if mark}


def _refusal(ran: Ran) -> Outcome:
    told = decode(ran.errors.replace(b"\n", b" ").strip(), 300)
    if any(sign in told for sign in NO_SYSTEMD):
        fix = "watch the process instead: [[probes.process]]; of a user's own units: user = true"
        return failed("this host was not started by systemd, or it is out of reach", fix)
    return failed(f"systemctl: {told or f'exit {ran.code}'}", "")


def _reason(unit: Mapping[str, str]) -> str:
    result, status = unit.get("Result", ""), unit.get("ExecMainStatus", "")
    if result == "exit-code":
        return f"exit {status}"
    if result in ("signal", "core-dump") or unit.get("ExecMainCode") == str(KILLED):
        return f"{result}, signal {status}"
    return result or "no reason given"


def _moment(text: str) -> datetime | None:
    """A time as systemctl writes it: `Fri 2026-11-27 04:10:18 UTC`; None for none."""
    words = text.split()
    if len(words) < 3:
        return None
    try:
        return datetime.fromisoformat(f"{words[1]}T{words[2]}+00:00")
    except ValueError:
        return None


def _next(timer: Mapping[str, str], now: datetime) -> datetime | None:
    """When a timer goes off next, by its calendar or by its monotonic clock, whichever is sooner."""
    found = [_moment(timer.get("NextElapseUSecRealtime", ""))]
    since_boot = _span(timer.get("NextElapseUSecMonotonic", ""))
    if since_boot:
        found.append(
            datetime.fromtimestamp(
                now.timestamp() + since_boot - time.clock_gettime(time.CLOCK_MONOTONIC), UTC
            )
        )
    return min((one for one in found if one is not None), default=None)


_SPANS = {
    "y": 31557600.0, "month": 2629800.0, "w": 604800.0, "d": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0,
    "ms": 1e-3, "us": 1e-6,
}  # fmt: skip


def _span(text: str) -> float | None:
    """A duration as systemd writes it: `1h 29min 10.368876s`; None for `infinity` and what it is not."""
    total = 0.0
    for word in text.split():
        number = word.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = word[len(number) :].removesuffix("s") if word.endswith("months") else word[len(number) :]
        try:
            total += float(number) * _SPANS[unit]
        except (ValueError, KeyError):
            return None
    return total or None
