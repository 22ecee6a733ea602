"""What can be done to an alert: somebody says that they know of it, or makes it silent for a while.

Nothing is done to any system: each is one entry of the journal, which every console that shares it reads.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from console.alerts.identity import NAME, identity, written
from console.alerts.matching import SUGGESTED, Matchers, matchers_text, parse_matchers, parse_until
from console.errors import UsageError
from console.guides.model import Step, StepKind
from console.journal.entries import JSON, Kind
from console.metrics import Labels
from console.runs.acts import Act, Given, Wanted
from console.text import clean

NOTE = 300
"""Characters of a note or a reason."""
REASON = Wanted("reason", "why, for whoever reads this later")
Covers: TypeAlias = Callable[[Matchers], int]
"""How many of the alerts there are matchers match: shown before they are silenced."""
UNTIL = Wanted("for", ", ".join(SUGGESTED), SUGGESTED)


def acknowledge_act(rule: str, labels: Labels, *, about: Sequence[str] = ()) -> Act:
    """Say that somebody knows of an alert; it stands until the alert ends, at most a day."""
    title = written(rule, dict(labels))

    def given(lines: Sequence[str], now: datetime) -> Act:
        note = _line(lines[0])
        told = f": {note}" if note else ""
        body: dict[str, JSON] = {"title": title, "note": note}
        return _act("Acknowledge", Kind.ACKNOWLEDGED, rule, labels, f"acknowledge {title}{told}", body, about)

    act = _act("Acknowledge", Kind.ACKNOWLEDGED, rule, labels, f"acknowledge {title}", {}, about)
    return _asking(act, (Wanted("note", "what you know or do, may be left empty"),), given)


def unacknowledge_act(rule: str, labels: Labels, *, about: Sequence[str] = ()) -> Act:
    """Take an acknowledgement back."""
    title = written(rule, dict(labels))
    told = f"take back the acknowledgement of {title}"
    return _act("Unacknowledge", Kind.EXPIRED, rule, labels, told, {"title": title}, about)


def note_act(rule: str, labels: Labels, *, about: Sequence[str] = ()) -> Act:
    """Write something down about an alert."""
    title = written(rule, dict(labels))

    def given(lines: Sequence[str], now: datetime) -> Act:
        text = _line(lines[0])
        if not text:
            raise UsageError("a note has words")
        body: dict[str, JSON] = {"title": f"{title}: {text}", "text": text}
        return _act("Note on", Kind.NOTED, rule, labels, f"note on {title}: {text}", body, about)

    act = _act("Note on", Kind.NOTED, rule, labels, f"note on {title}", {}, about)
    return _asking(act, (Wanted("note", "what was seen or done"),), given)


def silence_act(title: str, matchers: Matchers, covers: Covers, *, about: Sequence[str] = ()) -> Act:
    """Make the alerts that these matchers match silent for a while."""

    def given(lines: Sequence[str], now: datetime) -> Act:
        return _silence(matchers, lines[0], lines[1], now, covers, about)

    return _asking(_silencing(title, matchers, about), (UNTIL, REASON), given)


def silence_matching_act(title: str, matchers: Matchers, covers: Covers, *, about: Sequence[str] = ()) -> Act:
    """The same for matchers that are typed, beginning with these."""
    first = Wanted("matchers", 'alertname="X", instance=~"db-.*"', text=matchers_text(matchers))

    def given(lines: Sequence[str], now: datetime) -> Act:
        return _silence(parse_matchers(lines[0]), lines[1], lines[2], now, covers, about)

    return _asking(_silencing(title, matchers, about), (first, UNTIL, REASON), given)


def expire_act(silence: str, matchers: Matchers, *, about: Sequence[str] = ()) -> Act:
    """End a silence now."""
    told = matchers_text(matchers)
    return Act(
        step=_step(f"Expire the silence of {told}", f"expire silence {silence}: {told}"),
        target=f"silence {silence}", name=silence, entry=Kind.EXPIRED,
        task={"title": f"silence of {told}", "silence": silence}, about=tuple(about),
    )  # fmt: skip


def alert_matchers(rule: str, labels: Mapping[str, str]) -> Matchers:
    """Matchers of exactly one alert."""
    rest = sorted((name, "=", value) for name, value in labels.items() if name != NAME)
    return ((NAME, "=", rule), *rest)


def _silencing(title: str, matchers: Matchers, about: Sequence[str]) -> Act:
    told = matchers_text(matchers)
    return Act(
        step=_step(title, f"silence {told}"), target=told, name=told, entry=Kind.SILENCED, task={},
        about=tuple(about),
    )  # fmt: skip


def _silence(
    matchers: Matchers, until: str, reason: str, now: datetime, covers: Covers, about: Sequence[str]
) -> Act:
    end, why = parse_until(until, now), _line(reason)
    if not why:
        raise UsageError("a silence needs a reason", "write why, for whoever finds it at night")
    told, name = matchers_text(matchers), secrets.token_hex(4)
    command = f"silence {told}\nuntil {end:%Y-%m-%d %H:%M %Z}\nreason: {why}"
    body: dict[str, JSON] = {
        "title": f"{told} until {end:%Y-%m-%d %H:%M}", "silence": name,
        "matchers": [list(one) for one in matchers], "until": end.isoformat(), "reason": why,
    }  # fmt: skip
    return Act(
        step=_step(f"Silence {told}", command), target=told, name=told, entry=Kind.SILENCED, task=body,
        about=(*about, f"alerts it is about now: {covers(matchers)}"),
    )  # fmt: skip


def _act(
    verb: str, kind: str, rule: str, labels: Labels, told: str, body: Mapping[str, JSON], about: Sequence[str]
) -> Act:
    title = written(rule, dict(labels))
    return Act(
        step=_step(f"{verb} {rule}", told), target=title, name=clean(rule, 200), entry=kind, task=body,
        run=identity(rule, labels), about=tuple(about),
    )  # fmt: skip


def _asking(act: Act, wanted: tuple[Wanted, ...], given: Given) -> Act:
    return replace(act, wanted=wanted, given=given)


def _step(title: str, command: str) -> Step:
    return Step(number=1, title=clean(title, 300), kind=StepKind.ACT, line=0, end_line=0, command=command)


def _line(text: str) -> str:
    return clean(text.strip(), NOTE)
