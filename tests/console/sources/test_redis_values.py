"""Redis without a server: addresses, replies read, rates, and what is judged wrong."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config import Config, Limits, RedisTarget
from console.errors import Refused
from console.findings import Severity
from console.sources.base import Focus
from console.sources.redis import info as read
from console.sources.redis.address import Address, BadAddress, parse_url
from console.sources.redis.judge import judge
from console.sources.redis.model import (
    Clients,
    Interval,
    Replica,
    Replication,
    Totals,
)
from console.sources.redis.rates import Rates
from console.sources.redis.source import RedisSource
from console.text import clean
from tests.console.sources.redis_values import MB, memory, persistence, snapshot


class TestAddress:
    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("redis://", Address()),
            ("redis://cache-1:7000/3", Address(host="cache-1", port=7000)),
            ("valkeys://cache-1", Address(host="cache-1", tls=True)),
            ("redis://:s%40crt@cache-1", Address(host="cache-1", password="s@crt")),
            ("redis://ops:pw@[::1]:6380", Address("::1", 6380, username="ops", password="pw")),
            ("rediss://cache-1?ssl_ca_certs=/ca.pem&timeout=5",
             Address("cache-1", tls=True, options=(("ssl_ca_certs", "/ca.pem"),))),
            ("unix:///run/redis/s.sock?db=2", Address(path="/run/redis/s.sock")),
            ("unix://ops:pw@/run/s", Address(path="/run/s", username="ops", password="pw")),
        ],
    )  # fmt: skip
    def test_urls_in_use_are_understood(self, url: str, address: Address) -> None:
        assert parse_url(url) == address

    @pytest.mark.parametrize(
        "url",
        [
            "cache-1:6379",
            "http://cache-1",
            "redis://user:hun/ter2@cache-1:6379",
            "redis://:1234/hunter2@cache-1",
            "redis://:12?hunter2@cache-1",
            "redis://host:hunter2",
            "unix://relative/path",
            "redis://[::1",
        ],
    )
    def test_what_is_no_url_is_refused_without_quoting_it(self, url: str) -> None:
        with pytest.raises(BadAddress) as caught:
            parse_url(url)
        assert not any(secret in str(caught.value) for secret in ("hunter2", "ter2", "hun", "1234"))

    def test_no_label_holds_the_password(self) -> None:
        address = parse_url("redis://ops:hunter2@cache-1")
        assert "hunter2" not in address.label + address.cli + repr(address)


class TestDiscover:
    def test_configuration_stands_above_the_environment(self) -> None:
        config = Config(redis=(RedisTarget(name="sessions", url="redis://a"), RedisTarget(url="redis://b:1")))
        found = RedisSource.discover(config, {"REDIS_URL": "redis://elsewhere"})
        assert [(s.name, s.target) for s in found] == [("sessions", "a:6379"), ("redis@b:1", "b:1")]

    def test_the_environment_names_a_server(self) -> None:
        (source,) = RedisSource.discover(Config(), {"REDIS_URL": "redis://:hunter2@cache-1:7000"})
        assert (source.name, source.target) == ("redis", "cache-1:7000")

    def test_without_either_this_host_is_searched(self) -> None:
        (source,) = RedisSource.discover(Config(), {})
        assert (source.name, source.target) == ("redis", "this host")

    async def test_a_wrong_url_is_said_at_every_poll_and_never_shown(self) -> None:
        (source,) = RedisSource.discover(Config(), {"REDIS_URL": "redis://user:hun/ter2@cache-1"})
        for _ in range(2):
            with pytest.raises(Refused) as caught:
                await source.poll(Focus.HIDDEN)
            assert "REDIS_URL" in caught.value.reason
            assert "hun" not in str(caught.value) + source.target
        await source.close()


class TestInfo:
    @given(st.text(max_size=400))
    def test_no_text_breaks_the_reader(self, text: str) -> None:
        info = read.Info("redis_version:7\r\ndb0:" + text + "\r\nslave0:" + text + "\r\n" + text)
        read.server(info, 0.0)
        read.memory(info)
        read.totals(info)
        assert all(clean(space.db) == space.db for space in read.keyspace(info))
        for replica in read.replication(info).replicas:
            assert clean(replica.address) == replica.address
        assert isinstance(read.persistence(info).save_ok, bool)

    def test_valkey_is_called_by_its_name_and_version(self) -> None:
        info = read.Info("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n")
        server = read.server(info, 5.0)
        assert (server.product, server.version, server.time) == ("Valkey", "8.0.1", 5.0)

    def test_statuses_are_numbers_for_samples(self) -> None:
        info = read.Info("a:ok\r\nb:err\r\nc:1.5\r\n")
        assert (info.float("a"), info.float("b"), info.float("c")) == (1.0, 0.0, 1.5)

    @given(st.lists(st.binary(max_size=30), max_size=5))
    def test_commands_become_one_clean_line(self, words: list[bytes]) -> None:
        text = read.command_text(words)
        assert clean(text) == text

    @pytest.mark.parametrize(
        ("words", "shown"),
        [
            ([b"AUTH", b"hunter2"], "AUTH (hidden)"),
            ([b"auth", b"ops", b"hunter2"], "auth (hidden)"),
            ([b"HELLO", b"3", b"AUTH", b"ops", b"hunter2"], "HELLO 3 (hidden)"),
            ([b"CONFIG", b"SET", b"requirepass", b"hunter2"], "CONFIG SET requirepass (hidden)"),
            ([b"ACL", b"SETUSER", b"ops", b">hunter2"], "ACL SETUSER ops (hidden)"),
            ([b"MIGRATE", b"h", b"1", b"k", b"0", b"9", b"AUTH", b"hunter2"], "MIGRATE h 1 k 0 9 (hidden)"),
            ([b"set", b"user:1:token", b"hunter2"], "set user:1:token (hidden)"),
            ([b"HSET", b"u", b"name", b"x", b"password", b"hunter2"], "HSET u name x password (hidden)"),
            ([b"MGET", b"a:token", b"b:token"], "MGET a:token b:token"),
            ([b"SET", b"url", b"redis://u:hunter2@h"], "SET url redis://u:***@h"),
            ([b"SET", b"a b", b""], 'SET "a b" ""'),
            ([b"PING"], "PING"),
        ],
    )
    def test_passwords_in_the_slow_log_are_hidden(self, words: list[bytes], shown: str) -> None:
        assert read.command_text(words) == shown

    @given(st.recursive(st.one_of(st.none(), st.integers(), st.binary(max_size=9)), st.lists))
    def test_a_strange_slow_log_is_left_out(self, reply: Any) -> None:
        assert isinstance(read.slow_log(reply), tuple)

    def test_of_many_clients_the_worst_are_kept(self) -> None:
        lines = [f"id={i} addr=1.2.3.4:{i} name= flags=N tot-mem={i} cmd=get" for i in range(1500)]
        lines[3] = "id=3 addr=1.2.3.4:3 name=waiting flags=b tot-mem=1 cmd=blpop"
        clients = read.clients(("\n".join(lines) + "\n").encode())
        assert len(clients) == read.CLIENT_LIMIT
        assert [client.id for client in clients[:3]] == [3, 1499, 1498]


class TestRates:
    def test_an_interval_is_the_difference_of_two_polls(self) -> None:
        rates = Rates()
        assert rates.interval(0.0, "run", Totals(hits=10, misses=5)) is None
        interval = rates.interval(2.0, "run", Totals(hits=17, misses=6))
        assert interval is not None
        assert (interval.change.hits, interval.change.misses, interval.rate("hits")) == (7, 1, 3.5)
        assert interval.hit_ratio == 7 / 8

    def test_no_look_ups_is_idle_not_zero(self) -> None:
        rates = Rates()
        rates.interval(0.0, "run", Totals(hits=10))
        interval = rates.interval(1.0, "run", Totals(hits=10))
        assert interval is not None
        assert interval.hit_ratio is None

    @pytest.mark.parametrize(("run", "hits"), [("other", 20), ("run", 5)])
    def test_a_restart_or_reset_begins_anew(self, run: str, hits: int) -> None:
        rates = Rates()
        rates.interval(0.0, "run", Totals(hits=10))
        assert rates.interval(1.0, run, Totals(hits=hits)) is None
        after = rates.interval(2.0, run, Totals(hits=hits + 3))
        assert after is not None
        assert after.change.hits == 3

    def test_polls_close_together_share_an_older_beginning(self) -> None:
        rates, numbers = Rates(), random.Random(5)
        now, hits, seen = 0.0, 0, {0.0: 0}
        rates.interval(now, "run", Totals())
        for _ in range(500):
            now += numbers.choice((0.01, 0.1, 0.4, 1.0))
            hits += numbers.randrange(5)
            interval = rates.interval(now, "run", Totals(hits=hits))
            if interval is not None:
                start = now - interval.seconds
                begun = min(seen, key=lambda time: abs(time - start))
                assert 0.5 <= interval.seconds < 1.6
                assert interval.change.hits == hits - seen[begun]
            seen[now] = hits

    def test_rejected_connections_are_remembered_for_a_minute(self) -> None:
        rates = Rates()
        rates.interval(0.0, "run", Totals(rejected=4))
        rates.interval(1.0, "run", Totals(rejected=6))
        rates.interval(2.0, "run", Totals(rejected=6))
        assert [rates.rejected_lately(time) for time in (2.0, 60.0, 62.0)] == [2, 2, 0]


W, C = Severity.WARNING, Severity.CRITICAL


class TestJudge:
    def test_a_healthy_server_has_no_findings(self) -> None:
        assert judge(snapshot(), Limits(), "cache") == []

    @pytest.mark.parametrize(
        ("changes", "severity", "words"),
        [
            (
                {"interval": Interval(1.0, Totals(hits=71, misses=29))},
                W,
                "hit rate 71% (limit 80%), 97% since start",
            ),
            ({"interval": Interval(1.0, Totals(hits=1, misses=9))}, C, "hit rate 10%"),
            ({"interval": Interval(2.0, Totals(evicted=80))}, W, "40 keys evicted"),
            ({"interval": Interval(1.0, Totals(evicted=100))}, C, "100 keys evicted"),
            ({"memory": memory(used=90 * MB)}, W, "memory 90% of maxmemory"),
            ({"memory": memory(used=96 * MB)}, C, "memory 96%"),
            ({"memory": memory(used=101 * MB)}, C, "memory full, noeviction: writes fail"),
            ({"memory": memory(used=100 * MB, policy="allkeys-lru")}, W, "memory 100%"),
            ({"memory": memory(used=100 * MB, policy="volatile-lru")}, C, "memory full"),
            ({"memory": memory(used=7900 * MB, maximum=0)}, C, "of the host's memory (no maxmemory)"),
            ({"memory": memory(fragmentation=2, fragmentation_bytes=150 * MB)}, W, "tion 2.0, 150M"),
            ({"clients": Clients(96, 0, 100, 0)}, C, "96 of 100 clients"),
            ({"clients": Clients(10, 0, 100, 3)}, C, "3 connections rejected"),
            ({"clients": Clients(10, 2, 100, 0)}, W, "2 clients blocked"),
            ({"replication": Replication(master="m:1", link_up=False, link_down=70)}, C, "down for 1m10s"),
            ({"replication": Replication(master="m:1", link_up=False, syncing=True)}, W, "synchronising"),
            ({"replication": Replication(master="m:1", silence=25)}, W, "from the master for 25s"),
            ({"replication": Replication(replicas=(Replica("r:1", "online", 12, 2048),))}, W, "2.0K behind"),
            ({"replication": Replication(replicas=(Replica("r:1", "send_bulk", 0, 0),))}, W, "not online"),
            ({"persistence": persistence(save_ok=False, changes=5)}, C, "RDB save failed, 5 changes"),
            ({"persistence": persistence(aof=True, aof_write_ok=False)}, C, "append-only file failed"),
            ({"persistence": persistence(aof=True, aof_rewrite_ok=False)}, W, "last rewrite"),
        ],
    )  # fmt: skip
    def test_each_fault_is_one_finding(self, changes: dict[str, Any], severity: Severity, words: str) -> None:
        (finding,) = judge(snapshot(**changes), Limits(), "cache")
        assert (finding.severity, finding.subject) == (severity, "cache")
        assert words in finding.text
        assert finding.hint

    @pytest.mark.parametrize(
        "changes",
        [
            {"interval": Interval(1.0, Totals(misses=9))},  # too few look-ups to say anything
            {"interval": None},
            {"memory": memory(fragmentation=4.93, fragmentation_bytes=3 * MB)},  # an empty instance
            {"memory": memory(fragmentation=math.nan, maximum=0, system=0)},
            {"clients": Clients(10_000, 0, 0, 0)},  # unknown maximum
            {"replication": Replication(master="m:1", silence=10)},  # the master's own pace of pings
            {"persistence": persistence(aof=False, aof_write_ok=False)},
        ],
    )
    def test_what_only_looks_wrong_is_none(self, changes: dict[str, Any]) -> None:
        assert judge(snapshot(**changes), Limits(), "cache") == []

    def test_the_worst_stands_first(self) -> None:
        found = judge(
            snapshot(clients=Clients(10, 2, 100, 0), memory=memory(used=101 * MB)), Limits(), "cache"
        )
        assert [finding.severity for finding in found] == [C, W]
