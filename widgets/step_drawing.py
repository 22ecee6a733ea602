"""Steps of a checklist or runbook as lines: their state at a glance, and all about the one in front."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from console.guides.model import Risk
from console.text import clean
from console.units import bytes_, duration
from widgets.draw import SGR, Line, Span, fit, line_width, meter, spread, wrap

if TYPE_CHECKING:
    from console.runs.evidence import Evidence
    from console.runs.run import StepState

RISK_ROLE = {Risk.READ: "dim", Risk.UNKNOWN: "warn", Risk.CHANGE: "warn", Risk.DESTRUCTIVE: "crit"}
MARKS: Mapping[str, Span] = {
    "waiting": ("☐", "dim"),
    "running": ("▶", "accent"),
    "ok": ("✔", "accent"),
    "failed": ("✖", "crit"),
    "skipped": ("–", "dim"),
    "unknown": ("?", "crit"),
    "cancelled": ("■", "warn"),
    "ticked": ("✔", "accent"),
}
"""A shape for each state, so that it is never told by colour alone."""
AUTOMATIC: Span = ("◉", "accent")
"""Ticked by what a pane says: no person has looked."""
SILENT = 10.0
"""Seconds without output after which a running step is said to be silent."""
_ALL = 10_000
STANDING_LEAST = 18
"""Cells at least for how a step stands, however long its title is."""
LEAD = 5
"""Cells before a title: mark and number."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What there is to draw: the states, what panes say to them, and how each would run.

    `usual` gives the seconds a step usually takes, `resolved` its command with the values in it.
    """

    states: Sequence[StepState]
    now: datetime
    answers: Mapping[int, Evidence] = field(default_factory=dict)
    usual: Callable[[int], float | None] = lambda _index: None
    resolved: Callable[[int], str] = lambda _index: ""


def command_lines(command: str, cells: int, lead: str = "  ", role: str = "strong") -> list[Line]:
    """A command as it stands, line by line; what is too long is broken, and says so by its indent."""
    lines: list[Line] = []
    for raw in command.rstrip("\n").split("\n"):
        text = clean(raw.expandtabs(4), 20_000)
        for index, part in enumerate(wrap(text, max(10, cells - len(lead) - 2), role)):
            lines.append(((lead if index == 0 else f"{lead}  ", "dim"), *part))
    return lines


def row(steps: Steps, index: int, cells: int) -> Line:
    """One step on one line: mark, number, title, and at the right how it stands."""
    state = steps.states[index]
    mark = MARKS[state.status.value]
    if state.automatic and state.status.value == "ticked":
        mark = AUTOMATIC
    if state.regressed:
        mark = ("▲", "warn")
    head: list[Span] = [mark, (f"{index + 1:>3} ", "label"), (clean(state.step.title, 300), _title(state))]
    # the title has the first right to the room, and leaves some of it for how the step stands
    room = max(STANDING_LEAST, cells - line_width(head) - 3)
    right = fit_right(_standing(steps, state), min(room, cells - LEAD))
    return spread(head, [("  ", "text"), *right, (" ", "text")] if right else [], cells)


def fit_right(spans: Sequence[Span], room: int) -> list[Span]:
    """Spans in at most `room` cells."""
    if line_width(spans) <= room:
        return list(spans)
    return list(fit(spans, room)) if room > 0 else []


def _title(state: StepState) -> str:
    if state.status.value in ("failed", "unknown"):
        return "strong"
    return "dim" if state.done and not state.before_change else "text"


def _standing(steps: Steps, state: StepState) -> list[Span]:
    """How it stands with a step, in a few words."""
    status = state.status.value
    if status == "running":
        return _running(steps, state)
    ago = _ago(steps, state)
    if status in ("ok", "ticked"):
        said = _value(state) if status == "ticked" else _took(state)
        spans: list[Span] = [(said, "text")] if said else []
        if status == "ticked" and state.evidence is not None and not state.evidence.good:
            spans = [(f"in spite of the pane: {clean(state.note, 200)}", "warn")]
        if state.before_change:
            spans.append((f"{' · ' if spans else ''}before change", "warn"))
        return [*spans, (f"{' · ' if spans else ''}{ago}", "dim")]
    if status == "skipped":
        return [(f"skipped: {clean(state.why, 200)}", "dim")]
    if status == "failed":
        return [(_code(state), "crit"), (f" · {ago}", "dim")]
    if status == "cancelled":
        return [("cancelled", "warn"), (f" · {ago}", "dim")]
    if status == "unknown":
        return [("unknown: verify", "crit")]
    if (said_by := steps.answers.get(state.index)) is not None:
        if math.isinf(said_by.age):
            return [(said_by.text, "dim")]  # nobody has ever seen it: that is no news about it
        role = "text" if said_by.good else "warn"
        return [(said_by.text, role), (f" · {_age(said_by.age)}", "dim")]
    return _waiting(state)


def _waiting(state: StepState) -> list[Span]:
    step = state.step
    if step.where:
        return [(f"at {clean(step.where, 60)}", "label")]
    if not step.runnable:
        return [("by hand", "dim")]
    words = [name for name, is_so in (("goes on", step.background), ("terminal", step.interactive)) if is_so]
    words += [f"~{duration(step.duration)}"] if step.duration else []
    return [(f"{' · '.join(words)} " if words else "", "dim"), (step.risk.word, RISK_ROLE[step.risk])]


def _running(steps: Steps, state: StepState) -> list[Span]:
    """Seconds so far, and a bar of the usual time that turns when that has passed."""
    if state.started is None:
        return [("running", "accent")]
    seconds = max(0.0, (steps.now - state.started).total_seconds())
    spans: list[Span] = []
    quiet = (steps.now - (state.last_output or state.started)).total_seconds()
    if quiet >= SILENT and not state.step.background:
        spans.append((f"silent {duration(quiet)} ", "warn"))
    usual = steps.usual(state.index)
    if usual:
        late = seconds > usual * 1.5 and seconds > usual + 1
        spans += meter(seconds / usual, 10, role="warn" if late else "accent")
        return [*spans, (f" {duration(seconds)} of {duration(usual)}", "warn" if late else "text")]
    return [*spans, (f"running {duration(seconds)}", "accent")]


def _took(state: StepState) -> str:
    return "ok" if state.duration is None else f"ok in {duration(state.duration)}"


def _code(state: StepState) -> str:
    if state.signal:
        return f"ended by signal {state.signal}"
    return f"exit {state.exit_code}" if state.exit_code is not None else clean(state.why, 120) or "failed"


def _value(state: StepState) -> str:
    return clean(state.value or (state.evidence.text if state.evidence else ""), 200)


def _ago(steps: Steps, state: StepState) -> str:
    if state.ended is None:
        return ""
    return _age((steps.now - state.ended).total_seconds())


def _age(seconds: float) -> str:
    return "never" if math.isinf(seconds) else "now" if seconds < 2 else f"{duration(seconds)} ago"


# -- all about one step


def details(steps: Steps, index: int, cells: int, output: int, whole: bool = False) -> list[Line]:
    """What belongs to the step in front; at most `output` lines of what it has printed, the newest.

    `whole`: nothing of it is cut.
    """
    state = steps.states[index]
    lead = " " * LEAD
    inner = max(10, cells - LEAD)
    lines = [((lead, "text"), *line) for line in _details(steps, state, inner, whole)]
    lines += [((lead, "text"), *line) for line in _output(state, output)]
    return lines


def _details(steps: Steps, state: StepState, cells: int, whole: bool) -> Iterator[Line]:
    step = state.step
    few, some, more = (_ALL, _ALL, _ALL) if whole else (3, 8, 12)
    if step.note:
        yield from _few(step.note, cells, few, "label")
    if step.where:
        text = f"belongs to {clean(step.where, 100)}: run it there, then tick it here"
        yield from wrap(text, cells, "warn")
    command = steps.resolved(state.index) if step.runnable else ""
    if command:
        yield from _limited(command_lines(command, cells, "$ "), more)
        if state.command is not None:
            yield (("edited: not as the guide has it", "warn"),)
    if step.offered:
        yield (("in the guide, not run from here:", "dim"),)
        yield from _limited(command_lines(step.offered, cells, "  ", "dim"), some)
    if step.expected:
        yield (("expected:", "dim"),)
        yield from _limited(command_lines(step.expected, cells, "  ", "dim"), few + 1)
    yield from _evidence(steps, state, cells)
    yield from _history(state, cells)
    yield from _measures(state, cells)


def _evidence(steps: Steps, state: StepState, cells: int) -> Iterator[Line]:
    found = steps.answers.get(state.index)
    if found is not None:
        mark, role = ("●", "accent") if found.good else ("▲", "warn")
        if math.isinf(found.age):
            mark, role = "○", "dim"
        text = f"{mark} {found.text}  ({clean(found.source, 60)}, {_age(found.age)})"
        yield from wrap(text, cells, role)
        for one in found.findings[:3]:
            yield from wrap(f"  {one.subject}: {one.text}", cells, "dim")
    kept = state.evidence
    if kept is not None and state.status.value == "ticked":
        by = "by itself" if state.automatic else f"by {clean(state.actor, 60)}"
        yield from wrap(f"ticked {by} with: {clean(kept.text, 300)}", cells, "dim")


def _history(state: StepState, cells: int) -> Iterator[Line]:
    if state.status.value == "unknown":
        text = "it was begun and nobody saw its end: find out what it did, then tick it or run it again"
        yield from wrap(text, cells, "crit")
    if state.regressed:
        yield from wrap(f"▲ it was ticked and is no longer so; {clean(state.why, 300)}", cells, "warn")
    elif state.why and state.status.value != "skipped":
        role = "crit" if state.status.value in ("failed", "unknown") else "text"
        yield from wrap(clean(state.why, 400), cells, role)
    if state.value and state.status.value == "ticked" and state.evidence is None:
        yield from wrap(f"value: {clean(state.value, 300)}", cells)
    if state.note:
        yield from wrap(f"note: {clean(state.note, 500)}", cells)
    if state.left:
        yield from wrap(f"goes on running: {clean(', '.join(state.left), 300)}", cells, "warn")


def _measures(state: StepState, cells: int) -> Iterator[Line]:
    """Figures 30 s before, at, and 60 s after a step that changed something."""
    from console.runs.figures import FIGURES, shown

    kept = [(word, state.measures[when]) for word, when in _WHEN if when in state.measures]
    if not kept:
        return
    yield ((" → ".join(word for word, _ in kept), "label"),)
    parts: list[str] = []
    for name in FIGURES:
        values = [figures.get(name) for _, figures in kept]
        numbers = [shown(name, value) if isinstance(value, int | float) else "-" for value in values]
        if any(number != "-" for number in numbers):
            parts.append(f"{name} {' → '.join(numbers)}")
    yield from wrap("   ".join(parts), cells)


_WHEN = (("30s before", "before"), ("at", "at"), ("60s after", "after"))


def _few(text: str, cells: int, most: int, role: str) -> Iterator[Line]:
    found = [line for part in text.split("\n") for line in wrap(clean(part, 2000), cells, role)]
    yield from _limited(found, most)


def _limited(lines: Sequence[Line], most: int) -> Iterator[Line]:
    if len(lines) <= most:
        yield from lines
        return
    yield from lines[: most - 1]
    yield ((f"… {len(lines) - most + 1} more lines", "dim"),)


def _output(state: StepState, most: int) -> list[Line]:
    total = len(state.lines)
    if not total or most <= 0:
        return []
    cut = total > most or state.skipped_bytes > 0
    shown = list(state.lines)[-(max(1, most - 1) if cut else most) :]
    lines: list[Line] = []
    if cut:
        more = f", {bytes_(state.skipped_bytes)} not shown" if state.skipped_bytes else ""
        lines.append(((f"┆ {total - len(shown)} lines above{more}: o shows all", "dim"),))
    return [*lines, *((("│ ", "frame"), *output_spans(line)) for line in shown)]


def output_spans(line: str) -> tuple[Span, ...]:
    """A line of a program's output with its own colours, as roles that begin with `SGR`."""
    spans: list[Span] = []
    at = 0
    for start, end, style in getattr(line, "spans", ()):
        if start > at:
            spans.append((line[at:start], "text"))
        spans.append((line[start:end], SGR + style))
        at = end
    if at < len(line) or not spans:
        spans.append((line[at:], "text"))
    return tuple(spans)


def progress(states: Sequence[StepState]) -> str:
    """How far a run is: `3/12`, and how many of them failed."""
    done = sum(state.done for state in states)
    failed = sum(state.status.value in ("failed", "unknown") for state in states)
    return f"{done}/{len(states)}" + (f", {failed} failed" if failed else "")
