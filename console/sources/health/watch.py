"""One probe asked on its interval, and what is remembered of it."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from console.clock import Clock
from console.errors import SourceError
from console.findings import Severity
from console.metrics import STALE, Labels, Sample
from console.secrets import redact
from console.sources.health.model import ProbeStatus
from console.sources.health.probe import Outcome, Probe
from console.text import clean

Identities = set[tuple[str, Labels]]
"""Of series: name and labels."""
MANY = 1000
"""Samples of one outcome that are compared in a thread: hashing ten thousand takes 30 ms."""
KEPT = 100
"""Askings of which durations are remembered."""
SHOWN = 60
"""Of these, the newest that a snapshot holds."""
FIRST_SPREAD = 0.2
"""Seconds over which the first askings are spread, so that not all begin in one moment."""
REPEAT = 30.0
"""Seconds after which samples of a probe with a longer interval are told again: rules take a series for
ended that stays away for much longer than before, and look back five minutes at most."""


class Watch:
    """Asks one probe again and again; never twice at once, never past its timeout."""

    def __init__(self, probe: Probe, clock: Clock) -> None:
        self.probe = probe
        self.answered = asyncio.Event()
        """Set once it was asked to the end."""
        self._hurried = asyncio.Event()
        self._clock = clock
        self._waiting_at: float | None = None
        self._recent: deque[tuple[Severity, float]] = deque(maxlen=KEPT)
        self._samples: tuple[Sample, ...] = ()
        self._told: Identities = set()
        """The series of the newest outcome."""
        self._gone: Identities = set()
        """Those that have ended, until that is told."""
        self._new = False
        self._tell_at = -math.inf
        self._status = ProbeStatus(
            kind=probe.kind,
            name=probe.name,
            target=probe.target,
            labels=probe.labels,
            interval=probe.interval,
            timeout=probe.timeout,
        )

    async def run(self, room: asyncio.Semaphore) -> None:
        """Ask for ever; `room` bounds how many probes are asked at once."""
        await asyncio.sleep(random.uniform(0, min(FIRST_SPREAD, self.probe.interval)))
        period = self.probe.interval
        due = self._clock.monotonic() - period * random.uniform(0, 0.3)
        task = asyncio.current_task()
        while True:
            async with room:
                await self.ask()
            if task is not None and task.cancelling():
                return  # a driver swallowed it, as asyncio.wait_for of Python 3.11 does now and then
            now = self._clock.monotonic()
            due += period
            if due <= now:
                due = now + period  # it took longer than its interval: those times are dropped
            self._hurried.clear()
            try:
                async with asyncio.timeout(due - now):
                    await self._hurried.wait()
                due = self._clock.monotonic()
            except TimeoutError:
                pass

    def hurry(self) -> None:
        """Ask now instead of when it is due; not while an answer is awaited."""
        self._hurried.set()

    async def ask(self) -> Outcome:
        """Ask once, within the probe's timeout; whatever goes wrong is an outcome."""
        asked, started = self._clock.now(), self._clock.monotonic()
        self._waiting_at = started
        try:
            async with asyncio.timeout(self.probe.timeout):
                outcome = await self.probe.ask(asked)
        except TimeoutError:
            outcome = Outcome(severity=Severity.CRITICAL, text=f"no answer within {self.probe.timeout:g} s")
        except SourceError as error:
            outcome = Outcome(severity=Severity.CRITICAL, text=error.reason, fix=error.fix)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            outcome = Outcome(severity=Severity.CRITICAL, text="the question was cancelled from within")
        except Exception as failure:  # noqa: BLE001 a defect of one probe must not end the others
            text = clean(redact(f"{type(failure).__name__}: {failure}"), 300)
            outcome = Outcome(
                severity=Severity.CRITICAL, text=text, fix="a defect of the probe; please report it"
            )
        finally:
            self._waiting_at = None
        await self._keep(outcome, asked, started, self._clock.monotonic() - started)
        return outcome

    async def _keep(self, outcome: Outcome, asked: datetime, started: float, took: float) -> None:
        before = self._status
        same = before.outcome is not None and before.outcome.severity is outcome.severity
        self._recent.append((outcome.severity, took))
        # a refusal takes no time, and says nothing about how long an answer does
        ordered = sorted(seconds for severity, seconds in self._recent if severity is not Severity.CRITICAL)
        failed = outcome.severity is Severity.CRITICAL
        self._status = replace(
            before,
            target=self.probe.target,
            outcome=replace(outcome, samples=()),
            asked=asked,
            asked_at=started,
            took=took,
            since=before.since if same else asked,
            since_at=before.since_at if same else started,
            found_so=before.found_so if same else before.outcome is None,
            recent=tuple(self._recent)[-SHOWN:],
            p50=quantile(ordered, 0.5) if ordered else None,
            p95=quantile(ordered, 0.95) if ordered else None,
            asked_times=before.asked_times + 1,
            failed_times=before.failed_times + failed,
        )
        own = self.probe.labels
        samples = (
            Sample("probe_success", 0.0 if failed else 1.0, own),
            Sample("probe_duration_seconds", took, own),
            *outcome.samples,
        )
        if len(samples) > MANY:
            told, gone = await asyncio.to_thread(_compare, samples, self._told, self._gone)
        else:
            told, gone = _compare(samples, self._told, self._gone)
        self._samples, self._told, self._gone = samples, told, gone
        self._new = True
        self.answered.set()

    def status(self) -> ProbeStatus:
        """The probe as it stands."""
        waiting = self._waiting_at
        return self._status if waiting is None else replace(self._status, waiting_at=waiting)

    def samples(self) -> Sequence[Sample]:
        """The numbers of the newest outcome: once, or every `REPEAT` seconds where it is asked less often.

        A series that is no longer there ends with one `STALE`, as in Prometheus.
        """
        now = self._clock.monotonic()
        if self.probe.interval > REPEAT:  # at a steady pace, whenever it was asked in between
            if not self._samples or now < self._tell_at:
                return ()
            self._tell_at = (self._tell_at if now - self._tell_at < REPEAT else now) + REPEAT
        elif not self._new:
            return ()
        self._new = False
        gone, self._gone = self._gone, set()
        return (*self._samples, *(Sample(name, STALE, pairs) for name, pairs in gone))


def _compare(samples: Sequence[Sample], told: Identities, gone: Identities) -> tuple[Identities, Identities]:
    """The series there are now, and those that are no more and of which that was not said yet."""
    now = {(sample.name, sample.labels) for sample in samples}
    # one by one: a difference of sets is a single step, in which no other thread gets its turn
    missing = {one for before in (told, gone) for one in before if one not in now}
    return now, missing


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of the ordered values does not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
