"""Alerts from the keyboard: what the header says, what can be done, what is written, and who else sees it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from console.alerts.model import AlertsSnapshot, AlertState
from console.alerts.record import Record
from console.config import AlertSettings, Config, Profile, RunSettings
from console.errors import Unreachable
from console.journal.entries import Kind
from console.journal.store import Journal
from console.text import clean
from screens.acting import ActScreen
from screens.app import OpsConsole
from screens.detail import DetailScreen
from screens.notices import bell, notice
from tests.pty.hostile import STRINGS
from tests.screens.alert_kit import HandledAlerts, alerts_console, confirmed, journal, journal_path, type_line
from tests.screens.guide_kit import write_guide
from tests.screens.kit import footer, header, pane_text, screen_text, table, toasts, told, zoomed
from tests.widgets.fakes import StillClock
from tests.widgets.panes.alert_values import BAD_HOUR, CALM, DISK, ERRORS, alert, rule
from tests.widgets.stage import until

pytestmark = pytest.mark.usefixtures("real_panes")


async def at_alert(pilot: Pilot[None], app: OpsConsole, *keys: str) -> None:
    """The alerts zoomed, after some keys."""
    await pilot.press("1")
    await zoomed(pilot, app, "alerts")
    await until(pilot, lambda: table(app).rows)
    await pilot.press(*keys)
    await pilot.pause()


async def choose(pilot: Pilot[None], app: OpsConsole, number: int) -> None:
    """Ask what can be done, and choose it."""
    await pilot.press("x")
    await until(pilot, lambda: isinstance(app.screen, ActScreen))
    await pilot.press(str(number))


def shown(app: OpsConsole, name: str) -> Any:
    """The row of an alert."""
    return next(row for row in table(app).rows if row.name == name)


def acknowledged(app: OpsConsole, whether: bool) -> bool:
    """Whether the worst alert is, or is not."""
    return bool(shown(app, "HighErrorRate").alert.acknowledged) is whether


async def test_the_header_counts_what_nobody_has_handled() -> None:
    """And says nothing where there is nothing."""
    async with alerts_console() as (pilot, app, source):
        await until(pilot, lambda: "2 firing 1 pending" in header(app))
        source.snapshot = CALM
        await until(pilot, lambda: "firing" not in header(app) and "pending" not in header(app))
        assert "23 rules, all inactive; nearest: MemoryLow 0.81 of 0.9" in pane_text(app, "alerts")


@pytest.mark.parametrize("size", [(40, 8), (80, 24), (160, 50), (240, 70)])
async def test_every_size_has_its_views(size: tuple[int, int]) -> None:
    """Overview, the three views, details: all are drawn."""
    async with alerts_console(size=size) as (pilot, app, _):
        await at_alert(pilot, app)
        for words in ("ALERT", "RULE", "MATCHERS"):
            await until(pilot, lambda words=words: words in screen_text(app))  # type: ignore[misc]
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, DetailScreen) and screen_text(app).strip())
            await pilot.press("escape", "right")
            await pilot.pause()


async def test_an_alert_is_acknowledged_with_a_note() -> None:
    """Exactly what is written is shown before; the row says who knows, at once."""
    async with alerts_console() as (pilot, app, _):
        await at_alert(pilot, app)
        assert "x act" in footer(app)
        await choose(pilot, app, 1)
        await type_line(pilot, app, "note", "upstream again")
        said = await confirmed(pilot, app)
        assert "journal: this is written down for all who share it; no system is touched" in said
        what = 'acknowledge HighErrorRate{instance="api-3",service="api",severity="critical"}: upstream again'
        assert what in said
        assert await told(pilot, app, "written down: ") == f"written down: {what}"
        await until(pilot, lambda: shown(app, "HighErrorRate").alert.acknowledged)
        assert shown(app, "HighErrorRate").alert.acknowledged.endswith(": upstream again")
        await until(pilot, lambda: "1 firing 1 pending" in header(app))
    entry = next(entry for entry in journal() if entry.kind == Kind.ACKNOWLEDGED)
    assert (entry.text("note"), entry.run[:6], entry.step) == ("upstream again", "alert-", "")
    assert not [one for one in journal() if one.kind in (Kind.OPENED, Kind.STARTED)]


async def test_an_acknowledgement_is_taken_back() -> None:
    """With one question."""
    async with alerts_console(replace(BAD_HOUR, rules=(ERRORS,))) as (pilot, app, _):
        await at_alert(pilot, app)
        for note in ("one", None):
            await choose(pilot, app, 1)
            if note:
                await type_line(pilot, app, "note", note)
            await confirmed(pilot, app)
            await until(pilot, partial(acknowledged, app, bool(note)))
    assert [entry.kind for entry in journal() if entry.kind in (Kind.ACKNOWLEDGED, Kind.EXPIRED)] == [
        Kind.ACKNOWLEDGED, Kind.EXPIRED,
    ]  # fmt: skip


async def test_a_silence_is_asked_for_and_ended() -> None:
    """Its end and its reason; what was typed wrong is asked for again; then it stands among the silences."""
    async with alerts_console(replace(BAD_HOUR, rules=(ERRORS, DISK), silences=())) as (pilot, app, _):
        await at_alert(pilot, app)
        await choose(pilot, app, 2)
        await type_line(pilot, app, "for", "soon")
        await type_line(pilot, app, "reason", "repair")
        await told(pilot, app, "'soon' is no time: write 30m, 2h, 8h, until tomorrow 09:00")
        await type_line(pilot, app, "for", "2h")
        await type_line(pilot, app, "reason", None)
        said = await confirmed(pilot, app)
        assert (
            'silence alertname="HighErrorRate", instance="api-3", service="api", severity="critical"' in said
        )
        assert "reason: repair" in said
        await until(pilot, lambda: shown(app, "HighErrorRate").alert.silence)
        assert shown(app, "HighErrorRate").alert.silence.reason == "repair"
        await pilot.press("right", "right")
        await until(pilot, lambda: app.base.view.id == "silences" and table(app).rows)  # type: ignore[attr-defined]
        await choose(pilot, app, 1)
        await confirmed(pilot, app)
        await until(pilot, lambda: not table(app).rows)
    kinds = [entry.kind for entry in journal() if entry.kind in (Kind.SILENCED, Kind.EXPIRED)]
    assert kinds == [Kind.SILENCED, Kind.EXPIRED]


async def test_matchers_can_be_written() -> None:
    """Beginning with those of the alert; regular expressions as Alertmanager has them."""
    async with alerts_console(replace(BAD_HOUR, rules=(DISK,), silences=())) as (pilot, app, _):
        await at_alert(pilot, app)
        await choose(pilot, app, 4)
        await type_line(pilot, app, "matchers", 'mountpoint=~"/srv.*"')
        await type_line(pilot, app, "for", None)
        await type_line(pilot, app, "reason", "copying")
        said = await confirmed(pilot, app)
        assert 'silence mountpoint=~"/srv.*"' in said
        assert "alerts it is about now: 1" in said
        await until(pilot, lambda: any(row.alert.silence for row in table(app).rows))
        assert [row.about for row in table(app).rows if row.alert.silence] == ["/srv/data"]


async def test_a_note_is_written_and_leaving_writes_nothing() -> None:
    """Esc at the prompt or at the question is the end of it."""
    async with alerts_console(replace(BAD_HOUR, rules=(ERRORS,), silences=())) as (pilot, app, _):
        await at_alert(pilot, app)
        await choose(pilot, app, 5)
        await until(pilot, lambda: app.base.asking)
        await pilot.press("escape")
        await until(pilot, lambda: not app.base.asking)
        await choose(pilot, app, 5)
        await type_line(pilot, app, "note", "looked at it")
        await confirmed(pilot, app)
        await told(pilot, app, "written down: note on")
        await until(pilot, lambda: shown(app, "HighErrorRate").alert.events)
    notes = [entry for entry in journal() if entry.kind == Kind.NOTED]
    assert [entry.text("text") for entry in notes] == ["looked at it"]


async def test_what_one_console_acknowledges_another_sees() -> None:
    """They share the journal; nobody presses anything there."""
    clock = StillClock()
    one, other = HandledAlerts(BAD_HOUR, clock=clock), HandledAlerts(BAD_HOUR, clock=clock)
    async with (
        alerts_console(source=other) as (pilot, app, _),
        alerts_console(source=one) as (pilot2, app2, _),
    ):
        await at_alert(pilot2, app2)
        await at_alert(pilot, app)
        await choose(pilot2, app2, 1)
        await type_line(pilot2, app2, "note", "mine")
        await confirmed(pilot2, app2)
        await until(pilot, lambda: "mine" in shown(app, "HighErrorRate").alert.acknowledged)


async def test_it_is_allowed_where_only_reading_is_and_asks_no_name_in_production() -> None:
    """It changes no system."""
    config = Config(
        runs=RunSettings(read_only=True), profile="p", profiles={"p": Profile(production=True)}
    )  # fmt: skip
    async with alerts_console(config=config) as (pilot, app, _):
        await at_alert(pilot, app)
        await choose(pilot, app, 1)
        await type_line(pilot, app, "note", None)
        await confirmed(pilot, app)
        await until(pilot, lambda: shown(app, "HighErrorRate").alert.acknowledged)


async def test_nothing_is_written_while_the_journal_cannot_be() -> None:
    """It is said, and the alert stays as it is."""
    async with alerts_console() as (pilot, app, _):
        await at_alert(pilot, app)
        await until(pilot, lambda: journal())  # what fires was written down
        path = journal_path()
        path.rename(path.with_suffix(".gone"))
        await choose(pilot, app, 1)
        await type_line(pilot, app, "note", "x")
        await pilot.pause()
        await until(
            pilot,
            lambda: any("removed or replaced" in text for text in toasts(app)) or app.screen is not app.base,
        )
        await pilot.press("enter")
        await until(pilot, lambda: any("not done" in text or "journal" in text for text in toasts(app)))
        assert not shown(app, "HighErrorRate").alert.acknowledged


# -- what fires is written down by itself


async def test_what_fires_and_ends_is_in_the_journal_once() -> None:
    """Pending alerts are not; two consoles write it once."""
    clock = StillClock()
    one, other = (HandledAlerts(replace(BAD_HOUR, rules=(ERRORS, DISK)), clock=clock) for _ in range(2))
    async with alerts_console(source=one) as (pilot, app, _), alerts_console(source=other) as (pilot2, _, _):
        await until(pilot, lambda: len(journal()) == 2)
        clock.passed += 60
        one.snapshot = other.snapshot = replace(BAD_HOUR, rules=(rule("HighErrorRate"), rule("DiskFull")))
        await until(pilot, lambda: len(journal()) == 4)
        clock.passed += 60
        await pilot2.pause(0.2)
        app.collector.refresh()
        await pilot.pause(0.2)
    assert sorted((entry.kind, entry.text("rule")) for entry in journal()) == [
        ("firing", "DiskFull"), ("firing", "HighErrorRate"), ("resolved", "DiskFull"),
        ("resolved", "HighErrorRate"),
    ]  # fmt: skip


async def test_a_calm_console_begins_no_journal() -> None:
    """Looking at rules is no deed."""
    async with alerts_console(CALM) as (pilot, app, _):
        await at_alert_empty(pilot, app)
    assert not journal_path().exists()


async def at_alert_empty(pilot: Pilot[None], app: OpsConsole) -> None:
    """The alerts zoomed where none is."""
    await pilot.press("1")
    await zoomed(pilot, app, "alerts")
    await until(pilot, lambda: "nothing fires, and nothing is about to" in screen_text(app))


async def test_a_source_that_does_not_answer_resolves_nothing() -> None:
    """What is not known to be well goes on being written as firing."""
    async with alerts_console(replace(BAD_HOUR, rules=(ERRORS,))) as (pilot, app, source):
        await until(pilot, lambda: journal())
        source.error = Unreachable("it does not answer")
        await until(pilot, lambda: app.collector.feeds["rules"].reading.error)  # type: ignore[union-attr]
        source.clock.passed += 60
        app.collector.refresh()
        await pilot.pause(0.1)
    assert [entry.kind for entry in journal()] == ["firing"]


# -- the runbook, the pane beside, the terminal


async def test_the_runbook_of_an_alert_opens_in_the_drawer(tmp_path: Path) -> None:
    """`R` on its row; without one the drawer opens where it was."""
    write_guide(tmp_path)
    lamp = replace(ERRORS, runbook="Restart the lamp", runbook_why="same name")
    elsewhere = replace(DISK, runbook="https://wiki.example/disk")
    async with alerts_console(replace(BAD_HOUR, rules=(lamp, elsewhere))) as (pilot, app, _):
        await at_alert(pilot, app)
        assert "R runbook" in footer(app)
        await pilot.press("R")
        await until(pilot, lambda: app.base.drawer and app.runbooks.place.page == "procedure")
        await until(pilot, lambda: app.runbooks.place.procedure is not None)
        assert app.runbooks.place.procedure is not None
        assert app.runbooks.place.procedure.title == "Restart the lamp"
        await pilot.press("R")
        await until(pilot, lambda: app.base.drawer is None)
        await pilot.press("down", "R")
        await told(pilot, app, "the runbook of this is at https://wiki.example/disk")
        await until(pilot, lambda: app.base.drawer)


async def test_the_overview_names_the_runbook_of_what_fires(tmp_path: Path) -> None:
    """With the number of the pane, and `R` opens it there; not of what somebody knows of."""
    write_guide(tmp_path)
    lamp = replace(ERRORS, runbook="Restart the lamp")
    async with alerts_console(replace(BAD_HOUR, rules=(DISK, lamp))) as (pilot, app, source):
        await until(pilot, lambda: "✖ HighErrorRate → Restart the lamp [1]" in screen_text(app))
        await pilot.press("R")
        await until(pilot, lambda: app.runbooks.place.procedure is not None)
        await pilot.press("R")
        await until(pilot, lambda: app.base.drawer is None)
        known = tuple(replace(one, acknowledged="ana") for one in lamp.alerts)
        source.snapshot = replace(BAD_HOUR, rules=(DISK, replace(lamp, alerts=known)))
        await until(pilot, lambda: "→" not in screen_text(app))


async def test_a_filter_works_on_fields() -> None:
    """As in every other table."""
    async with alerts_console() as (pilot, app, _):
        await at_alert(pilot, app, "slash")
        await until(pilot, lambda: app.base.asking)
        await pilot.press(*"state", "colon", *"pending", "enter")
        await until(pilot, lambda: len(table(app).rows) == 1)
        assert table(app).rows[0].alert.state is AlertState.PENDING


class Driver:
    """Takes what is written to the terminal."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.written: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def write(self, text: str) -> None:
        """Keep it."""
        self.written.append(text)
        self.real.write(text)


