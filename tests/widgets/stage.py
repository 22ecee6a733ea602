"""A small app to put widgets on, and a terminal that draws what the app would send."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyte
from pyte.modes import LNM
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

import themes
from tests.patience import PATIENCE
from themes import THEMES
from widgets.canvas import ROLE_CLASSES, Canvas
from widgets.compositor import SpanCompositor
from widgets.draw import Line


class StageScreen(Screen[None]):
    """Has the roles and the compositor of the real screens, and any widgets."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES

    def __init__(self, widgets: Iterable[Widget]) -> None:
        super().__init__()
        self._compositor = SpanCompositor()
        self._widgets = widgets

    def compose(self) -> ComposeResult:
        """The widgets, below each other."""
        yield from self._widgets


class Stage(App[None]):
    """Shows widgets in the real themes."""

    CSS_PATH = Path(themes.__file__).parent / "app.tcss"

    def __init__(self, *widgets: Widget, theme: str = "ops-dark") -> None:
        super().__init__()
        self._widgets = widgets
        self.messages: list[Any] = []
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme

    def get_default_screen(self) -> Screen[None]:
        """The screen with the widgets."""
        return StageScreen(self._widgets)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What Textual's own themes, loaded first, do not define."""
        return dict.fromkeys(THEMES[0].variables, "#808080")


class Sheet(Canvas):
    """A canvas that shows the lines it is given, and counts how often it is asked for them."""

    def __init__(self, lines: Sequence[Line] = (), *, id: str | None = None) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self.lines_to_draw: Sequence[Line] = lines
        self.drawn = 0

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines as given."""
        self.drawn += 1
        return self.lines_to_draw

    def put(self, lines: Sequence[Line]) -> None:
        """Show other lines."""
        self.lines_to_draw = lines
        self.redraw()


class Wire:
    """Takes what an app would write to its terminal, and draws it on one that is not there.

    `updates` holds each update's characters, escape sequences included.
    """

    def __init__(self, app: App[Any], size: Size) -> None:
        self._app = app
        self.updates: list[str] = []
        self._screen, self._stream = _terminal(size)

    def display(self, screen: Screen[Any], renderable: Any) -> None:
        """Stands in for `App._display`, which writes nothing in a headless app."""
        if renderable is None:
            return
        if isinstance(renderable, CompositorUpdate):
            text = renderable.render_segments(self._app.console)
        else:
            text = self._app.console._render_buffer(self._app.console.render(renderable))
        self.updates.append(text)
        self._stream.feed(text)

    @property
    def cells(self) -> list[list[Any]]:
        """What stands on the terminal, cell by cell with its colours."""
        return _cells(self._screen)

    @property
    def text(self) -> list[str]:
        """The lines on the terminal."""
        return list(self._screen.display)

    def full(self) -> list[list[Any]]:
        """What a terminal would show that the whole screen is painted on at once."""
        size = self._app.size
        screen, stream = _terminal(size)
        update = self._app.screen._compositor.render_full_update()
        stream.feed(update.render_segments(self._app.console))
        return _cells(screen)


def _terminal(size: Size) -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(size.width, size.height)
    screen.set_mode(LNM)
    return screen, pyte.Stream(screen)


def _cells(screen: pyte.Screen) -> list[list[Any]]:
    return [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]


async def until(pilot: Pilot[Any], holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Let the app run until something holds; fails when it does not within the seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "what was waited for did not come"
        await pilot.pause(0.01)
