"""One resource of one cluster, kept as it is: listed, then watched from that version on.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes says how.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Protocol
from urllib.parse import quote

from console.errors import SourceError
from console.sources.kubernetes.connection import ApiError, Connection
from console.sources.kubernetes.kinds import Changed, Kind, Listed, read_change, read_list
from console.sources.kubernetes.model import Denied
from console.worker import Worker

PAGE = 500
"""Objects asked for at once."""
WATCH_TIME = (90.0, 130.0)
"""Seconds after which the server is to end a watch; at random, so that not all end together.

Less than `QUIET_LIMIT`: of a kind that nobody changes not a byte may come until then.
"""
STANDING = 1.0
"""Seconds after which a watch that was taken is well, though nothing has come."""
ASK_AGAIN = 60.0
"""Seconds after which something forbidden is asked for again: the right may have been granted."""
ABSENT_AGAIN = 300.0
"""The same for a resource that the server does not have."""
RELIST = 15.0
"""Seconds between two lists of what may be listed and not watched."""
BACKOFF = (0.5, 5.0)
"""Seconds until the next try after a failure, at first and at most."""
LASTING = 3
"""Failures in a row of what is told: a server that has just started has some."""
AT_ONCE = 25
"""Changes taken before the event loop has its turn again."""


class Shelf(Protocol):
    """Where the objects go."""

    def put(self, item: Any) -> None:
        """An object is there, or has changed."""

    def drop(self, item: Any) -> None:
        """An object is gone."""

    def known(self, items: list[Any]) -> list[Any]:
        """Those that have not changed as the values that are there; for a thread."""
        ...

    def replace(self, items: list[Any]) -> None:
        """These are all there are."""


class Reading:
    """Reads lists in a thread, one page at a time, so that the event loop goes on."""

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        self._worker = Worker(f"lists of {cluster}")
        self._turn = asyncio.Lock()

    async def page(self, kind: Kind, data: bytes) -> Listed:
        """A page of a list as values."""
        async with self._turn:
            return await self._worker.call(read_list, kind, self.cluster, data)

    async def known(self, shelf: Shelf, items: list[Any]) -> list[Any]:
        """What has not changed, as the values that are there."""
        async with self._turn:
            return await self._worker.call(shelf.known, items)

    def stop(self) -> None:
        """Let the thread go."""
        self._worker.stop()


class Reflector:
    """Keeps one resource, of one namespace or of all, on a shelf; `run` goes on until it is cancelled."""

    def __init__(
        self,
        kind: Kind,
        connection: Connection,
        reading: Reading,
        shelf: Shelf,
        *,
        namespace: str = "",
        instead: str = "",
        alive: asyncio.Event,
        progress: Callable[[], None],
    ) -> None:
        """`instead` is the namespace to be content with where all of them may not be listed.

        Nothing is asked while the server is not `alive`; `progress` is called after each step.
        """
        self.kind = kind
        self.namespace = namespace if kind.namespaced else ""
        self.listed = False
        """Whether it has been read at least once."""
        self.absent = False
        """Whether the server has no such resource."""
        self.denied: Denied | None = None
        self.trouble = ""
        """Why it is not read, where that is nobody's right; one sentence."""
        self._wide = True
        """Whether `namespace` is what is asked; else `instead` is."""
        self._instead = instead if kind.namespaced and not namespace else ""
        self._connection = connection
        self._reading = reading
        self._shelf = shelf
        self._alive = alive
        self._progress = progress
        self._version = ""
        self._failures = 0
        self._list_ended = 0.0
        self._wide_due = 0.0

    @property
    def narrowed(self) -> str:
        """The one namespace that is seen, where all were wanted; empty otherwise."""
        return "" if self._wide else self._instead

    @property
    def answered(self) -> bool:
        """Whether it is known what can be known: listed, forbidden, or not there."""
        return self.listed or self.absent or self.denied is not None

    @property
    def lacks(self) -> bool:
        """Whether a right, a resource or an answer was wanting that may be there by now."""
        return self.denied is not None or self.absent or bool(self.trouble)

    def hurry(self) -> None:
        """Before it runs anew: all namespaces are asked for again, where they were refused."""
        self._wide_due = 0.0

    async def run(self) -> None:
        """List and watch, again and again."""
        while True:
            await self._alive.wait()
            pause = await self._step()
            self._progress()
            if pause:
                await asyncio.sleep(pause * random.uniform(1.0, 1.3))

    async def _step(self) -> float:
        """One list or one watch; the seconds to rest after it."""
        try:
            if not self._wide and time.monotonic() > self._wide_due:
                await self._try_wide()
            if not self._version:
                await self._list()
                self._progress()
            await self._watch()
        except ApiError as error:
            return self._refused(error)
        except SourceError as error:
            return self._later(error.reason)
        except Exception as error:  # noqa: BLE001 who ends here would show for ever what was last known
            self._version = ""
            return self._later(f"cannot be read: {type(error).__name__}")
        self._failures, self.trouble = 0, ""
        return 0.0

    def _later(self, why: str) -> float:
        self._failures += 1
        if self._failures >= LASTING:
            self.trouble = f"{self.kind.resource}: {why}"
        least, most = BACKOFF
        return float(min(most, least * 2 ** min(self._failures - 1, 8)))

    def _refused(self, error: ApiError) -> float:
        if error.status == 410:
            self._version = ""  # what is on the shelf stays until the new list is there
            pause = self._later("its version is forgotten at once")
            return max(0.0, pause - (time.monotonic() - self._list_ended))
        if error.status == 404:
            self.absent, self._version = True, ""
            self._shelf.replace([])
            return ABSENT_AGAIN
        if error.status == 403:
            return self._forbidden()
        if error.status in (400, 422, 500):
            self._version = ""  # whatever it has against this version, a list begins anew
        return self._later(f"the server answers {error.status} {error.reason}".strip())

    def _forbidden(self) -> float:
        verb = "watch" if self._version else "list"
        scope = self.namespace if self._wide else self._instead
        self.denied = Denied(verb, self.kind.resource, scope)
        if verb == "watch":
            self._version = ""
            return RELIST
        if self._wide and self._instead:
            self._wide, self._wide_due = False, time.monotonic() + ASK_AGAIN
            return 0.0
        self._shelf.replace([])
        return ASK_AGAIN

    async def _try_wide(self) -> None:
        self._wide_due = time.monotonic() + ASK_AGAIN
        try:
            await self._connection.get(f"{self._path(self.namespace)}?limit=1")
        except ApiError as error:
            if error.status == 403:
                return
            raise
        self._wide, self._version, self.denied = True, "", None

    def _path(self, namespace: str) -> str:
        within = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
        return f"{self.kind.path}{within}/{self.kind.resource}"

    async def _list(self) -> None:
        try:
            await self._pages()
        finally:
            self._list_ended = time.monotonic()

    async def _pages(self) -> None:
        path = self._path(self.namespace if self._wide else self._instead)
        found: list[Any] = []
        next_page, more = "", ""
        while True:
            data = await self._connection.get(f"{path}?limit={PAGE}{more}")
            items, version, next_page = await self._reading.page(self.kind, data)
            found += items
            if not self.listed:  # a first list shows as it comes; a later one takes the old one's place
                for item in items:
                    self._shelf.put(item)
                self._progress()
            if not next_page:
                break
            more = f"&continue={quote(next_page, safe='')}"
        self._shelf.replace(await self._reading.known(self._shelf, found))
        self._version, self.listed, self.absent = version, True, False
        if self.denied is not None and (self._wide or not self._instead) and self.denied.verb == "list":
            self.denied = None

    async def _watch(self) -> None:
        seconds = random.uniform(*WATCH_TIME) if self._wide else ASK_AGAIN
        path = (
            f"{self._path(self.namespace if self._wide else self._instead)}?watch=1&allowWatchBookmarks=true"
            f"&resourceVersion={quote(self._version, safe='')}&timeoutSeconds={seconds:.0f}"
        )
        begun, standing = time.monotonic(), None
        try:
            async with aclosing(self._connection.watch(path)) as batches:
                async for lines in batches:
                    if self.denied is not None and self.denied.verb == "watch":
                        self.denied = None
                    for number, line in enumerate(lines, 1):
                        self._take(read_change(self.kind, self._reading.cluster, line))
                        if number % AT_ONCE == 0:
                            await asyncio.sleep(0)
                    if lines:
                        self._stands()
                    elif standing is None:
                        standing = asyncio.get_running_loop().call_later(STANDING, self._stands)
        finally:
            if standing is not None:
                standing.cancel()
        if time.monotonic() - begun < 1.0:  # one that ends at once must not be asked for in a circle
            await asyncio.sleep(random.uniform(*BACKOFF) / 2)

    def _stands(self) -> None:
        """The watch is well; how it ends then, be it by a silence, is no failure to be added to others."""
        said, self._failures, self.trouble = self.trouble, 0, ""
        if said:
            self._progress()

    def _take(self, change: Changed) -> None:
        if change.what == "ERROR":
            status = change.item
            raise ApiError(int(getattr(status, "code", 0) or 0), str(getattr(status, "reason", "")))
        if change.what == "DELETED":
            self._shelf.drop(change.item)
        elif change.what != "BOOKMARK":
            self._shelf.put(change.item)
        if change.version:
            self._version = change.version
