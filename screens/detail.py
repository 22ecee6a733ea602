"""Windows over a screen: everything about one row, and the keys that work here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.screen import ModalScreen

from console.text import width as cell_width
from widgets.boundary import DrawingFailedError, attempt
from widgets.canvas import ROLE_CLASSES, Canvas
from widgets.compositor import SpanCompositor
from widgets.draw import Line, wrap
from widgets.pane import Context, View

if TYPE_CHECKING:
    from screens.app import OpsConsole


class ScrollCanvas(Canvas, can_focus=True):
    """Lines that may be more than fit; keys and wheel scroll them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="window.up", tooltip="A line up"),
        Binding("down,j", "move(1)", "Down", show=False, id="window.down", tooltip="A line down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="window.page-up", tooltip="A page up"),
        Binding(
            "pagedown,space", "page(1)", "Page down", show=False, id="window.page-down", tooltip="A page down"
        ),
        Binding("home,g", "edge(-1)", "First", show=False, id="window.first", tooltip="To the first line"),
        Binding("end,G", "edge(1)", "Last", show=False, id="window.last", tooltip="To the last line"),
    ]

    class EndSeen(Message):
        """The last line was in view for the first time."""

    def __init__(self, make: Callable[[int], Sequence[Line]]) -> None:
        super().__init__()
        self._make = make
        self._top = 0
        self._all: Sequence[Line] = ()
        self.end_seen = False

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are, where the layout leaves that open."""
        return len(self._make(width))

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines in view, and how many are below."""
        self._all = self._make(width)
        self._top = max(0, min(self._top, len(self._all) - height))
        shown = list(self._all[self._top : self._top + height])
        below = len(self._all) - self._top - height
        if below > 0 and shown:
            shown[-1] = ((f"↓ {below + 1} more lines", "dim"),)
        elif not self.end_seen:
            self.end_seen = True
            self.post_message(self.EndSeen())
        return shown

    def action_move(self, step: int) -> None:
        """Move by lines."""
        self._top += step
        self.redraw()

    def action_page(self, pages: int) -> None:
        """Move by what is in view, but for one line."""
        self.action_move(pages * max(1, self.content_size.height - 2))

    def action_edge(self, end: int) -> None:
        """Move to the first (-1) or last (1) line."""
        self.action_move(end * len(self._all))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_move(-3)

    @property
    def at_end(self) -> bool:
        """Whether the last line is in view."""
        return self._top >= len(self._all) - self.content_size.height

    @property
    def plain(self) -> str:
        """All lines without styles, for copying."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self._all)


class WindowScreen(ModalScreen[None], inherit_bindings=False):
    """A window with lines; Esc, q or Enter closes it, and nothing beneath it hears its keys."""

    COMPONENT_CLASSES: ClassVar[set[str]] = ROLE_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "Close", id="window.close", tooltip="Close this window"),
        Binding("y", "app.copy", "Copy", id="window.copy", tooltip="Copy all its lines"),
        Binding("question_mark,f1", "app.help", "Keys", id="window.help", tooltip="The keys that work here"),
    ]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._compositor = SpanCompositor()
        self._title = title

    @property
    def ops(self) -> OpsConsole:
        """The app, by its own type."""
        return cast("OpsConsole", self.app)

    def make(self, width: int) -> Sequence[Line]:
        """The lines for a width."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """One scrolling canvas in a frame that names it and its keys."""
        canvas = ScrollCanvas(self.make)
        canvas.add_class("window")
        key = self.ops.key
        hints = (
            (key("window.close", "esc"), "close"),
            (f"{key('window.up', '↑')} {key('window.down', '↓')}", "scroll"),
            (key("window.copy", "y"), "copy"),
            (key("window.help", "?"), "keys"),
        )
        canvas.border_title = Content(self._title)
        canvas.border_subtitle = Content("  ".join(f"{pressed} {does}" for pressed, does in hints))
        yield canvas

    def on_mount(self) -> None:
        """The window has the keyboard."""
        self.query_one(ScrollCanvas).focus()

    def action_close(self) -> None:
        """Close the window."""
        self.dismiss()


class DetailScreen(WindowScreen):
    """Everything about one row, as it was when opened, kept up to date while it is there."""

    def __init__(self, kind: str, view: View[Any], row: Any) -> None:
        super().__init__(view.title)
        self.kind = kind
        self._view = view
        self._row = row
        self._key = view.key(row)
        self._gone = False

    def show(self, kinds: Iterable[str]) -> None:
        """New readings: the row may have changed or gone."""
        if self.kind not in kinds:
            return
        context, *_ = self.ops.scene.context(self.kind)
        if context is None or (context.feed.known if self._view.known else context.snapshot) is None:
            return
        try:
            rows = attempt(self._rows, context)
        except DrawingFailedError:
            return  # the screen beneath says so
        self._gone = self._key not in rows
        self._row = rows.get(self._key, self._row)
        for canvas in self.query(ScrollCanvas):
            canvas.redraw()

    def _rows(self, context: Context) -> Mapping[Hashable, Any]:
        return {self._view.key(row): row for row in self._view.rows(context)}

    def make(self, width: int) -> Sequence[Line]:
        """The view's own details, or every column on a line."""
        head: list[Line] = []
        if self._gone:
            head = [(("gone: this is the last that was seen of it", "warn"),), ()]
        context, *_ = self.ops.scene.context(self.kind)
        if self._view.detail is not None and context is not None:
            return [*head, *self._view.detail(self._row, context, width)]
        return [*head, *plain_detail(self._view, self._row, width)]


def plain_detail(view: View[Any], row: Any, width: int) -> list[Line]:
    """Every column of a row on a line of its own, long values wrapped."""
    label = max((cell_width(column.title) for column in view.columns), default=0) + 2
    lines: list[Line] = []
    for column in view.columns:
        text, role = column.span(row)
        for index, part in enumerate(wrap(text, max(10, width - label), role)):
            lines.append((((column.title if index == 0 else "").ljust(label), "label"), *part))
    return lines
