"""MongoDB asked: a real FerretDB, and what its protocol may bring."""

from __future__ import annotations

import asyncio
import builtins
import struct
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from pymongo import AsyncMongoClient

from console.errors import UsageError
from console.findings import Severity
from console.probe_local import MongoSettings
from console.sources.health.mongo import MongoProbe
from console.sources.health.mongo_address import parse
from console.sources.health.probe import Outcome
from tests.console.sources.health.asking import ask as ask_watched
from tests.console.sources.health.asking import figures, told
from tests.console.sources.health.mongo_wire import (
    BEGAN,
    HELLO,
    OF_A_SET,
    answering,
    member,
    refusal,
    replica,
    status,
)
from tests.console.sources.health.test_leaks import check, settled
from tests.servers.ferretdb import FerretDB, ferretdb

__all__ = ["ferretdb"]

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def probe(where: str | int, **settings: Any) -> MongoProbe:
    """A probe of a port of this host, or of host:port with what else is in the URL."""
    where = f"127.0.0.1:{where}" if isinstance(where, int) else where
    return MongoProbe(MongoSettings(url=f"mongodb://{where}", **settings), {})


async def asked(one: MongoProbe) -> Outcome:
    """What asking shows, once nothing is left of it."""
    outcome = await ask_watched(one)
    await one.parted()
    return outcome


async def ask(where: str | int, **settings: Any) -> Outcome:
    """What asking once shows."""
    return await asked(probe(where, **settings))


async def scripted(hello: Any = HELLO, server: Any = None, rs: Any = None, **settings: Any) -> Outcome:
    """What asking a server that answers so shows."""
    answers = {"hello": hello, "serverStatus": server or status(), "replSetGetStatus": rs}
    async with answering(answers) as port:
        return await ask(port, **settings)


@pytest.fixture
def frozen(ferretdb: FerretDB) -> Iterator[FerretDB]:
    """A server that is stopped for the time of one test."""
    ferretdb.freeze()
    try:
        yield ferretdb
    finally:
        ferretdb.thaw()


async def test_what_a_real_server_tells(ferretdb: FerretDB) -> None:
    found = await ask(ferretdb.address)

    assert found.severity is Severity.OK, found.text
    assert found.text.startswith("up ")
    assert "it does not tell its connections, operations, memory, queues" in found.text
    samples = figures(found)
    assert samples["mongodb_up"] == 1
    assert 0 <= samples["mongodb_ss_uptime"] < 3600
    assert told(found)["role"] == "standalone"
    assert told(found)["version"].startswith("7.")
    assert told(found)["process"] == "ferretdb"


async def test_its_uptime_goes_on(ferretdb: FerretDB) -> None:
    before = figures(await ask(ferretdb.address))["mongodb_ss_uptime"]
    await asyncio.sleep(0.05)
    assert figures(await ask(ferretdb.address))["mongodb_ss_uptime"] > before


async def test_a_real_server_of_a_set_that_does_not_tell_of_it() -> None:
    with FerretDB(replica_set="rs7") as server:
        found = await ask(server.address)

    assert found.severity is Severity.OK, found.text
    assert "it does not tell its replica set" in found.text
    assert told(found)["role"] == "member of rs7"


async def test_signing_in() -> None:
    with FerretDB("ops", "geh@im/42") as server:
        nobody = await ask(server.address)
        wrong = await ask(f"ops:falsch42@{server.address}")
        right = await ask(f"ops:geh%40im%2F42@{server.address}")
        by_command = await ask(f"ops@{server.address}", password_command="echo geh@im/42")

    assert nobody.severity is Severity.WARNING, nobody.text
    assert nobody.text.startswith("it answers, and does not tell how it is: ")
    assert nobody.fix == "name a user with the role clusterMonitor on admin"
    assert figures(nobody)["mongodb_up"] == 1
    assert wrong.severity is Severity.CRITICAL
    assert wrong.text.startswith(f"{server.address} refuses: ")
    assert wrong.fix == "correct user, password and authSource"
    assert figures(wrong) == {"mongodb_up": 0}
    assert right.severity is Severity.OK, right.text
    assert by_command.severity is Severity.OK, by_command.text
    everything = str((nobody, wrong, right, by_command))
    assert "geh" not in everything
    assert "falsch42" not in everything


