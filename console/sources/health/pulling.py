"""Formats read as a stream: a generator asks for the bytes it needs, whoever has them feeds it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, TypeAlias

Steps: TypeAlias = Generator[int, bytes, str]
"""Yields how many bytes it wants, negative ones to pass over; nothing given is a clean end of the data.

What it returns says what was found, in a few words; it raises Broken for what is damaged.
"""

CUT = "it is cut off"


class Broken(Exception):
    """The data is not whole, and why."""


class Unchecked(Exception):
    """Whether the data is whole cannot be told here, and why."""


class Taker(Protocol):
    """Somebody who is fed all bytes of a stream and says in the end what they were."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises Broken."""
        ...

    def finish(self) -> str:
        """The stream has ended; what it was, empty when its kind is not known. Raises Broken."""
        ...


class Pull:
    """Feeds a generator of steps; what follows its end is not looked at."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._have = bytearray()
        self._found: str | None = None
        self._want = next(steps)

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises Broken."""
        if self._found is not None:
            return
        self._have += data
        while self._found is None:
            if self._want < 0:
                passed = min(-self._want, len(self._have))
                del self._have[:passed]
                self._want += passed
                if self._want:
                    return
                self._send(b"")
            elif len(self._have) >= self._want:
                piece = bytes(self._have[: self._want])
                del self._have[: self._want]
                self._send(piece)
            else:
                return

    def finish(self) -> str:
        """What it was. Raises Broken when it ends where more was due."""
        if self._found is None and self._want > 0 and not self._have:
            self._send(b"")
        if self._found is None:
            raise Broken(CUT)
        return self._found

    def _send(self, data: bytes) -> None:
        try:
            self._want = self._steps.send(data)
        except StopIteration as end:
            self._found = str(end.value)
