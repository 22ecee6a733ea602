"""The output of a pod's container, followed from its newest lines on, through outages and restarts."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from console.errors import SourceError, TimedOut
from console.logs.forms import Form, Stamped
from console.logs.origin import Origin
from console.logs.tail import Piece
from console.sources.kubernetes.connection import ApiError, Connection

FIRST, LONGEST = 100, 2_000
"""Lines that are asked for of what was there before: while it runs, and once it has ended."""
WAITING_BYTES = 1 << 20
"""Bytes read ahead of the console; then the server has to wait."""
AGAIN = 2.0
"""Seconds until it is asked again, for a container that is not there yet, or a connection that broke."""
SHORT = 0.05
"""Seconds between two looks whether there is room again."""


class PodStream:
    """A Stream whose lines come by the event loop and are taken in the thread that reads."""

    def __init__(
        self,
        connection: Connection,
        path: str,
        container: str,
        origin: Origin,
        *,
        previous: bool,
        goes_on: Callable[[], bool],
        waits: Callable[[], str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """`path` is the pod's; `goes_on` says whether the container may write more, `waits` the reason why
        it has not begun (`ImagePullBackOff`), empty where none is known; both are asked on the loop.
        """
        self.origin = origin
        self.form: Form = Stamped(origin)
        self._connection = connection
        self._path = path
        self._container = container
        self._previous = previous
        self._goes_on = goes_on
        self._waits = waits
        self._waiting: deque[list[bytes]] = deque()
        self._lock = threading.Lock()
        self._nbytes = 0
        self._last, self._alike = b"", 0
        """Time of the newest line taken, as the kubelet wrote it, and how many were taken of that time."""
        self._again: tuple[bytes, int] = (b"", 0)
        """The same as of the last question: up to there lines come again, since it names whole seconds."""
        self._opened = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}".encode()
        self._done = False
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        loop.call_soon_threadsafe(self._begin)

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more, and all that came was taken."""
        return self._done and not self._waiting

    def read(self, limit: int, now: float) -> list[Piece]:
        """The lines that came, from about `limit` bytes."""
        lines: list[bytes] = []
        with self._lock:
            while self._waiting and limit > 0:
                some = self._waiting.popleft()
                size = sum(map(len, some))
                limit -= size
                self._nbytes -= size
                lines += some
        if not lines:
            return []
        # what was written before we asked is history; times of one format compare as text
        first = 0
        while first < len(lines) and lines[first][: len(self._opened)] < self._opened:
            first += 1
        pieces = [Piece(lines[:first], written=datetime.now(UTC).timestamp())] if first else []
        return [*pieces, Piece(lines[first:])] if first < len(lines) else pieces

    def close(self) -> None:
        """Hang up, from whatever thread."""
        self._done = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    def _begin(self) -> None:
        if not self._done:
            self._task = asyncio.create_task(self._follow(), name=f"log {self.origin.name}")

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _follow(self) -> None:
        try:
            again = True
            while again and not self._done:
                again = await self._ask()
                if again:
                    await asyncio.sleep(AGAIN)
        finally:
            self._done = True

    async def _ask(self) -> bool:
        """Read until the answer ends; whether it is worth asking again."""
        self._again = self._last, self._alike
        try:
            async with aclosing(self._connection.watch(self._question())) as batches:
                async for lines in batches:
                    self.origin.problem = self.origin.fix = ""
                    await self._keep(lines)
        except ApiError as error:
            self.origin.problem, self.origin.fix = _told(error, self._container, self._waits())
            # 400: the container has not begun, or there is no run before this one
            return error.status == 400 and not self._previous and self._goes_on()
        except TimedOut:
            return True  # a container that has nothing to say for minutes is asked again, and misses nothing
        except SourceError as error:
            self.origin.problem, self.origin.fix = error.reason, error.fix
            return True
        return not self._previous and self._goes_on()

    def _question(self) -> str:
        said: dict[str, str] = {"container": self._container, "timestamps": "true"}
        if self._previous:
            said |= {"previous": "true", "tailLines": str(LONGEST)}
        else:
            said["follow"] = "true"
            if self._last:
                said["sinceTime"] = self._last.decode("ascii", "replace")[:19] + "Z"
            else:
                said["tailLines"] = str(FIRST if self._goes_on() else LONGEST)
        return f"{self._path}/log?{urlencode(said)}"

    async def _keep(self, lines: list[bytes]) -> None:
        while self._nbytes > WAITING_BYTES:  # noqa: ASYNC110 room is made in another thread
            await asyncio.sleep(SHORT)
        lines = [line for line in lines if self._new(line)]
        if not lines:
            return
        with self._lock:
            self._waiting.append(lines)
            self._nbytes += sum(map(len, lines))

    def _new(self, line: bytes) -> bool:
        moment = _moment(line)
        until, alike = self._again
        if moment < until or (moment == until and alike):
            if moment == until:
                self._again = until, alike - 1
            return False
        if moment > self._last:
            self._last, self._alike = moment, 0
        self._alike += moment == self._last
        return True


def path_of(namespace: str, pod: str) -> str:
    """The API's path of a pod."""
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}"


def _moment(line: bytes) -> bytes:
    """The time a line begins with, to the nanosecond, so that two compare as text; empty without one."""
    stamp = line.partition(b" ")[0]
    if len(stamp) < 20 or stamp[10:11] != b"T":
        return b""
    digits = stamp[20:].rstrip(b"Z") if stamp[19:20] == b"." else b""
    return stamp[:19] + b"." + digits.ljust(9, b"0")[:9]


_WAITS = (
    (("ImagePull", "ErrImage", "InvalidImage", "ImageInspect"), "correct its image, or the pull secret"),
    (("ConfigError",), "make the config map, the secret or the key that it names"),
    (("PodInitializing",), "it begins when the init containers are through: look at theirs"),
)
"""What to do about a container that waits, by words of the reason."""


def _told(error: ApiError, container: str, waits: str) -> tuple[str, str]:
    """Why there are no lines, in words, and what to do about it."""
    said = error.message
    if error.status == 403:
        return "may not get pods/log", "ask for that right: kubectl auth can-i get pods/log"
    if error.status == 404 and "pods " in said:
        return "the pod is gone", "look at the pods that came after it"
    if "previous terminated container" in said:
        return f"no previous container: {container} has not run before", "l shows the run of now"
    if "waiting to start" in said or "ContainerCreating" in said:
        why = waits or said.partition("waiting to start: ")[2]
        fix = next((fix for words, fix in _WAITS if any(word in why for word in words)), "")
        told = f"container {container} has not begun yet" + (f", it is waiting: {why}" if why else "")
        return told, fix or "its lines come when it begins; the details of its pod say what it waits for"
    return f"no output: {said or error.reason or error.status}", "look at the details and events of its pod"
