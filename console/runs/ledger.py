"""The journal for those who may not wait: one call at a time, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from console.errors import JournalError
from console.journal.entries import JSON, Entry, Kind
from console.journal.store import Journal
from console.masks import Masks
from console.worker import Worker

P = ParamSpec("P")
R = TypeVar("R")


class Ledger:
    """A journal whose calls are awaited. What it writes is seen by nobody twice."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._failed = ""
        """Why the last entry could not be written; empty when it could."""
        self._unready = ""
        """Why the next one could not be, as far as can be told beforehand."""
        self._worker = Worker("journal")
        self._lock = asyncio.Lock()
        self._seen = 0
        self._own: set[int] = set()
        self._behind = False
        """Others have written what was not read yet."""

    @property
    def unwritable(self) -> str:
        """Why nothing may be begun: an entry could not be written, or there is no room for one."""
        return self._unready or self._failed

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """A blocking function of the journal. Raises JournalError."""
        # a waiter that is cancelled must not leave its call behind for the next one to run into
        return await asyncio.shield(asyncio.ensure_future(self._alone(lambda: function(*args, **kwargs))))

    async def _alone(self, function: Callable[[], R]) -> R:
        async with self._lock:
            return await self._worker.call(function)

    async def append(
        self, kind: str, run: str, step: str, body: Mapping[str, JSON], seen: int | None = None
    ) -> Entry:
        """One entry, on the disk when this returns. Raises JournalError, AlreadyStarted."""
        entry = await self._write(lambda: self.journal.append(kind, run=run, step=step, body=body, seen=seen))
        assert entry is not None
        return entry

    async def claim(self, run: str, step: str, attempt: int, body: Mapping[str, JSON], repeat: bool) -> Entry:
        """The start of a step, for one of all who ask. Raises JournalError, AlreadyStarted."""
        entry = await self._write(lambda: self.journal.claim(run, step, attempt, body, repeat=repeat))
        assert entry is not None
        return entry

    async def end(self, run: str, step: str, attempt: int, body: Mapping[str, JSON]) -> Entry | None:
        """The end of a step; None when another console has written it. Raises JournalError."""
        return await self._write(lambda: self.journal.end(run, step, attempt, body))

    async def _write(self, write: Callable[[], Entry | None]) -> Entry | None:
        try:
            entry = await self.call(write)
        except JournalError as error:
            self._failed = str(error)
            raise
        self._failed = ""
        if entry is not None:
            self._own.add(entry.seq)
        return entry

    async def look(self) -> None:
        """Find out whether the journal would take an entry, before anybody needs it to."""
        try:
            await self.call(self.journal.ready)
        except JournalError as error:
            self._unready = str(error)
            return
        self._unready = ""
        if self._failed:
            text = f"the journal can be written again; it could not be: {self._failed}"
            with contextlib.suppress(JournalError):  # said in `unwritable`
                await self._write(lambda: self.journal.append(Kind.NOTED, body={"text": text}))

    async def begin_following(self) -> None:
        """From now on `news` tells what others write. Raises JournalError."""
        newest = await self.call(self.journal.entries, newest=True, limit=1)
        self._seen = newest[-1].seq if newest else 0

    async def news(self) -> list[Entry]:
        """What other processes have written since this was last asked, some of it. Raises JournalError."""
        # remembered, since the journal tells it once: a reading that fails is done again
        self._behind = await self.call(self.journal.changed) or self._behind
        if not self._behind:
            return []
        more = await self.call(self.journal.entries, after=self._seen)
        if not more:
            self._behind = False
            return []
        self._seen = more[-1].seq
        found = [entry for entry in more if entry.seq not in self._own]
        self._own = {seq for seq in self._own if seq > self._seen}
        return found

    def mask(self, masks: Masks) -> None:
        """What is secret from now on."""
        self.journal.masks = masks

    async def close(self) -> None:
        """Wait for the call under way and let the thread end; the journal itself stays open."""
        async with self._lock:
            self._worker.stop()
