"""What the Redis source says agrees with what redis-cli says of the same server."""

from __future__ import annotations

import asyncio
import math
import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from console.config import Limits
from console.errors import Refused, Unreachable
from console.findings import Severity
from console.metrics import labels
from console.sources.base import Focus
from console.sources.redis.model import RedisSnapshot
from console.text import clean
from tests.console.sources.asking import StepClock, texts
from tests.console.sources.asking_redis import asking
from tests.patience import PATIENCE, until
from tests.servers.redis import RedisServer


async def test_the_facts_agree_with_redis_cli(redis_server: RedisServer) -> None:
    with redis_server.connect() as client, redis_server.connect(db=3) as other:
        client.mset({f"key:{i}": "x" * 100 for i in range(500)})
        other.set("mortal", "1", ex=1000)
        client.config_set("maxmemory", 100_000_000)
        client.config_set("maxmemory-policy", "allkeys-lfu")
        async with asking(redis_server.url) as (source, _):
            await until(lambda: "avg_ttl=0" not in redis_server.info()["db3"])  # it is reckoned now and then
            snapshot = await source.poll(Focus.GLANCE)
            said = redis_server.info()
    server, memory = snapshot.server, snapshot.memory
    assert (server.product, server.version) == ("Redis", said["redis_version"])
    assert (server.run_id, server.process_id) == (said["run_id"], redis_server.pid)
    assert (server.mode, server.role) == ("standalone", "master")
    assert server.time == pytest.approx(time.time(), abs=5)
    assert (memory.maximum, memory.policy) == (100_000_000, "allkeys-lfu")
    assert memory.used == pytest.approx(int(said["used_memory"]), rel=0.1)
    assert memory.rss == pytest.approx(int(said["used_memory_rss"]), rel=0.1)
    assert memory.system == int(said["total_system_memory"])
    assert memory.share == memory.used / 100_000_000
    assert [(space.db, space.keys, space.expires) for space in snapshot.keyspace] == [
        ("db0", 500, 0),
        ("db3", 1, 1),
    ]
    assert snapshot.keyspace[1].ttl == pytest.approx(1000, abs=5)
    assert snapshot.clients.connected == 3  # ours and the two of the test
    assert snapshot.clients.maximum == int(said["maxclients"])
    assert 0 < snapshot.latency < 1
    assert snapshot.slow_threshold == 0.01
    assert snapshot.interval is None
    assert snapshot.limited == ()
    assert source.judge(snapshot) == []


