"""Stepping through time: nothing moves while paused, what was down looks down, live is one key away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import pytest
from textual.pilot import Pilot

from console.errors import Unreachable
from screens.app import OpsConsole
from screens.playback import seconds_since
from tests.screens.kit import (
    BAD,
    LATE,
    console,
    footer,
    header,
    pane_text,
    screen_text,
    table,
    told,
    wrong,
    zoomed,
)
from tests.screens.kit import sources as fake_sources
from tests.widgets.fakes import FakeSnapshot, FakeSource, Row, StillClock
from tests.widgets.stage import until


def named(*names: str) -> FakeSnapshot:
    """Rows of these names."""
    return FakeSnapshot(rows=tuple(Row(name, 0.5) for name in names))


async def history(pilot: Pilot[None], app: OpsConsole, source: FakeSource, clock: StillClock) -> None:
    """A minute in which rows change, the source fails at 20 s and recovers at 40 s."""
    for second in range(0, 61, 5):
        clock.passed = float(second)
        source.snapshot = named(f"at-{second}")
        source.findings = [BAD] if second >= 50 else []
        source.error = Unreachable("connection lost") if 20 <= second < 40 else None
        at = clock.monotonic()
        app.collector.refresh()  # a failing source would be asked again in seconds only

        def read(at: float = at) -> bool:
            reading = app.collector.feeds[source.name].reading
            return reading is not None and reading.monotonic == at

        await until(pilot, read)
    await until(pilot, lambda: "at-60" in screen_text(app))


async def test_while_paused_nothing_moves() -> None:
    """Rows, findings and counts stand; the header says how long ago; leaving goes live at once."""
    source, clock = FakeSource("docker"), StillClock()
    source.snapshot, source.findings = named("before"), [LATE]
    async with console([source], clock=clock) as (pilot, app):
        clock.passed = 3.0
        await pilot.press("p")
        frozen, counted = pane_text(app, "docker"), wrong(app)
        assert "before" in frozen
        source.snapshot, source.findings = named("after"), [BAD]
        polls = source.polls
        clock.passed = 78.0
        await until(pilot, lambda: source.polls > polls + 3)
        await until(pilot, lambda: "1m15s ago" in header(app))
        assert re.search(r"paused at \d\d:\d\d:03, 1m15s ago", header(app))
        assert pane_text(app, "docker") == frozen
        assert wrong(app) == counted
        assert "critical" not in header(app)
        await pilot.press("2", "1")
        await zoomed(pilot, app, "docker")
        assert "before" in table(app).text
        assert "p go on" in footer(app)
        await pilot.press("p")
        await until(pilot, lambda: "after" in table(app).text)
        assert "p pause" in footer(app)
        assert "paused" not in header(app)
        assert "1 critical" in header(app)


async def test_what_was_down_looks_down() -> None:
    """Stepping back shows the values, the failures and the findings of then."""
    source, clock = FakeSource("docker", period=0.01, snapshot=named("at-0")), StillClock()
    async with console([source], (120, 30), clock=clock) as (pilot, app):
        await history(pilot, app, source, clock)
        await pilot.press("left_square_bracket")
        assert "at-55" in pane_text(app, "docker")
        assert "✖ 1 critical" in header(app)
        assert "5.0s ago" in header(app)
        await pilot.press(*["left_square_bracket"] * 3)
        assert "at-40" in pane_text(app, "docker")
        assert "critical" not in header(app)
        assert wrong(app).strip() == "nothing wrong is known"
        await pilot.press("left_square_bracket")
        assert "✖ stale" in pane_text(app, "docker")
        assert "connection lost" in pane_text(app, "docker")
        assert "(20s old)" in pane_text(app, "docker")
        assert "at-15" in pane_text(app, "docker")
        assert "connection lost" in wrong(app)
        await pilot.press(*["left_square_bracket"] * 7)
        assert "at-0" in pane_text(app, "docker")
        await pilot.press("left_square_bracket")
        await told(pilot, app, "nothing older is kept")
        assert "at-0" in pane_text(app, "docker")
        await pilot.press("right_square_bracket")
        assert "at-5" in pane_text(app, "docker")
        await pilot.press(*["right_square_bracket"] * 11)
        await until(pilot, lambda: not app.paused)
        assert "at-60" in pane_text(app, "docker")
        await pilot.press("right_square_bracket")
        assert not app.paused


async def test_what_is_large_is_kept_as_well() -> None:
    """It is packed in a thread, a moment later."""
    source, clock = FakeSource("docker", period=0.01, snapshot=named("at-0")), StillClock()
    many = tuple(Row(f"{number * 7919:x}", number / 9000) for number in range(9000))
    async with console([source], (120, 30), clock=clock) as (pilot, app):
        past = app.scene.playback.past
        for second in (0, 60, 120):
            clock.passed = float(second)
            source.snapshot = FakeSnapshot(rows=(Row(f"at-{second}", 0.5), *many))
            app.collector.refresh()
            at = clock.monotonic()

            def kept(at: float = at) -> bool:
                reading = past.at(source.name, at).reading
                return reading is not None and reading.monotonic == at

            await until(pilot, kept)
        assert past.large(source.name)
        await pilot.press("left_square_bracket")
        assert app.paused
        await until(pilot, lambda: "at-60" in pane_text(app, "docker"))


async def test_before_its_first_reading_a_source_was_connecting() -> None:
    """It is not shown as it is now."""
    first, clock = FakeSource("docker", period=0.01, snapshot=named("at-0")), StillClock()
    second = FakeSource("redis", error=Unreachable("not yet"))
    async with console([first, second], (120, 30), clock=clock) as (pilot, app):
        await history(pilot, app, first, clock)
        second.error, second.snapshot = None, named("redis-row")
        app.collector.refresh()
        await until(pilot, lambda: "redis-row" in pane_text(app, "redis"))
        await pilot.press(*["left_square_bracket"] * 2)
        assert "redis-row" not in pane_text(app, "redis")
        assert "no answer" in pane_text(app, "redis")


async def test_jumping_to_a_time() -> None:
    """Typed as people write it; Esc changes nothing."""
    source, clock = FakeSource("docker", period=0.01, snapshot=named("at-0")), StillClock()
    async with console([source], (120, 30), clock=clock) as (pilot, app):
        await history(pilot, app, source, clock)
        there = clock.now().astimezone()
        await pilot.press("T")
        await pilot.press(*there.strftime("%H:%M:"), "0", "0", "enter")
        await until(pilot, lambda: app.paused)
        assert "at-60" in pane_text(app, "docker")
        app.go_to_time((there.replace(minute=there.minute - 1)).strftime("%H:%M:05"))
        assert "at-5" in pane_text(app, "docker")
        await pilot.press("T", "1", "escape")
        await pilot.pause()
        assert "at-5" in pane_text(app, "docker")
        await pilot.press("p")
        assert not app.paused


@pytest.mark.parametrize(
    "text", ["25:00", "12:60", "12:00:61", "noon", "12", "²:30", "1:2", ":", "12:30:", "٣:30"]
)
async def test_what_is_no_time_is_said(text: str) -> None:
    """In one sentence, and the screens stay live."""
    async with console(fake_sources("docker")) as (pilot, app):
        app.go_to_time(text)
        await told(pilot, app, "is no time: write HH:MM or HH:MM:SS")
        assert not app.paused


async def test_a_time_before_the_console_started_is_said() -> None:
    """There is nothing to show."""
    clock = StillClock()
    async with console(fake_sources("docker"), clock=clock) as (pilot, app):
        before = clock.now().astimezone()
        app.go_to_time(before.replace(hour=(before.hour - 1) % 24).strftime("%H:%M"))
        await told(pilot, app, "nothing is kept from then")
        assert not app.paused


def test_seconds_since_a_time_of_day() -> None:
    """Of today, or of yesterday when it is still to come."""
    now = StillClock().now()
    assert seconds_since("12:00", now) == 0
    assert seconds_since("11:59:30", now) == 30
    assert seconds_since(" 9:15 ", now) == 2.75 * 3600
    assert seconds_since("12:00:01", now) == 86399


@dataclass(frozen=True, slots=True, kw_only=True)
class Live(FakeSnapshot):
    """A view that looks back by itself, as that of the logs."""

    kept: ClassVar[bool] = False


async def test_views_that_look_back_by_themselves_stand_still_too() -> None:
    """They keep the reading of when the present was left; what was wrong before that is not known."""
    source, clock = FakeSource("logs", snapshot=Live(rows=(Row("then", 0.1),)), findings=[BAD]), StillClock()
    async with console([source, FakeSource("redis")], (160, 30), clock=clock) as (pilot, app):
        clock.passed = 7
        await pilot.press("p")
        polls, source.snapshot, source.findings = source.polls, Live(rows=(Row("now", 0.1),)), [BAD, LATE]
        clock.passed = 17
        await until(pilot, lambda: source.polls > polls + 2)
        app.show(app.kinds)
        assert "then" in pane_text(app, "logs")
        assert "api-3" in wrong(app)
        assert "/var" not in wrong(app)
        await pilot.press("left_square_bracket")
        assert "then" in pane_text(app, "logs")
        assert "nothing wrong" in wrong(app)
        await pilot.press("p")
        await until(pilot, lambda: "now" in pane_text(app, "logs"))
        assert "/var" in wrong(app)