@pytest.mark.parametrize(("how", "times"), [("off", 0), ("bell", 1)])
async def test_the_terminal_rings_once_for_what_begins_to_fire(how: Any, times: int) -> None:
    """Where it is wanted; not for what somebody knows of, nor twice."""
    async with alerts_console(CALM, config=Config(alerts=AlertSettings(bell=how))) as (pilot, app, source):
        driver: Any = Driver(app._driver)
        app._driver = driver
        source.snapshot = replace(BAD_HOUR, rules=(DISK, ERRORS))
        await until(pilot, lambda: "1 firing 1 pending" in header(app))
        for _ in range(3):
            app.collector.refresh()
            await pilot.pause(0.06)
        assert driver.written.count(bell()) == times
        app._driver = driver.real


def test_a_notice_is_one_whole_sequence_whatever_it_says() -> None:
    """Nothing in it ends it early or begins another."""
    for text in (*STRINGS, "a;b\x07c\x1b\\d\x9c", "x" * 5000):
        for env in ({}, {"TERM": "xterm-kitty"}, {"TERM": "foot"}, {"VTE_VERSION": "7600"}):
            sequence = notice(text, env)
            end = "\x07" if sequence.endswith("\x07") else "\x1b\\"
            inner = sequence.removeprefix("\x1b]").removesuffix(end)
            assert inner == clean(inner)
            assert inner.split(";")[0] in ("9", "99", "777")
            assert inner.count(";") <= 3
            assert len(inner) < 260
    wrapped = notice("x", {"TMUX": "/tmp/t", "TERM": "tmux-256color"})
    assert wrapped == "\x1bPtmux;\x1b\x1b]9;opsconsole: x\x07\x1b\\"


