"""What the live panes say to a manual item: `Check database connections` has its answer on the screen.

Matched by words, never guessed: an item no row of the table knows has no evidence. Old data is never a
green: a pane that fails, is not there or has not been read lately makes the answer not good, and says so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from console.collector import Feed, own_labels
from console.config import Config
from console.findings import Finding, Severity
from console.guides.model import Objective
from console.history import History
from console.runs import kubectl, measures
from console.runs.measures import Measure, Part, Scale
from console.runs.run import Evidence as Kept
from console.sources.base import State
from console.text import clean
from console.units import duration

OLD = 3.0
"""Times its slowest cadence after which what a source said is old."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An answer: what is measured with value and limit, whether that is well, by whom, how old.

    `age` is in seconds, infinite when nothing was ever read; `time` is when it was read. `findings` are
    what the sources themselves find wrong.
    """

    text: str
    good: bool
    source: str
    age: float
    findings: tuple[Finding, ...] = ()
    time: datetime | None = None

    def kept(self) -> Kept:
        """As a tick records it."""
        return Kept(
            text=self.text,
            source=self.source,
            time=self.time.isoformat(timespec="seconds") if self.time else "",
            good=self.good,
        )


@dataclass(frozen=True, slots=True)
class Topic:
    """Words of an item, the kind of source that knows, and what is measured there.

    `whole` says that the source's findings count too: the item asks whether all is well with it.
    """

    words: re.Pattern[str]
    kind: str
    measure: Measure
    whole: bool = False


def _topic(words: str, kind: str, measure: Measure, whole: bool = False) -> Topic:
    return Topic(re.compile(words, re.IGNORECASE), kind, measure, whole)


_WELL = (
    r"(?:running|healthy|health|up|operational|available|online|status|reachable|responding|accessible|ok)\b"
)
_DB = r"\b(?:database|postgres(?:ql)?|db)\b"
_CACHE = r"\b(?:redis|cache|valkey)\b"
TOPICS = (
    _topic(rf"\b(?:services?|containers?)\b.*\b{_WELL}|\bcontainer (?:state|health)", "docker",
           measures.containers),
    _topic(r"\b(?:system|host|server) (?:resources?|health)\b|\bresource (?:usage|utili[sz]ation)\b",
           "system", measures.resources, whole=True),
    _topic(rf"{_CACHE}.*\bmemory\b|\bmemory\b.*{_CACHE}", "redis", measures.redis_memory),
    _topic(rf"{_DB}.*\b(?:cache|buffer)\b.*\bhit|\bbuffer hit", "postgres", measures.database_hit),
    _topic(r"\b(?:cache|redis) (?:hit|performance)|\bhit[ -]rat(?:e|io)\b|\b(?:cache|redis) answers\b",
           "redis", measures.redis_hit),
    _topic(rf"{_DB}.*\bconnections?\b(?! string)|\bconnection (?:pool|count|limit|usage)|{_DB} sessions?\b"
           r"|\b(?:active|open) connections\b", "postgres", measures.connections),
    _topic(rf"{_CACHE}.*\breplicat|\breplication\b.*{_CACHE}", "redis", measures.redis_replication),
    _topic(rf"{_DB}.*\breplicat|\breplication\b|\bstandbys?\b|\breplica lag\b", "postgres",
           measures.replication),
    _topic(r"\b(?:slow|long)(?:[ -]running)? (?:quer|statement|transaction)", "postgres", measures.queries),
    _topic(rf"{_DB} locks?\b|\bblocked (?:quer|session)|\bdeadlocks?\b|\block (?:wait|contention)"
           r"|\bwait(?:s|ing)? for (?:a |the )?locks?\b",
           "postgres", measures.locks),
    _topic(rf"{_DB}(?: server| service)?(?: connectivity\b|.*\b{_WELL})", "postgres", measures.database),
    _topic(rf"{_CACHE}(?: server| service)?(?: connectivity\b|.*\b{_WELL})", "redis", measures.redis_up),
    _topic(r"\berror logs?\b|\blogs?\b.*\berrors?\b|\berrors?\b.*\blogs?\b|\brecent errors?\b"
           r"|\bno (?:new |recent |critical )?errors?\b", "logs", measures.errors),
    _topic(r"\bcpu\b", "system", measures.cpu),
    _topic(r"\b(?:memory|ram)\b(?! leak)", "system", measures.memory),
    _topic(r"\bdisk\b(?! latency)|\bfile ?systems?\b|\bstorage space\b", "system", measures.disk),
    _topic(r"\bswap\b", "system", measures.swap),
    _topic(r"\b(?:system|server|host) load\b|\bload average\b|^(?:check )?load$", "system", measures.load),
    _topic(r"\b(?:host|server|system) (?:uptime|is up)\b|^(?:check )?uptime$", "system", measures.uptime),
)  # fmt: skip
"""In order: a row that names its words more exactly stands before the one whose words it holds."""

_ACTION = re.compile(
    r"^(?:re)?(?:start|boot|create|deploy|build|store|set)\b|^(?:scale|increase|decrease|raise|lower|update|upgrade|clean"
    r"|clear|rotate|archive|optimi[sz]e|notify|document|escalate|apply|kill|stop|enable|disable|add|remove|delete"
    r"|configure|tune|vacuum|reindex|plan|schedule|communicate|inform|tell|ring|call|isolate|block|switch|promote"
    r"|fail|export|import|back ?up|drop|flush|install|write|record|consider|train|encrypt|migrate|repair)\b",
    re.IGNORECASE,
)
"""An item that begins so asks for something to be done, not for how it is."""
_NOBODY = re.compile(
    r"\bbackups?\b|\bcertificates?\b|\brestores?\b|\bleaks?\b|\bpolic(?:y|ies)\b", re.IGNORECASE
)
"""What no pane measures, whatever else the item speaks of."""
_PERIOD = re.compile(
    r"\b(?:last|past|previous)\s+(\d+)?\s*(second|sec|s|minute|min|m|hour|hr|h|day|d|night|week)s?\b"
    r"|\b(overnight|last night|today|yesterday)\b",
    re.IGNORECASE,
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "n": 43200.0, "w": 604800.0}


def answer(
    title: str,
    feeds: Mapping[str, Feed],
    history: History,
    config: Config,
    now: float,
    objectives: Sequence[Objective] = (),
) -> Evidence | None:
    """What the panes say to an item; None when it is not for them, or nothing of the kind is watched.

    `now` is the collector's monotonic clock; `objectives` are those of the item's guide.
    """
    topics = topics_of(title)
    found: list[Evidence] = []
    for topic in topics:
        asked = [feed for feed in feeds.values() if feed.source.kind == topic.kind]
        several = len(asked) > 1
        for feed in asked:
            taken = feed.good.monotonic if feed.good else now
            scale = Scale(config.limits, objectives, _period(title), _watched(feed, history, now), taken)
            found.append(_of_feed(feed, topic, scale, now, several))
    if not found or not all(any(feed.source.kind == one.kind for feed in feeds.values()) for one in topics):
        return None  # half an answer would be taken for a whole one
    return _together(found)


def topics_of(title: str) -> tuple[Topic, ...]:
    """The rows of the table an item speaks of; none when it asks for something to be done."""
    whole, title = title, title[:400]
    if _ACTION.search(title.strip()) or _NOBODY.search(title):
        return ()
    found: list[Topic] = []
    left = title
    topics: Iterable[Topic] = TOPICS
    if match := kubectl.NAMED.search(whole):
        asked = kubectl.read(whole)
        if asked is None:
            return ()
        found.append(Topic(kubectl.NAMED, "kubernetes", partial(kubectl.measure, asked)))
        # what comes before a command says what it is for; services that are up are the cluster's there
        left, topics = title[: match.start()], [one for one in TOPICS if one.kind != "docker"]
    for topic in topics:
        if match := topic.words.search(left):
            found.append(topic)
            # words that are taken do not answer twice: `redis memory` is not the host's memory
            left = left[: match.start()] + " · " + left[match.end() :]
    return tuple(found)


def _period(title: str) -> float:
    match = _PERIOD.search(title)
    if match is None:
        return 60.0
    if match[3]:
        return _SECONDS["d"] if match[3].lower() in ("today", "yesterday") else _SECONDS["n"]
    return float(match[1] or 1) * _SECONDS[match[2][0].lower()]


def _watched(feed: Feed, history: History, now: float) -> float:
    """Seconds for which this source's polls are remembered."""
    points = history.since("up", own_labels(feed.source), -math.inf)
    return max(0.0, now - points[0][0]) if points else 0.0


