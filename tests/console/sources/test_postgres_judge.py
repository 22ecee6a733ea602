"""When a snapshot is judged wrong, and what the finding says; no server needed."""

from __future__ import annotations

from typing import Any

import pytest

from console.config import Limits
from console.findings import Finding, Severity
from console.sources.postgres.judge import judge
from console.sources.postgres.model import (
    Blocker,
    Counters,
    Database,
    Dated,
    Prepared,
    Receiver,
    Recovery,
    Setting,
    Standby,
    Wal,
)
from console.sources.postgres.rates import Stretch, rates, total
from tests.console.sources.postgres_values import CALM, NOW, QUIET, SLOT, session
from tests.copies import replace


def found(**changes: Any) -> list[Finding]:
    """The findings of a quiet snapshot with something changed."""
    return judge(replace(QUIET, **changes), Limits())


def test_quiet_is_quiet() -> None:
    assert found(sessions=(session(),), recent=CALM, lately=CALM) == []


@pytest.mark.parametrize(
    ("connections", "severity"),
    [(77, None), (78, Severity.WARNING), (92, Severity.WARNING), (93, Severity.CRITICAL)],
)
def test_connections_of_those_ordinary_roles_may_have(connections: int, severity: Severity | None) -> None:
    findings = found(connections=connections)
    assert [f.severity for f in findings] == ([severity] if severity else [])
    if findings:
        limit = "95%" if severity is Severity.CRITICAL else "80%"
        assert findings[0].text == f"{connections} of 97 taken (limit {limit})"


def test_idle_in_transaction_by_how_long_it_idles() -> None:
    quick = session(state="idle in transaction", state_since=NOW - 29, transaction_since=NOW - 59)
    assert found(sessions=(quick,)) == []
    slow = replace(quick, state_since=NOW - 31)
    (finding,) = found(sessions=(slow,))
    assert finding == Finding(
        Severity.WARNING,
        "pid 7",
        "idle in transaction 31s (limit 30s)",
        "api should commit; or pg_terminate_backend(7)",
    )
    (finding,) = found(
        sessions=(replace(slow, state="idle in transaction (aborted)", state_since=NOW - 400),)
    )
    assert (finding.severity, finding.text) == (Severity.CRITICAL, "aborted, idle 6m40s (limit 5m00s)")


def test_long_statements_and_transactions_but_not_ours_nor_the_waiting() -> None:
    running = session(
        state="active", query_since=NOW - 40, transaction_since=NOW - 40, query="select pg_sleep(1)"
    )
    (finding,) = found(sessions=(running,))
    assert finding.text == "running 40s (limit 30s): select pg_sleep(1)"
    assert finding.hint == "SELECT pg_cancel_backend(7)"
    assert found(sessions=(replace(running, own=True),)) == []
    assert found(sessions=(replace(running, backend="autovacuum worker"),)) == []
    waits = replace(running, wait_type="Lock")
    assert [f.subject for f in found(sessions=(waits,))] == ["locks"]
    held_up = replace(waits, query_since=NOW - 90, transaction_since=NOW - 91)
    assert [f.subject for f in found(sessions=(held_up,))] == ["locks"], "a victim is no culprit"
    slow = replace(waits, query_since=NOW - 90, transaction_since=NOW - 151)
    assert [f.subject for f in found(sessions=(slow,))] == ["locks", "pid 7"]
    (finding,) = found(sessions=(session(state="active", query_since=NOW, transaction_since=NOW - 61),))
    assert finding.text == "transaction open 1m01s (limit 1m00s)"


def test_many_long_sessions_are_told_worst_first_and_counted() -> None:
    sessions = tuple(
        session(pid, state="active", query_since=NOW - age, transaction_since=NOW - age)
        for pid, age in ((1, 31), (2, 400), (3, 33), (4, 35), (5, 34))
    )
    findings = found(sessions=sessions)
    assert [f.subject for f in findings] == ["pid 2", "pid 4", "pid 5", "sessions"]
    assert findings[-1].text == "2 more run or idle too long"


def test_short_waits_are_how_locks_work() -> None:
    short = [session(pid, state="active", wait_type="Lock", query_since=NOW - 0.5) for pid in range(10)]
    assert found(sessions=tuple(short), waiting=10) == []
    long = [replace(s, query_since=NOW - 2) for s in short]
    (finding,) = found(sessions=tuple(long), waiting=10)
    assert (finding.severity, finding.text) == (Severity.CRITICAL, "10 sessions wait for a lock")


