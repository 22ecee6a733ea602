"""The overview: every pane at once, arranged for the size of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from console.sources.base import Focus, State
from screens.base import FooterKey, OpsScreen
from screens.layout import arrange
from widgets.lines import FooterLine, HeaderLine, WaitingLine, WrongLine
from widgets.pane_widget import PaneWidget


class Panes(Container):
    """Holds the panes, which cover it."""

    BLANK = True


class OverviewScreen(OpsScreen):
    """All panes; the keyboard chooses one, a digit or Enter zooms it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next pane", show=False, id="overview.next"),
        Binding("shift+tab", "app.focus_previous", "Previous pane", show=False, id="overview.previous"),
        Binding("right,l", "neighbour(1, 0)", "Pane to the right", show=False, id="overview.right"),
        Binding("left,h", "neighbour(-1, 0)", "Pane to the left", show=False, id="overview.left"),
        Binding("down,j", "neighbour(0, 1)", "Pane below", show=False, id="overview.down"),
        Binding("up,k", "neighbour(0, -1)", "Pane above", show=False, id="overview.up"),
    ]

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__()
        self._kinds = list(kinds)
        self._absent: frozenset[str] = frozenset()
        self._front = ""
        """The kind of the pane that has the keyboard, or had it last."""

    def compose(self) -> ComposeResult:
        """Header, what is wrong, the panes, the keys."""
        yield HeaderLine()
        yield WrongLine()
        with Panes(id="panes"):
            for number, kind in enumerate(self._kinds, 1):
                yield PaneWidget(kind, number)
        yield WaitingLine()
        yield FooterLine()

    def on_mount(self) -> None:
        """The keyboard starts at the first pane."""
        panes = self.query(PaneWidget)
        if panes:
            panes.first().focus()

    async def add_kinds(self, kinds: Sequence[str]) -> None:
        """Panes for kinds that only discovery knew of."""
        new = [kind for kind in kinds if kind not in self._kinds]
        for kind in new:
            self._kinds.append(kind)
            await self.query_one("#panes").mount(PaneWidget(kind, len(self._kinds)))
        if new:
            self._place()

    def on_resize(self, event: events.Resize) -> None:
        """Another size, another arrangement."""
        self.place_drawer()
        self._place()

    def arrange_rest(self) -> None:
        """The panes share what the drawer leaves."""
        if self.is_mounted:
            self._place()

    def restore_focus(self) -> None:
        """The keyboard goes back to the pane that had it."""
        self._focus_front()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember the pane in front; not one that Textual chose while what had the keyboard went away."""
        if isinstance(event.widget, PaneWidget) and event.widget is self.focused:
            self._front = event.widget.kind

    def bring_forward(self, kind: str) -> None:
        """This pane is in front when the overview is back: the one that was zoomed last."""
        self._front = kind
        if isinstance(self.focused, PaneWidget):
            self._focus_front()

    def _focus_front(self) -> None:
        panes = list(self.query(PaneWidget))
        if panes:
            self.set_focus(next((pane for pane in panes if pane.kind == self._front), panes[0]))

    def _place(self) -> None:
        if self.app.return_code is not None:
            return  # on its way out, and its widgets before it
        width, height = self.room
        # on a terminal too low for all, the panes' titles are worth more than the keys
        footer = self.query_one(FooterLine)
        footer.display = height >= len(self._kinds) + 3
        lines = 2 + footer.display + self.query_one(WaitingLine).display
        plan = arrange(self._kinds, width, height - lines, self._absent)
        container = self.query_one("#panes")
        styles = container.styles
        styles.grid_size_columns = plan.columns
        styles.grid_size_rows = len(plan.rows)
        # Textual's own types for these two are narrower than what it takes
        styles.grid_rows = " ".join(str(row) for row in plan.rows)
        for pane in self.query(PaneWidget):
            pane.styles.column_span = plan.spans.get(pane.kind, 1)
        container.sort_children(key=lambda pane: plan.order.index(getattr(pane, "kind", "")))

    def focus_of(self, kind: str) -> Focus:
        """Everything is in view at a glance."""
        return Focus.GLANCE

    def show(self, kinds: Iterable[str]) -> None:
        """Draw the panes of these kinds."""
        if not self.is_mounted:
            return
        wanted = set(kinds)
        absent = self._unanswered()
        if absent != self._absent:
            self._absent = absent
            self._place()
        for pane in self.query(PaneWidget):
            if pane.kind in wanted:
                context, others, hidden = self.ops.scene.context(pane.kind)
                if context is not None:
                    pane.show(context, others, hidden)
                elif self.ops.collector.feeds:
                    pane.show_unfound()

    def _unanswered(self) -> frozenset[str]:
        """The kinds of which nothing was found, once it is known."""
        feeds = self.ops.collector.feeds
        if not feeds:
            return frozenset()
        there = {feed.source.kind for feed in self.ops.scene.feeds() if feed.state is not State.NOT_FOUND}
        return frozenset(kind for kind in self._kinds if kind not in there)

    def footer_keys(self) -> Sequence[FooterKey]:
        """What a newcomer needs first."""
        return (
            FooterKey("", f"1-{min(9, len(self._kinds))}", "pane"),
            FooterKey("app.help", "?", "help", "app.help"),
            FooterKey("pane.zoom", "⏎", "zoom", "screen.zoom_focused"),
            FooterKey("app.findings", "!", "findings", "app.findings"),
            FooterKey("app.drawer", "R", "runbooks", "app.drawer"),
            FooterKey("app.filter", "/", "filter", "app.filter"),
            FooterKey("app.pause", "p", "go on" if self.ops.paused else "pause", "app.pause"),
            FooterKey("app.back", "[", "back in time", "app.step(-1)"),
            FooterKey("app.command", ":", "command", "app.command"),
            FooterKey("screen.close", "q", "quit", "app.leave"),
        )

    def on_pane_widget_zoomed(self, message: PaneWidget.Zoomed) -> None:
        """The whole screen for a pane."""
        self.ops.zoom(message.pane.kind)

    def on_pane_widget_other_asked(self, message: PaneWidget.OtherAsked) -> None:
        """The next source of the kind."""
        self.ops.choose_next(message.kind)

    @property
    def runbook(self) -> str:
        """That of the worst alert, where the alerts have the keyboard."""
        if not isinstance(self.focused, PaneWidget) or self.focused.kind != "alerts":
            return ""
        found = self.ops.scene.runbook()
        return found[1] if found is not None else ""

    def action_zoom_focused(self) -> None:
        """Zoom the pane with the keyboard."""
        if isinstance(self.focused, PaneWidget):
            self.ops.zoom(self.focused.kind)

    def action_neighbour(self, dx: int, dy: int) -> None:
        """Move the keyboard to the nearest pane in a direction."""
        current = self.focused
        if not isinstance(current, PaneWidget):
            return  # a prompt has the keyboard
        here = current.region
        best: tuple[int, PaneWidget] | None = None
        for pane in self.query(PaneWidget):
            there = pane.region
            along = (there.x - here.x) * dx + (there.y - here.y) * dy
            if pane is current or along <= 0:
                continue
            across = abs(there.x - here.x) * abs(dy) + abs(there.y - here.y) * abs(dx)
            score = along + 3 * across
            if best is None or score < best[0]:
                best = (score, pane)
        if best is not None:
            best[1].focus()

    def action_close(self) -> None:
        """At the root, closing is quitting."""
        self.ops.action_leave()
