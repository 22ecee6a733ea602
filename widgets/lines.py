"""The one-line widgets round the panes: header, what is wrong, and the keys."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from textual import events
from textual.message import Message

from console.findings import Finding, Severity
from console.units import bytes_, duration, percent
from widgets.canvas import Canvas
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, fit, line_width, spread


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
    firing: int = 0
    """Alerts that nobody has acknowledged or silenced."""
    pending: int = 0


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
        """One line; where there is little room, names give way to what is wrong."""
        state = self._state
        if state is None:
            return [((" opsconsole", "title"),)]
        right: list[Span] = []
        if math.isfinite(state.own_cpu) and width >= 70:
            right.append((f"own {percent(state.own_cpu)} {bytes_(state.own_memory)}   ", "dim"))
        right.append((state.time.astimezone().strftime("%H:%M:%S "), "strong"))
        room = width - line_width(right) - 1
        name: list[Span] = [(" opsconsole ", "title")]
        host: list[Span] = [(f" {state.host} ", "strong")]
        banner: list[Span] = [(f" {state.banner} ", f"banner-{state.banner_color}")] if state.banner else []
        gap: list[Span] = [(" ", "text")]
        tellings = (
            [*name, *host, *gap, *banner, *gap, *_counts(state), *_alerts(state), *_pause(state)],
            [*host, *gap, *banner, *gap, *_counts(state), *_alerts(state), *_pause(state)],
            [*host, *gap, *banner, *gap, *_counts(state), *_pause(state)],
            [*banner, *gap, *_counts(state), *_pause(state)],
            [*_counts(state, brief=True), *_pause(state), *gap, *banner],
            [*_counts(state, brief=True), *_pause(state, brief=True), *gap, *banner],
        )
        left = next((telling for telling in tellings if line_width(telling) <= room), tellings[-1])
        return [spread(left, right, width)]


def _counts(state: HeaderState, brief: bool = False) -> list[Span]:
    spans: list[Span] = []
    if state.critical:
        spans.append((f" ✖ {state.critical}{'' if brief else ' critical'}", "crit"))
    if state.warnings:
        word = "" if brief else " warning" if state.warnings == 1 else " warnings"
        spans.append((f" ▲ {state.warnings}{word}", "warn"))
    return spans


def _alerts(state: HeaderState) -> list[Span]:
    """What alerts there are, in words; nothing where there is none."""
    told = [
        f"{count} {word}" for count, word in ((state.firing, "firing"), (state.pending, "pending")) if count
    ]
    return [(f"  {' '.join(told)}", "strong" if state.firing else "dim")] if told else []


def _pause(state: HeaderState, brief: bool = False) -> list[Span]:
    if state.paused_for is None:
        return []
    ago = f"{duration(state.paused_for)} ago"
    shown = state.time.astimezone() - timedelta(seconds=state.paused_for)
    text = f" -{duration(state.paused_for)} " if brief else f" paused at {shown:%H:%M:%S}, {ago} "
    return [("  ", "text"), (text, "banner-warning")]


CUT_LEAST = 28
"""Cells in which a finding that has to be cut still says something."""


class WrongLine(Canvas):
    """The worst findings of all sources on one line, so that nothing wrong is out of sight."""

    class Chosen(Message):
        """A finding was clicked: show the pane it comes from; without a number, show all findings."""

        def __init__(self, number: str) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__(id="wrong")
        self._findings: Sequence[tuple[str, Finding]] = ()
        self._waiting = True
        self._places: list[tuple[int, int, str]] = []

    def show(self, findings: Sequence[tuple[str, Finding]], waiting: bool = False) -> None:
        """Draw these findings, given worst first as pairs of pane number and finding."""
        self._findings = findings
        self._waiting = waiting
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """As many findings as fit, and how many do not."""
        self._places = []
        if not self._findings:
            text = "waiting for the first readings" if self._waiting else "nothing wrong is known"
            return [((f" {text}", "dim"),)]
        spans: list[Span] = []
        used = 0
        for index, (number, finding) in enumerate(self._findings):
            entry = _entry(number, finding)
            left = len(self._findings) - index - 1
            room = width - used - (len(f" +{left} more") if left else 0)
            if index and line_width(entry) > room and room < CUT_LEAST:
                spans.append((f" +{left + 1} more", "warn"))
                self._places.append((used, width, ""))
                break
            # none takes the room in which the next one would still say something
            most = room - CUT_LEAST if left and room >= 2 * CUT_LEAST else room
            # the first is shown at any width, cut where it must be
            if line_width(entry) > most:
                entry = _entry(number, _shorter(finding))
            shown = _cut(entry, min(line_width(entry), max(most, 8)))
            spans += shown
            self._places.append((used, used + line_width(shown), number))
            used += line_width(shown)
        return [tuple(spans)]

    def on_click(self, event: events.Click) -> None:
        """Choose the finding under the pointer; beside them, the worst."""
        if not self._places:
            return
        places = (number for left, right, number in self._places if left <= event.x < right)
        self.post_message(self.Chosen(next(places, self._places[0][2])))


_ADDRESS = re.compile(r"^\S+:\d+ (?=[a-z])")
_PLACE = re.compile(r"(?<=\w)@\S+:\d+$")


def _shorter(finding: Finding) -> Finding:
    """Without the address before what is wrong there and behind whose it is: the pane has it."""
    return replace(
        finding, subject=_PLACE.sub("", finding.subject), text=_ADDRESS.sub("", finding.text, count=1)
    )


def _entry(number: str, finding: Finding) -> list[Span]:
    role = SEVERITY_ROLE[finding.severity]
    return [
        (f" {SEVERITY_MARK[finding.severity]} ", role),
        (finding.subject, "strong"),
        (f" {finding.text} ", role if finding.severity == Severity.CRITICAL else "text"),
        *([(f"[{number}] ", "key")] if number else []),
    ]


def _cut(entry: Sequence[Span], cells: int) -> Line:
    """A finding in so many cells; the key of its pane is not cut where there is room for both."""
    *told, key = entry
    if line_width(entry) <= cells or cells < CUT_LEAST or key[1] != "key":
        return fit(entry, cells)
    return (*fit(told, cells - line_width([key]) - 1), (" ", "text"), key)


class WaitingLine(Canvas):
    """What of the guides wants somebody: due checklists, runs under way; a click opens the drawer."""

    def __init__(self) -> None:
        super().__init__(id="waiting")
        self._line: Line = ()
        self.display = False

    def show(self, line: Line) -> bool:
        """Draw this line; an empty one takes no room. Whether the room it takes has changed."""
        changed = self.display is not bool(line)
        self.display = bool(line)
        self._line = line
        self.redraw()
        return changed

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The line."""
        return [self._line]

    async def on_click(self) -> None:
        """Open the drawer."""
        await self.app.run_action("app.drawer")


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
            entry: list[Span] = [(f" {key}", "key"), (f" {description} ", "dim")]
            size = line_width(entry)
            if x + size > width:
                break
            spans += entry
            self._places.append((x, x + size, action))
            x += size
        return [tuple(spans)]

    async def on_click(self, event: events.Click) -> None:
        """Press the key under the pointer."""
        for left, right, action in self._places:
            if left <= event.x < right and action:
                await self.app.run_action(action, self.screen)
                return


