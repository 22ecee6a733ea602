"""Whether what a server sends are messages of PostgreSQL's protocol, looked at before asyncpg takes it in.

asyncpg reads whatever comes in one go, and zeros are to it messages of no length without an end: the
event loop stands still in it for ever, where no deadline reaches. So its protocol is given a door: each
message's kind and length are seen first, and what can be none ends the connection.
"""

from __future__ import annotations

import struct
from typing import Any

import asyncpg
from asyncpg import connect_utils

LONGEST = 64 << 20
"""Bytes of one message: more than any answer to our questions, less than would fill the memory."""
_KINDS = frozenset(b"123ACDEGHIKNRSTVWZcdnstv")
"""The first bytes of the messages servers send, version 3 of the protocol."""
_READY, _ERROR = b"ZE"
_ASCII = bytes(range(128)) + b"?" * 128
_HEAD = struct.Struct("!BI")
"""A message's kind, and its length with these four bytes but without the kind."""


class Foreign(ConnectionError):
    """What was sent is no message of PostgreSQL's."""


class Frames:
    """Follows a stream of messages, however it is cut into pieces."""

    def __init__(self) -> None:
        self._left = 0
        """Bytes still to come of the message under way."""
        self._head = b""
        """The beginning of the next one's head, when it was cut in two."""
        self._error = False
        """Whether the message under way is an error's."""
        self._ready = False
        """Whether the server was ready once: from then on it writes in our encoding."""

    def follow(self, data: bytes) -> list[slice]:
        """Take the next piece; where in it the server may have written in an encoding of its own.

        Raises Foreign when no message can begin where one has to.
        """
        before = len(self._head)
        if before:
            data, self._head = self._head + data, b""
        at, end = self._left, len(data)
        errors = [slice(0, at)] if self._error and at else []
        while end - at >= _HEAD.size:
            kind, length = _HEAD.unpack_from(data, at)
            if kind not in _KINDS or not 4 <= length <= LONGEST:
                raise Foreign(f"no message of PostgreSQL's begins with {bytes(data[at : at + 5])!r}")
            self._ready = self._ready or kind == _READY
            self._error = kind == _ERROR and not self._ready
            if self._error:
                errors.append(slice(at + _HEAD.size - before, at + 1 + length - before))
            at += 1 + length
        if at < end:
            self._head = bytes(data[at:])
        self._left = max(0, at - end)
        return errors


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class _Watched(asyncpg.protocol.Protocol):  # type: ignore[misc]  # asyncpg has no types
    """asyncpg's protocol behind that door."""

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self._frames = Frames()

    def data_received(self, data: Any) -> None:
        """Raises Foreign, which asyncio answers by cutting the connection."""
        for place in self._frames.follow(data):
            # refusals come before an encoding was agreed on, and asyncpg drops what is no UTF-8 unread
            if not _is_utf8(data[place]):
                data = bytearray(data)
                data[place] = data[place].translate(_ASCII)
        super().data_received(bytes(data))


class _Protocols:
    """Where asyncpg looks its protocol up when it connects: it lets nobody hand in another one."""

    Protocol = _Watched


connect_utils.protocol = _Protocols
