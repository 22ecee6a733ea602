"""Silences of an Alertmanager: made and ended, and looked at afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from console.alerts.engines.address import Address
from console.alerts.engines.client import AnsweredNo, Client
from console.alerts.engines.reading import table, text
from console.errors import OpsError, SourceError

PATIENCE = 15.0
"""Seconds an Alertmanager may take for one request."""


async def silence(task: Mapping[str, Any]) -> int:
    """Make a silence; say how it stands then."""
    client = Client(Address(**task["engine"]))
    try:
        answer = await client.post("/api/v2/silences", PATIENCE, task["body"])
    except AnsweredNo as error:
        raise OpsError(f"it refused: {error.reason}") from None
    except SourceError as error:
        raise OpsError(error.reason, "look whether it was done") from None
    made = text(table(answer).get("silenceID"), 80)
    if not made:
        raise OpsError("it gave no id for the silence", "look whether it was done")
    return await _told(client, made, f"silence {made}")


async def expire(task: Mapping[str, Any]) -> int:
    """End a silence that stands; one that has ended is left alone, and that is said."""
    client, name = Client(Address(**task["engine"])), str(task["silence"])
    before = await _state(client, name)
    if before in ("", "expired"):
        print(f"silence {name} {'is not there' if not before else 'had ended'} already: nothing was done")
        return 1
    try:
        await client.delete(f"/api/v2/silence/{quote(name, safe='')}", PATIENCE)
    except SourceError as error:
        raise OpsError(error.reason, "look whether it was done") from None
    return await _told(client, name, f"silence {name}")


async def _told(client: Client, name: str, what: str) -> int:
    try:
        state = await _state(client, name)
    except OpsError as error:
        print(f"{what}: done, and then: {error.reason}")
        return 0
    print(f"{what} is {state or 'not there any more'}")
    return 0


async def _state(client: Client, name: str) -> str:
    """active, pending or expired; empty where there is no such silence. Raises SourceError."""
    try:
        found = await client.get(f"/api/v2/silence/{quote(name, safe='')}", PATIENCE)
    except SourceError as error:
        if "(404)" in error.reason:
            return ""
        raise
    return text(table(table(found).get("status")).get("state"), 40)
