"""Decoders of JSON into types, made by one thread at a time.

msgspec 0.22 works out the fields of a type when it is first used, and lets other threads see it half done:
one that uses it meanwhile, or another type it is part of, ends the whole process. Two clusters that answer
at once did so.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_making = threading.RLock()
_made: dict[Any, msgspec.json.Decoder[Any]] = {}


def decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """The decoder of a type, for any thread."""
    found = _made.get(kind)
    if found is None:
        with _making:
            found = _made.get(kind) or msgspec.json.Decoder(kind)
            _made[kind] = found
    return found


def converted(value: object, kind: type[T]) -> T:
    """A value as a type has it. Raises msgspec.ValidationError."""
    with _making:
        return msgspec.convert(value, kind)
