"""F12: the engine's clock and ours set on or back while containers are watched: nothing wrong disappears."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from console.sources.base import Focus
from console.sources.docker import engine_api, engine_clock, engine_events
from console.sources.docker.engine_api import EngineClient
from console.sources.docker.engine_clock import LATE, EngineClock
from console.sources.docker.engine_events import Event
from tests.console.sources.docker_help import asking, named, until
from tests.copies import replace
from tests.patience import PATIENCE
from tests.servers.dockerd import Dockerd

STEPS = {"an hour on": 3600.0, "an hour back": -3600.0, "a day on": 86400.0, "a day back": -86400.0}
AFTERWARDS = 3.0
"""Seconds looked at after the step."""


class Clocks:
    """Ours and the engine's, which `step` sets; the engine itself goes on with the true one."""

    def __init__(self) -> None:
        self.step = 0.0
        self.stepped = float("inf")

    def set(self, step: float) -> None:
        """Set them on, or back when negative, now."""
        self.step, self.stepped = step, time.time()

    def told(self, true: float) -> float:
        """A time as an engine would tell it that has this clock."""
        return true + self.step if true >= self.stepped else true

    def tell_date(self, text: str) -> str:
        """The same of a date in its JSON."""
        true = datetime.fromisoformat(text)
        return (true + timedelta(seconds=self.told(true.timestamp()) - true.timestamp())).isoformat()


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """What the engine says of time passes through these, and our own clock is one of them."""
    clocks = Clocks()
    ours = SimpleNamespace(time=lambda: clocks.told(time.time()), monotonic=time.monotonic)
    monkeypatch.setattr(engine_clock, "time", ours)
    parse, info, inspect = engine_events.parse, EngineClient.info, EngineClient.inspect
    events, past_events = EngineClient.events, EngineClient.past_events

    def told_event(line: bytes) -> Event | None:
        event = parse(line)
        return event and replace(event, time=clocks.told(event.time))

    def told_info(client: EngineClient) -> Mapping[str, Any]:
        data = info(client)
        return {**data, "SystemTime": clocks.tell_date(data["SystemTime"])}

    def told_container(client: EngineClient, container: str) -> Mapping[str, Any] | None:
        data = inspect(client, container)
        if data is None:
            return None
        state = dict(data["State"])
        for key in ("StartedAt", "FinishedAt"):
            if not state[key].startswith("0001"):
                state[key] = clocks.tell_date(state[key])
        return {**data, "State": state}

    for module in (engine_events, engine_api):
        monkeypatch.setattr(module, "parse", told_event)
    monkeypatch.setattr(EngineClient, "info", told_info)
    monkeypatch.setattr(EngineClient, "inspect", told_container)
    # asked for a time by its own clock
    monkeypatch.setattr(EngineClient, "events", lambda self, since: events(self, since - clocks.step))
    monkeypatch.setattr(
        EngineClient,
        "past_events",
        lambda self, since, until: past_events(self, since - clocks.step, until - clocks.step),
    )
    return clocks


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
async def test_what_is_wrong_stays_wrong_when_the_clock_is_set(
    dockerd: Dockerd, clocks: Clocks, step: float
) -> None:
    dockerd.run("clock-crash", "sh", "-c", "sleep 0.2; exit 3", options=["--restart", "always"])
    dockerd.run("clock-failed", "sh", "-c", "exit 42")
    try:
        async with asking(dockerd) as source:

            def wrong(snapshot: Any) -> Mapping[str, str]:
                return {finding.subject: finding.text for finding in source.judge(snapshot)}

            await until(source, lambda s: {"clock-crash", "clock-failed"} <= wrong(s).keys())
            await until(source, lambda s: named(s, "clock-crash").recent_restarts(s.time) >= 4)
            clocks.set(step)
            end, counts = time.monotonic() + AFTERWARDS, [0]
            # the engine waits twice as long before each restart
            while time.monotonic() < end or (counts[-1] == counts[1] and time.monotonic() < end + PATIENCE):
                snapshot = await source.poll(Focus.GLANCE)
                found = wrong(snapshot)
                assert {"clock-crash", "clock-failed"} <= found.keys(), found
                assert re.fullmatch(r"exit 42 \d{1,2}s ago", found["clock-failed"])
                counts.append(named(snapshot, "clock-crash").recent_restarts(snapshot.time))
                assert counts == sorted(counts), "restarts were forgotten"
                await asyncio.sleep(0.1)
            assert counts[-1] > counts[1], "restarts are seen no more"
            dockerd.run("clock-late", "sh", "-c", "exit 7")
            snapshot = await until(source, lambda s: "clock-late" in wrong(s))
            assert re.fullmatch(r"exit 7 \d{1,2}s ago", wrong(snapshot)["clock-late"])
    finally:
        dockerd.discard("clock-crash", "clock-failed", "clock-late")


class Time:
    """Two clocks to be turned."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_700_000_000.0, 50.0

    def time(self) -> float:
        """The wall clock."""
        return self.wall

    def monotonic(self) -> float:
        """The other one."""
        return self.steady

    def passes(self, seconds: float) -> None:
        """Both go on."""
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Time as the test lets it pass."""
    passing = Time()
    monkeypatch.setattr(engine_clock, "time", passing)
    return passing


def date(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def doubts(clock: EngineClock) -> bool:
    return clock.doubtful


@pytest.mark.parametrize("ahead", [0.0, 40.0, -40.0])
def test_an_engine_elsewhere_is_believed_and_goes_on_steadily(passing: Time, ahead: float) -> None:
    clock = EngineClock()
    clock.learn(date(passing.wall + ahead))
    passing.passes(100.0)
    assert clock.now == clock.theirs == passing.wall + ahead
    assert clock.placed(passing.wall + ahead - 5) == passing.wall + ahead - 5
    assert clock.doubtful is False
    passing.wall += 3600  # ours alone was set: theirs goes on
    assert doubts(clock)
    clock.learn(date(passing.wall - 3600 + ahead))
    assert not clock.doubtful
    assert clock.now == clock.theirs == passing.wall - 3600 + ahead


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("shape", ["told", "not told"])
def test_times_of_before_and_after_a_step_stand_on_one_line(passing: Time, step: float, shape: str) -> None:
    def learn() -> None:
        clock.learn(date(passing.wall) if shape == "told" else None)

    clock = EngineClock()
    learn()
    passing.passes(60.0)
    before = passing.wall
    passing.wall += step
    learn()
    passing.passes(60.0)
    assert clock.now == pytest.approx(before + 60)
    assert clock.theirs == pytest.approx(passing.wall)
    assert clock.placed(before - 30) == pytest.approx(before - 30)
    assert clock.placed(passing.wall - 30) == pytest.approx(before + 30)
    assert clock.placed_date(date(passing.wall)) == date(before + 60)
    learn()
    assert clock.now == pytest.approx(before + 60)


@pytest.mark.parametrize("off", [3600.0, -3600.0, LATE + 1])
def test_what_happens_while_the_step_is_not_known_yet_happens_now(passing: Time, off: float) -> None:
    clock = EngineClock()
    clock.learn(date(passing.wall))
    assert clock.placed_now(passing.wall + off) == passing.wall
    assert clock.placed_now(passing.wall - 3) == passing.wall - 3
