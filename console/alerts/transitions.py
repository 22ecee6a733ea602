"""What became of alerts since the last look, for the journal: that they began to fire, and that they ended.

Nothing is written here. `look` is told of every evaluation, and `due` gives what is to be written, now and
then and not at every one. The journal leaves out what it has already: of several consoles that see the same
alert the first writes it down. Where they do not see the same (their clocks, their cadence) an alert that
comes and goes may be told as ended while another console still sees it; it is then told as firing again.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from console.alerts.identity import identity, written
from console.alerts.model import FLAPPING, Alert, AlertState, RuleStatus
from console.alerts.words import compared
from console.journal.entries import JSON, Entry, Kind
from console.text import clean

EVERY = 5.0
"""Seconds between two batches."""
BATCH = 200
"""Entries of one batch; the others follow with the next."""
CALM = 600.0
"""Seconds until an alert that flaps is written down again."""
HOUR = 3600.0
WAITING = 5000
"""Entries that wait at most; what comes beyond them is counted and said."""

Turn: TypeAlias = tuple[str, str, Mapping[str, JSON]]
"""Kind, run and body of an entry."""


@dataclass(slots=True)
class _Fire:
    """An alert that fires, or is written down as firing."""

    rule: str
    title: str
    origin: str
    fired: datetime | None
    seen: bool
    """Whether it was seen to fire here; else it is only written down so."""


@dataclass(slots=True)
class _Past:
    """When an alert began lately, in monotonic seconds, and when that was written down last."""

    began: deque[float] = field(default_factory=lambda: deque(maxlen=50))
    told: float = -math.inf


class TransitionLog:
    """Compares each evaluation of the rules with the one before. Pending alerts are not told: they flood."""

    def __init__(self, every: float = EVERY) -> None:
        self.left_out = 0
        """Transitions that found no room while the journal could not be written."""
        self._every = every
        self._fires: dict[str, _Fire] = {}
        self._past: dict[str, _Past] = {}
        self._waiting: deque[Turn] = deque()
        self._next = -math.inf

    def resume(self, entries: Iterable[Entry]) -> None:
        """Begin with what the journal has as firing: it ends when a rule says so, however late."""
        for entry in entries:
            if entry.kind == Kind.FIRING:
                rule, title = entry.text("rule"), entry.text("title")
                fire = _Fire(rule, title, entry.text("target"), _moment(entry), seen=False)
                self._fires.setdefault(entry.run, fire)
            elif entry.kind == Kind.RESOLVED and not self._seen(entry.run):
                self._fires.pop(entry.run, None)

    def _seen(self, name: str) -> bool:
        return name in self._fires and self._fires[name].seen

    def look(self, rules: Sequence[RuleStatus], now: datetime, monotonic: float) -> None:
        """Take one evaluation into account.

        A rule that has no data, or cannot be evaluated, says nothing: its alerts are not resolved.
        """
        there: dict[str, Alert] = {}
        judged: set[str] = set()
        silent: set[str] = set()
        for rule in rules:
            blind = rule.state in (AlertState.NO_DATA, AlertState.BROKEN)
            (silent if blind else judged).add(rule.name)
            for alert in rule.alerts:
                name = identity(alert.rule, alert.labels)
                if alert.state is AlertState.FIRING:
                    if name not in there or there[name].state is not AlertState.FIRING:
                        there[name] = alert
                        self._begins(name, rule, alert, monotonic)
                elif alert.state is AlertState.PENDING:
                    there.setdefault(name, alert)
        for name, fire in list(self._fires.items()):
            now_there = there.get(name)
            if now_there is not None and (now_there.state is AlertState.FIRING or not fire.seen):
                continue  # after a start it may have to wait its time again before it is seen to fire
            if fire.rule in judged - silent:
                self._ends(name, fire, now)
        self._past = {
            name: past for name, past in self._past.items()
            if name in self._fires or (past.began and monotonic - past.began[-1] < HOUR)
        }  # fmt: skip

    def _begins(self, name: str, rule: RuleStatus, alert: Alert, monotonic: float) -> None:
        known = self._fires.get(name)
        if known is not None and known.seen:
            return
        title = written(alert.rule, dict(alert.labels))
        self._fires[name] = _Fire(rule.name, title, str(rule.origin), alert.fired or alert.since, seen=True)
        past = self._past.setdefault(name, _Past())
        past.began.append(monotonic)
        lately = sum(monotonic - time < HOUR for time in past.began)
        if lately > FLAPPING and monotonic - past.told < CALM:
            return  # it flaps: the next one that is told counts them
        past.told = monotonic
        body: dict[str, JSON] = {
            "title": title, "rule": clean(alert.rule, 200), "labels": dict(alert.labels),
            "value": compared(rule, alert.value), "severity": alert.severity.name.lower(),
            "target": clean(str(rule.origin), 200), "fired": _iso(alert.fired or alert.since),
        }  # fmt: skip
        if lately >= FLAPPING:
            body["note"] = f"flapping: {lately} times within an hour"
        self._add((Kind.FIRING, name, body))

    def _ends(self, name: str, fire: _Fire, now: datetime) -> None:
        del self._fires[name]
        body: dict[str, JSON] = {"title": fire.title, "rule": fire.rule, "target": fire.origin}
        if fire.fired is not None and fire.fired <= now:
            body["seconds"] = round((now - fire.fired).total_seconds(), 1)
        self._add((Kind.RESOLVED, name, body))

    def _add(self, turn: Turn) -> None:
        if len(self._waiting) < WAITING:
            self._waiting.append(turn)
        else:
            self.left_out += 1

    def due(self, monotonic: float) -> Sequence[Turn]:
        """What is to be written now; it waits on until `wrote` says that it was."""
        if not self._waiting or monotonic < self._next:
            return ()
        self._next = monotonic + self._every
        return tuple(self._waiting)[:BATCH]

    def wrote(self, turns: Sequence[Turn]) -> None:
        """These are in the journal, or it had them already."""
        for _ in turns:
            self._waiting.popleft()


def _iso(time: datetime | None) -> str:
    return time.isoformat() if time is not None else ""


def _moment(entry: Entry) -> datetime:
    try:
        time = datetime.fromisoformat(entry.text("fired"))
    except ValueError:
        return entry.time
    return time if time.tzinfo is not None else entry.time
