"""The zoomed events: what the clusters say happened, folded, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.findings import Severity
from widgets.draw import Line, Span
from widgets.facts import fact_lines
from widgets.pane import Context, View
from widgets.panes.kubernetes import detail as told
from widgets.panes.kubernetes import rows as shown
from widgets.panes.kubernetes.places import place_of
from widgets.panes.kubernetes.pods import note
from widgets.panes.kubernetes.rows import Seen
from widgets.table import Column

if TYPE_CHECKING:
    from console.sources.kubernetes.model import Event


@dataclass(frozen=True, slots=True)
class EventRow:
    """One folded event."""

    event: Event
    seen: Seen

    @property
    def warning(self) -> bool:
        """Whether it is one of what may be wrong."""
        return self.event.type == "Warning"


def _event_rows(context: Context) -> list[EventRow]:
    """The newest first."""
    rows = [
        EventRow(each, seen) for seen in shown.clusters(context) for each in reversed(seen.cluster.events)
    ]
    rows.sort(key=lambda row: -row.event.last)
    return rows


def _times(row: EventRow) -> Span:
    return (str(row.event.count), "text" if row.event.count > 1 else "dim")


EVENTS: tuple[Column[EventRow], ...] = (
    Column("context", "CONTEXT", lambda row: row.seen.tag, 8, flex=1, drop=1),
    Column("last", "LAST", lambda row: row.seen.ago(row.event.last), 6, align=">",
           sort=lambda row: row.event.last, named=True),
    Column("count", "×", _times, 4, align=">", sort=lambda row: row.event.count, drop=1, named=True),
    Column("type", "TYPE", lambda row: (row.event.type, "warn" if row.warning else "dim"), 8, drop=5),
    Column("reason", "REASON", lambda row: (row.event.reason, "warn" if row.warning else "text"), 12, flex=2),
    Column("ns", "NAMESPACE", lambda row: row.event.namespace, 9, flex=1, drop=3),
    Column("about", "ABOUT", lambda row: shown.short_ref(row.event.about), 14, flex=3),
    Column("message", "MESSAGE", lambda row: row.event.message, 20, flex=8),
    Column("first", "FIRST", lambda row: (row.seen.ago(row.event.first), "dim"), 6, align=">", drop=6,
           sort=lambda row: row.event.first, named=True),
    Column("by", "BY", lambda row: (row.event.by, "dim"), 8, flex=1, drop=7),
)  # fmt: skip


def _event_lines(row: EventRow, context: Context, width: int) -> Sequence[Line]:
    event, seen = row.event, row.seen
    lines = told.head(seen, event.key, event.reason, "warn" if row.warning else "text")
    lines += told.wrong(seen.fault(event.key), width)
    facts = [
        ("message", event.message, "text"),
        ("how often", f"{event.count} times", "text"),
        ("last", f"{seen.ago(event.last)} ago", "text"),
        ("first", f"{seen.ago(event.first)} ago", "text"),
        ("said by", event.by, "text"),
    ]
    lines += [(), *fact_lines(facts, width)]
    lines += told.events(seen, event.key, width)
    return [*lines, *told.command(_event_command(row), width)]


def _event_command(row: EventRow) -> str:
    about = row.event.about
    chosen = f"--field-selector involvedObject.kind={about.kind},involvedObject.name={about.name}"
    return row.seen.kubectl(f"get events {chosen}", row.event.namespace)


def event_view() -> View[EventRow]:
    """Events, folded."""
    return View(
        "events",
        "Events",
        EVENTS,
        _event_rows,
        key=lambda row: (row.event.key, row.event.reason, row.event.message, row.event.by),
        severity=lambda row: Severity.WARNING if row.warning else Severity.OK,
        detail=_event_lines,
        empty="no events are kept: a cluster forgets them after an hour",
        note=note,
        sort="last",
        jump=lambda row: place_of(row.seen, row.event.key),
        jump_word="what it is about",
        command=_event_command,
    )
