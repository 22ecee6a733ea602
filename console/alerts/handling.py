"""What people have said of alerts: acknowledgements and silences, as the journal has them.

Several consoles share one journal: what one acknowledges the others see with their next look.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from console.alerts.identity import RUN, identity, named
from console.alerts.matching import Matchers, matches
from console.alerts.model import Alert, AlertState, Event, RuleStatus, Silence
from console.journal.entries import JSON, Entry, Kind
from console.metrics import Labels
from console.text import clean

HOLDS = timedelta(hours=24)
"""How long an acknowledgement stands at most: what fires for a day wants a silence that has an end."""
FLAPS = timedelta(hours=1)
"""The window in which beginnings are counted."""
SAME = timedelta(seconds=2)
"""Within this two times are one: a beginning is told anew with each evaluation, by the clock on the wall."""
EVENTS = 20
"""Events kept of an alert."""
ALERTS = 5000
"""Alerts of which anything is kept; those longest without news leave first."""
SILENCES = 1000


@dataclass(slots=True)
class _Said:
    """What is known of one alert."""

    events: deque[Event] = field(default_factory=lambda: deque(maxlen=EVENTS))
    begun: set[datetime] = field(default_factory=set)
    """When it began to fire, as seen here."""
    recorded: deque[datetime] = field(default_factory=lambda: deque(maxlen=EVENTS))
    """The same as written down."""
    firing_since: datetime | None = None
    """When it began to fire, as written down, where no end is."""
    acknowledged: datetime | None = None
    by: str = ""
    note: str = ""


class Handling:
    """Says of alerts who knows of them and which are silent. Fed with the journal's entries in order."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, _Said] = OrderedDict()
        self._silences: dict[str, Silence] = {}
        self._lock = Lock()  # entries may be read in a thread

    # -- what was written down

    def take(self, entries: Iterable[Entry]) -> None:
        """Take entries of the journal into account; of other kinds and alerts too, which change nothing."""
        with self._lock:
            for entry in entries:
                self._take(entry)

    def forget(self) -> None:
        """Nothing is known any more: another journal stands in the place of the one before."""
        with self._lock:
            self._said.clear()
            self._silences.clear()

    def _take(self, entry: Entry) -> None:
        if entry.kind == Kind.SILENCED:
            silence = _silence(entry)
            if silence is not None:
                self._silences[silence.id] = silence
                while len(self._silences) > SILENCES:
                    self._silences.pop(next(iter(self._silences)))
            return
        if entry.kind == Kind.EXPIRED and (gone := entry.text("silence")):
            self._silences.pop(gone, None)
            return
        if not entry.run.startswith(RUN):
            return
        said = self._of(entry.run)
        if entry.kind == Kind.FIRING:
            said.firing_since = _time(entry.text("fired"), entry.time)
            said.recorded.append(entry.time)
        elif entry.kind == Kind.RESOLVED:
            said.firing_since = said.acknowledged = None
        elif entry.kind == Kind.ACKNOWLEDGED:
            said.acknowledged, said.by, said.note = entry.time, entry.actor, entry.text("note")
        elif entry.kind == Kind.EXPIRED:
            said.acknowledged = None
        elif entry.kind != Kind.NOTED:
            return
        told = next((text for key in ("note", "text", "value", "reason") if (text := entry.text(key))), "")
        actor = "" if entry.kind in (Kind.FIRING, Kind.RESOLVED) else entry.actor
        event = Event(
            time=entry.time, what=clean(entry.kind, 40), by=clean(actor, 60), text=clean(told, 300)
        )  # fmt: skip
        said.events.append(event)

    def _of(self, name: str) -> _Said:
        said = self._said.get(name)
        if said is None:
            said = self._said[name] = _Said()
            if len(self._said) > ALERTS:
                self._said.popitem(last=False)
        else:
            self._said.move_to_end(name)
        return said

    # -- what follows from it

    def apply(self, alerts: Sequence[Alert], now: datetime, silenced: bool = True) -> tuple[Alert, ...]:
        """The same with who acknowledged them, what silences them, how often they began, and events."""
        with self._lock:
            standing = [silence for silence in self._silences.values() if silenced and silence.until > now]
            return tuple(self._handled(alert, standing, now) for alert in alerts)

    def apply_to(
        self, rules: Sequence[RuleStatus], now: datetime, silenced: bool = True
    ) -> tuple[RuleStatus, ...]:
        """The same for the alerts of rules; without silences where an engine keeps its own."""
        return tuple(
            replace(rule, alerts=self.apply(rule.alerts, now, silenced)) if rule.alerts else rule
            for rule in rules
        )

    def silences(self, now: datetime) -> tuple[Silence, ...]:
        """The silences that stand, the one that ends first first."""
        with self._lock:
            standing = [silence for silence in self._silences.values() if silence.until > now]
        return tuple(sorted(standing, key=lambda silence: (silence.until, silence.id)))

    def _handled(self, alert: Alert, silences: Sequence[Silence], now: datetime) -> Alert:
        name = identity(alert.rule, alert.labels)
        began = alert.fired or alert.since
        said = self._said.get(name)
        if said is None and alert.state is not AlertState.FIRING:
            said = _NOTHING
        elif said is None:
            said = self._of(name)
        if alert.state is AlertState.FIRING and began is not None:
            said.begun = {time for time in said.begun if now - time <= FLAPS}
            if not any(abs(time - began) <= SAME for time in said.begun):
                said.begun.add(began)
        silence = _silent(silences, alert.rule, alert.labels)
        return replace(
            alert,
            acknowledged=_acknowledgement(said, alert, now) or alert.acknowledged,
            silence=silence or alert.silence,
            changes=max(
                alert.changes,
                sum(now - time <= FLAPS for time in said.begun),
                sum(now - time <= FLAPS for time in said.recorded),
            ),
            events=(*said.events,) or alert.events,
        )