def test_the_root_of_a_block_is_named() -> None:
    root = session(4711, state="idle in transaction", query="update orders set paid = true where id = 609")
    waits = [session(pid, state="active", wait_type="Lock", query_since=NOW - 2) for pid in (1, 2)]
    lines = (Blocker(4711, 0, 2, root), Blocker(1, 1, 0, waits[0]), Blocker(2, 1, 0, waits[1]))
    (finding,) = found(sessions=(root, *waits), waiting=2, blockers=lines)
    assert finding.subject == "pid 4711"
    assert finding.text == f"blocks 2: (idle in transaction 50s) {root.query}"
    assert finding.severity is Severity.WARNING
    old = replace(root, state_since=NOW - 301)
    lines = (replace(lines[0], session=old), *lines[1:])
    (finding,) = found(sessions=(old, *waits), waiting=2, blockers=lines)
    assert (finding.subject, finding.severity) == ("pid 4711", Severity.CRITICAL)


def test_hidden_waiters_count_as_the_lock_table_has_them() -> None:
    """A limited view is no reason to call blocked sessions well."""
    root = session(4711, state="not visible", query="")
    waits = session(1, state="not visible", blocked_by=(4711,))
    lines = (Blocker(4711, 0, 1, root), Blocker(1, 1, 0, waits))
    (finding,) = found(sessions=(root, waits), waiting=1, blockers=lines)
    assert (finding.subject, finding.severity) == ("pid 4711", Severity.WARNING)
    assert finding.text == "blocks 1: what it does is not visible"
    assert found(sessions=(root, session(1, state="not visible"))) == []


def test_prepared_transactions_grow_old() -> None:
    assert found(prepared=(Prepared("g", "o", "d", NOW - 50),)) == []
    (finding,) = found(prepared=(Prepared("order 609", "o", "d", NOW - 70),))
    assert (finding.subject, finding.text) == ("order 609", "prepared 1m10s ago (limit 1m00s)")


def test_replication() -> None:
    level = Standby(9, "replica", "r", "10.0.0.2", "streaming", "async", 0, 0, 0, 0, 0.0, 0.0, 0.0)
    assert found(standbys=(level,)) == []
    (finding,) = found(standbys=(replace(level, replay_lag=12.0, replay_bytes=34e6),))
    assert (finding.subject, finding.text) == ("replica", "12s, 32.4M behind (limit 10s)")
    receiver = Receiver("streaming", "db", "s", NOW)
    assert found(standby=True, recovery=Recovery(0.0, False, receiver)) == []
    (finding,) = found(standby=True, recovery=Recovery(61.0, False, receiver))
    assert (finding.severity, finding.text) == (Severity.CRITICAL, "1m01s behind (limit 1m00s)")
    (finding,) = found(standby=True, recovery=Recovery(0.0, False, None))
    assert finding.text == "no WAL receiver runs"


def test_slots() -> None:
    assert found(slots=(SLOT,)) == []
    (finding,) = found(slots=(replace(SLOT, active=False, retained_bytes=5e6),))
    assert (finding.severity, finding.text) == (Severity.WARNING, "inactive, holds 4.8M of WAL (limit 954M)")
    (finding,) = found(slots=(replace(SLOT, retained_bytes=11e9),))
    assert (finding.severity, finding.text) == (Severity.CRITICAL, "active, holds 10.2G of WAL (limit 9.3G)")
    (finding,) = found(slots=(replace(SLOT, active=False, wal_status="lost"),))
    assert finding.severity is Severity.CRITICAL
    assert found(slots=(replace(SLOT, active=False, temporary=True),)) == []


def test_archive() -> None:
    good = Wal(5, 1, "a", NOW - 10, "b", NOW - 20, 1, 0, 0.0, 0.0, 0, 0, 0, 0, 0)
    assert found(wal=good, backlog=Dated(3, NOW)) == []
    failing = replace(good, failed=4, failed_at=NOW - 5)
    (finding,) = found(wal=failing)
    assert (finding.severity, finding.text) == (Severity.WARNING, "failing, 4 times, last b")
    (finding,) = found(wal=replace(failing, archived_at=NOW - 700))
    assert finding.severity is Severity.CRITICAL
    (finding,) = found(wal=good, backlog=Dated(100, NOW))
    assert (finding.severity, finding.text) == (Severity.CRITICAL, "100 segments wait (limit 100)")


