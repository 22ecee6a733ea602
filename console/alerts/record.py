"""The journal as alerts want it: what others wrote since the last look, by a connection that only reads.

So it works where nothing is ever written: for `status` too.
All of it blocks, for less than a millisecond where nothing is new; it is called in a thread.
"""

from __future__ import annotations

from pathlib import Path

import apsw

from console.alerts.handling import Handling
from console.errors import JournalError
from console.journal.database import connect, told
from console.journal.entries import Entry, Kind
from console.journal.place import check
from console.journal.reader import select, snapshot

SAID = (Kind.ACKNOWLEDGED, Kind.SILENCED, Kind.EXPIRED)
TURNED = (Kind.FIRING, Kind.RESOLVED, Kind.NOTED)
FIRST = 5000
"""Entries of each sort looked back through at first; silences are at most 30 days long."""
NEXT = 1000


class Record:
    """Keeps a Handling as the journal has it. `refresh` before each use; `close` at the end."""

    def __init__(self, path: Path) -> None:
        self.handling = Handling()
        self.failure = ""
        """Why the journal cannot be read, in one sentence; empty while it can, or where there is none."""
        self._path = path
        self._database: apsw.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._version = -1
        self._seen = 0

    def refresh(self) -> bool:
        """Read what is new; whether anything was. Begins no journal, and never raises."""
        try:
            return self._refresh()
        except JournalError as error:
            self.failure = str(error)
        except apsw.Error as error:
            self.failure = str(told(error, self._path))
        self._let_go()
        return False

    def close(self) -> None:
        """Let go of the file."""
        self._let_go()

    def _let_go(self) -> None:
        database, self._database, self._file = self._database, None, None
        if database is not None:
            database.close(force=True)

    def _refresh(self) -> bool:
        try:
            stat = self._path.stat()
        except OSError:
            self._let_go()  # there is none yet, or it was moved away
            self.failure = ""
            return False
        file = stat.st_dev, stat.st_ino
        if self._database is None or file != self._file:
            self._let_go()
            check(self._path)
            self._database = connect(self._path, reading=True)
            self.handling.forget()
            self._file, self._version, self._seen = file, -1, 0
        version = self._database.pragma("data_version")
        if version == self._version and self._seen:
            return False
        entries = self._news(self._database)
        self.failure = ""
        if len(entries) < NEXT:
            self._version = version
        self.handling.take(entries)
        return bool(entries)

    def _news(self, database: apsw.Connection) -> list[Entry]:
        if self._seen:
            found = select(database, after=self._seen, limit=NEXT)
            self._seen = found[-1].seq if found else self._seen
            return found
        database.execute("BEGIN")  # of one moment: what is written meanwhile is read with the next look
        try:
            last = database.execute("SELECT max(seq) FROM entries").get
            said = select(database, kinds=SAID, limit=FIRST, newest=True)
            rest = select(database, kinds=TURNED, limit=FIRST, newest=True)
        finally:
            database.execute("COMMIT")
        self._seen = last if isinstance(last, int) else 0
        return sorted((*said, *rest), key=lambda entry: entry.seq)


def turned(path: Path) -> list[Entry]:
    """The newest entries of alerts that began to fire or ended. Blocks; raises JournalError."""
    try:
        with snapshot(path) as database:
            return select(database, kinds=[Kind.FIRING, Kind.RESOLVED], limit=FIRST, newest=True)
    except apsw.Error as error:
        raise told(error, path) from None
