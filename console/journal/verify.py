"""Whether the journal is as it was written: the file, the chain, and what is known of its head elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import apsw

from console.journal.anchors import Anchor, kept
from console.journal.chain import GENESIS, link
from console.journal.database import Damaged, schema, told
from console.journal.reader import snapshot
from console.text import clean

BEYOND = "entries cut off after the last anchor, or rewritten since, cannot be told from ones never written"
"""What no journal can show of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found. `bad` is the first entry that is not as it was written, where one can be named."""

    ok: bool
    entries: int
    head: str
    """The hash of the last entry that is right, in hexadecimal; empty when there is none."""
    bad: int | None = None
    reason: str = ""
    anchors: int = 0
    """Anchors that were compared."""
    anchored: int = 0
    """The last entry that an anchor vouches for."""


class _Broken(Exception):
    def __init__(self, reason: str, bad: int | None = None) -> None:
        super().__init__(reason)
        self.bad = bad


class _Chain:
    """Follows the chain entry by entry, holding nothing but its head and the anchors ahead."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self.seq = 0
        self.hash = GENESIS
        self.compared = 0
        self.anchored = 0
        self._anchors = sorted(anchors, key=lambda anchor: anchor.seq)

    def follow(self, database: apsw.Connection) -> None:
        query = (
            "SELECT seq, time, kind, actor, host, run, step, body, previous, hash FROM entries ORDER BY seq"
        )
        for seq, time, kind, actor, host, run, step, body, previous, digest in database.execute(query):
            if seq != self.seq + 1:
                raise _Broken(f"entry {self.seq + 1} is missing", self.seq + 1)
            texts = (time, kind, actor, host, run, step, body)
            if not all(isinstance(text, str) for text in texts) or not isinstance(digest, bytes):
                raise _Broken(f"entry {seq} is not made of text", seq)
            if previous != self.hash:
                raise _Broken(f"entry {seq} does not follow entry {self.seq}", seq)
            if link(seq, *texts, previous) != digest:
                raise _Broken(f"entry {seq} was changed", seq)
            self.seq, self.hash = seq, digest
            self._compare()
        if self._anchors:
            wanted = self._anchors[-1]
            reason = f"entries {self.seq + 1} to {wanted.seq} were cut off: {wanted.origin} knows of them"
            raise _Broken(reason, self.seq + 1)

    def _compare(self) -> None:
        while self._anchors and self._anchors[0].seq <= self.seq:
            anchor = self._anchors.pop(0)
            if anchor.seq == self.seq and anchor.hash != self.hash.hex():
                reason = f"entry {self.seq} or one before it was rewritten: {anchor.origin} has another hash"
                raise _Broken(reason, self.seq)
            self.compared += 1
            self.anchored = max(self.anchored, anchor.seq)


def verify(path: Path, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Read all of the journal once, whoever writes meanwhile; the verdict. Memory does not grow with it.

    `anchors` are held against it beside those of its own file. Raises JournalError when there is nothing
    that could be read: no file, another's, of a newer version.
    """
    # before the entries are read: an anchor of one written meanwhile would seem to be cut off
    chain = _Chain([*kept(path), *anchors])
    bad, reason = None, ""
    try:
        with snapshot(path) as database:
            chain.follow(database)
            _tables_agree(database)
            _intact(database)
    except _Broken as broken:
        bad, reason = broken.bad, str(broken)
    except (apsw.BusyError, apsw.LockedError) as error:
        raise told(error, path) from None
    except (Damaged, apsw.Error, UnicodeError) as error:
        bad, reason = chain.seq + 1, f"the file is damaged: {clean(str(error), 200)}"
    return Verdict(
        ok=not reason,
        entries=chain.seq,
        head=chain.hash.hex() if chain.seq else "",
        bad=bad,
        reason=reason,
        anchors=chain.compared,
        anchored=chain.anchored,
    )


def _tables_agree(database: apsw.Connection) -> None:
    """What stands beside the entries says what they say, and the triggers that guard them are there."""
    reference = apsw.Connection(":memory:")
    reference.execute(schema())
    query = (
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    if database.execute(query).fetchall() != reference.execute(query).fetchall():
        raise _Broken("the tables, indexes or triggers of the file were changed")
    odd = database.execute(
        """
        WITH open AS (
            SELECT run, step, attempt, max(seq) FILTER (WHERE kind = 'started') AS seq FROM entries
            WHERE kind IN ('started', 'ended') GROUP BY run, step, attempt
            HAVING max(entries.seq) FILTER (WHERE kind = 'started')
                > coalesce(max(entries.seq) FILTER (WHERE kind = 'ended'), 0)
        )
        SELECT seq FROM (SELECT * FROM open EXCEPT SELECT run, step, attempt, seq FROM underway)
        UNION ALL
        SELECT seq FROM (SELECT run, step, attempt, seq FROM underway EXCEPT SELECT * FROM open)
        LIMIT 1
        """
    ).get
    if odd is not None:
        raise _Broken("the list of steps under way does not say what the entries say", int(str(odd)))


def _intact(database: apsw.Connection) -> None:
    said = str(database.execute("PRAGMA integrity_check(1)").get)
    if said != "ok":
        raise _Broken(f"the file is damaged: {clean(said, 200)}")
