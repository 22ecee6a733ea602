"""Anything lines come from, as the reader sees it: files by name, and whatever else follows the shape."""

from __future__ import annotations

import grp
import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from console.logs.forms import Form, Plain
from console.logs.origin import Origin
from console.logs.tail import Piece, Tail


class Stream(Protocol):
    """A flow of raw lines with the form that reads them."""

    origin: Origin
    """What gaps are noted on; the rows' origins are the form's matter."""
    form: Form

    @property
    def ended(self) -> bool:
        """Whether nothing can come any more."""
        ...

    def read(self, limit: int, now: float) -> list[Piece]:
        """What is new, from about `limit` bytes; never waits. `now` is monotonic seconds."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True)
class Wanted:
    """Lines that another source can give when somebody asks for them."""

    id: str
    """The same for the same lines."""
    name: str
    """What their origin is called."""
    where: str
    open: Callable[[Origin], Stream]
    """Makes the stream; called in the thread that reads."""


class Selection(Protocol):
    """Things whose lines are wanted for what they are, such as pods by their labels: others come and go."""

    @property
    def text(self) -> str:
        """How it was asked for; lines are found by it."""
        ...

    def subjects(self) -> Sequence[Hashable]:
        """All that are meant now, those first whose lines matter most."""
        ...

    def outputs(self, subject: Hashable) -> Sequence[Wanted]:
        """The lines of one of them; empty while it has none to give."""
        ...


class FileStream:
    """A followed file."""

    def __init__(self, path: str, origin: Origin, form: Form, lines: int | None = None) -> None:
        self.origin = origin
        self.form = form
        records = not isinstance(form, Plain)
        self.tail = Tail(path, lines, line_bytes=form.line_bytes, records=records)

    @property
    def ended(self) -> bool:
        """Whether the file is gone and read to its end."""
        return self.tail.gone

    def read(self, limit: int, now: float) -> list[Piece]:
        """What is new in the file."""
        pieces = self.tail.read(limit, now)
        if self.tail.problem != self.origin.problem:
            self.origin.problem = self.tail.problem
            self.origin.fix = permission_fix(self.tail.path) if self.tail.denied else ""
        return pieces

    def close(self) -> None:
        """Close the file."""
        self.tail.close()


def permission_fix(path: str) -> str:
    """What to type to be allowed to read a file: join its group where that helps."""
    try:
        status = os.stat(path)
        if status.st_mode & 0o040 and status.st_gid:
            group = grp.getgrgid(status.st_gid).gr_name
            return f"sudo usermod -aG {group} $USER, then log in again"
    except (OSError, KeyError):
        pass
    return f"sudo setfacl -m u:$USER:r {path}"
