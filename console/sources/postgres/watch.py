"""What one connection is asked at each poll, and what is remembered from one poll to the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from msgspec.structs import replace

from console.clock import Clock
from console.sources.base import Focus
from console.sources.postgres import reading as read
from console.sources.postgres.blockers import MOST_WAITERS, PREPARED, tree
from console.sources.postgres.link import Link
from console.sources.postgres.model import (
    PostgresSnapshot,
    Prepared,
    Progress,
    Receiver,
    Recovery,
    Session,
    Setting,
    Slot,
    Standby,
    Wal,
)
from console.sources.postgres.rates import INTERVAL, LATELY, RECENT, Stretch, total
from console.sources.postgres.slow import SHARE, Answers

QUERY_BYTES = {Focus.HIDDEN: (0, 200), Focus.GLANCE: (100, 400), Focus.FULL: (2000, 2000)}
"""Bytes of query text asked of idle and of other sessions."""
PERIODS = {"locks": 2.0, "upstream": 5.0, "settings": 60.0, "progress": 2.0}
"""Seconds between two askings of what need not be asked at every poll."""
SETTINGS = (
    "max_connections", "superuser_reserved_connections", "reserved_connections", "shared_buffers",
    "work_mem", "maintenance_work_mem", "effective_cache_size", "max_wal_size", "checkpoint_timeout",
    "wal_level", "archive_mode", "autovacuum", "autovacuum_max_workers", "autovacuum_freeze_max_age",
    "max_worker_processes", "max_wal_senders", "max_replication_slots", "synchronous_commit",
    "synchronous_standby_names", "idle_in_transaction_session_timeout", "deadlock_timeout",
    "log_min_duration_statement", "track_io_timing", "track_activity_query_size", "fsync",
    "full_page_writes", "shared_preload_libraries", "max_standby_streaming_delay", "hot_standby_feedback",
)  # fmt: skip


class Watch:
    """Asks the questions that are due and makes the snapshot."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}
        self._sessions = read.SessionReader()
        self._databases = read.DatabaseReader()
        self._stretch = Stretch()
        self._wal_before: tuple[float, float] | None = None
        """The moment and the WAL position of the poll before."""
        self._edges: dict[int, list[int]] = {}
        self._more_waiters = 0
        self._prepared: tuple[Prepared, ...] = ()
        self._standbys: tuple[Standby, ...] = ()
        self._slots: tuple[Slot, ...] = ()
        self._wal: Wal | None = None
        self._receiver: Receiver | None = None
        self._settings: dict[str, Setting] = {}
        self._progress: tuple[Progress, ...] = ()
        self._seen: float | None = None
        """The server's time at the poll before."""
        self._restarted: float | None = None

    def reconnected(self) -> None:
        """Over a new connection everything is asked again at once."""
        self._due.clear()

    async def ask(
        self, link: Link, focus: Focus, answers: Answers, own: Collection[int], asked: int
    ) -> PostgresSnapshot:
        """One poll. `own` are further backends of ours, `asked` our questions elsewhere so far."""
        sessions = self._sessions.read(await link.ask("activity", *QUERY_BYTES[focus]), own)
        rows = await link.ask("databases")
        moment = self._clock.monotonic()
        await self._ask_locks(link, sessions, moment)
        await self._ask_upstream(link, rows[0]["standby"], moment)
        if focus is not Focus.FULL:
            self._progress = ()
        elif self._is_due("progress", moment):
            self._progress = read.progress(await link.ask("progress"))
        return self._snapshot(link, sessions, rows, moment, answers, asked + link.asked)

    def _is_due(self, name: str, moment: float) -> bool:
        if self._due.get(name, 0.0) > moment:
            return False
        self._due[name] = moment + PERIODS[name] - 0.1  # the polls' own jitter must not skip one
        return True

    async def _ask_locks(self, link: Link, sessions: Iterable[Session], moment: float) -> None:
        """Who blocks the waiters; where other roles' waits are hidden the lock table names the waiters."""
        waiting = sorted((s for s in sessions if s.waiting), key=lambda s: s.query_since or 0.0)
        pids = [session.pid for session in waiting]
        if link.all_stats:
            # who does not wait any more leaves at once; who is new is asked about when it is due
            self._edges = {pid: self._edges[pid] for pid in pids if pid in self._edges}
            self._more_waiters = min(self._more_waiters, len(pids))
            if not pids:
                return
        if not self._is_due("locks", moment):
            return
        if not link.all_stats:
            pids = [row["pid"] for row in await link.ask("waiters")]
        rows = await link.ask("blockers", pids[:MOST_WAITERS]) if pids else []
        self._edges = {row["pid"]: row["blockers"] for row in rows if row["blockers"]}
        self._more_waiters = max(0, len(pids) - MOST_WAITERS)
        took = self._clock.monotonic() - moment
        self._due["locks"] = max(self._due["locks"], moment + SHARE * took)
        if any(PREPARED in blockers for blockers in self._edges.values()):
            self._prepared = read.prepared(await link.ask("prepared"))

    async def _ask_upstream(self, link: Link, standby: bool, moment: float) -> None:
        """Replication, archive, checkpoints, settings: what moves slowly."""
        if self._is_due("settings", moment):
            self._settings = read.settings(await link.ask("settings", list(SETTINGS)))
        if not self._is_due("upstream", moment):
            return
        self._standbys = read.standbys(await link.ask("replication"))
        self._slots = read.slots(await link.ask("slots"))
        self._wal = read.wal((await link.ask("wal"))[0])
        self._receiver = read.receiver(await link.ask("receiver")) if standby else None
        self._prepared = read.prepared(await link.ask("prepared")) if link.prepares else ()

    def _snapshot(
        self,
        link: Link,
        sessions: list[Session],
        rows: list[Any],
        moment: float,
        answers: Answers,
        asked: int,
    ) -> PostgresSnapshot:
        here = rows[0]
        sizes = answers.sizes.value if answers.sizes is not None else {}
        growth = read.growth(answers.sizes_before, answers.sizes)
        databases, counters = self._databases.read(rows, moment, sizes, growth)
        totals = total(counters)
        self._stretch.add(moment, totals, asked)
        for place, session in enumerate(sessions):
            if session.pid in self._edges:
                blockers = tuple(dict.fromkeys(self._edges[session.pid]))
                sessions[place] = replace(session, blocked_by=blockers)
        by_pid = {session.pid: session for session in sessions}
        reserved = ("superuser_reserved_connections", "reserved_connections")
        return PostgresSnapshot(
            limited=_limited(link, answers),
            server=link.server,
            now=here["now"],
            standby=here["standby"],
            settings=self._settings,
            max_connections=self._number("max_connections"),
            reserved=sum(map(self._number, reserved)),
            sessions=tuple(sessions),
            states=_states(sessions),
            connections=sum(session.is_client for session in sessions),
            waiting=max(sum(session.waiting for session in sessions), len(self._edges)),
            blockers=tree(self._edges, by_pid) if self._edges else (),
            more_waiters=self._more_waiters,
            prepared=self._prepared,
            databases=tuple(databases),
            totals=totals,
            rates=self._stretch.over(INTERVAL),
            recent=self._stretch.over(RECENT),
            lately=self._stretch.over(LATELY),
            wal_rate=self._wal_rate(moment, here["wal"]),
            recovery=Recovery(here["lag"], here["paused"], self._receiver) if here["standby"] else None,
            standbys=self._standbys,
            slots=self._slots,
            wal=self._wal,
            backlog=answers.backlog if link.archiving else None,
            tables=answers.tables,
            invalid_indexes=answers.invalid_indexes,
            statements=answers.statements,
            statements_note=_statements_note(link, answers),
            progress=self._progress,
            sizes_at=answers.sizes.at if answers.sizes is not None else None,
            restarted=self._began_anew(link.server.started, sessions, here["now"]),
            by_pid=by_pid,
        )

    def _began_anew(self, started: float, sessions: Iterable[Session], now: float) -> float | None:
        """When the server last began after a poll of ours.

        A crash of one backend ends all of them and the server's own processes; its start stays as it was.
        """
        own = (session.since or 0.0 for session in sessions if session.backend == "checkpointer")
        # its own processes begin a moment after itself, so what tells a crash is that it did not begin
        for began in (started, *own):
            if self._seen is not None and began > self._seen:
                self._restarted = began
                break
        self._seen = now
        return self._restarted

    def _wal_rate(self, moment: float, position: float | None) -> float | None:
        """Bytes of WAL a second since the poll before."""
        before, self._wal_before = self._wal_before, None
        if position is None:
            return None
        self._wal_before = (moment, position)
        if before is None or moment <= before[0] or position < before[1]:
            return None
        return (position - before[1]) / (moment - before[0])

    def _number(self, setting: str) -> int:
        found = self._settings.get(setting)
        return int(found.value) if found is not None and found.value.isdigit() else 0


def _states(sessions: Iterable[Session]) -> dict[str, int]:
    states: dict[str, int] = {}
    for session in sessions:
        if session.is_client and not session.own:
            states[session.state] = states.get(session.state, 0) + 1
    return states


def _limited(link: Link, answers: Answers) -> tuple[str, ...]:
    said = []
    grant = 'GRANT pg_monitor TO "' + link.server.user.replace('"', '""') + '"'
    if not link.all_stats:
        said.append(f"other roles' sessions, statements and sizes are hidden: {grant}")
    elif link.archiving and not link.archive_status:
        said.append(f"the archive backlog is hidden: {grant}")
    if link.pooled:
        said.append("connected through PgBouncer: connect to the server itself to guard these questions")
    said.extend(text for question, text in answers.complaints.items() if question != "statements")
    return tuple(said)


def _statements_note(link: Link, answers: Answers) -> str:
    if "statements" in answers.complaints:
        return answers.complaints["statements"]
    if answers.statements is None:
        return f"CREATE EXTENSION pg_stat_statements in database {link.server.database}"
    return ""
