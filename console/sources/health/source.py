"""Probes: each asked on its own interval by a task of its own, whatever is in view.

A poll asks nobody: it hands out what is known. Only the first waits a moment, so that one look at
everything (`status`) shows answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from console.clock import Clock, SystemClock
from console.config import Config
from console.findings import Finding, Severity, by_severity
from console.metrics import Sample
from console.sources.base import Focus
from console.sources.health.kinds import configured_probes
from console.sources.health.model import HealthSnapshot, ProbeStatus
from console.sources.health.probe import Closing, Probe
from console.sources.health.watch import Watch
from console.units import counted, duration

AT_ONCE = 20
"""Probes asked at the same time at most."""
FIRST_WAIT = 2.4
"""Seconds the first poll waits for the first answers."""
UNANSWERED = 1.5
"""Seconds without any answer yet, after which that is told."""


class HealthSource:
    """All configured probes as one source."""

    kind = "health"
    deadline = 3.0
    cadence: Mapping[Focus, float] = {Focus.HIDDEN: 2.0, Focus.GLANCE: 1.0, Focus.FULL: 1.0}

    def __init__(self, probes: Sequence[Probe], *, clock: Clock | None = None) -> None:
        self.name = "health"
        self.target = counted(len(probes), "probe")
        self._clock: Clock = clock or SystemClock()
        self._watches = [Watch(probe, self._clock) for probe in probes]
        self._tasks: list[asyncio.Task[None]] = []
        self._samples: list[Sample] = []

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[HealthSource]:
        """One source where there are probes; without any there is no pane and nothing is asked."""
        probes = configured_probes(config, env)
        return [cls(probes)] if probes else []

    async def poll(self, focus: Focus) -> HealthSnapshot:
        """What is known of every probe; the first time it waits for answers, `FIRST_WAIT` at most."""
        if not self._tasks and self._watches:
            room = asyncio.Semaphore(AT_ONCE)
            self._tasks = [
                asyncio.create_task(watch.run(room), name=f"probe {watch.probe.kind} {watch.probe.name}")
                for watch in self._watches
            ]
            await self._first_answers()
        self._samples = [sample for watch in self._watches for sample in watch.samples()]
        probes = tuple(watch.status() for watch in self._watches)
        well = tuple((probe.name, probe.text) for probe in probes if not probe.severity and probe.outcome)
        return HealthSnapshot(time=self._clock.monotonic(), probes=probes, well=well)

    async def _first_answers(self) -> None:
        try:
            async with asyncio.timeout(FIRST_WAIT):
                for watch in self._watches:
                    await watch.answered.wait()
        except TimeoutError:
            pass  # who has not answered is told as that

    def hurry(self) -> None:
        """Ask every probe now: somebody has mended something."""
        for watch in self._watches:
            watch.hurry()

    def samples(self, snapshot: HealthSnapshot) -> Iterable[Sample]:
        """What was learnt since the last poll, under the names of blackbox_exporter and of the probes."""
        return self._samples

    def judge(self, snapshot: HealthSnapshot) -> Sequence[Finding]:
        """What the probes found wrong, worst first, and who never answered."""
        return by_severity(found for probe in snapshot.probes for found in _found(probe, snapshot.time))

    async def close(self) -> None:
        """End the asking; what is open is closed by who opened it."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for watch in self._watches:
            if isinstance(watch.probe, Closing):
                watch.probe.close()


def _found(probe: ProbeStatus, now: float) -> Iterable[Finding]:
    if probe.outcome is not None:
        if probe.outcome.severity:
            yield Finding(probe.outcome.severity, probe.name, probe.outcome.text, probe.outcome.fix)
    elif probe.waiting_at is not None and now - probe.waiting_at >= UNANSWERED:
        text = f"no answer yet after {duration(now - probe.waiting_at)}"
        yield Finding(Severity.WARNING, probe.name, text, f"it may take {probe.timeout:g} s")