async def test_nobody_there_and_somebody_else(ferretdb: FerretDB, unused_port: int) -> None:
    closed = await ask(unused_port)
    unknown = await ask("no.such.host.invalid:1")
    plain = await ask(f"{ferretdb.address}/?tls=true", timeout=3.0)

    assert closed.text == f"127.0.0.1:{unused_port}: Connection refused"
    assert closed.fix == "does mongod run, and listen there?"
    assert figures(closed) == {"mongodb_up": 0}
    assert unknown.text.startswith("no.such.host.invalid:1: ")
    assert "Errno" not in unknown.text
    assert plain.severity is Severity.CRITICAL


async def test_killed_and_restarted() -> None:
    with FerretDB() as server:
        one = probe(server.address)
        assert (await asked(one)).severity is Severity.OK
        server.kill()
        gone = await asked(one)
        server.start()
        back = await asked(one)

    assert gone.text == f"{server.address}: Connection refused"
    assert back.severity is Severity.OK, back.text


async def test_frozen(frozen: FerretDB) -> None:
    found = await ask(frozen.address, timeout=1.0)

    assert found.severity is Severity.CRITICAL
    assert found.text == f"no answer from {frozen.address} within 850ms"


async def test_frozen_between_two_questions(ferretdb: FerretDB) -> None:
    one = probe(ferretdb.address, timeout=3.0)
    assert (await asked(one)).severity is Severity.OK
    ferretdb.freeze()
    try:
        assert "no answer from" in (await asked(one)).text
    finally:
        ferretdb.thaw()
    assert (await asked(one)).severity is Severity.OK


async def test_no_connection_and_no_task_stay(ferretdb: FerretDB) -> None:
    probes = [probe(ferretdb.address), probe(ferretdb.address, timeout=0.5)]
    await check([*probes])
    for one in probes:
        await one.parted()
    assert await settled(lambda: not ferretdb.connections())
    assert await settled(lambda: len(asyncio.all_tasks()) == 1)


async def test_nothing_stays_of_one_that_hangs(frozen: FerretDB) -> None:
    one = probe(frozen.address, timeout=0.5)
    await check([one])
    await one.parted()
    assert await settled(lambda: len(asyncio.all_tasks()) == 1)


async def test_it_writes_nothing(ferretdb: FerretDB) -> None:
    await ask(ferretdb.address)
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(f"mongodb://{ferretdb.address}") as client:
        assert await client.list_database_names() == []


async def test_figures_as_mongod_gives_them() -> None:
    found = await scripted()

    assert found.severity is Severity.OK
    assert found.text == "12 of 100 connections; up 1m40s"
    assert figures(found, conn_type="current") == {"mongodb_ss_connections": 12}
    assert figures(found, conn_type="available") == {"mongodb_ss_connections": 88}
    assert figures(found, legacy_op_type="query") == {"mongodb_ss_opcounters": 1000}
    assert figures(found, count_type="total") == {"mongodb_ss_globalLock_currentQueue": 0}
    assert figures(found)["mongodb_ss_mem_resident"] == 180
    assert told(found)["resident"] == "180M"


@pytest.mark.parametrize(
    ("current", "severity", "limit"),
    [(79, Severity.OK, ""), (80, Severity.WARNING, " (limit 80%)"), (95, Severity.CRITICAL, " (limit 95%)")],
)
async def test_connections_in_use(current: int, severity: Severity, limit: str) -> None:
    found = await scripted(server=status(current=current))

    assert found.severity is severity
    assert found.text.startswith(f"{current} of 100 connections{limit}")


async def test_operations_between_two_looks_and_over_a_restart() -> None:
    answers = {"hello": HELLO, "serverStatus": status(100, queries=1000)}
    async with answering(answers) as port:
        one = probe(port)
        await asked(one)
        answers["serverStatus"] = status(110, queries=1500)
        second = await asked(one)
        answers["serverStatus"] = status(2, queries=9)
        restarted = await asked(one)
        answers["serverStatus"] = status(4, queries=29)
        after = await asked(one)

    assert second.text == "12 of 100 connections; 50 operations/s; up 1m50s"
    assert told(second)["operations/s"] == "query 50"
    assert "operations/s" not in restarted.text
    assert "; 10 operations/s; " in after.text


