"""Pictures of the runbook drawer beside panes of a bad hour."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.runs import target
from console.runs.run import Status
from screens.app import OpsConsole
from tests.screens.guide_kit import at_procedure, becomes, drawer, opened, typed, until_quiet, write_guide
from tests.screens.still_life import still_sources
from tests.screens.test_pictures import OTHER_THEMES, SIZES, Compare, anywhere, picture
from tests.widgets.stage import until

__all__ = ["anywhere"]
GUIDE = """\
# Harbour operations

## Daily

### Morning round (9:00 AM)

**Who**: the first one in

- [ ] All services are running and healthy
- [ ] System resources are within normal ranges
- [ ] Check database connections
- [ ] The cache answers most look-ups
- [ ] The log book is signed
- [ ] Room on the disk: `df -h .`
- [ ] Remove the old wick: `rm -rf ./old-wick`
- [ ] On the light-house: `root@tower:~# systemctl restart lamp`

### Weekly look

- [ ] The tide tables are printed

## Runbooks

### Restart the lamp

**When**: the lamp is dark

1. Tell the harbour master
2. Restart it: `systemctl restart <lamp>`

## Objectives

- **CPU usage**: < 70 %
"""


@pytest.fixture(autouse=True)
def one_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same host, user and servers on every machine."""
    write_guide(tmp_path, GUIDE)
    for name in ("DATABASE_URL", "PGHOST", "PGDATABASE", "PGPORT", "PGSERVICE", "DOCKER_HOST", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("console.runs.asking.Target.capture", _captured)


def _captured(*_: object) -> target.Target:
    return target.Target(host="db-eu-1", user="ana", directory="/srv/harbour", kubernetes="harbour-eu")


async def a_run(pilot: Pilot[None], app: OpsConsole) -> None:
    """A checklist half-way: evidence beside the items, one ticked, one with a value, one left out."""
    await at_procedure(pilot, app, "morning-round")
    await pilot.press("enter")
    await until(pilot, lambda: app.runbooks.place.run is not None)
    run = app.runbooks.place.run
    assert run is not None
    app.workbench.look()
    await until_quiet(pilot, app, lambda: True)
    drawer(app).draw()
    await pilot.press("down", "down", "down", "down", "v")
    await typed(pilot, app, "page 12")
    await becomes(pilot, run.states[4], Status.TICKED)
    await until_quiet(pilot, app, lambda: True)
    await pilot.press("G", "s")
    await typed(pilot, app, "no boat")
    await becomes(pilot, run.states[7], Status.SKIPPED)
    await until_quiet(pilot, app, lambda: True)
    await pilot.press("home")
    app.workbench.look()
    drawer(app).draw()
    await pilot.pause()


async def the_shelf(pilot: Pilot[None], app: OpsConsole) -> None:
    """What is due, and all procedures."""
    await opened(pilot, app)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.usefixtures("real_panes")
def test_the_shelf_at_every_size(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Panes keep their say beside it."""
    assert picture(snap_compare, still_sources(), size, the_shelf, real=True)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.usefixtures("real_panes")
def test_a_run_at_every_size(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Steps with their state, risk and evidence; the one in front in full."""
    assert picture(snap_compare, still_sources(), size, a_run, real=True)


@pytest.mark.parametrize("theme", OTHER_THEMES)
@pytest.mark.usefixtures("real_panes")
def test_a_run_in_every_theme(snap_compare: Compare, theme: str) -> None:
    """The same run in the other colours."""
    assert picture(snap_compare, still_sources(), (120, 40), a_run, theme=theme, real=True)
