"""The real app over sources a test controls: start it, wait for a state, read what it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from textual.pilot import Pilot
from textual.widgets._toast import Toast

from console.clock import SystemClock
from console.config import Config, Profile
from console.findings import Finding, Severity
from screens.app import OpsConsole
from screens.zoom import ZoomScreen
from tests.widgets.fakes import FakeSource, StillClock
from tests.widgets.stage import until
from widgets.canvas import Canvas
from widgets.lines import FooterLine, HeaderLine, WrongLine
from widgets.pane_widget import PaneWidget
from widgets.table import Table

KINDS = ("system", "docker", "postgres", "redis", "logs")
BAD = Finding(Severity.CRITICAL, "api-3", "restarting, exit 137 OOM", "raise its memory limit")
LATE = Finding(Severity.WARNING, "/var", "91% used (limit 85%)")


def sources(*kinds: str) -> list[FakeSource]:
    """One source of each kind, all well."""
    return [FakeSource(kind) for kind in kinds or KINDS]


def production(**fields: Any) -> Config:
    """A configuration with a profile."""
    return Config(profile="production", profiles={"production": Profile(banner="PRODUCTION")}, **fields)


class EarlyClock(SystemClock):
    """Runs as this machine's clocks do, from six in the morning on: what is due is the same at any hour."""

    def __init__(self) -> None:
        self._began = self.monotonic()

    def now(self) -> datetime:
        """The wall clock."""
        six = datetime.now().astimezone().replace(hour=6, minute=0, second=0, microsecond=0)
        return six.astimezone(UTC) + timedelta(seconds=self.monotonic() - self._began)


@asynccontextmanager
async def console(
    given: Sequence[FakeSource],
    size: tuple[int, int] = (120, 40),
    config: Config | None = None,
    clock: StillClock | None = None,
    notes: Sequence[str] = (),
    toasts_drawn: bool = False,
) -> AsyncIterator[tuple[Pilot[None], OpsConsole]]:
    """The app, once every source was read and drawn."""
    app = OpsConsole(config or Config(), given, notes, host="db-eu-1", clock=clock or EarlyClock())
    async with app.run_test(size=size, notifications=toasts_drawn) as pilot:
        await first_readings(pilot, app)
        yield pilot, app


async def first_readings(pilot: Pilot[None], app: OpsConsole) -> None:
    """Wait until every source was read once, and what it gave is drawn."""

    def read() -> bool:
        feeds = app.collector.feeds.values()
        return bool(feeds) and all(feed.reading for feed in feeds)

    await until(pilot, read)
    app.show(app.kinds)  # a source that is read all the time has a drawing pending all the time
    await until(pilot, lambda: "starting …" not in screen_text(app))
    await pilot.pause()  # what is absent has made room


def screen_text(app: OpsConsole) -> str:
    """What all canvases in view show, below each other."""
    return "\n".join(canvas.text for canvas in app.screen.query(Canvas) if canvas.display)


def pane_text(app: OpsConsole, kind: str) -> str:
    """What one pane of the overview shows."""
    return next(pane.text for pane in app.screen.query(PaneWidget) if pane.kind == kind)


def text_of(app: OpsConsole, canvas: type[Canvas]) -> str:
    """What the canvas of a class shows."""
    return app.screen.query_one(canvas).text


def header(app: OpsConsole) -> str:
    """The header."""
    return text_of(app, HeaderLine)


def wrong(app: OpsConsole) -> str:
    """The line of what is wrong."""
    return text_of(app, WrongLine)


def footer(app: OpsConsole) -> str:
    """The keys at the bottom."""
    return text_of(app, FooterLine)


def toasts(app: OpsConsole) -> list[str]:
    """The messages that were told, oldest first."""
    return [notification.message for notification in app._notifications]


def shown_toasts(app: OpsConsole) -> list[str]:
    """The messages in view, as they are drawn."""
    return [str(toast.render()) for toast in app.screen.query(Toast)]


async def told(pilot: Pilot[None], app: OpsConsole, words: str) -> str:
    """The message with these words, once it is told."""
    await until(pilot, lambda: any(words in text for text in toasts(app)))
    return next(text for text in toasts(app) if words in text)


async def zoomed(pilot: Pilot[None], app: OpsConsole, kind: str) -> ZoomScreen:
    """The zoomed pane of a kind, once it is drawn."""

    def there() -> bool:
        screen = app.base
        return isinstance(screen, ZoomScreen) and screen.kind == kind and screen.body is not None

    await until(pilot, there)
    await pilot.pause()
    assert isinstance(app.base, ZoomScreen)
    return app.base


def table(app: OpsConsole) -> Table[Any]:
    """The table of the zoomed pane."""
    return app.base.query_one(Table)


async def read(pilot: Pilot[None], app: OpsConsole, holds: Callable[[], object]) -> None:
    """Have every source asked now, failing ones too, and wait until something holds."""
    app.collector.refresh()
    await until(pilot, holds)