async def test_hits_and_misses_of_the_interval_are_exact(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.set("there", "1")
        client.get("gone")
        async with asking(redis_server.url) as (source, clock):
            before = await source.poll(Focus.GLANCE)
            assert (before.totals.hits, before.totals.misses) == (0, 1)
            for _ in range(71):
                client.get("there")
            for _ in range(29):
                client.get("gone")
            clock.passed += 1
            snapshot = await source.poll(Focus.GLANCE)
            said = redis_server.info()
    interval = snapshot.interval
    assert interval is not None
    assert (interval.change.hits, interval.change.misses) == (71, 29)
    assert interval.hit_ratio == 0.71
    assert snapshot.totals.hits == int(said["keyspace_hits"])
    assert snapshot.totals.misses == int(said["keyspace_misses"])
    assert 104 <= interval.change.commands <= 107  # the look-ups and our own few questions
    assert snapshot.ops == pytest.approx(interval.change.commands / interval.seconds)
    (finding,) = source.judge(snapshot)
    assert (finding.severity, finding.subject) == (Severity.WARNING, "cache")
    assert finding.text.startswith("hit rate 71%")


async def test_evictions_of_a_full_cache_are_counted_and_judged(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.config_set("maxmemory", client.info("memory")["used_memory"] + 300_000)
        client.config_set("maxmemory-policy", "allkeys-random")
        async with asking(redis_server.url) as (source, clock):
            first = await source.poll(Focus.GLANCE)
            for i in range(1000):
                client.set(f"key:{i}", "x" * 1000)
            clock.passed += 1
            full = await source.poll(Focus.GLANCE)
            client.config_set("maxmemory", 0)  # or redis-cli's own memory would evict some more
            snapshot = await source.poll(Focus.GLANCE)
            said = redis_server.info()
    assert snapshot.interval is not None
    assert snapshot.interval.change.evicted == int(said["evicted_keys"]) - first.totals.evicted > 400
    assert snapshot.interval.rate("evicted") == pytest.approx(
        snapshot.interval.change.evicted / snapshot.interval.seconds
    )
    found = {finding.text.split()[-1]: finding.severity for finding in source.judge(full)}
    assert found["second"] is Severity.CRITICAL
    assert found["maxmemory"] is Severity.WARNING  # full, but it evicts


async def test_memory_full_without_eviction_is_critical(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.config_set("maxmemory", 1000)
        async with asking(redis_server.url) as (source, _):
            snapshot = await source.poll(Focus.GLANCE)
            finding = source.judge(snapshot)[0]
            assert (finding.severity, "writes fail" in finding.text) == (Severity.CRITICAL, True)
            client.config_set("maxmemory-policy", "volatile-lru")  # and nothing has a time to live
            assert "writes fail" in source.judge(await source.poll(Focus.GLANCE))[0].text


async def test_expirations_are_counted(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        async with asking(redis_server.url) as (source, clock):
            await source.poll(Focus.GLANCE)
            for i in range(50):
                client.set(f"key:{i}", "x", px=1)
            await until(lambda: client.dbsize() == 0)
            clock.passed += 1
            snapshot = await source.poll(Focus.GLANCE)
    assert snapshot.interval is not None
    assert snapshot.interval.change.expired == 50


async def test_a_blocked_client_is_counted_listed_and_judged(redis_server: RedisServer) -> None:
    with socket.socket(socket.AF_UNIX) as worker:
        worker.connect(str(redis_server.socket))
        worker.sendall(b"CLIENT SETNAME worker\r\nBLPOP jobs 0\r\n")
        await until(lambda: redis_server.info()["blocked_clients"] == "1")
        async with asking(redis_server.url) as (source, _):
            snapshot = await source.poll(Focus.FULL)
    assert snapshot.clients.blocked == 1
    assert [finding.text for finding in source.judge(snapshot)] == ["1 client blocked"]
    assert snapshot.details is not None
    first, second = snapshot.details.clients
    assert (first.name, first.command, first.blocked) == ("worker", "blpop", True)
    assert (second.name, second.blocked, second.kind) == ("opsconsole", False, "normal")


async def test_the_slow_log_tells_what_took_how_long(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.client_setname("nightly")
        client.execute_command("DEBUG", "SLEEP", "0.02")
        async with asking(redis_server.url) as (source, _):
            snapshot = await source.poll(Focus.FULL)
    assert snapshot.slow_length == 1
    assert snapshot.details is not None
    (entry,) = snapshot.details.slow_log
    said = redis_server.cli("SLOWLOG", "GET").splitlines()
    assert [str(entry.id), str(int(entry.time))] == said[:2]
    assert round(entry.seconds * 1e6) == int(said[2]) >= 20_000
    assert (entry.command, entry.name) == ("DEBUG SLEEP 0.02", "nightly")


async def test_secrets_in_the_slow_log_are_masked(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.config_set("slowlog-log-slower-than", 0)
        client.set("user:1:token", "SECRETVALUE9")
        client.config_set("slowlog-log-slower-than", 1_000_000)
        async with asking(redis_server.url) as (source, _):
            snapshot = await source.poll(Focus.FULL)
    assert snapshot.details is not None
    assert "SET user:1:token (hidden)" in [entry.command for entry in snapshot.details.slow_log]
    assert not any("SECRETVALUE9" in text for text in texts(snapshot))


def calls(server: RedisServer, command: str) -> int:
    """How often the server has run a command, by its own count; 6.2 does not count subcommands apart."""
    for line in server.cli("INFO", "commandstats").splitlines():
        if line.startswith((f"cmdstat_{command}:", f"cmdstat_{command.partition('|')[0]}:")):
            return int(line.partition("calls=")[2].partition(",")[0])
    return 0


async def test_the_slow_log_is_read_rarely(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        async with asking(redis_server.url) as (source, clock):

            async def reads(polls: int) -> int:
                asked_before = calls(redis_server, "slowlog|get")
                for _ in range(polls):
                    await source.poll(Focus.FULL)
                lengths = polls if redis_server.info()["redis_version"].startswith("6.") else 0
                return calls(redis_server, "slowlog|get") - asked_before - lengths

            assert await reads(4) == 1
            client.execute_command("DEBUG", "SLEEP", "0.02")  # its length changes
            assert await reads(4) == 1
            clock.passed += 5
            assert await reads(4) == 1


async def test_command_statistics_have_rates_of_the_interval(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.set("a", "1")
        client.rpush("long", *range(20_000))
        async with asking(redis_server.url) as (source, clock):
            began = clock.monotonic()
            first = await source.poll(Focus.FULL)
            least = clock.monotonic()
            client.lrange("long", 0, -1)  # costs milliseconds: a get may take no whole microsecond
            for _ in range(40):
                client.get("a")
            for _ in range(5):
                with pytest.raises(Exception, match="WRONGTYPE"):
                    client.lpush("a", "x")
            clock.passed += 2
            least = clock.monotonic() - least
            second = await source.poll(Focus.FULL)
            most = clock.monotonic() - began
    assert first.details is not None
    assert second.details is not None
    assert all(stat.rate is None for stat in first.details.commands)
    stats = {stat.name: stat for stat in second.details.commands}
    assert (stats["get"].calls, stats["lpush"].failed) == (40, 5)
    rate = stats["get"].rate
    assert rate is not None
    assert 40 / most <= rate <= 40 / least
    assert stats["set"].rate == 0
    assert stats["lrange"].per_call == stats["lrange"].seconds > 0
    costs = [stat.seconds for stat in second.details.commands]
    assert costs == sorted(costs, reverse=True)


async def test_each_focus_asks_no_more_than_it_must(redis_server: RedisServer) -> None:
    async with asking(redis_server.url) as (source, clock):
        for focus in (Focus.HIDDEN, Focus.GLANCE, Focus.FULL):
            for _ in range(3):
                clock.passed += 5
                await source.poll(focus)
            lines = redis_server.cli("INFO", "commandstats").splitlines()
            asked = {
                line.split(":")[0].removeprefix("cmdstat_").split("|")[0] for line in lines if ":" in line
            }
            allowed = {"ping", "info", "client", "command"}  # redis-cli may send COMMAND
            if focus >= Focus.GLANCE:
                allowed |= {"slowlog", "config"}
            assert asked <= allowed


async def test_samples_bear_the_exporters_names_and_the_servers_values(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.set("a", "1")
        client.get("a")
        async with asking(redis_server.url) as (source, clock):
            await source.poll(Focus.GLANCE)
            client.get("a")
            clock.passed += 1
            snapshot = await source.poll(Focus.GLANCE)
            said = redis_server.info()
    samples = {sample.name: sample for sample in source.samples(snapshot)}
    for name, field in {
        "redis_keyspace_hits_total": "keyspace_hits",
        "redis_keyspace_misses_total": "keyspace_misses",
        "redis_memory_max_bytes": "maxmemory",
        "redis_blocked_clients": "blocked_clients",
        "redis_evicted_keys_total": "evicted_keys",
        "redis_expired_keys_total": "expired_keys",
        "redis_rejected_connections_total": "rejected_connections",
        "redis_connected_slaves": "connected_slaves",
        "redis_config_maxclients": "maxclients",
    }.items():
        assert samples[name].value == float(said[field])
        assert samples[name].labels == labels(server="cache")
    assert samples["redis_rdb_last_bgsave_status"].value == 1
    assert samples["redis_db_keys"].labels == labels(db="db0", server="cache")
    assert samples["redis_db_keys"].value == 1
    assert samples["opsconsole_redis_hit_ratio"].value == 1
    assert samples["opsconsole_redis_ops"].value == snapshot.ops
    assert all(math.isfinite(sample.value) for sample in samples.values())
    assert all(dict(sample.labels)["server"] == "cache" for sample in samples.values())


async def polled(server: RedisServer, focus: Focus = Focus.GLANCE) -> RedisSnapshot:
    """One poll by a source of its own."""
    async with asking(server.url) as (source, _):
        return await source.poll(focus)


PAIR = {"repl-timeout": "4", "repl-ping-replica-period": "1", "repl-diskless-sync-delay": "0"}
"""Settings of a pair that notices within seconds."""


@pytest.fixture
def master(redis_binary: str) -> Iterator[RedisServer]:
    """A server to be followed."""
    with RedisServer(redis_binary, settings=PAIR) as server:
        yield server


@pytest.fixture
async def replica(redis_binary: str, master: RedisServer) -> AsyncIterator[RedisServer]:
    """A server that follows it, and has caught up."""
    with RedisServer(redis_binary, settings={**PAIR, "replicaof": f"127.0.0.1 {master.port}"}) as server:
        await until(lambda: "state=online" in master.info().get("slave0", ""))
        await until(lambda: server.info()["master_link_status"] == "up")
        yield server


async def test_replication_is_seen_from_both_ends(master: RedisServer, replica: RedisServer) -> None:
    above, below = await polled(master), await polled(replica)
    assert (above.server.role, below.server.role) == ("master", "replica")
    assert (below.replication.master, below.replication.link_up) == (f"127.0.0.1:{master.port}", True)
    (seen,) = above.replication.replicas
    assert (seen.address, seen.state) == (f"127.0.0.1:{replica.port}", "online")
    assert seen.lag <= 10
    assert seen.behind < 1000
    async with asking(replica.url) as (source, _):
        assert source.judge(below) == []
        assert {s.name: s.value for s in source.samples(below)}["redis_master_link_up"] == 1


async def test_a_replica_that_stands_still_lags(master: RedisServer, replica: RedisServer) -> None:
    replica.freeze()
    async with asking(master.url) as (source, _), asyncio.timeout(PATIENCE):
        source.limits = Limits(replication_lag=(2, 60))
        while not (found := source.judge(await source.poll(Focus.GLANCE))):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert found[0].text.startswith(f"replica 127.0.0.1:{replica.port} ")
    assert found[0].text.endswith(" behind")


async def test_a_cut_link_is_critical(master: RedisServer, replica: RedisServer) -> None:
    master.kill()
    await until(lambda: replica.info()["master_link_status"] == "down")
    async with asking(replica.url) as (source, _):
        cut = await source.poll(Focus.GLANCE)
        finding = source.judge(cut)[0]
        assert (finding.severity, "link to master" in finding.text) == (Severity.CRITICAL, True)
        assert {s.name: s.value for s in source.samples(cut)}["redis_master_link_up"] == 0


async def test_a_failed_save_is_critical(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.set("a", "1")
        client.save()
        saved = (await polled(redis_server)).persistence
        assert (saved.save_ok, saved.changes, saved.aof) == (True, 0, False)
        assert saved.last_save == pytest.approx(time.time(), abs=5)
        dump = redis_server.directory / "dump.rdb"
        dump.unlink()
        dump.mkdir()  # the finished file cannot take its place
        client.set("a", "2")
        client.bgsave()
        await until(lambda: redis_server.info()["rdb_last_bgsave_status"] == "err")
        async with asking(redis_server.url) as (source, _):
            snapshot = await source.poll(Focus.GLANCE)
            finding = source.judge(snapshot)[0]
    assert (snapshot.persistence.save_ok, snapshot.persistence.changes) == (False, 1)
    assert finding.severity is Severity.CRITICAL
    assert finding.text == "last RDB save failed, 1 changes unsaved"


async def test_the_append_only_file_is_told(redis_binary: str) -> None:
    with RedisServer(redis_binary, settings={"appendonly": "yes"}) as server:
        with server.connect() as client:
            client.set("a", "x" * 1000)
        kept = (await polled(server)).persistence
        assert (kept.aof, kept.aof_write_ok, kept.aof_rewrite_ok) == (True, True, True)
        assert 1000 < kept.aof_bytes <= int(server.info()["aof_current_size"])


async def test_rejected_connections_are_critical_for_a_minute(redis_binary: str) -> None:
    with RedisServer(redis_binary, settings={"maxclients": "10"}) as server:
        async with asking(server.url) as (source, clock):
            await source.poll(Focus.GLANCE)
            guests = [socket.socket(socket.AF_UNIX) for _ in range(12)]
            try:
                for guest in guests:
                    guest.connect(str(server.socket))
                answers = [guest.recv(99) for guest in guests[9:]]  # ours is the tenth
                assert answers == [b"-ERR max number of clients reached\r\n"] * 3
                clock.passed += 1
                snapshot = await source.poll(Focus.GLANCE)
                assert snapshot.interval is not None
                assert snapshot.interval.change.rejected == snapshot.clients.rejected_lately == 3
                judged = [finding.text for finding in source.judge(snapshot)]
                assert judged == ["3 connections rejected in a minute", "10 of 10 clients"]
                async with asking(server.url) as (another, _):
                    with pytest.raises(Unreachable, match="max number of clients"):
                        await another.poll(Focus.GLANCE)
            finally:
                for guest in guests:
                    guest.close()
            clock.passed += 61
            await until(lambda: server.info().get("connected_clients") == "2")  # ours and redis-cli's
            await source.poll(Focus.GLANCE)
            clock.passed += 61
            assert source.judge(await source.poll(Focus.GLANCE)) == []


HOSTILE = b"\x1b]0;owned\x07\x1b[31m[/red][@click=app.quit]\r\n\xe2\x80\xae\xff\x00\xc2\x9b2J"


async def test_hostile_bytes_come_out_as_text(redis_server: RedisServer) -> None:
    with redis_server.connect() as client:
        client.config_set("slowlog-log-slower-than", 0)
        client.execute_command("CLIENT", "SETNAME", "[/][@click=app.bell]")
        client.execute_command("ACL", "SETUSER", b"u\x1b[31m\xff", "on", "nopass", "+@all", "~*")
        client.execute_command("SET", HOSTILE, HOSTILE)
        client.execute_command("EVAL", b"return 1 --[==[" + HOSTILE + b"]==]", "0")
        with redis_server.connect(username=b"u\x1b[31m\xff", password="any") as stranger:
            stranger.ping()
            with pytest.raises(Exception, match="unknown command"):
                client.execute_command(HOSTILE)
            async with asking(redis_server.url) as (source, _):
                snapshot = await source.poll(Focus.FULL)
    assert snapshot.details is not None
    commands = [entry.command for entry in snapshot.details.slow_log]
    assert any("owned" in command for command in commands)
    assert any(client.name == "[/][@click=app.bell]" for client in snapshot.details.clients)
    shown = [*texts(snapshot), *texts(source.judge(snapshot))]
    assert len(shown) > 50
    assert [text for text in shown if clean(text) != text] == []


async def test_a_sentinel_says_that_it_is_one(redis_binary: str) -> None:
    with RedisServer(redis_binary, settings={"sentinel": "resolve-hostnames yes"}, sentinel=True) as server:
        async with asking(server.url) as (source, _):
            snapshot = await source.poll(Focus.FULL)
            assert snapshot.server.mode == "sentinel"
            assert "Sentinel" in snapshot.limited[0]
            assert source.judge(snapshot) == []
            assert list(source.samples(snapshot))


async def test_a_cluster_node_says_that_it_is_one(redis_binary: str) -> None:
    with RedisServer(redis_binary, settings={"cluster-enabled": "yes"}) as server:
        assert (await polled(server, Focus.FULL)).server.mode == "cluster"


class TestSigningIn:
    SECRET = "s3cr3t/word@x"

    def url(self, server: RedisServer, user: str, password: str) -> str:
        """The server's TCP address with a password in it."""
        return f"redis://{user}:{password}@127.0.0.1:{server.port}"

    async def refusal(self, url: str) -> Refused:
        """How a server refuses us."""
        async with asking(url) as (source, _):
            with pytest.raises(Refused) as caught:
                await source.poll(Focus.GLANCE)
            assert self.SECRET not in "".join(
                [*texts(caught.value), source.target, source.name, repr(source)]
            )
            return caught.value

    async def test_passwords(self, redis_binary: str) -> None:
        with RedisServer(redis_binary, settings={"requirepass": self.SECRET}, password=self.SECRET) as server:
            wanted = await self.refusal(server.tcp_url)
            assert wanted.reason == "it wants a password"
            assert "password_command" in wanted.fix
            wrong = await self.refusal(self.url(server, "", "wrong"))
            assert "wrong password for user default" in wrong.reason
            async with asking(self.url(server, "", "s3cr3t%2Fword%40x")) as (source, _):
                snapshot = await source.poll(Focus.FULL)
                assert self.SECRET not in "".join(texts(snapshot))
            async with asking(f"unix://:s3cr3t%2Fword%40x@{server.socket}") as (source, _):
                await source.poll(Focus.HIDDEN)

    async def test_a_password_where_none_is_wanted(self, redis_server: RedisServer) -> None:
        refused = await self.refusal(self.url(redis_server, "", "s3cr3t%2Fword%40x"))
        assert refused.reason == "it has no password, but one is configured"

    async def test_the_password_command_is_run_again_after_a_refusal(self, redis_binary: str) -> None:
        with RedisServer(redis_binary, settings={"requirepass": self.SECRET}, password=self.SECRET) as server:
            store = server.directory / "store"
            store.write_text("outdated\n")
            async with asking(server.tcp_url, password_command=f"cat {store}") as (source, _):
                with pytest.raises(Refused, match="wrong password"):
                    await source.poll(Focus.GLANCE)
                store.write_text(self.SECRET + "\n")
                await source.poll(Focus.GLANCE)

    async def test_a_failing_password_command_is_said(self, redis_server: RedisServer) -> None:
        async with asking(redis_server.tcp_url, password_command="false") as (source, _):
            with pytest.raises(Refused, match="password_command"):
                await source.poll(Focus.GLANCE)

    async def test_a_narrow_user_sees_what_it_may_and_is_told_the_grant(
        self, redis_server: RedisServer
    ) -> None:
        redis_server.cli("ACL", "SETUSER", "ops", "on", ">pw", "+info")
        async with asking(self.url(redis_server, "ops", "pw")) as (source, clock):
            snapshot = await source.poll(Focus.FULL)
            assert snapshot.server.process_id == redis_server.pid
            assert math.isnan(snapshot.latency)
            assert snapshot.slow_length is None
            assert snapshot.limited == (
                "user ops may not run PING: ACL SETUSER ops +ping",
                "user ops may not run SLOWLOG: ACL SETUSER ops +slowlog|len +slowlog|get",
                "user ops may not run CLIENT: ACL SETUSER ops +client|list",
            )
            denied = redis_server.cli("ACL", "LOG").count("reason")
            for _ in range(5):
                clock.passed += 5
                await source.poll(Focus.FULL)
            assert redis_server.cli("ACL", "LOG").count("reason") == denied  # it does not insist
            for note in snapshot.limited:  # the fix it names is the fix
                redis_server.cli(*note.partition(": ")[2].split())
            clock.passed += 60
            snapshot = await source.poll(Focus.FULL)
            assert snapshot.limited == ()
            assert snapshot.details is not None
            assert snapshot.details.clients

    async def test_a_user_without_info_is_refused_with_the_grant(self, redis_server: RedisServer) -> None:
        redis_server.cli("ACL", "SETUSER", "ops", "on", ">pw", "+ping")
        refused = await self.refusal(self.url(redis_server, "ops", "pw"))
        assert "ACL SETUSER ops +info" in refused.fix

    async def test_a_renamed_command_is_said_to_be_missing(self, redis_binary: str) -> None:
        with RedisServer(redis_binary, settings={"rename-command": 'SLOWLOG ""'}) as server:
            snapshot = await polled(server, Focus.FULL)
            assert snapshot.limited == ("SLOWLOG does not exist there (renamed or disabled)",)


def test_the_step_clock_steps() -> None:
    clock = StepClock()
    before = clock.monotonic()
    clock.passed += 100
    assert clock.monotonic() - before == pytest.approx(100, abs=5)
