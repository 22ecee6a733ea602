"""Streams that somebody asked for while the console runs, such as the output of a pod."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence

from console.logs.origin import Kind, Origin, Origins
from console.logs.streams import Selection, Stream, Wanted
from console.units import counted

MOST = 32
"""Streams at once; of more the one asked for first is left."""
LINGER = 30.0
"""Seconds that one which has ended is kept, with why nothing came of it."""
LEAVING = 5.0
"""Seconds that one which is selected no longer is read on, for what it said at last."""


class AskedStreams:
    """`streams` and `close` are called in the thread that reads, everything else on the event loop."""

    def __init__(self, origins: Origins) -> None:
        self.limited = ""
        """Which of those selected are not followed, in words; empty: all are."""
        self._origins = origins
        self._asked: dict[str, Wanted] = {}
        """What was asked for one by one."""
        self._selection: Selection | None = None
        self._selected: dict[str, Wanted] = {}
        self._followed: dict[Hashable, None] = {}
        """The things of the selection whose lines are followed."""
        self._left: dict[str, tuple[Wanted, float]] = {}
        """What was selected until lately, and when that was seen to have ended (monotonic seconds)."""
        self._wanted: dict[str, Wanted] = {}
        """All of these."""
        self._marked: tuple[str, frozenset[str]] = ("", frozenset())
        """How the selection was asked for, and what belongs to it."""
        self._streams: dict[str, Stream] = {}
        self._known: dict[str, Origin] = {}
        """The origins of what is wanted, also of what has ended."""
        self._ended: dict[str, float] = {}
        """When those that have ended were seen to have (monotonic seconds)."""

    def ask(self, wanted: Sequence[Wanted]) -> None:
        """Follow these too; those that are followed already go on."""
        asked = {one.id: one for one in wanted}
        merged = {key: one for key, one in self._asked.items() if key not in asked} | asked
        self._asked = dict(list(merged.items())[-MOST:])
        self._line_up()

    def select(self, selection: Selection) -> None:
        """Follow what this selects in place of what was selected before."""
        self._selection = selection
        self._followed = {}
        self.look()

    def look(self) -> None:
        """See what is selected now: what has come joins, what has gone leaves."""
        if self._selection is None:
            return
        chosen, self._followed, left_out = _chosen(self._selection, self._followed)
        text, now = self._selection.text, time.monotonic()
        number = len(self._followed) + left_out
        self.limited = (
            f"{text}: the lines of {len(self._followed)} of {counted(number, 'pod')} are followed"
            if left_out
            else ""
        )
        gone = {key: (one, now) for key, one in self._selected.items() if key not in chosen}
        left = {**gone, **self._left}
        self._left = {key: one for key, one in left.items() if key not in chosen and now - one[1] < LEAVING}
        self._selected = chosen
        self._marked = text, frozenset(chosen)
        self._line_up()

    def _line_up(self) -> None:
        rest = {**self._asked, **{key: one for key, (one, _) in self._left.items()}}
        merged = {key: one for key, one in rest.items() if key not in self._selected} | self._selected
        # a new one: the thread that reads may be going through the old one
        self._wanted = dict(list(merged.items())[-MOST:])

    @property
    def any(self) -> bool:
        """Whether anybody has asked for something."""
        return bool(self._wanted) or self._selection is not None

    def streams(self, kept: int) -> Mapping[str, Stream]:
        """The streams to read, by what they are known by; `kept` as for Origins."""
        wanted, (text, marked), now = self._wanted, self._marked, time.monotonic()
        for key, one in wanted.items():
            if key not in self._streams and key not in self._ended:
                origin = self._known[key] = self._origins.add(one.name, Kind.CONTAINER, one.where)
                self._streams[key] = one.open(origin)
            if key in marked:
                self._known[key].selector = text
        for key, stream in list(self._streams.items()):
            if stream.ended:
                self._ended.setdefault(key, now)
            if key not in wanted or now - self._ended.get(key, now) > LINGER:
                del self._streams[key]
                stream.close()
                self._origins.release(stream.origin, kept)
        self._ended = {key: since for key, since in self._ended.items() if key in wanted}
        self._known = {key: origin for key, origin in self._known.items() if key in wanted}
        return self._streams

    def close(self) -> None:
        """Close all of them."""
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()


def _chosen(
    selection: Selection, before: Mapping[Hashable, None]
) -> tuple[dict[str, Wanted], dict[Hashable, None], int]:
    """What to follow, of which things, and how many things there is no room for; those of before stay."""
    there = selection.subjects()
    known = set(there)
    order = dict.fromkeys(one for one in before if one in known) | dict.fromkeys(there)
    chosen: dict[str, Wanted] = {}
    followed: dict[Hashable, None] = {}
    for subject in order:
        outputs = selection.outputs(subject)
        if chosen and len(chosen) + len(outputs) > MOST:
            break
        chosen |= {one.id: one for one in outputs[:MOST]}
        followed[subject] = None
    return chosen, followed, len(order) - len(followed)
