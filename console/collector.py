"""Polls sources on their cadence, with a deadline and back-off; whatever a source raises ends here.

One task a source, so polls of one source never overlap and no source waits for another. A failure
becomes a Reading like any other; the next try comes sooner at first and later while it fails.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from console.clock import Clock, SystemClock
from console.errors import AGAIN, NotFound, Refused, SourceError, TimedOut
from console.findings import Finding, Severity, by_severity
from console.history import History
from console.metrics import Labels, Sample, labels
from console.sources.base import AnySource, Focus, Reading, State

if TYPE_CHECKING:
    from console.config import Limits
    from console.logs.streams import Selection, Wanted

BACKOFF_CAP = 6.0
"""Seconds at most between two tries of a failing source: it must be back within 10 s of its server."""
PIECE, PAUSE = 250, 0.002
"""Samples that are taken at once, in a millisecond or two, and seconds between: there may be thousands."""
STOP_LIMIT = 1.0
"""Seconds that polls under way may take to end once they are cancelled."""
CLOSE_LIMIT = 1.0
"""Seconds a source may take to close."""

AnyReading = Reading[Any]


def own_labels(source: AnySource) -> Labels:
    """The labels of what is told of a source itself, such as `up`: its kind is its job."""
    return labels(job=source.kind, source=source.name)


@runtime_checkable
class Judging(Protocol):
    """A source that judges what the others give, such as rules: it reads the history of them all."""

    one_look: bool
    """Whether it is asked for a single look, in which nothing can last."""

    def attach(self, history: History, clock: Clock) -> None:
        """Read this history from now on."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A source of things whose log lines come when they are asked for, such as pods."""

    def outputs(self, subject: Any, part: str = "", previous: bool = False) -> Sequence[Wanted]:
        """The lines of a thing or of a part of it, or of its run before; empty where it is not there."""
        ...


@runtime_checkable
class Selecting(Protocol):
    """A source of things with labels whose log lines come when they are asked for, such as pods."""

    def selection(self, selector: str, namespace: str = "", context: str = "") -> Selection:
        """The things with these labels, those to come too. Raises UsageError for what is no selector."""
        ...


@runtime_checkable
class Gathering(Protocol):
    """A source of things that others belong to whose log lines come when they are asked for."""

    def belonging(self, subject: Any) -> Selection:
        """What belongs to a thing, what is to come too."""
        ...


@runtime_checkable
class Following(Protocol):
    """A source that shows log lines of others: the logs."""

    def follow(self, wanted: Sequence[Wanted]) -> None:
        """Show these too, from now on."""
        ...

    def select(self, selection: Selection) -> None:
        """Show those of a selection, as it is from now on, in place of the one before."""
        ...


@runtime_checkable
class Documented(Protocol):
    """A source of things that it can give as a whole, such as the objects of a cluster."""

    async def document(self, subject: Any) -> Sequence[str]:
        """The lines of its text, secrets masked. Raises SourceError."""
        ...