class TabsLine(Canvas):
    """The views of a zoomed pane; the chosen one stands out, a click chooses."""

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__(id="tabs")
        self._titles = titles
        self._chosen = 0
        self._suffix: Sequence[Span] = ()
        self._brief: Sequence[Span] = ()
        self._places: list[tuple[int, int, int]] = []

    def show(self, chosen: int, suffix: Sequence[Span] = (), brief: Sequence[Span] = ()) -> None:
        """Mark a view as chosen; the suffix stands at the right, the brief one where there is little room."""
        self._chosen = chosen
        self._suffix = suffix
        self._brief = brief
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The titles in a row, from the first that leaves room for the chosen one."""
        tabs = [f" {title} " for title in self._titles]
        sizes = [line_width([(tab, "label")]) + 1 for tab in tabs]
        suffix = self._suffix if sum(sizes) + line_width(self._suffix) <= width else self._brief
        room = width - line_width(suffix) - 1
        first = 0
        while first < self._chosen and sum(sizes[first : self._chosen + 1]) + 2 > room:
            first += 1
        spans: list[Span] = [("‹", "dim")] if first else []
        x = len(spans)
        self._places = []
        for index in range(first, len(tabs)):
            if index > self._chosen and x + sizes[index] > room:
                spans.append(("›", "dim"))
                break
            chosen = index == self._chosen
            spans += [(tabs[index], "banner-primary" if chosen else "label"), (" ", "text")]
            self._places.append((x, min(x + sizes[index] - 1, room), index))
            x += sizes[index]
        return [spread(spans, suffix, width)]

    async def on_click(self, event: events.Click) -> None:
        """Choose the view under the pointer."""
        for left, right, index in self._places:
            if left <= event.x < right:
                await self.app.run_action(f"view({index})", self.screen)
                return


class NoteLine(Canvas):
    """What stands above a table: a limited view, a filter, a failure; mostly one line."""

    def __init__(self) -> None:
        super().__init__(id="note")
        self._told: Sequence[Line] = ((),)

    def show(self, *lines: Line) -> None:
        """Draw these lines; an empty one takes no room."""
        self.display = any(lines)
        if len(lines) != len(self._told):
            self.styles.height = max(1, len(lines))
        self._told = lines
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines."""
        return self._told
