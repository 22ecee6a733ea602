"""What other consoles write is followed, and whether anything can be written, from the first question on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

from console.clock import Clock
from console.errors import JournalError, OpsError
from console.journal.entries import Entry, Kind
from console.runs import gate
from console.runs.carrier import Board, Carrier, report
from console.runs.ledger import Ledger

POLL = 0.5
"""Seconds between two looks for what another console has written, and for whether there is room."""
SETTLE = 10
"""Such looks until steps that lost their console are seen to."""


class Following:
    """Keeps the open runs as the journal has them."""

    def __init__(self, board: Board, ledger: Ledger, carrier: Carrier, clock: Clock) -> None:
        self._board = board
        self._ledger = ledger
        self._carrier = carrier
        self._clock = clock
        self._beginning = asyncio.Lock()
        self._begun = False

    async def begin(self) -> None:
        """Follow from now on; called again it changes nothing. Raises JournalError; it may be tried again."""
        async with self._beginning:
            if self._begun:
                return
            await self._ledger.begin_following()
            since = self._clock.now() - gate.REPEAT
            journal, kinds = self._ledger.journal, [Kind.STARTED, Kind.ENDED]
            for entry in await self._ledger.call(journal.entries, kinds=kinds, since=since, limit=10_000):
                self._board.past.take(entry)
            await self._ledger.look()
            with contextlib.suppress(JournalError):  # tried again with every tenth look
                await self._carrier.settle()
            self._carrier.task(self._poll())
            self._begun = True

    async def _poll(self) -> None:
        for turn in itertools.count(1):
            await asyncio.sleep(POLL)
            try:
                await self._turn(turn)
            except OpsError:
                continue  # asked again; what cannot be written is told where something is to be written
            except Exception as error:  # noqa: BLE001 an entry of some other version must not end the rest
                report("an entry of the journal was not understood", error)

    async def _turn(self, turn: int) -> None:
        await self._ledger.look()
        for entry in await self._ledger.news():
            await self._take(entry)
        if self._ledger.unwritable:
            return  # what follows writes
        if turn % SETTLE == 0:
            await self._carrier.settle()
        for run in list(self._board.runs.values()):
            await self._carrier.look_after(run)

    async def _take(self, entry: Entry) -> None:
        run = self._board.runs.get(entry.run)
        if run is None:
            self._board.past.take(entry)
            return
        index = self._board.apply(run, entry)
        if entry.kind == Kind.SPAWNED and index is not None:
            await self._carrier.take_up(run, run.states[index])
