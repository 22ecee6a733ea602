"""The one-line widgets round the panes: header, what is wrong, and the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from textual import events

from console.findings import Finding, Severity
from console.units import bytes_, duration, percent
from widgets.canvas import Canvas
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, spread


@dataclass(frozen=True, slots=True)
class HeaderState:
    """What the header says; `own_cpu` is a share of one core, `own_memory` bytes."""

    host: str
    time: datetime
    banner: str = ""
    banner_color: str = "error"
    critical: int = 0
    warnings: int = 0
    own_cpu: float = float("nan")
    own_memory: float = float("nan")
    paused_for: float | None = None
    """Seconds the shown moment lies back; None when live."""


class HeaderLine(Canvas):
    """Who, where, how wrong, what the console itself costs, and the time."""

    def __init__(self) -> None:
        super().__init__(id="header")
        self._state: HeaderState | None = None

    def show(self, state: HeaderState) -> None:
        """Draw this state."""
        self._state = state
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """One line."""
        state = self._state
        if state is None:
            return [((" opsconsole", "title"),)]
        left: list[Span] = [(" opsconsole ", "title"), (f" {state.host} ", "strong")]
        if state.banner:
            left += [(" ", "text"), (f" {state.banner} ", f"banner-{state.banner_color}")]
        left.append(("  ", "text"))
        if state.critical:
            left.append((f" ✖ {state.critical} critical", "crit"))
        if state.warnings:
            left.append((f" ▲ {state.warnings} warning{'s' if state.warnings > 1 else ''}", "warn"))
        if state.paused_for is not None:
            left.append((f"  paused, {duration(state.paused_for)} ago ", "banner-warning"))
        right: list[Span] = []
        if state.own_cpu == state.own_cpu and width >= 70:
            right.append((f"own {percent(state.own_cpu)} {bytes_(state.own_memory)}   ", "dim"))
        right.append((state.time.astimezone().strftime("%H:%M:%S "), "strong"))
        return [spread(left, right, width)]


class WrongLine(Canvas):
    """The worst findings of all sources on one line, so that nothing wrong is out of sight."""

    def __init__(self) -> None:
        super().__init__(id="wrong")
        self._findings: Sequence[tuple[str, Finding]] = ()
        self._waiting = True

    def show(self, findings: Sequence[tuple[str, Finding]], waiting: bool = False) -> None:
        """Draw these findings, given worst first as pairs of pane number and finding."""
        self._findings = findings
        self._waiting = waiting
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """As many findings as fit, and how many do not."""
        if not self._findings:
            text = "waiting for the first readings" if self._waiting else "nothing wrong is known"
            return [((f" {text}", "dim"),)]
        spans: list[Span] = []
        used = 1
        for index, (number, finding) in enumerate(self._findings):
            role = SEVERITY_ROLE[finding.severity]
            left = len(self._findings) - index
            entry: list[Span] = [
                (f" {SEVERITY_MARK[finding.severity]} ", role),
                (f"{number} ", "key"),
                (finding.subject, "strong"),
                (f" {finding.text} ", role if finding.severity == Severity.CRITICAL else "text"),
            ]
            size = sum(len(text) for text, _ in entry)
            if index and used + size + 9 > width:
                spans.append((f"  +{left} more", "warn"))
                break
            spans += entry
            used += size
        return [tuple(spans)]


class FooterLine(Canvas):
    """The keys that work here; a click presses one."""

    def __init__(self, keys: Sequence[tuple[str, str, str]] = ()) -> None:
        super().__init__(id="footer")
        self._keys = keys
        self._places: list[tuple[int, int, str]] = []

    def show(self, keys: Sequence[tuple[str, str, str]]) -> None:
        """Draw these keys: what to press, what it does, and the action to run on a click."""
        self._keys = keys
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """As many keys as fit."""
        spans: list[Span] = []
        self._places = []
        x = 0
        for key, description, action in self._keys:
            size = len(key) + len(description) + 3
            if x + size > width:
                break
            spans += [(f" {key}", "key"), (f" {description} ", "dim")]
            self._places.append((x, x + size, action))
            x += size
        return [tuple(spans)]

    async def on_click(self, event: events.Click) -> None:
        """Press the key under the pointer."""
        for left, right, action in self._places:
            if left <= event.x < right:
                await self.run_action(action)
                return


class TabsLine(Canvas):
    """The views of a zoomed pane; the chosen one stands out, a click chooses."""

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__(id="tabs")
        self._titles = titles
        self._chosen = 0
        self._suffix: Sequence[Span] = ()
        self._places: list[tuple[int, int, int]] = []

    def show(self, chosen: int, suffix: Sequence[Span] = ()) -> None:
        """Mark a view as chosen; the suffix stands at the right."""
        self._chosen = chosen
        self._suffix = suffix
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The titles in a row."""
        spans: list[Span] = []
        self._places = []
        x = 0
        for index, title in enumerate(self._titles):
            role = "banner-primary" if index == self._chosen else "label"
            text = f" {title} "
            spans += [(text, role), (" ", "text")]
            self._places.append((x, x + len(text), index))
            x += len(text) + 1
        return [spread(spans, self._suffix, width)]

    async def on_click(self, event: events.Click) -> None:
        """Choose the view under the pointer."""
        for left, right, index in self._places:
            if left <= event.x < right:
                await self.run_action(f"screen.view({index})")


class NoteLine(Canvas):
    """One line of explanation above a table: a limited view, a filter, a failure."""

    def __init__(self) -> None:
        super().__init__(id="note")
        self._line: Line = ()

    def show(self, line: Line) -> None:
        """Draw this line; an empty one takes no room."""
        self.display = bool(line)
        self._line = line
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The line."""
        return [self._line]