_NOTHING = _Said()


def _acknowledgement(said: _Said, alert: Alert, now: datetime) -> str:
    """Who knows of it; empty when what they knew of has ended, or was too long ago.

    It is of one fire. That is the one that is here since before it was said, or the one that is written
    down without an end: a console that was started again does not know how long an alert fires.
    """
    at = said.acknowledged
    if at is None or now - at > HOLDS:
        return ""
    began = alert.fired or alert.since
    here = began is not None and began <= at + SAME
    recorded = said.firing_since is not None and said.firing_since <= at
    if not here and not recorded:
        return ""
    by = clean(said.by, 60)
    return f"{by}: {clean(said.note, 300)}" if said.note else by


def _time(text: str, latest: datetime) -> datetime:
    """A time as it was written down, where it is one that can be."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return latest
    return min(time, latest) if time.tzinfo is not None else latest


def _silent(silences: Sequence[Silence], rule: str, labels: Labels) -> Silence | None:
    """The silence that lasts longest of those that match."""
    pairs = named(rule, labels)
    found = [silence for silence in silences if matches(silence.matchers, pairs)]
    return max(found, key=lambda silence: silence.until, default=None)


def _silence(entry: Entry) -> Silence | None:
    """A silence as it was written down; None for what cannot be one."""
    name, until = entry.text("silence"), entry.text("until")
    try:
        end = datetime.fromisoformat(until)
    except ValueError:
        return None
    matchers = _matchers(entry.body.get("matchers"))
    if not name or not matchers or end.tzinfo is None:
        return None
    return Silence(
        id=clean(name, 60), matchers=matchers, until=end, by=clean(entry.actor, 60),
        reason=clean(entry.text("reason"), 300),
    )  # fmt: skip


def _matchers(told: JSON) -> Matchers:
    """Matchers as they are written down; none where one of them is not understood."""
    if isinstance(told, (str, Mapping)) or not isinstance(told, Sequence):
        return ()
    found: list[tuple[str, str, str]] = []
    for one in told:
        if isinstance(one, (str, Mapping)) or not isinstance(one, Sequence) or len(one) != 3:
            return ()
        label, operator, value = one
        if not (isinstance(label, str) and isinstance(value, str) and isinstance(operator, str)):
            return ()
        if operator not in ("=", "!=", "=~", "!~"):
            return ()
        found.append((label, operator, value))
    return tuple(found)
