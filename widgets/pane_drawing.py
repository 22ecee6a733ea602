"""How a pane stands on the screen: title, outline, and what it says while it has no data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.errors import SourceError
from console.findings import Severity, worst
from console.sources.base import State
from console.text import width as cell_width
from console.units import duration
from widgets.boundary import DrawingFailedError, attempt
from widgets.canvas import failed_lines
from widgets.draw import SEVERITY_MARK, SEVERITY_ROLE, Line, Span, fit, line_width, wrap

if TYPE_CHECKING:
    from widgets.pane import Context, Pane


def draw_pane(pane: Pane, context: Context, width: int, height: int) -> list[Line]:
    """What stands inside a pane's frame: its body, or what keeps it from having one.

    Stale values stay visible below a line that says since when; nothing wrong is left unsaid when
    the body has no room for it. A body that fails says so in its place.
    """
    feed = context.feed
    if feed.snapshot is None:
        if feed.state is State.NOT_FOUND:
            return _cut_off(_not_found_briefly(context, width), width, height)
        return _cut_off(draw_absence(pane, context, width), width, height)
    lines: list[Line] = []
    if feed.state in (State.STALE, State.REFUSED):
        lines += told(stale_line(context), width, height - pane.least)
    elif context.snapshot.limited and height > pane.least:
        words = f"limited view: {context.snapshot.limited[0]}"
        lines += wrap(words, width, "warn")[: max(1, (height - pane.least) // 3)]
    room = height - len(lines)
    if room > 0:
        try:
            drawn = attempt(_body, pane, context, width, room)
            lines += drawn if feed.state is State.LIVE else [_old(line) for line in drawn]
        except DrawingFailedError as failure:
            lines += failed_lines(failure, width)
    return lines[:height]


def _body(pane: Pane, context: Context, width: int, height: int) -> list[Line]:
    """The body's lines, fitted here so that one of a wrong shape fails here, below the pane's title."""
    return [fit(line, width) for line in pane.body(context, width, height)]


_BRIGHT = {"text", "strong", "title", "label", "accent"}


def _old(spans: Line) -> Line:
    """Values that are no longer so: nothing of them stands out but what was wrong."""
    return tuple((text, "dim" if role in _BRIGHT else role) for text, role in spans)


def told(spans: Line, width: int, height: int) -> list[Line]:
    """A line, or when it is too long and there is room, its last span wrapped below the others."""
    if line_width(spans) <= width or height < 2:
        return [spans]
    *head, (text, role) = spans
    return [tuple(head), *_cut_off(wrap(text, width, role), width, height - 1)]


def _cut_off(lines: list[Line], width: int, height: int) -> list[Line]:
    """The lines there is room for; the last one says that there are more."""
    if len(lines) <= height:
        return lines
    *kept, last = lines[:height]
    return [*kept, fit((*last, (" …", last[-1][1] if last else "dim")), width)]


def stale_line(context: Context) -> Line:
    """Since when what is shown is old, how old, why, and what mends it."""
    feed = context.feed
    word = "refused" if feed.state is State.REFUSED else "stale" if feed.good else "no answer"
    # what is stale is so since it was true: the failure was noticed seconds later, and would not fit its age
    began = feed.good.time if feed.good and word == "stale" else feed.failing_since
    since = began.astimezone().strftime("%H:%M:%S") if began else "?"
    age = context.now - feed.good.monotonic if feed.good else 0.0
    error = feed.reading.error if feed.reading else None
    return (
        (f"✖ {word} since {since}", "crit"),
        (f" ({duration(max(0.0, age))} old) " if feed.good else " ", "dim"),
        (str(error) if error else "", "text"),
    )


def draw_absence(pane: Pane, context: Context, width: int) -> list[Line]:
    """What a pane says that never had data: connecting, not found, refused or out of reach."""
    feed = context.feed
    error = feed.reading.error if feed.reading else None
    if error is None:
        return [((f"connecting to {feed.source.target} …", "dim"),)]
    if feed.state is State.NOT_FOUND:
        return _not_found(pane, error, width)
    word = "refused" if feed.state is State.REFUSED else "no answer"
    lines: list[Line] = [((f"✖ {word}", "crit"), (f"  {feed.source.target}", "text"))]
    lines += wrap(error.reason, width, "text")
    lines += _labelled("fix", error.fix, width, "strong") if error.fix else []
    elsewhere = pane.elsewhere(context)
    lines += _labelled("or", elsewhere, width, "text") if elsewhere else []
    wait = feed.next_try - context.now
    lines.append(((f"tried again in {duration(wait)}" if wait > 0 else "trying again", "dim"),))
    return lines


def _not_found_briefly(context: Context, width: int) -> list[Line]:
    """What was looked for, dim: nothing is wrong, and the zoomed pane says how to configure it."""
    error = context.feed.reading.error if context.feed.reading else None
    lines = wrap(error.reason, width, "dim") if error else []
    return [*lines, (("zoom this pane to see how it is configured", "dim"),)]


def _not_found(pane: Pane, error: SourceError, width: int) -> list[Line]:
    lines = _labelled("not found", error.reason, width, "dim")
    lines += wrap(error.fix, width, "text") if error.fix else []
    for what, how in pane.settings().items():
        # what is there to be copied is never broken where it fits a line of its own
        lead = len(what) + 2
        beside = all(lead + cell_width(part) <= width for part in how.splitlines())
        lines.append(())
        if not beside:
            lines.append(((what, "label"),))
        for index, part in enumerate(how.splitlines()):
            label = (what if index == 0 else "").ljust(lead) if beside else "  "
            lines.append(((label, "label"), (part, "strong")))
    return lines


def _labelled(label: str, text: str, width: int, role: str) -> list[Line]:
    """A label, and a text that is wrapped beside it."""
    lead = len(label) + 2
    first, *rest = wrap(text, max(8, width - lead), role)
    return [((label.ljust(lead), "label"), *first), *(((" " * lead, "label"), *line) for line in rest)]


def draw_unfound(pane: Pane, width: int) -> list[Line]:
    """What a pane says of a kind that no source was found for."""
    return _not_found(pane, SourceError("no source of this kind was found"), width)


def title_spans(
    pane: Pane,
    context: Context,
    number: int,
    others: int = 0,
    hidden: Severity = Severity.OK,
    headline: bool = True,
) -> list[Span]:
    """The title: number, name, worst state with its count, and the pane's headline.

    What is wrong stands before what may be cut. `hidden` is the worst of the `others`, which the
    pane does not show.
    """
    feed = context.feed
    spans: list[Span] = [(f"{number} ", "key"), (pane.title, "title"), *_state(context)]
    if others:
        spans.append((f" {feed.source.name} (+{others}", "dim"))
        if hidden:
            spans.append((f" {SEVERITY_MARK[hidden]}", SEVERITY_ROLE[hidden]))
        spans.append((")", "dim"))
    if headline and feed.snapshot is not None:
        try:
            head = list(attempt(pane.headline, context))
        except DrawingFailedError as failure:
            head = [(f"✖ {failure}", "crit")]
        if head:
            spans += [("  ", "dim"), *head]
    return spans


def _state(context: Context) -> list[Span]:
    """What is wrong with the source; else the worst it found and how often, and that it sees little."""
    feed = context.feed
    if feed.state is State.CONNECTING:
        return [("  connecting", "dim")]
    if feed.state is State.NOT_FOUND:
        return [("  not found", "dim")]
    if feed.state is State.REFUSED:
        return [("  ✖ refused", "crit")]
    if feed.state is State.STALE:
        return [("  ✖ stale" if feed.snapshot is not None else "  ✖ no answer", "crit")]
    level = worst(feed.findings)
    spans: list[Span] = []
    if level:
        count = sum(1 for finding in feed.findings if finding.severity == level)
        spans.append((f"  {SEVERITY_MARK[level]} {count}", SEVERITY_ROLE[level]))
    if context.snapshot.limited:
        spans.append(("  limited", "dim"))
    return spans


def frame(title: Sequence[Span], lines: Sequence[Line], width: int, height: int, focused: bool) -> list[Line]:
    """Lines in a box with the title in its upper edge; exactly `width` x `height`, from 6 x 2 on.

    A heavy box has the keyboard: told by its shape, not by its colour alone.
    """
    corners, flat, side = ("┏┓┗┛", "━", "┃") if focused else ("╭╮╰╯", "─", "│")
    role = "frame-focus" if focused else "frame"
    shown = fit(title, min(line_width(title), width - 5))
    rest = flat * (width - line_width(shown) - 5)
    body: list[Line] = [((f"{corners[0]}{flat} ", role), *shown, (f" {rest}{corners[1]}", role))]
    for index in range(height - 2):
        content = lines[index] if index < len(lines) else ()
        body.append(((f"{side} ", role), *fit(content, width - 4), (f" {side}", role)))
    body.append(((f"{corners[2]}{flat * (width - 2)}{corners[3]}", role),))
    return body


def rule(title: Sequence[Span], lines: Sequence[Line], width: int, height: int, focused: bool) -> list[Line]:
    """Lines below a titled rule, for small terminals: one line and four columns more than `frame`.

    Exactly `width` x `height`, from 4 x 1 on; a heavy rule has the keyboard.
    """
    flat, role = ("━", "frame-focus") if focused else ("─", "frame")
    shown = fit(title, min(line_width(title), width - 4))
    rest = flat * (width - line_width(shown) - 3)
    top: Line = ((f"{flat} ", role), *shown, (f" {rest}", role))
    return [top, *(fit(lines[i] if i < len(lines) else (), width) for i in range(height - 1))]
