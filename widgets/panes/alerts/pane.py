"""The alerts on the overview: what fires, what is about to, which rules see nothing; else a calm line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.alerts.model import AlertState
from console.alerts.words import compared, span
from console.findings import Finding, Severity
from console.text import clean
from console.text import width as cells_of
from console.units import counted
from widgets.columns import Column, draw_row, layout
from widgets.draw import SEVERITY_ROLE, Line, Span, fit, line_width, wrap
from widgets.pane import BESIDE, Context, Pane, View, flowing
from widgets.panes.alerts import words
from widgets.panes.alerts.rows import (
    AlertRow,
    alert_rows,
    blind_rules,
    missing,
    nearest,
    silence_rows,
)
from widgets.panes.alerts.views import VIEWS

if TYPE_CHECKING:
    from console.alerts.model import AlertsSnapshot, RuleStatus

BRIEF = 4
"""Lines below which alerts stand beside each other in a few words."""
TREND = 18
"""Cells of a trend."""
METERS = 84
"""Cells from which a pending alert's progress is drawn, and not only told."""
LEAD = 2
"""Cells of a row's mark."""


class AlertsPane(Pane):
    """One line an alert, wrong first; then the rules of which nothing is known."""

    kind = "alerts"
    title = "Alerts"
    least = 2

    def headline(self, context: Context) -> Sequence[Span]:
        """How many fire, are pending, and see nothing; what nobody has handled is told in its role."""
        snapshot: AlertsSnapshot = context.snapshot
        rows = alert_rows(context)
        handled = sum(row.handled for row in rows)
        firing = [row for row in rows if row.alert.state is AlertState.FIRING and not row.handled]
        worst = max((row.severity for row in firing), default=Severity.OK)
        pending = len(rows) - len(firing) - handled
        blind = Counter(rule.state for rule in blind_rules(snapshot))
        told: list[Span] = []
        if firing:
            told.append((f"{len(firing)} firing", SEVERITY_ROLE[worst]))
        if pending:
            told.append((f"{pending} pending", "text"))
        if handled:
            told.append((f"{handled} handled", "dim"))
        unknown = [state for state in (AlertState.BROKEN, AlertState.NO_DATA) if blind[state]]
        told += [(f"{blind[state]} {state.value}", "warn") for state in unknown]
        if not told:
            return [(counted(len(snapshot.rules), "rule"), "text")]
        return [span for one in told for span in ((", ", "dim"), one)][1:]

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """Alerts, blind rules and what is calm, for exactly this room."""
        snapshot: AlertsSnapshot = context.snapshot
        rows, blind = alert_rows(context), blind_rules(snapshot)
        if not snapshot.rules:
            return _no_rules(width, height)
        if height < BRIEF:
            return _brief(context, rows, blind, width, height)
        wanted = len(rows) + bool(snapshot.targets_down)
        blind_room = min(len(blind), max(min(height // 4, 3), height - wanted - 2), height - 1)
        lines = _targets(snapshot, width)
        lines += alert_lines(context, rows, width, height - blind_room - len(lines))
        if not rows:
            lines += _calm(snapshot, width)
        lines += blind_lines(blind, width, max(blind_room, 1) if blind else 0)
        if rows and len(lines) < height:
            lines += _others(snapshot, width)
        if len(lines) < height:
            lines += _silent(context, width)
        return lines[:height]

    def views(self) -> Sequence[View[Any]]:
        """Alerts, rules, silences."""
        return VIEWS

    def settings(self) -> Mapping[str, str]:
        """Where rules come from."""
        return {"a guide": "```yaml\ngroups:\n- name: disks\n  rules:\n  - alert: DiskFull\n```"}


def _no_rules(width: int, height: int) -> list[Line]:
    return wrap("no rules: a guide with alert rules or objectives brings them", width, "dim")[:height]


def _brief(
    context: Context, rows: Sequence[AlertRow], blind: Sequence[RuleStatus], width: int, height: int
) -> list[Line]:
    """What wants a reader beside each other; where there is nothing, one calm line."""
    found = [Finding(row.severity, row.name, _brief_words(row)) for row in rows]
    found += [Finding(Severity.WARNING, clean(rule.name, 80), rule.state.value) for rule in blind]
    return flowing(found, width, height) if found else _calm(context.snapshot, width)[:height]


def _brief_words(row: AlertRow) -> str:
    return " ".join(filter(None, (row.about, words.standing(row), words.handling(row))))


# -- one line an alert


def _columns(context: Context, rows: Sequence[AlertRow], width: int) -> tuple[Column[AlertRow], ...]:
    """The columns for these rows; what leaves first is what a glance can do without."""
    longest = max(cells_of(row.name) for row in rows)
    name = max(8, min(longest, width // 3))
    progress = words.standing_spans if width >= METERS else None
    since = max(line_width(progress(row) if progress else (words.standing_span(row),)) for row in rows)
    value = max(cells_of(words.value_span(row)[0]) for row in rows)
    handled = max(cells_of(words.handling(row)) for row in rows)
    about = max(cells_of(row.about) for row in rows)

    def drawn(row: AlertRow) -> Sequence[Span]:
        return words.trend(row.rule, row.points, context, TREND, SEVERITY_ROLE[row.alert.severity])

    said = max(12, width // 2)
    columns = [
        Column[AlertRow]("name", "", lambda row: (row.name, "dim" if row.handled else "strong"), name),
        Column[AlertRow]("about", "", lambda row: row.about, min(about, 12), flex=2, drop=1),
        Column[AlertRow]("value", "", words.value_span, min(value, 16), align=">", drop=3),
        Column[AlertRow]("trend", "", lambda row: ("", "past"), TREND, drop=5, spans=drawn),
        Column[AlertRow]("since", "", words.standing_span, min(since, said), spans=progress),
        Column[AlertRow]("handled", "", words.handling_span, min(handled, 14), flex=3, drop=2),
        Column[AlertRow]("summary", "", _summary, 30, flex=3, drop=6),
    ]
    empty = {one for one, cells in (("about", about), ("value", value), ("handled", handled)) if not cells}
    if not any(row.points for row in rows):
        empty.add("trend")
    if not any(row.alert.summary for row in rows):
        empty.add("summary")
    return tuple(column for column in columns if column.id not in empty)


def _summary(row: AlertRow) -> Span:
    return clean(row.alert.summary, 300), "dim"


def alert_lines(context: Context, rows: Sequence[AlertRow], width: int, height: int) -> list[Line]:
    """As many as fit; the last line counts the others, and says the worst of them."""
    if not rows or height <= 0:
        return []
    shown = rows if len(rows) <= height else rows[: height - 1]
    lines: list[Line] = []
    if shown:
        columns = _columns(context, shown, width - LEAD)
        needs = {
            column.id: max(cells_of(column.span(row)[0]) for row in shown)
            for column in columns
            if column.flex
        }
        widths = layout(columns, width - LEAD, needs)
        left_out = {column.id for column in columns} - {column.id for column, _ in widths}
        twofold = bool(left_out) and 2 * len(shown) <= height
        for row in shown:
            lines.append(fit((words.lead(row), *draw_row(widths, row)), width))
            if twofold and (more := _more(context, row, left_out)):
                lines.append(fit(((" " * (LEAD + 2), "text"), *more), width))
    left = rows[len(shown) :]
    if left:
        worst = max(row.severity for row in left)
        lines.append(((f"+{len(left)} more alerts", SEVERITY_ROLE[worst] if worst else "dim"),))
    return lines


def _more(context: Context, row: AlertRow, left_out: Collection[str]) -> list[Span]:
    """What a narrow pane has no columns for, below the row where there are lines to spare."""
    parts: list[Sequence[Span]] = []
    if "handled" in left_out:
        parts.append((words.handling_span(row),))
    if "value" in left_out:
        parts.append((words.value_span(row),))
    if "trend" in left_out:
        role = SEVERITY_ROLE[row.alert.severity]
        parts.append(words.trend(row.rule, row.points, context, TREND, role))
    if "summary" in left_out:
        parts.append((_summary(row),))
    told = [part for part in parts if any(text for text, _ in part)]
    return [span for part in told for span in (BESIDE, *part)][1:]


# -- rules of which nothing is known


def blind_lines(rules: Sequence[RuleStatus], width: int, height: int) -> list[Line]:
    """Each with what is missing; where there is no room for all, the others by name."""
    if not rules or height <= 0:
        return []
    if len(rules) > height:
        shown, rest = rules[: height - 1], rules[height - 1 :]
    else:
        shown, rest = rules, []
    lines = [_blind(rule, width) for rule in shown]
    if rest:
        names = ", ".join(clean(rule.name, 60) for rule in rest)
        more = "more " if shown else ""
        told = f"{words.BLIND} {len(rest)} {more}without data: {names}"
        lines.append(fit(((told, "warn"),), width))
    return lines


def _blind(rule: RuleStatus, width: int) -> Line:
    role = "crit" if rule.state is AlertState.BROKEN else "warn"
    told: list[Span] = [
        (f"{words.BLIND} ", role),
        (f"{clean(rule.name, 120)} ", "strong"),
        (missing(rule), role),
    ]
    return fit(told, width)


# -- what is calm


def _calm(snapshot: AlertsSnapshot, width: int) -> list[Line]:
    """`23 rules, all inactive`, and the one that is nearest to firing."""
    blind = len(blind_rules(snapshot))
    inactive = len(snapshot.rules) - blind
    all_ = "all " if not blind else f"{inactive} "
    first: list[Span] = [(counted(len(snapshot.rules), "rule"), "text"), (f", {all_}inactive", "text")]
    return _with_nearest(snapshot, first, width)


def _others(snapshot: AlertsSnapshot, width: int) -> list[Line]:
    """What is well beside the alerts."""
    inactive = sum(rule.state is AlertState.INACTIVE for rule in snapshot.rules)
    return _with_nearest(snapshot, [(f"{inactive} inactive", "dim")], width)[:1] if inactive else []


def _with_nearest(snapshot: AlertsSnapshot, first: list[Span], width: int) -> list[Line]:
    near = nearest(snapshot)
    if near is None:
        return [fit(first, width)]
    told = compared(near, near.value)
    words_: list[Span] = [("nearest: ", "dim"), (f"{clean(near.name, 80)} ", "label"), (told, "text")]
    if line_width(first) + 2 + line_width(words_) <= width:
        return [(*first, ("; ", "dim"), *words_)]
    return [fit(first, width), fit(words_, width)]


def _silent(context: Context, width: int) -> list[Line]:
    standing = silence_rows(context)
    if not standing:
        return []
    ends = f"the first ends in {span(standing[0].left)}"
    told = f"{words.SILENCED} {counted(len(standing), 'silence')}, {ends}"
    return [fit(((told, "dim"),), width)]


def _targets(snapshot: AlertsSnapshot, width: int) -> list[Line]:
    """Targets of an engine that do not answer, on one line."""
    down = snapshot.targets_down
    if not down:
        return []
    names = ", ".join(f"{clean(name, 60)} ({clean(why, 80)})" for name, why in down[:3])
    return [fit(((f"▲ {counted(len(down), 'target')} down: ", "warn"), (names, "text")), width)]
