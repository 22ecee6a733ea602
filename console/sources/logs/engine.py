"""The output of one container through the engine's API: a thread that reads, and what it read.

Used where the engine's log files are not readable here: another user, another host, another log
driver. Imported when an engine was found, since the SDK is heavy.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import requests
import urllib3
from docker.errors import DockerException
from docker.types import CancellableStream

from console.errors import SourceError
from console.logs.forms import Form, Stamped
from console.logs.origin import Origin
from console.logs.splitter import Splitter
from console.logs.tail import Piece
from console.sources.docker.engine_api import CALL_LIMIT, EngineClient

WAITING_BYTES = 1024 * 1024
"""Bytes read ahead of the console; then the engine has to wait."""
_HEADER = 8
"""Bytes before each piece of a stream that carries both output and errors."""


class LogClient(EngineClient):
    """A connection to an engine for its log streams; used by several threads at once."""

    def logs(self, container: str, tail: str, since: str) -> Output:
        """The output of a container as it comes. Raises SourceError."""
        try:
            response = self._client.get(
                f"{self._client.base_url}/v{self.api}/containers/{container}/logs",
                params={
                    "follow": "1",
                    "stdout": "1",
                    "stderr": "1",
                    "timestamps": "1",
                    "tail": tail,
                    "since": since,
                },
                stream=True,
                timeout=(CALL_LIMIT, None),
            )
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._broken(error) from None
        if response.status_code != 200:
            response.close()
            raise SourceError(f"the engine gives no output: status {response.status_code}")
        return Output(response)


class Output:
    """The pieces of an endless answer, for one thread; another may hang up."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self._stream = CancellableStream(response.iter_content(chunk_size=None), response)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            pass  # a cut connection, or our own hanging up
        except AttributeError:
            pass  # the SDK closed the file under the reader's hands

    def close(self) -> None:
        """Let go of the connection, from the thread that iterated."""
        self._response.close()

    def hang_up(self) -> None:
        """End the iteration, from whatever thread."""
        try:
            self._stream.close()
        except (OSError, AttributeError, NameError, DockerException):
            pass  # it ended by itself meanwhile, and the SDK looks for a socket that is gone


class EngineStream:
    """Follows a container's output from its newest lines, or from the last line taken, on.

    It is a Stream. Its thread ends when the container does; `reopen` goes on with the next start.
    """

    def __init__(
        self, client: Callable[[], LogClient], container: str, terminal: bool, origin: Origin
    ) -> None:
        self.origin = origin
        self.form: Form = Stamped(origin)
        self._client = client
        self._container = container
        self._demultiplex = Demultiplexer(raw=terminal)
        self._splitter = Splitter(self.form.line_bytes)
        self._waiting: deque[bytes] = deque()
        self._room = threading.Condition()
        self._nbytes = 0
        self._last = ""
        """Time of the newest line taken, as the engine wrote it."""
        self._opened = ""
        self._closed = False
        self._output: Output | None = None
        self._thread: threading.Thread | None = None
        self.reopen()

    @property
    def ended(self) -> bool:
        """Whether the container stopped, and all it wrote was taken."""
        return not self._waiting and (self._thread is None or not self._thread.is_alive())

    def reopen(self) -> None:
        """Begin reading, after the newest line taken before."""
        self._opened = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        self._thread = threading.Thread(target=self._read, name=f"log {self._container[:12]}", daemon=True)
        self._thread.start()

    def read(self, limit: int, now: float) -> list[Piece]:
        """The lines that came, from about `limit` bytes."""
        data = self._take(limit)
        if not data:
            return []
        lines = self._splitter.feed(data)
        if not lines:
            return [Piece([])]
        self._last = lines[-1].partition(b" ")[0].decode("ascii", "replace")
        # what was written before we asked is history; times of one format compare as text
        border, first = self._opened.encode(), 0
        while first < len(lines) and lines[first][: len(border)] < border:
            first += 1
        pieces = [Piece(lines[:first], written=datetime.now(UTC).timestamp())] if first else []
        return [*pieces, Piece(lines[first:])] if first < len(lines) else pieces

    def close(self) -> None:
        """Hang up; the thread ends by itself."""
        self._closed = True
        with self._room:
            self._room.notify_all()
        if self._output is not None:
            self._output.hang_up()

    def _take(self, limit: int) -> bytes:
        with self._room:
            pieces: list[bytes] = []
            while self._waiting and limit > 0:
                limit -= len(self._waiting[0])
                pieces.append(self._waiting.popleft())
            data = b"".join(pieces)
            self._nbytes -= len(data)
            self._room.notify_all()
        return data

    def _read(self) -> None:
        try:
            output = self._output = self._client().logs(self._container, *self._from_where())
        except SourceError as error:
            self.origin.problem = error.reason
            return
        self.origin.problem = ""
        if self._closed:  # while it was being opened
            output.hang_up()
        for chunk in output:
            data = self._demultiplex.feed(chunk)
            with self._room:
                self._room.wait_for(lambda: self._closed or self._nbytes < WAITING_BYTES)
                if self._closed:
                    break
                self._waiting.append(data)
                self._nbytes += len(data)
        output.close()

    def _from_where(self) -> tuple[str, str]:
        if not self._last:
            return "100", "0"
        return "all", _after(self._last)


class Demultiplexer:
    """Takes the payload out of the engine's stream of pieces; a terminal's output has no pieces."""

    def __init__(self, raw: bool) -> None:
        self._raw = raw
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """The payload in this chunk, in order."""
        if self._raw:
            return chunk
        data, at, payload = self._rest + chunk, 0, []
        while len(data) - at >= _HEADER:
            end = at + _HEADER + int.from_bytes(data[at + 4 : at + 8], "big")
            if end > len(data):
                break
            payload.append(data[at + _HEADER : end])
            at = end
        self._rest = data[at:]
        return b"".join(payload)


def _after(stamp: str) -> str:
    """The smallest time after one the engine wrote, as seconds and nanoseconds since the epoch."""
    try:
        second = int(datetime.fromisoformat(stamp[:19] + "+00:00").timestamp())
    except ValueError:
        return "0"
    digits = stamp[20:].rstrip("Z")
    nanosecond = int(digits.ljust(9, "0")[:9]) if digits.isdecimal() else 0
    return f"{second}.{nanosecond + 1:09}"
