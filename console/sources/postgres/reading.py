"""Rows of the questions as values: the only place that knows both the columns and the model."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from console.sources.postgres.model import (
    CLIENT,
    HIDDEN,
    Counters,
    Database,
    Dated,
    Prepared,
    Progress,
    Receiver,
    Session,
    Setting,
    Slot,
    Standby,
    Wal,
)
from console.sources.postgres.rates import INTERVAL, rates
from console.sources.postgres.statements import one_line
from console.text import clean

_WITHHELD = b"<insufficient privilege>"
NAME = 80
"""Characters kept of a name."""


@lru_cache(maxsize=2048)
def name(text: str | None) -> str:
    """A name from outside, printable; empty when there is none."""
    return clean(text, NAME) if text else ""


class SessionReader:
    """Turns activity rows into sessions; a row that has not changed gives the very same session."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Session]] = {}

    def read(self, rows: Iterable[Any], own: Collection[int] = ()) -> list[Session]:
        """The sessions in the order of the rows; `own` are further process ids of ours."""
        before, known = self._known, {}
        sessions = []
        for row in rows:
            pid = row[0]
            old = before.get(pid)
            if old is not None and old[0] == row:
                known[pid] = old
                sessions.append(old[1])
                continue
            session = _session(row, row[1] or pid in own)
            known[pid] = (row, session)
            sessions.append(session)
        self._known = known
        return sessions


def _session(row: Any, own: bool) -> Session:
    (
        pid, _, leader, backend, database, user, application, client, state, wait_type, wait_event,
        since, transaction_since, query_since, state_since, xmin_age, query,
    ) = row  # fmt: skip
    if query == _WITHHELD:
        # another role's: even what kind of process it is is withheld
        backend, state, query = (CLIENT if user and database else ""), HIDDEN, b""
    elif state is None and backend == CLIENT:
        state = "starting"
    return Session(
        pid=pid,
        own=own,
        leader=leader,
        backend=name(backend),
        database=name(database),
        user=name(user),
        application=name(application),
        client=client or "",
        state=state or "",
        wait_type=name(wait_type),
        wait_event=name(wait_event),
        since=since,
        transaction_since=transaction_since,
        query_since=query_since,
        state_since=state_since,
        xmin_age=xmin_age,
        query=one_line(query) if query else "",
    )


def counters(row: Any) -> Counters:
    """The counters of one row of the databases question."""
    return Counters(
        row["xact_commit"], row["xact_rollback"], row["blks_read"], row["blks_hit"], row["tup_returned"],
        row["tup_fetched"], row["tup_inserted"], row["tup_updated"], row["tup_deleted"], row["conflicts"],
        row["temp_files"], row["temp_bytes"], row["deadlocks"], row["checksum_failures"],
    )  # fmt: skip


class DatabaseReader:
    """Turns rows of the databases question into databases with the rates since the time before."""

    def __init__(self) -> None:
        self._polls: deque[tuple[float, dict[int, Counters]]] = deque()

    def read(
        self,
        rows: Iterable[Any],
        moment: float,
        sizes: Mapping[str, float],
        growth: Mapping[str, float],
    ) -> tuple[list[Database], list[Counters]]:
        """The databases at a moment of the monotonic clock, and all counters with the shared objects'."""
        while len(self._polls) > 1 and self._polls[1][0] <= moment - INTERVAL:
            self._polls.popleft()
        begin, earlier = self._polls[0] if self._polls else (moment, {})
        found: list[Database] = []
        everything: list[Counters] = []
        now: dict[int, Counters] = {}
        for row in rows:
            after = now[row["datid"]] = counters(row)
            everything.append(after)
            if row["datname"] is None:
                continue  # the shared objects, or a database dropped this moment
            before = earlier.get(row["datid"])
            called = name(row["datname"])
            found.append(
                Database(
                    name=called,
                    template=row["template"],
                    backends=row["numbackends"] or 0,
                    xid_age=row["xid_age"] or 0,
                    mxid_age=row["mxid_age"] or 0,
                    counters=after,
                    rates=rates(before, after, moment - begin) if before is not None else None,
                    size=sizes.get(called),
                    growth=growth.get(called),
                )
            )
        self._polls.append((moment, now))
        return found, everything


