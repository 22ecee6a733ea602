"""The console's own rules as a source: evaluated at a steady pace on what the other sources gave."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from console.alerts.engines.source import EngineSource
from console.clock import Clock, SystemClock
from console.config import Config
from console.errors import TimedOut
from console.files import here
from console.findings import Finding
from console.guides.places import usual_places
from console.history import History
from console.metrics import Sample, labels
from console.sources.base import Focus, Source
from console.worker import Worker

if TYPE_CHECKING:
    from console.alerts.evaluating import Evaluator
    from console.alerts.model import AlertsSnapshot

AFTER = 0.15
"""Seconds an evaluation waits for the others, which are asked on the same beat: for their samples, and until
they are drawn, because two that want the processor at once make the keys wait."""
PATIENCE = 8.0
"""Seconds a poll waits for the evaluation; the next one goes on waiting for the same."""


class AlertsSource:
    """Evaluates rules and objectives. It needs the history of the other sources: see `attach`."""

    kind = "alerts"
    deadline = 60.0
    """Reading and compiling thousands of rules takes its time, once; nobody else waits for it."""

    def __init__(self, config: Config, env: Mapping[str, str], directory: Path | None = None) -> None:
        self.name = "rules"
        self.target = "rules of this console"
        pace = config.alerts.interval
        self.cadence: Mapping[Focus, float] = dict.fromkeys(Focus, pace)
        self.one_look = False
        """Whether there is a single look only, as for `opsconsole status`."""
        self._config = config
        self._env = dict(env)
        self._directory = directory
        self._worker = Worker("rules")
        self._history = History()
        self._clock: Clock = SystemClock()
        self._evaluator: Evaluator | None = None
        self._evaluation: asyncio.Task[AlertsSnapshot] | None = None
        """The one that is going on, which may take longer than a poll."""
        self._begun = 0.0
        self._last: AlertsSnapshot | None = None

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[Source[AlertsSnapshot]]:
        """One where there are rules, or guides that may have some; and the engines that are named."""
        own = [cls(config, env)] if likely(config) else []
        return [*own, *EngineSource.discover(config, env)]

    def attach(self, history: History, clock: Clock) -> None:
        """Evaluate on this history from now on."""
        self._history, self._clock = history, clock

    async def poll(self, focus: Focus) -> AlertsSnapshot:
        """Evaluate what is due, in a thread of its own; while it takes longer, how the rules stood before.

        Raises TimedOut while the first evaluation takes longer.
        """
        if self._evaluation is None:
            self._begun = self._clock.monotonic()
            self._evaluation = asyncio.create_task(self._evaluate(), name="evaluate rules")
        evaluation = self._evaluation
        await asyncio.wait({evaluation}, timeout=PATIENCE)
        if evaluation.done():
            self._evaluation = None
            self._last = evaluation.result()
            return self._last
        told = f"the rules are being evaluated for {self._clock.monotonic() - self._begun:.0f} s now"
        if self._last is None:
            raise TimedOut(told, "shorten their ranges and subqueries")
        return replace(self._last, limited=(*self._last.limited, f"{told}: they stand as they did before"))

    async def _evaluate(self) -> AlertsSnapshot:
        if self._last is not None:
            await asyncio.sleep(AFTER)
        return await self._worker.call(self._evaluated)

    def _evaluated(self) -> AlertsSnapshot:
        if self._evaluator is None:
            from console.alerts.evaluating import Evaluator

            self._evaluator = Evaluator(self._config, self._env, self._history, self._clock, self._directory)
        return self._evaluator.evaluate(due_only=not self.one_look)

    def samples(self, snapshot: AlertsSnapshot) -> Iterable[Sample]:
        """Alerts that fire or are pending, rules in the other states. What rules record is there already."""
        from console.alerts.model import AlertState

        for state in AlertState:
            yield Sample("opsconsole_alerts", snapshot.count(state), labels(state=state.value))

    def judge(self, snapshot: AlertsSnapshot) -> Sequence[Finding]:
        """What fires and nobody has said to know of; rules that cannot be evaluated.

        In a single look nothing can fire that must be true for a while: what is true counts as a warning.
        """
        from console.alerts.verdicts import findings

        return findings(snapshot, pending=self.one_look)

    async def close(self) -> None:
        """Let go of the thread and of the journal."""
        if self._evaluation is not None:
            self._evaluation.cancel()
            self._evaluation = None
        evaluator, self._evaluator = self._evaluator, None
        if evaluator is not None:
            with suppress(TimedOut):  # it is still evaluating: the thread ends with the process
                await self._worker.call(evaluator.close)
        self._worker.stop()


def likely(config: Config) -> bool:
    """Whether there may be rules; looks for guides without reading any."""
    settings = config.alerts
    if settings.rules or settings.names or settings.objectives or config.guides.paths:
        return True
    return next(usual_places(here()), None) is not None
