"""A database session signalled over the connection that is open, where all others are taken.

An act is carried out by a process of its own, which connects for itself. When the server has no
connection left, which is when somebody's session has to go, that process asks here: over a socket that
only this user can reach, for nothing but the act that was confirmed.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from console.errors import OpsError, SourceError

ANSWER = 65_536
"""Bytes an answer has at most."""


@runtime_checkable
class Signalling(Protocol):
    """A source that can signal a session over the connection it has."""

    async def signal(self, word: str, pid: int, started: str) -> Sequence[Mapping[str, Any]]:
        """The rows of `cancel`, `terminate` or `look`. Raises SourceError."""
        ...


@asynccontextmanager
async def lent(source: object, task: Mapping[str, Any]) -> AsyncIterator[Mapping[str, str]]:
    """Carries out one act on a session for its process as long as it lasts; what that is told of it.

    Nothing where the act is another one, the source has no such connection, or no socket can be made.
    """
    async with AsyncExitStack() as stack:
        told: dict[str, str] = {}
        if task["what"] == "session" and isinstance(source, Signalling):
            try:
                directory = tempfile.mkdtemp(prefix="opsconsole-")
                stack.callback(shutil.rmtree, directory, ignore_errors=True)
                path = str(Path(directory) / "session")
                server = await asyncio.start_unix_server(_Answers(source, task).serve, path)
            except OSError:
                pass  # then it has only a connection of its own
            else:
                stack.callback(server.close)
                told["lent"] = path
        yield told


class _Answers:
    def __init__(self, source: Signalling, task: Mapping[str, Any]) -> None:
        self._source = source
        self._task = task
        self._done = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer word by word; the act itself is done once."""
        try:
            while line := await reader.readline():
                word = line.decode(errors="replace").strip()
                if word != "look" and (word != self._task["verb"] or self._done):
                    break
                self._done = self._done or word != "look"
                try:
                    rows = await self._source.signal(word, self._task["pid"], self._task["started"])
                    answer: dict[str, Any] = {"rows": [dict(row) for row in rows]}
                except SourceError as error:
                    answer = {"reason": error.reason, "fix": error.fix}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass  # its process has gone
        finally:
            writer.close()


class Borrowed:
    """The other side, in the process of the act."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, path: str) -> Borrowed:
        """Reach the console. Raises OSError when it has gone."""
        return cls(*await asyncio.open_unix_connection(path, limit=ANSWER))

    async def rows(self, word: str) -> list[dict[str, Any]]:
        """What the server answers to a word. Raises OpsError."""
        try:
            self._writer.write(f"{word}\n".encode())
            answer = json.loads(await self._reader.readline() or "{}")
        except (OSError, ValueError):
            answer = {}
        if "rows" not in answer:
            raise OpsError(answer.get("reason", "the console has gone"), answer.get("fix", ""))
        rows: list[dict[str, Any]] = answer["rows"]
        return rows

    def close(self) -> None:
        """Leave."""
        self._writer.close()
