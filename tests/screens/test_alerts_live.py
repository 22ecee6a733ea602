"""Rules of a file on what a source gives, evaluated by the console: to the journal and back."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from console.alerts.source import AlertsSource
from console.config import AlertSettings, Config
from console.journal.entries import Kind
from screens.acting import ActScreen
from screens.app import OpsConsole
from tests.screens.alert_kit import confirmed, journal, type_line
from tests.screens.kit import console, header, pane_text, screen_text, table, zoomed
from tests.widgets.fakes import FakeSnapshot, FakeSource
from tests.widgets.stage import until

pytestmark = pytest.mark.usefixtures("real_panes")
LIMIT = 60.0

RULES = """\
groups:
- name: load
  rules:
  - alert: Busy
    expr: cpu > 0.3
    labels: {severity: critical}
    annotations: {summary: "{{ $labels.kind }} is at {{ $value }}"}
  - alert: Later
    expr: cpu > 0.35
    for: 1h
  - alert: Blind
    expr: nobody_has_this > 1
  - alert: Near
    expr: cpu > 0.5
"""


@asynccontextmanager
async def live(
    directory: Path, load: FakeSource | None = None
) -> AsyncIterator[tuple[Pilot[None], OpsConsole, FakeSource]]:
    """A console over one source and the rules of a file."""
    (directory / "rules.yml").write_text(RULES)
    config = Config(alerts=AlertSettings(rules=("rules.yml",), interval=1.0))
    load = load or FakeSource("load")
    given: list[Any] = [load, AlertsSource(config, os.environ, directory)]
    async with console(given, (140, 40), config) as (pilot, app):
        yield pilot, app, load


async def at_busy(pilot: Pilot[None], app: OpsConsole) -> Any:
    """The row of the alert that fires."""
    await until(pilot, lambda: any(row.name == "Busy" for row in table(app).rows), LIMIT)
    return next(row for row in table(app).rows if row.name == "Busy")


def told(row: Any) -> list[str]:
    """What happened to the alert of a row, oldest first."""
    return [event.what for event in row.alert.events]


async def test_from_the_figure_to_the_record_and_back(tmp_path: Path) -> None:
    """It fires, is acknowledged, is known after a new start, ends, and is nobody's when it comes again."""
    async with live(tmp_path) as (pilot, app, _):
        await until(pilot, lambda: "1 firing 1 pending" in header(app), LIMIT)
        shown = pane_text(app, "alerts")
        assert "load is at 0.4" in screen_text(app)
        assert "? Blind" in shown
        assert "nearest: Near 0.4 of 0.5" in shown
        await until(pilot, lambda: any(entry.kind == Kind.FIRING for entry in journal()), LIMIT)
        await pilot.press("2")
        await zoomed(pilot, app, "alerts")
        row = await at_busy(pilot, app)
        looks: set[object] = set()

        def several() -> bool:
            looks.add(app.collector.feeds["rules"].good)
            return len(looks) > 3

        await until(pilot, several, LIMIT)
        row = await at_busy(pilot, app)
        assert (row.alert.changes, row.alert.flapping) == (1, False)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ActScreen))
        await pilot.press("1")
        await type_line(pilot, app, "note", "mine")
        await confirmed(pilot, app)
        await until(pilot, lambda: "mine" in table(app).rows[-1].alert.acknowledged, LIMIT)
        await until(pilot, lambda: "firing" not in header(app), LIMIT)
    async with live(tmp_path) as (pilot, app, load):
        await pilot.press("2")
        await zoomed(pilot, app, "alerts")
        row = await at_busy(pilot, app)
        assert row.alert.acknowledged.endswith(": mine")
        load.snapshot = FakeSnapshot(rows=load.snapshot.rows, cpu=0.1)
        await until(pilot, lambda: any(entry.kind == Kind.RESOLVED for entry in journal()), LIMIT)
        load.snapshot = FakeSnapshot(rows=load.snapshot.rows, cpu=0.9)

        def again() -> bool:  # the record is written before the table is drawn
            return any(row.name == "Busy" and told(row)[3:] == ["firing"] for row in table(app).rows)

        await until(pilot, again, LIMIT)
        row = await at_busy(pilot, app)
        assert row.alert.acknowledged == ""
        assert told(row) == ["firing", "acknowledged", "resolved", "firing"]
    kinds = [entry.kind for entry in journal() if entry.text("rule") == "Busy"]
    assert kinds[:2] == [Kind.FIRING, Kind.RESOLVED]


async def test_a_source_that_is_gone_ends_no_alert(tmp_path: Path) -> None:
    """The rule has no data then, and that is what the pane says."""
    from console.errors import Unreachable

    async with live(tmp_path) as (pilot, app, load):
        await until(pilot, lambda: any(entry.kind == Kind.FIRING for entry in journal()), LIMIT)
        load.error = Unreachable("gone")
        await until(pilot, lambda: "4 no data" in pane_text(app, "alerts"), LIMIT)
    assert [entry.kind for entry in journal()] == [Kind.FIRING]
