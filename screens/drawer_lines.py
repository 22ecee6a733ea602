"""What the runbook drawer lists and says above its lists: pure functions of guides and runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from console.text import clean
from console.units import counted, duration
from widgets.draw import Line, Span, fit, line_width, spread
from widgets.shelf import Entry
from widgets.step_drawing import progress

if TYPE_CHECKING:
    from console.guides.library import Due, Found
    from console.guides.model import Guide, Procedure
    from console.runs.run import Run
    from console.runs.target import Target
    from screens.workbench import Shelf

_DIRECTORIES = re.compile(r"(?<![\w.])/(?:[^\s/]+/)+")
NEXT_SHOWN = 3
"""Procedures that come next, of those that are not due yet."""
DUE_MARK: dict[str, Span] = {"overdue": ("▲", "warn"), "due": ("◆", "accent"), "next": (" ", "dim")}


def shelf_entries(
    shelf: Shelf, runs: Sequence[Run], now: datetime, search: str, found: Sequence[Found] | None
) -> list[Entry]:
    """Runs under way, what is due, and all procedures; or what answers a search."""
    if found is not None:
        title = f"{counted(len(found), 'procedure')} for “{clean(search, 60)}”"
        return [_heading(title), *(_procedure(one.guide, one.procedure, named=True) for one in found)]
    entries = [*_under_way(shelf, runs, now), *_due(shelf.due, now)]
    for guide in shelf.guides:
        entries += _guide(guide)
    for wrong in shelf.unreadable:
        text = f" ✖ {Path(wrong.path).name}: {wrong.reason}"
        entries.append(Entry([(text, "warn")]))
    return entries


def _heading(text: str, right: str = "") -> Entry:
    return Entry([(f" {text}", "title")], [(f"{right} ", "dim")] if right else ())


def _under_way(shelf: Shelf, runs: Sequence[Run], now: datetime) -> Iterator[Entry]:
    here = {run.id for run in runs}
    others = [one for one in shelf.unfinished if one.run not in here and one.guide]
    if runs or others:
        yield _heading("Under way")
    for run in reversed(runs):
        left: list[Span] = [("  ▶ ", "accent"), (clean(run.procedure.title, 200), "text")]
        yield Entry(left, [(f"{progress(run.states)} · {_ago(run.started, now)} ", "text")], run)
    for one in others:
        left = [("  ▶ ", "accent"), (clean(one.title, 200), "text")]
        lost = f"{counted(one.underway, 'step')} under way · " if one.underway else ""
        right: list[Span] = [(f"{lost}{clean(one.actor, 40)}, {_ago(one.started, now)} ", "text")]
        yield Entry(left, right, one)


def _due(due: Sequence[Due], now: datetime) -> Iterator[Entry]:
    waiting = [one for one in due if one.state != "next"]
    coming = [one for one in due if one.state == "next" and one.at > now][:NEXT_SHOWN]
    if waiting or coming:
        yield _heading("Due")
    for one in [*waiting, *coming]:
        role = {"overdue": "warn", "due": "text"}.get(one.state, "dim")
        left: list[Span] = [("  ", "text"), DUE_MARK[one.state], (" ", "text")]
        left.append((clean(one.procedure.title, 200), "dim" if one.state == "next" else "text"))
        yield Entry(left, [(f"{due_words(one, now)} ", role)], (one.guide, one.procedure))


def due_words(one: Due, now: datetime) -> str:
    """`overdue 12m`, `due today`, `next 18:00`."""
    if one.state == "overdue":
        return f"overdue {duration((now - one.at).total_seconds())}"
    if one.state == "due":
        return f"due {one.procedure.cadence}" if one.procedure.cadence else "due"
    same = one.at.astimezone().date() == now.astimezone().date()
    return f"next {one.at.astimezone():{'%H:%M' if same else '%a %d %b %H:%M'}}"


def _guide(guide: Guide) -> Iterator[Entry]:
    name = Path(guide.path).name
    unread = f", {counted(len(guide.unread), 'place')} not read" if guide.unread else ""
    yield _heading(clean(guide.title, 200), f"{clean(name, 60)}{unread}")
    shown = [one for one in guide.procedures if one.steps]
    yield from (_procedure(guide, one) for one in shown)
    if not shown:
        yield Entry([("    no checklist and no runbook was found in it", "dim")])


def _procedure(guide: Guide, one: Procedure, named: bool = False) -> Entry:
    mark = "☐" if one.kind.value == "checklist" else "▸"
    left: list[Span] = [(f"  {mark} ", "label"), (clean(one.title, 200), "text")]
    if named and one.path:
        left.append((f"  {clean(one.path[-1], 80)}", "dim"))
    runs = sum(step.runnable for step in one.steps)
    words = [counted(len(one.steps), "step"), f"{runs} run here" if runs else "", _when(one)]
    if named:
        words.append(clean(guide.name, 40))
    return Entry(left, [(f"{' · '.join(filter(None, words))} ", "dim")], (guide, one))


def _when(one: Procedure) -> str:
    return " ".join(filter(None, (one.cadence, one.due)))


def _ago(at: datetime, now: datetime) -> str:
    return f"{duration(max(0.0, (now - at).total_seconds()))} ago"


# -- the lines above a list


def head(title: str, right: Sequence[Span], width: int, focused: bool) -> Line:
    """The title as a rule across the drawer."""
    role = "frame-focus" if focused else "frame"
    left: list[Span] = [("─ ", role), (f"{clean(title, 200)} ", "title")]
    end: list[Span] = [(" ", role), *right, (" ─", role)] if right else []
    room = max(0, width - line_width(end))
    rest = room - line_width(left)
    line = fit([*left, ("─" * rest, role)] if rest > 0 else left, room)
    return (*line, *end)


def procedure_line(guide: Guide, one: Procedure, width: int) -> Line:
    """Where a procedure stands in its guide, when and by whom it is done."""
    runs = sum(step.runnable for step in one.steps)
    words = [
        one.kind.value, counted(len(one.steps), "step"), f"{runs} run here", _when(one), clean(one.who, 60),
        clean(one.when, 100), f"about {duration(one.duration)}" if one.duration else "",
    ]  # fmt: skip
    place = f"{clean(Path(guide.path).name, 60)}:{one.line} "
    return spread([(f" {' · '.join(filter(None, words))}", "label")], [(place, "dim")], width)


def run_line(run: Run, now: datetime, unwritable: str, width: int) -> Line:
    """The target a run is locked to, how far it is, and what keeps it from going on."""
    if unwritable:
        # without its directories, which would take the room of the reason
        why = _DIRECTORIES.sub("", unwritable)
        return fit([(f" ✖ nothing runs: the journal cannot be written: {why}", "crit")], width)
    right: list[Span] = [(f" {progress(run.states)} · ", "text")]
    if run.ended is not None:
        role = "accent" if run.status == "ok" else "warn"
        took = duration((run.ended - run.started).total_seconds())
        right.append((f"ended {run.status} in {took} ", role))
    else:
        right.append((f"{duration(max(0.0, (now - run.started).total_seconds()))} ", "text"))
    return spread([(f" on {' · '.join(target_phrases(run.target, brief=True))}", "label")], right, width)


def target_phrases(target: Target, brief: bool = False) -> list[str]:
    """Where commands go, one phrase each."""
    phrases = [
        f"host {target.host}" + ("" if brief else f" as {target.user}"),
        f"directory {target.directory}" if not brief else "",
        f"kubernetes {target.kubernetes}" if target.kubernetes else "",
        f"docker {target.docker}" if target.docker else "",
        f"database {_brief(target.database) if brief else target.database}" if target.database else "",
    ]
    return [clean(phrase, 200) for phrase in phrases if phrase]


def _brief(address: str) -> str:
    """A database's address in two words: its name and where it is; anything but a URL stays as it is."""
    url = urlsplit(address)
    if not url.scheme or not url.netloc + url.path:
        return address
    host = url.hostname or parse_qs(url.query).get("host", [""])[0]
    return " at ".join(filter(None, (url.path.strip("/"), host))) or address


def waiting_line(shelf: Shelf, runs: Sequence[Run], now: datetime) -> Line:
    """What of the guides wants somebody: overdue and due procedures, and runs under way; empty: nothing."""
    spans: list[Span] = []
    for run in runs:
        spans += [(" ▶ ", "accent"), (clean(run.procedure.title, 60), "strong"),
                  (f" {progress(run.states)} ", "text")]  # fmt: skip
    here = {run.id for run in runs}
    lost = [one for one in shelf.unfinished if one.run not in here and one.guide]
    for one in lost[:2]:
        spans += [(" ▶ ", "warn"), (clean(one.title, 60), "strong"), (" unfinished ", "text")]
    for item in [one for one in shelf.due if one.state != "next"][:3]:
        role = "warn" if item.state == "overdue" else "text"
        spans += [(" ", "text"), DUE_MARK[item.state], (f" {clean(item.procedure.title, 60)}", "text"),
                  (f" {due_words(item, now)} ", role)]  # fmt: skip
    return (*spans, ("[R]", "key")) if spans else ()