@dataclass(slots=True)
class Feed:
    """What is known of one source now: the newest reading, and the newest good one."""

    source: AnySource
    reading: AnyReading | None = None
    good: AnyReading | None = None
    failing_since: datetime | None = None
    next_try: float = 0.0
    """When a failing source is asked again, on the monotonic clock."""

    @property
    def state(self) -> State:
        """What a pane should say of the source."""
        if self.reading is None:
            return State.CONNECTING
        if self.reading.error is None:
            return State.LIVE
        if isinstance(self.reading.error, NotFound) and self.good is None:
            return State.NOT_FOUND
        if isinstance(self.reading.error, Refused):
            return State.REFUSED
        return State.STALE

    @property
    def snapshot(self) -> Any:
        """The newest snapshot, possibly stale; None before the first."""
        return self.good.snapshot if self.good else None

    @property
    def known(self) -> Any:
        """What a failing source says of itself all the same, else the newest snapshot."""
        error = self.reading.error if self.reading else None
        return self.snapshot if error is None or error.known is None else error.known

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong: the source itself when it fails, then what its last good snapshot showed."""
        if self.reading is None or self.reading.error is None:
            return self.good.findings if self.good else ()
        if self.state is State.NOT_FOUND:
            return ()
        error = self.reading.error
        down = Finding(Severity.CRITICAL, self.source.name, error.reason, error.fix)
        before = self.good.findings if self.good else ()
        return (down, *(finding for finding in before if finding.subject not in error.covers))


@runtime_checkable
class Hasty(Protocol):
    """A source that asks at times of its own, and can be told to ask now."""

    def hurry(self) -> None:
        """Ask now; the answers come with later polls."""
        ...


@runtime_checkable
class Waking(Protocol):
    """A source whose news come by themselves: it has itself polled when some of them cannot wait."""

    wake: Callable[[], None]
    """Set before the first poll; to be called on the event loop."""


@runtime_checkable
class Limited(Protocol):
    """A source that judges by limits, and takes those of the guides once they are known."""

    limits: Limits


Listener = Callable[[Feed], None]


class Collector:
    """Runs every source's loop, keeps the feeds and the history, tells the listeners.

    `listen` callbacks run on the event loop right after each reading and must not block.
    """

    def __init__(
        self,
        sources: Iterable[AnySource],
        history: History | None = None,
        clock: Clock | None = None,
        interval: float = 1.0,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.history = history if history is not None else History()
        self.feeds: dict[str, Feed] = {}
        self.interval = interval
        """Multiplies every source's cadence: 2.0 polls half as often."""
        self._sources = list(sources)
        for source in self._sources:
            if source.name in self.feeds:
                raise ValueError(f"two sources are named {source.name!r}")
            self.feeds[source.name] = Feed(source)
            if isinstance(source, Judging):
                source.attach(self.history, self.clock)
        self._focus: dict[str, Focus] = {}
        self._wake: dict[str, asyncio.Event] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._epoch = 0.0
        """The first beat, on the monotonic clock."""
        self._listeners: list[Listener] = []

    @property
    def sources(self) -> Sequence[AnySource]:
        """The sources polled, in the order given."""
        return self._sources

    def listen(self, listener: Listener) -> None:
        """Call this after every reading."""
        self._listeners.append(listener)

    def focus(self, name: str) -> Focus:
        """How closely a source is being looked at."""
        return self._focus.get(name, Focus.HIDDEN)

    def look(self, name: str, focus: Focus) -> None:
        """Say how closely a source is looked at; looking closer polls it at once."""
        before = self._focus.get(name, Focus.HIDDEN)
        self._focus[name] = focus
        if focus > before and name in self._wake:
            self._wake[name].set()

    def refresh(self) -> None:
        """Poll everything now, failing sources too; those that ask by themselves are told to `hurry`."""
        for source in self._sources:
            if isinstance(source, Hasty):
                with suppress(Exception):  # its poll, which is woken here, says what it suffers from
                    source.hurry()
        for event in self._wake.values():
            event.set()

    def start(self) -> None:
        """Begin polling; needs a running event loop."""
        self._epoch = self.clock.monotonic()
        for source in self._sources:
            wake = self._wake[source.name] = asyncio.Event()
            if isinstance(source, Waking):
                source.wake = wake.set
            task = asyncio.create_task(self._run(source), name=f"poll {source.name}")
            self._tasks.append(task)

    async def stop(self) -> None:
        """End polling and close every source, each within a bounded time."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_LIMIT)
        self._tasks.clear()
        await asyncio.gather(*(_close(source) for source in self._sources))

    async def once(self, focus: Focus = Focus.GLANCE) -> list[AnyReading]:
        """Poll every source once, side by side, without starting the loops."""
        return list(await asyncio.gather(*(self._poll(s, focus) for s in self._sources)))

    async def _run(self, source: AnySource) -> None:
        feed, wake, failures = self.feeds[source.name], self._wake[source.name], 0
        task = asyncio.current_task()
        while True:
            wake.clear()  # before the poll: whoever looks closer or refreshes during it is not forgotten
            started = self.clock.monotonic()
            reading = await self._poll(source, self.focus(source.name))
            if task is not None and task.cancelling():
                return  # a driver swallowed it, as asyncio.wait_for of Python 3.11 does now and then
            failures = failures + 1 if reading.error else 0
            period = source.cadence[self.focus(source.name)] * self.interval
            now = self.clock.monotonic()
            if failures:
                # the power is bounded too: after hours of failing it would leave the floats
                delay = min(BACKOFF_CAP, max(1.0, period) * 1.5 ** min(failures - 1, 9))
                due = now + delay * random.uniform(0.8, 1.0)
            else:
                due = self._beat(started, now, period)
            feed.next_try = due
            try:
                async with asyncio.timeout(due - now):
                    await wake.wait()
            except TimeoutError:
                pass

    def _beat(self, started: float, now: float, period: float) -> float:
        """When a source is asked next: on a beat that all sources share, so that one drawing serves them.

        A poll longer than its period drops those it missed and rests for half of one; after a poll out
        of turn the next is at least that far away too, because a rate over a moment is noise.
        """
        rested = now if now < started + period else now + period / 2
        earliest = max(rested, started + period / 2) - self._epoch
        return self._epoch + (math.floor(earliest / period + 1e-6) + 1) * period

    async def _poll(self, source: AnySource, focus: Focus) -> AnyReading:
        started, snapshot = self.clock.monotonic(), None
        error: SourceError | None = None
        samples: list[Sample] = []
        findings: tuple[Finding, ...] = ()
        try:
            async with asyncio.timeout(source.deadline):
                snapshot = await source.poll(focus)
            findings = tuple(by_severity(source.judge(snapshot)))
            for sample in source.samples(snapshot):
                samples.append(sample)
                if len(samples) % PIECE == 0:
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            error = TimedOut(f"no answer within {source.deadline:g} s", AGAIN)
        except SourceError as failure:
            error = failure
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # not ours: something within the source was cancelled, which must not end its loop
            error = SourceError("the question was cancelled from within", AGAIN)
        except Exception as failure:  # noqa: BLE001 a defect of one source is a reading too
            error = SourceError(f"{type(failure).__name__}: {failure}"[:300])
        if error is not None:
            snapshot, findings = None, ()
            samples.clear()
        ended = self.clock.monotonic()
        reading: AnyReading = Reading(
            source.name, self.clock.now(), ended, ended - started, snapshot, error, findings
        )
        await self._keep(source, reading, samples)
        self._record(source, reading)
        return reading

    async def _keep(self, source: AnySource, reading: AnyReading, samples: list[Sample]) -> None:
        """Have the samples in the history, a piece at a time."""
        answered = reading.error is None
        self.history.add(reading.monotonic, samples[:PIECE], source.name, answered=answered)
        for start in range(PIECE, len(samples), PIECE):
            await asyncio.sleep(PAUSE)
            self.history.add(reading.monotonic, samples[start : start + PIECE], source.name)

    def _record(self, source: AnySource, reading: AnyReading) -> None:
        feed = self.feeds[source.name]
        feed.reading = reading
        if reading.error is None:
            feed.good, feed.failing_since = reading, None
        elif feed.failing_since is None:
            feed.failing_since = reading.time
        own = own_labels(source)
        if feed.state is not State.NOT_FOUND:  # what this host never had is not down
            asked = (
                Sample("up", 0.0 if reading.error else 1.0, own),
                Sample("scrape_duration_seconds", reading.duration, own),
            )
            self.history.add(reading.monotonic, asked)
        for listener in self._listeners:
            try:
                listener(feed)
            except Exception as failure:  # noqa: BLE001 a defect of who listens must not end the asking
                asyncio.get_running_loop().call_exception_handler(
                    {"message": f"a listener of {source.name} failed", "exception": failure}
                )


async def _close(source: AnySource) -> None:
    try:
        async with asyncio.timeout(CLOSE_LIMIT):
            await source.close()
    except Exception:  # noqa: BLE001, S110 whatever a driver raises at its end
        pass  # on the way out there is nobody left to tell