async def test_operations_that_wait() -> None:
    queue = {"currentQueue": {"total": 3, "readers": 1, "writers": 2}}
    assert "3 waiting for a lock" in (await scripted(server=status(globalLock=queue))).text


@pytest.mark.parametrize(
    ("members", "severity", "text"),
    [
        (
            (member("a", 1, self=True), member("b", 2, 2), member("c", 7)),
            Severity.OK,
            "rs0 PRIMARY",
        ),
        (
            (member("a", 1, self=True), member("b", 2, 12), member("c", 2, 61)),
            Severity.CRITICAL,
            "c:27017 1m01s behind (limit 1m00s); b:27017 12s behind (limit 10s)",
        ),
        (
            (member("a", 2, 12, self=True), member("b", 1), member("c", 2, 90)),
            Severity.WARNING,
            "12s behind (limit 10s)",
        ),
        (
            (member("a", 1, self=True), member("b", 8, 900, health=0), member("c", 2)),
            Severity.WARNING,
            "b:27017 is DOWN",
        ),
        (
            (member("a", 2, self=True), member("b", 2), member("c", 8, health=0)),
            Severity.CRITICAL,
            "rs0 has no primary; c:27017 is DOWN",
        ),
        ((member("a", 3, self=True), member("b", 1)), Severity.WARNING, "rs0 RECOVERING"),
        ((member("a", 10, self=True), member("b", 1)), Severity.CRITICAL, "rs0 REMOVED"),
    ],
)
async def test_replica_sets(members: Any, severity: Severity, text: str) -> None:
    found = await scripted(OF_A_SET, rs=replica(*members))

    assert found.severity is severity, found.text
    assert text in found.text


async def test_samples_of_a_replica_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        found = await scripted(OF_A_SET, rs=replica(member("a", 1, self=True), member("b", 2, 5)))
    finally:
        monkeypatch.undo()
        time.tzset()

    assert figures(found)["mongodb_rs_myState"] == 1
    of_b = figures(found, member_idx="b:27017")
    assert (of_b["mongodb_rs_members_state"], of_b["mongodb_rs_members_health"]) == (2, 1)
    of_a = figures(found, member_idx="a:27017")
    assert of_a["mongodb_rs_members_optimeDate"] == BEGAN.timestamp() * 1000
    assert of_a["mongodb_rs_members_optimeDate"] - of_b["mongodb_rs_members_optimeDate"] == 5000
    assert figures(found, name="b:27017") == {"mongodb_mongod_replset_member_replication_lag": 5}
    assert told(found)["member b:27017"] == "SECONDARY, 5.0s behind"


async def test_one_that_may_not_read_how_it_is() -> None:
    no = refusal(13, "not authorized on admin to execute command { serverStatus: 1 }")
    found = await scripted(OF_A_SET, server=no, rs=no)

    assert found.severity is Severity.WARNING
    assert "it answers, and does not tell how it is: not authorized on admin" in found.text
    assert "its replica set is not told: not authorized" in found.text
    assert found.fix == "name a user with the role clusterMonitor on admin"
    assert figures(found) == {"mongodb_up": 1}


async def test_a_set_that_was_never_initiated() -> None:
    found = await scripted(HELLO | {"isreplicaset": True}, rs=refusal(94, "no replset config"))

    assert (found.severity, found.fix) == (Severity.WARNING, "rs.initiate()")


@pytest.mark.parametrize(
    "odd",
    [
        {"connections": {"current": "many", "available": -1}, "opcounters": [1], "mem": 7},
        {"globalLock": None, "uptimeMillis": "x"},
        {"connections": {"current": float("nan"), "available": float("inf")}, "uptime": True, "version": 7},
        {"connections": {"current": 0, "available": 0}, "uptimeMillis": -5, "version": "\x1b[31m7\n"},
        {"opcounters": {"query": 2**63 - 1, "insert": -1}, "mem": {"resident": 1e308}},
    ],
)
async def test_odd_figures(odd: dict[str, Any]) -> None:
    found = await scripted(server=status(**odd))

    assert found.severity is Severity.OK, found.text
    assert "\x1b" not in str(found)
    assert figures(found)["mongodb_up"] == 1


