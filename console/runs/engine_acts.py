"""What an Alertmanager can be told from here: to silence alerts for a while, and to end a silence."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from console.alerts.engines.address import Address
from console.alerts.matching import Matchers, matchers_text, parse_matchers, parse_until
from console.alerts.model import Silence
from console.errors import UsageError
from console.guides.model import Risk, Step, StepKind
from console.journal.entries import JSON
from console.journal.place import actor_of
from console.runs.acts import Act, Wanted
from console.runs.alert_acts import NOTE, REASON, UNTIL, Covers
from console.text import clean


def silence_there_act(
    title: str, matchers: Matchers, silencer: Address, name: str, covers: Covers, *, about: Sequence[str] = ()
) -> Act:
    """Silence the alerts that these matchers match; `name` is typed where the gate wants one."""

    def given(lines: Sequence[str], now: datetime) -> Act:
        return _silence(matchers, lines[0], lines[1], now, silencer, name, covers, about)

    return replace(_silencing(title, matchers, silencer, name, about), wanted=(UNTIL, REASON), given=given)


def silence_there_matching_act(
    title: str, matchers: Matchers, silencer: Address, name: str, covers: Covers, *, about: Sequence[str] = ()
) -> Act:
    """The same for matchers that are typed, beginning with these."""
    first = Wanted("matchers", 'alertname="X", instance=~"db-.*"', text=matchers_text(matchers))

    def given(lines: Sequence[str], now: datetime) -> Act:
        return _silence(parse_matchers(lines[0]), lines[1], lines[2], now, silencer, name, covers, about)

    whole = _silencing(title, matchers, silencer, name, about)
    return replace(whole, wanted=(first, UNTIL, REASON), given=given)


def expire_there_act(silence: Silence, silencer: Address, *, about: Sequence[str] = ()) -> Act:
    """End a silence now, by its id: one that has ended by then is left as it is."""
    told = matchers_text(silence.matchers)
    return Act(
        step=_step(f"Expire the silence of {told}", f"DELETE {silencer.shown}/api/v2/silence/{silence.id}"),
        target=f"silence {silence.id} at {silencer.name}", name=silence.id[:8],
        task={"what": "expire", "silence": silence.id, "engine": silencer.task()}, about=tuple(about),
    )  # fmt: skip


def _silencing(title: str, matchers: Matchers, silencer: Address, name: str, about: Sequence[str]) -> Act:
    told = matchers_text(matchers)
    return Act(
        step=_step(title, f"POST {silencer.shown}/api/v2/silences\n{told}"),
        target=f"{told} at {silencer.name}", name=_typed(name), task={"what": "silence"}, about=tuple(about),
    )  # fmt: skip


def _silence(
    matchers: Matchers, until: str, reason: str, now: datetime, silencer: Address, name: str,
    covers: Covers, about: Sequence[str],
) -> Act:  # fmt: skip
    end, why = parse_until(until, now), clean(reason.strip(), NOTE)
    if not why:
        raise UsageError("a silence needs a reason", "write why, for whoever finds it at night")
    told = matchers_text(matchers)
    body: dict[str, JSON] = {
        "matchers": [
            {"name": label, "value": value, "isRegex": "~" in operator, "isEqual": operator[0] == "="}
            for label, operator, value in matchers
        ],
        "startsAt": _utc(now), "endsAt": _utc(end), "comment": why, "createdBy": actor_of(os.environ),
    }  # fmt: skip
    command = f"POST {silencer.shown}/api/v2/silences\n{_shown(body)}"
    return Act(
        step=_step(f"Silence {told} until {end:%Y-%m-%d %H:%M}", command),
        target=f"{told} at {silencer.name}", name=_typed(name),
        task={"what": "silence", "body": body, "engine": silencer.task()},
        about=(
            *about, f"until {end:%Y-%m-%d %H:%M %Z}: {why}",
            f"alerts of this engine it is about now: {covers(matchers)}",
        ),
    )  # fmt: skip


def _shown(body: Mapping[str, JSON]) -> str:
    """The body as it is sent, a matcher a line."""
    parts = []
    for key, value in body.items():
        told = json.dumps(value, ensure_ascii=False)
        if key == "matchers" and isinstance(value, list):
            told = "[" + ",\n  ".join(json.dumps(one, ensure_ascii=False) for one in value) + "]"
        parts.append(f"{json.dumps(key)}: {told}")
    whole = "{" + ",\n ".join(parts) + "}"
    return "\n".join(clean(line, 2000) for line in whole.split("\n"))


def _typed(name: str) -> str:
    """What is typed where the gate wants a name: an alert's, unless it cannot be typed as it looks."""
    told = clean(name, 80)
    return told if told == name and name.isascii() and name == name.strip() and name else "silence"


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _step(title: str, command: str) -> Step:
    return Step(
        number=1, title=clean(title, 300), kind=StepKind.ACT, line=0, end_line=0, command=command,
        risk=Risk.CHANGE,
    )  # fmt: skip
