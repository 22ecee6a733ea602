"""The journal read by somebody who only wants to look: nothing is made, changed or locked."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw

from console.errors import JournalError
from console.journal.chain import stamp
from console.journal.database import connect, told
from console.journal.entries import Entry
from console.journal.place import check

COLUMNS = "seq, time, kind, actor, host, run, step, body, previous, hash"


def entry_of(row: Sequence[Any]) -> Entry:
    """A row of these columns as an Entry. Raises JournalError when it cannot be one."""
    seq, time, kind, actor, host, run, step, body, previous, digest = row
    try:
        return Entry(
            seq=seq, time=datetime.fromisoformat(time), kind=kind, actor=actor, host=host, run=run, step=step,
            body=json.loads(body), previous=previous.hex(), hash=digest.hex(),
        )  # fmt: skip
    except (ValueError, TypeError, AttributeError):
        raise JournalError(
            f"entry {seq} of the journal was changed", "see opsconsole journal verify"
        ) from None


def select(
    database: apsw.Connection,
    after: int = 0,
    run: str | None = None,
    kinds: Sequence[str] | None = None,
    limit: int = 1000,
    since: datetime | None = None,
    newest: bool = False,
) -> list[Entry]:
    """At most `limit` entries after a sequence number, in order; the last ones when `newest`."""
    where: list[str] = ["seq > ?"]
    values: list[apsw.SQLiteValue] = [after]
    if since is not None:
        # by number first: the clock may have been set back, so that time alone gives no order
        first = database.execute("SELECT min(+seq) FROM entries WHERE time >= ?", (stamp(since),)).get
        if not isinstance(first, int):
            return []
        where, values = [*where, "time >= ?"], [max(after, first - 1), stamp(since)]
    if run is not None:
        where, values = [*where, "run = ?"], [*values, run]
    order = "DESC" if newest else "ASC"

    def rows(*more: str) -> list[Any]:
        told = " AND ".join([*where, *("kind = ?" for _ in more)])
        query = f"SELECT {COLUMNS} FROM entries WHERE {told} ORDER BY seq {order} LIMIT ?"  # noqa: S608 our words
        return database.execute(query, (*values, *more, limit)).fetchall()

    # each kind by its index: all of them in one question would be read and sorted whole
    found = rows() if kinds is None else [row for kind in dict.fromkeys(kinds) for row in rows(str(kind))]
    found.sort(key=lambda row: row[0])
    return [entry_of(row) for row in (found[-limit:] if newest else found[:limit])]


@contextlib.contextmanager
def snapshot(path: Path) -> Iterator[apsw.Connection]:
    """The journal as it is at this moment. Raises JournalError."""
    check(path)
    database = connect(path, reading=True)
    try:
        database.execute("BEGIN")
        yield database
    finally:
        database.close(force=True)


def read(path: Path, *, run: str | None, since: datetime | None, limit: int) -> list[Entry]:
    """The last entries, of a run or since a time. Raises JournalError."""
    try:
        with snapshot(path) as database:
            return select(database, run=run, since=since, limit=limit, newest=True)
    except apsw.Error as error:
        raise told(error, path) from None


def done_in(database: apsw.Connection) -> dict[str, datetime]:
    """When each procedure was last gone through to its end: status `done` or `ok`."""
    rows = database.execute(
        "SELECT procedure, max(time) FROM entries INDEXED BY done"
        " WHERE kind = 'closed' AND procedure IS NOT NULL AND body ->> '$.status' IN ('done', 'ok')"
        " GROUP BY procedure"
    ).fetchall()
    return {str(procedure): datetime.fromisoformat(str(time)) for procedure, time in rows}


def last_done(path: Path) -> dict[str, datetime]:
    """What `done_in` tells of a journal, which is only looked at; of none, nothing. Raises JournalError."""
    if not path.exists():
        return {}
    try:
        with snapshot(path) as database:
            return done_in(database)
    except apsw.Error as error:
        raise told(error, path) from None