@pytest.mark.parametrize(
    "members",
    [
        7,
        [],
        [7, None, {"name": 3}, {"state": "x", "name": "y"}],
        [{"name": "x" * 9999, "state": 99, "self": 1}],
    ],
)
async def test_odd_members(members: Any) -> None:
    found = await scripted(OF_A_SET, rs={"ok": 1.0, "set": 5, "members": members})

    assert found.severity is Severity.CRITICAL
    assert "5 has no primary" in found.text


async def test_times_no_calendar_has() -> None:
    far = member("b", 2, optimeDate=bson.DatetimeMS(2**62))
    found = await scripted(OF_A_SET, rs=replica(member("a", 1, self=True), far))

    assert found.severity is Severity.OK, found.text
    assert told(found)["member b:27017"] == "SECONDARY"  # how far it is behind is not known


async def test_an_answer_to_another_question() -> None:
    stray = struct.pack("<iiiiib", 26, 1, 0, 2013, 0, 0) + bson.encode({})
    found = await scripted(server=stray, timeout=5.0)

    assert found.severity is Severity.CRITICAL
    assert "answers as no MongoDB does" in found.text


@pytest.mark.parametrize(
    "hello",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9,
        struct.pack("<iiii", 2**31 - 1, 1, 1, 1),
        struct.pack("<iiii", -5, 1, 1, 1) + b"x" * 64,
        struct.pack("<iiii", 40, 1, 1, 2012) + b"\xff" * 24,
        {"ok": 1.0},
        {"ok": "no"},
        HELLO | {"maxWireVersion": 2},
        HELLO | {"minWireVersion": 9999, "maxWireVersion": 9999},
        HELLO | {"maxWireVersion": "x", "hosts": 7},
        HELLO | {"maxMessageSizeBytes": 2**31 - 1},
        refusal(1, "mongodb://u:geheim@h/ \x1b[2J"),
    ],
)
async def test_hostile_greetings(hello: Any) -> None:
    found = await scripted(hello, timeout=1.5)

    assert found.severity is Severity.CRITICAL, found.text
    assert found.text
    assert "\x1b" not in str(found)
    assert "geheim" not in str(found)
    assert "defect" not in found.fix
    assert await settled(lambda: len(asyncio.all_tasks()) == 1)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mongodb+srv://h/", "a probe asks one member"),
        ("mongodb://a,b/", "several members"),
        ("http://a/", "is no URL"),
        ("mongodb://u:geheim@x@h/", "is no URL"),
        ("mongodb://u:geheim@h:99999/", "is no host"),
        ("mongodb://u@h/?authMechanism=MONGODB-OIDC", "is not used by probes"),
        ("mongodb://h/?tls=maybe", "neither true nor false"),
        ("", "is no URL"),
    ],
)
def test_urls_that_cannot_be_used(url: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as raised:
        MongoProbe(MongoSettings(url=url), {})
    assert "geheim" not in str(raised.value)


def test_what_a_url_says() -> None:
    found = parse("mongodb://o%40ps:p%3Aw@[::1]:27018/shop?retryWrites=true&w=majority&ssl=true&proxyHost=h")
    assert (found.host, found.port, found.user, found.password) == ("::1", 27018, "o@ps", "p:w")
    assert found.options == {"tls": True, "authSource": "shop"}
    assert found.where == "[::1]:27018"
    assert "p:w" not in repr(found)
    assert parse("mongodb://h").where == "h:27017"


def test_a_password_of_nobody() -> None:
    with pytest.raises(UsageError, match="of nobody"):
        probe("h:1", password_command="echo x")


async def test_files_that_are_not_there(ferretdb: FerretDB) -> None:
    found = await ask(f"{ferretdb.address}/?tls=true&tlsCAFile=/no/such.pem")
    assert found.text.startswith("the URL cannot be used: ")


async def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("pymongo"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    found = await probe("h:1").ask(NOW)
    assert (found.text, found.fix) == (
        "the MongoDB library is not installed",
        "pip install 'opsconsole[mongo]'",
    )


def test_it_is_loaded_when_it_is_asked() -> None:
    import subprocess

    code = (
        "import sys; from console.sources.health.mongo import MongoProbe;"
        "from console.probe_local import MongoSettings; MongoProbe(MongoSettings(), {});"
        "sys.exit('pymongo' in sys.modules or 'bson' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
