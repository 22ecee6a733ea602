"""The journal's SQLite file, opened the one way that keeps it whole; SQLite's errors as sentences."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import apsw

from console.errors import JournalError
from console.journal.anchors import begun

OLDEST = (3, 51, 3)
"""SQLite before it may damage a file in WAL mode that two connections write or checkpoint."""
SCHEMA = 1
APPLICATION = 0x6F707363
"""SQLite's application_id of the file: `opsc`."""
BUSY = 5000
"""Milliseconds to wait for another process that writes; none does for long."""
WAL_LIMIT = 4 << 20
"""Bytes the write-ahead log is cut down to once its content is in the file."""
_APART = "move it away with all files of its name and keep them; the next start begins a new one"


class Damaged(JournalError):
    """The file is not one that SQLite can read; it is left as it is."""


@cache
def schema() -> str:
    """The tables, indexes and triggers."""
    return (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")


def connect(path: Path, *, reading: bool = False) -> apsw.Connection:
    """The journal's file, which exists, with its tables; made when it is empty and not for `reading`.

    Raises JournalError.
    """
    version = apsw.sqlite_lib_version()
    if tuple(map(int, version.split(".")[:3])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        reason = f"SQLite {version} may damage a journal that two consoles write; it takes {oldest} or newer"
        raise JournalError(reason, f'pip install "apsw>={oldest}"')
    end = time.monotonic() + BUSY / 1000
    while True:
        try:
            return _connected(path, reading)
        except apsw.BusyError as error:
            # SQLite does not wait by itself where two begin at once: one of them turns the file into WAL mode
            if time.monotonic() > end:
                raise told(error, path) from None
            time.sleep(0.02)
        except apsw.Error as error:
            raise told(error, path) from None


def _connected(path: Path, reading: bool) -> apsw.Connection:
    database = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        database.set_busy_timeout(BUSY)
        _recognise(database, path, reading)
        if not reading:
            database.pragma("journal_mode", "WAL")
            database.pragma("journal_size_limit", WAL_LIMIT)
        database.pragma("synchronous", "FULL")
        database.pragma("query_only", reading)
    except (apsw.Error, JournalError):
        database.close(force=True)
        raise
    return database


def _recognise(database: apsw.Connection, path: Path, reading: bool) -> None:
    if not reading and not database.pragma("application_id"):
        _create(database)
    version, application = database.pragma("user_version"), database.pragma("application_id")
    if application != APPLICATION:
        raise JournalError(f"{path} is not a journal of opsconsole", "name another under [journal] path")
    if version > SCHEMA:
        reason = f"{path} was written by a newer opsconsole (schema {version}, this one knows {SCHEMA})"
        raise JournalError(reason, "use that version, or name another file under [journal] path")
    if not reading and database.readonly("main"):
        raise JournalError(f"{path} cannot be written", f"give yourself the right: chmod u+w {path}")


def _tables(database: apsw.Connection) -> int:
    count = database.execute("SELECT count(*) FROM sqlite_schema").get
    assert isinstance(count, int)
    return count


def _create(database: apsw.Connection) -> None:
    """Make the tables where there are none: another console may be at the same at this moment."""
    database.execute("BEGIN IMMEDIATE")
    try:
        if not _tables(database):
            database.execute(schema())
            database.pragma("application_id", APPLICATION)
            database.pragma("user_version", SCHEMA)
            begun(Path(database.filename))
        database.execute("COMMIT")
    except apsw.Error:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def full(path: Path) -> JournalError:
    """There is no room for another entry."""
    return JournalError(f"the disk of {path} is full: nothing can be recorded", "make room on it")


def told(error: apsw.Error, path: Path) -> JournalError:
    """What SQLite refused, for people, with what mends it."""
    reason, fix = f"{path}: {error}", "see opsconsole journal verify"
    if isinstance(error, apsw.FullError):
        return full(path)
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        reason, fix = f"another process holds {path}", "end what uses it: fuser " + str(path)
    elif isinstance(error, (apsw.NotADBError, apsw.CorruptError)):
        return Damaged(f"{path} is damaged ({error}) and is left as it is", _APART)
    elif isinstance(error, (apsw.ReadOnlyError, apsw.PermissionsError, apsw.CantOpenError)):
        reason, fix = (
            f"{path} cannot be written",
            "check its owner and rights, and whether its disk is read-only",
        )
    elif isinstance(error, apsw.IOError):
        reason, fix = f"the disk of {path} fails or is full: {error}", "check it with df and dmesg"
    return JournalError(reason, fix)
