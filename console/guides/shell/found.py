"""What a walk over a tree of shell text collects."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from console.guides.shell.script import Command, Comment, Expansion


@dataclass(slots=True)
class Found:
    """What a walk collects."""

    commands: list[Command] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    expansions: list[Expansion] = field(default_factory=list)
    assigned: set[str] = field(default_factory=set)
    doubts: list[str] = field(default_factory=list)
    error_line: int | None = None
    lenient: bool = False
    """Whether the tree ran over the end of a line, which a shell would not."""
    breaks: list[int] = field(default_factory=list)
    """Where, in bytes, a semicolon in place of a blank would have ended the command."""

    ends: list[int] = field(default_factory=list)
    """Where the lines of the text end, in bytes."""

    def line(self, at: int) -> int:
        """The line of a place in bytes; not the tree's, for which ends of lines may have been covered."""
        return bisect_right(self.ends, at - 1) if at else 0

    def error(self, at: int) -> None:
        """Keep the first line that was not understood."""
        line = self.line(at)
        if self.error_line is None or line < self.error_line:
            self.error_line = line

    def doubt(self, reason: str) -> None:
        """Keep a reason once."""
        if reason not in self.doubts:
            self.doubts.append(reason)


def line_ends(data: bytes) -> list[int]:
    """Where the lines of a text end, in bytes."""
    return [match.start() for match in re.finditer(rb"\n", data)]


def characters(data: bytes, at: int) -> int:
    """A place in bytes as one in characters."""
    return at if data.isascii() else len(data[:at].decode("utf-8", "replace"))
