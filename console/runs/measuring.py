"""Key figures of the panes, kept with a step that changes something: from before it, at it and after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from console.guides.model import Risk
from console.journal.entries import JSON, Entry
from console.runs.ledger import Ledger
from console.runs.run import MEASURED, Run, StepState

BEFORE, AFTER = 30.0, 60.0
"""Seconds before the start and after the end of a step, at which figures are kept with it."""
Figures = Callable[[float], Mapping[str, float]]
"""The key figures of the panes as they were so many seconds ago."""


class Measuring:
    """Writes figures down beside steps. Its calls are awaited apart: no step waits for them."""

    def __init__(
        self, ledger: Ledger, apply: Callable[[Run, Entry], object], figures: Figures | None
    ) -> None:
        """`apply` takes what was written into account."""
        self._ledger = ledger
        self._apply = apply
        self._figures = figures

    def wanted(self, state: StepState) -> bool:
        """Whether figures are kept with what runs, or ran last, in this step."""
        return self._figures is not None and state.risk > Risk.READ

    async def begun(self, run: Run, state: StepState) -> None:
        """A step begins: the figures as they were before, and as they are. Raises JournalError."""
        attempt = state.attempt
        await self._keep(run, state, attempt, "before", BEFORE)
        await self._keep(run, state, attempt, "at", 0.0)

    async def ended(self, run: Run, state: StepState) -> None:
        """A step has ended: the figures after a while. Raises JournalError."""
        attempt = state.attempt
        await asyncio.sleep(AFTER)
        await self._keep(run, state, attempt, "after", 0.0)

    async def _keep(self, run: Run, state: StepState, attempt: int, when: str, ago: float) -> None:
        assert self._figures is not None
        body: dict[str, JSON] = {"when": when, "figures": dict(self._figures(ago)), "attempt": attempt}
        self._apply(run, await self._ledger.append(MEASURED, run.id, str(state.index), body))
