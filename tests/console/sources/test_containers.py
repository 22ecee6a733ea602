"""Containers out of JSON, events and counters: what engines may send, kindly meant or not."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.config import Limits
from console.findings import Severity
from console.sources.docker.cgroups import Totals
from console.sources.docker.container_facts import engine_of, from_inspection, from_listing
from console.sources.docker.container_faults import find_faults, state_fault
from console.sources.docker.container_list import ContainerList
from console.sources.docker.container_usage import UsageBook, totals_of
from console.sources.docker.containers import Container, DockerSnapshot, Engine, Usage
from console.sources.docker.engine_events import Event, parse
from console.text import clean

ID = "0123456789ab" * 5 + "cdef"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def inspection(**state: Any) -> dict[str, Any]:
    return {
        "Id": ID,
        "Name": "/web",
        "Created": "2026-03-04T01:00:00.123456789Z",
        "RestartCount": 0,
        "Config": {"Image": "shop/web:1"},
        "State": {
            "Status": "running",
            "StartedAt": "2026-03-04T05:00:00Z",
            "FinishedAt": "0001-01-01T00:00:00Z",
        }
        | state,
    }


def container(**fields: Any) -> Container:
    made: dict[str, Any] = {"id": ID, "name": "web", "image": "shop/web:1", "state": "running"}
    return Container(**(made | fields))


# -- what the engine says


@pytest.mark.parametrize(
    ("host", "cores"),
    [
        ({"NanoCpus": 1_500_000_000}, 1.5),
        ({"CpuQuota": 50_000, "CpuPeriod": 200_000}, 0.25),
        ({"CpuQuota": 50_000}, 0.5),
        ({"CpuQuota": -1}, 0.0),
        ({"CpusetCpus": "0-2,5"}, 4.0),
        ({"CpusetCpus": "0-3", "NanoCpus": 500_000_000}, 0.5),
        ({"CpusetCpus": "junk"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_cpu_limit_is_read_however_it_was_set(host: dict[str, Any], cores: float) -> None:
    found = from_inspection(inspection() | {"HostConfig": host})
    assert found is not None
    assert found.cpu_limit == cores


def test_ports_mounts_and_names_of_variables() -> None:
    found = from_inspection(
        inspection()
        | {
            "NetworkSettings": {
                "Networks": {"front": {}, "back": {}},
                "Ports": {
                    "80/tcp": [
                        {"HostIp": "0.0.0.0", "HostPort": "8080"},
                        {"HostIp": "::", "HostPort": "8080"},
                    ],
                    "443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8443"}],
                    "9000/udp": None,
                },
            },
            "Mounts": [
                {"Type": "bind", "Source": "/srv/web", "Destination": "/data", "RW": False},
                {
                    "Type": "volume",
                    "Name": "cache",
                    "Source": "/var/lib/x",
                    "Destination": "/cache",
                    "RW": True,
                },
            ],
            "Config": {"Image": "i", "Env": ["DATABASE_URL=postgres://u:hunter2@db/x", "EMPTY"]},
        }
    )
    assert found is not None
    assert found.ports == ("8080->80/tcp", "127.0.0.1:8443->443/tcp", "9000/udp")
    assert found.mounts == ("/srv/web -> /data (read-only)", "cache -> /cache")
    assert found.networks == ("front", "back")
    assert found.variables == ("DATABASE_URL", "EMPTY")
    assert "hunter2" not in repr(found)


def test_secrets_in_commands_labels_and_probes_are_masked() -> None:
    probe = {"Status": "unhealthy", "Log": [{"Output": "redis://:hunter2@h refused"}]}
    found = from_inspection(
        inspection(Health=probe)
        | {
            "Path": "serve",
            "Args": ["--password", "hunter2 x", "--db=postgres://u:hunter2@db/x"],
            "Config": {"Labels": {"app.token": "hunter2", "tier": "web"}},
        }
    )
    assert found is not None
    assert found.command == "serve --password *** --db=postgres://u:***@db/x"
    assert found.labels == ("app.token=***", "tier=web")
    assert found.health_output == "redis://:***@h refused"
    assert "hunter2" not in repr(found)


def test_the_list_tells_state_health_and_exit_code_before_anything_is_inspected() -> None:
    listed = from_listing(
        {
            "Id": ID,
            "Names": ["/web/db", "/db"],
            "Image": "pg",
            "State": "exited",
            "Status": "Exited (137) 3 minutes ago",
            "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "db"},
        }
    )
    assert listed is not None
    assert (listed.name, listed.state, listed.exit_code) == ("db", "exited", 137)
    assert (listed.project, listed.service) == ("shop", "db")
    ill = from_listing({"Id": ID, "Names": ["/a"], "State": "running", "Status": "Up 5 minutes (unhealthy)"})
    assert ill is not None
    assert ill.health == "unhealthy"


def test_the_words_of_podman_are_translated() -> None:
    stopped = from_listing({"Id": ID, "Names": ["/a"], "State": "stopped", "Status": "Exited (3) 1 hour ago"})
    assert stopped is not None
    assert (stopped.state, stopped.exit_code) == ("exited", 3)
    version = {"Components": [{"Name": "Podman Engine"}], "Version": "4.3.1"}
    assert engine_of(version, {}, "unix:///x").kind == "podman"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "Name",
    "Names",
    "Image",
    "State",
    "Status",
    "Labels",
    "HostConfig",
    "Config",
    "NetworkSettings",
    "Mounts",
    "Created",
    "RestartCount",
    "Path",
    "Args",
]


@given(st.fixed_dictionaries({"Id": st.just(ID)}, optional=dict.fromkeys(KEYS, JSON_VALUES)))
def test_no_answer_of_an_engine_breaks_the_reading(answer: dict[str, Any]) -> None:
    for found in (from_listing(answer), from_inspection(answer)):
        assert found is not None
        assert (clean(found.name), clean(found.image)) == (found.name, found.image)
    totals_of(answer)
    engine_of(answer, answer, "unix:///x")
    parse(json.dumps(answer).encode())


@pytest.mark.parametrize("bad", [None, 5, "", "../../etc/passwd", "XYZ", ID + "/../x"])
def test_an_id_that_is_none_is_not_taken(bad: Any) -> None:
    assert from_listing({"Id": bad, "Names": ["/a"]}) is None
    assert from_inspection({"Id": bad}) is None


def test_hostile_text_is_printable_afterwards() -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202eabc\r\n"
    found = from_inspection(
        inspection(Error=evil, Health={"Status": "unhealthy", "Log": [{"Output": evil}]})
        | {
            "Config": {
                "Image": evil,
                "Labels": {evil: evil, "com.docker.compose.project": evil},
                "Env": [evil],
            }
        }
        | {"Path": evil, "Args": [evil], "Name": "/" + evil}
    )
    assert found is not None
    shown = (found.name, found.image, found.error, found.health_output, found.project, found.command)
    for text in (*shown, *found.labels, *found.variables):
        assert clean(text) == text
        assert text.isprintable()


# -- events


def event(action: str, at: float, container_id: str = ID, **told: str) -> Event:
    line = {"Type": "container", "Action": action, "Actor": {"ID": container_id, "Attributes": told}}
    found = parse(json.dumps(line | {"timeNano": int(at * 1e9)}).encode())
    assert found is not None
    return found


def test_events_of_docker_and_podman_are_read() -> None:
    died = event("die", 12.5, exitCode="137")
    assert (died.container, died.action, died.time, died.exit_code) == (ID, "die", 12.5, 137)
    assert event("died", 1, containerExitCode="3").exit_code == 3
    assert event("health_status: unhealthy", 1).action == "health_status"
    assert event("kill", 1, signal="15").signal == "15"
    assert parse(b"{broken") is None
    assert parse(b'{"Action": "die"}') is None


def known(**fields: Any) -> ContainerList:
    """A list with one container that runs for its second time."""
    listing = ContainerList()
    listing.relist([{"Id": ID, "Names": ["/web"], "State": "running", "Status": "Up 2 seconds"}])
    listing.inspected(ID, inspection(FinishedAt="2026-03-04T04:59:00Z", **fields))
    return listing


def seen(listing: ContainerList) -> Container:
    listing.inspected(ID, inspection(FinishedAt="2026-03-04T04:59:00Z"))
    return listing.containers[ID]


def test_a_restart_by_policy_is_counted_with_the_exit_code_before_it() -> None:
    listing, at = known(), NOW.timestamp()
    listing.apply([event("die", at - 20, exitCode="3"), event("start", at - 19)])
    listing.apply([event("oom", at - 10), event("die", at - 10, exitCode="137"), event("start", at - 9)])
    assert listing.stale(10) == [ID]
    found = seen(listing)
    assert found.restarted == (at - 19, at - 9)
    assert (found.exit_code, found.oom_killed) == (137, True)
    assert found.recent_restarts(NOW) == 2
    assert found.recent_restarts(NOW + timedelta(seconds=585)) == 1
    assert found.recent_restarts(NOW + timedelta(seconds=600)) == 0


@pytest.mark.parametrize("state", ["exited", "running"])
def test_an_end_for_want_of_memory_that_is_told_before_its_cause(state: str) -> None:
    listing, at = known(), NOW.timestamp()
    listing.apply([event("die", at - 10, exitCode="137"), event("oom", at - 9.99)])
    if state == "running":
        listing.apply([event("start", at - 9)])
    listing.inspected(ID, inspection(Status=state, ExitCode=137, FinishedAt="2026-03-04T04:59:00Z"))
    assert (listing.containers[ID].exit_code, listing.containers[ID].oom_killed) == (137, True)


def test_a_restart_by_hand_is_none() -> None:
    listing, at = known(), NOW.timestamp()
    listing.apply([event("kill", at, signal="15"), event("die", at, exitCode="143"), event("start", at + 1)])
    assert seen(listing).restarted == ()
    listing.apply([event("stop", at + 2), event("died", at + 3, containerExitCode="143")])
    assert seen(listing).stopped


def test_a_signal_that_is_a_message_does_not_excuse_the_next_crash() -> None:
    listing, at = known(), NOW.timestamp()
    listing.apply(
        [event("kill", at, signal="1"), event("die", at + 60, exitCode="1"), event("start", at + 61)]
    )
    assert seen(listing).restarted == (at + 61,)


def test_a_stream_opened_anew_tells_nothing_twice() -> None:
    listing, at = known(), NOW.timestamp()
    told = [event("die", at - 20, exitCode="3"), event("start", at - 19)]
    listing.apply(told)
    listing.expect_repeats()
    listing.apply([*told, event("die", at - 5, exitCode="3"), event("start", at - 4)])
    assert seen(listing).restarted == (at - 19, at - 4)


def test_a_young_container_counts_the_restarts_nobody_saw() -> None:
    created = NOW - timedelta(seconds=60)
    assert container(created=created, restarts=4).recent_restarts(NOW) == 4
    assert container(created=NOW - timedelta(hours=3), restarts=4).recent_restarts(NOW) == 0


def test_the_list_asks_again_only_for_what_changed() -> None:
    listing = known()
    assert listing.stale(10) == []
    entry = {"Id": ID, "Names": ["/web"], "State": "running", "Status": "Up 9 seconds"}
    listing.relist([entry])
    assert listing.stale(10) == []
    listing.relist([entry | {"Names": ["/renamed"]}])
    assert listing.stale(10) == [ID]
    assert listing.containers[ID].name == "renamed"
    listing.relist([])
    assert listing.containers == {}
    assert listing.stale(10) == []


def test_those_that_look_wrong_are_inspected_first() -> None:
    listing = ContainerList()
    entries = [
        {"Id": f"{n:064x}", "Names": [f"/c{n}"], "State": "running", "Status": "Up"} for n in range(50)
    ]
    entries[40] |= {"State": "exited", "Status": "Exited (1) 2 seconds ago"}
    entries[41] |= {"Status": "Up 1 minute (unhealthy)"}
    listing.relist(entries)
    assert set(listing.stale(2)) == {f"{40:064x}", f"{41:064x}"}


def test_an_unknown_container_in_the_events_asks_for_the_list() -> None:
    listing = known()
    assert listing.apply([event("start", 1.0, "f" * 64)])
    assert not listing.apply([event("start", 2.0)])
    assert not listing.apply([event("destroy", 3.0)])
    assert listing.containers == {}


# -- rates


def test_rates_are_of_the_interval_and_begin_anew_with_the_container() -> None:
    book = UsageBook()
    book.add(ID, Totals(10.0, cpu=5.0, memory=100, received=1000, written=0), 10.0)
    first = book.usage[ID]
    assert (first.interval, first.memory) == (0.0, 100)
    assert math.isnan(first.cpu)
    book.add(ID, Totals(12.0, cpu=6.0, periods=40, memory=90, received=3000, written=500), 12.0)
    second = book.usage[ID]
    assert (second.cpu, second.received, second.written) == (0.5, 1000, 250)
    assert second.cpu_steady == 0.5
    book.add(ID, Totals(13.0, cpu=0.1, memory=80), 13.0)
    anew = book.usage[ID]
    assert math.isnan(anew.cpu)
    assert anew.memory == 80


def test_readings_too_close_together_give_no_rate() -> None:
    book = UsageBook()
    for time, cpu in ((1.0, 0.0), (2.0, 0.5), (2.01, 0.52)):
        book.add(ID, Totals(time, cpu=cpu), time)
    assert book.usage[ID].cpu == 0.5


def test_one_busy_second_is_no_steady_load() -> None:
    book = UsageBook()
    for second, cpu in enumerate((0.0, 0.0, 1.0), 1):
        book.add(ID, Totals(float(second), cpu=cpu), float(second))
    usage = book.usage[ID]
    assert usage.cpu == 1.0
    assert usage.cpu_steady == pytest.approx(1 - math.exp(-1 / 15))


def test_the_share_of_periods_the_limit_struck_in() -> None:
    book = UsageBook()
    book.add(ID, Totals(1.0, cpu=0, periods=100, throttled=10), 1.0)
    book.add(ID, Totals(2.0, cpu=0, periods=110, throttled=15), 2.0)
    assert book.usage[ID].throttled == 0.5


STATS = {
    "read": "2026-03-04T05:06:07.5Z",
    "pids_stats": {"current": 4},
    "cpu_stats": {
        "cpu_usage": {"total_usage": 3_000_000_000},
        "throttling_data": {"periods": 9, "throttled_periods": 3},
    },
    "memory_stats": {"usage": 1000, "stats": {"total_inactive_file": 400, "inactive_file": 1}},
    "networks": {"eth0": {"rx_bytes": 10, "tx_bytes": 1}, "eth1": {"rx_bytes": 5, "tx_bytes": 2}},
    "blkio_stats": {
        "io_service_bytes_recursive": [
            {"op": "Read", "value": 7},
            {"op": "read", "value": 1},
            {"op": "WRITE", "value": 4},
            {"op": "Total", "value": 99},
        ]
    },
}


def test_the_engines_statistics_are_added_up() -> None:
    totals = totals_of(STATS)
    assert totals is not None
    assert (totals.cpu, totals.memory, totals.pids) == (3.0, 600, 4)
    assert (totals.received, totals.sent, totals.read, totals.written) == (15, 3, 8, 4)
    assert (totals.periods, totals.throttled) == (9, 3)
    v2 = totals_of(STATS | {"memory_stats": {"usage": 1000, "stats": {"inactive_file": 100}}})
    assert v2 is not None
    assert v2.memory == 900
    assert totals_of({"read": "0001-01-01T00:00:00Z"}) is None


# -- what is wrong

RESTARTS = Limits().limit("container_restarts")
AGO = {"finished": NOW - timedelta(minutes=5), "created": NOW - timedelta(days=1)}


@pytest.mark.parametrize(
    ("fields", "severity", "text"),
    [
        ({"state": "running"}, None, ""),
        ({"state": "running", "health": "healthy"}, None, ""),
        ({"state": "created"}, None, ""),
        ({"state": "exited", "exit_code": 0, **AGO}, None, ""),
        ({"state": "restarting", "exit_code": 3, "oom_killed": True}, 2, "restarting, exit 3 OOM"),
        ({"state": "dead"}, 2, "dead"),
        ({"state": "paused"}, 1, "paused"),
        ({"state": "running", "health": "unhealthy", "health_output": "no route"}, 2, "unhealthy: no route"),
        ({"state": "created", "error": "no such file", "exit_code": 127}, 2, "could not start: no such file"),
        ({"state": "exited", "exit_code": 3, **AGO}, 1, "exit 3 5m ago"),
        ({"state": "exited", "exit_code": 3, "policy": "always", **AGO}, 2, "exit 3 5m ago"),
        ({"state": "exited", "exit_code": 3, "stopped": True, **AGO}, None, ""),
        ({"state": "exited", "exit_code": 137, "oom_killed": True, **AGO}, 2, "exit 137 OOM 5m ago"),
        ({"state": "exited", "exit_code": 143, "policy": "always", **AGO}, 1, "stopped 5m ago"),
        (
            {
                "state": "exited",
                "exit_code": 1,
                "policy": "on-failure",
                "max_retries": 5,
                "restarts": 5,
                **AGO,
            },
            2,
            "gave up after 5 restarts, exit 1",
        ),
        ({"state": "exited", "exit_code": 3, "finished": NOW - timedelta(hours=2)}, None, ""),
        (
            {"state": "running", "restarts": 1, "created": NOW - timedelta(seconds=9), "exit_code": 1},
            1,
            "restarted 1x in 10m, exit 1",
        ),
        (
            {"state": "running", "restarted": (NOW.timestamp() - 5,) * 3, "exit_code": 1},
            2,
            "restarted 3x in 10m",
        ),
        ({"state": "running", "oom_killed": True}, 1, "a process inside was OOM killed"),
    ],
)
def test_what_is_wrong_with_a_state(fields: dict[str, Any], severity: int | None, text: str) -> None:
    finding = state_fault(container(**fields), NOW, RESTARTS)
    if severity is None:
        assert finding is None
        return
    assert finding is not None
    assert finding.severity == Severity(severity)
    assert finding.text.startswith(text)
    assert finding.subject == "web"
    assert finding.hint


@pytest.mark.parametrize(
    ("watched", "restarts", "text"),
    [
        (5.0, 24, "restarted ≥3x in 10m"),
        (5.0, 3, "restarted 3x in 10m"),
        (600.0, 24, "restarted 3x in 10m"),
    ],
)
def test_restarts_nobody_saw_are_not_denied(watched: float, restarts: int, text: str) -> None:
    """An engine remembers a few minutes of events where health checks fill them."""
    found = container(
        state="running", restarts=restarts, restarted=(NOW.timestamp() - 5,) * 3, exit_code=1,
        created=NOW - timedelta(hours=1),
    )  # fmt: skip
    engine = Engine(kind="docker", name="h", version="1")
    shown = DockerSnapshot(engine=engine, containers=(found,), time=NOW, watched=watched)
    assert [finding.text for finding in find_faults(shown, Limits())] == [f"{text}, exit 1"]


def test_oom_is_told_with_its_remedy() -> None:
    killed = container(state="restarting", exit_code=137, oom_killed=True)
    finding = state_fault(killed, NOW, RESTARTS)
    assert finding is not None
    assert finding.hint == "OOM killed: raise the memory limit or find the leak"


def test_limits_are_judged_and_the_host_is_no_limit() -> None:
    engine = Engine(kind="docker", name="h", version="1", cpus=2, memory=1000)
    near = container(memory_limit=1000, cpu_limit=0.5)
    free = container(id="f" * 64, name="free")
    usage = {
        ID: Usage(1.0, 1.0, cpu=0.5, cpu_steady=0.5, throttled=0.4, memory=960),
        "f" * 64: Usage(1.0, 1.0, cpu=2.0, cpu_steady=2.0, memory=999),
    }
    snapshot = DockerSnapshot(engine=engine, containers=(near, free), usage=usage, time=NOW)
    found = sorted(find_faults(snapshot, Limits()), key=lambda finding: finding.text)
    assert [(f.severity, f.subject) for f in found] == [(1, "web"), (2, "web")]
    assert found[0].text == "CPU 100% of its 0.5 cores, throttled 40%"
    assert found[1].text == "memory 96% of 1000B"


def test_only_an_open_door_of_the_engine_is_a_finding() -> None:
    warnings = ("API is accessible on http://0.0.0.0:2375 without encryption.", "No swap limit support")
    engine = Engine(kind="docker", name="h", version="1", warnings=warnings)
    snapshot = DockerSnapshot(engine=engine, containers=(), time=NOW)
    assert [finding.subject for finding in find_faults(snapshot, Limits())] == ["engine"]


def test_status_for_people() -> None:
    assert container(started=NOW - timedelta(minutes=3, seconds=12)).status(NOW) == "up 3m"
    ended = container(state="exited", exit_code=137, oom_killed=True, finished=NOW - timedelta(seconds=42))
    assert ended.status(NOW) == "exit 137 OOM 42s ago"
    assert container(state="restarting", exit_code=1).status(NOW) == "restarting, exit 1"
    assert container(state="paused").status(NOW) == "paused"
