"""All about one alert, rule or silence: what is compared with what, over time, and what was said of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.alerts.identity import named
from console.alerts.matching import matches
from console.alerts.model import Alert, AlertsSnapshot, AlertState, RuleStatus
from console.alerts.words import compared, figure, span
from console.history import Point
from console.text import clean
from console.units import duration
from widgets.draw import BLANK, SEVERITY_ROLE, Line, wrap
from widgets.pane import Context
from widgets.panes.alerts import words
from widgets.panes.alerts.rows import AlertRow, SilenceRow, missing
from widgets.plot import Curve, PlotSpec, draw_plot
from widgets.step_drawing import command_lines

LABEL = 12
"""Cells of a fact's name."""
PLOT = 9
"""Lines of the plot."""
SPAN_LEAST, SPAN_MOST = 60.0, 3600.0
EXPRESSION = 4000
ANNOTATION = 2000
SHOWN = 40
"""Labels and annotations shown of each."""


def alert_detail(row: AlertRow, context: Context, width: int) -> Sequence[Line]:
    """Everything about an alert."""
    alert, rule = row.alert, row.rule
    lines: list[Line] = [((f"{row.name} {row.about}".strip(), "title"),)]
    lines += _fact(
        "state", f"{words.severity_word(row)[0]}, {words.standing(row)}", width, words.role_of(row)
    )
    if told := words.handling(row):
        lines += _fact("handled", told, width, words.handling_span(row)[1])
    if alert.silence is not None:
        until = alert.silence.until.astimezone().strftime("%Y-%m-%d %H:%M")
        why = f"until {until} by {clean(alert.silence.by, 80)}: {clean(alert.silence.reason, 300)}"
        lines += _fact("silence", why, width)
    lines += _fact("value", words.value_span(row)[0], width, words.role_of(row))
    for name, told in (("summary", alert.summary), *_first(alert)):
        lines += _fact(name, clean(told, ANNOTATION), width)
    lines += _expression(rule, width)
    lines += _plot(rule, row.points, context, width)
    lines += _pairs("labels", alert.labels, width)
    lines += _pairs("annotations", alert.annotations, width)
    lines += [BLANK, *_rule_facts(rule, width)]
    return [*lines, *_events(alert, row.time, width)]


def _first(alert: Alert) -> Sequence[tuple[str, str]]:
    """The description, where it is not the summary already."""
    told = dict(alert.annotations).get("description", "")
    return (("description", told),) if told and told != alert.summary else ()


def rule_detail(rule: RuleStatus, context: Context, width: int) -> Sequence[Line]:
    """Everything about a rule."""
    role = (
        "crit" if rule.state is AlertState.BROKEN else "warn" if rule.state is AlertState.NO_DATA else "text"
    )
    lines: list[Line] = [((clean(rule.name, 200), "title"),)]
    lines += _fact("state", f"{rule.state.value}, {words.SEVERITY_WORD[rule.severity]}", width, role)
    blind = rule.state in (AlertState.NO_DATA, AlertState.BROKEN)
    lines += _fact("why", missing(rule) if blind else clean(rule.reason, 600), width, role)
    lines += _fact("value", compared(rule, rule.value), width)
    lines += _expression(rule, width)
    lines += _plot(rule, rule.values, context, width)
    lines += _pairs("labels", rule.labels, width)
    lines += [BLANK, *_rule_facts(rule, width)]
    if rule.alerts:
        lines += [BLANK, (("alerts", "label"),)]
        for alert in rule.alerts[:SHOWN]:
            pairs = ", ".join(f"{name}={value}" for name, value in alert.labels)
            role = SEVERITY_ROLE[alert.severity] if alert.state is AlertState.FIRING else "text"
            text = f"{alert.state.value}  {figure(alert.value, rule.unit)}  {clean(pairs, 600)}"
            lines += [((("  "), "text"), *line) for line in wrap(text, max(10, width - 2), role)]
    return lines