def test_shares_are_judged_only_of_enough() -> None:
    rolling = replace(CALM, rollback_ratio=0.2)
    (finding,) = found(recent=rolling)
    assert (finding.subject, finding.text) == ("rollbacks", "20% of transactions (limit 10%)")
    assert found(recent=replace(rolling, tps=1)) == []
    missing = replace(CALM, hit=0.6, read=700)
    (finding,) = found(recent=missing)
    assert (finding.severity, finding.text) == (Severity.CRITICAL, "60% (limit 70%)")
    assert found(recent=replace(missing, blocks=9000)) == []
    assert found(recent=replace(missing, read=10)) == []
    assert found(recent=replace(missing, hit=None)) == []


def test_deadlocks_conflicts_checksums() -> None:
    findings = found(lately=replace(CALM, seconds=600, deadlocks=3, conflicts=2))
    assert [f.text for f in findings] == ["3 in the last 10m00s", "2 queries cancelled by replay"]
    (finding,) = found(totals=Counters(checksum_failures=1))
    assert finding.severity is Severity.CRITICAL


def test_wraparound_autovacuum_indexes() -> None:
    database = Database("orders", False, 0, 999_999_999, 5, Counters(), None)
    assert found(databases=(database,)) == []
    (finding,) = found(databases=(replace(database, xid_age=1_700_000_000),))
    assert (finding.severity, finding.text) == (Severity.CRITICAL, "wraparound 79% of the way (limit 75%)")
    (finding,) = found(databases=(replace(database, mxid_age=1_000_000_000),))
    assert finding.severity is Severity.WARNING
    assert [f.subject for f in found(settings={"autovacuum": Setting("off", "", False)})] == ["autovacuum"]
    assert [f.subject for f in found(invalid_indexes=("public.i",))] == ["public.i"]


def test_worst_first() -> None:
    findings = found(connections=97, invalid_indexes=("i",), recent=replace(CALM, rollback_ratio=0.2))
    assert [f.severity for f in findings] == [Severity.CRITICAL, Severity.WARNING, Severity.WARNING]


def test_rates() -> None:
    before, after = Counters(100, 10, 50, 950), Counters(190, 20, 150, 1850)
    found = rates(before, after, 10.0, own=20)
    assert found is not None
    assert (found.tps, found.rollback_ratio, found.hit) == (8.0, 10 / 80, 0.9)
    assert rates(after, before, 10.0) is None, "a reset has no rates"
    assert rates(before, after, 0.0) is None
    idle = rates(before, replace(before, commits=103, hit=960), 1.0, own=3)
    assert idle is not None
    assert (idle.tps, idle.rollback_ratio, idle.hit) == (0.0, None, None)


def test_a_stretch_reaches_back_as_far_as_asked_and_begins_anew_after_a_reset() -> None:
    stretch = Stretch()
    assert stretch.over(60) is None
    for second in range(0, 1000, 10):
        stretch.add(float(second), Counters(commits=second * 5), 0)
    minute, whole = stretch.over(60), stretch.over(600)
    assert minute is not None
    assert whole is not None
    assert (minute.seconds, minute.tps, whole.seconds) == (60, 5, 600)
    stretch.add(1000.0, Counters(commits=3), 0)
    assert stretch.over(60) is None
    stretch.add(1000.4, Counters(commits=3), 0)
    assert stretch.over(60) is None, "no session had reported yet: not nothing, but unknown"
    stretch.add(1001.5, Counters(commits=153), 0)
    soon = stretch.over(60)
    assert soon is not None
    assert soon.tps == pytest.approx(100)


def test_a_pane_that_comes_into_view_keeps_its_rates() -> None:
    """It was asked every five seconds, is asked at once, and then every second."""
    stretch = Stretch()
    for second in (0.0, 5.0, 8.0, 9.0, 10.0):
        stretch.add(second, Counters(commits=int(second) * 7), 0)
        found = stretch.over(3.0)
        assert second == 0 or (found is not None and found.tps == pytest.approx(7)), second


def test_totals_add_up() -> None:
    assert total([Counters(commits=1, hit=2), Counters(commits=3, deadlocks=1)]) == Counters(
        4, hit=2, deadlocks=1
    )
