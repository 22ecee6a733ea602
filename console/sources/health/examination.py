"""Reading a backup through in a thread of its own: slowly, once for each version of the file."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from console.sources.health.archives import recognised
from console.sources.health.pulling import CUT, Broken, Unchecked

CHUNK = 1 << 18
LIMIT = 6 * 3600.0
"""Seconds after which a check ends with what it has read by then."""
NICE = 15
"""The niceness of the reading thread; the block layer's priority follows it."""
SQLITE_LIMIT = 256 << 20
"""Bytes up to which an SQLite database is checked page by page."""

Version: TypeAlias = tuple[str, int, int, int]
"""Path, mtime (ns), size and inode: what is read again when one of them differs."""


class Condition(Enum):
    """What is known of a file."""

    CHECKING = "being checked"
    WHOLE = "whole"
    BROKEN = "broken"
    PARTIAL = "read in part"
    UNKNOWN = "not checked"


@dataclass(frozen=True, slots=True)
class Examined:
    """How a file is, and in words why or what it holds."""

    condition: Condition
    text: str = ""
    share: float = 1.0
    """Of its bytes read by now."""


class Examination:
    """One file being read; `rate` is in bytes a second."""

    def __init__(self, version: Version, rate: float) -> None:
        self.version = version
        self._rate = rate
        self._read = 0
        self._result: Examined | None = None
        self._stopped = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backup check", daemon=True)
        self._thread.start()

    @property
    def verdict(self) -> Examined:
        """What is known now."""
        size = self.version[2]
        return self._result or Examined(Condition.CHECKING, "", min(1.0, self._read / size) if size else 0.0)

    async def wait(self, seconds: float) -> Examined:
        """What is known as soon as the file is read, or after so long."""
        until = time.monotonic() + seconds
        pause = 0.002
        while not self._done.is_set() and time.monotonic() < until:
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.25)
        return self.verdict

    def stop(self) -> None:
        """Read no further; never waits."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        except OSError:
            pass  # then it shares as others do
        try:
            self._result = self._examined()
        except Broken as broken:
            self._result = Examined(Condition.BROKEN, str(broken))
        except Unchecked as reason:
            self._result = Examined(Condition.UNKNOWN, str(reason))
        except PermissionError:
            self._result = Examined(Condition.UNKNOWN, "permission denied")
        except OSError as error:
            self._result = Examined(Condition.BROKEN, f"it cannot be read: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 whatever a library raises over bad data: told, never lost
            self._result = Examined(Condition.BROKEN, f"it cannot be read: {error or type(error).__name__}")
        finally:
            self._done.set()

    def _examined(self) -> Examined:
        path, _, size, _ = self.version
        with open(path, "rb", buffering=0) as file:
            head = file.read(16)
        if head.startswith(b"PK\x03\x04"):
            return self._zip(path)
        taker = recognised()
        began, handle = time.monotonic(), os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            while data := os.read(handle, CHUNK):
                taker.feed(data)
                # what is read once need not push anything useful out of the page cache
                os.posix_fadvise(handle, self._read, len(data), os.POSIX_FADV_DONTNEED)
                if not self._goes_on(len(data), began):
                    return Examined(Condition.PARTIAL, "no damage so far", self._read / max(size, 1))
        finally:
            os.close(handle)
        found = taker.finish()
        if head.startswith(b"SQLite format 3\0") and size <= SQLITE_LIMIT:
            self._quick_check(path)
        if not found:
            return Examined(Condition.UNKNOWN, "nothing here knows its kind")
        return Examined(Condition.WHOLE, found)

    def _goes_on(self, read: int, began: float) -> bool:
        """Keep to the rate; False when it is enough."""
        self._read += read
        ahead = self._read / self._rate - (time.monotonic() - began)
        return not self._stopped.wait(max(0.0, ahead)) and time.monotonic() - began < LIMIT

    def _zip(self, path: str) -> Examined:
        import zipfile

        began, members, locked = time.monotonic(), 0, 0
        try:
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    members += 1
                    if member.flag_bits & 1:
                        locked += 1
                        continue
                    with archive.open(member) as stream:
                        before = 0
                        while stream.read(CHUNK):
                            # the rate is that of the packed bytes, in proportion
                            now = int(
                                member.compress_size * min(1.0, stream.tell() / (member.file_size or 1))
                            )
                            if not self._goes_on(now - before, began):
                                return Examined(Condition.PARTIAL, "no damage so far", self.verdict.share)
                            before = now
        except zipfile.BadZipFile as error:
            what = (
                f"{CUT}: the zip has no directory"
                if "not a zip" in str(error)
                else f"its zip is damaged: {error}"
            )
            raise Broken(what) from None
        except NotImplementedError as error:
            raise Unchecked(f"zip: {error}") from None
        except EOFError:
            raise Broken(CUT) from None
        except Exception as error:
            if type(error).__module__ in ("zlib", "lzma", "_lzma"):
                raise Broken(f"its zip is damaged: {error}") from None
            raise
        told = f"zip of {members} members" + (f", {locked} of them locked by a password" if locked else "")
        return Examined(Condition.WHOLE, told)

    def _quick_check(self, path: str) -> None:
        """SQLite's own check of its pages, of a file that nobody changes meanwhile."""
        import sqlite3
        from urllib.parse import quote

        if os.path.exists(f"{path}-wal"):
            return  # in use: no copy, and what is in the log would be missed
        connection = sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)
        try:
            connection.set_progress_handler(lambda: int(self._stopped.is_set()), 10_000)
            (told,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            raise Broken(f"SQLite says: {error}") from None
        finally:
            connection.close()
        if told != "ok":
            raise Broken(f"SQLite says: {told}")
