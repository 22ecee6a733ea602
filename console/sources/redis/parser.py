"""Reading replies with an end to them: what calls itself a Redis must not fill the memory."""

from __future__ import annotations

from redis._parsers import _AsyncRESP2Parser
from redis.exceptions import InvalidResponse

REPLY_LIMIT = 32 << 20
"""Bytes of one reply. The longest asked for, the list of ten thousand clients, has some six million."""


class BoundedParser(_AsyncRESP2Parser):
    """redis-py's own parser, which reads whatever length it is told, up to a limit."""

    async def _read(self, length: int) -> bytes:
        self._bound(length)
        return await super()._read(length)

    async def _readline(self) -> bytes:
        self._bound(0)
        return await super()._readline()

    def _bound(self, more: int) -> None:
        if self._pos + more > REPLY_LIMIT:  # counted from the beginning of the reply
            raise InvalidResponse(f"a reply of more than {REPLY_LIMIT} bytes")
