"""Jobs by the clock: whether the last time they were due left its trace."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import TYPE_CHECKING

from console.amounts import clock_time, seconds
from console.errors import TimedOut, TooWide, UsageError
from console.files import matching
from console.findings import Severity
from console.logs.times import written
from console.metrics import Labels, Sample, labels
from console.sources.health.patterns import Pattern
from console.sources.health.points import Points, failed
from console.sources.health.probe import Outcome
from console.text import clean, decode
from console.units import counted, duration
from console.worker import Worker

if TYPE_CHECKING:
    from console.probe_local import CronSettings

SLACK = 2.0
"""Seconds a trace may lie before its due time: file systems keep a coarser clock than the kernel's."""
FUTURE = 120.0
"""Seconds a trace may lie after the present before the clock is blamed."""
TAIL = 4 << 20
"""Bytes of the end of a log that are looked through."""
FILES = 20_000
SHORTHANDS = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip
COUNTED = 100
"""Missed times that are counted; more are told as that."""


@dataclass(frozen=True, slots=True)
class Trace:
    """When the job was seen last, and by what."""

    time: float
    """Seconds since 1970."""
    by: str


class _Timeless(Exception):
    """A line that matches and says no time."""


class CronProbe:
    """One schedule and the trace its job leaves."""

    kind = "cron"

    def __init__(self, settings: CronSettings, env: Mapping[str, str]) -> None:
        if bool(settings.trace) == bool(settings.log):
            raise UsageError(
                "it is not said what the job leaves", "write trace = a glob of files, or log and line"
            )
        if settings.log and not settings.line:
            raise UsageError("line is missing", 'write line = "nightly.*done", a regular expression')
        self._line = Pattern(settings.line, "line")
        self._zone = _zone(settings.timezone, env)
        self._schedule = SHORTHANDS.get(settings.schedule.strip(), settings.schedule.strip())
        if self._due(datetime.now(UTC), back=True) is None:
            raise UsageError(
                f"{clean(settings.schedule, 80)!r} is no schedule", 'write schedule = "0 3 * * *"'
            )
        self.target = clean(settings.trace or settings.log, 200)
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._within = seconds(settings.within)
        self._settings = settings
        self._worker = Worker("traces of jobs")

    async def ask(self, now: datetime) -> Outcome:
        """Look for the trace, and hold it against the last times it was due."""
        try:
            trace = await self._worker.call(self._look, now.timestamp())
        except TimedOut:
            return failed(f"the last look at {self.target} has not come back", "does its file system hang?")
        except TooWide as error:
            return failed(error.reason, error.fix)
        except _Timeless as error:
            return failed(
                "the line that matches carries no time", "have the job log with one", (("line", str(error)),)
            )
        except FileNotFoundError:
            return failed(f"there is no log {self.target}", "correct log, or see what should write it")
        except OSError as error:
            return failed(f"{self.target}: {error.strerror}", "run as a user that may read it")
        finally:
            self._worker.stop()
        due, following = self._due(now, back=True), self._due(now, back=False)
        assert due is not None
        points = Points()
        points.samples.append(Sample("cron_last_due_timestamp_seconds", due.timestamp(), self.labels))
        if trace is not None:
            points.samples.append(Sample("cron_last_trace_timestamp_seconds", trace.time, self.labels))
            points.detail("last trace", trace.by)
        ahead = f", next {clock_time(following, now)}" if following else ""
        if trace is not None and trace.time > now.timestamp() + FUTURE:
            told = f"its trace is dated {duration(trace.time - now.timestamp())} in the future"
            points.say(
                Severity.WARNING, told, "the clock of this host was set back, or its writer's is wrong"
            )
        elif trace is not None and trace.time >= due.timestamp() - SLACK:
            self._judge_run(points, due, trace, now, ahead)
        elif now.timestamp() < due.timestamp() + self._within:
            self._judge_running(points, due, trace, now)
        else:
            self._say_missed(points, trace, now, ahead)
        missed = float(points.severity is Severity.CRITICAL)
        points.samples.append(Sample("cron_missed", missed, self.labels))
        return points.outcome()

    def _judge_run(self, points: Points, due: datetime, trace: Trace, now: datetime, ahead: str) -> None:
        late = trace.time - due.timestamp()
        seen = clock_time(datetime.fromtimestamp(trace.time, UTC), now)
        told = f"last due {clock_time(due, now)}, trace {seen}{ahead}"
        if late > self._within:
            told = (
                f"last due {clock_time(due, now)}, trace only {seen} (limit {duration(self._within)} after)"
            )
            points.say(Severity.WARNING, told, "what holds it up? or allow for it by within")
        else:
            points.say(Severity.OK, told)

    def _judge_running(self, points: Points, due: datetime, trace: Trace | None, now: datetime) -> None:
        """It is due and has some time left; what counts is the time before."""
        left = due.timestamp() + self._within - now.timestamp()
        told = f"due {clock_time(due, now)}, no trace yet, {duration(left)} left"
        before = self._due(due - timedelta(seconds=1), back=True)
        if before is None or (trace is not None and trace.time >= before.timestamp() - SLACK):
            points.say(Severity.OK, told)
        else:
            self._say_missed(points, trace, due - timedelta(seconds=1), f", {told}", now)

    def _say_missed(
        self, points: Points, trace: Trace | None, until: datetime, ahead: str, now: datetime | None = None
    ) -> None:
        now = now or until
        if trace is None:
            what = "no line" if self._settings.log else "no file"
            points.say(
                Severity.CRITICAL, f"{what} of it is there at all{ahead}", "does it run? is the path right?"
            )
            return
        missed = list(islice(self._dues(datetime.fromtimestamp(trace.time + SLACK, UTC), until), COUNTED + 1))
        since = clock_time(missed[0], now) if missed else clock_time(until, now)
        times = counted(len(missed), "time") if len(missed) <= COUNTED else f"more than {COUNTED} times"
        last = clock_time(datetime.fromtimestamp(trace.time, UTC), now)
        told = f"missed since {since} ({times}), last trace {last}{ahead}"
        points.say(Severity.CRITICAL, told, "see the log of cron and of the job")

    def _dues(self, after: datetime, until: datetime) -> Iterator[datetime]:
        at = after
        while (due := self._due(at, back=False)) is not None and due <= until:
            yield due
            at = due

    def _due(self, now: datetime, *, back: bool) -> datetime | None:
        """The last time it was due, now included, or the next; summer time as cron(8) of Debian keeps it."""
        from cronsim import CronSim, CronSimError

        here = now.astimezone(self._zone)
        if back:  # the simulation leaves its beginning out
            here = (here.astimezone(UTC) + timedelta(seconds=1)).astimezone(self._zone)
        try:
            found = next(iter(CronSim(self._schedule, here, reverse=back)))
        except (CronSimError, StopIteration):
            return None
        return found

    def _look(self, arrived: float) -> Trace | None:
        if self._settings.log:
            return self._last_line(arrived)
        newest: Trace | None = None
        for path in islice(matching(self._settings.trace), FILES):
            try:
                changed = os.stat(path).st_mtime
            except OSError:
                continue
            if newest is None or changed > newest.time:
                newest = Trace(changed, clean(path, 200))
        return newest

    def _last_line(self, arrived: float) -> Trace | None:
        """The newest line of the log that matches; it must carry its time, for others follow it."""
        path = os.path.expanduser(self._settings.log)
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            data = file.read(TAIL)
        for line in reversed(data.splitlines()):
            text = decode(line, 1000)
            if self._line.search(text):
                if (moment := written(text, arrived)) is None:
                    raise _Timeless(text)
                return Trace(moment, text)
        return None


def _zone(name: str, env: Mapping[str, str]) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    wanted = name or env.get("TZ", "").removeprefix(":")
    try:
        if wanted:
            return ZoneInfo(wanted)
        with open("/etc/localtime", "rb") as file:
            return ZoneInfo.from_file(file)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if name:
            raise UsageError(
                f"there is no time zone {clean(name, 60)!r}", 'write it as "Europe/Berlin"'
            ) from None
        return UTC
