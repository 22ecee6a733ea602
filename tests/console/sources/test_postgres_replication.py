"""Standbys, slots and the archive, on a real pair of servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from console.findings import Severity
from console.sources.base import Focus
from tests.console.sources.asking import StepClock
from tests.console.sources.asking_postgres import asking, seen
from tests.patience import PATIENCE
from tests.servers.postgres import PostgresServer, frozen


class Pair(NamedTuple):
    """A primary and the standby it streams to."""

    primary: PostgresServer
    standby: PostgresServer


@pytest.fixture(scope="module")
def pair(postgres_bindir: Path) -> Iterator[Pair]:
    """A primary with a streaming standby that uses a slot of its own."""
    settings = {"wal_level": "replica", "max_wal_senders": "5", "hot_standby": "on"}
    with PostgresServer(postgres_bindir, settings=settings) as primary:
        if not (postgres_bindir / "pg_basebackup").exists():
            pytest.fail(f"no pg_basebackup in {postgres_bindir}")
        quick = {"cluster_name": "replica", "wal_receiver_status_interval": "1"}
        standby = primary.standby(slot="first", settings=quick)
        try:
            standby.start()
            yield Pair(primary, standby)
        finally:
            standby.remove()


async def test_the_primary_sees_its_standby_and_slot(pair: Pair) -> None:
    async with asking(pair.primary.url()) as source:
        snapshot = await seen(source, lambda shown: shown.standbys and shown.standbys[0].state == "streaming")
        (standby,) = snapshot.standbys
        said = pair.primary.psql("SELECT application_name, state, sync_state, pid FROM pg_stat_replication")
        assert said == f"{standby.name}|{standby.state}|{standby.sync}|{standby.pid}"
        assert snapshot.recovery is None
        (slot,) = snapshot.slots
        assert (slot.name, slot.kind, slot.active) == ("first", "physical", True)
        assert slot.wal_status == ("reserved" if snapshot.server.major >= 13 else "")
        assert snapshot.standby is False


async def test_lag_in_bytes_and_seconds(pair: Pair) -> None:
    clock = StepClock()
    lag = (
        "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn),"
        " pg_wal_lsn_diff(pg_current_wal_lsn(), sent_lsn) FROM pg_stat_replication"
    )
    kept = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots"
    async with asking(pair.primary.url(), clock) as source:
        await seen(source, lambda shown: shown.standbys and shown.standbys[0].replay_bytes == 0)
        with frozen(pair.standby):
            pair.primary.psql(
                "CREATE TABLE IF NOT EXISTS t (i int); INSERT INTO t SELECT generate_series(1, 50000)"
            )
            # what is sent to a standby that does not read fills the sockets between them, little by
            # little, and the server writes of itself too: the two are compared while nothing moves
            before, snapshot = "", await source.poll(Focus.GLANCE)
            while pair.primary.psql(lag) != before:
                before = await at_rest(lambda: pair.primary.psql(lag))
                clock.passed += 6
                snapshot = await source.poll(Focus.GLANCE)
            (standby,) = snapshot.standbys
            replay, sent = map(float, before.split("|"))
            assert standby.replay_bytes == replay > 1_000_000
            assert standby.sent_bytes == sent
            assert snapshot.slots[0].retained_bytes == float(pair.primary.psql(kept)) >= replay
            samples = {
                (s.name, dict(s.labels).get("slot_name", "")): s.value for s in source.samples(snapshot)
            }
            assert (
                samples["pg_replication_slots_pg_wal_lsn_diff", "first"] == snapshot.slots[0].retained_bytes
            )
            assert samples["pg_stat_replication_pg_wal_lsn_diff", ""] == replay
        clock.passed += 6

        def level(shown: object) -> bool:
            clock.passed += 6
            return bool(snapshot_lag(shown) == 0)

        await seen(source, level)


async def at_rest(read: Callable[[], str]) -> str:
    """What is read, once it has stood still for half a second; at most so long as a test waits."""
    before, since = read(), time.monotonic()
    until = since + PATIENCE
    while time.monotonic() - since < 0.5:
        assert time.monotonic() < until, f"never at rest: {before}"
        await asyncio.sleep(0.05)
        if (now := read()) != before:
            before, since = now, time.monotonic()
    return before


def snapshot_lag(shown: object) -> float | None:
    """Bytes the only standby has yet to replay."""
    standbys = getattr(shown, "standbys", ())
    return standbys[0].replay_bytes if standbys else None


async def test_a_standby_knows_its_own_lag(pair: Pair) -> None:
    async with asking(pair.standby.url()) as source:
        snapshot = await seen(source, lambda shown: shown.recovery and shown.recovery.lag == 0.0)
        assert snapshot.standby is True
        assert snapshot.recovery is not None
        assert snapshot.recovery.receiver is not None
        assert snapshot.recovery.receiver.status == "streaming"
        assert snapshot.recovery.receiver.slot == "first"
        assert not snapshot.recovery.paused
        assert [f.subject for f in source.judge(snapshot)] == []
        samples = {s.name: s.value for s in source.samples(snapshot)}
        assert samples["pg_replication_is_replica"] == 1
        pair.standby.psql("SELECT pg_wal_replay_pause()")
        try:
            pair.primary.psql("CREATE TABLE IF NOT EXISTS u (i int); INSERT INTO u VALUES (1)")
            paused = await seen(source, lambda shown: shown.recovery and (shown.recovery.lag or 0) > 0.2)
            assert paused.recovery is not None
            assert paused.recovery.paused
            assert "replay is paused" in [f.text for f in source.judge(paused)]
            own = float(
                pair.standby.psql(
                    "SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())"
                )
            )
            assert paused.recovery.lag == pytest.approx(own, abs=1.0)
        finally:
            pair.standby.psql("SELECT pg_wal_replay_resume()")
        await seen(source, lambda shown: shown.recovery and shown.recovery.lag == 0.0)


async def test_an_inactive_slot_is_told(pair: Pair) -> None:
    pair.primary.psql("SELECT pg_create_physical_replication_slot('forgotten', true)")
    try:
        async with asking(pair.primary.url()) as source:
            snapshot = await source.poll(Focus.GLANCE)
            (finding,) = [f for f in source.judge(snapshot) if f.subject == "slot forgotten"]
            assert finding.severity is Severity.WARNING
            assert finding.text.startswith("inactive, holds ")
    finally:
        pair.primary.psql("SELECT pg_drop_replication_slot('forgotten')")


async def test_a_failing_archive_and_its_backlog(postgres_bindir: Path) -> None:
    settings = {"archive_mode": "on", "archive_command": "false", "wal_level": "replica"}
    with PostgresServer(postgres_bindir, settings=settings) as server:
        server.psql("CREATE TABLE t (i int)")
        for number in range(12):
            server.psql(f"INSERT INTO t VALUES ({number}); SELECT pg_switch_wal()")
        clock = StepClock()
        async with asking(server.url(), clock) as source:
            snapshot = await seen(
                source, lambda shown: shown.backlog is not None and shown.backlog.value >= 12
            )
            ready = server.psql("SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'")
            assert snapshot.backlog is not None
            assert snapshot.backlog.value == int(ready)

            def failed(shown: object) -> bool:
                clock.passed += 6
                wal = getattr(shown, "wal", None)
                return bool(wal and wal.failing)

            snapshot = await seen(source, failed, Focus.GLANCE)
            assert snapshot.wal is not None
            assert snapshot.wal.archived == 0
            assert snapshot.wal.failed > 0
            texts = [f.text for f in source.judge(snapshot) if f.subject == "archive"]
            assert any(text.startswith("failing, ") for text in texts)
            assert f"{ready} segments wait (limit 10)" in texts