def _of_feed(feed: Feed, topic: Topic, scale: Scale, now: float, several: bool) -> Evidence:
    name = feed.source.name
    good = feed.good
    age = max(0.0, now - good.monotonic) if good else math.inf
    time = good.time if good else None
    if reason := _not_current(feed, age):
        last = _said(topic, feed, scale) if good else ""
        text = f"{name}: {reason}" + (f"; {duration(age)} ago: {last}" if last else "")
        return Evidence(clean(text, 400), good=False, source=name, age=age, findings=feed.findings, time=time)
    parts = tuple(topic.measure(feed.snapshot, scale))
    findings = feed.findings if topic.whole else ()
    wrong = [one for one in findings if one.severity is not Severity.OK]
    # what is not well comes first: it must not be what is cut off
    text = "; ".join(part.text for part in sorted(parts, key=lambda part: part.good)) or "nothing of the kind"
    if wrong and all(part.good for part in parts):
        text += f"; {wrong[0].subject}: {wrong[0].text}"
    if several:
        text = f"{name}: {text}"
    well = bool(parts) and all(part.good for part in parts) and not wrong
    if not all(part.known for part in parts):
        age, time = math.inf, None
    return Evidence(clean(text, 400), well, name, age, (*findings, *_findings(parts)), time)


def _said(topic: Topic, feed: Feed, scale: Scale) -> str:
    return "; ".join(part.text for part in topic.measure(feed.snapshot, scale))


def _findings(parts: Iterable[Part]) -> Iterator[Finding]:
    for part in parts:
        yield from part.findings


def _not_current(feed: Feed, age: float) -> str:
    """Why what a source said last cannot be a green; empty when it can."""
    error = feed.reading.error if feed.reading else None
    if feed.state is State.CONNECTING:
        return "not read yet"
    if error is not None:
        return error.reason
    limit = OLD * max(feed.source.cadence.values()) + feed.source.deadline
    return "not read lately" if age > limit else ""


def _together(found: Sequence[Evidence]) -> Evidence:
    """Several answers as one: good when all are, as old as the oldest."""
    if len(found) == 1:
        return found[0]
    oldest = max(found, key=lambda one: one.age)
    return replace(
        oldest,
        text=clean("; ".join(dict.fromkeys(one.text for one in found)), 400),
        good=all(one.good for one in found),
        source=", ".join(dict.fromkeys(one.source for one in found)),
        findings=tuple(dict.fromkeys(finding for one in found for finding in one.findings)),
    )
