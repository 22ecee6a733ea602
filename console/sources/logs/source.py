"""The logs of this host: files, the output of containers, the systemd journal."""

from __future__ import annotations

import asyncio
import math
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from console.config import Config, Limits, LogSettings
from console.errors import AGAIN, NotFound, TimedOut
from console.findings import Finding, Severity, by_severity
from console.logs.buffer import Buffer
from console.logs.files import JOURNALED, USUAL, Files
from console.logs.journal import Journal, journal_files
from console.logs.levels import Level
from console.logs.origin import Kind, Origins, OriginState
from console.logs.reader import Look, Reader
from console.logs.snapshot import LogSnapshot
from console.logs.streams import Selection, Stream, Wanted
from console.metrics import Sample, labels
from console.sources.base import Focus
from console.sources.logs.asked import AskedStreams
from console.sources.logs.containers import ContainerLogs
from console.sources.logs.streams import ContainerStreams
from console.text import clean
from console.units import counted
from console.worker import Worker

READ_SHARE = 0.6
"""Share of its interval one poll may read; what is left is read by the next, or skipped and marked."""
ENGINE_EVERY = 2.0
"""Seconds between two questions whether containers came or went."""
ENGINE_LIMIT = 0.5
"""Seconds an engine may hold up a poll; a frozen one does so once."""
JOURNAL_EVERY = 30.0
"""Seconds between two looks for a journal where there was none."""
NAMED = 5
"""Origins with errors that get a finding of their own; the rest share one."""
CLOSE_LIMIT = 0.9
"""Seconds closing may take."""
SAMPLED = 100
"""Origins up to which all levels are recorded; of more only errors."""


