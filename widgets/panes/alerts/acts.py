"""What can be done to an alert and to a silence; all of it is written down, and nothing else is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.alerts.identity import named
from console.alerts.matching import Matchers, matches
from console.alerts.model import AlertsSnapshot
from console.alerts.words import span
from console.errors import GateRefused
from console.runs.acts import Act
from console.runs.alert_acts import (
    Covers,
    acknowledge_act,
    alert_matchers,
    expire_act,
    note_act,
    silence_act,
    silence_matching_act,
    unacknowledge_act,
)
from console.runs.engine_acts import expire_there_act, silence_there_act, silence_there_matching_act
from console.text import clean
from widgets.pane import Context
from widgets.panes.alerts import words
from widgets.panes.alerts.rows import AlertRow, SilenceRow

if TYPE_CHECKING:
    from console.alerts.engines.address import Address

ENGINES = ("prometheus", "alertmanager")
"""Origins whose silences are kept by an Alertmanager: one of ours would silence nothing there."""


def alert_acts(row: AlertRow, context: Context) -> Sequence[Act]:
    """Acknowledge, silence, note; what is there already can be taken back."""
    alert = row.alert
    snapshot: AlertsSnapshot = context.snapshot

    def covers(matchers: Matchers) -> int:
        found = (alert for rule in snapshot.rules for alert in rule.alerts)
        return sum(matches(matchers, named(alert.rule, alert.labels)) for alert in found)

    value = words.value_span(row)[0]
    about = tuple(
        filter(
            None,
            (
                f"{row.name} {row.about}".strip(),
                ", ".join(filter(None, (words.severity_word(row)[0], words.standing(row), value))),
                words.handling(row),
                "everybody who shares this journal sees it",
            ),
        )
    )
    acts = [acknowledge_act(alert.rule, alert.labels, about=about)]
    if alert.acknowledged:
        acts = [unacknowledge_act(alert.rule, alert.labels, about=about)]
    note = note_act(alert.rule, alert.labels, about=about)
    if row.rule.origin.kind in ENGINES:
        return [*_there(row, context, covers, about), *acts, note]
    own, every = alert_matchers(alert.rule, dict(alert.labels)), alert_matchers(alert.rule, {})
    acts.append(silence_act(f"Silence {row.name} {row.about}".strip(), own, covers, about=about))
    if own != every:
        acts.append(silence_act(f"Silence every alert of {row.name}", every, covers, about=about))
    acts.append(silence_matching_act("Silence what matches", own, covers, about=about))
    if alert.silence is not None:
        acts.insert(0, expire_act(alert.silence.id, alert.silence.matchers, about=about))
    return [*acts, note]


def _there(row: AlertRow, context: Context, covers: Covers, about: Sequence[str]) -> Sequence[Act]:
    """What an Alertmanager can be told of an alert; nothing where none is known that keeps its silences."""
    silencer: Address | None = getattr(context.feed.source, "silencer", None)
    if silencer is None:
        return ()
    alert, name = row.alert, row.alert.rule
    own, every = alert_matchers(name, dict(alert.labels)), alert_matchers(name, {})
    told = (*about[:-1], f"everybody whom {silencer.name} notifies is concerned")
    acts = [
        silence_there_act(f"Silence {row.name} {row.about}".strip(), own, silencer, name, covers, about=told)
    ]
    if own != every:
        acts.append(
            silence_there_act(f"Silence every alert of {row.name}", every, silencer, name, covers, about=told)
        )
    acts.append(silence_there_matching_act("Silence what matches", own, silencer, name, covers, about=told))
    if alert.silence is not None:
        acts.insert(0, expire_there_act(alert.silence, silencer, about=told))
    return acts


def silence_acts(row: SilenceRow, context: Context) -> Sequence[Act]:
    """End it now. Raises GateRefused for one that has ended."""
    silence = row.silence
    if silence.until <= context.time:
        raise GateRefused("this silence has ended by itself")
    about = (
        row.matchers,
        f"ends in {span(row.left)}, by {clean(silence.by, 80)}: {clean(silence.reason, 200)}",
        f"alerts it is about now: {row.covers}",
    )
    silencer: Address | None = getattr(context.feed.source, "silencer", None)
    if silencer is not None:
        return [expire_there_act(silence, silencer, about=about)]
    return [expire_act(silence.id, silence.matchers, about=about)]