def growth(
    before: Dated[Mapping[str, float]] | None, after: Dated[Mapping[str, float]] | None
) -> dict[str, float]:
    """Bytes a second by database between two askings of the sizes."""
    if before is None or after is None or after.at <= before.at:
        return {}
    seconds = after.at - before.at
    return {
        database: (size - before.value[database]) / seconds
        for database, size in after.value.items()
        if database in before.value
    }


def settings(rows: Iterable[Any]) -> dict[str, Setting]:
    """Server parameters by name."""
    return {
        row["name"]: Setting(clean(row["setting"] or "", 300), row["unit"], row["pending_restart"])
        for row in rows
    }


def prepared(rows: Iterable[Any]) -> tuple[Prepared, ...]:
    """Prepared transactions, oldest first."""
    return tuple(
        Prepared(clean(row["gid"], 200), name(row["owner"]), name(row["database"]), row["since"])
        for row in rows
    )


def standbys(rows: Iterable[Any]) -> tuple[Standby, ...]:
    """Readers of our WAL; one that is level has no lag in seconds, which means none."""
    return tuple(
        Standby(
            pid=row["pid"],
            name=name(row["application_name"]),
            user=name(row["usename"]),
            client=name(row["client"]),
            state=name(row["state"]),
            sync=name(row["sync_state"]),
            sent_bytes=row["sent_bytes"],
            write_bytes=row["write_bytes"],
            flush_bytes=row["flush_bytes"],
            replay_bytes=row["replay_bytes"],
            write_lag=_lag(row["write_lag"], row["write_bytes"]),
            flush_lag=_lag(row["flush_lag"], row["flush_bytes"]),
            replay_lag=_lag(row["replay_lag"], row["replay_bytes"]),
        )
        for row in rows
    )


def _lag(seconds: float | None, behind: float | None) -> float | None:
    return 0.0 if seconds is None and behind == 0 else seconds


def slots(rows: Iterable[Any]) -> tuple[Slot, ...]:
    """Replication slots, the one holding back most WAL first."""
    found = [
        Slot(
            name=name(row["slot_name"]),
            kind=name(row["slot_type"]),
            plugin=name(row["plugin"]),
            database=name(row["database"]),
            active=row["active"],
            temporary=row["temporary"],
            wal_status=name(row["wal_status"]),
            safe_bytes=row["safe_bytes"],
            retained_bytes=row["retained_bytes"],
            xmin_age=row["xmin_age"],
            invalid=name(row["invalid"]),
            inactive_since=row["inactive_since"],
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda slot: -(slot.retained_bytes or 0.0)))


def receiver(rows: list[Any]) -> Receiver | None:
    """Where a standby's WAL comes from; None when no receiver runs."""
    if not rows:
        return None
    row = rows[0]
    return Receiver(name(row["status"]), name(row["sender_host"]), name(row["slot_name"]), row["heard"])


def wal(row: Any) -> Wal:
    """Archiver, checkpoints and background writer; the server counts their times in milliseconds."""
    return Wal(
        archived=row["archived_count"],
        failed=row["failed_count"],
        last_archived=name(row["last_archived_wal"]),
        archived_at=row["archived_at"],
        last_failed=name(row["last_failed_wal"]),
        failed_at=row["failed_at"],
        timed=row["timed"],
        requested=row["requested"],
        write_seconds=row["write_time"] / 1e3,
        sync_seconds=row["sync_time"] / 1e3,
        buffers_written=row["buffers_written"],
        buffers_backend=row["buffers_backend"],
        buffers_clean=row["buffers_clean"],
        maxwritten=row["maxwritten_clean"],
        buffers_alloc=row["buffers_alloc"],
    )


def progress(rows: Iterable[Any]) -> tuple[Progress, ...]:
    """Commands that say how far they are."""
    return tuple(
        Progress(
            command=name(row["command"]),
            pid=row["pid"],
            database=name(row["datname"]),
            relation=clean(row["relation"] or "", 200),
            phase=name(row["phase"]),
            done=float(row["done"] or 0),
            total=float(row["total"] or 0),
        )
        for row in rows
    )
