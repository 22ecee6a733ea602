"""The guides of a configuration: found, kept up to date, searched, and asked for what is due."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from glob import has_magic
from pathlib import Path
from typing import Literal

from console.config import Config
from console.errors import OpsError, TooWide
from console.files import here, named_below
from console.guides.calendar import Schedule, schedule_of
from console.guides.model import AlertText, Guide, Procedure
from console.guides.places import usual_places
from console.guides.reading import read_guide
from console.guides.vocabulary import stems
from console.text import clean

FILES = 200
"""How many guides are taken."""
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Found:
    """A procedure that answers a search, and how well: more is better."""

    guide: Guide
    procedure: Procedure
    score: float


@dataclass(frozen=True, slots=True)
class Due:
    """A procedure with a schedule: `at` is when it was or will be due.

    `overdue` when that time, or a whole period, has passed undone; `due` when it is to be done in the
    period that runs; `next` when it is done, runs by itself, or its time has not come.
    """

    guide: Guide
    procedure: Procedure
    state: Literal["overdue", "due", "next"]
    at: datetime


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that should be a guide, and why it is not one."""

    path: str
    reason: str


class Library:
    """The guides a configuration names, or those in the usual places under a directory.

    A file is read again when its size or its time of change is another. All of it blocks: callers put it
    in a worker.
    """

    def __init__(self, config: Config, directory: Path | None = None) -> None:
        self.directory = directory or here()
        self.patterns = config.guides.paths
        self.unreadable: tuple[Unreadable, ...] = ()
        """What could not be read when `guides` was last asked."""
        self._kept: dict[Path, tuple[tuple[int, int], Guide]] = {}

    def guides(self) -> list[Guide]:
        """All guides, in the order they are named, else by their paths."""
        kept: dict[Path, tuple[tuple[int, int], Guide]] = {}
        wrong: list[Unreadable] = []
        for path in self._paths(wrong):
            try:
                status = path.stat()
                mark = (status.st_mtime_ns, status.st_size)
                old = self._kept.get(path)
                kept[path] = old if old and old[0] == mark else (mark, read_guide(path))
            except OpsError as error:
                wrong.append(Unreadable(clean(str(path)), str(error)))
            except OSError as error:
                wrong.append(Unreadable(clean(str(path)), error.strerror or str(error)))
        self._kept, self.unreadable = kept, tuple(wrong)
        return [guide for _, guide in kept.values()]

    def _paths(self, wrong: list[Unreadable]) -> list[Path]:
        named = list(self._named(wrong) if self.patterns else usual_places(self.directory))
        return list(dict.fromkeys(named))[:FILES]

    def _named(self, wrong: list[Unreadable]) -> Iterator[Path]:
        for pattern in self.patterns:
            try:
                found = named_below(self.directory, pattern)
            except TooWide as error:
                wrong.append(Unreadable(clean(pattern, 200), str(error)))
                continue
            except (ValueError, RuntimeError) as error:
                reason = f"{clean(pattern, 200)} can be no path: {clean(str(error), 200)}"
                wrong.append(Unreadable(clean(pattern, 200), reason))
                continue
            if not found:
                wrong.append(Unreadable(clean(pattern, 200), f"{clean(pattern, 200)} names no file"))
            yield from (path for path in found if path.is_file() or not has_magic(pattern))

    def find(self, text: str) -> list[Found]:
        """The procedures that answer words, an alert's name or its expression; the best first."""
        guides = self.guides()
        wanted = _wanted(text, guides)
        if not wanted:
            return []
        found = [
            Found(guide, procedure, score)
            for guide in guides
            for procedure in guide.procedures
            if (score := _score(procedure, wanted, text)) > 0
        ]
        return sorted(found, key=lambda one: -one.score)

    def due(self, now: datetime, last_done: Mapping[str, datetime]) -> list[Due]:
        """What is due: overdue first, then due, then what comes next; `now` and `last_done` are aware.

        `last_done` maps the ids of procedures, or `guide/id` where two guides share one, to when they were
        done.
        """
        found = [
            _due(guide, procedure, schedule, now, last_done)
            for guide in self.guides()
            for procedure in guide.procedures
            if (schedule := schedule_of(procedure)) is not None
        ]
        order = ("overdue", "due", "next")
        return sorted(found, key=lambda one: (order.index(one.state), one.at))


def _wanted(text: str, guides: Sequence[Guide]) -> dict[str, float]:
    """The stems searched for with their weight; an alert's own words, and less those of its rule."""
    wanted = dict.fromkeys(stems(" ".join(_CAMEL.findall(text))) + stems(text), 1.0)
    for guide in guides:
        for rule in guide.rules:
            if text.strip() in (rule.alert, rule.expr):
                for word in stems(" ".join(_CAMEL.findall(rule.alert))):
                    wanted.setdefault(word, 1.0)
                for word in stems(_says(rule)):
                    wanted.setdefault(word, 0.4)
    return wanted


def _says(rule: AlertText) -> str:
    said = " ".join(
        value
        for key, value in rule.annotations
        if key in ("summary", "description", "runbook", "runbook_url")
    )
    return said.replace("-", " ").replace("/", " ").replace("#", " ")


def _score(procedure: Procedure, wanted: Mapping[str, float], text: str) -> float:
    if text.strip().lower() in (procedure.id, procedure.title.lower()):
        return 100.0
    places = (
        (4.0, procedure.title),
        (2.0, procedure.when),
        (1.0, " ".join(procedure.path)),
        (1.0, " ".join(step.title for step in procedure.steps)),
        (0.5, " ".join(step.command for step in procedure.steps)[:4000]),
    )
    total = 0.0
    for weight, place in places:
        has = set(stems(place))
        total += weight * sum(much for word, much in wanted.items() if word in has)
    return total / sum(wanted.values())


def _due(
    guide: Guide, procedure: Procedure, schedule: Schedule, now: datetime, last_done: Mapping[str, datetime]
) -> Due:
    last = last_done.get(f"{guide.name}/{procedure.id}", last_done.get(procedure.id))
    before, after = schedule.before(now), schedule.after(now)
    if schedule.automatic or before is None:
        return Due(guide, procedure, "next", after or now)
    if last is not None and schedule.covers(last, before):
        return Due(guide, procedure, "next", after or now)
    if schedule.timed:
        if after is not None and last is None and schedule.same_day(after, now):
            return Due(guide, procedure, "next", after)
        return Due(guide, procedure, "overdue", before)
    missed = last is not None and not schedule.covers(
        last, schedule.before(before - timedelta(seconds=1)) or before
    )
    return Due(guide, procedure, "overdue" if missed else "due", before)
