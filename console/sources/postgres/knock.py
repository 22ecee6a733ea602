"""Whether a PostgreSQL is behind an address at all, asked over a connection that is thrown away.

asyncpg takes the answer of another program for a server that has no TLS, and whoever says nothing for
one that is slow. So one question comes first.
"""

from __future__ import annotations

import asyncio
import struct

from console.errors import AGAIN, SILENT, Refused, TimedOut, Unreachable
from console.sources.postgres.address import Place

ANSWER_LIMIT = 1.5
"""Seconds to wait for the answer; connecting itself is in the deadline of the poll."""
_TLS_WANTED = struct.pack("!ii", 8, 80877103)
"""SSLRequest of the protocol: every server and PgBouncer answer it with one byte, S or N."""
_ROOM = 64
"""Bytes of the answer kept: no more is read from who goes on sending."""


async def knock(place: Place) -> None:
    """Return when PostgreSQL's protocol is spoken there.

    Raises Refused when something else has the port, Unreachable or TimedOut when nothing is said,
    OSError when there is no connection.
    """
    if place.is_socket:
        reader, writer = await asyncio.open_unix_connection(place.socket_file, limit=_ROOM)
    else:
        reader, writer = await asyncio.open_connection(place.host, place.port, limit=_ROOM)
    try:
        writer.write(_TLS_WANTED)
        async with asyncio.timeout(ANSWER_LIMIT):
            answer = await reader.read(_ROOM)
    except TimeoutError:
        raise TimedOut(
            f"{place.where} does not answer in time", f"{SILENT} is it PostgreSQL? {AGAIN}"
        ) from None
    except OSError:
        answer = b""
    finally:
        writer.transport.abort()
    if not answer:
        raise Unreachable(f"{place.where} ended the connection", f"is the server running? {AGAIN}")
    # E and a length: the error message of a server that does not know the request
    if answer not in (b"S", b"N") and not answer.startswith(b"E\0"):
        raise stranger(place)


def stranger(place: Place) -> Refused:
    """Something else has the port."""
    return Refused(
        f"{place.where} does not speak PostgreSQL", "correct the address: another program has that port"
    )