class LogSource:
    """One source for all lines, so that they stand in one order."""

    kind = "logs"
    deadline = 3.0

    def __init__(
        self,
        settings: LogSettings,
        engines: Sequence[ContainerLogs] = (),
        *,
        limits: Limits | None = None,
        journal: Sequence[str] = ("journalctl",),
    ) -> None:
        """`journal` is the command that prints the journal; empty: it is not followed."""
        self.name = "logs"
        # every poll with news moves every row in view: more often would cost the terminal too much
        self.cadence: Mapping[Focus, float] = {Focus.HIDDEN: 3.0, Focus.GLANCE: 1.0, Focus.FULL: 1.0}
        self.target = _wanted(settings)
        self.buffer = Buffer(settings.keep)
        """The newest lines; panes read it by sequence."""
        self.limits = limits or Limits()
        """When a figure is judged wrong; guides may change it while it runs."""
        self._origins = Origins(settings.keep)
        self._files = Files(settings.files or _usual(bool(journal)), self._origins, bool(settings.files))
        self._journal_command = tuple(journal)
        self._next_journal = 0.0
        self._reader = Reader(settings.keep, self._origins, self._files, self._find_journal)
        self._containers = ContainerStreams(self._origins)
        self._asked = AskedStreams(self._origins)
        self._engines = [(engine, Worker("log engine")) for engine in engines]
        self._silent: set[int] = set()
        """The engines that do not answer now, by number."""
        self._next_engines = 0.0
        self._worker = Worker("logs")
        self._begun = self._polled = math.nan
        """When it was asked first, and last (monotonic seconds)."""
        self._last: Look | None = None
        self._sampled: dict[str, tuple[int, ...]] = {}
        self._closed = False

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[LogSource]:
        """One source: the configured files or the usual ones, the engines', the journal's lines."""
        settings = config.logs
        engines: list[ContainerLogs] = []
        if settings.containers:
            targets = [(target.host, target.context) for target in config.docker] or [("", "")]
            engines = [ContainerLogs(host, context, env) for host, context in targets]
        journal = ("journalctl",) if settings.journald else ()
        return [cls(settings, engines, limits=config.limits, journal=journal)]

    async def poll(self, focus: Focus) -> LogSnapshot:
        """What came since the last poll. Raises NotFound when there is nothing to follow."""
        now = time.monotonic()
        if now >= self._next_engines:
            self._next_engines = now + ENGINE_EVERY
            await self._ask_engines()
        self._asked.look()
        try:
            await self._worker.call(self._look, READ_SHARE * self.cadence[focus])
        except TimedOut:
            raise TimedOut(
                "the last look at the log files has not come back", f"does their file system hang? {AGAIN}"
            ) from None
        taken = 0
        while self._reader.ready:
            look = self._last = self._reader.ready.popleft()
            self.buffer.origins, self.buffer.selectors = look.names, look.selectors
            self.buffer.extend(look.batch.entries, look.batch.nbytes)
            taken += look.batch.news
        if self._last is None or self._nothing_to_follow:
            raise NotFound(
                "no logs: no journal, no container engine, none of the usual files",
                'set [logs] files = ["/var/log/app/*.log"]',
            )
        interval, self._polled = now - self._polled, now
        if math.isnan(self._begun):
            self._begun = now
        self.target = _target(self._last.origins, self._reader.journal is not None)
        return self._snapshot(self._last, taken, interval, now - self._begun >= 60)

    def follow(self, wanted: Sequence[Wanted]) -> None:
        """Follow these lines too, from the next poll on."""
        self._asked.ask(wanted)

    def select(self, selection: Selection) -> None:
        """Follow the lines of these things in place of those selected before, from the next poll on."""
        self._asked.select(selection)

    async def _ask_engines(self) -> None:
        """Learn of containers; an engine that does not answer keeps nobody waiting for long."""
        for number, (engine, worker) in enumerate(self._engines):
            try:
                async with asyncio.timeout(ENGINE_LIMIT):
                    found = await worker.call(engine.look, again=number in self._silent)
            except (TimeoutError, TimedOut):
                self._silent.add(number)
                continue
            self._silent.discard(number)
            if found is not None:
                self._containers.found(number, engine, found)

    def _look(self, seconds: float) -> None:
        """One look, in the reader's thread."""
        journal = self._reader.journal is not None
        kept = self._reader.intake.kept
        streams: dict[str, Stream] = {**self._containers.streams(kept, journal), **self._asked.streams(kept)}
        self._reader.look(streams, seconds)

    def _find_journal(self) -> Journal | None:
        now = time.monotonic()
        if not self._journal_command or now < self._next_journal:
            return None
        self._next_journal = now + JOURNAL_EVERY
        if self._journal_command == ("journalctl",) and not (shutil.which("journalctl") and journal_files()):
            return None
        return Journal(self._origins, self._journal_command)

    def _snapshot(self, look: Look, taken: int, interval: float, whole: bool) -> LogSnapshot:
        return LogSnapshot(
            buffer=self.buffer,
            newest=self.buffer.newest,
            taken=taken,
            rate=taken / interval if interval else math.nan,
            whole=whole,
            minute=look.minute,
            hour=look.hour,
            origins=look.origins,
            skipped=look.skipped,
            behind=look.behind,
            missing=tuple(clean(pattern, 200) for pattern in self._missing),
            wide=tuple(clean(pattern, 200) for pattern in self._files.wide),
            notes=self._notes,
            limited=tuple(self._limited(look.origins)),
        )

    @property
    def _nothing_to_follow(self) -> bool:
        reached = any(engine.reached or engine.note for engine, _ in self._engines)
        some = next(iter(self._origins), None) or self._files.expected or self._asked.any
        return not (some or reached)

    @property
    def _missing(self) -> tuple[str, ...]:
        return self._files.missing if self._files.expected else ()

    @property
    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self._journal_command and self._reader.journal is None:
            notes.append("no systemd journal on this host")
        if self._engines and not any(engine.reached for engine, _ in self._engines):
            notes.append("no container engine on this host")
        return tuple(notes)

    def _limited(self, origins: Iterable[OriginState]) -> Iterable[str]:
        closed = [o for o in origins if o.problem and o.fix and o.kind is Kind.FILE and not o.expected]
        if closed:
            names = ", ".join(o.name for o in closed[:3]) + (" …" if len(closed) > 3 else "")
            yield f"{counted(len(closed), 'log file')} cannot be read ({names}): {closed[0].fix}"
        if self._reader.journal is not None and self._reader.journal.limited:
            yield self._reader.journal.limited
        for number, (engine, _) in enumerate(self._engines):
            if engine.note:
                yield f"no container logs: {engine.note}"
            elif number in self._silent:
                what = "no logs of containers that come" if engine.reached else "no container logs"
                yield f"{what}: the engine does not answer"
        if self._containers.left_out:
            yield (
                f"not followed: {counted(self._containers.left_out, 'container')}; "
                "run as root on the engine's host to read its log files"
            )
        if self._asked.limited:
            yield self._asked.limited
        if self._files.left_out:
            left_out = counted(self._files.left_out, "file")
            yield f"not followed: {left_out}; name fewer in [logs] files"

    def samples(self, snapshot: LogSnapshot) -> Iterable[Sample]:
        """Lines by source and level, of the sources that wrote since the last time."""
        if math.isfinite(snapshot.rate):
            yield Sample("opsconsole_log_lines_per_second", snapshot.rate)
        yield Sample("opsconsole_log_errors_last_minute", snapshot.errors)
        detailed = len(snapshot.origins) <= SAMPLED
        for origin in snapshot.origins:
            if self._sampled.get(origin.name) == origin.levels:
                continue
            self._sampled[origin.name] = origin.levels
            for level in Level:
                if origin.levels[level] and (detailed or level >= Level.ERROR):
                    own = labels(source=origin.name, level=level.word or "none")
                    yield Sample("opsconsole_log_lines_total", float(origin.levels[level]), own)
        if len(self._sampled) > 2 * len(snapshot.origins):
            present = {origin.name for origin in snapshot.origins}
            self._sampled = {name: levels for name, levels in self._sampled.items() if name in present}

    def judge(self, snapshot: LogSnapshot) -> Sequence[Finding]:
        """Sources with many errors, gaps, and files that were asked for and cannot be read; worst first."""
        findings: list[Finding] = []
        limit = self.limits.limit("errors_per_minute")
        least = "" if snapshot.whole else "at least "
        wrong = sorted((o for o in snapshot.origins if limit.judge(o.errors)), key=lambda o: -o.errors)
        for origin in wrong[:NAMED]:
            text = f"{least}{counted(origin.errors, 'error')} in the last minute"
            hint = f"on the logs pane: /source:{origin.name} level:error|fatal"
            findings.append(Finding(limit.judge(origin.errors), origin.name, text, hint))
        if len(wrong) > NAMED:
            more = sum(origin.errors for origin in wrong[NAMED:])
            text = f"{least}{more} errors in the last minute"
            findings.append(Finding(Severity.WARNING, f"{len(wrong) - NAMED} more sources", text))
        for origin in snapshot.origins:
            if origin.problem and (origin.expected or origin.kind is not Kind.FILE):
                findings.append(Finding(Severity.WARNING, origin.name, origin.problem, origin.fix))
            if origin.gap:
                findings.append(Finding(Severity.WARNING, origin.name, origin.gap))
        findings += [
            Finding(Severity.WARNING, pattern or "an empty name", "no such log file", "correct [logs] files")
            for pattern in snapshot.missing
        ]
        findings += [
            Finding(
                Severity.WARNING, pattern,
                "goes through too many directories: not all its files are followed",
                "name one further down in [logs] files",
            )
            for pattern in snapshot.wide
        ]  # fmt: skip
        return by_severity(findings)

    async def close(self) -> None:
        """Close files, hang up streams, end journalctl; what is stuck ends by itself later."""
        if self._closed:
            return
        self._closed = True
        for engine, worker in self._engines:
            engine.close()
            worker.stop()
        try:
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._worker.call(self._let_go)
        except (TimeoutError, TimedOut):
            pass  # a look is stuck in a dead mount; the daemon thread lets go when it returns
        self._worker.stop()

    def _let_go(self) -> None:
        self._containers.close()
        self._asked.close()
        self._reader.close()


def _usual(journal: bool) -> tuple[str, ...]:
    """The usual files; with a journal without those that only repeat it."""
    if journal and journal_files():
        return tuple(pattern for pattern in USUAL if pattern not in JOURNALED)
    return USUAL


def _wanted(settings: LogSettings) -> str:
    """What is looked for, for people, until a poll has found it."""
    containers = ["containers"] if settings.containers else []
    return ", ".join(["files", *containers, *(["journal"] if settings.journald else [])])


def _target(origins: Iterable[OriginState], journal: bool) -> str:
    """What is followed, for people: `3 files, 12 containers, journal`."""
    numbers = Counter(origin.kind for origin in origins if not origin.problem)
    parts = [counted(numbers[kind], kind) for kind in (Kind.FILE, Kind.CONTAINER) if numbers[kind]]
    return ", ".join([*parts, "journal"] if journal else parts) or "nothing yet"
