"""What the tables of all kinds of probes have in common."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from console.section import Section

Seconds: TypeAlias = Annotated[float, Meta(ge=1, le=86_400)]
Patience: TypeAlias = Annotated[float, Meta(ge=0.1, le=60)]


class ProbeSettings(Section, frozen=True):
    """What every probe has."""

    name: str = ""
    """What the pane calls it; empty: what is asked."""
    interval: Seconds = 15.0
    """Seconds between two times of asking."""
    timeout: Patience = 5.0
    """Seconds it may take; it has failed then."""
