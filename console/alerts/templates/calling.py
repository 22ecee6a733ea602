"""What a function of templates is: what it takes and gives, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.alerts.templates.values import Data, Moment, Sample, Span, go_type

LONGEST = 20_000
"""Characters of a text a function gives."""


class FunctionError(Exception):
    """A function refuses what it was given, in Go's words."""


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes (Go's types; `any` takes all) and gives; `rest` is the type of any further."""

    takes: tuple[str, ...]
    rest: str | None
    call: Callable[..., Any]
    """Given the Context, or the value a method belongs to, and the arguments."""

    def kind(self, place: int) -> str:
        """The type of an argument."""
        return self.takes[place] if place < len(self.takes) else self.rest or "any"


def fits(value: Any, kind: str) -> bool:
    """Whether a value may be given where a type is wanted."""
    return kind == "any" or go_type(value) == kind


def truth(value: Any) -> bool:
    """What `if` takes for true: not zero, not empty, not nil."""
    return True if isinstance(value, (Data, Sample, Moment, Span)) else bool(value)


def bounded(text: str) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
