"""What one poll of a PostgreSQL server tells, as frozen values; every text in them is clean.

Times named `since`, `..._since` or `..._at` are seconds since the epoch on the server's clock:
`PostgresSnapshot.age` turns them into ages. `None` means unknown or not applicable, never zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

import msgspec

from console.sources.base import Snapshot

T = TypeVar("T")

HIDDEN = "not visible"
"""The state of a session whose role we may not look at."""
WAITING = 1.0
"""Seconds a session waits before it counts as blocked: shorter waits are how locks work."""
CLIENT = "client backend"
IDLE_IN_TRANSACTION = "idle in transaction"
ABORTED = "idle in transaction (aborted)"


class Dated(msgspec.Struct, Generic[T], frozen=True):
    """A value that is asked for rarely, and when it was true (server's clock)."""

    value: T
    at: float


class Server(msgspec.Struct, frozen=True):
    """Who answers: constant for one connection except `standby`."""

    version: str
    number: int
    """As server_version_num: 150018."""
    started: float
    database: str
    user: str
    address: str
    """Where it was reached, for people: `/tmp:5432`, `db-eu-1:5432`."""
    pooled: bool = False
    """Reached through PgBouncer, so that no setting of ours holds."""

    @property
    def major(self) -> int:
        """12 to 18."""
        return self.number // 10000


class Setting(msgspec.Struct, frozen=True):
    """One server parameter; `pending` when a changed value waits for a restart."""

    value: str
    unit: str
    pending: bool


class Session(msgspec.Struct, frozen=True):
    """One backend. `query` is one printable line of at most 2,000 characters."""

    pid: int
    own: bool
    """Ours: not counted as active."""
    leader: int | None
    backend: str
    """backend_type: client backend, parallel worker, autovacuum worker, walsender, ..."""
    database: str
    user: str
    application: str
    client: str
    """Address, or `local` for a Unix socket, or empty for the server's own processes."""
    state: str
    """pg_stat_activity's spelling, or `not visible`; empty for the server's own processes."""
    wait_type: str
    wait_event: str
    since: float | None
    transaction_since: float | None
    query_since: float | None
    """When the statement began that is running, or ran last."""
    state_since: float | None
    xmin_age: int | None
    """Transactions the oldest row version it still needs is behind."""
    query: str
    blocked_by: tuple[int, ...] = ()
    """Who keeps it waiting for a lock; 0 is a prepared transaction."""

    @property
    def is_client(self) -> bool:
        """Whether it takes one of max_connections."""
        return self.backend == CLIENT

    @property
    def active(self) -> bool:
        """Whether a statement of somebody else's runs in it."""
        return not self.own and self.state in {"active", "fastpath function call"}

    @property
    def waiting(self) -> bool:
        """Whether it waits for a lock somebody else holds."""
        return self.wait_type == "Lock"

    @property
    def in_transaction(self) -> bool:
        """Whether it holds a transaction open without running anything."""
        return self.state in {IDLE_IN_TRANSACTION, ABORTED}


class Blocker(msgspec.Struct, frozen=True):
    """One line of the blocker tree, in drawing order: roots first, each followed by who waits for it."""

    pid: int
    """0: a prepared transaction."""
    depth: int
    waiters: int
    """Sessions below it in the tree."""
    session: Session | None
    note: str = ""
    """What stands for the missing session, or what is special: `prepared transaction`, `deadlock`."""


class Prepared(msgspec.Struct, frozen=True):
    """A prepared transaction: it holds its locks until COMMIT PREPARED or ROLLBACK PREPARED."""

    gid: str
    owner: str
    database: str
    since: float


class Counters(msgspec.Struct, frozen=True):
    """Counters since the statistics were reset, of one database or of all together."""

    commits: int = 0
    rollbacks: int = 0
    read: int = 0
    hit: int = 0
    returned: int = 0
    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    conflicts: int = 0
    temp_files: int = 0
    temp_bytes: int = 0
    deadlocks: int = 0
    checksum_failures: int = 0


class Rates(msgspec.Struct, frozen=True):
    """What happened within an interval, a second unless said otherwise."""

    seconds: float
    """Length of the interval."""
    tps: float
    """Transactions, committed and rolled back, without our own."""
    rollback_ratio: float | None
    """Of the transactions of the interval; None when there were none."""
    hit: float | None
    """Share of blocks found in shared buffers; None ("idle") when next to nothing was read."""
    blocks: int
    """Blocks asked for in the interval, found or read."""
    read: float
    returned: float
    fetched: float
    inserted: float
    updated: float
    deleted: float
    temp_bytes: float
    deadlocks: int
    """In the interval, not a second."""
    conflicts: int
    """In the interval, not a second: queries cancelled by recovery."""


class Database(msgspec.Struct, frozen=True):
    """One database: its counters, and its rates of the interval."""

    name: str
    template: bool
    backends: int
    xid_age: int
    """Transactions since its oldest unfrozen one; the end is at 2,147,483,648."""
    mxid_age: int
    counters: Counters
    rates: Rates | None
    size: float | None = None
    growth: float | None = None
    """Bytes a second since the size was asked before."""


class Standby(msgspec.Struct, frozen=True):
    """A standby (or another reader of WAL) fed by this server; lags in bytes and in seconds."""

    pid: int
    name: str
    user: str
    client: str
    state: str
    sync: str
    sent_bytes: float | None
    write_bytes: float | None
    flush_bytes: float | None
    replay_bytes: float | None
    write_lag: float | None
    flush_lag: float | None
    replay_lag: float | None


class Slot(msgspec.Struct, frozen=True):
    """A replication slot and the WAL it keeps from being removed."""

    name: str
    kind: str
    plugin: str
    database: str
    active: bool
    temporary: bool
    wal_status: str
    """reserved, extended, unreserved or lost; empty before 13."""
    safe_bytes: float | None
    retained_bytes: float | None
    xmin_age: int | None
    invalid: str
    inactive_since: float | None


class Receiver(msgspec.Struct, frozen=True):
    """On a standby: where its WAL comes from."""

    status: str
    host: str
    slot: str
    heard_at: float | None


class Recovery(msgspec.Struct, frozen=True):
    """A standby's own state."""

    lag: float | None
    """Seconds behind; 0 when everything received is replayed; None when nothing was replayed yet."""
    paused: bool
    receiver: Receiver | None


class Wal(msgspec.Struct, frozen=True):
    """Archiver, checkpoints and background writer since their statistics were reset."""

    archived: int
    failed: int
    last_archived: str
    archived_at: float | None
    last_failed: str
    failed_at: float | None
    timed: int
    requested: int
    """Checkpoints forced by the volume of WAL or by somebody's CHECKPOINT."""
    write_seconds: float
    sync_seconds: float
    buffers_written: int
    buffers_backend: int | None
    """Buffers that backends had to write themselves; unknown from 17 on."""
    buffers_clean: int
    maxwritten: int
    buffers_alloc: int

    @property
    def failing(self) -> bool:
        """Whether the newest attempt to archive failed."""
        return self.failed_at is not None and (self.archived_at is None or self.failed_at > self.archived_at)


class Table(msgspec.Struct, frozen=True):
    """One table of the connected database."""

    schema: str
    name: str
    bytes: float
    """With its indexes and TOAST."""
    live: int
    dead: int
    modified: int
    """Rows changed since the last analyze."""
    seq_scans: int
    seq_rows: int
    """Rows read by sequential scans."""
    index_scans: int | None
    """None: it has no index."""
    vacuumed_at: float | None
    analyzed_at: float | None
    xid_age: int

    @property
    def dead_ratio(self) -> float:
        """Dead rows of all rows."""
        return self.dead / (self.dead + self.live) if self.dead else 0.0


class Statement(msgspec.Struct, frozen=True):
    """One normalised statement of pg_stat_statements; times in seconds."""

    query_id: int
    user: str
    database: str
    query: str
    calls: int
    total: float
    mean: float
    longest: float
    rows: int
    hit: int
    read: int
    temp_bytes: int
    """Written to temporary files."""
    calls_rate: float | None
    """Calls a second since it was asked before; None the first time."""
    load: float | None
    """Seconds spent in it a second since it was asked before: 1.0 keeps one backend busy."""
    recent_mean: float | None
    """Mean seconds of the calls since it was asked before; None without calls."""


class Progress(msgspec.Struct, frozen=True):
    """A long command that says how far it is."""

    command: str
    pid: int
    database: str
    relation: str
    phase: str
    done: float
    total: float
    """0 when unknown."""

    @property
    def share(self) -> float | None:
        """Done of total; None when the total is unknown."""
        return min(1.0, self.done / self.total) if self.total > 0 else None


GroupBy = Literal["database", "user", "application", "client", "state", "wait"]


class Group(msgspec.Struct, frozen=True):
    """Client sessions that have something in common."""

    name: str
    sessions: int
    active: int
    waiting: int
    in_transaction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSnapshot(Snapshot):
    """One poll of a PostgreSQL server."""

    server: Server
    now: float
    """The server's clock."""
    standby: bool
    settings: Mapping[str, Setting]
    max_connections: int
    reserved: int
    """Of these, kept for superusers and for pg_use_reserved_connections."""
    sessions: tuple[Session, ...]
    states: Mapping[str, int]
    """Client sessions by state, without ours."""
    connections: int
    """Client sessions, with ours: what counts against max_connections."""
    waiting: int
    """Sessions that wait for a lock."""
    blockers: tuple[Blocker, ...]
    more_waiters: int
    """Waiters left out of the tree because there were too many to ask about."""
    prepared: tuple[Prepared, ...]
    databases: tuple[Database, ...]
    totals: Counters
    rates: Rates | None
    """Of the interval: about three seconds, or since the poll before; None at the first."""
    recent: Rates | None
    """Over the last minute, or as long as we watch."""
    lately: Rates | None
    """Over the last ten minutes, or as long as we watch."""
    wal_rate: float | None
    """Bytes of WAL a second, written or (standby) replayed."""
    recovery: Recovery | None
    """None on a primary."""
    standbys: tuple[Standby, ...]
    slots: tuple[Slot, ...]
    wal: Wal | None
    backlog: Dated[int] | None = None
    """WAL segments waiting to be archived; None when archiving is off or may not be asked."""
    tables: Dated[tuple[Table, ...]] | None = None
    invalid_indexes: tuple[str, ...] = ()
    statements: Dated[tuple[Statement, ...]] | None = None
    statements_note: str = ""
    """Why there are no statements, and what would show them."""
    progress: tuple[Progress, ...] = ()
    sizes_at: float | None = None
    restarted: float | None = None
    """When it began anew while it was watched: started again, or recovered from a crash of one backend."""
    by_pid: Mapping[int, Session] = field(default_factory=dict, repr=False)

    def age(self, since: float | None) -> float | None:
        """Seconds from a time of this snapshot until it was taken; None when unknown."""
        return max(0.0, self.now - since) if since is not None else None

    def kept_waiting(self, session: Session) -> bool:
        """Whether a session has waited for a lock so long that it counts as blocked.

        Of one whose state is hidden the lock table says so, which is asked for waits that last.
        """
        if session.state == HIDDEN:
            return bool(session.blocked_by)
        return session.waiting and (self.age(session.query_since) or 0.0) >= WAITING

    @property
    def allowed(self) -> int:
        """Connections ordinary roles may have."""
        return max(1, self.max_connections - self.reserved)

    @property
    def longest_transaction(self) -> Session | None:
        """The client session whose transaction is open longest, not ours."""
        return _oldest(self.sessions, "transaction_since")

    @property
    def longest_query(self) -> Session | None:
        """The client session whose running statement began first, not ours."""
        return _oldest([s for s in self.sessions if s.active], "query_since")

    def groups(self, by: GroupBy) -> list[Group]:
        """Client sessions without ours by one attribute, most sessions first."""
        total: Counter[str] = Counter()
        active: Counter[str] = Counter()
        waiting: Counter[str] = Counter()
        inside: Counter[str] = Counter()
        for session in self.sessions:
            if session.own or not session.is_client:
                continue
            name = _attribute(session, by)
            total[name] += 1
            active[name] += session.active
            waiting[name] += session.waiting
            inside[name] += session.in_transaction
        return [Group(n, c, active[n], waiting[n], inside[n]) for n, c in total.most_common()]


def _attribute(session: Session, by: GroupBy) -> str:
    if by == "wait":
        return f"{session.wait_type}: {session.wait_event}" if session.wait_type else ""
    return str(getattr(session, by))


def _oldest(
    sessions: tuple[Session, ...] | list[Session], attribute: Literal["transaction_since", "query_since"]
) -> Session | None:
    oldest: Session | None = None
    began = float("inf")
    for session in sessions:
        if session.own or not session.is_client:
            continue
        since = getattr(session, attribute)
        if since is not None and since < began:
            oldest, began = session, since
    return oldest