def silence_detail(row: SilenceRow, context: Context, width: int) -> Sequence[Line]:
    """Its matchers, and the alerts it is about."""
    silence = row.silence
    snapshot: AlertsSnapshot = context.snapshot
    lines: list[Line] = [*wrap(row.matchers, width, "title")]
    until = silence.until.astimezone().strftime("%Y-%m-%d %H:%M")
    lines += _fact("ends", f"in {span(row.left)}, {until}", width)
    lines += _fact("by", clean(silence.by, 100), width)
    lines += _fact("reason", clean(silence.reason, 600), width)
    lines += _fact("id", clean(silence.id, 100), width, "dim")
    found = [
        alert for rule in snapshot.rules for alert in rule.alerts
        if matches(silence.matchers, named(alert.rule, alert.labels))
    ]  # fmt: skip
    lines += [BLANK, ((f"alerts it is about now: {len(found)}", "label"),)]
    for alert in found[:SHOWN]:
        pairs = ", ".join(f"{name}={value}" for name, value in alert.labels)
        lines += wrap(f"  {alert.state.value}  {clean(f'{alert.rule}  {pairs}', 600)}", width)
    return lines


# -- parts


def _fact(name: str, told: str, width: int, role: str = "text") -> list[Line]:
    """A name, and what is said beside it, wrapped."""
    if not told:
        return []
    first, *rest = wrap(told, max(10, width - LABEL), role)
    lead = clean(name, 60)
    if len(lead) >= LABEL:
        return [((lead, "label"),), *(((" " * LABEL, "text"), *line) for line in (first, *rest))]
    return [((lead.ljust(LABEL), "label"), *first), *(((" " * LABEL, "text"), *line) for line in rest)]


def _expression(rule: RuleStatus, width: int) -> list[Line]:
    if not rule.expression:
        return []
    return [BLANK, (("expression", "label"),), *command_lines(rule.expression[:EXPRESSION], width)]


def _plot(rule: RuleStatus, points: Sequence[Point], context: Context, width: int) -> list[Line]:
    """The figure over the time that is kept of it, the limit as a line."""
    seen = words.held(points, context.now)
    if not seen:
        return []
    reach = max(SPAN_LEAST, min(SPAN_MOST, context.now - seen[0][0]))
    spec = PlotSpec("figure", lambda value: figure(value, rule.unit), limit=rule.limit)
    return [BLANK, *draw_plot(spec, [Curve("", seen)], width, PLOT, context.now, reach)]


def _pairs(title: str, pairs: Sequence[tuple[str, str]], width: int) -> list[Line]:
    if not pairs:
        return []
    lines: list[Line] = [BLANK, ((title, "label"),)]
    for name, value in pairs[:SHOWN]:
        lead = f"  {clean(name, 60)}  "
        first, *rest = wrap(clean(value, ANNOTATION), max(10, width - len(lead)))
        lines.append(((lead, "dim"), *first))
        lines += [(("    ", "text"), *line) for part in rest for line in [part]]
    if len(pairs) > SHOWN:
        lines.append(((f"  +{len(pairs) - SHOWN} more", "dim"),))
    return lines


def _rule_facts(rule: RuleStatus, width: int) -> list[Line]:
    lines = _fact("hold", f"fires after {span(rule.hold)}" if rule.hold else "fires at once", width)
    lines += _fact("origin", f"{clean(str(rule.origin), 300)} ({clean(rule.origin.kind, 40)})", width)
    lines += _fact("group", clean(rule.group, 200), width)
    if rule.runbook:
        why = f" ({clean(rule.runbook_why, 200)})" if rule.runbook_why else ""
        lines += _fact("runbook", f"{clean(rule.runbook, 300)}{why}", width, "strong")
    return [*lines, *_fact("evaluated", f"in {duration(rule.took)}", width, "dim")]


def _events(alert: Alert, now: datetime, width: int) -> list[Line]:
    """What the journal has of it, the newest first."""
    if not alert.events:
        return []
    lines: list[Line] = [BLANK, (("in the journal", "label"),)]
    for event in reversed(alert.events):
        at = event.time.astimezone()
        day = at.strftime("%H:%M:%S" if at.date() == now.astimezone().date() else "%m-%d %H:%M")
        by = f" by {clean(event.by, 60)}" if event.by else ""
        text = f": {clean(event.text, 300)}" if event.text else ""
        lines += wrap(f"  {day}  {clean(event.what, 40)}{by}{text}", width)
    return lines
