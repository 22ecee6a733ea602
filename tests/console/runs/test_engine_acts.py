"""Silences made and ended at a real Alertmanager, through the gate and with a record."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.alerts.engines.address import Address
from console.alerts.matching import Matchers
from console.alerts.model import Silence
from console.config import Config, Profile, RunSettings
from console.errors import GateRefused, UsageError
from console.guides.model import Risk
from console.runs.acts import Act
from console.runs.engine_acts import expire_there_act, silence_there_act, silence_there_matching_act
from console.runs.run import Status
from tests.console.runs.kit import running, text
from tests.console.runs.test_acts import done
from tests.servers.alertmanager import Alertmanager
from tests.servers.ports import free_port

MATCHERS: Matchers = (("alertname", "=", "DiskFull"), ("instance", "=~", 'db-"1|2"'), ("team", "!=", "x"))
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[Alertmanager]:
    """One for all."""
    with Alertmanager() as running_server:
        yield running_server


def there(server: Alertmanager, user: str = "") -> Address:
    """Where it is."""
    return Address(kind="alertmanager", url=server.url.replace("//", f"//{user}"))


def whole(act: Act, *lines: str) -> Act:
    """The act with what was typed."""
    assert act.given is not None
    return act.given(lines, datetime.now(UTC))


def silence(server: Alertmanager, *lines: str) -> Act:
    """Silence what MATCHERS match."""
    act = silence_there_act("Silence DiskFull", MATCHERS, there(server), "DiskFull", len)
    return whole(act, *(lines or ("2h", "the disk is replaced")))


def known(server: Alertmanager, state: str = "active") -> dict[str, dict[str, object]]:
    """Its silences in this state, by id."""
    return {one["id"]: one for one in server.silences() if one["status"]["state"] == state}


def test_what_is_shown_is_what_is_sent(server: Alertmanager) -> None:
    """The call with all it holds, without the password; a change; the alert's name is typed."""
    act = silence_there_act("Silence DiskFull", MATCHERS, there(server, "ana:hunter22@"), "DiskFull", len)
    assert act.wanted
    full = whole(act, "2h", "the disk is replaced")
    assert full.step.risk is Risk.CHANGE
    assert full.name == "DiskFull"
    lines = full.step.command.split("\n")
    assert lines[0] == f"POST {there(server, 'ana:***@').url}/api/v2/silences"
    assert '{"name": "team", "value": "x", "isRegex": false, "isEqual": false}' in full.step.command
    assert '"comment": "the disk is replaced"' in full.step.command
    assert "hunter22" not in full.step.command
    assert full.about[-1] == "alerts of this engine it is about now: 3"
    assert f"alertmanager 127.0.0.1:{server.port}" in full.target


async def test_a_silence_is_made_and_ended(server: Alertmanager, tmp_path: Path) -> None:
    """As it was typed; and the one that was ended cannot be ended again."""
    before = known(server)
    async with running(tmp_path) as runner:
        state = await done(runner, silence(server))
        assert state.status is Status.OK, text(state)
        ((name, made),) = {k: v for k, v in known(server).items() if k not in before}.items()
        assert state.lines[-1] == f"silence {name} is active"
        assert made["comment"] == "the disk is replaced"
        assert {(m["name"], m["value"], m["isRegex"], m["isEqual"]) for m in made["matchers"]} == {  # type: ignore[attr-defined]
            ("alertname", "DiskFull", False, True), ("instance", 'db-"1|2"', True, True),
            ("team", "x", False, False),
        }  # fmt: skip
        end = datetime.fromisoformat(str(made["endsAt"]))
        assert abs(end - datetime.now(UTC) - timedelta(hours=2)) < timedelta(minutes=1)
        act = expire_there_act(
            Silence(id=name, matchers=MATCHERS, until=end, by="", reason=""), there(server)
        )
        assert act.step.command == f"DELETE {server.url}/api/v2/silence/{name}"
        state = await done(runner, act)
        assert (state.status, state.lines[-1]) == (Status.OK, f"silence {name} is expired")
        assert name not in known(server)
        gone = dataclasses.replace(act, name="again")
        preview = runner.propose(gone)
        run = await runner.act(gone, preview.confirm(yes=True, name=preview.name))
        state = await runner.ended(run, 0)
        assert state.status is Status.FAILED
        assert state.lines[-1] == f"silence {name} had ended already: nothing was done"


async def test_typed_matchers_are_read_as_they_are_written(server: Alertmanager, tmp_path: Path) -> None:
    """And what would silence everything is refused before anybody is asked."""
    act = silence_there_matching_act("Silence what matches", MATCHERS, there(server), "DiskFull", len)
    assert act.wanted[0].text.startswith('alertname="DiskFull", instance=~')
    with pytest.raises(UsageError, match="without any labels"):
        whole(act, 'x=~".*"', "2h", "all of it")
    with pytest.raises(UsageError, match="needs a reason"):
        whole(act, 'x="y"', "2h", " ")
    async with running(tmp_path) as runner:
        state = await done(runner, whole(act, 'zone!~"a|b", job="typed"', "30m", "moving"))
        assert state.status is Status.OK
    assert any(len(one["matchers"]) == 2 for one in known(server).values())  # type: ignore[arg-type]


async def test_what_alertmanager_refuses_is_told(server: Alertmanager, tmp_path: Path) -> None:
    """In its own words."""
    act = silence(server)
    body = {**act.task["body"], "endsAt": "2001-01-01T00:00:00Z"}  # type: ignore[dict-item]
    async with running(tmp_path) as runner:
        state = await done(runner, dataclasses.replace(act, task={**act.task, "body": body}))
    assert state.status is Status.FAILED
    assert state.lines[-1].startswith("ERROR: it refused: alertmanager 127.0.0.1")
    assert "Traceback" not in text(state)


async def test_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the fix."""
    nobody = Address(kind="alertmanager", url=f"http://127.0.0.1:{free_port()}")
    act = whole(silence_there_act("Silence X", (("alertname", "=", "X"),), nobody, "X", len), "2h", "why")
    async with running(tmp_path) as runner:
        state = await done(runner, act)
    assert state.status is Status.FAILED
    assert "connection refused" in state.lines[-1]
    assert state.lines[-1].endswith("look whether it was done")


async def test_the_gate_decides(server: Alertmanager, tmp_path: Path) -> None:
    """In production the name is typed; with read_only nothing goes."""
    before = set(known(server))
    config = Config(profile="prod", profiles={"prod": Profile(production=True)})
    async with running(tmp_path / "a", config) as runner:
        act = silence(server)
        preview = runner.propose(act)
        assert preview.name == "DiskFull"
        with pytest.raises(GateRefused):
            await runner.act(act, preview.confirm(yes=True, name="y"))
    async with running(tmp_path / "b", Config(runs=RunSettings(read_only=True))) as runner:
        assert runner.propose(silence(server)).refusal
    assert set(known(server)) == before
