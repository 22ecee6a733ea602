"""The moment the screens show: now, or one of the past that the reader went back to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from console.collector import Feed
from console.past import STEP, Past, pack
from console.sources.base import Reading

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


class Playback:
    """Keeps the past and the moment looked at; gives feeds as they were then."""

    def __init__(self) -> None:
        self.past = Past()
        self._packing: asyncio.Task[None] | None = None
        self.moment: float | None = None
        """Monotonic seconds; None is now."""
        self._then: dict[str, Feed] = {}
        self._held: dict[str, Feed] = {}
        self._held_at = 0.0

    def keep(self, feed: Feed) -> None:
        """Keep a feed's newest reading for later; a large one a moment later, without holding up the keys."""
        reading = feed.reading
        if reading is None or not self.past.wants(reading):
            return
        if not self.past.large(reading.source):
            self.past.put(reading, pack(reading))
        elif not self._packing or self._packing.done():
            self._packing = asyncio.create_task(self._keep_large(reading))

    async def _keep_large(self, reading: Reading[Any]) -> None:
        self.past.put(reading, await asyncio.to_thread(pack, reading))

    def feed(self, feed: Feed) -> Feed:
        """The feed as it was at the moment.

        Live views (`Snapshot.kept` False) look back by themselves: they keep the feed of when the
        reader left the present. What was wrong with them before that is not known.
        """
        if self.moment is None:
            return feed
        name = feed.source.name
        held = self._held.get(name)
        if held is not None and held.good is not None and not held.snapshot.kept:
            if self.moment < self._held_at:
                return replace(held, good=replace(held.good, findings=()))
            return held
        if name not in self._then:
            then = self.past.at(name, self.moment)
            self._then[name] = replace(
                feed, reading=then.reading, good=then.good, failing_since=then.failing_since, next_try=0.0
            )
        return self._then[name]

    def ago(self, now: float) -> float | None:
        """Seconds the moment lies back; None when live."""
        return None if self.moment is None else max(0.0, now - self.moment)

    def hold(self, feeds: Iterable[Feed], now: float) -> None:
        """Stop at this moment, with exactly what is known now."""
        for feed in feeds:
            self._held[feed.source.name] = replace(feed)
            if feed.reading is not None:
                self.past.add(feed.reading, always=True)
        self._held_at = now
        self._go(now)

    def release(self) -> None:
        """Live again."""
        self._go(None)

    def step(self, direction: int, feeds: Iterable[Feed], now: float) -> bool:
        """Go `direction` steps on (back when negative); past the newest moment it is live again.

        False when there was nothing to go back to.
        """
        if self.moment is None:
            if direction > 0:
                return True
            self.hold(feeds, now)
        moment = (now if self.moment is None else self.moment) + direction * STEP
        if moment >= now:
            self.release()
            return True
        oldest = min(self.past.oldest, now)
        self._go(max(moment, oldest))
        return moment > oldest - STEP

    def go_back(self, seconds: float, feeds: Iterable[Feed], now: float) -> bool:
        """Show the moment so many seconds ago; False when nothing is kept from then."""
        if self.moment is None and seconds == 0:
            self.hold(feeds, now)
            return True
        if now - seconds < self.past.oldest:
            return False
        if self.moment is None:
            self.hold(feeds, now)
        self._go(now - seconds)
        return True

    def _go(self, moment: float | None) -> None:
        self.moment = moment
        self._then.clear()


def seconds_since(text: str, now: datetime) -> float | None:
    """Seconds from HH:MM or HH:MM:SS, of today or else of yesterday, until `now`; None for no time."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    if hour > 23 or minute > 59 or second > 59:
        return None
    there = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    if there > now:
        there -= timedelta(days=1)
    return (now - there).total_seconds()
