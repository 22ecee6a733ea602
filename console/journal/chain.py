"""How entries are bound to each other: each carries the hash of the one before, and is hashed with it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted

from console.journal.entries import JSON
from console.masks import Masks
from console.secrets import MASK, names_secret, redact

GENESIS = bytes(32)
"""What the first entry has for the hash of the one before."""
TEXT_LIMIT = 1 << 20
"""Characters of one text in a body; the rest is cut and said to be."""


def canonical(body: Mapping[str, JSON]) -> str:
    """A body as JSON with sorted keys, no blanks and only ASCII: one text for one body."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)


def link(
    seq: int, time: str, kind: str, actor: str, host: str, run: str, step: str, body: str, previous: bytes
) -> bytes:
    """The hash of an entry: SHA-256 over its canonical JSON, `body` being canonical JSON already.

    Anyone can compute it: the keys actor, body, host, kind, previous (hexadecimal), run, seq, step and
    time, in this order, without blanks.
    """
    text = (
        f'{{"actor":{quoted(actor)},"body":{body},"host":{quoted(host)},"kind":{quoted(kind)},'
        f'"previous":"{previous.hex()}","run":{quoted(run)},"seq":{seq},"step":{quoted(step)},'
        f'"time":{quoted(time)}}}'
    )
    return hashlib.sha256(text.encode()).digest()


def stamp(time: datetime) -> str:
    """A time as the journal writes it: UTC with microseconds, so that text sorts as time does."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def masked(body: Mapping[str, JSON], masks: Masks) -> dict[str, JSON]:
    """A body without secrets, fit for JSON: numbers it does not have become null, long texts are cut."""
    return {str(key): _masked(value, masks, str(key)) for key, value in body.items()}


def _masked(value: JSON, masks: Masks, key: str) -> JSON:
    if isinstance(value, str):
        if names_secret(key) and redact(f"{key}={value}") != f"{key}={value}":
            return MASK
        if len(value) > TEXT_LIMIT:
            value = f"{value[:TEXT_LIMIT]}… (cut: {len(value)} characters)"
        return masks.mask(value)
    if isinstance(value, Mapping):
        return masked(value, masks)
    if isinstance(value, Sequence):
        return [_masked(item, masks, key) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
