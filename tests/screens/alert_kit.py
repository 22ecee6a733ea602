"""A console over alerts that are handled as its journal says, as the real source has it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from textual.pilot import Pilot

from console.alerts.model import AlertsSnapshot
from console.alerts.record import Record
from console.config import Config
from console.errors import JournalError
from console.journal.entries import Entry
from console.journal.reader import read as read_journal
from console.sources.base import Focus
from screens.app import OpsConsole
from screens.confirm import ConfirmScreen
from tests.screens.kit import console, screen_text
from tests.widgets.fakes import StillClock
from tests.widgets.panes.alert_values import BAD_HOUR, AlertsOf
from tests.widgets.stage import until
from widgets.prompt import PromptLine


def journal_path() -> Path:
    """Where the consoles of a test keep their journal."""
    return Path(os.environ["XDG_STATE_HOME"]) / "opsconsole" / "journal.db"


def journal() -> list[Entry]:
    """What they have written down so far."""
    path = journal_path()
    try:
        return read_journal(path, run=None, since=None, limit=1000) if path.exists() else []
    except JournalError:
        return []  # it is only just being begun


@dataclass(slots=True)
class HandledAlerts(AlertsOf):
    """Alerts of a test, with what the journal says of them."""

    clock: StillClock = field(default_factory=StillClock)
    record: Record = field(init=False)

    def __post_init__(self) -> None:
        # without arguments it would look for the class before it got its slots
        AlertsOf.__post_init__(self)
        self.record = Record(journal_path())

    async def poll(self, focus: Focus) -> AlertsSnapshot:
        """The alerts as they are handled now."""
        snapshot = await AlertsOf.poll(self, focus)
        await asyncio.to_thread(self.record.refresh)
        handling, now = self.record.handling, self.clock.now()
        silences = {one.id: one for one in (*snapshot.silences, *handling.silences(now))}
        rules = handling.apply_to(snapshot.rules, now)
        return replace(snapshot, rules=rules, silences=tuple(silences.values()))

    async def close(self) -> None:
        """Let go of the journal."""
        self.record.close()


@asynccontextmanager
async def alerts_console(
    snapshot: AlertsSnapshot = BAD_HOUR,
    size: tuple[int, int] = (160, 40),
    config: Config | None = None,
    source: HandledAlerts | None = None,
) -> AsyncIterator[tuple[Pilot[None], OpsConsole, HandledAlerts]]:
    """A console over one source of alerts."""
    given = source or HandledAlerts(snapshot)
    async with console([given], size, config, given.clock) as (pilot, app):  # type: ignore[list-item]
        yield pilot, app, given


async def type_line(pilot: Pilot[None], app: OpsConsole, label: str, text: str | None) -> None:
    """Answer the prompt of this label; None takes what is offered."""

    def asked() -> bool:
        return any(prompt._label == label for prompt in app.base.query(PromptLine)) and app.base.asking

    await until(pilot, asked)
    if text is not None:
        await pilot.press("end", "ctrl+u", *(_key(char) for char in text))
    await pilot.press("enter")


def _key(char: str) -> str:
    names = {" ": "space", ":": "colon", "-": "minus", '"': "quotation_mark", "=": "equals_sign",
             "~": "tilde", ".": "full_stop", "*": "asterisk", ",": "comma", "/": "slash"}  # fmt: skip
    return names.get(char, char)


async def confirmed(pilot: Pilot[None], app: OpsConsole) -> str:
    """What the question says; it is answered with Enter."""
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and screen_text(app).strip())
    await pilot.pause()
    said = screen_text(app)
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))
    return said
