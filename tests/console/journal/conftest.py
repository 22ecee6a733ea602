"""A journal in a private directory, on a clock that is held still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.journal.store import Journal


class Clock:
    """Goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The time, a second after the last."""
        self.time += timedelta(seconds=1)
        return self.time

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.time.timestamp()


Open = Callable[..., Journal]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A directory of our own, as the journal wants it."""
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def clock() -> Clock:
    """Nine in the morning."""
    return Clock()


@pytest.fixture
def opened(private: Path, clock: Clock) -> Iterator[Open]:
    """Opens the journal of this test, as often as asked, for whom is asked; closes it afterwards."""
    journals = []

    def one(actor: str = "ana") -> Journal:
        journals.append(Journal.open(private / "journal.db", actor=actor, host="db-1", clock=clock))
        return journals[-1]

    yield one
    for journal in journals:
        journal.close()


@pytest.fixture
def journal(opened: Open) -> Journal:
    """An empty one."""
    return opened()
