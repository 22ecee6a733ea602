"""What earlier runs say about a step: how long it usually takes, and whether it was run just now."""

from __future__ import annotations

from collections.abc import Iterable

from console.journal.entries import Entry, Kind
from console.runs.gate import Repeat
from console.runs.run import usual

KEPT = 50
"""Durations kept of one step."""


class Past:
    """Learnt from the journal's entries as they come."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = {}
        self._starts: dict[tuple[str, str, int], str] = {}
        self._well: dict[str, Repeat] = {}

    def knows(self, digest: str) -> bool:
        """Whether the durations of a step were looked up."""
        return digest in self._seconds

    def learn(self, digest: str, seconds: Iterable[float]) -> None:
        """The durations of a step that went well."""
        self._seconds[digest] = list(seconds)

    def usual(self, digest: str) -> float | None:
        """Seconds it usually takes; None when it never went well."""
        return usual(self._seconds.get(digest, ()))

    def repeat(self, resolved: str) -> Repeat | None:
        """When exactly this command went well last, and who ran it."""
        return self._well.get(resolved)

    def take(self, entry: Entry) -> None:
        """Learn from one entry."""
        key = entry.run, entry.step, int(entry.number("attempt") or 1)
        if entry.kind == Kind.STARTED:
            self._starts[key] = entry.text("resolved")
        elif entry.kind == Kind.ENDED:
            resolved = self._starts.pop(key, "")
            seconds = entry.number("seconds")
            if entry.text("status") != "ok":
                return
            if resolved:
                self._well[resolved] = Repeat(at=entry.time, actor=entry.actor)
            if seconds is not None and (kept := self._seconds.get(entry.text("digest"))) is not None:
                kept.insert(0, seconds)
                del kept[KEPT:]
