"""What a variable may be given: values the live panes know, and those given the last time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from console.collector import Feed
from console.guides.model import Procedure, Variable
from console.journal.entries import Entry
from console.runs.opening import address

MOST = 50
"""Suggestions for one variable."""


def _containers(snapshot: Any) -> Iterator[str]:
    yield from (one.name for one in snapshot.containers)


def _services(snapshot: Any) -> Iterator[str]:
    yield from (one.service for one in snapshot.containers if one.service)
    yield from _containers(snapshot)


def _databases(snapshot: Any) -> Iterator[str]:
    yield from (one.name for one in snapshot.databases if one.name)


def _sessions(snapshot: Any) -> Iterator[str]:
    yield from (str(one.pid) for one in snapshot.sessions)


def _mounts(snapshot: Any) -> Iterator[str]:
    yield from (one.mount for one in snapshot.filesystems)


def _interfaces(snapshot: Any) -> Iterator[str]:
    yield from (one.name for one in snapshot.interfaces)


_KNOWN: Sequence[tuple[str, str, Callable[[Any], Iterator[str]]]] = (
    (r"containers?", "docker", _containers),
    (r"services?|app|application", "docker", _services),
    (r"pid", "postgres", _sessions),
    (r"database|db|db_?name", "postgres", _databases),
    (r"mount|mount_?point|file_?system", "system", _mounts),
    (r"interface|nic", "system", _interfaces),
)
"""Words of a variable's name, the kind of source that knows values, and how they are found."""


def remembered(procedure: Procedure, guide: str, entries: Iterable[Entry]) -> dict[str, str]:
    """The values given the last time, from `opened` entries in any order: this procedure's before others'."""
    wanted = address(guide, procedure)
    found: dict[str, str] = {}
    for own in (False, True):
        for entry in sorted(entries, key=lambda one: one.seq):
            about = entry.body.get("guide")
            same = isinstance(about, Mapping) and about.get("name") == guide
            values = entry.body.get("values")
            if same and isinstance(values, Mapping) and (entry.text("procedure") == wanted) is own:
                found |= {name: str(value) for name, value in values.items() if value}
    return found


def suggestions(variable: Variable, feeds: Iterable[Feed], before: str = "") -> list[str]:
    """Values for a variable, the likeliest first: given before, its default, then what panes know."""
    if variable.secret:
        return []
    found = [value for value in (before, variable.default) if value]
    name = variable.name.casefold()
    for words, kind, values in _KNOWN:
        if not re.search(rf"(?<![a-z])(?:{words})(?![a-z])", name):
            continue
        for feed in feeds:
            if feed.source.kind == kind and feed.snapshot is not None:
                found += values(feed.snapshot)
        break
    return list(dict.fromkeys(found))[:MOST]
