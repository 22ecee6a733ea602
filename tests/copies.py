"""Values changed in a few fields, as `copy.replace` of Python 3.13 does it."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")


def replace(value: T, **changes: Any) -> T:
    """A copy of a dataclass or of a Struct, with these fields instead."""
    if isinstance(value, msgspec.Struct):
        return cast(T, msgspec.structs.replace(value, **changes))
    return cast(T, dataclasses.replace(cast(Any, value), **changes))
