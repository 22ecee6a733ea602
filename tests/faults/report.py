"""One line for each fault: what was done, what was seen, whether that is as promised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What was seen of a fault: how many of how many went as promised, and figures beside."""

    name: str
    good: int
    of: int
    figures: str = ""

    @property
    def passes(self) -> bool:
        """Whether all did."""
        return self.good == self.of > 0

    def __str__(self) -> str:
        word = "ok" if self.passes else "BAD"
        return f"{word:4}{self.name:44} {self.good:>6} of {self.of:<6} {self.figures}".rstrip()


def report(results: Iterable[Result]) -> int:
    """Print each as it comes; 1 when one of them is bad."""
    code = 0
    for result in results:
        print(result, flush=True)
        code |= not result.passes
    return code
