"""Events out of the API's JSON, core v1 and events.k8s.io alike, and the same ones folded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from console.sources.kubernetes.model import Event, Ref
from console.sources.kubernetes.wire import NAME_LIMIT, Meta, Wire, epoch, message, word
from console.text import clean


class _About(Wire):
    kind: str = ""
    name: str = ""
    namespace: str = ""


class _Source(Wire):
    component: str = ""
    host: str = ""


class _Series(Wire):
    count: int = 0
    last_observed_time: datetime | None = None


class EventWire(Wire):
    """An event as either API has it: core v1 says how often and when itself, the newer one in a series."""

    metadata: Meta
    involved_object: _About | None = None
    regarding: _About | None = None
    type: str = ""
    reason: str = ""
    message: str = ""
    note: str = ""
    count: int = 0
    deprecated_count: int = 0
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    deprecated_first_timestamp: datetime | None = None
    deprecated_last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: _Series | None = None
    source: _Source | None = None
    deprecated_source: _Source | None = None
    reporting_component: str = ""
    reporting_controller: str = ""


def read_event(cluster: str, found: EventWire) -> Event:
    """An event as it stands now.

    Its time and count are those of its series where it has one, as kubectl prints them.
    """
    meta = found.metadata
    about = found.involved_object or found.regarding or _About()
    first = epoch(found.first_timestamp or found.deprecated_first_timestamp) or epoch(found.event_time)
    last = epoch(found.last_timestamp or found.deprecated_last_timestamp) or first
    count = found.count or found.deprecated_count or 1
    if found.series is not None:
        count = found.series.count
        last = epoch(found.series.last_observed_time) or last
    source = found.source or found.deprecated_source
    by = (source.component if source else "") or found.reporting_component
    made = epoch(meta.creation_timestamp)
    return Event(
        cluster=cluster,
        # an event of a node lies in a namespace, the node does not
        namespace=word(about.namespace),
        about=Ref(word(about.kind), clean(about.name, NAME_LIMIT)),
        type=word(found.type),
        reason=word(found.reason),
        message=message((found.message or found.note).strip()),
        count=max(count, 1),
        first=first or made,
        last=last or made,
        by=word(by or found.reporting_controller),
        name=clean(f"{meta.namespace}/{meta.name}", 2 * NAME_LIMIT + 1),
    )


def fold_events(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events with the same about the same object counted as one; the newest last."""
    folded: dict[tuple[object, ...], Event] = {}
    for event in events:
        what = (event.cluster, event.namespace, event.about, event.type, event.reason, event.message)
        known = folded.get(what)
        if known is None:
            folded[what] = event
            continue
        newer = event if event.last >= known.last else known
        folded[what] = replace(
            newer,
            count=known.count + event.count,
            first=min(known.first, event.first),
        )
    return tuple(sorted(folded.values(), key=lambda event: event.last))
