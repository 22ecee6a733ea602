"""What the sources say to a manual item where no console runs: asked twice, a moment apart."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from console.collector import Collector
from console.config import Config
from console.discovery import discover
from console.errors import SourceError
from console.guides.model import Objective
from console.look import GAP, LIMIT
from console.runs.evidence import Evidence, answer, topics_of
from console.sources.base import Focus


async def ask(
    config: Config, env: Mapping[str, str], title: str, objectives: Sequence[Objective]
) -> Evidence | None:
    """The evidence for an item, None when no source has any; takes at most `LIMIT` seconds."""
    kinds = dict.fromkeys(topic.kind for topic in topics_of(title))
    if not kinds:
        return None
    wanted = msgspec.structs.replace(config, sources=tuple(kinds))
    found = await asyncio.to_thread(discover, wanted, env)
    collector = Collector(found.sources)
    try:
        async with asyncio.timeout(LIMIT):
            await collector.once(Focus.GLANCE)
            await asyncio.sleep(GAP)  # rates are between two
            await collector.once(Focus.GLANCE)
    except (TimeoutError, SourceError):
        pass  # what was not read in time is said to be missing by the answer
    finally:
        await collector.stop()
    return answer(title, collector.feeds, collector.history, config, collector.clock.monotonic(), objectives)
