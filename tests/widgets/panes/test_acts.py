"""What the panes offer to do to a row: what makes sense in its state, and where the row came from."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from console.errors import GateRefused
from console.guides.model import Risk
from console.runs.acts import Act
from console.sources.base import Reading
from console.sources.docker.source import DockerSource
from console.sources.postgres.model import Blocker, PostgresSnapshot
from console.sources.postgres.source import PostgresSource
from tests.console.sources.calm_host import CALM
from tests.console.sources.postgres_values import NOW, session
from tests.console.sources.postgres_values import snapshot as postgres_snapshot
from tests.copies import replace
from tests.widgets.panes.test_docker import container
from tests.widgets.panes.test_docker import context as docker_context
from tests.widgets.panes.test_docker import snapshot as docker_snapshot
from tests.widgets.panes.test_postgres import context as postgres_context
from tests.widgets.panes.test_system import context as system_context
from tests.widgets.panes.test_system import process
from widgets.pane import Context, Pane, View
from widgets.panes.docker.pane import DockerPane
from widgets.panes.postgres.pane import PostgresPane
from widgets.panes.system.pane import SystemPane


def view(pane: Pane, name: str) -> View[Any]:
    """A view by its name."""
    return next(each for each in pane.views() if each.id == name)


def acts(pane: Pane, name: str, context: Context, index: int = 0) -> list[Act]:
    """What the view offers for a row."""
    shown = view(pane, name)
    assert shown.acts is not None
    return list(shown.acts(shown.rows(context)[index], context))


def of(source: Any, context: Context) -> Context:
    """The same, read from this source."""
    good = context.feed.good
    assert good is not None
    feed = replace(context.feed, source=source)
    feed.good = feed.reading = Reading(source.name, good.time, good.monotonic, 0.01, good.snapshot)
    return replace(context, feed=feed)


def test_which_views_have_acts() -> None:
    """Those whose rows are something that can be ended, and no other."""
    found = {f"{p.kind} {v.id}" for p in (DockerPane(), PostgresPane(), SystemPane()) for v in p.views()
             if v.acts is not None}  # fmt: skip
    assert found == {"docker containers", "postgres sessions", "postgres blockers", "system processes",
                     "system tree"}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("running", ["restart", "stop"]),
        ("restarting", ["restart", "stop"]),
        ("paused", ["restart", "stop"]),
        ("exited", ["start"]),
        ("created", ["start"]),
    ],
)
def test_a_container_by_its_state(state: str, verbs: list[str]) -> None:
    """Each with the exact call, which names the engine it goes to."""
    where = docker_context(docker_snapshot(container(1, state=state)))
    source = DockerSource({}, name="lab", host="unix:///run/lab.sock")
    found = acts(DockerPane(), "containers", of(source, where))
    assert [act.step.command for act in found] == [
        f"docker -H unix:///run/lab.sock {verb} api-1" for verb in verbs
    ]
    for act in found:
        assert (act.task["id"], act.task["host"], act.name) == (f"{1:064x}", "unix:///run/lab.sock", "api-1")
        assert act.step.risk is Risk.CHANGE
        assert act.about[0].startswith("container api-1, ")
        assert "unix:///d.sock" in act.about[2]
    source = DockerSource({}, context="prod")
    assert acts(DockerPane(), "containers", of(source, where))[0].step.command == (
        f"docker --context prod {verbs[0]} api-1"
    )


@pytest.mark.parametrize("state", ["removing", "dead"])
def test_a_container_on_its_way_out_is_left_alone(state: str) -> None:
    """With the reason."""
    where = docker_context(docker_snapshot(container(1, state=state)))
    with pytest.raises(GateRefused, match=f"api-1 is {state}"):
        acts(DockerPane(), "containers", where)


@pytest.mark.parametrize(
    ("changes", "verbs"),
    [
        ({"state": "active"}, ["cancel", "terminate"]),
        ({"state": "fastpath function call"}, ["cancel", "terminate"]),
        ({"state": "disabled"}, ["cancel", "terminate"]),
        ({"state": "idle"}, ["terminate"]),
        ({"state": "idle in transaction"}, ["terminate"]),
        ({"state": "idle in transaction (aborted)"}, ["terminate"]),
        ({"state": "active", "backend": "autovacuum worker"}, ["cancel"]),
        ({"state": "active", "backend": "walsender"}, ["terminate"]),
    ],
)
def test_a_session_by_its_state(changes: dict[str, Any], verbs: list[str]) -> None:
    """Each carries the address of the server the row came from, and shows no password."""
    where = postgres_context(postgres_snapshot((session(4711, **changes),)))
    source = PostgresSource("postgresql://ops:s3cret@db-1/orders", name="orders@db-1",
                            password_command="pass db-1", env={})  # fmt: skip
    found = acts(PostgresPane(), "sessions", of(source, where))
    assert [act.task["verb"] for act in found] == verbs
    for act in found:
        assert act.task["url"] == "postgresql://ops:s3cret@db-1/orders"
        assert act.task["password_command"] == "pass db-1"
        assert act.task["started"] == datetime.fromtimestamp(NOW - 100, UTC).isoformat()
        assert act.step.title.endswith("session 4711 of orders@db-1")
        assert "s3cret" not in f"{act.step} {act.about} {act.target}"
        assert act.about[-1] == "select 1"
    looking = of(PostgresSource(None, env={}), where)
    assert acts(PostgresPane(), "sessions", looking)[0].task["url"] is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"own": True}, "7 is a session of this console"),
        ({"backend": "checkpointer", "state": ""}, "7 is the server's checkpointer: it is left alone"),
        ({"backend": "parallel worker", "leader": 6}, "7 works for 6: cancel that one"),
        ({"since": None, "state": "not visible"}, "when 7 began is not visible.*GRANT pg_monitor"),
        (
            {"since": None, "state": "not visible", "backend": ""},
            "what 7 is is not visible: GRANT pg_monitor",
        ),
    ],
)
def test_a_session_that_is_left_alone(changes: dict[str, Any], reason: str) -> None:
    """With the reason."""
    where = postgres_context(postgres_snapshot((session(7, **changes),)))
    with pytest.raises(GateRefused) as refused:
        acts(PostgresPane(), "sessions", where)
    assert re.search(reason, str(refused.value))


def tree(*lines: Blocker) -> Context:
    """The blocker tree with these lines."""
    snapshot: PostgresSnapshot = postgres_snapshot(tuple(line.session for line in lines if line.session))
    return postgres_context(replace(snapshot, blockers=lines))


def test_a_line_of_the_blocker_tree_is_its_session() -> None:
    """A prepared transaction has none."""
    waiting = session(12, state="active", wait_type="Lock")
    where = tree(Blocker(11, 0, 1, session(11, state="idle in transaction")), Blocker(12, 1, 0, waiting))
    assert [act.task["verb"] for act in acts(PostgresPane(), "blockers", where, 0)] == ["terminate"]
    assert [act.task["verb"] for act in acts(PostgresPane(), "blockers", where, 1)] == ["cancel", "terminate"]
    with pytest.raises(GateRefused, match="a prepared transaction has no session"):
        acts(PostgresPane(), "blockers", tree(Blocker(0, 0, 1, None, "prepared transaction")))
    with pytest.raises(GateRefused, match="13 cannot be seen: gone"):
        acts(PostgresPane(), "blockers", tree(Blocker(13, 0, 1, None, "gone")))


@pytest.mark.parametrize("name", ["processes", "tree"])
def test_a_process(name: str) -> None:
    """TERM first; its start tells it from a later one with its number."""
    one = process(4711, 0.5, name="redis", command="redis-server \x1b *:6379")
    where = system_context(replace(CALM, processes=(one,)))
    term, kill = acts(SystemPane(), name, where)
    assert (term.step.command, term.step.risk) == ("kill -TERM 4711", Risk.CHANGE)
    assert (kill.step.command, kill.step.risk, kill.name) == ("kill -KILL 4711", Risk.DESTRUCTIVE, "redis")
    assert term.task["started"] == one.started.timestamp()
    assert term.about[0].startswith("process 4711 of www, started ")


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (process(2, kernel=True), "a thread of the kernel"),
        (process(9, state="Z", ppid=8), "9 has ended already"),
        (process(1), "the first process of the host"),
        (process(os.getpid()), "this is the console itself"),
    ],
)
def test_a_process_that_is_left_alone(one: Any, reason: str) -> None:
    """With the reason."""
    where = system_context(replace(CALM, processes=(one,)))
    with pytest.raises(GateRefused, match=reason):
        acts(SystemPane(), "processes", where)
