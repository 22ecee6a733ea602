"""The journal: everything done, by whom, when and where, in a file that only grows.

All calls block for at most a commit (0.2 ms on a disk of today) or, while another process writes,
`database.BUSY`; a console makes them in a thread of its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import apsw

from console.clock import Clock, SystemClock
from console.errors import AlreadyStarted, JournalError
from console.journal import anchors
from console.journal.chain import GENESIS, canonical, link, masked, stamp
from console.journal.database import connect, full, told
from console.journal.entries import JSON, Entry, Kind, Unfinished
from console.journal.place import prepare
from console.journal.reader import COLUMNS, done_in, entry_of, select
from console.masks import Masks
from console.text import clean

if TYPE_CHECKING:
    from console.journal.verify import Verdict

EMPTY: Mapping[str, JSON] = MappingProxyType({})
NAME_LIMIT = 200
"""Characters of a kind, an actor, a host, a run and a step."""
ROOM = 1 << 18
"""Bytes that must be free on its disk: so many that what was begun can still be written to its end."""
_DONE = ", ".join(
    f"'{kind}'" for kind in (Kind.STARTED, Kind.ENDED, Kind.TICKED, Kind.UNTICKED, Kind.SKIPPED)
)
ANCHOR_EVERY = 256
"""Entries of ours after which the head is anchored though nobody asked."""


class Journal:
    """One process's hold of the journal. Raises JournalError from whatever cannot be read or written."""

    def __init__(self, path: Path, database: apsw.Connection, actor: str, host: str, clock: Clock) -> None:
        self.path: Final = path
        self.actor: Final = clean(actor, NAME_LIMIT)
        self.host: Final = clean(host, NAME_LIMIT)
        self.masks = Masks()
        """What is taken out of every body before it is hashed and written."""
        self._database = database
        self._clock = clock
        self._inode = _inode(path)
        self._version = self._data_version()
        self._unanchored = 0

    @classmethod
    def open(
        cls, path: Path, *, actor: str, host: str, masks: Masks | None = None, clock: Clock | None = None
    ) -> Journal:
        """The journal of this file, made with its directory when it is not there.

        Nothing that is there is ever overwritten. Raises JournalError when it is not safe to use: a link,
        another user's, on a network file system, damaged, of a newer version.
        """
        prepare(path)
        journal = cls(path, connect(path), actor, host, clock or SystemClock())
        journal.masks = masks or journal.masks
        return journal

    def close(self) -> None:
        """Anchor what is not anchored yet, and let go of the file. Never raises."""
        if self._unanchored:
            self.anchor()
        try:
            self._database.close()
        except apsw.Error:  # checkpointing on a full disk: the entries are in the write-ahead log
            self._database.close(force=True)

    # ---- writing

    def append(
        self,
        kind: str,
        *,
        run: str = "",
        step: str = "",
        body: Mapping[str, JSON] = EMPTY,
        seen: int | None = None,
    ) -> Entry:
        """One more entry, on the disk when this returns. Raises JournalError, and then there is none.

        `seen` is the last entry its writer knows of: raises AlreadyStarted when something was done about
        this step since.
        """
        text = canonical(masked(body, self.masks))
        with self._writing():
            if seen is not None:
                self._refuse_stale(run, step, seen)
            return self._insert(kind, run, step, text)

    def claim(
        self, run: str, step: str, attempt: int, body: Mapping[str, JSON] = EMPTY, *, repeat: bool = False
    ) -> Entry:
        """The entry that a step is started, for exactly one of all who ask for it at the same time.

        Raises AlreadyStarted while an earlier start has no end, when this attempt was made before, and
        after one that went well unless it is meant to be a `repeat`.
        """
        text = canonical(masked({**body, "attempt": attempt}, self.masks))
        with self._writing():
            self._refuse(run, step, attempt, repeat)
            return self._insert(Kind.STARTED, run, step, text)

    def end(self, run: str, step: str, attempt: int, body: Mapping[str, JSON] = EMPTY) -> Entry | None:
        """The entry that a started step has ended; None when another console has written it already."""
        text = canonical(masked({**body, "attempt": attempt}, self.masks))
        with self._writing():
            query = "SELECT seq FROM underway WHERE run = ? AND step = ? AND attempt = ?"
            if self._database.execute(query, (_name(run), _name(step), attempt)).get is None:
                return None
            return self._insert(Kind.ENDED, run, step, text)

    def turn(self, turns: Sequence[tuple[str, str, Mapping[str, JSON]]]) -> list[Entry]:
        """Entries of things that are one of two ways, each as kind, run and body, all at once.

        One that says what the last of its run says already is left out: of several consoles that see the
        same, the first writes it down. So is an end of what never began.
        """
        texts = [canonical(masked(body, self.masks)) for _, _, body in turns]
        written: list[Entry] = []
        with self._writing():
            for (kind, run, _), text in zip(turns, texts, strict=True):
                last = self._database.execute(
                    "SELECT kind FROM entries WHERE run = ? AND kind IN ('firing', 'resolved')"
                    " ORDER BY seq DESC LIMIT 1", (_name(run),)
                ).get  # fmt: skip
                if (last or Kind.RESOLVED) != kind:
                    written.append(self._insert(kind, run, "", text))
        return written

    def anchor(self) -> bool:
        """Tell the chain's head to the system's log and to the file of anchors; whether that took it.

        Never raises.
        """
        try:
            rows = self._rows("SELECT seq, time, hash FROM entries ORDER BY seq DESC LIMIT 1")
        except JournalError:
            return False
        if not rows:
            return False
        seq, time, digest = rows[0]
        self._unanchored = 0
        return anchors.drop(self.path, anchors.Anchor(seq, digest.hex()), time)

    def ready(self) -> None:
        """Raise JournalError when an entry could not be written now; three calls of the system, no I/O.

        A quota that is used up shows only when something is written.
        """
        self._there()
        try:
            disk = os.statvfs(self.path.parent)
        except OSError as error:
            raise JournalError(f"{self.path.parent} cannot be looked at: {error.strerror}") from None
        if disk.f_flag & os.ST_RDONLY:
            raise JournalError(f"the disk of {self.path} is read-only now", "look for its faults in dmesg")
        free = disk.f_frsize * (disk.f_bavail if os.geteuid() else disk.f_bfree)
        if free < ROOM:
            raise full(self.path)

    def _there(self) -> None:
        if _inode(self.path) != self._inode:
            reason = f"{self.path} was removed or replaced while it was in use"
            raise JournalError(reason, "put it back, or start opsconsole again to begin a new one")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        self._there()
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("COMMIT")
        except apsw.Error as error:
            raise told(error, self.path) from None
        finally:
            if database.in_transaction:
                with contextlib.suppress(apsw.Error):
                    database.execute("ROLLBACK")
        self._unanchored += 1
        if self._unanchored >= ANCHOR_EVERY:
            self.anchor()

    def _insert(self, kind: str, run: str, step: str, text: str) -> Entry:
        last = self._database.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
        time = stamp(self._clock.now())
        names = _name(kind), self.actor, self.host, _name(run), _name(step)
        digest = link(seq, time, *names, text, previous)
        row = (seq, time, *names, text, previous, digest)
        self._database.execute(f"INSERT INTO entries ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)", row)  # noqa: S608 ours
        return entry_of(row)

    def _refuse(self, run: str, step: str, attempt: int, repeat: bool) -> None:
        of_step = f"SELECT {COLUMNS} FROM entries WHERE run = ? AND step = ? AND kind = "  # noqa: S608 ours
        names = _name(run), _name(step)
        starts = self._database.execute(
            f"{of_step} 'started' ORDER BY attempt DESC LIMIT 1", names
        ).fetchone()
        if starts is None:
            return
        start = entry_of(starts)
        last = int(start.number("attempt") or 1)
        query = "SELECT seq FROM underway WHERE run = ? AND step = ?"
        if self._database.execute(query, names).get is not None:
            raise _already(start, "and has not ended")
        if last >= attempt:
            raise _already(start, f"as attempt {last}")
        ends = self._database.execute(f"{of_step} 'ended' ORDER BY seq DESC LIMIT 1", names).fetchone()
        if ends is not None and entry_of(ends).text("status") == "ok" and not repeat:
            raise _already(start, "and went well")

    def _refuse_stale(self, run: str, step: str, seen: int) -> None:
        query = f"SELECT {COLUMNS} FROM entries WHERE run = ? AND seq > ? AND step = ? AND kind IN ({_DONE})"  # noqa: S608 ours
        row = self._database.execute(f"{query} ORDER BY seq DESC LIMIT 1", (_name(run), seen, _name(step)))
        if (found := row.fetchone()) is not None:
            entry = entry_of(found)
            when = entry.time.astimezone().strftime("%H:%M:%S")
            reason = f"{entry.actor} was faster: this step was {entry.kind} at {when}"
            raise AlreadyStarted(reason, "look at it again")

    # ---- reading

    def entries(
        self,
        after: int = 0,
        run: str | None = None,
        kinds: Sequence[str] | None = None,
        limit: int = 1000,
        *,
        since: datetime | None = None,
        newest: bool = False,
    ) -> list[Entry]:
        """At most `limit` entries after a sequence number, in order; the last ones when `newest`."""
        name = None if run is None else _name(run)
        try:
            return select(self._database, after, name, kinds, limit, since, newest)
        except apsw.Error as error:
            raise told(error, self.path) from None

    def changed(self) -> bool:
        """Whether another process wrote since this was last asked; cheap: it reads no entry."""
        before, self._version = self._version, self._data_version()
        return before != self._version

    def unfinished(self) -> list[Unfinished]:
        """Steps that were started and have no end, oldest first."""
        rows = self._rows("SELECT seq, attempt FROM underway ORDER BY seq")
        return [self._unfinished(seq, attempt) for seq, attempt in rows]

    def usual(self, digest: str, limit: int = 50) -> list[float]:
        """Seconds that a step took when it went well, the newest first."""
        rows = self._rows(
            "SELECT body ->> '$.seconds' FROM entries WHERE digest = ? AND kind = 'ended'"
            " AND body ->> '$.status' = 'ok' ORDER BY seq DESC LIMIT ?",
            (digest, limit),
        )
        return [float(seconds) for (seconds,) in rows if isinstance(seconds, (int, float))]

    def last_done(self) -> dict[str, datetime]:
        """When each procedure was last gone through to its end: status `done` or `ok`."""
        try:
            return done_in(self._database)
        except apsw.Error as error:
            raise told(error, self.path) from None

    def verify(self) -> Verdict:
        """Whether every entry is as it was written, as far as can be known."""
        from console.journal.verify import verify

        return verify(self.path)

    def _unfinished(self, seq: int, attempt: int) -> Unfinished:
        start = self.entries(after=seq - 1, limit=1)[0]
        later = self.entries(after=seq, run=start.run, kinds=[Kind.SPAWNED])
        same = [entry for entry in later if entry.step == start.step and entry.number("attempt") == attempt]
        known = same[-1] if same else start
        pid, since = known.number("pid"), known.number("pid_start")
        return Unfinished(
            start, attempt, None if pid is None else int(pid), None if since is None else int(since)
        )

    def _data_version(self) -> int:
        return int(self._rows("PRAGMA data_version")[0][0])

    def _rows(self, query: str, values: Sequence[apsw.SQLiteValue] = ()) -> list[Any]:
        try:
            return self._database.execute(query, tuple(values)).fetchall()
        except apsw.Error as error:
            raise told(error, self.path) from None


def _already(start: Entry, how: str) -> AlreadyStarted:
    when = start.time.astimezone().strftime("%H:%M:%S")
    what = start.text("title") or start.step
    reason = f'"{what}" was started by {start.actor} on {start.host} at {when} {how}'
    return AlreadyStarted(reason, "look at its output, and start another attempt if it is still needed")


def _name(text: str) -> str:
    return clean(str(text), NAME_LIMIT)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_dev, info.st_ino
