"""What is asked of a source for the row under the cursor: its log lines, and the whole of it as text."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from console.collector import Documented, Following, Gathering, Telling
from console.errors import SourceError
from console.text import clean
from console.units import counted
from screens.detail import ScrollCanvas, WindowScreen
from widgets.boundary import DrawingFailedError, attempt
from widgets.draw import Line, wrap
from widgets.pane import Context, View

if TYPE_CHECKING:
    from console.logs.streams import Selection
    from screens.app import OpsConsole

AT_ONCE = 16
"""Things whose lines are followed at once: each is a connection."""


def follow(app: OpsConsole, view: View[Any], row: Any, context: Context, previous: bool) -> bool:
    """Have the lines of a row in the log pane; whether there are any to come."""
    source = context.feed.source
    if view.writers is None or not isinstance(source, Telling):
        if previous:
            app.tell("the lines of the run before are not kept apart here")
        return not previous
    try:
        subjects = attempt(view.writers, row, context)
    except DrawingFailedError as failure:
        app.tell(f"the lines of this row cannot be asked for: {failure}", "error")
        return False
    wanted = [one for subject in subjects[:AT_ONCE] for one in source.outputs(subject, previous=previous)]
    if not wanted:
        app.tell("there is no pod whose lines could be asked for")
        return False
    if len(subjects) > AT_ONCE:
        app.tell(f"the lines of {AT_ONCE} of {counted(len(subjects), 'pod')}: look at one for the others")
    for feed in app.collector.feeds.values():
        if isinstance(feed.source, Following):
            feed.source.follow(wanted)
    app.action_refresh_now()
    return True


def gather(app: OpsConsole, view: View[Any], row: Any, context: Context) -> str:
    """Have the lines of all that belongs to a row, as it comes and goes, in the log pane; their filter.

    Empty where the row is nothing that others belong to.
    """
    source = context.feed.source
    if view.selects is None or not isinstance(source, Gathering):
        return ""
    try:
        selection = source.belonging(attempt(view.selects, row))
    except DrawingFailedError as failure:
        app.tell(f"the lines of this row cannot be asked for: {failure}", "error")
        return ""
    if not selection.subjects():
        app.tell(f"{selection.text} has no pod now: its lines come when one begins")
    select(app, selection)
    return f'selector:"{selection.text}"'


def select(app: OpsConsole, selection: Selection) -> None:
    """Show the lines of a selection in the log pane."""
    for feed in app.collector.feeds.values():
        if isinstance(feed.source, Following):
            feed.source.select(selection)
    app.action_refresh_now()


def show_document(app: OpsConsole, view: View[Any], row: Any, context: Context) -> None:
    """A window with the whole of a row."""
    source = context.feed.source
    if view.document is None or not isinstance(source, Documented):
        app.tell("there is no text of what is in front")
        return
    if app.paused:
        app.tell("only the present can be asked for: p goes on")
        return
    try:
        subject = attempt(view.document, row)
    except DrawingFailedError as failure:
        app.tell(f"the text of this row cannot be asked for: {failure}", "error")
    else:
        app.push_screen(DocumentScreen(source, subject))


class DocumentScreen(WindowScreen):
    """The whole of one thing as its source gives it, asked for once."""

    def __init__(self, source: Documented, subject: Hashable) -> None:
        super().__init__(clean(f"{subject}", 200))
        self._source = source
        self._subject = subject
        self._lines: Sequence[str] | None = None
        self._failure: SourceError | None = None

    def on_mount(self) -> None:
        """Ask for it."""
        super().on_mount()
        self.run_worker(self._ask(), exit_on_error=False)

    async def _ask(self) -> None:
        try:
            self._lines = await self._source.document(self._subject)
        except SourceError as error:
            self._failure = error
        for canvas in self.query(ScrollCanvas):
            canvas.redraw()

    def make(self, width: int) -> Sequence[Line]:
        """Its lines; until they are there, that they are asked for."""
        if self._failure is not None:
            return wrap(str(self._failure), width, "warn")
        if self._lines is None:
            return [(("asking for it …", "dim"),)]
        return [line for text in self._lines for line in _lines(text, width)]


def _lines(text: str, width: int) -> list[Line]:
    """A line of YAML, its key apart from its value; one that is too long goes on below."""
    lead = len(text) - len(text.lstrip(" -"))
    key, colon, value = text[lead:].partition(":")
    if not colon or (value and not value.startswith(" ")) or len(text) > width:
        return [((text[start : start + width], "text"),) for start in range(0, max(1, len(text)), width)]
    return [((text[:lead], "dim"), (f"{key}:", "label"), (value, "text"))]
