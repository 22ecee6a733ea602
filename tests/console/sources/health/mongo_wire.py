"""Answers in MongoDB's protocol that no server at hand gives: of a replica set, of old and hostile servers.

What FerretDB can be asked is asked of FerretDB; the documents here are as MongoDB's manual shows them.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import bson

BEGAN = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
HELLO: dict[str, Any] = {
    "helloOk": True,
    "isWritablePrimary": True,
    "ismaster": True,
    "maxBsonObjectSize": 16777216,
    "maxMessageSizeBytes": 48000000,
    "maxWriteBatchSize": 100000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "ok": 1.0,
}
OF_A_SET = HELLO | {"setName": "rs0", "hosts": ["a:27017", "b:27017", "c:27017"], "me": "a:27017"}


def status(seconds: float = 100.0, current: int = 12, queries: int = 1000, **more: Any) -> dict[str, Any]:
    """An answer to `serverStatus`, so many seconds after the start."""
    return {
        "host": "a",
        "version": "7.0.14",
        "process": "mongod",
        "uptime": seconds,
        "uptimeMillis": int(seconds * 1000),
        "connections": {"current": current, "available": 100 - current, "active": 3, "totalCreated": 400},
        "globalLock": {"totalTime": 1, "currentQueue": {"total": 0, "readers": 0, "writers": 0}},
        "mem": {"bits": 64, "resident": 180, "virtual": 2900, "supported": True},
        "opcounters": {"insert": 5, "query": queries, "update": 7, "delete": 0, "getmore": 2, "command": 90},
        "ok": 1.0,
        **more,
    }


def member(name: str, state: int, behind: float = 0.0, health: int = 1, **more: Any) -> dict[str, Any]:
    """A member of `replSetGetStatus`, so many seconds behind the newest operation."""
    return {
        "name": f"{name}:27017",
        "health": health,
        "state": state,
        "optimeDate": BEGAN - timedelta(seconds=behind),
        **more,
    }


def replica(*members: Any) -> dict[str, Any]:
    """An answer to `replSetGetStatus`."""
    return {"set": "rs0", "myState": 1, "members": list(members), "ok": 1.0}


def refusal(code: int, words: str) -> dict[str, Any]:
    """An answer that says no."""
    return {"ok": 0.0, "errmsg": words, "code": code, "codeName": "SomeName"}


@contextlib.asynccontextmanager
async def answering(answers: Mapping[str, Any]) -> AsyncIterator[int]:
    """A port that answers each command with the document, or the bytes, under its name."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length, request, _, code = struct.unpack("<iiii", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                if code == 2004:  # OP_QUERY, with which some drivers greet
                    writer.write(_message(answers["hello"], request, 1))
                    continue
                asked = bson.decode(body[5 : 5 + struct.unpack_from("<i", body, 5)[0]])
                command = {"ismaster": "hello"}.get(name := next(iter(asked)), name)
                given = answers.get(command, {"ok": 1.0} if command == "endSessions" else None)
                writer.write(_message(given or refusal(59, f"no such command: '{command}'"), request, 2013))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def _message(answer: dict[str, Any] | bytes, request: int, code: int) -> bytes:
    if isinstance(answer, bytes):
        return answer
    before = struct.pack("<iqii", 8, 0, 0, 1) if code == 1 else struct.pack("<ib", 0, 0)
    body = before + bson.encode(answer)
    return struct.pack("<iiii", 16 + len(body), 1, request, code) + body
