"""A guide of harmless commands, and the keyboard's way through the drawer that shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from console.runs.run import Run, Status, StepState
from screens.app import OpsConsole
from screens.drawer import Drawer
from tests.widgets.stage import until
from widgets.shelf import ShelfList
from widgets.steps import StepList

GUIDE = """\
# Harbour operations

## Daily

### Morning round (9:00 AM)

- [ ] The light is on
- [ ] The log book is signed
- [ ] Room on the disk: `df -h .`

## Runbooks

### Restart the lamp

**When**: the lamp is dark

1. Look at the lamp
   ```bash
   grep -c lamp OPERATIONS.md && echo "the lamp of <tower> is dark"
   ```
2. Mark it
   ```bash
   echo "<tower>" > marked
   ```
3. Remove the old wick
   ```bash
   rm -rf ./old-wick
   ```
4. Wait for the light
   ```bash
   test -e lit && echo shining
   ```
5. Tell the harbour master

### Broken things

1. It fails
   ```bash
   echo "no oil" >&2; exit 3
   ```
2. It takes long
   ```bash
   echo begun; sleep 300
   ```
3. Follow the log
   ```bash
   tail -f OPERATIONS.md
   ```
4. In colour
   ```bash
   cat colours
   ```
"""


def write_guide(directory: Path, text: str = GUIDE) -> Path:
    """The guide where a console started in the directory finds it."""
    path = directory / "OPERATIONS.md"
    path.write_text(text)
    (directory / "colours").write_text("\x1b[31mred\x1b[0m and plain\n")
    return path


async def opened(pilot: Pilot[None], app: OpsConsole) -> Drawer:
    """The drawer, opened by its key, once the guides are listed."""
    await pilot.press("R")
    await until(pilot, lambda: app.base.drawer is not None and app.workbench.shelf.guides)
    await until(pilot, lambda: "Harbour" in drawer(app).text)
    return drawer(app)


def drawer(app: OpsConsole) -> Drawer:
    """The drawer in view."""
    found = app.base.drawer
    assert found is not None
    return found


async def at_procedure(pilot: Pilot[None], app: OpsConsole, name: str) -> None:
    """The procedure with this id, by the command line."""
    await pilot.press("colon")
    await until(pilot, lambda: bool(app.screen.query("#prompt")))
    await pilot.press(*(_key(char) for char in f"run {name}"), "enter")
    await until(pilot, lambda: app.runbooks.place.open and app.runbooks.place.page == "procedure")
    await until(pilot, lambda: isinstance(app.focused, StepList))


def _key(char: str) -> str:
    return {" ": "space", "-": "minus"}.get(char, char)


async def typed(pilot: Pilot[None], app: OpsConsole, text: str) -> None:
    """Answer the prompt in view."""
    await until(pilot, lambda: bool(app.screen.query("#prompt")))
    await pilot.press("ctrl+u", *(_key(char) for char in text), "enter")
    await until(pilot, lambda: not app.base.query("#prompt"))


async def started(pilot: Pilot[None], app: OpsConsole, name: str, *values: str) -> Run:
    """A run of a procedure, begun with the keyboard."""
    await at_procedure(pilot, app, name)
    await pilot.press("enter")
    for value in values:
        await typed(pilot, app, value)
    await until(pilot, lambda: app.runbooks.place.run is not None)
    run = app.runbooks.place.run
    assert run is not None
    await until(pilot, lambda: isinstance(app.focused, StepList))
    return run


async def becomes(pilot: Pilot[None], state: StepState, status: Status) -> None:
    """A step comes to a status."""
    await until(pilot, lambda: state.status is status)


async def until_quiet(pilot: Pilot[None], app: OpsConsole, holds: Callable[[], object]) -> None:
    """Something holds, and nothing asked for is still under way."""
    await until(pilot, lambda: bool(holds()) and not drawer(app).busy)


def steps_text(app: OpsConsole) -> str:
    """What the list of steps shows."""
    return drawer(app).query_one(StepList).text


def shelf_text(app: OpsConsole) -> str:
    """What the shelf shows."""
    return drawer(app).query_one(ShelfList).text