async def test_hostile_alerts_are_acted_on_as_text() -> None:
    """Their labels are data in prompts, questions, messages and the journal."""
    evil = rule(
        "[/]\x1b[31m", alert("[/]\x1b[31m", pairs=(("a", "[@click=app.quit]x"), ("b", "\x1b]0;t\x07")))
    )
    async with alerts_console(AlertsSnapshot(rules=(evil,))) as (pilot, app, _):
        await at_alert(pilot, app)
        await choose(pilot, app, 1)
        await type_line(pilot, app, "note", "[b]x")
        said = await confirmed(pilot, app)
        assert "\x1b" not in said
        await told(pilot, app, "written down: ")
        await until(pilot, lambda: table(app).rows[0].alert.acknowledged)
    assert any(entry.text("note") == "[b]x" for entry in journal())


def test_a_journal_shared_by_hand_reads_the_same(tmp_path: Path) -> None:
    """An entry of the journal is all there is to it: what writes it does not matter."""
    tmp_path.chmod(0o700)
    path = tmp_path / "j.db"
    with_journal = Journal.open(path, actor="cron", host="h")
    matchers = [["alertname", "=", "DiskFull"]]
    body = {"silence": "x", "until": "2099-01-01T00:00:00+00:00", "matchers": matchers, "reason": "r"}
    with_journal.append(Kind.SILENCED, body=body)
    with_journal.close()
    record = Record(path)
    record.refresh()
    assert [one.by for one in record.handling.silences(StillClock().now())] == ["cron"]
    record.close()
